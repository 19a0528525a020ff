import type { Kysely, Transaction } from 'kysely';
import type { Bulk, BulkTable } from './bulk.ts';
import { chunks, groupBy, listed, ROWS_PER_STATEMENT } from './chunks.ts';
import type { Tables } from './tables.ts';

/** Everything that tells how a subject stands on a journey. */
const STANDING = ['placements', 'visits', 'superseded_visits', 'health_points'] as const;
type Part = (typeof STANDING)[number];
/** Rows of a subject by table; none at all: it was not on the journey. */
export type Standing = Readonly<Record<Part, readonly object[]>>;

const EARLIER: BulkTable = {
  name: 'earlier_placements',
  columns: ['journey', 'subject', 'standing'],
  key: ['journey', 'subject'],
  replace: [],
};

/** Keeps how these subjects stand now. What is kept already stays: it is older, and nothing was written since. */
export async function keepStanding(
  trx: Transaction<Tables>,
  bulk: Bulk,
  journey: string,
  subjects: readonly string[],
): Promise<void> {
  for (const part of chunks(subjects)) {
    const rows = {} as Record<Part, ReadonlyMap<string, readonly object[]>>;
    for (const table of STANDING) {
      const found = await trx
        .selectFrom(table)
        .selectAll()
        .where('journey', '=', journey)
        .where('subject', 'in', listed(part))
        .execute();
      rows[table] = groupBy(found as readonly { subject: string }[], (row) => row.subject);
    }
    await bulk.put(
      trx,
      EARLIER,
      part.map((subject) => [
        journey,
        subject,
        JSON.stringify(Object.fromEntries(STANDING.map((table) => [table, rows[table].get(subject) ?? []]))),
      ]),
    );
  }
}

/** Puts back what was kept, and forgets it: all of it in one transaction. */
export async function putBackStanding(trx: Transaction<Tables>): Promise<void> {
  for (;;) {
    const kept = await trx
      .selectFrom('earlier_placements')
      .selectAll()
      .orderBy('journey')
      .orderBy('subject')
      .limit(ROWS_PER_STATEMENT)
      .execute();
    if (kept.length === 0) return;
    for (const [journey, group] of groupBy(kept, (row) => row.journey)) {
      const subjects = group.map(({ subject }) => subject);
      const standings = group.map(({ standing }) => JSON.parse(standing) as Standing);
      for (const table of [...STANDING, 'earlier_placements'] as const)
        await trx
          .deleteFrom(table)
          .where('journey', '=', journey)
          .where('subject', 'in', listed(subjects))
          .execute();
      for (const table of STANDING)
        for (const rows of chunks(standings.flatMap((standing) => standing[table])))
          await trx
            .insertInto(table)
            .values(rows as never)
            .execute();
    }
  }
}

export async function forgetStanding(db: Kysely<Tables>): Promise<void> {
  await db.deleteFrom('earlier_placements').execute();
}
