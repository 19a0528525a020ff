import { type Kysely, sql } from 'kysely';
import type { Migration } from './migration.ts';

/** Who has to be looked at again (J15). */
export const pending: Migration = {
  number: 13,
  name: 'pending',
  breaking: false,
  async up(db: Kysely<unknown>) {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};

const STATEMENTS = [
  // Records, and subjects of type `subject`, whose change has not yet been followed to the subjects it concerns.
  `create table touched (
    connection text not null, type text not null, id text not null, primary key (connection, type, id))`,
  `create table pending_subjects (
    subject text not null primary key, run text not null, state text not null, asleep integer not null)`,
  'create index pending_subjects_run on pending_subjects (run, state)',
  'create index placements_due on placements (due) where due is not null',
  // Facts are hashed as far as a journey sees them from now on.
  "update placements set facts_hash = ''",
];
