import { createHash } from 'node:crypto';
import { setImmediate as pause } from 'node:timers/promises';
import { createIssueLog } from '../facts/index.ts';
import { outputsOf } from '../journey/index.ts';
import type { Mapping } from '../mapping/types.ts';
import { isWaystageError } from '../model/errors.ts';
import type { SubjectId } from '../model/facts.ts';
import { type FieldValue, type RecordKey, recordKeyText } from '../model/record.ts';
import type { Placement, VersionSpan } from '../store/port.ts';
import { type Advanced, advance } from './advance.ts';
import { createFactMaker, type FactMaker } from './facts.ts';
import type { Neighbourhood } from './neighbourhood.ts';
import type { Reasons } from './plan.ts';
import {
  type Planning,
  type PlanSink,
  planChunk,
  reportUnreadable,
  startPlanning,
  type WantedOutputs,
} from './planning.ts';
import { evaluationLevels, Results } from './results.ts';
import { type OpenConnection, reach, type Session } from './session.ts';
import { type SubjectChunk, subjectChunks } from './subject-chunks.ts';
import { noPlaced, type PlacedTotals } from './summary.ts';

/** The outputs that say why. */
const REASONS: Mapping['outputs'] = [
  { output: 'stage_reason', label: '', names: {} },
  { output: 'health_reason', label: '', names: {} },
];

export interface Placed {
  readonly totals: PlacedTotals;
  /** Subjects that count for the guard. */
  readonly changed: number;
  /** Fields left out because somebody else keeps changing them back. */
  readonly frozen: number;
}

interface Work {
  readonly session: Session;
  readonly maker: FactMaker;
  readonly totals: PlacedTotals;
  readonly planning: Planning;
  /** Mappings, each after those whose results it reads. */
  readonly mappings: readonly Mapping[];
  /** Which version of a journey decided since when. */
  readonly versions: ReadonlyMap<string, readonly VersionSpan[]>;
}

/**
 * Takes every subject from its last step to the run's instant and plans what its records should hold. Accounts are judged together
 * with their people, a chunk at a time; each chunk is committed before the next is loaded. Under `plan` nothing is
 * committed.
 * @param subjects how many there are, for the progress
 * @param sink takes what is planned, chunk by chunk
 */
export async function placeSubjects(
  session: Session,
  opens: readonly OpenConnection[],
  subjects: number,
  sink: PlanSink,
): Promise<Placed> {
  const { store, connections, mappings } = session.options;
  const issues = createIssueLog();
  const discoveries = new Map(
    (await store.connections.list()).map((stored) => [stored.id, stored.discovery]),
  );
  const totals = noPlaced();
  const planning = startPlanning(session, opens, totals, sink);
  const versions = new Map<string, readonly VersionSpan[]>();
  const work: Work = {
    session,
    maker: createFactMaker(connections, (id) => discoveries.get(id) ?? null, mappings, issues.add),
    totals,
    planning,
    mappings: evaluationLevels(mappings).flat(),
    versions,
  };
  for (const mapping of mappings) {
    const text = session.options.mappingTexts[mapping.name] ?? '';
    const { name: journey, version, file } = mapping;
    // A plan decides nothing.
    if (session.options.kind !== 'plan')
      await store.journeys.noteVersion({ journey, version, file, text, since: session.options.now });
    versions.set(journey, await store.journeys.versions(journey));
    countEmptyStages(work.totals, mapping);
  }
  let done = 0;
  for await (const chunk of subjectChunks({ store, connections })) {
    await placeChunk(work, chunk);
    done += chunk.accounts.length + chunk.people.length;
    session.options.progress.advance('subjects', done, subjects);
    // The store answers at once: without a pause no signal gets in, nor does what collects the garbage.
    await pause();
    await reach(session, 'placed-chunk');
  }
  reportUnreadable(work.planning);
  for (const issue of issues.list()) {
    session.notices.push({
      kind: 'value',
      subject: null,
      text: `${issue.key} ${issue.field}: ${issue.message}`,
    });
  }
  return { totals, changed: planning.changed, frozen: planning.frozen };
}

/** Every stage of the mapping has a number, so that an empty one is seen to be empty. */
function countEmptyStages(totals: PlacedTotals, mapping: Mapping): void {
  const counts: Record<string, number> = Object.create(null);
  for (const stage of mapping.stages) counts[stage.name] = 0;
  totals.stages[mapping.name] = counts;
}

/**
 * All journeys at once; one commit. A result can only be read by the subject itself, by the people of an account and
 * by their account, which are all in one chunk.
 */
