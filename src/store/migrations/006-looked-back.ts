import { type Kysely, sql } from 'kysely';
import type { Migration } from './migration.ts';

/** Up to which write it was looked back whether an edit of a person was lost under it. Writes of earlier versions
 *  count as looked at: CRMs do not keep what a field held for ever. */
export const lookedBack: Migration = {
  number: 6,
  name: 'looked-back',
  breaking: false,
  async up(db: Kysely<unknown>) {
    await sql`create table looked_back (connection text primary key, seq bigint not null)`.execute(db);
    await sql`insert into looked_back select connection, max(seq) from writes group by connection`.execute(
      db,
    );
  },
};
