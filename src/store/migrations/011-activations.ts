import { type Kysely, sql } from 'kysely';
import type { Migration } from './migration.ts';

/** Which rules decided when, all that is needed to use them again, and how subjects stood before they did. */
export const activations: Migration = {
  number: 11,
  name: 'activations',
  breaking: false,
  async up(db: Kysely<unknown>) {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};

const STATEMENTS = [
  'create table rule_sets (id text primary key, source text not null)',
  `create table activations (
    seq integer primary key, rule_set text not null, since bigint not null, run text not null, plan text,
    previous integer, spans text not null, rolled_back bigint, rolled_back_by text)`,
  `create table activation_standings (
    activation integer not null, journey text not null, subject text not null, standing text not null,
    primary key (activation, journey, subject))`,
  'create table applied_plans (run text primary key, plan text not null)',
  // Null: a person stopped the writing.
  'alter table connection_states add column paused_by text',
  // Since when a connection that waits for its first plan is written to.
  'alter table connection_states add column opened_at bigint',
];
