import type { Kysely, Transaction } from 'kysely';
import type { Cause, Visit } from '../../model/facts.ts';
import type { Placement } from '../port.ts';
import { chunks, groupBy } from './chunks.ts';
import type { Tables } from './tables.ts';

type VisitRow = Tables['visits'];

/** What saving some placements does to visits. */
export interface VisitChanges {
  /** New ones, and known ones with another end. */
  readonly changed: readonly VisitRow[];
  /** Known ones that the new ones contradict. */
  readonly superseded: readonly Tables['superseded_visits'][];
  /** Subjects whose visits are all written anew. */
  readonly rewritten: readonly string[];
}

export async function visitChanges(
  trx: Transaction<Tables>,
  journey: string,
  placements: readonly Placement[],
  run: string,
): Promise<VisitChanges> {
  const ids = placements.map((placement) => placement.subject);
  const stored = groupBy(await visitRows(trx, journey, ids), (row) => row.subject);
  const changed: VisitRow[] = [];
  const superseded: Tables['superseded_visits'][] = [];
  const rewritten: string[] = [];
  for (const placement of placements) {
    const before = stored.get(placement.subject) ?? [];
    if (placement.superseded !== undefined && before.length > 0) {
      const anew = rewrite(placement, before, run);
      if (anew.length === before.length && anew.every((row, seq) => row === before[seq])) continue;
      const wrong = new Set(
        placement.superseded.map((visit) => visitText(toVisitRow(placement, visit, 0, ''))),
      );
      for (const row of before)
        if (wrong.has(visitText(row))) superseded.push({ ...row, superseded: placement.evaluatedAt });
      changed.push(...anew);
      rewritten.push(placement.subject);
      continue;
    }
    placement.state.visits.forEach((visit, seq) => {
      const old = before[seq];
      // Nothing is ever erased (J12): only a visit's end may still change.
      if (old === undefined || old.left_at !== visit.left)
        changed.push(toVisitRow(placement, visit, seq, old?.run ?? run));
    });
  }
  return { changed, superseded, rewritten };
}

export async function saveVisits(
  trx: Transaction<Tables>,
  journey: string,
  { changed, superseded, rewritten }: VisitChanges,
): Promise<void> {
  for (const part of chunks(superseded)) {
    await trx
      .insertInto('superseded_visits')
      .values(part)
      .onConflict((conflict) => conflict.columns(['subject', 'journey', 'superseded', 'seq']).doNothing())
      .execute();
  }
  for (const part of chunks(rewritten)) {
    await trx.deleteFrom('visits').where('journey', '=', journey).where('subject', 'in', part).execute();
  }
  for (const part of chunks(changed)) {
    await trx
      .insertInto('visits')
      .values(part)
      .onConflict((conflict) =>
        conflict
          .columns(['subject', 'journey', 'seq'])
          .doUpdateSet((eb) => ({ left_at: eb.ref('excluded.left_at') })),
      )
      .execute();
  }
}

/** The visits as they are now seen; one that was known before keeps what was known of it: when, why, by which run. */
function rewrite(placement: Placement, before: readonly VisitRow[], run: string): readonly VisitRow[] {
  const known = new Map<string, VisitRow>();
  for (const row of before) known.set(startOf(row), row);
  return placement.state.visits.map((visit, seq) => {
    const row = toVisitRow(placement, visit, seq, run);
    const old = known.get(startOf(row));
    if (old === undefined || (old.left_at !== null && old.left_at !== row.left_at)) return row;
    return old.seq === seq && old.left_at === row.left_at ? old : { ...old, seq, left_at: row.left_at };
  });
}

/** One visit is the same as another when it began as the same. */
function startOf({ stage, entered, skipped }: VisitRow): string {
  return JSON.stringify([stage, entered, skipped]);
}

function visitText({ stage, entered, left_at, skipped }: VisitRow): string {
  return JSON.stringify([stage, entered, left_at, skipped]);
}

export async function visitRows(
  db: Kysely<Tables>,
  journey: string,
  subjects: readonly string[],
): Promise<VisitRow[]> {
  return db
    .selectFrom('visits')
    .selectAll()
    .where('journey', '=', journey)
    .where('subject', 'in', subjects)
    .orderBy('subject')
    .orderBy('seq')
    .execute();
}

function toVisitRow(placement: Placement, visit: Visit, seq: number, run: string): VisitRow {
  return {
    subject: placement.subject,
    journey: placement.journey,
    seq,
    stage: visit.stage,
    entered: visit.entered,
    left_at: visit.left,
    noticed: visit.noticed,
    cause: visit.cause,
    rule: visit.rule,
    mapping_version: visit.mappingVersion,
    skipped: visit.skipped ? 1 : 0,
    uncertain: visit.uncertain ? 1 : 0,
    run,
  };
}

export function toVisit(row: VisitRow): Visit {
  return {
    stage: row.stage,
    entered: Number(row.entered),
    left: row.left_at === null ? null : Number(row.left_at),
    noticed: Number(row.noticed),
    cause: row.cause as Cause,
    rule: row.rule,
    mappingVersion: row.mapping_version,
    skipped: row.skipped === 1,
    uncertain: row.uncertain === 1,
  };
}
