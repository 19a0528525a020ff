import { WaystageError } from '../../model/errors.ts';
import type { CrmRecord, FieldValue } from '../../model/record.ts';
import type { PlannedChange, PlannedWrite } from '../../store/plans.ts';
import type { Activation, LedgerEntry } from '../../store/port.ts';
import { insistOnBudget } from '../budget.ts';
import { isFatal, noteProblem, together } from '../problems.ts';
import { mayWrite, type OpenConnection, type RollbackRequest, reach, type Session } from '../session.ts';
import type { RollbackSummary, Spared } from '../summary.ts';
import { presentValues, readBack } from './settle.ts';
import { writeConnection } from './write.ts';
import type { WriteTotals } from './write-totals.ts';

/** Records looked at together. */
const CHUNK = 500;

/** A field a run wrote: what it had held before, and what it holds if nobody touched it since. */
interface Written {
  readonly first: LedgerEntry;
  readonly last: LedgerEntry;
}

interface Findings {
  readonly writes: PlannedWrite[];
  readonly spared: Spared[];
  already: number;
}

/**
 * Undoes what a run wrote (J28): fields that still hold it get the value of before; others are spared and named. If
 * the run activated rules, those of before decide again first, and every run of the same plan is undone with it; the
 * caller then judges and writes what is left to do. After any other run its connections wait for `resume`. Killed in
 * between, the same rollback goes on: what holds its old value is done.
 */
export async function rollBack(
  session: Session,
  opens: readonly OpenConnection[],
  request: RollbackRequest,
  totals: WriteTotals,
): Promise<RollbackSummary> {
  const { store, now, clock } = session.options;
  if ((await store.runs.get(request.run)) === null)
    throw new WaystageError('not_found', `There is no run \`${request.run}\`. \`waystage runs\` lists them.`);
  const activation = await activationOf(session, request.run);
  if (activation !== null && activation.rolledBack === null && !request.onlyPlan) {
    await store.journeys.takeBack(session.fence);
    await store.activations.rollBack(activation.seq, session.run, now, session.fence);
    await reach(session, 'rules-restored');
  }
  const runs =
    activation?.plan == null
      ? [request.run]
      : [...new Set([request.run, ...(await store.activations.runsOf(activation.plan))])];
  const written = await writtenBy(session, runs);
  const touched = new Set([...written.values()].map(({ last }) => last.connection));
  const connections = session.options.connections.flatMap(({ id }) => (touched.has(id) ? [id] : []));
  const found: Findings = { writes: [], spared: [], already: 0 };
  await together(
    opens.map(async (open) => {
      try {
        await look(session, open, [...written.values()], found);
      } catch (error) {
        session.options.signal.throwIfAborted();
        if (isFatal(error)) throw error;
        noteProblem(session, open.config.id, error, `Looking at what ${open.config.id} holds failed`);
      }
    }),
  );
  const before = { fields: totals.fields, records: totals.records };
  if (!request.onlyPlan) {
    await restore(session, opens, found.writes, totals);
    if (activation === null) {
      for (const id of connections) await store.connections.pause(id, clock.now(), session.run);
      // After `resume` the same is to be written again.
      await store.pending.everybody(session.fence);
    }
  }
  for (const one of found.spared)
    session.notices.push({ kind: 'spared', subject: null, text: sparedText(one) });
  const previous = await previousOf(session, activation);
  return {
    run: request.run,
    fields: request.onlyPlan
      ? found.writes.reduce((sum, { changes }) => sum + changes.length, 0)
      : totals.fields - before.fields,
    records: request.onlyPlan ? found.writes.length : totals.records - before.records,
    already: found.already,
    spared: found.spared,
    activation: activation === null || previous === null ? null : { from: activation.set, to: previous.set },
    paused: activation === null && !request.onlyPlan ? connections : [],
  };
}

