import { isDeepStrictEqual } from 'node:util';
import {
  contextAt,
  EMPTY_STATE,
  type Evaluation,
  evaluate,
  NO_HEALTH,
  type PreviousHealth,
  type StepChanges,
} from '../../src/journey/index.ts';
import { type LoadedMapping, loadMapping } from '../../src/mapping/index.ts';
import type { Condition } from '../../src/mapping/types.ts';
import type { Cause, JourneyState, ResultView } from '../../src/model/facts.ts';
import type { Dice } from './generator/dice.ts';
import { type RandomMapping, randomMapping } from './generator/mapping.ts';
import { BANDS_ELSEWHERE, STAGES_ELSEWHERE } from './generator/pools.ts';
import { FIRST, factsAt, instantsOf, LAST, randomTimeline, type Timeline } from './generator/subject.ts';
import { type RefScore, scoreOf } from './reference/health.ts';
import { after, DAY, HOUR } from './reference/local-time.ts';
import { type Model, readModel } from './reference/model.ts';
import { factsAsOf } from './reference/past.ts';
import type { Rule } from './reference/rule.ts';
import { momentOf, type Seen, takeStep } from './reference/step.ts';
import { holds } from './reference/truth.ts';

export interface Pair {
  readonly random: RandomMapping;
  readonly mapping: LoadedMapping;
  readonly model: Model;
}

/** A mapping that the loader accepts, read by both; `refused` counts those it did not. */
export function acceptedMapping(dice: Dice, refused: (message: string) => void): Pair {
  for (;;) {
    const random = randomMapping(dice);
    const { mapping, problems } = loadMapping(random.text, 'random.yaml', {
      timezone: random.zone,
      fieldMaps: [],
    });
    if (mapping !== null) return { random, mapping, model: readModel(random.text, random.zone) };
    refused(problems.find(({ severity }) => severity === 'error')?.message ?? '');
  }
}

export interface Stop {
  readonly instant: number;
  readonly seen: Seen;
  readonly changes: StepChanges;
  readonly override: string | null;
  readonly uncertain: boolean;
  readonly bandOverridden: boolean;
}

export interface Course {
  readonly timeline: Timeline;
  readonly start: JourneyState;
  readonly stops: readonly Stop[];
}

/** A subject with the instants at which both take a step: at random, and where something may just change. */
export function randomCourse(dice: Dice, { model, random }: Pair, steps: number): Course {
  const timeline = randomTimeline(dice, random.subject, random.zone);
  const start = dice.chance(0.5) ? EMPTY_STATE : somewhere(dice, random);
  const found = instantsOf(timeline);
  const dates = [...found.changes, ...found.dates];
  const anywhere = (): number => FIRST + 60 * DAY + dice.int(0, (210 * DAY) / HOUR) * HOUR;
  const edge = (): number => {
    const date = dates.length === 0 ? anywhere() : dice.pick(dates);
    const moved =
      model.spans.length === 0 || dice.chance(0.3) ? date : after(date, dice.pick(model.spans), model.local);
    const instant = moved + dice.int(-1, 1);
    return instant < FIRST + 60 * DAY || instant > LAST ? anywhere() : instant;
  };
  const instants = Array.from({ length: steps }, () => (dice.chance(0.6) ? edge() : anywhere())).sort(
    (a, b) => a - b,
  );
  if (dice.chance(0.2)) instants[1] = instants[0] as number;
  let overridden = false;
  const stops = instants.map((instant): Stop => {
    const override = dice.chance(0.08) ? dice.pick(random.stages) : null;
    const overrideEnded = overridden && override === null;
    overridden = override !== null;
    return {
      instant,
      seen: { facts: factsAt(timeline, instant), ...elsewhere(dice, timeline) },
      changes: {
        factsChanged: dice.chance(0.5),
        overrideEnded,
        backfill: dice.chance(0.05),
        identityChanged: dice.chance(0.05),
      },
      override,
      uncertain: dice.chance(0.1),
      bandOverridden: dice.chance(0.1),
    };
  });
  return { timeline, start, stops };
}

