import type { Kysely, Transaction } from 'kysely';
import type { OutputValues, SubjectId } from '../../model/facts.ts';
import type { JourneyStore, Placement } from '../port.ts';
import type { Bulk, BulkRow, BulkTable } from './bulk.ts';
import { chunks, groupBy, listed, ROWS_PER_STATEMENT } from './chunks.ts';
import { forgetStanding, keepStanding, putBackStanding } from './earlier.ts';
import { fenced } from './fence.ts';
import type { Tables } from './tables.ts';
import { saveVisits, toVisit, visitChanges, visitRows } from './visits.ts';

type PlacementRow = Tables['placements'];
type VisitRow = Tables['visits'];

/** Where subjects stand, their visits and the course of their health. */
export function journeyStore(db: Kysely<Tables>, bulk: Bulk): JourneyStore {
  return {
    async save(placements, run, fence) {
      await fenced(db, fence, async (trx) => {
        for (const [journey, group] of groupBy(placements, (placement) => placement.journey)) {
          for (const part of chunks(group)) await savePart(trx, bulk, journey, part, run);
        }
      });
    },
    takeBack: (fence) => fenced(db, fence, putBackStanding),
    settle: (fence) => fenced(db, fence, forgetStanding),
    async get(journey, subjects) {
      const found = new Map<string, Placement>();
      for (const part of chunks(subjects)) {
        const rows = await db
          .selectFrom('placements')
          .selectAll()
          .where('journey', '=', journey)
          .where('subject', 'in', listed(part))
          .execute();
        const visits = groupBy(await visitRows(db, journey, part), (row) => row.subject);
        for (const row of rows) found.set(row.subject, toPlacement(row, visits.get(row.subject) ?? []));
      }
      return found;
    },
    async ofSubject(subject) {
      const rows = await db
        .selectFrom('placements')
        .selectAll()
        .where('subject', '=', subject)
        .orderBy('journey')
        .execute();
      const placements: Placement[] = [];
      for (const row of rows) placements.push(toPlacement(row, await visitRows(db, row.journey, [subject])));
      return placements;
    },
    async *scan(journey) {
      let after = '';
      for (;;) {
        const rows = await db
          .selectFrom('placements')
          .selectAll()
          .where('journey', '=', journey)
          .where('subject', '>', after)
          .orderBy('subject')
          .limit(ROWS_PER_STATEMENT)
          .execute();
        if (rows.length === 0) return;
        yield rows.map((row) => toPlacement(row, []));
        after = rows[rows.length - 1]!.subject;
      }
    },
    async visits(subject, journey) {
      return (await visitRows(db, journey, [subject])).map(toVisit);
    },
    async superseded(subject, journey) {
      const rows = await db
        .selectFrom('superseded_visits')
        .selectAll()
        .where('subject', '=', subject)
        .where('journey', '=', journey)
        .orderBy('superseded')
        .orderBy('seq')
        .execute();
      return rows.map((row) => ({ ...toVisit(row), superseded: Number(row.superseded) }));
    },
    async healthPoints(subject, journey) {
      const rows = await db
        .selectFrom('health_points')
        .selectAll()
        .where('subject', '=', subject)
        .where('journey', '=', journey)
        .orderBy('seq')
        .execute();
      return rows.map((row) => ({
        at: Number(row.at),
        score: row.score,
        band: row.band,
        coverage: row.coverage,
      }));
    },
    async stageCounts() {
      const rows = await db
        .selectFrom('placements')
        .innerJoin('subjects', 'subjects.id', 'placements.subject')
        .where('subjects.gone', '=', 0)
        .select(['journey', 'stage', (eb) => eb.fn.countAll<number>().as('n')])
        .groupBy(['journey', 'stage'])
        .execute();
      return rows.map((row) => ({ journey: row.journey, stage: row.stage, n: Number(row.n) }));
    },
    async bandCounts() {
      const rows = await db
        .selectFrom('placements')
        .innerJoin('subjects', 'subjects.id', 'placements.subject')
        .where('subjects.gone', '=', 0)
        .select(['journey', 'band', (eb) => eb.fn.countAll<number>().as('n')])
        .groupBy(['journey', 'band'])
        .execute();
      return rows.map((row) => ({ journey: row.journey, band: row.band, n: Number(row.n) }));
    },
    async noteVersion(version) {
      const { journey, since } = version;
      await db.transaction().execute(async (trx) => {
        await trx
          .insertInto('mapping_versions')
          .values(version)
          .onConflict((conflict) => conflict.columns(['journey', 'version']).doNothing())
          .execute();
        const last = (await spanRows(trx, journey)).at(-1);
        if (last?.version === version.version) return;
        await trx
          .insertInto('version_spans')
          .values({ journey, seq: (last?.seq ?? -1) + 1, version: version.version, since })
          .execute();
      });
    },
    async knownVersions(journey) {
      return db
        .selectFrom('mapping_versions')
        .select(['version', 'file', 'text'])
        .where('journey', '=', journey)
        .orderBy('since')
        .orderBy('version')
        .execute();
    },
    async versionSince(journey, version) {
      const row = await db
        .selectFrom('mapping_versions')
        .select('since')
        .where('journey', '=', journey)
        .where('version', '=', version)
        .executeTakeFirst();
      return row === undefined ? null : Number(row.since);
    },
    async versions(journey) {
      return (await spanRows(db, journey)).map(({ version, since }) => ({ version, since: Number(since) }));
    },
  };
}