/** The activation this run made, if there was another before it. Throws `usage` when later rules are in force. */
async function activationOf(session: Session, run: string): Promise<Activation | null> {
  const { activations } = session.options.store;
  const made = (await activations.list()).find((one) => one.run === run && one.previous !== null) ?? null;
  if (made === null) return null;
  const active = await activations.active();
  if (made.rolledBack !== null && active?.seq !== made.previous)
    throw new WaystageError(
      'usage',
      `Run ${run} was rolled back already, and other rules are in force since; nothing was done.`,
    );
  if (made.rolledBack !== null) return made;
  if (active !== null && active.seq !== made.seq)
    throw new WaystageError(
      'usage',
      `Run ${run} activated rules that others have replaced since: roll back run ${active.run} first.`,
    );
  return made;
}

async function previousOf(session: Session, activation: Activation | null): Promise<Activation | null> {
  if (activation === null) return null;
  const all = await session.options.store.activations.list();
  return all.find(({ seq }) => seq === activation.previous) ?? null;
}

/** By record and field; the value before the first of these runs and after the last of them. What was `returned` was
 *  a person's, and stays theirs. */
async function writtenBy(session: Session, runs: readonly string[]): Promise<ReadonlyMap<string, Written>> {
  const written = new Map<string, Written>();
  for (const run of [...runs].sort()) {
    for (const entry of await session.options.store.ledger.ofRun(run)) {
      if (entry.state !== 'written') continue;
      const key = JSON.stringify([entry.connection, entry.type, entry.id, entry.field]);
      written.set(key, { first: written.get(key)?.first ?? entry, last: entry });
    }
  }
  return written;
}

/** Reads what the fields hold now and sorts them: to be restored, as before already, or spared. */
async function look(
  session: Session,
  open: OpenConnection,
  all: readonly Written[],
  found: Findings,
): Promise<void> {
  const own = all.filter(({ last }) => last.connection === open.config.id);
  for (const { name: type } of open.config.connector.capabilities.objectTypes) {
    const byId = new Map<string, Written[]>();
    for (const one of own)
      if (one.last.type === type) byId.set(one.last.id, [...(byId.get(one.last.id) ?? []), one]);
    if (byId.size === 0) continue;
    open.readAt.set(type, session.options.clock.now());
    const ids = [...byId.keys()];
    for (let start = 0; start < ids.length; start += CHUNK) {
      session.options.signal.throwIfAborted();
      insistOnBudget(open.config.id, open.budget);
      const part = ids.slice(start, start + CHUNK).flatMap((id) => byId.get(id) ?? []);
      await lookAtPart(session, open, type, part, found);
    }
  }
}

async function lookAtPart(
  session: Session,
  open: OpenConnection,
  type: string,
  part: readonly Written[],
  found: Findings,
): Promise<void> {
  const { store } = session.options;
  const entries = part.map(({ last }) => last);
  const present = await readBack(open, type, entries);
  await store.records.patchFields(presentValues(present, entries), session.fence);
  const attempts = await store.ledger.attempts(open.config.id, type, [
    ...new Set(entries.map(({ id }) => id)),
  ]);
  const courses = new Map<string, LedgerEntry[]>();
  for (const entry of attempts) {
    const key = `${entry.id} ${entry.field}`;
    const course = courses.get(key);
    if (course === undefined) courses.set(key, [entry]);
    else course.push(entry);
  }
  const edited: { readonly written: Written; readonly holds: FieldValue }[] = [];
  const restored = new Map<string, PlannedChange[]>();
  for (const written of part) {
    const { first, last } = written;
    const course = courses.get(`${last.id} ${last.field}`) ?? [];
    const record = present.get(last.id);
    if (!isThere(record, last.field)) {
      found.spared.push(spare(last, null, 'gone', null));
      continue;
    }
    const holds = record.fields[last.field] ?? null;
    if (Object.is(holds, first.old)) found.already += 1;
    else if (Object.is(holds, last.new)) {
      const known = restored.get(last.id) ?? [];
      restored.set(last.id, known);
      known.push(changeBack(written, course));
    } else {
      const later = course
        .slice(course.findIndex(({ entry }) => entry === last.entry) + 1)
        .findLast(({ state, new: value }) => state === 'written' && Object.is(value, holds));
      if (later === undefined) edited.push({ written, holds });
      else found.spared.push(spare(last, holds, 'rewritten', later.run));
    }
  }
  for (const [id, changes] of restored) {
    const { subject } = part.find(({ last }) => last.id === id)!.last;
    found.writes.push({ connection: open.config.id, type, id, subject, parent: null, changes });
  }
  const editors = await whoEdited(
    open,
    type,
    edited.map(({ written }) => written.last),
  );
  for (const { written, holds } of edited)
    found.spared.push(
      spare(written.last, holds, 'edited', editors.get(`${written.last.id} ${written.last.field}`) ?? null),
    );
}

