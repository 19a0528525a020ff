import { describe, expect, test } from '@jest/globals';
import { EMPTY_STATE, resultView, type StepChanges, stateAt, step } from '../../src/journey/index.ts';
import type { Mapping } from '../../src/mapping/types.ts';
import type { JourneyState } from '../../src/model/facts.ts';
import { contextOf, day, days, factsOf, flag, mappingOf, stage, T0 } from './fakes.ts';

const PATH = mappingOf([
  stage('one', { enter: flag('one') }),
  stage('two', { enter: flag('two') }),
  stage('three', { enter: flag('three') }),
  stage('four', { enter: flag('four') }),
  stage('risk', { enter: flag('risk'), offPath: true }),
]);

/** One step a day, each with the flags that hold on it; returns the last result. */
function walk(
  course: readonly string[],
  mapping: Mapping = PATH,
  changes: StepChanges = { factsChanged: true },
) {
  let state: JourneyState = EMPTY_STATE;
  let last = step({ mapping, context: contextOf(factsOf({})), state, instant: T0, noticed: T0, changes });
  for (const [index, names] of course.entries()) {
    const flags = names.split(' ').map((name) => [name, [true, -1] as const] as const);
    last = step({
      mapping,
      context: contextOf(factsOf(Object.fromEntries(flags))),
      state,
      instant: day(index),
      noticed: day(index),
      changes,
    });
    state = last.state;
  }
  return last;
}

const skippedIn = (state: JourneyState) =>
  state.visits.filter((visit) => visit.skipped).map((visit) => visit.stage);
const visited = (state: JourneyState) =>
  state.visits.filter((visit) => !visit.skipped).map((visit) => visit.stage);

describe('visits (J12)', () => {
  test('J12 going forward records the stages between as skipped, at the instant of the move', () => {
    const { state, skipped } = walk(['one', 'four']);
    expect(skipped).toEqual(['two', 'three']);
    expect(state.visits.map((visit) => [visit.stage, visit.entered, visit.left, visit.skipped])).toEqual([
      ['one', T0, day(1), false],
      ['two', day(1), day(1), true],
      ['three', day(1), day(1), true],
      ['four', day(1), null, false],
    ]);
  });

  test('J12 stages visited before are not skipped, nor are off-path stages', () => {
    const { state } = walk(['one', 'three', 'one', 'four']);
    expect(visited(state)).toEqual(['one', 'three', 'one', 'four']);
    expect(skippedIn(state)).toEqual(['two', 'two']);
  });

  test('J12 going back or off the path skips nothing', () => {
    expect(skippedIn(walk(['four', 'one']).state)).toEqual([]);
    expect(skippedIn(walk(['one', 'risk']).state)).toEqual([]);
  });

  test('J12 coming back from off the path is measured from where the path was left', () => {
    expect(skippedIn(walk(['two', 'risk', 'four']).state)).toEqual(['three']);
    expect(skippedIn(walk(['two', 'risk', 'two']).state)).toEqual([]);
    expect(skippedIn(walk(['risk', 'four']).state)).toEqual([]);
  });

  test('J12 a stage passed in no time is not where the path was left', () => {
    const mapping = mappingOf([
      stage('one', { enter: flag('one') }),
      stage('two', { enter: flag('two'), exit: [{ to: 'risk', when: flag('risk') }] }),
      stage('three', { enter: flag('three') }),
      stage('four', { enter: flag('four') }),
      stage('risk', { offPath: true, stay: flag('risk') }),
    ]);
    const { state } = walk(['one', 'two risk', 'four'], mapping);
    expect(visited(state)).toEqual(['one', 'risk', 'four']);
    expect(skippedIn(state)).toEqual(['two', 'two', 'three']);
  });

  test('J12 a first placement skips nothing: what was before is unknown', () => {
    expect(skippedIn(walk(['four']).state)).toEqual([]);
  });

  test('J12 a return is a new visit and nothing is erased', () => {
    const { state } = walk(['one', 'two', 'one', 'two']);
    expect(visited(state)).toEqual(['one', 'two', 'one', 'two']);
    expect(state.visits.map((visit) => visit.left)).toEqual([day(1), day(2), day(3), null]);
  });

  test('J11.8 a stage passed in no time is recorded as skipped', () => {
    const mapping = mappingOf([
      stage('one', { enter: flag('one') }),
      stage('two', { enter: flag('two'), exit: [{ to: 'three', when: flag('on') }] }),
      stage('three', { enter: flag('three'), stay: flag('on') }),
    ]);
    const { state, transitions, skipped } = walk(['one', 'two on'], mapping);
    expect(transitions.map((move) => [move.from, move.to, move.rule])).toEqual([
      ['one', 'two', 'stages.two.enter'],
      ['two', 'three', 'stages.two.exit[0]'],
    ]);
    expect(skipped).toEqual(['two']);
    expect(visited(state)).toEqual(['one', 'three']);
    expect(state.visits.filter((visit) => visit.stage === 'two')).toEqual([
      expect.objectContaining({ entered: day(1), left: day(1), skipped: true, rule: 'stages.two.enter' }),
    ]);
  });

  test('J12 a stage jumped over and then entered in the same step is not skipped', () => {
    const mapping = mappingOf([
      stage('one', { enter: flag('one') }),
      stage('two', { stay: flag('back') }),
      stage('three', { enter: flag('three'), exit: [{ to: 'two', when: flag('back') }], from: ['one'] }),
    ]);
    const { state } = walk(['one', 'three back'], mapping);
    expect(state.stage).toBe('two');
    expect(skippedIn(state)).toEqual(['three']);
  });

  test('J12 previous and visits leave skipped stages out', () => {
    const { state } = walk(['one', 'three']);
    expect(resultView(state)).toMatchObject({ stage: 'three', previous: 'one', visits: 2, entered: day(1) });
    const { state: left } = walk(['one', 'nothing']);
    expect(resultView(left)).toMatchObject({ stage: null, previous: 'one', visits: 1, entered: null });
  });

  test('J13 the state at an earlier instant is read from the visits', () => {
    const { state } = walk(['one', 'three', 'risk']);
    expect(stateAt(state, day(1) - 1)).toMatchObject({ stage: 'one', entered: T0 });
    expect(stateAt(state, day(1))).toMatchObject({ stage: 'three', entered: day(1) });
    expect(stateAt(state, T0 - 1)).toMatchObject({ stage: null, visits: [] });
  });

  test('J11 taken again at the same instant the step moves nothing', () => {
    const { state } = walk(['one', 'four']);
    const again = step({
      mapping: PATH,
      context: contextOf(factsOf({ four: [true, -1] })),
      state,
      instant: day(1),
      noticed: day(5),
      changes: { factsChanged: false },
    });
    expect(again.transitions).toEqual([]);
    expect(again.state).toEqual(state);
  });
});

