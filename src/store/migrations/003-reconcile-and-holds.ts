import { type Kysely, sql } from 'kysely';
import type { Migration } from './migration.ts';

/** What full readings saw, what is forgotten, what holds writing back. */
export const reconcileAndHolds: Migration = {
  number: 3,
  name: 'reconcile-and-holds',
  breaking: false,
  async up(db: Kysely<unknown>) {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};

const STATEMENTS = [
  'alter table records add column seen text',
  `create table readings (
    connection text not null, type text not null, mark text not null, cursor text not null,
    fields text not null, at bigint not null, primary key (connection, type))`,
  'create table tombstones (hash text primary key, at bigint not null)',
  'create table connection_states (id text primary key, paused_at bigint, reconciled_at bigint)',
  `create table parked_writes (
    connection text not null, type text not null, id text not null, inputs text not null,
    stamp bigint not null, due integer not null, code text not null, message text not null,
    run text not null, at bigint not null, primary key (connection, type, id))`,
  `create table baselines (
    connection text not null, type text not null, field text not null, n bigint not null,
    primary key (connection, type, field))`,
  `create table kept_plans (run text primary key, at bigint not null, reason text not null, plan text not null)`,
  'create index writes_at on writes (connection, type, id, at)',
];