async function savePart(
  trx: Transaction<Tables>,
  bulk: Bulk,
  journey: string,
  placements: readonly Placement[],
  run: string,
): Promise<void> {
  const ids = placements.map((placement) => placement.subject);
  const known = new Map(
    (
      await trx
        .selectFrom('placements')
        .selectAll()
        .where('journey', '=', journey)
        .where('subject', 'in', listed(ids))
        .execute()
    ).map((row) => [row.subject, row]),
  );
  const visits = await visitChanges(trx, journey, placements, run);
  const moved = placements.filter((placement) => {
    if (placement.course !== undefined) return placement.course.length > 0;
    const before = known.get(placement.subject);
    return before === undefined
      ? placement.health.band !== null
      : before.band !== placement.health.band || before.score !== placement.health.score;
  });
  const replaced = placements.filter((placement) => placement.replaces === true);
  const touched = new Set(
    [...visits.changed, ...visits.superseded, ...moved, ...replaced].map(({ subject }) => subject),
  );
  await keepStanding(
    trx,
    bulk,
    journey,
    ids.filter((id) => touched.has(id) || !known.has(id)),
  );
  await bulk.put(trx, PLACEMENTS, placements.map(toPlacementRow));
  await saveVisits(trx, bulk, journey, visits);
  for (const part of chunks(replaced))
    await trx
      .deleteFrom('health_points')
      .where('journey', '=', journey)
      .where('subject', 'in', listed(part.map(({ subject }) => subject)))
      .execute();
  await appendHealth(trx, bulk, journey, moved, run);
}

async function appendHealth(
  trx: Transaction<Tables>,
  bulk: Bulk,
  journey: string,
  placements: readonly Placement[],
  run: string,
): Promise<void> {
  if (placements.length === 0) return;
  const last = await trx
    .selectFrom('health_points')
    .select(['subject', (eb) => eb.fn.max('seq').as('seq')])
    .where('journey', '=', journey)
    .where('subject', 'in', listed(placements.map((placement) => placement.subject)))
    .groupBy('subject')
    .execute();
  const seq = new Map(last.map((row) => [row.subject, Number(row.seq)]));
  const rows = placements.flatMap((placement) => {
    const first = (seq.get(placement.subject) ?? -1) + 1;
    const points = placement.course ?? [{ at: placement.evaluatedAt, ...placement.health }];
    return points.map(({ at, score, band, coverage }, index) => [
      placement.subject,
      journey,
      first + index,
      at,
      score,
      band,
      coverage,
      run,
    ]);
  });
  await bulk.put(trx, HEALTH_POINTS, rows);
}

const PLACED = [
  'stage',
  'entered',
  'last_step',
  'mapping_version',
  'score',
  'band',
  'coverage',
  'segments',
  'outputs',
  'facts_hash',
  'identity_hash',
  'evaluated_at',
  'due',
  'by_hand',
] as const;

const PLACEMENTS: BulkTable = {
  name: 'placements',
  columns: ['subject', 'journey', ...PLACED],
  key: ['journey', 'subject'],
  replace: PLACED,
};

function toPlacementRow(placement: Placement): BulkRow {
  return [
    placement.subject,
    placement.journey,
    placement.state.stage,
    placement.state.entered,
    placement.state.lastStep,
    placement.state.mappingVersion,
    placement.health.score,
    placement.health.band,
    placement.health.coverage,
    JSON.stringify(placement.segments),
    JSON.stringify(placement.outputs),
    placement.factsHash,
    placement.identityHash,
    placement.evaluatedAt,
    placement.due === undefined ? 0 : placement.due,
    (placement.byHand?.stage === true ? 1 : 0) + (placement.byHand?.band === true ? 2 : 0),
  ];
}

const HEALTH_POINTS: BulkTable = {
  name: 'health_points',
  columns: ['subject', 'journey', 'seq', 'at', 'score', 'band', 'coverage', 'run'],
  key: ['subject', 'journey', 'seq'],
  replace: [],
};

function toPlacement(row: PlacementRow, visits: readonly VisitRow[]): Placement {
  return {
    subject: row.subject as SubjectId,
    journey: row.journey,
    state: {
      stage: row.stage,
      entered: row.entered === null ? null : Number(row.entered),
      visits: visits.map(toVisit),
      lastStep: row.last_step === null ? null : Number(row.last_step),
      mappingVersion: row.mapping_version,
    },
    health: { score: row.score, band: row.band, coverage: row.coverage },
    segments: JSON.parse(row.segments) as string[],
    outputs: JSON.parse(row.outputs) as OutputValues,
    factsHash: row.facts_hash,
    identityHash: row.identity_hash,
    evaluatedAt: Number(row.evaluated_at),
    due: row.due === null ? null : Number(row.due),
    ...(Number(row.by_hand ?? 0) === 0 ? {} : { byHand: byHandOf(Number(row.by_hand)) }),
  };
}

async function spanRows(db: Kysely<Tables>, journey: string): Promise<readonly Tables['version_spans'][]> {
  return db.selectFrom('version_spans').selectAll().where('journey', '=', journey).orderBy('seq').execute();
}

function byHandOf(bits: number): NonNullable<Placement['byHand']> {
  return { stage: (bits & 1) !== 0, band: (bits & 2) !== 0 };
}
