import type { Transaction } from 'kysely';
import type { VersionSpan } from '../port.ts';
import type { Bulk } from './bulk.ts';
import { chunks, groupBy, listed, ROWS_PER_STATEMENT } from './chunks.ts';
import type { Standing } from './earlier.ts';
import type { Tables } from './tables.ts';
import { saveVisits } from './visits.ts';

/** What an activation moved; what it superseded stays superseded, and overrides are no work of the rules. */
const MOVED = ['placements', 'visits', 'health_points'] as const;

interface RolledBack {
  readonly seq: number;
  readonly since: number;
  readonly at: number;
  /** Time lines of the journeys as they are again. */
  readonly before: Readonly<Record<string, readonly VersionSpan[]>>;
}

/**
 * Subjects stand as before an activation, as if its rules had never decided. Visits that began under them end now and
 * are kept as superseded: nothing is ever erased (J12).
 */
export async function standAsBefore(trx: Transaction<Tables>, bulk: Bulk, rolled: RolledBack): Promise<void> {
  let after = { journey: '', subject: '' };
  for (;;) {
    const kept = await trx
      .selectFrom('activation_standings')
      .selectAll()
      .where('activation', '=', rolled.seq)
      .where((eb) => eb(eb.refTuple('journey', 'subject'), '>', eb.tuple(after.journey, after.subject)))
      .orderBy('journey')
      .orderBy('subject')
      .limit(ROWS_PER_STATEMENT)
      .execute();
    const last = kept.at(-1);
    if (last === undefined) break;
    for (const [journey, group] of groupBy(kept, (row) => row.journey))
      await putBack(trx, bulk, journey, group, rolled.at);
    after = last;
  }
  await trx.deleteFrom('activation_standings').where('activation', '=', rolled.seq).execute();
  for (const [journey, spans] of Object.entries(rolled.before))
    await judgedBefore(trx, journey, spans.at(-1)?.version ?? null, rolled.since);
}

async function putBack(
  trx: Transaction<Tables>,
  bulk: Bulk,
  journey: string,
  kept: readonly Tables['activation_standings'][],
  at: number,
): Promise<void> {
  // Whoever was merged into another subject since has nothing to stand on.
  const alive = await trx
    .selectFrom('subjects')
    .select('id')
    .where('id', 'in', listed(kept.map(({ subject }) => subject)))
    .execute();
  const known = new Set(alive.map(({ id }) => id));
  const group = kept.filter(({ subject }) => known.has(subject));
  if (group.length === 0) return;
  const subjects = group.map(({ subject }) => subject);
  const standings = group.map(({ standing }) => JSON.parse(standing) as Standing);
  await saveVisits(trx, bulk, journey, {
    changed: [],
    rewritten: [],
    superseded: await endedVisits(trx, journey, subjects, standings, at),
  });
  for (const table of MOVED) {
    await trx
      .deleteFrom(table)
      .where('journey', '=', journey)
      .where('subject', 'in', listed(subjects))
      .execute();
    for (const rows of chunks(standings.flatMap((standing) => standing[table])))
      await trx
        .insertInto(table)
        .values(rows as never)
        .execute();
  }
}

/** Visits of now that had not begun then, each with an end. */
async function endedVisits(
  trx: Transaction<Tables>,
  journey: string,
  subjects: readonly string[],
  standings: readonly Standing[],
  at: number,
): Promise<readonly Tables['superseded_visits'][]> {
  const then = new Set(
    standings.flatMap(({ visits }) => (visits as readonly Tables['visits'][]).map(beginning)),
  );
  const now = await trx
    .selectFrom('visits')
    .selectAll()
    .where('journey', '=', journey)
    .where('subject', 'in', listed(subjects))
    .execute();
  return now
    .filter((visit) => !then.has(beginning(visit)))
    .map((visit) => ({ ...visit, left_at: visit.left_at ?? at, superseded: at }));
}

function beginning({ subject, stage, entered, skipped }: Tables['visits']): string {
  return JSON.stringify([subject, stage, Number(entered), skipped]);
}

/** Who was judged by the rules and not moved by them is judged anew from there, by those of before. */
async function judgedBefore(
  trx: Transaction<Tables>,
  journey: string,
  version: string | null,
  since: number,
): Promise<void> {
  if (version === null) return;
  const others = trx
    .updateTable('placements')
    .where('journey', '=', journey)
    .where('mapping_version', '<>', version);
  await others.where('last_step', '>', since).set({ last_step: since, facts_hash: '' }).execute();
  await others.set({ mapping_version: version, due: 0 }).execute();
}
