import { type Kysely, sql } from 'kysely';
import { WaystageError } from '../../model/errors.ts';
import { initial } from './001-initial.ts';
import { identityAndOrder } from './002-identity-and-order.ts';
import { reconcileAndHolds } from './003-reconcile-and-holds.ts';
import { farEnds } from './004-far-ends.ts';
import { history } from './005-history.ts';
import { lookedBack } from './006-looked-back.ts';
import { plannedWrites } from './007-planned-writes.ts';
import { pageFatesAndFarEnds } from './008-page-fates-and-far-ends.ts';
import { earlierPlacements } from './009-earlier-placements.ts';
import { timeLines } from './010-time-lines.ts';
import { activations } from './011-activations.ts';
import { overrides } from './012-overrides.ts';
import { pending } from './013-pending.ts';
import type { Migration } from './migration.ts';

/** In order; a number is never used twice and a landed migration never changes. */
export const MIGRATIONS: readonly Migration[] = [
  initial,
  identityAndOrder,
  reconcileAndHolds,
  farEnds,
  history,
  lookedBack,
  plannedWrites,
  pageFatesAndFarEnds,
  earlierPlacements,
  timeLines,
  activations,
  overrides,
  pending,
];

/**
 * Brings the tables up to date, each migration in its own transaction. Throws `store_unusable` when a newer
 * version of Waystage made a breaking change.
 */
export async function migrate(
  db: Kysely<unknown>,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<void> {
  await sql`create table if not exists migrations (
    number integer primary key, name text not null, breaking integer not null)`.execute(db);
  const done = await sql<{ number: number; name: string; breaking: number }>`
    select number, name, breaking from migrations order by number`.execute(db);
  const known = new Set(migrations.map((migration) => migration.number));
  const foreign = done.rows.find((row) => row.breaking === 1 && !known.has(Number(row.number)));
  if (foreign !== undefined) {
    throw new WaystageError(
      'store_unusable',
      `The database has migration ${foreign.number} (${foreign.name}), which this version of Waystage does not know ` +
        `and which older versions cannot work with. Use the version that wrote it, or a newer one.`,
    );
  }
  const applied = new Set(done.rows.map((row) => Number(row.number)));
  for (const migration of migrations) {
    if (applied.has(migration.number)) continue;
    await db.transaction().execute(async (trx) => {
      // First, because it waits for another process that does the same, and then finds it done.
      const own = await sql`insert into migrations (number, name, breaking)
        values (${migration.number}, ${migration.name}, ${migration.breaking ? 1 : 0})
        on conflict (number) do nothing returning number`.execute(trx);
      if (own.rows.length > 0) await migration.up(trx);
    });
  }
}
