import type { Mapping } from '../mapping/types.ts';
import type { OutputValues, SubjectId } from '../model/facts.ts';
import {
  type ConnectionId,
  type CrmRecord,
  type FieldValue,
  type RecordKey,
  recordKeyText,
} from '../model/record.ts';
import type { Neighbourhood } from './neighbourhood.ts';
import { type ManualEdit, type PlannedWrite, planRecord, type Reasons } from './plan.ts';
import type { OpenConnection, Session } from './session.ts';
import type { PlacedTotals } from './summary.ts';

/** What one mapping wants a subject's records to hold. */
export interface WantedOutputs {
  readonly mapping: Mapping;
  readonly outputs: OutputValues;
  /** Only under `plan`. */
  readonly reasons: Reasons | null;
}

/** The writes of a run as they are planned, chunk by chunk. */
export interface Planning {
  readonly session: Session;
  readonly opens: readonly OpenConnection[];
  readonly totals: PlacedTotals;
  /** By `connection:type:id`: two journeys of one subject share a row, so that a record is written once. */
  readonly writes: Map<string, PlannedWrite>;
  readonly edits: ManualEdit[];
  /** Output fields that records do not show, by connection and type. */
  readonly unreadable: Map<string, { connection: ConnectionId; fields: Set<string>; records: number }>;
}

export function startPlanning(
  session: Session,
  opens: readonly OpenConnection[],
  totals: PlacedTotals,
): Planning {
  return { session, opens, totals, writes: new Map(), edits: [], unreadable: new Map() };
}

/** Plans the records of these subjects in every open CRM. */
export async function planChunk(
  planning: Planning,
  wanted: ReadonlyMap<SubjectId, readonly WantedOutputs[]>,
  neighbourhood: Neighbourhood,
): Promise<void> {
  for (const open of planning.opens) {
    const recordsOf = new Map<SubjectId, readonly CrmRecord[]>();
    for (const subject of wanted.keys()) {
      const keys = neighbourhood.recordsOf(subject);
      recordsOf.set(
        subject,
        keys.flatMap((key) => (key.connection === open.config.id ? (neighbourhood.record(key) ?? []) : [])),
      );
    }
    const written = await lastWritten(planning, [...recordsOf.values()].flat());
    for (const [subject, records] of recordsOf)
      planSubject(planning, open, subject, records, wanted.get(subject) ?? [], written);
  }
}

function planSubject(
  planning: Planning,
  open: OpenConnection,
  subject: SubjectId,
  records: readonly CrmRecord[],
  wanted: readonly WantedOutputs[],
  written: ReadonlyMap<string, Readonly<Record<string, FieldValue>>>,
): void {
  const { totals, edits, session } = planning;
  const inherited = records
    .filter(({ state }) => state === 'merged' || state === 'converted')
    .map((record) => written.get(recordKeyText(record)) ?? {});
  for (const record of records) {
    const plan = planRecord({
      subject,
      record,
      connector: open.config.connector,
      shown: open.discovery.objects[record.type]?.fields ?? {},
      wanted,
      lastWritten: written.get(recordKeyText(record)),
      inherited,
      manualEdits: session.options.manualEdits,
    });
    totals.unchanged += plan.unchanged;
    totals.unreadable += plan.unreadable.length;
    totals.manualEdits += plan.edits.length;
    edits.push(...plan.edits);
    if (plan.unreadable.length > 0) noteUnreadable(planning, record, plan.unreadable);
    if (plan.write !== null) addWrite(planning.writes, plan.write);
  }
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
