import { type Kysely, sql } from 'kysely';
import type { Discovery } from '../../connector/port.ts';
import { WaystageError } from '../../model/errors.ts';
import type { ConnectionId } from '../../model/record.ts';
import type { ConnectionStore, ScheduleStore, Store } from '../port.ts';
import { activationStore } from './activations.ts';
import type { Bulk } from './bulk.ts';
import { exportStore } from './exports.ts';
import { leaseStore } from './fence.ts';
import { historyStore } from './history.ts';
import { holdStore } from './holds.ts';
import { journeyStore } from './journeys.ts';
import { ledgerStore } from './ledger.ts';
import { overrideStore } from './overrides.ts';
import { pendingStore } from './pending.ts';
import { planStore } from './plans.ts';
import { readingStore } from './readings.ts';
import { recordStore } from './records.ts';
import { runStore } from './runs.ts';
import { subjectStore } from './subjects.ts';
import type { Tables } from './tables.ts';

/** The store over any SQL database kysely speaks to; the tables are already there. */
export function sqlStore(db: Kysely<Tables>, bulk: Bulk): Store {
  return {
    connections: connectionStore(db),
    records: recordStore(db, bulk),
    readings: readingStore(db, bulk),
    history: historyStore(db, bulk),
    subjects: subjectStore(db, bulk),
    activations: activationStore(db, bulk),
    pending: pendingStore(db, bulk),
    journeys: journeyStore(db, bulk),
    ledger: ledgerStore(db, bulk),
    overrides: overrideStore(db, bulk),
    plans: planStore(db, bulk),
    holds: holdStore(db),
    runs: runStore(db),
    exports: exportStore(db),
    leases: leaseStore(db),
    schedules: scheduleStore(db),
    async ping() {
      try {
        await sql`select 1`.execute(db);
        await db
          .insertInto('meta')
          .values({ key: 'ping', value: '1' })
          .onConflict((conflict) => conflict.column('key').doUpdateSet({ value: '1' }))
          .execute();
      } catch (error) {
        throw new WaystageError(
          'store_unusable',
          'The database does not accept a write. Check disk space and permissions.',
          {
            cause: error,
          },
        );
      }
    },
    close: () => db.destroy(),
  };
}

function connectionStore(db: Kysely<Tables>): ConnectionStore {
  return {
    async save(connection) {
      const values = {
        connector: connection.connector,
        account_id: connection.accountId,
        account_name: connection.accountName,
        discovery: connection.discovery === null ? null : JSON.stringify(connection.discovery),
        checked_at: connection.checkedAt,
        problem: connection.problem,
      };
      await db
        .insertInto('connections')
        .values({ id: connection.id, ...values })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(values))
        .execute();
    },
    async list() {
      const rows = await db.selectFrom('connections').selectAll().orderBy('id').execute();
      return rows.map((row) => ({
        id: row.id as ConnectionId,
        connector: row.connector,
        accountId: row.account_id,
        accountName: row.account_name,
        discovery: row.discovery === null ? null : (JSON.parse(row.discovery) as Discovery),
        checkedAt: row.checked_at === null ? null : Number(row.checked_at),
        problem: row.problem,
      }));
    },
    async states() {
      const rows = await db.selectFrom('connection_states').selectAll().orderBy('id').execute();
      return rows.map((row) => ({
        id: row.id as ConnectionId,
        pausedAt: row.paused_at === null ? null : Number(row.paused_at),
        reconciledAt: row.reconciled_at === null ? null : Number(row.reconciled_at),
        ...(row.paused_by === null ? {} : { pausedBy: row.paused_by }),
        ...(row.opened_at === null ? {} : { openedAt: Number(row.opened_at) }),
      }));
    },
    async pause(id, at, by) {
      const paused = { paused_at: at, paused_by: by ?? null };
      await db
        .insertInto('connection_states')
        .values({ id, reconciled_at: null, opened_at: null, ...paused })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(paused))
        .execute();
    },
    async reconciled(id, at) {
      await db
        .insertInto('connection_states')
        .values({ id, paused_at: null, paused_by: null, opened_at: null, reconciled_at: at })
        .onConflict((conflict) => conflict.column('id').doUpdateSet({ reconciled_at: at }))
        .execute();
    },
  };
}

function scheduleStore(db: Kysely<Tables>): ScheduleStore {
  return {
    async get(name) {
      const row = await db.selectFrom('schedules').selectAll().where('name', '=', name).executeTakeFirst();
      return row === undefined ? null : { name: row.name, nextDue: Number(row.next_due) };
    },
    async set(schedule) {
      await db
        .insertInto('schedules')
        .values({ name: schedule.name, next_due: schedule.nextDue })
        .onConflict((conflict) => conflict.column('name').doUpdateSet({ next_due: schedule.nextDue }))
        .execute();
    },
  };
}