describe('causes (J12)', () => {
  const causeOf = (course: readonly string[], changes: StepChanges) =>
    walk(course, PATH, changes).transitions[0]?.cause;

  test('J12 the first placement is the customer, whatever the clock', () => {
    expect(causeOf(['one'], { factsChanged: false })).toBe('customer');
  });

  test('J12 customer when facts changed, time when only the clock moved', () => {
    expect(causeOf(['one', 'two'], { factsChanged: true })).toBe('customer');
    expect(causeOf(['one', 'two'], { factsChanged: false })).toBe('time');
  });

  test('J12 rule when the state was made by another mapping version, although facts changed too', () => {
    const { state } = walk(['one']);
    const { transitions } = step({
      mapping: { ...PATH, version: 'v2' },
      context: contextOf(factsOf({ two: [true, -1] })),
      state,
      instant: day(1),
      noticed: day(1),
      changes: { factsChanged: true },
    });
    expect(transitions).toEqual([expect.objectContaining({ cause: 'rule', mappingVersion: 'v2' })]);
    expect(causeOf(['one', 'two'], { factsChanged: true, versionChanged: true })).toBe('rule');
  });

  test('J12 identity before rule, backfill before both', () => {
    const all = { factsChanged: true, versionChanged: true, identityChanged: true };
    expect(causeOf(['one', 'two'], all)).toBe('identity');
    expect(causeOf(['one', 'two'], { ...all, backfill: true })).toBe('backfill');
  });

  test('J12 J29 override, in force and at its end', () => {
    const { state } = walk(['one']);
    const input = {
      mapping: PATH,
      context: contextOf(factsOf({ one: [true, -1] })),
      instant: day(1),
      noticed: day(1),
      changes: { factsChanged: true },
    };
    const set = step({ ...input, state, override: { stage: 'four' } });
    expect(set.transitions).toEqual([
      expect.objectContaining({ cause: 'override', rule: 'override', to: 'four' }),
    ]);
    const ended = step({
      ...input,
      state: set.state,
      instant: day(2),
      changes: { factsChanged: false, overrideEnded: true },
    });
    expect(ended.transitions).toEqual([
      expect.objectContaining({ cause: 'override', from: 'four', to: 'one' }),
    ]);
  });

  test('J29 after an override only the stage it had set is free of min_stay', () => {
    const mapping = mappingOf([
      stage('one', { enter: flag('one'), minStay: days(9) }),
      stage('two', { enter: flag('two'), minStay: days(9) }),
      stage('three', { enter: flag('three'), from: ['two'] }),
    ]);
    const { state } = walk(['one'], mapping);
    const { state: after } = step({
      mapping,
      context: contextOf(factsOf({ two: [true, -1], three: [true, -1] })),
      state,
      instant: day(1),
      noticed: day(1),
      changes: { factsChanged: true, overrideEnded: true },
    });
    expect(after.stage).toBe('two');
  });

  test('J8 an uncertain step marks its visits', () => {
    const { state, transitions } = step({
      mapping: PATH,
      context: contextOf(factsOf({ two: [true, -1] })),
      state: walk(['one']).state,
      instant: day(1),
      noticed: day(1),
      changes: { factsChanged: true },
      uncertain: true,
    });
    expect(transitions[0]?.uncertain).toBe(true);
    expect(state.visits.map((visit) => visit.uncertain)).toEqual([false, true]);
  });

  test('J11.6 min_stay counts in the calendar of its duration', () => {
    const mapping = mappingOf([
      stage('one', { enter: flag('one'), minStay: days(2) }),
      stage('two', { enter: flag('two') }),
    ]);
    expect(walk(['one', 'two'], mapping).state.stage).toBe('one');
    expect(walk(['one', 'two', 'two'], mapping).state.stage).toBe('two');
  });
});
