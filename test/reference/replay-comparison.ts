import { isDeepStrictEqual } from 'node:util';
import { type OverrideSpan, replay, type ViewTimeline } from '../../src/journey/index.ts';
import type { FactTimeline, ResultView } from '../../src/model/facts.ts';
import type { Difference, Pair } from './comparison.ts';
import type { Dice } from './generator/dice.ts';
import { BANDS_ELSEWHERE, STAGES_ELSEWHERE } from './generator/pools.ts';
import { FIRST, factsAt, instantsOf, randomTimeline } from './generator/subject.ts';
import { DAY, HOUR } from './reference/local-time.ts';
import { type Life, type RefOverride, run } from './reference/run.ts';
import type { Seen } from './reference/step.ts';

/** A subject over three months, with results of other journeys that change too, and stages set by hand. */
export interface RandomLife {
  readonly timeline: FactTimeline;
  readonly views: ViewTimeline;
  readonly life: Life;
  readonly overrides: readonly (RefOverride & OverrideSpan)[];
  readonly from: number;
  readonly to: number;
}

export function randomLife(dice: Dice, { random }: Pair): RandomLife {
  const source = randomTimeline(dice, random.subject, random.zone);
  const from = FIRST + dice.int(0, 150) * DAY + dice.int(0, 23) * HOUR;
  const to = from + 90 * DAY;
  const inside = (): number => from + dice.int(0, 90 * 24) * HOUR;
  const { changes, dates } = instantsOf(source);
  const epochs = [Number.NEGATIVE_INFINITY, ...(dice.chance(0.7) ? [inside(), inside()] : [])]
    .sort((a, b) => a - b)
    .map((begin) => ({ begin, results: otherResults(dice, random.subject === 'person', source) }));
  const results = (instant: number): Omit<Seen, 'facts'> =>
    (epochs.findLast(({ begin }) => begin <= instant) ?? (epochs[0] as (typeof epochs)[number])).results;
  const viewChanges = epochs.map(({ begin }) => begin).filter(Number.isFinite);
  const unknownUntil = dice.chance(0.3) ? inside() : Number.NEGATIVE_INFINITY;
  const overrides = Array.from({ length: dice.chance(0.3) ? dice.int(1, 2) : 0 }, () => {
    const begin = inside();
    const until = dice.chance(0.8) ? begin + dice.int(1, 20) * DAY + dice.int(0, 5) * HOUR : null;
    return { stage: dice.pick(random.stages), from: begin, until };
  });
  const sorted = [...changes].sort((a, b) => a - b);
  return {
    from,
    to,
    overrides,
    timeline: {
      at: (instant) => factsAt(source, instant),
      changes: (after, until) => sorted.filter((instant) => instant > after && instant <= until),
      unknownAt: (instant) => instant < unknownUntil,
    },
    views: {
      at: results,
      changes: (after, until) =>
        [...new Set(viewChanges)].filter((instant) => instant > after && instant <= until),
    },
    life: {
      seenAt: (instant) => ({ facts: factsAt(source, instant), ...results(instant) }),
      changes: new Set([...changes, ...viewChanges]),
      dates: new Set([...dates, ...epochs.flatMap((one) => enteredIn(one.results))]),
      unknownAt: (instant) => instant < unknownUntil,
    },
  };
}

function otherResults(
  dice: Dice,
  isPerson: boolean,
  source: ReturnType<typeof randomTimeline>,
): Omit<Seen, 'facts'> {
  const view = (): ResultView => ({
    stage: dice.chance(0.8) ? dice.pick(STAGES_ELSEWHERE) : null,
    entered: dice.chance(0.8) ? FIRST + dice.int(0, 200) * DAY : null,
    previous: null,
    visits: dice.int(0, 4),
    score: dice.chance(0.8) ? dice.int(0, 100) : null,
    band: dice.chance(0.8) ? dice.pick(BANDS_ELSEWHERE) : null,
  });
  return {
    results: { other: view() },
    accountResults: isPerson ? { acc: view() } : {},
    peopleResults: Object.fromEntries(source.accountLists.people.map(({ key }) => [key, { ppl: view() }])),
  };
}

function enteredIn({ accountResults, peopleResults, results }: Omit<Seen, 'facts'>): readonly number[] {
  return [results, accountResults, ...Object.values(peopleResults)]
    .flatMap((views) => Object.values(views))
    .flatMap(({ entered }) => (entered === null ? [] : [entered]));
}

/** More looks at the facts than any of these subjects needs: the engine steps without end. */
const MOST_LOOKS = 200_000;

/** J13, J14, J20: the engine's replay against a step at every instant at which anything could change, until the first
 *  `journey-loop`. */
export function compareReplay({ mapping, model }: Pair, random: RandomLife): Difference | null {
  const { from, life, overrides, timeline, views } = random;
  const { course, loops, state } = run({
    model,
    life,
    overrides,
    from,
    to: random.to,
    noticed: random.to,
    mappingVersion: mapping.version,
  });
  let looks = 0;
  const bounded: FactTimeline = {
    ...timeline,
    at: (instant) => {
      looks += 1;
      if (looks > MOST_LOOKS) throw new Error('The engine looks at the facts without end.');
      return timeline.at(instant);
    },
  };
  const engine = replay({
    versions: [{ mapping, since: from }],
    timeline: bounded,
    views: () => views,
    overrides,
    to: loops[0] ?? random.to,
    noticed: random.to,
  });
  const sides: readonly (readonly [string, unknown, unknown])[] = [
    ['visits', engine.state.visits, state.visits],
    ['loops', engine.loops, loops],
    ['course', engine.course.map(rounded), course.map(rounded)],
    ['exhausted', engine.exhausted, false],
  ];
  for (const [what, one, other] of sides) {
    if (!isDeepStrictEqual(one, other)) {
      return { what: `replay: ${what}`, stop: 0, engine: one, reference: other };
    }
  }
  return null;
}

function rounded<T extends { readonly coverage: number }>(one: T): T {
  return { ...one, coverage: Math.round(one.coverage * 1e6) / 1e6 };
}
