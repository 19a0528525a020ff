import { type Kysely, sql } from 'kysely';
import type { Migration } from './migration.ts';

/** Everything the first version keeps. */
export const initial: Migration = {
  number: 1,
  name: 'initial',
  breaking: false,
  async up(db: Kysely<unknown>) {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};

// Plain DDL that SQLite and Postgres both take. `bigint` is INTEGER affinity in SQLite.
const STATEMENTS = [
  'create table meta (key text primary key, value text not null)',
  `create table connections (
    id text primary key, connector text not null, account_id text, account_name text,
    discovery text, checked_at bigint, problem text)`,
  `create table records (
    connection text not null, type text not null, id text not null, state text not null,
    created bigint, modified bigint not null, fields text not null, merged_ids text not null,
    successor_type text, successor_id text, primary key (connection, type, id))`,
  `create table associations (
    connection text not null, from_type text not null, from_id text not null,
    to_type text not null, to_id text not null, is_primary integer not null, label text,
    primary key (connection, from_type, from_id, to_type, to_id))`,
  'create index associations_to on associations (connection, to_type, to_id)',
  `create table checkpoints (
    connection text not null, type text not null, cursor text not null, fields text not null,
    complete integer not null, run text not null, at bigint not null, primary key (connection, type))`,
  'create table subjects (id text primary key, kind text not null, created bigint not null, gone integer not null)',
  'create table ended_subjects (id text primary key, successor text)',
  `create table members (
    connection text not null, type text not null, id text not null, entity text not null,
    subject text not null, reason text not null, primary key (connection, type, id))`,
  'create index members_subject on members (subject)',
  `create table ambiguities (
    connection text not null, type text not null, id text not null, entity text not null,
    reason text not null, candidates text not null, primary key (connection, type, id))`,
  `create table placements (
    subject text not null, journey text not null, stage text, entered bigint, last_step bigint,
    mapping_version text, score double precision, band text, coverage double precision,
    segments text not null, outputs text not null, facts_hash text not null, evaluated_at bigint not null,
    primary key (journey, subject))`,
  'create index placements_subject on placements (subject)',
  `create table visits (
    subject text not null, journey text not null, seq integer not null, stage text not null,
    entered bigint not null, left_at bigint, noticed bigint not null, cause text not null, rule text not null,
    mapping_version text not null, skipped integer not null, uncertain integer not null, run text not null,
    primary key (subject, journey, seq))`,
  `create table health_points (
    subject text not null, journey text not null, seq integer not null, at bigint not null,
    score double precision, band text, coverage double precision, run text not null,
    primary key (subject, journey, seq))`,
  `create table mapping_versions (
    journey text not null, version text not null, file text not null, text text not null, since bigint not null,
    primary key (journey, version))`,
  `create table runs (
    id text primary key, kind text not null, status text not null, started bigint not null, ended bigint,
    now bigint not null, summary text, error text)`,
  'create index runs_started on runs (started)',
  `create table run_records (
    run text not null, connection text not null, type text not null, id text not null,
    fate text not null, reason text, message text, primary key (run, connection, type, id))`,
  `create table run_notices (
    run text not null, seq integer not null, kind text not null, subject text, text text not null,
    primary key (run, seq))`,
  `create table writes (
    entry text primary key, run text not null, connection text not null, type text not null, id text not null,
    subject text not null, journey text not null, output text not null, field text not null,
    old_value text not null, new_value text not null, state text not null, code text, message text,
    at bigint not null, seq bigint not null)`,
  'create index writes_record on writes (connection, type, id, field)',
  'create index writes_run on writes (run)',
  'create index writes_state on writes (connection, state)',
  'create table leases (name text primary key, holder text not null, fence bigint not null, expires bigint not null)',
  'create table schedules (name text primary key, next_due bigint not null)',
];
