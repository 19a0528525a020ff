import { type Kysely, sql } from 'kysely';
import type { Migration } from './migration.ts';

/** The walk from a record to all that point to it is answered by the index alone: no row has to be fetched. */
export const farEnds: Migration = {
  number: 4,
  name: 'far-ends',
  breaking: false,
  async up(db: Kysely<unknown>) {
    await sql`drop index associations_to`.execute(db);
    await sql`create index associations_to
      on associations (connection, to_type, to_id, from_type, from_id)`.execute(db);
  },
};
