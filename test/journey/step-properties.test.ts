import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { contextAt, explainSubject, type StepInput, step } from '../../src/journey/index.ts';
import type { Condition, EvalContext, Stage } from '../../src/mapping/types.ts';
import type { JourneyState } from '../../src/model/facts.ts';
import { situation } from './arbitrary.ts';
import { DAY } from './fakes.ts';

const RUNS = { numRuns: 1500 };

/** J11.3 to 8 word by word, slow and without the engine's own functions: the stage after the step. */
function oracle(input: StepInput): { readonly stage: string | null; readonly loop: boolean } {
  const { mapping, instant } = input;
  let state = input.state;
  const left = new Set(
    state.visits.filter((one) => one.left === instant && one.rule !== 'skipped').map((one) => one.stage),
  );
  for (;;) {
    const context = contextAt(mapping, input.context, state, instant);
    const to = goal(mapping.stages, state, context, input);
    if (to === undefined || (to === state.stage && to === null)) return { stage: state.stage, loop: false };
    if (state.stage !== null) left.add(state.stage);
    const visits = state.visits.map((one) =>
      one.left === null ? { ...one, left: instant, skipped: one.entered === instant } : one,
    );
    if (to !== null && left.has(to)) return { stage: state.stage, loop: true };
    const entered = {
      stage: to ?? '',
      entered: instant,
      left: null,
      noticed: 0,
      cause: 'time' as const,
      rule: '',
      mappingVersion: '',
      skipped: false,
      uncertain: false,
    };
    state = {
      ...state,
      stage: to,
      entered: to === null ? null : instant,
      visits: to === null ? visits : [...visits, entered],
    };
  }
}

/** Where the present stage leads; undefined: it stays. */
function goal(
  stages: readonly Stage[],
  state: JourneyState,
  context: EvalContext,
  input: StepInput,
): string | null | undefined {
  const present = stages.find((one) => one.name === state.stage);
  const exit = present?.exit.find((one) => one.when.test(context));
  if (exit !== undefined) return exit.to;
  if (present?.terminal === true) return undefined;
  const eligible = stages.filter((one) => {
    if (one.isDefault) return true;
    if (one.enter === null || !one.enter.test(context)) return false;
    if (one.from !== null && (state.stage === null || !one.from.includes(state.stage))) return false;
    return one.for === null || heldHalfDaily(one.enter, one.for.before(context.now), context, state, input);
  });
  let candidates = stages.filter((one) => {
    if (eligible.includes(one)) return true;
    const stay = one.stay ?? one.enter;
    return one === present && (stay === null || stay.test(context));
  });
  const minStay = present?.minStay ?? null;
  if (minStay !== null && context.now < minStay.after(state.entered ?? 0)) {
    candidates = candidates.filter((one) => one.urgent || one === present);
    if (candidates.length === 0) return undefined;
  }
  const winner = candidates.at(-1);
  if (winner === present && present !== undefined) return undefined;
  return winner?.name ?? null;
}

/** Truth looked at every half day and just after; all fields of the random cases change at whole days. */
function heldHalfDaily(
  enter: Condition,
  from: number,
  context: EvalContext,
  state: JourneyState,
  input: StepInput,
): boolean {
  const first = Math.min(...Object.values(context.facts.person?.origins ?? {}).map((origin) => origin.at));
  if (from < first) return false;
  for (let at = from; at < context.now; at += DAY / 2) {
    for (const instant of [at, at + 1]) {
      const known = asKnown(context, instant);
      const then = { ...state, visits: state.visits.filter((one) => one.entered <= instant) };
      const open = then.visits.findLast((one) => !one.skipped && (one.left === null || one.left > instant));
      const journey = {
        stage: open?.stage ?? null,
        entered: null,
        previous: null,
        visits: 0,
        score: null,
        band: null,
      };
      const bare = { ...context, facts: known, now: instant, journey, segments: [] };
      const segments = input.mapping.segments.filter((one) => one.when.test(bare)).map((one) => one.name);
      if (!enter.test({ ...bare, segments })) return false;
    }
  }
  return true;
}

function asKnown(context: EvalContext, instant: number): EvalContext['facts'] {
  const { person } = context.facts;
  if (person === null) return context.facts;
  const values = Object.fromEntries(
    Object.entries(person.values).filter(([field]) => (person.origins[field]?.at ?? 0) <= instant),
  );
  return { ...context.facts, person: { ...person, values } };
}

describe('random mappings and courses', () => {
  test('J11 the step ends where the rule read word by word ends', () => {
    fc.assert(
      fc.property(situation, ({ input }) => {
        const result = step(input);
        expect({ stage: result.state.stage, loop: result.loop }).toEqual(oracle(input));
      }),
      RUNS,
    );
  });

  test('J11.8 a second step at the same instant moves nothing', () => {
    fc.assert(
      fc.property(situation, ({ input }) => {
        const first = step(input);
        const second = step({ ...input, state: first.state, changes: { factsChanged: false } });
        expect(second.transitions).toEqual([]);
        expect(second.state).toEqual(first.state);
      }),
      RUNS,
    );
  });

  test('J12 visits: nothing erased, in order, at most one open, which is the present stage', () => {
    fc.assert(
      fc.property(situation, ({ input, state }) => {
        const after = step(input).state;
        expect(after.visits.slice(0, state.visits.length).map((one) => [one.stage, one.entered])).toEqual(
          state.visits.map((one) => [one.stage, one.entered]),
        );
        const open = after.visits.filter((one) => one.left === null);
        expect(open.map((one) => [one.stage, one.entered])).toEqual(
          after.stage === null ? [] : [[after.stage, after.entered]],
        );
        let last = Number.NEGATIVE_INFINITY;
        for (const one of after.visits) {
          expect(one.entered).toBeGreaterThanOrEqual(last);
          last = one.entered;
          expect(one.skipped).toBe(one.left === one.entered);
        }
      }),
      RUNS,
    );
  });

  test('J33 the explanation takes the decision that the step takes', () => {
    let moved = 0;
    fc.assert(
      fc.property(situation, ({ input, state }) => {
        const { mapping, context, instant } = input;
        const explanation = explainSubject({ mapping, context, state, instant, health: null });
        const result = step(input);
        const first = result.transitions[0];
        moved += first === undefined ? 0 : 1;
        const decision = explanation.stage?.decision;
        expect(decision?.move ?? null).toEqual(
          first === undefined ? null : { to: first.to, rule: first.rule },
        );
        if (first === undefined) expect(decision?.loop).toBe(result.loop);
        const seen = contextAt(mapping, context, state, instant);
        for (const judged of explanation.stage?.stages ?? []) {
          const rules = mapping.stages.find((one) => one.name === judged.stage)!;
          expect(judged.enter?.holds ?? null).toBe(rules.enter?.test(seen) ?? null);
          expect(judged.stay?.holds ?? null).toBe(rules.stay?.test(seen) ?? null);
        }
        // Who is about to enter the next stage by its rule misses nothing for it.
        const { next } = explanation;
        if (next !== null && decision?.move?.rule === `stages.${next.stage}.enter`) {
          expect(next.unmet.filter((one) => one.kind !== 'leaves')).toEqual([]);
        }
      }),
      RUNS,
    );
    expect(moved).toBeGreaterThan(RUNS.numRuns / 20);
  });
});
