import { createIssueLog } from '../../facts/index.ts';
import type { Cause, SubjectId } from '../../model/facts.ts';
import type { Output } from '../../model/outputs.ts';
import type { Placement, StoredOverride, VersionSpan } from '../../store/port.ts';
import type { Session } from '../session.ts';
import { createFactMaker } from '../subjects/facts.ts';
import { evaluationLevels, Results } from '../subjects/results.ts';
import type { SubjectChunk } from '../subjects/subject-chunks.ts';
import type { Reasons } from '../write/plan.ts';
import { type Advanced, advance } from './advance.ts';
import { spansOf } from './overrides.ts';
import { type RuleChange, ruleChanges } from './rule-changes.ts';

/** Subjects by where they are and where the plan takes them: `{trial: {decision: 3}}`; `none`: in no stage, `new`: not
 *  on the journey yet. */
export type Matrix = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** Subjects that one changed rule moves: by the rules in force they would be elsewhere. */
export interface RuleEffect extends RuleChange {
  /** The journey whose subjects move; `journey` is the one whose rule changed. */
  readonly on: string;
  readonly what: 'stage' | 'band';
  readonly subjects: number;
  readonly moves: readonly { readonly from: string; readonly to: string; readonly subjects: number }[];
  /** Some of them. */
  readonly examples: readonly SubjectId[];
}

/** What a plan does to subjects (J25). */
export interface PlanEffects {
  /** By journey. */
  readonly stages: Readonly<Record<string, Matrix>>;
  readonly bands: Readonly<Record<string, Matrix>>;
  /** Which rule change moves whom, most subjects first. */
  readonly rules: readonly RuleEffect[];
  /** Rules that changed and move nobody. */
  readonly without: readonly RuleChange[];
}

/** Counts, while a plan is made, what it does, and tells the work of changed rules from that of the customers. */
export interface Effects {
  /** Judges a chunk by the rules in force, before it is judged by the candidate. */
  chunk(chunk: SubjectChunk, byHand: HandOf): Promise<void>;
  reasons(reasons: Reasons, placement: Placement): Reasons;
  add(before: Placement | undefined, placement: Placement): void;
  result(): PlanEffects;
}

/** What is set by hand for a subject (J29). */
type HandOf = (subject: SubjectId) => readonly StoredOverride[];

const EXAMPLES = 5;

interface Tally {
  readonly on: string;
  readonly what: RuleEffect['what'];
  readonly change: RuleChange;
  subjects: number;
  readonly moves: Map<string, { from: string; to: string; subjects: number }>;
  readonly examples: SubjectId[];
}

type Counts = Record<string, Record<string, Record<string, number>>>;

/** Nothing is counted but under `plan`: it costs a second judgement of everybody. */
export async function planEffects(session: Session): Promise<Effects> {
  const { kind, mappings, rules } = session.options;
  const baseline = kind === 'plan' ? (rules?.baseline ?? null) : null;
  const stages: Counts = Object.create(null);
  const bands: Counts = Object.create(null);
  const tallies = new Map<string, Tally>();
  const inForce = new Map((baseline?.mappings ?? []).map((mapping) => [mapping.name, mapping]));
  const changes =
    baseline === null ? [] : mappings.flatMap((mapping) => ruleChanges(inForce.get(mapping.name), mapping));
  const judge = baseline === null ? null : await judgeBy(session, baseline);
  let other: ReadonlyMap<string, Advanced> = new Map();

  const tally = (
    on: string,
    what: Tally['what'],
    change: RuleChange,
    from: string,
    to: string,
    subject: SubjectId,
  ): void => {
    const key = JSON.stringify([on, what, change.journey, change.rule]);
    const known = tallies.get(key) ?? {
      ...{
        on,
        what,
        change,
        subjects: 0,
        moves: new Map<string, RuleEffect['moves'][number] & { subjects: number }>(),
      },
      examples: [] as SubjectId[],
    };
    tallies.set(key, known);
    known.subjects += 1;
    const move = known.moves.get(`${from}\n${to}`) ?? { from, to, subjects: 0 };
    known.moves.set(`${from}\n${to}`, move);
    move.subjects += 1;
    if (known.examples.length < EXAMPLES) known.examples.push(subject);
  };

  return {
    async chunk(chunk, byHand) {
      if (judge !== null) other = await judge(chunk, byHand);
    },
    reasons(reasons, { subject, journey, outputs }) {
      if (baseline === null) return reasons;
      const otherwise = other.get(keyOf(subject, journey));
      const theirs = otherwise?.placement.outputs ?? {};
      const byRule = new Set(
        (Object.keys(outputs) as Output[]).filter(
          (output) => !Object.is(outputs[output] ?? null, theirs[output] ?? null),
        ),
      );
      const cause: Cause | null = byRule.has('stage')
        ? 'rule'
        : (otherwise?.transitions.at(-1)?.cause ?? null);
      return { ...reasons, cause, byRule };
    },
    add(before, placement) {
      if (kind !== 'plan') return;
      const { subject, journey } = placement;
      const [stage, band] = [placement.state.stage ?? 'none', placement.health.band ?? 'none'];
      count(stages, journey, before === undefined ? 'new' : (before.state.stage ?? 'none'), stage);
      if (placement.health.band !== null || (before?.health.band ?? null) !== null)
        count(bands, journey, before === undefined ? 'new' : (before.health.band ?? 'none'), band);
      if (baseline === null) return;
      const otherwise = other.get(keyOf(subject, journey))?.placement;
      const from = otherwise?.state.stage ?? 'none';
      if (from !== stage)
        tally(journey, 'stage', responsible(changes, journey, placement, otherwise), from, stage, subject);
      const fromBand = otherwise?.health.band ?? 'none';
      if (fromBand !== band)
        tally(journey, 'band', responsibleForHealth(changes, journey), fromBand, band, subject);
    },
    result() {
      const found = [...tallies.values()].sort((a, b) => b.subjects - a.subjects);
      const moving = new Set(found.map(({ change }) => `${change.journey} ${change.rule}`));
      return {
        stages,
        bands,
        rules: found.map(({ on, what, change, subjects, moves, examples }) => ({
          ...{ ...change, on, what, subjects, examples },
          moves: [...moves.values()].sort((a, b) => b.subjects - a.subjects),
        })),
        without: changes.filter(({ journey, rule }) => !moving.has(`${journey} ${rule}`)),
      };
    },
  };
}