async function placeChunk(work: Work, chunk: SubjectChunk): Promise<void> {
  const { session } = work;
  const { store } = session.options;
  const { neighbourhood } = chunk;
  const results = new Results();
  const placements: Placement[] = [];
  const wanted = new Map<SubjectId, WantedOutputs[]>();
  for (const mapping of work.mappings) {
    const subjects = mapping.subject === 'account' ? chunk.accounts : chunk.people;
    const before = await store.journeys.get(mapping.name, subjects);
    for (const subject of subjects) {
      const placed = placeOne(work, mapping, subject, neighbourhood, results, before.get(subject));
      if (placed === null) continue;
      placements.push(placed.placement);
      const known = wanted.get(subject);
      const entry = { mapping, outputs: placed.placement.outputs, reasons: placed.reasons };
      if (known === undefined) wanted.set(subject, [entry]);
      else known.push(entry);
    }
  }
  if (session.options.kind !== 'plan') await store.journeys.save(placements, session.run, session.fence);
  await planChunk(work.planning, wanted, neighbourhood);
}

/** Null when the subject has no live record (nothing is judged on what is archived), or its rules cost too much. */
function placeOne(
  work: Work,
  mapping: Mapping,
  subject: SubjectId,
  neighbourhood: Neighbourhood,
  results: Results,
  before: Placement | undefined,
): { readonly placement: Placement; readonly reasons: Reasons | null } | null {
  const { session } = work;
  let advanced: Advanced | null;
  try {
    advanced = advance({
      mapping,
      subject,
      neighbourhood,
      maker: work.maker,
      results,
      before,
      identityHash: hashOfRecords(neighbourhood.recordsOf(subject)),
      versions: work.versions.get(mapping.name) ?? [],
      now: session.options.now,
    });
  } catch (error) {
    if (!isWaystageError(error) || error.code !== 'mapping_invalid') throw error;
    exhausted(session, mapping, subject, error.message);
    return null;
  }
  if (advanced === null) return null;
  if (advanced.exhausted) {
    exhausted(session, mapping, subject, 'its facts ask for more steps than one subject may cost.');
    return null;
  }
  count(work, mapping, subject, advanced);
  // Words cost more than the decision: only a plan shows them for every record.
  const reasons = session.options.kind === 'plan' ? reasonsOf(mapping, advanced) : null;
  return { placement: advanced.placement, reasons };
}

/** J10: named, left as it was; the rest goes on. */
function exhausted(session: Session, mapping: Mapping, subject: SubjectId, why: string): void {
  session.problems.push({
    connection: null,
    code: 'mapping_invalid',
    exit: 1,
    message: `${subject} stays as it was on ${mapping.name}: ${why}`,
  });
}

/** Why the outputs are what they are, in the words of the explanation. */
function reasonsOf(mapping: Mapping, { evaluation, transitions }: Advanced): Reasons {
  const words = outputsOf({
    mapping: { ...mapping, outputs: REASONS },
    state: evaluation.step.state,
    health: evaluation.health,
    segments: evaluation.segments,
    context: evaluation.context,
  });
  const text = (value: FieldValue | undefined): string | null => (typeof value === 'string' ? value : null);
  return {
    cause: transitions.at(-1)?.cause ?? null,
    stage: text(words.stage_reason),
    health: text(words.health_reason),
  };
}

/** Changes when a record joins, leaves or moves; the order of the records does not matter. */
function hashOfRecords(records: readonly RecordKey[]): string {
  const hash = createHash('sha1');
  for (const key of records.map(recordKeyText).sort()) hash.update(key).update('\n');
  return hash.digest('base64');
}

function count(work: Work, mapping: Mapping, subject: SubjectId, advanced: Advanced): void {
  const { totals } = work;
  const { evaluation } = advanced;
  totals.transitions += advanced.transitions.length;
  totals.corrected += advanced.corrected;
  if (mapping.stages.length > 0) {
    const counts = totals.stages[mapping.name] ?? Object.create(null);
    const stage = evaluation.step.state.stage ?? 'none';
    counts[stage] = (counts[stage] ?? 0) + 1;
    totals.stages[mapping.name] = counts;
  }
  const band = evaluation.health?.band;
  if (band !== undefined) totals.bands[band] = (totals.bands[band] ?? 0) + 1;
  if (advanced.loop) {
    work.session.notices.push({
      kind: 'journey-loop',
      subject,
      text: `${subject} on ${mapping.name}: the rules send it back to a stage it just left; it keeps ${evaluation.step.state.stage ?? 'no stage'}. Look at its \`exit\` and \`enter\` with \`waystage explain\`.`,
    });
  }
}
