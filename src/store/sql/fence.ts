import type { Kysely, Transaction } from 'kysely';
import { WaystageError } from '../../model/errors.ts';
import type { Fence, LeaseStore } from '../port.ts';
import type { Tables } from './tables.ts';

/** Runs `work` in a transaction that commits only if the lease is still ours. */
export async function fenced<T>(
  db: Kysely<Tables>,
  fence: Fence,
  work: (trx: Transaction<Tables>) => Promise<T>,
): Promise<T> {
  return db.transaction().execute(async (trx) => {
    const row = await trx
      .selectFrom('leases')
      .select('fence')
      .where('name', '=', fence.lease)
      .executeTakeFirst();
    if (row === undefined || Number(row.fence) !== fence.fence) {
      throw new WaystageError(
        'busy',
        'Another process has taken over this work while we were paused; nothing more is committed here. ' +
          'Let the other run finish, then sync again.',
      );
    }
    return work(trx);
  });
}

export function leaseStore(db: Kysely<Tables>): LeaseStore {
  return {
    async acquire(name, holder, now, ttl) {
      return db.transaction().execute(async (trx) => {
        const row = await trx.selectFrom('leases').selectAll().where('name', '=', name).executeTakeFirst();
        if (row !== undefined && row.holder !== holder && row.holder !== '' && Number(row.expires) > now)
          return null;
        const fence = row === undefined ? 1 : Number(row.fence) + 1;
        const values = { holder, fence, expires: now + ttl };
        if (row === undefined)
          await trx
            .insertInto('leases')
            .values({ name, ...values })
            .execute();
        else await trx.updateTable('leases').set(values).where('name', '=', name).execute();
        return { lease: name, fence };
      });
    },
    async renew(fence, now, ttl) {
      const result = await db
        .updateTable('leases')
        .set({ expires: now + ttl })
        .where('name', '=', fence.lease)
        .where('fence', '=', fence.fence)
        .executeTakeFirst();
      return result.numUpdatedRows > 0n;
    },
    async release(fence) {
      await db
        .updateTable('leases')
        .set({ holder: '', expires: 0 })
        .where('name', '=', fence.lease)
        .where('fence', '=', fence.fence)
        .execute();
    },
    async evict(name, holder) {
      await db
        .updateTable('leases')
        .set({ holder: '', expires: 0 })
        .where('name', '=', name)
        .where('holder', '=', holder)
        .execute();
    },
    async holder(name, now) {
      const row = await db.selectFrom('leases').selectAll().where('name', '=', name).executeTakeFirst();
      return row === undefined || row.holder === '' || Number(row.expires) <= now ? null : row.holder;
    },
  };
}
