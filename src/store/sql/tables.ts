/** The tables as kysely sees them. Rules that keep SQLite and Postgres equal: text ids, epoch milliseconds as
 *  numbers, booleans as 0/1, JSON as text made and parsed at this edge, no JSON operators in queries. */
export interface Tables {
  meta: { key: string; value: string };
  connections: {
    id: string;
    connector: string;
    account_id: string | null;
    account_name: string | null;
    discovery: string | null;
    checked_at: number | null;
    problem: string | null;
  };
  records: {
    connection: string;
    type: string;
    id: string;
    state: string;
    created: number | null;
    modified: number;
    fields: string;
    merged_ids: string;
    successor_type: string | null;
    successor_id: string | null;
    /** The full reading that saw it last; null: none since it was stored. */
    seen: string | null;
    /** Since when the present values are known to hold, unless `field_values` says otherwise. Never moves. */
    known_since: number | null;
  };
  associations: {
    connection: string;
    from_type: string;
    from_id: string;
    to_type: string;
    to_id: string;
    is_primary: number;
    label: string | null;
  };
  far_ends: { connection: string; to_type: string; to_id: string; from_type: string; from_id: string };
  checkpoints: {
    connection: string;
    type: string;
    cursor: string;
    fields: string;
    complete: number;
    run: string;
    at: number;
  };
  subjects: { id: string; kind: string; created: number; gone: number };
  ended_subjects: { id: string; successor: string | null };
  members: {
    connection: string;
    type: string;
    id: string;
    entity: string;
    subject: string;
    reason: string;
  };
  ambiguities: {
    connection: string;
    type: string;
    id: string;
    entity: string;
    reason: string;
    candidates: string;
  };
  placements: {
    subject: string;
    journey: string;
    stage: string | null;
    entered: number | null;
    last_step: number | null;
    mapping_version: string | null;
    score: number | null;
    band: string | null;
    coverage: number | null;
    segments: string;
    outputs: string;
    facts_hash: string;
    identity_hash: string;
    evaluated_at: number;
    due: number | null;
    /** 1: the stage, 2: the band was set by hand at the last step; 3: both. */
    by_hand: number | null;
  };
  visits: {
    subject: string;
    journey: string;
    seq: number;
    stage: string;
    entered: number;
    left_at: number | null;
    noticed: number;
    cause: string;
    rule: string;
    mapping_version: string;
    skipped: number;
    uncertain: number;
    run: string;
  };
  health_points: {
    subject: string;
    journey: string;
    seq: number;
    at: number;
    score: number | null;
    band: string | null;
    coverage: number | null;
    run: string;
  };
  mapping_versions: { journey: string; version: string; file: string; text: string; since: number };
  writes: {
    entry: string;
    run: string;
    connection: string;
    type: string;
    id: string;
    subject: string;
    journey: string;
    output: string;
    field: string;
    old_value: string;
    new_value: string;
    state: string;
    code: string | null;
    message: string | null;
    at: number;
    seq: number;
  };
  runs: {
    id: string;
    kind: string;
    status: string;
    started: number;
    ended: number | null;
    now: number;
    summary: string | null;
    error: string | null;
  };
  /** Records of one type with the same fate, as a JSON list of ids; in a run, later rows are of later pages. */
  run_fates: {
    run: string;
    seq: number;
    connection: string;
    type: string;
    fate: string;
    reason: string | null;
    message: string | null;
    ids: string;
  };
  run_notices: { run: string; seq: number; kind: string; subject: string | null; text: string };
  /** `connection` empty: a subject. */
  touched: { connection: string; type: string; id: string };
  pending_subjects: { subject: string; run: string; state: string; asleep: number };
  leases: { name: string; holder: string; fence: number; expires: number };
  schedules: { name: string; next_due: number };
  superseded_visits: Tables['visits'] & { superseded: number };
  version_spans: { journey: string; seq: number; version: string; since: number };
  earlier_placements: { journey: string; subject: string; standing: string };
  overrides: {
    override: string;
    connection: string;
    type: string;
    id: string;
    journey: string;
    kind: string;
    value: string | null;
    owner: string | null;
    reason: string;
    at: number;
    known: number;
    until: number | null;
    ended: number | null;
    ended_known: number | null;
    ended_by: string | null;
    source: string;
  };
  looked_back: { connection: string; seq: number };
  readings: { connection: string; type: string; mark: string; cursor: string; fields: string; at: number };
  tombstones: { hash: string; at: number };
  connection_states: {
    id: string;
    paused_at: number | null;
    reconciled_at: number | null;
    paused_by: string | null;
    opened_at: number | null;
  };
  field_values: {
    connection: string;
    type: string;
    id: string;
    field: string;
    since: number;
    value: string;
    noticed: number;
    source: string;
  };
  ended_links: {
    connection: string;
    from_type: string;
    from_id: string;
    to_type: string;
    to_id: string;
    ended: number;
    is_primary: number;
    label: string | null;
  };
  history_checkpoints: {
    connection: string;
    type: string;
    cursor: string;
    fields: string;
    complete: number;
    at: number;
  };
  parked_writes: {
    connection: string;
    type: string;
    id: string;
    inputs: string;
    stamp: number;
    due: number;
    code: string;
    message: string;
    run: string;
    at: number;
  };
  /** `field` empty: live records of the type. */
  baselines: { connection: string; type: string; field: string; n: number };
  planned_writes: {
    run: string;
    connection: string;
    type: string;
    /** Empty: none. */
    parent: string;
    id: string;
    subject: string;
    changes: string;
  };
  rule_sets: { id: string; source: string };
  activations: {
    seq: number;
    rule_set: string;
    since: number;
    run: string;
    plan: string | null;
    previous: number | null;
    /** Time lines of before, as JSON by journey; an empty list: the journey was not there. */
    spans: string;
    rolled_back: number | null;
    rolled_back_by: string | null;
  };
  activation_standings: { activation: number; journey: string; subject: string; standing: string };
  applied_plans: { run: string; plan: string };
  kept_plans: { run: string; at: number; reason: string; plan: string };
}
