import { type Kysely, sql } from 'kysely';
import type { Migration } from './migration.ts';

/** Placements remember which records the subject had, so that a change of identity is told apart from one of the
 *  customer even when the run that resolved it did not live to place anybody. Writes are found by their order. */
export const identityAndOrder: Migration = {
  number: 2,
  name: 'identity-and-order',
  breaking: false,
  async up(db: Kysely<unknown>) {
    await sql`alter table placements add column identity_hash text not null default ''`.execute(db);
    await sql`create index writes_seq on writes (seq)`.execute(db);
  },
};