function somewhere(dice: Dice, { stages, text }: RandomMapping): JourneyState {
  const visits = Array.from({ length: dice.int(1, 3) }, (_, index) => {
    const stage = dice.pick(stages);
    const old = `old_${stage}`;
    return {
      stage: text.includes(`- ${old}`) && dice.chance(0.7) ? old : stage,
      entered: FIRST + (index * 15 + dice.int(0, 14)) * DAY,
      left: FIRST + (index + 1) * 15 * DAY,
      noticed: FIRST,
      cause: 'customer' as const,
      rule: 'before',
      mappingVersion: 'before',
      skipped: dice.chance(0.1),
      uncertain: false,
    };
  });
  const last = visits.at(-1);
  if (last === undefined || dice.chance(0.2)) return { ...EMPTY_STATE, visits, lastStep: FIRST + 50 * DAY };
  const open = { ...last, left: null, skipped: false };
  return {
    stage: open.stage,
    entered: open.entered,
    visits: [...visits.slice(0, -1), open],
    lastStep: FIRST + 50 * DAY,
    mappingVersion: null,
  };
}

/** Results of other journeys, as rules may read them (J2). */
function elsewhere(dice: Dice, timeline: Timeline): Omit<Seen, 'facts'> {
  const view = (): ResultView => ({
    stage: dice.chance(0.8) ? dice.pick(STAGES_ELSEWHERE) : null,
    entered: dice.chance(0.8) ? FIRST + dice.int(0, 200) * DAY : null,
    previous: null,
    visits: dice.int(0, 4),
    score: dice.chance(0.8) ? dice.int(0, 100) : null,
    band: dice.chance(0.8) ? dice.pick(BANDS_ELSEWHERE) : null,
  });
  const people = [...timeline.lists.people, ...timeline.accountLists.people];
  return {
    results: dice.chance(0.9) ? { other: view() } : {},
    accountResults: timeline.kind === 'person' && dice.chance(0.9) ? { acc: view() } : {},
    peopleResults: Object.fromEntries(people.map(({ key }) => [key, { ppl: view() }])),
  };
}

export interface Difference {
  readonly what: string;
  readonly stop: number;
  readonly engine: unknown;
  readonly reference: unknown;
}

/** How many conditions were asked, and how many of them held. */
export interface Truths {
  asked: number;
  held: number;
}

/** Each condition of a mapping, compiled and as the reference reads it. */
function conditions({ mapping, model }: Pair): readonly (readonly [string, Condition | null, Rule | null])[] {
  const measures = mapping.health?.groups.flatMap((group) => group.measures) ?? [];
  const read = model.health?.groups.flatMap((group) => group.measures) ?? [];
  return [
    ...mapping.segments.map(({ name, when }, i) => [name, when, model.segments[i]?.when ?? null] as const),
    ...mapping.stages.flatMap((stage, i) => {
      const other = model.stages[i];
      return [
        [`${stage.name}.enter`, stage.enter, other?.enter ?? null] as const,
        [`${stage.name}.stay`, stage.stay, other?.stay ?? null] as const,
        ...stage.exit.map(
          ({ when }, k) => [`${stage.name}.exit[${k}]`, when, other?.exits[k]?.when ?? null] as const,
        ),
      ];
    }),
    ...(mapping.health?.caps ?? []).map(
      ({ when }, i) => [`caps[${i}]`, when, model.health?.caps[i]?.when ?? null] as const,
    ),
    ...measures.flatMap(({ cases, name }, i) =>
      (cases ?? []).map(
        ({ when }, k) => [`${name}.cases[${k}]`, when, read[i]?.cases?.[k]?.when ?? null] as const,
      ),
    ),
  ];
}

