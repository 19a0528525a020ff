import type { Transaction } from 'kysely';
import type { PageCommit, Reading } from '../port.ts';
import { chunks } from './chunks.ts';
import type { Tables } from './tables.ts';

/** Marks what a page saw and where the reading stands. Part of the page's transaction. */
export async function commitReading(
  trx: Transaction<Tables>,
  page: PageCommit,
  reading: Reading,
): Promise<void> {
  for (const part of chunks([...new Set(page.fates.map((fate) => fate.id))])) {
    await trx
      .updateTable('records')
      .set({ seen: reading.mark })
      .where('connection', '=', page.connection)
      .where('type', '=', page.type)
      .where('id', 'in', part)
      .execute();
  }
  const row = {
    mark: reading.mark,
    cursor: reading.cursor,
    fields: JSON.stringify(reading.fields),
    at: page.at,
  };
  await trx
    .insertInto('readings')
    .values({ connection: page.connection, type: page.type, ...row })
    .onConflict((conflict) => conflict.columns(['connection', 'type']).doUpdateSet(row))
    .execute();
}
