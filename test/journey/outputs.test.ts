import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { EMPTY_STATE, type EvaluateInput, evaluate, NO_HEALTH } from '../../src/journey/index.ts';
import type { Mapping } from '../../src/mapping/types.ts';
import type { Scalar } from '../../src/model/facts.ts';
import { situation } from './arbitrary.ts';
import {
  all,
  any,
  contextOf,
  DAY,
  day,
  days,
  daysSince,
  defined,
  factsOf,
  far,
  flag,
  group,
  healthOf,
  mappingOf,
  measure,
  number,
  olderThan,
  segment,
  stage,
  T0,
  within,
} from './fakes.ts';

type Fields = Readonly<Record<string, readonly [Scalar, number] | Scalar>>;

const known = (fields: Fields) =>
  contextOf(
    factsOf(
      Object.fromEntries(
        Object.entries(fields).map(([name, value]) => [
          name,
          value !== null && typeof value === 'object' ? value : ([value as Scalar, -40] as const),
        ]),
      ),
    ),
  );

function at(mapping: Mapping, fields: Fields, rest: Partial<EvaluateInput> = {}) {
  return evaluate({
    mapping,
    context: known(fields),
    state: EMPTY_STATE,
    instant: T0,
    noticed: T0,
    changes: { factsChanged: true },
    previousHealth: NO_HEALTH,
    ...rest,
  });
}

const PATH = [
  stage('lead', { isDefault: true }),
  stage('trial', { enter: all(flag('signed'), within('seen', 30)) }),
  stage('customer', {
    enter: all(
      far(flag('contract'), 0.9),
      far(flag('paid'), 0.1),
      defined('is_onboarded', far(flag('done'), 0.5)),
    ),
    stay: flag('paid'),
  }),
  stage('risk', { offPath: true, enter: olderThan('seen', 20) }),
];

describe('stage outputs (J22)', () => {
  const mapping = mappingOf(PATH);

  test('J22 the default stage, and what the next one needs', () => {
    const { outputs } = at(mapping, { signed: true });
    expect(outputs).toMatchObject({
      stage: 'lead',
      stage_entered: '2026-10-12',
      previous_stage: null,
      stage_reason: 'no other stage fits',
      next_step: 'Trial: seen within 30d (no value)',
      segment: null,
    });
  });

  test('J22 the reason names the dates the rule saw, the next step is nearest first', () => {
    const { outputs } = at(mapping, { signed: true, seen: [day(-3), -3] });
    expect(outputs.stage_reason).toBe('signed is yes; seen within 30d (9 Oct 2026)');
    expect(outputs.next_step).toBe(
      'Customer: paid is yes (no value); is onboarded (done is yes) (no value); contract is yes (no value)',
    );
  });

  test('J22 previous stage after a move, nothing next at the end of the path', () => {
    const first = at(mapping, { signed: true, seen: [day(-3), -3] });
    const { outputs } = at(
      mapping,
      { contract: true, paid: true, done: true },
      { state: first.step.state, instant: day(1) },
    );
    expect(outputs).toMatchObject({
      stage: 'customer',
      stage_entered: '2026-10-13',
      previous_stage: 'trial',
      next_step: null,
    });
  });

  test('J22 off the path the next step is the way back to it', () => {
    const first = at(mapping, { signed: true, seen: [day(-3), -3] });
    const { outputs } = at(
      mapping,
      { signed: true, seen: [day(-25), -25] },
      { state: first.step.state, instant: day(1) },
    );
    expect(outputs.stage).toBe('risk');
    expect(outputs.next_step).toBe('Trial: no longer: seen older than 20d (17 Sep 2026)');
  });

  test('J22 no stage at all', () => {
    const { outputs } = at(mappingOf([stage('a', { enter: flag('a') })]), {});
    expect(outputs).toMatchObject({
      stage: null,
      stage_entered: null,
      stage_reason: 'no rule of a stage holds',
      next_step: 'A: a is yes (no value)',
    });
  });

  test('J22 waits are told by the date they end', () => {
    const waits = mappingOf([
      stage('a', { isDefault: true, minStay: days(5) }),
      stage('b', { enter: flag('b'), for: days(10) }),
    ]);
    const { outputs } = at(waits, { first: [1, -90], b: [true, -3] });
    expect(outputs.next_step).toBe(
      'B: A lasts at least 5d, until 17 Oct 2026; must stay so for 10d, until 19 Oct 2026',
    );
    const from = mappingOf([stage('a', { isDefault: true }), stage('b', { enter: flag('b'), from: ['c'] })]);
    expect(at(from, { b: true }).outputs.next_step).toBe('B: comes only from c');
  });

  test('J22 a stage held by min_stay, by an exit, by hand', () => {
    const stages = [
      stage('a', { enter: flag('a'), minStay: days(5), exit: [{ to: 'b', when: flag('out') }] }),
      stage('b', { stay: flag('keep'), minStay: days(9) }),
      stage('c', {}),
    ];
    const first = at(mappingOf(stages), { a: true });
    const held = at(mappingOf(stages), {}, { state: first.step.state, instant: day(2) });
    expect(held.outputs).toMatchObject({ stage: 'a', stage_reason: 'kept for 5d, until 17 Oct 2026' });
    const moved = at(
      mappingOf([stages[0]!, stage('b'), stages[2]!]),
      { out: true },
      { state: first.step.state },
    );
    expect(moved.outputs).toMatchObject({ stage: 'b', stage_reason: 'came from A: out is yes' });
    const byHand = at(mappingOf(stages), { a: true }, { override: { stage: 'c' } });
    expect(byHand.outputs).toMatchObject({ stage: 'c', stage_reason: 'set by hand' });
  });

  test('J22 alternatives are one step, nearest first', () => {
    const either = mappingOf([
      stage('a', { isDefault: true }),
      stage('b', { enter: any(far(flag('x'), 0.8), far(flag('y'), 0.2)) }),
    ]);
    expect(at(either, {}).outputs.next_step).toBe('B: y is yes or x is yes');
  });

  test('J22 long rules are cut short, not dropped', () => {
    const many = mappingOf([
      stage('a', { isDefault: true }),
      stage('b', { enter: all(...['k', 'l', 'm', 'n', 'o'].map(flag)) }),
    ]);
    expect(at(many, {}).outputs.next_step).toMatch(/^B: k is yes .*; l .*; m .*; and 2 more$/);
  });

  test('J22 only declared outputs, and the trend only when it is known', () => {
    const few = mappingOf(PATH, { outputs: [{ output: 'stage', label: 'Stage', names: {} }] });
    expect(Object.keys(at(few, {}).outputs)).toEqual(['stage']);
    expect(at(mapping, {}).outputs).not.toHaveProperty('health_trend');
    expect(at(mappingOf([]), {}).outputs).not.toHaveProperty('stage');
  });

  test('J9 J22 the day a stage was entered is a day of the mapping’s zone', () => {
    const auckland = { ...mapping, timezone: 'Pacific/Auckland' };
    expect(at(auckland, {}).outputs.stage_entered).toBe('2026-10-13');
  });
});

