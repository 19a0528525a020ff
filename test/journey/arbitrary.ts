import fc from 'fast-check';
import { EMPTY_STATE, type StepInput, step } from '../../src/journey/index.ts';
import type { Condition, Mapping, Stage } from '../../src/mapping/types.ts';
import type { JourneyState, Scalar, SubjectFacts } from '../../src/model/facts.ts';
import {
  all,
  always,
  any,
  contextOf,
  day,
  days,
  factsOf,
  flag,
  inSegment,
  inStage,
  mappingOf,
  missing,
  not,
  olderThan,
  segment,
  stage,
  within,
} from './fakes.ts';

const NAMES = ['a', 'b', 'c', 'd'] as const;
const FLAGS = ['x', 'y'] as const;
const DATES = ['p', 'q'] as const;

const name = fc.constantFrom(...NAMES);
const windowDays = fc.integer({ min: 1, max: 40 });

const leafOf = fc.oneof(
  fc.constantFrom(...FLAGS).map(flag),
  fc.constantFrom(...FLAGS, ...DATES).map(missing),
  fc.tuple(fc.constantFrom(...DATES), windowDays).map(([field, n]) => within(field, n)),
  fc.tuple(fc.constantFrom(...DATES), windowDays).map(([field, n]) => olderThan(field, n)),
  name.map(inStage),
  fc.constant(inSegment('s')),
  fc.boolean().map(always),
);

const { condition } = fc.letrec<{ condition: Condition }>((tie) => ({
  condition: fc.oneof(
    { depthSize: 'small' },
    leafOf,
    fc.array(tie('condition'), { minLength: 1, maxLength: 3 }).map((children) => all(...children)),
    fc.array(tie('condition'), { minLength: 1, maxLength: 3 }).map((children) => any(...children)),
    tie('condition').map(not),
  ),
}));

const rareBoolean = fc.integer({ min: 0, max: 4 }).map((n) => n === 0);
const maybe = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(of, { freq: 1, nil: null });

const stageOf = (own: string): fc.Arbitrary<Stage> =>
  fc
    .record({
      enter: fc.option(condition, { freq: 8, nil: null }),
      stay: maybe(condition),
      from: maybe(fc.subarray([...NAMES], { minLength: 1 })),
      for: maybe(windowDays.map(days)),
      minStay: maybe(windowDays.map(days)),
      offPath: rareBoolean,
      terminal: rareBoolean,
      urgent: rareBoolean,
      exit: fc.array(fc.record({ to: fc.option(name, { nil: null }), when: condition }), { maxLength: 2 }),
    })
    .map((rest) => stage(own, rest));

export const mapping: fc.Arbitrary<Mapping> = fc
  .tuple(stageOf('a'), stageOf('b'), stageOf('c'), stageOf('d'), condition, rareBoolean)
  .map(([a, b, c, d, when, withDefault]) => {
    const first: Stage = withDefault ? { ...a, isDefault: true, enter: null, from: null, for: null } : a;
    return mappingOf([first, b, c, d], { segments: [segment('s', when)] });
  });

const at = fc.integer({ min: -60, max: 60 });
type Dated = readonly [Scalar, number];
const flagValue = maybe(fc.tuple(fc.boolean(), at).map((value): Dated => value));
const dateValue = maybe(at.map((n): Dated => [day(n), n]));

export const facts: fc.Arbitrary<SubjectFacts> = fc
  .record({ x: flagValue, y: flagValue, p: dateValue, q: dateValue })
  .map((fields) => {
    const known: Record<string, Dated> = { first: [1, -50] };
    for (const [field, value] of Object.entries(fields)) if (value !== null) known[field] = value;
    return factsOf(known);
  });

/** A state that steps really led to, and one more step to take. */
export const situation: fc.Arbitrary<{ readonly input: StepInput; readonly state: JourneyState }> = fc
  .tuple(
    mapping,
    fc.array(facts, { minLength: 1, maxLength: 6 }),
    fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 6, maxLength: 6 }),
  )
  .map(([rules, course, gaps]) => {
    let state = EMPTY_STATE;
    let when = -30;
    for (const [index, known] of course.slice(0, -1).entries()) {
      when += gaps[index] ?? 1;
      state = step(inputOf(rules, known, state, when)).state;
    }
    when += gaps[5] ?? 1;
    return { input: inputOf(rules, course.at(-1)!, state, when), state };
  });

function inputOf(rules: Mapping, known: SubjectFacts, state: JourneyState, when: number): StepInput {
  return {
    mapping: rules,
    context: contextOf(known),
    state,
    instant: day(when),
    noticed: day(when),
    changes: { factsChanged: true },
  };
}
