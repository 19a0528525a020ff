import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Condition } from '../../src/mapping/types.ts';
import { BASE, condition, instant, world } from './arbitrary.ts';
import { contextOf, DAY, load, ruleText } from './kit.ts';

const ZONE = { timezone: 'Europe/Berlin' };

/** The condition of a random rule; null when the checks refuse it (a contradiction by chance). */
function made(rule: unknown): Condition | null {
  return load(ruleText(JSON.stringify(rule)), ZONE).mapping?.stages[1]?.enter ?? null;
}

describe('one tree, three readers', () => {
  test('J6, J33 the explanation says what the decision says', () => {
    let seen = 0;
    fc.assert(
      fc.property(condition, world, instant, (rule, facts, now) => {
        const compiled = made(rule);
        if (compiled === null) return;
        seen += 1;
        const context = contextOf(facts, now);
        const trace = compiled.explain(context);
        expect(trace.holds).toBe(compiled.test(context));
        expect(trace.distance === 0).toBe(trace.holds);
        expect(trace.distance).toBeLessThanOrEqual(1);
        expect(compiled.text).not.toBe('');
      }),
      { numRuns: 1500 },
    );
    expect(seen).toBeGreaterThan(900);
  });

  test('J11.5 a condition tested at a late instant is the condition as it stands', () => {
    fc.assert(
      fc.property(condition, world, (rule, facts) => {
        const compiled = made(rule);
        if (compiled === null) return;
        const now = BASE + 40 * DAY;
        const context = contextOf(facts, now);
        expect(compiled.testAt(context, now)).toBe(compiled.test(context));
      }),
      { numRuns: 600 },
    );
  });

  test('J13, J15 between the instants a condition names, its truth does not move', () => {
    fc.assert(
      fc.property(
        condition,
        world,
        fc.array(fc.integer({ min: -8 * 24 * 60, max: 20 * 24 * 60 }), { minLength: 12, maxLength: 12 }),
        (rule, facts, minutes) => {
          const compiled = made(rule);
          if (compiled === null) return;
          const from = BASE - 8 * DAY;
          const to = BASE + 20 * DAY;
          const context = contextOf(facts, to);
          const instants = compiled.instants(context, from, to);
          expect([...instants]).toEqual([...new Set(instants)].sort((a, b) => a - b));
          const near = instants.flatMap((at) => [at - 1, at]);
          for (const at of [...minutes.map((minute) => BASE + minute * 60_000), ...near]) {
            if (at < from || at > to) continue;
            const before = instants.filter((one) => one <= at).at(-1) ?? from;
            const there = compiled.testAt(context, before);
            if (compiled.testAt(context, at) !== there) {
              throw new Error(`moved between ${before} and ${at}: ${compiled.text}`);
            }
          }
        },
      ),
      { numRuns: 600 },
    );
  });

  test('J10 any text is answered with problems, never with an exception', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200, unit: 'binary' }), (text) => {
        load(text);
        load(ruleText(`{ expr: ${JSON.stringify(text)} }`));
      }),
      { numRuns: 400 },
    );
  });
});
