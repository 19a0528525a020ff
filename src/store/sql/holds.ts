import type { Kysely } from 'kysely';
import type { ConnectionId, RecordKey } from '../../model/record.ts';
import type { HoldStore } from '../port.ts';
import { chunks, groupBy } from './chunks.ts';
import { fenced } from './fence.ts';
import type { Tables } from './tables.ts';

/** What holds writing back: refusals, and plans that wait for approval. */
export function holdStore(db: Kysely<Tables>): HoldStore {
  return {
    async parked(connection) {
      const rows = await db
        .selectFrom('parked_writes')
        .selectAll()
        .where('connection', '=', connection)
        .orderBy('type')
        .orderBy('id')
        .execute();
      return rows.map((row) => ({
        ...row,
        connection: row.connection as ConnectionId,
        stamp: Number(row.stamp),
        due: row.due === 1,
        at: Number(row.at),
      }));
    },
    async park(writes, fence) {
      if (writes.length === 0) return;
      await fenced(db, fence, async (trx) => {
        for (const part of chunks(writes)) {
          await trx
            .insertInto('parked_writes')
            .values(
              part.map(({ connection, type, id, inputs, stamp, due, code, message, run, at }) => ({
                connection,
                type,
                id,
                inputs,
                stamp,
                due: due ? 1 : 0,
                code,
                message,
                run,
                at,
              })),
            )
            .onConflict((conflict) =>
              conflict.columns(['connection', 'type', 'id']).doUpdateSet((eb) => ({
                inputs: eb.ref('excluded.inputs'),
                stamp: eb.ref('excluded.stamp'),
                due: eb.ref('excluded.due'),
                code: eb.ref('excluded.code'),
                message: eb.ref('excluded.message'),
                run: eb.ref('excluded.run'),
                at: eb.ref('excluded.at'),
              })),
            )
            .execute();
        }
      });
    },
    async unpark(keys, fence) {
      if (keys.length === 0) return;
      await fenced(db, fence, async (trx) => {
        for (const group of groupBy(keys, keyOfType).values()) {
          for (const part of chunks(group)) {
            await trx
              .deleteFrom('parked_writes')
              .where('connection', '=', part[0]!.connection)
              .where('type', '=', part[0]!.type)
              .where(
                'id',
                'in',
                part.map(({ id }) => id),
              )
              .execute();
          }
        }
      });
    },
    async baselines() {
      const rows = await db.selectFrom('baselines').selectAll().execute();
      return rows.map((row) => ({
        ...row,
        connection: row.connection as ConnectionId,
        n: Number(row.n),
      }));
    },
    async setBaselines(baselines, fence) {
      await fenced(db, fence, async (trx) => {
        for (const group of groupBy(baselines, keyOfType).values()) {
          await trx
            .deleteFrom('baselines')
            .where('connection', '=', group[0]!.connection)
            .where('type', '=', group[0]!.type)
            .execute();
          for (const part of chunks(group)) {
            await trx
              .insertInto('baselines')
              .values(part.map(({ connection, type, field, n }) => ({ connection, type, field, n })))
              .execute();
          }
        }
      });
    },
    async keepPlan(plan, fence) {
      await fenced(db, fence, async (trx) => {
        await trx.deleteFrom('kept_plans').execute();
        if (plan === null) return;
        await trx
          .insertInto('kept_plans')
          .values({ run: plan.run, at: plan.at, reason: plan.reason, plan: JSON.stringify(plan.plan) })
          .execute();
      });
    },
    async keptPlan() {
      const row = await db.selectFrom('kept_plans').selectAll().executeTakeFirst();
      if (row === undefined) return null;
      return {
        run: row.run,
        at: Number(row.at),
        reason: row.reason,
        plan: JSON.parse(row.plan) as unknown,
      };
    },
  };
}

function keyOfType({ connection, type }: Pick<RecordKey, 'connection' | 'type'>): string {
  return `${connection}\n${type}`;
}
