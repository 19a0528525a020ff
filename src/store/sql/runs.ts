import type { Kysely } from 'kysely';
import type { RunStatus, RunStore, StoredRun } from '../port.ts';
import { chunks } from './chunks.ts';
import { fatesOf } from './fates.ts';
import { fenced } from './fence.ts';
import type { Tables } from './tables.ts';

/** The run log: every run, the fate of its records, and what people should know. */
export function runStore(db: Kysely<Tables>): RunStore {
  return {
    async start(run, fence) {
      await fenced(db, fence, async (trx) => {
        await trx
          .updateTable('runs')
          .set({ status: 'interrupted', ended: run.started, error: 'The process ended before the run did.' })
          .where('status', '=', 'running')
          .execute();
        await trx
          .insertInto('runs')
          .values({ ...run, status: 'running', ended: null, summary: null, error: null })
          .execute();
      });
    },
    async finish(id, end) {
      await db
        .updateTable('runs')
        .set({
          status: end.status,
          ended: end.ended,
          summary: end.summary === null ? null : JSON.stringify(end.summary),
          error: end.error,
        })
        .where('id', '=', id)
        .execute();
    },
    async notice(run, notices) {
      if (notices.length === 0) return;
      await db.transaction().execute(async (trx) => {
        const last = await trx
          .selectFrom('run_notices')
          .select((eb) => eb.fn.max('seq').as('seq'))
          .where('run', '=', run)
          .executeTakeFirst();
        const first = Number(last?.seq ?? 0) + 1;
        const rows = notices.map((notice, index) => ({ run, seq: first + index, ...notice }));
        for (const part of chunks(rows)) await trx.insertInto('run_notices').values(part).execute();
      });
    },
    async notices(run) {
      const rows = await db
        .selectFrom('run_notices')
        .selectAll()
        .where('run', '=', run)
        .orderBy('seq')
        .execute();
      return rows.map((row) => ({ kind: row.kind, subject: row.subject, text: row.text }));
    },
    async get(id) {
      const row = await db.selectFrom('runs').selectAll().where('id', '=', id).executeTakeFirst();
      return row === undefined ? null : toRun(row);
    },
    async list(limit) {
      const rows = await db
        .selectFrom('runs')
        .selectAll()
        .orderBy('started', 'desc')
        .orderBy('id', 'desc')
        .limit(limit)
        .execute();
      return rows.map(toRun);
    },
    fates: (run, filter) => fatesOf(db, run, filter),
  };
}

function toRun(row: Tables['runs']): StoredRun {
  return {
    id: row.id,
    kind: row.kind,
    status: row.status as RunStatus,
    started: Number(row.started),
    ended: row.ended === null ? null : Number(row.ended),
    now: Number(row.now),
    summary: row.summary === null ? null : (JSON.parse(row.summary) as unknown),
    error: row.error,
  };
}
