import { type Kysely, sql } from 'kysely';
import type { Migration } from './migration.ts';

/** What a run is going to write, in the order in which it will be written; memory would not hold it all. */
export const plannedWrites: Migration = {
  number: 7,
  name: 'planned-writes',
  breaking: false,
  async up(db: Kysely<unknown>) {
    await sql`create table planned_writes (
      run text not null, connection text not null, type text not null, parent text not null, id text not null,
      subject text not null, changes text not null, primary key (run, connection, type, parent, id))`.execute(
      db,
    );
    await sql`create index planned_writes_id on planned_writes (run, connection, type, id)`.execute(db);
  },
};
