import type { Kysely } from 'kysely';
import type { SubjectId } from '../../model/facts.ts';
import type { ConnectionId } from '../../model/record.ts';
import type { PlannedChange, PlannedWrite, PlanStore } from '../plans.ts';
import type { Bulk, BulkTable } from './bulk.ts';
import { chunks, listed, ROWS_PER_STATEMENT } from './chunks.ts';
import { fenced } from './fence.ts';
import type { Tables } from './tables.ts';

/** What runs are going to write. */
export function planStore(db: Kysely<Tables>, bulk: Bulk): PlanStore {
  return {
    async add(run, writes, fence) {
      if (writes.length === 0) return;
      await fenced(db, fence, async (trx) => {
        await bulk.upsert(
          trx,
          PLANNED,
          writes.map(({ connection, type, parent, id, subject, changes }) => [
            run,
            connection,
            type,
            parent ?? '',
            id,
            subject,
            JSON.stringify(changes),
          ]),
        );
      });
    },
    async count(run, connection, type) {
      const row = await db
        .selectFrom('planned_writes')
        .select((eb) => eb.fn.countAll<number>().as('n'))
        .where('run', '=', run)
        .where('connection', '=', connection)
        .where('type', '=', type)
        .executeTakeFirst();
      return Number(row?.n ?? 0);
    },
    async *scan(run, connection, type) {
      let after = { parent: '', id: '' };
      for (;;) {
        const rows = await db
          .selectFrom('planned_writes')
          .selectAll()
          .where('run', '=', run)
          .where('connection', '=', connection)
          .where('type', '=', type)
          .where((eb) => eb(eb.refTuple('parent', 'id'), '>', eb.tuple(after.parent, after.id)))
          .orderBy('parent')
          .orderBy('id')
          .limit(ROWS_PER_STATEMENT)
          .execute();
        const last = rows.at(-1);
        if (last === undefined) return;
        yield rows.map((row) => toWrite(connection, type, row));
        after = last;
      }
    },
    async get(run, connection, type, ids) {
      const found = new Map<string, PlannedWrite>();
      for (const part of chunks(ids)) {
        const rows = await db
          .selectFrom('planned_writes')
          .selectAll()
          .where('run', '=', run)
          .where('connection', '=', connection)
          .where('type', '=', type)
          .where('id', 'in', listed(part))
          .execute();
        for (const row of rows) found.set(row.id, toWrite(connection, type, row));
      }
      return found;
    },
    async done(run, writes, fence) {
      await fenced(db, fence, (trx) =>
        bulk.remove(
          trx,
          PLANNED,
          writes.map(({ connection, type, parent, id }) => [run, connection, type, parent ?? '', id]),
        ),
      );
    },
    async keepOnly(runs, fence) {
      await fenced(db, fence, async (trx) => {
        let old = trx.deleteFrom('planned_writes');
        if (runs.length > 0) old = old.where('run', 'not in', runs);
        await old.execute();
      });
    },
  };
}

const PLANNED: BulkTable = {
  name: 'planned_writes',
  columns: ['run', 'connection', 'type', 'parent', 'id', 'subject', 'changes'],
  key: ['run', 'connection', 'type', 'parent', 'id'],
  replace: ['subject', 'changes'],
};

function toWrite(connection: ConnectionId, type: string, row: Tables['planned_writes']): PlannedWrite {
  return {
    connection,
    type,
    id: row.id,
    subject: row.subject as SubjectId,
    parent: row.parent === '' ? null : row.parent,
    changes: JSON.parse(row.changes) as PlannedChange[],
  };
}
