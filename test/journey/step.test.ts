import { describe, expect, test } from '@jest/globals';
import { EMPTY_STATE, type StepInput, type StepResult, step } from '../../src/journey/index.ts';
import type { Mapping, Stage } from '../../src/mapping/types.ts';
import type { JourneyState, Scalar } from '../../src/model/facts.ts';
import {
  always,
  contextOf,
  day,
  days,
  factsOf,
  flag,
  inStage,
  mappingOf,
  stage,
  T0,
  visit,
} from './fakes.ts';

type Flags = Readonly<Record<string, readonly [Scalar, number] | boolean>>;

const facts = (flags: Flags) =>
  factsOf(
    Object.fromEntries(
      Object.entries(flags).map(([name, value]) => [
        name,
        typeof value === 'boolean' ? ([value, -400] as const) : value,
      ]),
    ),
  );

function take(
  mapping: Mapping | readonly Stage[],
  flags: Flags,
  state: JourneyState = EMPTY_STATE,
  rest: Partial<StepInput> = {},
): StepResult {
  return step({
    mapping: 'stages' in mapping ? mapping : mappingOf(mapping),
    context: contextOf(facts(flags)),
    state,
    instant: T0,
    noticed: T0,
    changes: { factsChanged: true },
    ...rest,
  });
}

/** In `name` since `since` days from T0, after the visits named before it. */
const inside = (name: string, since: number, before: JourneyState['visits'] = []): JourneyState => ({
  stage: name,
  entered: day(since),
  visits: [...before, visit(name, day(since), null)],
  lastStep: day(since),
  mappingVersion: 'v1',
});

const PATH = [
  stage('awareness', { isDefault: true }),
  stage('trial', { enter: flag('trial') }),
  stage('buying', { enter: flag('buying') }),
  stage('customer', { enter: flag('customer') }),
  stage('risk', { enter: flag('risk'), offPath: true }),
];