/** Asks both for every condition of the mapping, at the instant of a stop and, as `for` does, at an earlier one. */
export function compareConditions(
  pair: Pair,
  { instant, seen }: Stop,
  state: JourneyState,
  earlier: number,
  truths: Truths,
): Difference | null {
  const { mapping, model } = pair;
  const context = contextAt(mapping, seen, state, instant);
  const moment = momentOf(model, seen, state, instant);
  const past = { ...moment, now: earlier, facts: factsAsOf(seen.facts, earlier) };
  for (const [name, condition, rule] of conditions(pair)) {
    if (condition === null || rule === null) {
      if (condition !== rule)
        return { what: `${name} is there`, stop: 0, engine: condition, reference: rule };
      continue;
    }
    const wanted = holds(rule, moment);
    truths.asked += 1;
    if (wanted) truths.held += 1;
    const answers: readonly (readonly [string, boolean, boolean])[] = [
      ['test', condition.test(context), wanted],
      ['explain', condition.explain(context).holds, wanted],
      ['testAt', condition.testAt(context, earlier), holds(rule, past)],
    ];
    for (const [how, engine, reference] of answers) {
      if (engine !== reference) return { what: `${name} ${how}`, stop: 0, engine, reference };
    }
  }
  return null;
}

/** Walks both through a course; the first difference, or null. */
export function compareCourse({ mapping, model }: Pair, { start, stops }: Course): Difference | null {
  let engineState = start;
  let state = start;
  let engineHealth: PreviousHealth = NO_HEALTH;
  let band: string | null = null;
  for (const [stop, { bandOverridden, changes, instant, override, seen, uncertain }] of stops.entries()) {
    const taken = evaluate({
      mapping,
      context: seen,
      state: engineState,
      instant,
      noticed: instant + 1,
      changes,
      uncertain,
      override: override === null ? null : { stage: override },
      previousHealth: { ...engineHealth, overridden: bandOverridden },
    });
    const result = takeStep({
      model,
      seen,
      state,
      instant,
      noticed: instant + 1,
      cause: causeOf(state, changes, override, mapping.version),
      mappingVersion: mapping.version,
      override,
      overrideEnded: changes.overrideEnded === true,
      uncertain,
    });
    const settled = momentOf(model, seen, result.state, instant);
    const score: RefScore | null =
      model.health === null ? null : scoreOf(model.health, settled, bandOverridden ? null : band);
    const sides: readonly (readonly [string, unknown, unknown])[] = [
      ['stage', taken.step.state.stage, result.state.stage],
      ['moves', taken.step.transitions.map(({ from, rule, to }) => ({ from, to, rule })), result.moves],
      ['loop', taken.step.loop, result.loop],
      ['entered', taken.step.state.entered, result.state.entered],
      ['visits', taken.step.state.visits, result.state.visits],
      ['segments', taken.segments, settled.segments],
      ['health', health(taken), score && rounded(score)],
    ];
    for (const [what, engine, reference] of sides) {
      if (!isDeepStrictEqual(engine, reference)) return { what, stop, engine, reference };
    }
    engineState = taken.step.state;
    state = { ...result.state, lastStep: instant, mappingVersion: mapping.version };
    if (taken.health !== null) engineHealth = taken.health;
    band = score?.band ?? null;
  }
  return null;
}

/** J12, for a single step whose changes are told. */
function causeOf(state: JourneyState, changes: StepChanges, override: string | null, version: string): Cause {
  if (override !== null || changes.overrideEnded === true) return 'override';
  if (changes.backfill === true) return 'backfill';
  if (changes.identityChanged === true) return 'identity';
  if (state.mappingVersion !== null && state.mappingVersion !== version) return 'rule';
  return changes.factsChanged || state.lastStep === null ? 'customer' : 'time';
}

function health({ health: found }: Evaluation): unknown {
  if (found === null) return null;
  const measures = found.groups.flatMap((group) =>
    group.measures.map(({ hasData, name, score }) => [`${group.name}.${name}`, { score, hasData }] as const),
  );
  return rounded({ ...found, measures: Object.fromEntries(measures) });
}

function rounded({ band, coverage, measures, score }: RefScore): unknown {
  const six = (value: number | null): number | null =>
    value === null ? null : Math.round(value * 1e6) / 1e6;
  return {
    score,
    band,
    coverage: six(coverage),
    measures: Object.entries(measures).map(([name, one]) => [name, six(one.score), one.hasData]),
  };
}
