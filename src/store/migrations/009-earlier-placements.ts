import { type Kysely, sql } from 'kysely';
import type { Migration } from './migration.ts';

/** How subjects stood before the run that is under way, as long as it may have to be taken back. */
export const earlierPlacements: Migration = {
  number: 9,
  name: 'earlier-placements',
  breaking: false,
  async up(db: Kysely<unknown>) {
    await sql`create table earlier_placements (
      journey text not null, subject text not null, standing text not null,
      primary key (journey, subject))`.execute(db);
  },
};
