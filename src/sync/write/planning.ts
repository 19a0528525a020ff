import type { Mapping } from '../../mapping/types.ts';
import type { OutputValues, SubjectId } from '../../model/facts.ts';
import {
  type ConnectionId,
  type CrmRecord,
  type FieldValue,
  type RecordKey,
  recordKeyText,
} from '../../model/record.ts';
import type { PlannedWrite } from '../../store/plans.ts';
import { changedSubjects } from '../place/guard.ts';
import { mayWrite, type OpenConnection, type Session } from '../session.ts';
import type { Neighbourhood } from '../subjects/neighbourhood.ts';
import { byType } from '../subjects/record-cache.ts';
import type { PlacedTotals } from '../summary.ts';
import { freezeFights } from './frozen.ts';
import { editText, type ManualEdit, planRecord, type Reasons, type RecordPlan } from './plan.ts';

/** What one mapping wants a subject's records to hold. */
export interface WantedOutputs {
  readonly mapping: Mapping;
  readonly outputs: OutputValues;
  /** Only under `plan`. */
  readonly reasons: Reasons | null;
  /** Hashes of the facts and of the records that decided, and the segments. */
  readonly facts: string;
  readonly identity: string;
  readonly segments: readonly string[];
}

/** What decided about a subject, over all its journeys. */
export interface Planned {
  readonly identity: string;
  /** By journey. */
  readonly facts: Readonly<Record<string, string>>;
  readonly segments: readonly string[];
}

/** Where planned writes go: all of them together are too many for memory. */
export type PlanSink = (
  writes: readonly PlannedWrite[],
  planned: ReadonlyMap<SubjectId, Planned>,
) => Promise<void>;

/** The planning of a run, chunk by chunk. */
export interface Planning {
  readonly session: Session;
  readonly opens: readonly OpenConnection[];
  readonly totals: PlacedTotals;
  /** Takes what was planned of a chunk. */
  readonly sink: PlanSink;
  /** Subjects whose stage or band would change in a CRM for a cause that nobody has approved. */
  changed: number;
  /** Fields left out because somebody else keeps changing them back. */
  frozen: number;
  /** Output fields that records do not show, by connection and type. */
  readonly unreadable: Map<string, { connection: ConnectionId; fields: Set<string>; records: number }>;
  /** Connections that this run does not reach, with what they last told of themselves. */
  readonly closed: readonly Reached[];
}

/** A connection as planning needs it. */
export type Reached = Pick<OpenConnection, 'config' | 'discovery'>;

export function startPlanning(
  session: Session,
  opens: readonly OpenConnection[],
  totals: PlacedTotals,
  sink: PlanSink,
  closed: readonly Reached[],
): Planning {
  return { session, opens, totals, sink, changed: 0, frozen: 0, unreadable: new Map(), closed };
}

/**
 * Plans the records of these subjects, which no other chunk has, in every open CRM.
 * @param adopted values of people's that became overrides just now, by record and field
 * @returns the subjects whose records do not hold what they should: `writes` when this run is going to mend all of it,
 *   else `held`
 */
export async function planChunk(
  planning: Planning,
  wanted: ReadonlyMap<SubjectId, readonly WantedOutputs[]>,
  neighbourhood: Neighbourhood,
  adopted: ReadonlyMap<string, Readonly<Record<string, FieldValue>>> = new Map(),
): Promise<ReadonlyMap<SubjectId, 'writes' | 'held'>> {
  const drafts: Drafts = { writes: new Map(), edits: [], held: new Set() };
  const recordsIn = (id: ConnectionId): ReadonlyMap<SubjectId, readonly CrmRecord[]> =>
    new Map(
      [...wanted.keys()].map((subject) => [
        subject,
        neighbourhood
          .recordsOf(subject)
          .flatMap((key) => (key.connection === id ? (neighbourhood.record(key) ?? []) : [])),
      ]),
    );
  for (const open of planning.opens) {
    const recordsOf = recordsIn(open.config.id);
    const written = new Map(await lastWritten(planning, [...recordsOf.values()].flat()));
    // Under `plan` the ledger has not been told.
    for (const [key, values] of adopted) written.set(key, { ...written.get(key), ...values });
    for (const [subject, records] of recordsOf)
      planSubject(planning, drafts, open, subject, records, wanted.get(subject) ?? [], written);
  }
  for (const closed of planning.closed) {
    const recordsOf = recordsIn(closed.config.id);
    const written = await lastWritten(planning, [...recordsOf.values()].flat());
    for (const [subject, records] of recordsOf) {
      const plans = plansOf(planning, closed, subject, records, wanted.get(subject) ?? [], written);
      if (plans.some(({ plan }) => plan.write !== null || isHeld(plan))) drafts.held.add(subject);
    }
  }
  const { session } = planning;
  const { writes, frozen } = await freezeFights(session, [...drafts.writes.values()], drafts.edits);
  planning.frozen += frozen;
  for (const edit of drafts.edits)
    session.notices.push({ kind: 'manual-edit', subject: edit.subject, text: editText(edit) });
  planning.changed += await unapproved(session, writes);
  const planned = new Map([...wanted].map(([subject, outputs]) => [subject, plannedOf(outputs)]));
  await planning.sink(writes, planned);
  return unsettled(session, drafts, writes);
}

function plannedOf(outputs: readonly WantedOutputs[]): Planned {
  return {
    identity: outputs[0]?.identity ?? '',
    facts: Object.fromEntries(outputs.map(({ mapping, facts }) => [mapping.name, facts])),
    segments: outputs.flatMap(({ segments }) => segments),
  };
}

