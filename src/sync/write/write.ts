import PQueue from 'p-queue';
import type { WriteResult } from '../../connector/port.ts';
import { requestedFields } from '../../mapping/index.ts';
import { type CrmRecord, type FieldValue, type RecordKey, recordKeyText } from '../../model/record.ts';
import type { PlannedWrite } from '../../store/plans.ts';
import type { LedgerEntry, LedgerState } from '../../store/port.ts';
import { insistOnBudget } from '../budget.ts';
import { noteProblem } from '../problems.ts';
import { type OpenConnection, reach, type Session } from '../session.ts';
import { type ParkedWrites, parkedWrites } from './parked.ts';
import type { LeftOut } from './saved-plan.ts';
import { holds, presentValues, readBack } from './settle.ts';
import type { WriteTotals } from './write-totals.ts';

/** J27: an output is written only if its value in the CRM was read at most this long ago. */
export const FRESH_MS = 60_000;

/** What a batch row became. */
interface Row {
  readonly write: PlannedWrite;
  readonly entries: readonly LedgerEntry[];
}

/**
 * Writes the planned changes of one connection: by type, sorted by parent, in the CRM's batch size. The ledger
 * knows every field before the CRM is called and learns every result after it; one refused record stops nothing.
 * Of what is planned only the batches that are under way are held.
 */
export async function writeConnection(
  session: Session,
  open: OpenConnection,
  totals: WriteTotals,
): Promise<void> {
  const { capabilities } = open.config.connector;
  const { plans } = session.options.store;
  const parked = await parkedWrites(session, open, totals);
  const types: { readonly type: string; readonly planned: number }[] = [];
  for (const { name: type } of capabilities.objectTypes)
    types.push({ type, planned: await plans.count(session.run, open.config.id, type) });
  const all = types.reduce((sum, { planned }) => sum + planned, 0);
  let done = 0;
  let failure: { readonly error: unknown } | null = null;
  try {
    for (const { type, planned } of types) {
      const queue = new PQueue({ concurrency: capabilities.writeParallel });
      for await (const { batch, bulk } of batchesOf(session, open, type, planned, parked)) {
        queue
          .add(async () => {
            session.options.signal.throwIfAborted();
            insistOnBudget(open.config.id, open.budget);
            await writeBatch(session, open, type, batch, bulk, totals);
            done += batch.length;
            session.options.progress.advance(`${open.config.id} writes`, done, all);
          })
          .catch((error: unknown) => {
            failure ??= { error };
          });
        await queue.onSizeLessThan(1);
      }
      await queue.onIdle();
      if (failure !== null) throw (failure as { readonly error: unknown }).error;
    }
  } finally {
    await parked.settle(totals.refused);
  }
}

interface Batch {
  readonly batch: readonly PlannedWrite[];
  /** By the CRM's way for many records at once. */
  readonly bulk: boolean;
}

/** Large parts as long as they pay, then the CRM's usual batches. */
async function* batchesOf(
  session: Session,
  open: OpenConnection,
  type: string,
  planned: number,
  parked: ParkedWrites,
): AsyncGenerator<Batch> {
  const { writeBatch: usual, bulkWrite } = open.config.connector.capabilities;
  const large = open.connection.pushBulk === undefined ? undefined : bulkWrite;
  let rest = planned;
  let ready: PlannedWrite[] = [];
  const take = (): Batch => {
    const bulk = large !== undefined && rest >= large.from;
    const batch = ready.slice(0, bulk ? large.limit : usual);
    ready = ready.slice(batch.length);
    rest -= batch.length;
    return { batch, bulk };
  };
  const enough = (): boolean => {
    const size = large !== undefined && rest >= large.from ? large.limit : usual;
    return ready.length >= Math.min(size, rest);
  };
  for await (const part of session.options.store.plans.scan(session.run, open.config.id, type)) {
    const kept = await parked.ready(part);
    rest -= part.length - kept.length;
    ready.push(...kept);
    while (ready.length > 0 && enough()) yield take();
  }
}