describe('health outputs (J21, J22)', () => {
  const scale = [
    { at: 0, score: 100 },
    { at: 90, score: 0 },
  ];
  const health = healthOf(
    [
      group('g', [
        measure('meeting', { label: 'Last meeting', value: daysSince('meeting'), scale }),
        measure('tickets', {
          label: 'Open tickets',
          scale: [...scale].map((one) => ({ ...one, at: one.at / 9 })),
        }),
        measure('nps', { label: 'NPS', halfLife: { duration: days(90), since: number('asked') } }),
      ]),
    ],
    { caps: [{ when: flag('escalated'), max: 30, label: 'open escalation' }], minCoverage: 0.5 },
  );
  const mapping = mappingOf([], { health, segments: [segment('vip', flag('vip'))] });
  const FIELDS: Fields = {
    meeting: [day(-80), -80],
    tickets: 8,
    nps: 90,
    asked: day(-10),
    vip: true,
  };

  test('J21 drags and lifts in words with their numbers, dates and never ages', () => {
    const { outputs } = at(mapping, FIELDS);
    expect(outputs).toMatchObject({ health_score: 38, health_band: 'red', segment: 'vip' });
    expect(outputs.health_reason).toBe(
      'Down: Last meeting: 24 Jul 2026; Open tickets: 8. Up: NPS: 90 (from 2 Oct 2026).',
    );
  });

  test('J18 J21 a cap and a lack of data are told first', () => {
    const full = { ...FIELDS, tickets: 0, meeting: [day(-1), -1] as const };
    expect(at(mapping, { ...full, escalated: true }).outputs.health_reason).toMatch(
      /^At most 30: open escalation\. Up: /,
    );
    expect(at(mapping, { tickets: 0 }).outputs).toMatchObject({ health_score: 100, health_band: 'unknown' });
    expect(at(mapping, { tickets: 0 }).outputs.health_reason).toBe(
      'Too little data: 33.33 % of the weight, 50 % needed. Up: Open tickets: 0.',
    );
    expect(at(mapping, {}).outputs).toMatchObject({ health_score: null, health_reason: 'No data.' });
  });

  test('J20 J22 no text changes with the day while the facts stay', () => {
    const first = at(mapping, FIELDS);
    const later = at(mapping, FIELDS, { instant: day(2), previousHealth: first.health ?? NO_HEALTH });
    expect(later.outputs.health_reason).toBe(first.outputs.health_reason);
    expect(later.outputs.health_score).not.toBe(first.outputs.health_score);
  });

  test('J22 texts carry no control characters of a CRM', () => {
    const hostile = mappingOf([
      stage('a', {
        enter: {
          ...flag('name'),
          test: () => true,
          explain: (c) => ({ ...flag('name').explain(c), holds: true }),
        },
      }),
    ]);
    const { outputs } = at(hostile, { name: 'x\u001b[31m\u202e\nred\u0000' });
    expect(outputs.stage_reason).toBe('name is yes (now "x [31m red")');
  });
});

describe('evaluating again', () => {
  test('J11 J22 the same facts at the same instant give the same outputs and no move', () => {
    fc.assert(
      fc.property(situation, ({ input }) => {
        const first = evaluate({ ...input, previousHealth: NO_HEALTH });
        const second = evaluate({
          ...input,
          state: first.step.state,
          changes: { factsChanged: false },
          previousHealth: first.health ?? NO_HEALTH,
        });
        expect(second.step.transitions).toEqual([]);
        expect(second.outputs).toEqual(first.outputs);
        expect(second.result).toEqual(first.result);
        expect(second.segments).toEqual(first.segments);
      }),
      { numRuns: 500 },
    );
  });

  test('J22 no output of a settled subject changes within the day while nothing happens', () => {
    const mapping = mappingOf(PATH);
    const fields = { signed: true, seen: [day(-3), -3] as const };
    const first = at(mapping, fields);
    for (const hours of [1, 5, 11]) {
      const later = at(mapping, fields, {
        state: first.step.state,
        instant: T0 + (hours * DAY) / 24,
        changes: { factsChanged: false },
      });
      expect(later.outputs).toEqual(first.outputs);
    }
  });
});