/** Subjects whose records do not hold yet what they should. */
function unsettled(
  session: Session,
  drafts: Drafts,
  writes: readonly PlannedWrite[],
): ReadonlyMap<SubjectId, 'writes' | 'held'> {
  const found = new Map<SubjectId, 'writes' | 'held'>();
  const left = new Map(writes.map((write) => [recordKeyText(write), write.changes.length]));
  for (const [key, { subject, connection, changes }] of drafts.writes) {
    // Fields that are fought over are taken out of the plan.
    const whole = left.get(key) === changes.length && mayWrite(session, connection);
    found.set(subject, whole && found.get(subject) !== 'held' ? 'writes' : 'held');
  }
  for (const subject of drafts.held) found.set(subject, 'held');
  return found;
}

/** What no run mends: a person's value that is kept, a field that cannot be read. */
function isHeld({ edits, unreadable }: RecordPlan): boolean {
  return unreadable.length > 0 || edits.some(({ kept }) => kept);
}

interface Drafts {
  /** By `connection:type:id`: two journeys of one subject share a row, so that a record is written once. */
  readonly writes: Map<string, PlannedWrite>;
  readonly edits: ManualEdit[];
  /** Subjects whose records no run makes hold what they should. */
  readonly held: Set<SubjectId>;
}

/** Subjects of these writes that count for the guard: those of CRMs that are written to. */
async function unapproved(session: Session, writes: readonly PlannedWrite[]): Promise<number> {
  const { approval, options } = session;
  const counted = writes.filter(({ connection }) => mayWrite(session, connection));
  const approved = new Map<string, PlannedWrite>();
  if (approval.run !== null) {
    for (const { connection, type, ids } of byType(counted)) {
      for (const write of (await options.store.plans.get(approval.run, connection, type, ids)).values())
        approved.set(recordKeyText(write), write);
    }
  }
  return changedSubjects(counted, (write) => approved.get(recordKeyText(write)));
}

function planSubject(
  planning: Planning,
  drafts: Drafts,
  open: OpenConnection,
  subject: SubjectId,
  records: readonly CrmRecord[],
  wanted: readonly WantedOutputs[],
  written: ReadonlyMap<string, Readonly<Record<string, FieldValue>>>,
): void {
  const { totals } = planning;
  for (const { record, plan } of plansOf(planning, open, subject, records, wanted, written)) {
    if (isHeld(plan)) drafts.held.add(subject);
    totals.unchanged += plan.unchanged;
    totals.unreadable += plan.unreadable.length;
    totals.manualEdits += plan.edits.length;
    drafts.edits.push(...plan.edits);
    if (plan.unreadable.length > 0) noteUnreadable(planning, record, plan.unreadable);
    if (plan.write !== null) addWrite(drafts.writes, plan.write);
  }
}

function plansOf(
  { session }: Planning,
  { config, discovery }: Reached,
  subject: SubjectId,
  records: readonly CrmRecord[],
  wanted: readonly WantedOutputs[],
  written: ReadonlyMap<string, Readonly<Record<string, FieldValue>>>,
): readonly { readonly record: CrmRecord; readonly plan: RecordPlan }[] {
  const inherited = records
    .filter(({ state }) => state === 'merged' || state === 'converted')
    .map((record) => written.get(recordKeyText(record)) ?? {});
  return records.map((record) => ({
    record,
    plan: planRecord({
      subject,
      record,
      connector: config.connector,
      shown: discovery.objects[record.type]?.fields ?? {},
      wanted,
      lastWritten: written.get(recordKeyText(record)),
      inherited,
      manualEdits: session.options.manualEdits,
    }),
  }));
}

function noteUnreadable(planning: Planning, record: CrmRecord, fields: readonly string[]): void {
  const place = `${record.connection} ${record.type}`;
  const known = planning.unreadable.get(place) ?? {
    connection: record.connection,
    fields: new Set<string>(),
    records: 0,
  };
  planning.unreadable.set(place, known);
  known.records += 1;
  for (const field of fields) known.fields.add(field);
}

/** Said once a type, not once a record: it is one thing to mend. */
export function reportUnreadable(planning: Planning): void {
  for (const [place, { connection, fields, records }] of planning.unreadable) {
    planning.session.problems.push({
      connection,
      code: 'crm_permission',
      exit: 1,
      message: `${place}: ${[...fields].sort().join(', ')} cannot be read and edited on ${records} ${records === 1 ? 'record' : 'records'}, so nothing is written there. Run \`waystage provision\`; if the fields exist, give this connection permission to read and edit them.`,
    });
  }
}

async function lastWritten(
  planning: Planning,
  records: readonly RecordKey[],
): Promise<ReadonlyMap<string, Readonly<Record<string, FieldValue>>>> {
  const found = new Map<string, Readonly<Record<string, FieldValue>>>();
  const types = new Map<string, RecordKey[]>();
  for (const record of records) {
    const known = types.get(record.type);
    if (known === undefined) types.set(record.type, [record]);
    else known.push(record);
  }
  for (const group of types.values()) {
    const { connection, type } = group[0]!;
    const values = await planning.session.options.store.ledger.lastWritten(
      connection,
      type,
      group.map((key) => key.id),
    );
    for (const [id, fields] of values) found.set(recordKeyText({ connection, type, id }), fields);
  }
  return found;
}

function addWrite(writes: Map<string, PlannedWrite>, write: PlannedWrite): void {
  const key = recordKeyText(write);
  const known = writes.get(key);
  writes.set(key, known === undefined ? write : { ...known, changes: [...known.changes, ...write.changes] });
}