async function writeBatch(
  session: Session,
  open: OpenConnection,
  type: string,
  batch: readonly PlannedWrite[],
  bulk: boolean,
  totals: WriteTotals,
): Promise<void> {
  const fresh = await stillAsPlanned(session, open, type, batch);
  if (fresh.length === 0) return;
  const rows = fresh.map((write) => ({ write, entries: entriesOf(session, write) }));
  await session.options.store.ledger.begin(
    rows.flatMap((row) => row.entries),
    session.fence,
  );
  await reach(session, 'write-begun');
  let results: readonly WriteResult[];
  try {
    const sent = rows.map(({ write }) => ({ id: write.id, fields: fieldsOf(write), parent: write.parent }));
    const { connection } = open;
    results = await (bulk ? connection.pushBulk!(type, sent) : connection.push(type, sent));
  } catch (error) {
    // Cut off in the middle: the entries stay open, and the next run looks what became of them.
    session.options.signal.throwIfAborted();
    // `push` throws only when nothing was written: the ledger says so, and the run goes on.
    await settleRows(session, rows, () => ({ state: 'lost', code: 'not_sent', message: null }));
    totals.failed += rows.length;
    noteProblem(session, open.config.id, error, `Writing ${type} to ${open.config.id} failed`);
    return;
  }
  // Stopped or not: what is known of rows is settled before the run ends.
  await session.options.failpoint?.('write-sent');
  await settleResults(session, open, type, rows, results, totals);
  await reach(session, 'write-settled');
}

/** Reads the batch again when it was read too long ago; a record that changed meanwhile waits for the next sync. */
async function stillAsPlanned(
  session: Session,
  open: OpenConnection,
  type: string,
  batch: readonly PlannedWrite[],
): Promise<readonly PlannedWrite[]> {
  const readAt = open.readAt.get(type) ?? 0;
  // An applied plan was made some time ago: it does without the little that a search index may not show yet.
  const sure = session.options.kind === 'apply';
  if (!sure && session.options.clock.now() - readAt <= FRESH_MS) return batch;
  const fields = batch.flatMap((write) =>
    write.changes.map((change) => ({ id: write.id, field: change.field })),
  );
  const found = await readBack(open, type, fields);
  return batch.filter((write) => {
    const record = found.get(write.id);
    if (write.changes.every((change) => holds(record, change.field, change.old))) return true;
    session.stale.push(...othersNow(write, record));
    session.notices.push({
      kind: 'stale',
      subject: write.subject,
      text: `${recordKeyText(write)} changed in the CRM while the run was under way; it is left for the next sync.`,
    });
    return false;
  });
}

function othersNow(write: PlannedWrite, record: CrmRecord | undefined): readonly LeftOut[] {
  return write.changes
    .filter((change) => !holds(record, change.field, change.old))
    .map((change) => ({
      ...{ ...keyOf(write), subject: write.subject, field: change.field, planned: change.new },
      ...{ now: record?.fields[change.field] ?? null, why: record === undefined ? 'gone' : 'edited' },
    }));
}

