import { type Kysely, sql } from 'kysely';
import type { Migration } from './migration.ts';

/** What fields held before, which links ended, and since when the present values are known to hold. */
export const history: Migration = {
  number: 5,
  name: 'history',
  breaking: false,
  async up(db: Kysely<unknown>) {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};

const STATEMENTS = [
  // Records of earlier versions: their stamp is all there is.
  'alter table records add column known_since bigint',
  'update records set known_since = modified',
  `create table field_values (
    connection text not null, type text not null, id text not null, field text not null, since bigint not null,
    value text not null, noticed bigint not null, source text not null,
    primary key (connection, type, id, field, since))`,
  `create table ended_links (
    connection text not null, from_type text not null, from_id text not null, to_type text not null,
    to_id text not null, ended bigint not null, is_primary integer not null, label text,
    primary key (connection, from_type, from_id, to_type, to_id, ended))`,
  'create index ended_links_to on ended_links (connection, to_type, to_id)',
  `create table history_checkpoints (
    connection text not null, type text not null, cursor text not null, fields text not null,
    complete integer not null, at bigint not null, primary key (connection, type))`,
];