function isThere(record: CrmRecord | undefined, field: string): record is CrmRecord {
  return record?.state === 'live' && Object.hasOwn(record.fields, field);
}

function changeBack({ first, last }: Written, course: readonly LedgerEntry[]): PlannedChange {
  const { journey, output, field } = last;
  const earlier = course.slice(
    0,
    course.findIndex(({ entry }) => entry === first.entry),
  );
  const ours = earlier.findLast(({ state }) => state === 'written' || state === 'adopted');
  const theirs = first.old !== null && !Object.is(ours?.new, first.old);
  return {
    ...{ journey, output, field, old: last.new, new: first.old, reason: null },
    ...(theirs ? { theirs } : {}),
  };
}

/** By record and field, where the CRM keeps its history and tells. */
async function whoEdited(
  open: OpenConnection,
  type: string,
  entries: readonly LedgerEntry[],
): Promise<ReadonlyMap<string, string>> {
  const who = new Map<string, string>();
  if (entries.length === 0 || open.config.connector.capabilities.pastChanges === undefined) return who;
  const changes = await open.connection.pastChanges!({
    type,
    ids: [...new Set(entries.map(({ id }) => id))],
    fields: [...new Set(entries.map(({ field }) => field))],
    discovery: open.discovery,
  });
  // Newest first: the present value is the work of the first one named.
  const named = new Set<string>();
  for (const { id, field, who: by } of changes) {
    const key = `${id} ${field}`;
    if (named.has(key)) continue;
    named.add(key);
    if (by !== null) who.set(key, by);
  }
  return who;
}

/** By the usual way of writing: fresh reads, the ledger before and after, in batches. */
async function restore(
  session: Session,
  opens: readonly OpenConnection[],
  writes: readonly PlannedWrite[],
  totals: WriteTotals,
): Promise<void> {
  const { store } = session.options;
  await store.plans.add(
    session.run,
    writes.filter(({ connection }) => mayWrite(session, connection)),
    session.fence,
  );
  await together(
    opens.map(async (open) => {
      const mine = writes.some(({ connection }) => connection === open.config.id);
      if (mine && !mayWrite(session, open.config.id))
        session.problems.push({
          connection: open.config.id,
          code: 'usage',
          exit: 1,
          message: `${open.config.id}: its values were not restored, because nothing may be written there (write.mode: plan-only, or paused). Change that and roll back again.`,
        });
      else if (mine) await writeBack(session, open, totals);
    }),
  );
  const kept = await store.holds.keptPlan();
  await store.plans.keepOnly(kept === null ? [] : [kept.run], session.fence);
}

async function writeBack(session: Session, open: OpenConnection, totals: WriteTotals): Promise<void> {
  try {
    await writeConnection(session, open, totals);
  } catch (error) {
    session.options.signal.throwIfAborted();
    if (isFatal(error)) throw error;
    noteProblem(session, open.config.id, error, `Restoring values in ${open.config.id} stopped`);
  }
}

function spare(entry: LedgerEntry, holds: FieldValue, why: Spared['why'], by: string | null): Spared {
  const { connection, type, id, field } = entry;
  return { connection, type, id, field, wrote: entry.new, holds, why, by };
}

/** For people. */
export function sparedText({ connection, type, id, field, wrote, holds, why, by }: Spared): string {
  const shown = (value: FieldValue): string => (value === null ? '(empty)' : String(value));
  const what = `${connection}:${type}:${id} ${field}`;
  if (why === 'gone') return `${what}: the record is live no more; left as it is.`;
  const held = `${what}: the run wrote ${shown(wrote)}, now it holds ${shown(holds)}`;
  return why === 'rewritten'
    ? `${held}, written by run ${by ?? 'unknown'} since.`
    : `${held}, changed since by ${by ?? 'somebody'}; left as it is.`;
}