function count(counts: Counts, journey: string, from: string, to: string): void {
  const matrix = counts[journey] ?? Object.create(null);
  const row = matrix[from] ?? Object.create(null);
  row[to] = (row[to] ?? 0) + 1;
  matrix[from] = row;
  counts[journey] = matrix;
}

function keyOf(subject: SubjectId, journey: string): string {
  return `${subject}\n${journey}`;
}

/** The rules in force, over a chunk. A subject they cannot judge is nowhere. */
async function judgeBy(
  session: Session,
  { mappings, connections }: NonNullable<NonNullable<Session['options']['rules']>['baseline']>,
): Promise<(chunk: SubjectChunk, byHand: HandOf) => Promise<ReadonlyMap<string, Advanced>>> {
  const { store, now } = session.options;
  const discoveries = new Map((await store.connections.list()).map(({ id, discovery }) => [id, discovery]));
  const maker = createFactMaker(
    connections,
    (id) => discoveries.get(id) ?? null,
    mappings,
    createIssueLog().add,
  );
  const levels = evaluationLevels(mappings).flat();
  const versions = new Map<string, readonly VersionSpan[]>();
  for (const mapping of levels)
    versions.set(mapping.name, await session.options.store.journeys.versions(mapping.name));
  return async ({ accounts, people, neighbourhood }, byHand) => {
    const results = new Results();
    const found = new Map<string, Advanced>();
    for (const mapping of levels) {
      const subjects = mapping.subject === 'account' ? accounts : people;
      const before = await store.journeys.get(mapping.name, subjects);
      for (const subject of subjects) {
        const advanced = tryAdvance({
          ...{ mapping, subject, neighbourhood, maker, results, now },
          before: before.get(subject),
          byHand: spansOf(byHand(subject), mapping),
          identityHash: before.get(subject)?.identityHash ?? '',
          versions: versions.get(mapping.name) ?? [],
        });
        if (advanced !== null) found.set(keyOf(subject, mapping.name), advanced);
      }
    }
    return found;
  };
}

function tryAdvance(input: Parameters<typeof advance>[0]): Advanced | null {
  try {
    return advance(input);
  } catch {
    // The candidate's own judgement names what cannot be judged.
    return null;
  }
}

/** The changed rule that takes a subject elsewhere: the one that decides now or decided before, else one of the two
 *  stages', else the only one that changed. */
function responsible(
  changes: readonly RuleChange[],
  journey: string,
  to: Placement,
  from: Placement | undefined,
): RuleChange {
  const own = changes.filter((change) => change.journey === journey);
  const deciding = [to, from].flatMap(
    (one) => one?.state.visits.findLast(({ left }) => left === null)?.rule ?? [],
  );
  const stages = [to.state.stage, from?.state.stage ?? null].filter((stage) => stage !== null);
  return (
    deciding.flatMap((rule) => own.find((change) => change.rule === rule) ?? [])[0] ??
    stages.flatMap((stage) => own.find(({ rule }) => rule.startsWith(`stages.${stage}.`)) ?? [])[0] ??
    onlyOne(changes, own) ?? { journey, rule: deciding[0] ?? 'stages', was: null, is: null }
  );
}

function responsibleForHealth(changes: readonly RuleChange[], journey: string): RuleChange {
  const own = changes.filter((change) => change.journey === journey);
  const health = own.filter(({ rule }) => rule.startsWith('health.'));
  return (
    (health.length === 1 ? health[0] : onlyOne(changes, own)) ?? {
      ...{ journey, rule: 'health', was: null, is: null },
    }
  );
}

/** The journey's own change if there is but one; without any, the one of a journey that it looks at (J2). */
function onlyOne(changes: readonly RuleChange[], own: readonly RuleChange[]): RuleChange | undefined {
  if (own.length === 1) return own[0];
  return own.length === 0 && changes.length === 1 ? changes[0] : undefined;
}