async function settleResults(
  session: Session,
  open: OpenConnection,
  type: string,
  rows: readonly Row[],
  results: readonly WriteResult[],
  totals: WriteTotals,
): Promise<void> {
  const byId = new Map(results.map((result) => [result.id, result]));
  const unknown = rows.filter((row) => (byId.get(row.write.id)?.outcome ?? 'unknown') === 'unknown');
  const present = await readUnknown(session, open, type, unknown);
  const written: Row[] = [];
  for (const row of rows) {
    const result = byId.get(row.write.id);
    if (result?.outcome === 'written') written.push(row);
    else if (result?.outcome === 'refused') {
      totals.failed += 1;
      const { code, message, retryable } = result;
      if (!retryable) totals.refused.push({ write: row.write, code, message });
      session.notices.push({
        kind: 'refused',
        subject: row.write.subject,
        text: `${recordKeyText(row.write)} was refused: ${result.message} (${result.code})`,
      });
    } else if (row.entries.every((entry) => holds(present?.get(entry.id), entry.field, entry.new)))
      written.push(row);
    else {
      totals.failed += 1;
      session.notices.push({
        kind: 'unknown',
        subject: row.write.subject,
        text: `${recordKeyText(row.write)}: the answer to the write was lost; the next sync looks and writes again if needed.`,
      });
    }
  }
  // First the store, then the ledger: a kill in between leaves entries that the next run looks up, never a value of
  // ours that the store does not know and would take for a person's.
  await noteReadFields(session, open, type, written);
  await session.options.store.records.patchFields(
    [
      ...written.map(({ write }) => ({ ...keyOf(write), fields: fieldsOf(write) })),
      ...presentValues(
        present ?? new Map(),
        unknown.flatMap((row) => row.entries),
      ),
    ],
    session.fence,
  );
  const done = new Set(written);
  await settleRows(session, rows, (row) => {
    if (done.has(row)) return { state: 'written', code: null, message: null };
    const result = byId.get(row.write.id);
    if (result?.outcome === 'refused')
      return { state: 'refused', code: result.code, message: result.message };
    return { state: present === null ? 'unknown' : 'lost', code: null, message: null };
  });
  await session.options.store.plans.done(
    session.run,
    written.map(({ write }) => write),
    session.fence,
  );
  totals.records += written.length;
  totals.fields += written.reduce((sum, row) => sum + row.entries.length, 0);
}

/** A field of ours that rules read, too, is a fact that has changed. */
async function noteReadFields(
  { options: { store, mappings }, fence }: Session,
  open: OpenConnection,
  type: string,
  rows: readonly Row[],
): Promise<void> {
  const read = new Set(requestedFields(mappings, open.config.fieldMap, type));
  const seen = rows.filter(({ write }) => write.changes.some(({ field }) => read.has(field)));
  if (seen.length > 0)
    await store.pending.touch(
      seen.map(({ write }) => keyOf(write)),
      fence,
    );
}

/** Null: even the look could not be taken, the outcome stays unknown. */
async function readUnknown(
  session: Session,
  open: OpenConnection,
  type: string,
  rows: readonly Row[],
): Promise<Awaited<ReturnType<typeof readBack>> | null> {
  if (rows.length === 0) return new Map();
  // The next run looks.
  if (session.options.signal.aborted) return null;
  try {
    return await readBack(
      open,
      type,
      rows.flatMap((row) => row.entries),
    );
  } catch (error) {
    noteProblem(session, open.config.id, error, `Looking after a lost answer from ${open.config.id} failed`);
    return null;
  }
}

async function settleRows(
  session: Session,
  rows: readonly Row[],
  outcome: (row: Row) => { state: LedgerState; code: string | null; message: string | null },
): Promise<void> {
  await session.options.store.ledger.settle(
    rows.flatMap((row) => {
      const result = outcome(row);
      return row.entries.map((entry, index) => {
        // A person's value that a rollback puts back is none of ours.
        const theirs = result.state === 'written' && row.write.changes[index]?.theirs === true;
        return { entry: entry.entry, ...result, state: theirs ? ('returned' as const) : result.state };
      });
    }),
    session.options.clock.now(),
    session.fence,
  );
}

function entriesOf(session: Session, write: PlannedWrite): readonly LedgerEntry[] {
  return write.changes.map((change) => ({
    entry: session.options.newId(),
    run: session.run,
    connection: write.connection,
    type: write.type,
    id: write.id,
    subject: write.subject,
    journey: change.journey,
    output: change.output,
    field: change.field,
    old: change.old,
    new: change.new,
    state: 'pending',
    code: null,
    message: null,
    at: session.options.clock.now(),
  }));
}

function keyOf({ connection, type, id }: RecordKey): RecordKey {
  return { connection, type, id };
}

function fieldsOf(write: PlannedWrite): Readonly<Record<string, FieldValue>> {
  const fields = Object.create(null) as Record<string, FieldValue>;
  for (const change of write.changes) fields[change.field] = change.new;
  return fields;
}
