import { type Kysely, sql } from 'kysely';
import type { Migration } from './migration.ts';

/** Stages and bands set by hand, and whose stage or band was by hand at the last step. */
export const overrides: Migration = {
  number: 12,
  name: 'overrides',
  breaking: false,
  async up(db: Kysely<unknown>) {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};

const STATEMENTS = [
  `create table overrides (
    override text primary key, connection text not null, type text not null, id text not null,
    journey text not null, kind text not null, value text, owner text, reason text not null,
    at bigint not null, known bigint not null, until bigint,
    ended bigint, ended_known bigint, ended_by text, source text not null)`,
  'create index overrides_record on overrides (connection, type, id)',
  'alter table placements add column by_hand integer default 0',
];
