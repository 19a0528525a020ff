import { describe, expect, test } from '@jest/globals';
import { EMPTY_STATE, step } from '../../src/journey/index.ts';
import { loadMapping } from '../../src/mapping/index.ts';
import type { Condition, Mapping, Segment, Stage } from '../../src/mapping/types.ts';
import type { JourneyState, SubjectFacts } from '../../src/model/facts.ts';
import {
  all,
  contextOf,
  DAY,
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
  T0,
  visit,
  within,
} from './fakes.ts';

const waiting = (enter: Condition, rest: Partial<Stage> = {}): Stage =>
  stage('w', { enter, for: days(10), ...rest });

function stageOf(
  facts: SubjectFacts,
  one: Stage,
  state: JourneyState = EMPTY_STATE,
  segments: readonly Segment[] = [],
  instant = T0,
): string | null {
  const mapping: Mapping = mappingOf([stage('base', { isDefault: true }), one], { segments });
  return step({
    mapping,
    context: contextOf(facts),
    state,
    instant,
    noticed: instant,
    changes: { factsChanged: true },
  }).state.stage;
}

describe('for: the rule held at every instant of the wait (J11.5)', () => {
  test('J11.5 met when the fact is as old as the wait, to the millisecond', () => {
    const facts = factsOf({ first: [1, -100], x: [true, -10] });
    expect(stageOf(facts, waiting(flag('x')))).toBe('w');
    expect(stageOf(facts, waiting(flag('x')), EMPTY_STATE, [], T0 - 1)).toBe('base');
  });

  test('J11.5 not met when the fact came in the middle of the wait', () => {
    expect(stageOf(factsOf({ first: [1, -100], x: [true, -4] }), waiting(flag('x')))).toBe('base');
  });

  test('J11.5 a break in the middle of the wait counts, although both ends hold', () => {
    // True until x is 20 days old, and again from y on: a gap between day -8 and day -5.
    const rule = not(all(olderThan('x', 20), missing('y')));
    const facts = factsOf({ first: [1, -100], x: [day(-28), -28], y: [1, -5] });
    expect(stageOf(facts, waiting(rule))).toBe('base');
    const noGap = factsOf({ first: [1, -100], x: [day(-24), -28], y: [1, -5] });
    expect(stageOf(noGap, waiting(rule))).toBe('w');
  });

  test('J11.5 a window that closes and is opened again one millisecond later breaks the wait', () => {
    const rule = not(all(olderThan('x', 20), not(within('y', 90))));
    const touching = { first: [1, -100] as const, x: [day(-25), -30] as const };
    expect(stageOf(factsOf({ ...touching, y: [day(-5), -5] }), waiting(rule))).toBe('w');
    expect(stageOf(factsOf({ ...touching, y: [day(-5) + 2, -5 + 2 / DAY] }), waiting(rule))).toBe('base');
  });

  test('J11.5 time before the first known fact does not count', () => {
    expect(stageOf(factsOf({ first: [1, -9] }), waiting(missing('x')))).toBe('base');
    expect(stageOf(factsOf({ first: [1, -10] }), waiting(missing('x')))).toBe('w');
    expect(stageOf(factsOf({}), waiting(missing('x')))).toBe('base');
  });

  test('J11.5 the facts of the account do not make a new person look old', () => {
    const facts = factsOf({ first: [1, -1] });
    const account = factsOf({ first: [1, -900] }).person;
    expect(stageOf({ ...facts, account }, waiting(missing('x')))).toBe('base');
  });

  test('J11.5 enter alone is asked: from and stay have no part in the wait', () => {
    const facts = factsOf({ first: [1, -100], x: [true, -30] });
    const state: JourneyState = {
      ...EMPTY_STATE,
      stage: 'base',
      entered: day(-1),
      visits: [visit('base', day(-1), null)],
    };
    expect(stageOf(facts, waiting(flag('x'), { from: ['base'] }), state)).toBe('w');
  });

  test('J11.5 a rule that reads the journey sees the stage of each earlier instant', () => {
    const facts = factsOf({ first: [1, -100] });
    const since = (n: number): JourneyState => ({
      ...EMPTY_STATE,
      stage: 'base',
      entered: day(n),
      visits: [visit('w', day(-50), day(n)), visit('base', day(n), null)],
    });
    expect(stageOf(facts, waiting(inStage('base')), since(-10))).toBe('w');
    expect(stageOf(facts, waiting(inStage('base')), since(-9))).toBe('base');
    const away: JourneyState = {
      ...since(-5),
      visits: [visit('base', day(-50), day(-8)), visit('w', day(-8), day(-5)), visit('base', day(-5), null)],
    };
    expect(stageOf(facts, waiting(inStage('base')), away)).toBe('base');
  });

  test('J11.5 a rule that reads when a stage was entered has the edges of every stage of the wait', () => {
    const { mapping } = loadMapping(
      `journey: j
subject: person
stages:
  base: { default: true }
  other: { enter: { person.email: x } }
  w: { enter: { journey.entered: { within: 1d } }, for: 3d }
`,
      'for.yaml',
      { timezone: 'UTC', fieldMaps: [] },
    );
    // Moves to and fro at these days; between two that are more than a day apart the rule does not hold.
    const moved = (...at: readonly number[]): string | null =>
      step({
        mapping: mapping!,
        context: contextOf(factsOf({ first: [1, -100] })),
        state: {
          ...EMPTY_STATE,
          stage: 'base',
          entered: day(at.at(-1)!),
          visits: at.map((entered, i) =>
            visit(
              i % 2 === at.length % 2 ? 'other' : 'base',
              day(entered),
              i + 1 < at.length ? day(at[i + 1]!) : null,
            ),
          ),
        },
        instant: T0,
        noticed: T0,
        changes: { factsChanged: true },
      }).state.stage;
    expect(moved(-3.5, -2.7, -1.9, -1, -0.3)).toBe('w');
    expect(moved(-3.5, -2.7, -1.4, -1, -0.3)).toBe('base');
    expect(moved(-3.5, -1)).toBe('base');
  });

  test('J2 J11.5 a wait on another journey sees what that journey was at each earlier instant', () => {
    const { mapping } = loadMapping(
      `journey: j
subject: person
stages:
  base: { default: true }
  w: { enter: { journeys.other.stage: x }, for: 3d }
`,
      'for.yaml',
      { timezone: 'UTC', fieldMaps: [] },
    );
    const view = (name: string) => ({
      stage: name,
      entered: null,
      previous: null,
      visits: 1,
      score: null,
      band: null,
    });
    const changed = (since: number): string | null => {
      const at = (instant: number) => ({
        results: { other: view(instant < day(since) ? 'y' : 'x') },
        accountResults: {},
        peopleResults: {},
      });
      const pastResults = {
        at,
        changes: (from: number, to: number) => [day(since)].filter((one) => one > from && one <= to),
      };
      return step({
        mapping: mapping!,
        context: { ...contextOf(factsOf({ first: [1, -100] })), ...at(T0), pastResults },
        state: EMPTY_STATE,
        instant: T0,
        noticed: T0,
        changes: { factsChanged: true },
      }).state.stage;
    };
    expect(changed(-3)).toBe('w');
    expect(changed(-2)).toBe('base');
  });

  test('J11.5 J17 a segment is what it was at each earlier instant', () => {
    const vip = [segment('vip', flag('vip'))];
    const young = factsOf({ first: [1, -100], vip: [true, -3] });
    expect(stageOf(young, waiting(inSegment('vip')), EMPTY_STATE, vip)).toBe('base');
    const old = factsOf({ first: [1, -100], vip: [true, -30] });
    expect(stageOf(old, waiting(inSegment('vip')), EMPTY_STATE, vip)).toBe('w');
  });

  test('J11.5 J17 a break of the segment in the middle of the wait counts', () => {
    const gap = [segment('vip', not(all(olderThan('x', 20), missing('y'))))];
    const facts = factsOf({ first: [1, -100], x: [day(-28), -28], y: [1, -5] });
    const blind: Condition = { ...inSegment('vip'), instants: () => [] };
    expect(stageOf(facts, waiting(blind), EMPTY_STATE, gap)).toBe('base');
  });

  test('J11.6 P stays by its enter without waiting again', () => {
    const facts = factsOf({ first: [1, -100], x: [true, -1] });
    const state: JourneyState = {
      ...EMPTY_STATE,
      stage: 'w',
      entered: day(-50),
      visits: [visit('w', day(-50), null)],
    };
    expect(stageOf(facts, waiting(flag('x')), state)).toBe('w');
  });

  test('J12 entered is the end of the wait, noticed is the run', () => {
    const result = step({
      mapping: mappingOf([waiting(flag('x'))]),
      context: contextOf(factsOf({ first: [1, -100], x: [true, -10] })),
      state: EMPTY_STATE,
      instant: T0,
      noticed: day(3),
      changes: { factsChanged: false },
    });
    expect(result.state.visits).toEqual([
      expect.objectContaining({ stage: 'w', entered: T0, noticed: day(3), left: null }),
    ]);
  });
});
