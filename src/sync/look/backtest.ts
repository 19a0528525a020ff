import {
  type BacktestReport,
  type Case,
  createTally,
  foretellingOf,
  type Happenings,
  type Horizon,
  happenings,
  type Life,
  monthStarts,
} from '../../backtest/index.ts';
import type { Discovery } from '../../connector/port.ts';
import { EMPTY_STATE, NO_VIEWS } from '../../journey/index.ts';
import { createZone, unionOf } from '../../mapping/index.ts';
import type { Mapping, Outcome } from '../../mapping/types.ts';
import { WaystageError } from '../../model/errors.ts';
import type { SubjectId } from '../../model/facts.ts';
import type { ConnectionId } from '../../model/record.ts';
import { createFactMaker, type FactMaker } from '../subjects/facts.ts';
import type { FactSource } from '../subjects/neighbourhood.ts';
import { type SubjectChunk, subjectChunks } from '../subjects/subject-chunks.ts';
import { BEGINNING, type Replayed, replayChunk, shareOf } from './replay.ts';

export interface BacktestRequest {
  /** The version that is tried, among the other journeys in use. */
  readonly mapping: Mapping;
  /** Journeys in use; one of the same name is left out. */
  readonly others: readonly Mapping[];
  /** The version it would replace; null: there is none. */
  readonly against: Mapping | null;
  readonly outcome: Outcome;
  readonly horizons: readonly Horizon[];
  readonly from: number;
  /** What happens later is not known. */
  readonly to: number;
  readonly progress?: (done: number) => void;
}

export interface BacktestResult {
  readonly outcome: { readonly name: string; readonly label: string };
  readonly from: number;
  readonly to: number;
  /** Starts of months. */
  readonly instants: readonly number[];
  /** Times the outcome happened in [from, to], foretellable or not. */
  readonly happened: number;
  /** These times, oldest first, at most the last 1,000. */
  readonly cases: readonly (Case & { readonly subject: SubjectId })[];
  /** Of the time that facts were there, how much of what the rules read was on record; null: they read nothing. */
  readonly coverage: number | null;
  readonly report: BacktestReport;
  readonly against: BacktestReport | null;
}

/**
 * J36: replays a journey over what was known at each instant and compares what it said at the start of each month with
 * what happened afterwards. Who is whom is told by today's identity. Throws `usage` when nothing in the mapping could
 * foretell anything.
 */
export async function backtest(
  source: FactSource,
  discoveryOf: (connection: ConnectionId) => Discovery | null,
  request: BacktestRequest,
): Promise<BacktestResult> {
  const { mapping, against, outcome, from, to } = request;
  const instants = monthStarts(createZone(mapping.timezone), from, to);
  const tries = [mapping, ...(against === null ? [] : [against])].map((version) => ({
    version,
    mappings: neededFor(version, request.others),
    tally: createTally({
      ...{ outcome, instants, to, horizons: request.horizons },
      foretoldBy: foretellingFor(version, outcome),
    }),
  }));
  const maker = createFactMaker(
    source.connections,
    discoveryOf,
    tries.flatMap(({ mappings }) => mappings).map((one) => withReads(one, outcome)),
    () => undefined,
  );
  const coverage = { known: 0, asked: 0 };
  let cases: (Case & { readonly subject: SubjectId })[] = [];
  let happened = 0;
  let done = 0;
  for await (const chunk of subjectChunks(source)) {
    const truth = truthOf(maker, chunk, request);
    for (const found of truth.values())
      happened += found.events.filter((event) => event >= from && event <= to).length;
    for (const { version, mappings, tally } of tries) {
      for (const one of replayChunk(maker, chunk, { mappings, to, noticed: to, told: 'known' })) {
        if (one.mapping !== version) continue;
        const { subject } = one;
        if (version === mapping) {
          coverage.known += one.coverage.known;
          coverage.asked += one.coverage.asked;
        }
        const found = tally.add(lifeOf(one), truth.get(one.subject) ?? NOTHING);
        if (version !== mapping) continue;
        for (const event of found) if (event.at >= from) cases.push({ subject, ...event });
      }
    }
    if (cases.length > 2 * CASES) cases = newest(cases);
    done += chunk.accounts.length + chunk.people.length;
    request.progress?.(done);
  }
  const [report, before = null] = tries.map(({ version, tally }) => tally.report(version));
  return {
    outcome: { name: outcome.name, label: outcome.label },
    ...{ from, to, instants, happened, cases: newest(cases) },
    coverage: shareOf(coverage),
    report: report as BacktestReport,
    against: before,
  };
}

/** Cases that are listed; all are counted. */
const CASES = 1000;

function newest<T extends { readonly at: number }>(cases: readonly T[]): T[] {
  return [...cases].sort((a, b) => a.at - b.at).slice(-CASES);
}

/** A life of facts alone. */
const ALONE = { views: NO_VIEWS, state: EMPTY_STATE, course: [] };
const NOTHING: Happenings = { events: [], holdsAt: () => false };

/** When the outcome happened to each subject, as it is known today. */
function truthOf(
  maker: FactMaker,
  chunk: SubjectChunk,
  { mapping, others, outcome, to }: BacktestRequest,
): ReadonlyMap<SubjectId, Happenings> {
  const found = new Map<SubjectId, Happenings>();
  if (outcome.readsResults) {
    const mappings = neededFor(mapping, others);
    for (const one of replayChunk(maker, chunk, { mappings, to, noticed: to }))
      if (one.mapping === mapping) found.set(one.subject, happenings(outcome, lifeOf(one), to));
    return found;
  }
  for (const subject of mapping.subject === 'account' ? chunk.accounts : chunk.people) {
    const timeline = maker.timeline(chunk.neighbourhood, mapping, subject, BEGINNING);
    if (timeline !== null) found.set(subject, happenings(outcome, { mapping, timeline, ...ALONE }, to));
  }
  return found;
}

function lifeOf({ mapping, timeline, views, result }: Replayed): Life {
  return { mapping, timeline, views, state: result.state, course: result.course };
}

function foretellingFor(mapping: Mapping, outcome: Outcome): NonNullable<ReturnType<typeof foretellingOf>> {
  const found = foretellingOf(mapping, outcome);
  if (found !== null) return found;
  throw new WaystageError(
    'usage',
    `Nothing in ${mapping.file} foretells \`${outcome.name}\`: expected health:, a stage with off_path: true, or foretold_by: at the outcome.`,
  );
}

/** A version with the journeys that it reads, and those that these read. */
function neededFor(version: Mapping, others: readonly Mapping[]): readonly Mapping[] {
  const all = [version, ...others.filter(({ name }) => name !== version.name)];
  const needed = new Set<Mapping>();
  const add = (mapping: Mapping): void => {
    if (needed.has(mapping)) return;
    needed.add(mapping);
    for (const { journey } of mapping.dependsOn) {
      const other = all.find(({ name }) => name === journey);
      if (other !== undefined) add(other);
    }
  };
  add(version);
  return [...needed];
}

/** Facts have the fields that the outcome looks at, too. */
function withReads(mapping: Mapping, outcome: Outcome): Mapping {
  return { ...mapping, reads: unionOf([mapping.reads, outcome.reads]) };
}
