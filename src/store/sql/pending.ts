import type { Kysely, Transaction } from 'kysely';
import type { SubjectId } from '../../model/facts.ts';
import type { PendingStore, PendingSubject } from '../pending.ts';
import type { Bulk, BulkTable } from './bulk.ts';
import { chunks, listed, ROWS_PER_STATEMENT } from './chunks.ts';
import { forgetStanding } from './earlier.ts';
import { fenced } from './fence.ts';
import type { Tables } from './tables.ts';

const TOUCHED: BulkTable = {
  name: 'touched',
  columns: ['connection', 'type', 'id'],
  key: ['connection', 'type', 'id'],
  replace: [],
};

const WAITING: BulkTable = {
  name: 'pending_subjects',
  columns: ['subject', 'run', 'state', 'asleep'],
  key: ['subject'],
  replace: [],
};

const LEFT: BulkTable = { ...WAITING, replace: ['run', 'state', 'asleep'] };

/** Rows of `meta`: up to when, and by what, everybody who does not wait was judged. */
export const PLACED_UNTIL = 'placed-until';
export const PLACED_BASIS = 'placed-by';
/** In the place of a connection: the touched thing is a subject. */
const SUBJECT = '';

export function pendingStore(db: Kysely<Tables>, bulk: Bulk): PendingStore {
  return {
    async last() {
      const until = await metaOf(db, PLACED_UNTIL);
      return { until: until === null ? null : Number(until), basis: await metaOf(db, PLACED_BASIS) };
    },
    async everybody(fence) {
      await fenced(db, fence, async (trx) => {
        await trx.deleteFrom('meta').where('key', '=', PLACED_BASIS).execute();
        await trx.deleteFrom('touched').execute();
      });
    },
    touch: (keys, fence) => fenced(db, fence, (trx) => touchRecords(trx, bulk, keys)),
    async touched(limit) {
      return db
        .selectFrom('touched')
        .selectAll()
        .orderBy('connection')
        .orderBy('type')
        .orderBy('id')
        .limit(limit)
        .execute();
    },
    async followed(touched, subjects, fence) {
      await fenced(db, fence, async (trx) => {
        await bulk.remove(
          trx,
          TOUCHED,
          touched.map(({ connection, type, id }) => [connection, type, id]),
        );
        await wait(trx, bulk, subjects);
      });
    },
    add: (subjects, fence) => fenced(db, fence, (trx) => wait(trx, bulk, subjects)),
    async addDue(journeys, now, fence) {
      if (journeys.length === 0) return;
      await fenced(db, fence, async (trx) => {
        await trx
          .insertInto('pending_subjects')
          .columns(['subject', 'run', 'state', 'asleep'])
          .expression((eb) =>
            eb
              .selectFrom('placements')
              .innerJoin('subjects', 'subjects.id', 'placements.subject')
              .select(['placements.subject', eb.val('').as('run'), eb.val('changed').as('state')])
              .select(eb.lit(0).as('asleep'))
              .distinct()
              .where('placements.due', '<=', now)
              .where('placements.journey', 'in', journeys)
              .where('subjects.gone', '=', 0),
          )
          .onConflict((conflict) => conflict.doNothing())
          .execute();
      });
    },
    async *scan(kind) {
      let after = '';
      for (;;) {
        const rows = await db
          .selectFrom('pending_subjects')
          .innerJoin('subjects', 'subjects.id', 'pending_subjects.subject')
          .select(['pending_subjects.subject', 'pending_subjects.asleep'])
          .where('subjects.kind', '=', kind)
          .where('subjects.gone', '=', 0)
          .where('pending_subjects.subject', '>', after)
          .orderBy('pending_subjects.subject')
          .limit(ROWS_PER_STATEMENT)
          .execute();
        const last = rows.at(-1);
        if (last === undefined) return;
        yield rows.map(toPending);
        after = last.subject;
      }
    },
    async among(subjects) {
      const found = new Map<SubjectId, PendingSubject>();
      for (const part of chunks(subjects)) {
        const rows = await db
          .selectFrom('pending_subjects')
          .select(['subject', 'asleep'])
          .where('subject', 'in', listed(part))
          .execute();
        for (const row of rows) found.set(row.subject as SubjectId, toPending(row));
      }
      return found;
    },
    async count() {
      const row = await db
        .selectFrom('pending_subjects')
        .select((eb) => eb.fn.countAll<number>().as('n'))
        .executeTakeFirstOrThrow();
      return Number(row.n);
    },
    async leave(run, left, fence) {
      if (left.length === 0) return;
      await fenced(db, fence, (trx) =>
        bulk.put(
          trx,
          LEFT,
          left.map(({ subject, state, asleep }) => [subject, run, state, asleep ? 1 : 0]),
        ),
      );
    },
    async settle(run, { until, basis }, fence) {
      await fenced(db, fence, async (trx) => {
        await trx.deleteFrom('pending_subjects').where('run', '!=', run).execute();
        for (const [key, value] of [
          [PLACED_UNTIL, String(until)],
          [PLACED_BASIS, basis],
        ] as const)
          await trx
            .insertInto('meta')
            .values({ key, value })
            .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
            .execute();
        await forgetStanding(trx);
      });
    },
    async written(run, fence) {
      await fenced(db, fence, async (trx) => {
        await trx
          .deleteFrom('pending_subjects')
          .where('run', '=', run)
          .where('state', '=', 'writes')
          .where('subject', 'not in', (eb) =>
            eb.selectFrom('planned_writes').select('subject').where('run', '=', run),
          )
          .execute();
      });
    },
  };
}

/** Notes records whose subjects are to be looked at, in the transaction that changes them. Without a basis everybody
 *  is looked at anyway, so that a first load notes nothing. */
export async function touchRecords(
  trx: Transaction<Tables>,
  bulk: Bulk,
  keys: readonly { readonly connection: string; readonly type: string; readonly id: string }[],
): Promise<void> {
  if (keys.length === 0 || (await metaOf(trx, PLACED_BASIS)) === null) return;
  await bulk.put(
    trx,
    TOUCHED,
    keys.map(({ connection, type, id }) => [connection, type, id]),
  );
}

/** The same for subjects whose records became others. */
export function touchSubjects(
  trx: Transaction<Tables>,
  bulk: Bulk,
  subjects: readonly string[],
): Promise<void> {
  return touchRecords(
    trx,
    bulk,
    subjects.map((id) => ({ connection: SUBJECT, type: 'subject', id })),
  );
}

/** Subjects that come back were not looked at while they were away. */
export async function wake(trx: Transaction<Tables>, bulk: Bulk, subjects: readonly string[]): Promise<void> {
  if (subjects.length === 0 || (await metaOf(trx, PLACED_BASIS)) === null) return;
  await bulk.put(
    trx,
    LEFT,
    subjects.map((subject) => [subject, '', 'changed', 1]),
  );
}

async function wait(trx: Transaction<Tables>, bulk: Bulk, subjects: readonly string[]): Promise<void> {
  await bulk.put(
    trx,
    WAITING,
    subjects.map((subject) => [subject, '', 'changed', 0]),
  );
}

async function metaOf(db: Kysely<Tables>, key: string): Promise<string | null> {
  const row = await db.selectFrom('meta').select('value').where('key', '=', key).executeTakeFirst();
  return row?.value ?? null;
}

function toPending(row: { readonly subject: string; readonly asleep: number }): PendingSubject {
  return { id: row.subject as SubjectId, asleep: row.asleep === 1 };
}
