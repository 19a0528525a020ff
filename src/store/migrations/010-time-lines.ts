import { type Kysely, sql } from 'kysely';
import type { Migration } from './migration.ts';

/** When subjects are due, which visits a late fact has shown to be wrong, and which version decided when. */
export const timeLines: Migration = {
  number: 10,
  name: 'time-lines',
  breaking: false,
  async up(db: Kysely<unknown>) {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};

const STATEMENTS = [
  // Zero: look at it in the next run.
  'alter table placements add column due bigint default 0',
  `create table superseded_visits (
    subject text not null, journey text not null, superseded bigint not null, seq integer not null,
    stage text not null, entered bigint not null, left_at bigint, noticed bigint not null, cause text not null,
    rule text not null, mapping_version text not null, skipped integer not null, uncertain integer not null,
    run text not null, primary key (subject, journey, superseded, seq))`,
  `create table version_spans (
    journey text not null, seq integer not null, version text not null, since bigint not null,
    primary key (journey, seq))`,
  `insert into version_spans (journey, seq, version, since)
    select journey, (select count(*) from mapping_versions b where b.journey = a.journey
      and (b.since < a.since or (b.since = a.since and b.version < a.version))), version, since
    from mapping_versions a`,
];
