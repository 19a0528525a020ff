import type { Kysely, Transaction } from 'kysely';
import type { Cause, Visit } from '../../model/facts.ts';
import type { Placement } from '../port.ts';
import type { Bulk, BulkRow, BulkTable } from './bulk.ts';
import { chunks, groupBy, listed } from './chunks.ts';
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
      const anew =
        placement.replaces === true ? replaced(placement, before, run) : rewrite(placement, before, run);
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
  bulk: Bulk,
  journey: string,
  { changed, superseded, rewritten }: VisitChanges,
): Promise<void> {
  await bulk.put(
    trx,
    SUPERSEDED,
    superseded.map((row) => [...toBulkRow(row), row.superseded]),
  );
  for (const part of chunks(rewritten)) {
    await trx
      .deleteFrom('visits')
      .where('journey', '=', journey)
      .where('subject', 'in', listed(part))
      .execute();
  }
  await bulk.put(trx, VISITS, changed.map(toBulkRow));
}

const COLUMNS = [
  'subject',
  'journey',
  'seq',
  'stage',
  'entered',
  'left_at',
  'noticed',
  'cause',
  'rule',
  'mapping_version',
  'skipped',
  'uncertain',
  'run',
] as const satisfies readonly (keyof VisitRow)[];

const VISITS: BulkTable = {
  name: 'visits',
  columns: COLUMNS,
  key: ['subject', 'journey', 'seq'],
  replace: ['left_at'],
};

const SUPERSEDED: BulkTable = {
  name: 'superseded_visits',
  columns: [...COLUMNS, 'superseded'],
  key: ['subject', 'journey', 'superseded', 'seq'],
  replace: [],
};

function toBulkRow(row: VisitRow): BulkRow {
  return COLUMNS.map((column) => row[column]);
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

/** The visits as they are told anew; one that is told as it was known stays as it is. */
function replaced(placement: Placement, before: readonly VisitRow[], run: string): readonly VisitRow[] {
  return placement.state.visits.map((visit, seq) => {
    const row = toVisitRow(placement, visit, seq, run);
    const old = before[seq];
    const same = old !== undefined && wholeText(old) === wholeText(row);
    return same ? old : row;
  });
}

function wholeText(row: VisitRow): string {
  return JSON.stringify([visitText(row), row.cause, row.rule, row.mapping_version]);
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
    .where('subject', 'in', listed(subjects))
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
