import { isWaystageError } from '../../model/errors.ts';
import type { CrmRecord } from '../../model/record.ts';
import { insistOnBudget } from '../budget.ts';
import { isFatal, noteProblem, together } from '../problems.ts';
import { type OpenConnection, reach, type Session } from '../session.ts';
import { applyRows, fateOf, mergedAway, type TypeReader, typeReader } from './apply-page.ts';
import { type CauseOf, causeOfDifference, commitDifferences, reconciledOf } from './difference.ts';
import { neededFields, typesNeeded } from './pull.ts';
import { lookUp, settleUnseen } from './unseen.ts';

/** Requests that a full reading is reckoned to need: one for so many stored records. */
const RECORDS_PER_REQUEST = 100;

/**
 * Reads a connection once more in full, beside the increments, and takes over what these did not show: archived,
 * merged, restored and purged records, changed associations, and values that move without a stamp. The checkpoints of
 * the increments stay where they are. A reading that is cut off is carried on by the next one.
 */
export async function reconcileConnection(session: Session, open: OpenConnection): Promise<void> {
  const { store, clock } = session.options;
  const began = clock.now();
  const outcomes: boolean[] = [];
  await together(
    typesNeeded(open.config).map(async (type) => {
      // A type that could not be read just now cannot be compared either.
      const readAt = open.readAt.get(type);
      if (readAt === undefined) {
        outcomes.push(false);
        return;
      }
      try {
        const reader = await typeReader(session, open, type, neededFields(session, open.config, type));
        outcomes.push(await reconcileType(reader, readAt));
      } catch (error) {
        outcomes.push(false);
        session.options.signal.throwIfAborted();
        if (isFatal(error)) throw error;
        noteProblem(session, open.config.id, error, `Comparing ${type} with ${open.config.id} failed`);
      }
    }),
  );
  if (outcomes.every(Boolean)) await store.connections.reconciled(open.config.id, began);
}

/** Whether this connection is to be read in full now: asked for, or due and within the budget. */
export async function reconcileNow(session: Session, open: OpenConnection): Promise<boolean> {
  const { store, clock, reconcile, kind } = session.options;
  const { id, reconcileEvery } = open.config;
  const gone = session.approval.drops.some((drop) => drop.connection === id && drop.field === '');
  if (reconcile === true || gone) return true;
  if (kind === 'plan' || reconcileEvery === undefined || reconcileEvery === null) return false;
  const last = (await store.connections.states()).find((state) => state.id === id)?.reconciledAt ?? null;
  if (last === null) {
    // The first load was a full reading.
    await store.connections.reconciled(id, clock.now());
    return false;
  }
  if (clock.now() < last + reconcileEvery) return false;
  const records = (await store.records.counts())
    .filter((count) => count.connection === id)
    .reduce((sum, count) => sum + count.records, 0);
  const needed = Math.ceil(records / RECORDS_PER_REQUEST);
  if (needed <= open.budget.left()) return true;
  session.notices.push({
    kind: 'budget',
    subject: null,
    text: `${id} is due to be read in full, which takes about ${needed} requests; ${open.budget.left()} are left of its daily budget, so it waits.`,
  });
  return false;
}

/** False: something was left undone. */
async function reconcileType(reader: TypeReader, readAt: number): Promise<boolean> {
  const { session, open, type } = reader;
  const { readings } = session.options.store;
  const before = await readings.open(open.config.id, type);
  const resumed =
    before !== null && reader.shown.every((field) => before.fields.includes(field)) ? before : null;
  const mark = resumed?.mark ?? session.options.newId();
  const causeOf = causeOfDifference(open.discovery.objects[type], readAt);
  try {
    await readAll(reader, mark, resumed?.cursor ?? null, causeOf);
  } catch (error) {
    if (resumed === null || !isWaystageError(error) || error.code !== 'crm_cursor_expired') throw error;
    await readAll(reader, mark, null, causeOf);
  }
  const settled = await settleUnseen(reader, mark, causeOf);
  await readings.end(open.config.id, type, session.fence);
  return settled;
}

async function readAll(
  reader: TypeReader,
  mark: string,
  cursor: string | null,
  causeOf: CauseOf,
): Promise<void> {
  const { session, open, type } = reader;
  const { config, connection, discovery } = open;
  const counts = reconciledOf(session, open);
  let done = 0;
  insistOnBudget(config.id, open.budget);
  for await (const page of connection.pull({ type, fields: reader.needed, cursor, discovery })) {
    await reach(session, 'page-fetched');
    const back = await comeBack(reader, page.records);
    const { keep, fates, changes } = await applyRows(reader, page.records, page.failed, causeOf);
    // Merges before anything else: whoever lives on under another id must not be taken for deleted.
    const losers = await mergedAway(reader, page.records);
    const all = [...fates, ...losers.map((loser) => fateOf(loser, 'applied', 'merged'))];
    await commitDifferences(reader, [...keep, ...losers], all, changes, {
      mark,
      cursor: page.cursor,
      fields: reader.shown,
    });
    counts.records += page.records.length;
    done += page.records.length;
    session.options.progress.advance(`${config.id} ${type} compared`, done, page.done ? done : page.total);
    if (back > 0) session.notices.push(backNotice(reader, back));
    await reach(session, 'page-stored');
    if (!page.done) insistOnBudget(config.id, open.budget);
  }
}

/** Purged records of a page that the CRM knows by their id, too: they were hidden, not deleted. */
async function comeBack(reader: TypeReader, rows: readonly CrmRecord[]): Promise<number> {
  const { session, open, type } = reader;
  const { readings } = session.options.store;
  const ids = rows.map((row) => row.id);
  const purged = [...(await readings.purged(open.config.id, type, ids))];
  if (purged.length === 0) return 0;
  const { alive } = await lookUp(reader, purged);
  const back = alive.map(({ connection, id }) => ({ connection, type, id }));
  if (back.length > 0) await readings.unpurge(back, session.fence);
  return back.length;
}

function backNotice({ open, type }: TypeReader, back: number): Session['notices'][number] {
  return {
    kind: 'restored',
    subject: null,
    text: `${open.config.id} ${type}: ${back} that the CRM had not known for a while are there again. If they had been hidden by a permission, give this connection the right to see all records.`,
  };
}
