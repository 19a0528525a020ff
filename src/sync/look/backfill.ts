import { createHash } from 'node:crypto';
import type { Coverage } from '../../facts/index.ts';
import type { Mapping } from '../../mapping/types.ts';
import type { Cause, SubjectId, Visit } from '../../model/facts.ts';
import { type RecordKey, recordKeyText } from '../../model/record.ts';
import type { Fence, Placement } from '../../store/port.ts';
import { type Advanced, type AdvanceInput, advance } from '../place/advance.ts';
import { overridesOf, spansOf } from '../place/overrides.ts';
import type { FactMaker } from '../subjects/facts.ts';
import type { FactSource } from '../subjects/neighbourhood.ts';
import { evaluationLevels, Results } from '../subjects/results.ts';
import { subjectChunks } from '../subjects/subject-chunks.ts';
import { BEGINNING, shareOf } from './replay.ts';

/** How one subject stands after a backfill. */
export interface Backfilled extends Advanced {
  /** How much of the facts that the rules read is on record, since there are any. */
  readonly coverage: Coverage;
}

/**
 * J14: places one subject as if the present version had decided since the beginning. All visits have the cause
 * `backfill`, but for those that somebody set by hand; known ones that are not among them are kept as superseded, and the course of health is told anew. Takes
 * what `advance` takes, the versions excepted; null: nothing of the subject is alive.
 */
export function backfill(input: Omit<AdvanceInput, 'versions' | 'rulesChanged'>): Backfilled | null {
  const { mapping, subject, neighbourhood, before, now } = input;
  const maker: FactMaker = {
    ...input.maker,
    timeline: (near, version, one) => input.maker.timeline(near, version, one, BEGINNING),
  };
  const advanced = advance({
    ...input,
    maker,
    before: undefined,
    versions: [{ version: mapping.version, since: BEGINNING }],
  });
  const timeline = maker.timeline(neighbourhood, mapping, subject, BEGINNING);
  if (advanced === null || timeline === null) return null;
  const visits = advanced.placement.state.visits.map((visit): Visit => ({ ...visit, cause: told(visit) }));
  const texts = new Set(visits.map(visitText));
  const superseded = before?.state.visits.filter((visit) => !texts.has(visitText(visit))) ?? [];
  const placement: Placement = {
    ...advanced.placement,
    state: { ...advanced.placement.state, visits },
    superseded,
    replaces: true,
  };
  return {
    ...advanced,
    placement,
    transitions: movesOf(before, advanced),
    corrected: superseded.length,
    coverage: timeline.coverage(BEGINNING, now),
  };
}

/** What the past is told to have been is no move of today; that somebody stands elsewhere by it is one. */
function movesOf(
  before: Placement | undefined,
  { placement, transitions }: Advanced,
): Advanced['transitions'] {
  const last = before?.state.lastStep ?? BEGINNING;
  const moved = before === undefined || before.state.stage !== placement.state.stage;
  return transitions
    .filter(({ at }, position) => at > last || (moved && position === transitions.length - 1))
    .map((move) => ({ ...move, cause: told(move) }));
}

function told({ cause }: { readonly cause: Cause }): Cause {
  return cause === 'override' ? 'override' : 'backfill';
}

export interface BackfillReport {
  readonly subjects: number;
  readonly visits: number;
  /** Visits that were known and are replaced. */
  readonly superseded: number;
  /** By journey: the share of read fields times the time they were there that is on record; null: nothing is read. */
  readonly coverage: Readonly<Record<string, number | null>>;
}

/**
 * Backfills journeys for every subject and saves how they stand, a chunk at a time; the time line of versions is the
 * caller's. Journeys are told in the order in which they read each other.
 */
export async function backfillJourneys(
  source: FactSource,
  maker: FactMaker,
  mappings: readonly Mapping[],
  { now, run, fence }: { readonly now: number; readonly run: string; readonly fence: Fence },
): Promise<BackfillReport> {
  const coverage = new Map(mappings.map(({ name }) => [name, { known: 0, asked: 0 }]));
  const totals = { subjects: 0, visits: 0, superseded: 0 };
  await source.store.pending.everybody(fence);
  for await (const { accounts, people, neighbourhood } of subjectChunks(source)) {
    const results = new Results();
    const placements: Placement[] = [];
    const all = [...accounts, ...people];
    const overrides = await overridesOf(source.store, neighbourhood.recordsOf, all);
    for (const mapping of evaluationLevels(mappings).flat()) {
      const subjects = mapping.subject === 'account' ? accounts : people;
      const before = await source.store.journeys.get(mapping.name, subjects);
      for (const subject of subjects) {
        const records = neighbourhood.recordsOf(subject);
        const done = backfill({
          ...{ mapping, subject, neighbourhood, maker, results, now },
          before: before.get(subject),
          identityHash: hashOfRecords(records),
          byHand: spansOf(overrides.get(subject) ?? [], mapping),
        });
        if (done === null) continue;
        placements.push(done.placement);
        totals.visits += done.placement.state.visits.length;
        totals.superseded += done.corrected;
        const sum = coverage.get(mapping.name);
        if (sum !== undefined) {
          sum.known += done.coverage.known;
          sum.asked += done.coverage.asked;
        }
      }
    }
    totals.subjects += new Set(placements.map(({ subject }): SubjectId => subject)).size;
    await source.store.journeys.save(placements, run, fence);
  }
  return {
    ...totals,
    coverage: Object.fromEntries([...coverage].map(([journey, sum]) => [journey, shareOf(sum)])),
  };
}

/** A visit that is told again, by the same version, is no other one. */
function visitText({ stage, entered, left, skipped, cause, mappingVersion }: Visit): string {
  return JSON.stringify([stage, entered, left, skipped, cause, mappingVersion]);
}

function hashOfRecords(records: readonly RecordKey[]): string {
  const hash = createHash('sha1');
  for (const key of records.map(recordKeyText).sort()) hash.update(key).update('\n');
  return hash.digest('base64');
}