describe('one step (J11)', () => {
  interface Case {
    readonly name: string;
    readonly stages: readonly Stage[];
    readonly flags?: Flags;
    readonly state?: JourneyState;
    readonly rest?: Partial<StepInput>;
    readonly to: string | null;
    readonly moves?: number;
    readonly rule?: string;
    readonly loop?: boolean;
  }
  const a = (rest: Partial<Stage> = {}) => stage('a', { enter: flag('a'), ...rest });
  const b = (rest: Partial<Stage> = {}) => stage('b', { enter: flag('b'), ...rest });
  const c = (rest: Partial<Stage> = {}) => stage('c', { enter: flag('c'), ...rest });

  const CASES: readonly Case[] = [
    { name: 'J11.5 the default is always eligible', stages: PATH, to: 'awareness', rule: 'default' },
    { name: 'J11.7 no candidate: no stage', stages: [a(), b()], to: null, moves: 0 },
    {
      name: 'J11.7 the candidate listed last wins',
      stages: PATH,
      flags: { trial: true, customer: true },
      to: 'customer',
      rule: 'stages.customer.enter',
    },
    {
      name: 'J11.7 an off-path stage listed last wins too',
      stages: PATH,
      flags: { customer: true, risk: true },
      to: 'risk',
    },
    {
      name: 'J11.6 P leaves when its enter no longer holds, to a stage listed before it',
      stages: PATH,
      flags: { trial: true },
      state: inside('customer', -10),
      to: 'trial',
    },
    {
      name: 'J11.6 stay keeps P although its enter does not hold',
      stages: [a(), b({ stay: flag('keep') })],
      flags: { a: true, keep: true },
      state: inside('b', -10),
      to: 'b',
      moves: 0,
    },
    {
      name: 'J11.6 P whose stay fails is kept as long as its own enter makes it eligible',
      stages: [a(), b({ stay: flag('keep') })],
      flags: { a: true, b: true },
      state: inside('b', -10),
      to: 'b',
      moves: 0,
    },
    {
      name: 'J11.6 P whose stay fails leaves when `from` keeps its enter from counting',
      stages: [a(), b({ stay: flag('keep'), from: ['c'] })],
      flags: { a: true, b: true },
      state: inside('b', -10),
      to: 'a',
      moves: 1,
    },
    {
      name: 'J11.6 stay never asks from: P stays by its enter',
      stages: [a(), b({ from: ['a'] })],
      flags: { b: true },
      state: inside('b', -10),
      to: 'b',
      moves: 0,
    },
    {
      name: 'J11.7 the last rule ends: no stage',
      stages: [a()],
      state: inside('a', -10),
      to: null,
      moves: 1,
      rule: 'stages.a.enter',
    },
    {
      name: 'J11.7 leaving to no stage names stay when there is one',
      stages: [a({ stay: flag('keep') })],
      state: inside('a', -10),
      to: null,
      rule: 'stages.a.stay',
    },
    {
      name: 'J11.5 from keeps out who comes from elsewhere',
      stages: [a(), b({ from: ['c'] }), c()],
      flags: { a: true, b: true },
      state: inside('a', -10),
      to: 'a',
      moves: 0,
    },
    {
      name: 'J11.5 from keeps out who is in no stage',
      stages: [a(), b({ from: ['a'] })],
      flags: { b: true },
      to: null,
      moves: 0,
    },
    {
      name: 'J11.8 the step repeats: from lets the second move follow at once',
      stages: [a(), b({ from: ['a'] })],
      flags: { a: true, b: true },
      to: 'b',
      moves: 2,
      rule: 'stages.b.enter',
    },
    {
      name: 'J11.3 the first exit that holds decides, whatever enter, from and for of its target say',
      stages: [
        a({
          exit: [
            { to: 'b', when: flag('x') },
            { to: 'c', when: flag('y') },
            { to: 'b', when: flag('z') },
          ],
        }),
        b(),
        c({ enter: always(false), from: ['b'], for: days(30), stay: flag('y') }),
      ],
      flags: { a: true, y: true, z: true },
      state: inside('a', -10),
      to: 'c',
      moves: 1,
      rule: 'stages.a.exit[1]',
    },
    {
      name: 'J11.3 exit to none',
      stages: [a({ exit: [{ to: null, when: flag('x') }] })],
      flags: { x: true },
      state: inside('a', -10),
      to: null,
      moves: 1,
      rule: 'stages.a.exit[0]',
    },
    {
      name: 'J11.3 exit does not wait for min_stay',
      stages: [a({ minStay: days(30), exit: [{ to: 'b', when: flag('x') }] }), b({ stay: flag('x') })],
      flags: { a: true, x: true },
      state: inside('a', -1),
      to: 'b',
    },
    {
      name: 'J11.4 a terminal stage is not left by other rules',
      stages: [a({ terminal: true }), b(), c({ urgent: true })],
      flags: { b: true, c: true },
      state: inside('a', -10),
      to: 'a',
      moves: 0,
    },
    {
      name: 'J11.4 a terminal stage is left by its exit',
      stages: [a({ terminal: true, exit: [{ to: 'b', when: flag('x') }] }), b()],
      flags: { b: true, x: true },
      state: inside('a', -10),
      to: 'b',
    },
    {
      name: 'J11.6 min_stay holds back a stage listed later',
      stages: [a({ minStay: days(30) }), b()],
      flags: { a: true, b: true },
      state: inside('a', -29),
      to: 'a',
      moves: 0,
    },
    {
      name: 'J11.6 min_stay is over at its very end',
      stages: [a({ minStay: days(30) }), b()],
      flags: { a: true, b: true },
      state: inside('a', -30),
      to: 'b',
    },
    {
      name: 'J11.6 while min_stay lasts P remains even when no rule holds',
      stages: [a({ minStay: days(30) }), b()],
      state: inside('a', -29),
      to: 'a',
      moves: 0,
    },
    {
      name: 'J11.6 urgent breaks min_stay when listed later',
      stages: [a({ minStay: days(30) }), b({ urgent: true })],
      flags: { a: true, b: true },
      state: inside('a', -1),
      to: 'b',
    },
    {
      name: 'J11.6 urgent listed before P loses against P while its stay holds',
      stages: [b({ urgent: true }), a({ minStay: days(30) })],
      flags: { a: true, b: true },
      state: inside('a', -1),
      to: 'a',
      moves: 0,
    },
    {
      name: 'J11.6 urgent listed before P wins when P is no candidate',
      stages: [b({ urgent: true }), a({ minStay: days(30) })],
      flags: { b: true },
      state: inside('a', -1),
      to: 'b',
    },
    {
      name: 'J11.8 a stage left at t is not entered again at t: journey-loop',
      stages: [a({ exit: [{ to: 'b', when: flag('x') }] }), b({ exit: [{ to: 'a', when: flag('y') }] })],
      flags: { a: true, x: true, y: true },
      state: inside('a', -10),
      to: 'b',
      moves: 1,
      loop: true,
    },
    {
      name: 'J11.8 an exit to no stage whose enter still holds is a loop',
      stages: [a({ exit: [{ to: null, when: flag('a') }] })],
      flags: { a: true },
      state: inside('a', -10),
      to: null,
      moves: 1,
      loop: true,
    },
    {
      name: 'J11.2 an override decides and stops, even against a terminal stage',
      stages: [a({ terminal: true }), b(), c()],
      flags: { a: true, c: true },
      state: inside('a', -10),
      rest: { override: { stage: 'b' } },
      to: 'b',
      moves: 1,
      rule: 'override',
    },
    {
      name: 'J11.2 an override in force keeps its stage',
      stages: [a(), b(), c()],
      flags: { a: true, c: true },
      state: inside('b', -10),
      rest: { override: { stage: 'b' } },
      to: 'b',
      moves: 0,
    },
    {
      name: 'J29 when an override ends min_stay does not hold its stage',
      stages: [a({ minStay: days(30) }), b()],
      flags: { b: true },
      state: inside('a', -1),
      rest: { changes: { factsChanged: false, overrideEnded: true } },
      to: 'b',
    },
    {
      name: 'J11 a stage that the mapping lost is left by the rules that are there',
      stages: [a(), b()],
      flags: { a: true },
      state: inside('gone', -10),
      to: 'a',
    },
    {
      name: 'J16 a renamed stage is kept without a transition',
      stages: [a(), b({ renamedFrom: ['old'] })],
      flags: { b: true },
      state: inside('old', -10),
      to: 'b',
      moves: 0,
    },
    {
      name: 'J11.6 a stage reached only by an exit is kept until something ends it',
      stages: [a(), stage('parked')],
      flags: { a: true },
      state: inside('parked', -10),
      to: 'parked',
      moves: 0,
    },
    {
      name: 'J11.1 a rule sees the journey as it was before the step',
      stages: [a(), b({ enter: inStage('a') })],
      flags: { a: true },
      state: inside('a', -10),
      to: 'b',
      moves: 1,
      // In b nothing keeps it: its enter asks for stage a, which was left at this instant.
      loop: true,
    },
  ];

  test.each(CASES.map((one) => [one.name, one] as const))('%s', (_name, one) => {
    const result = take(one.stages, one.flags ?? {}, one.state, one.rest);
    expect(result.state.stage).toBe(one.to);
    if (one.moves !== undefined) expect(result.transitions).toHaveLength(one.moves);
    if (one.rule !== undefined) expect(result.transitions.at(-1)?.rule).toBe(one.rule);
    expect(result.loop).toBe(one.loop ?? false);
  });
});
