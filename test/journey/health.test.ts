import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  bandOf,
  evaluateSegments,
  NO_HEALTH,
  primarySegment,
  scoreHealth,
  scoreToWrite,
} from '../../src/journey/index.ts';
import { createZone, parseSpan, zonedDuration } from '../../src/mapping/index.ts';
import type { HealthModel, Measure } from '../../src/mapping/types.ts';
import type { Scalar } from '../../src/model/facts.ts';
import {
  DAY,
  day,
  days,
  evalContext,
  factsOf,
  flag,
  group,
  healthOf,
  inSegment,
  mappingOf,
  measure,
  number,
  segment,
  T0,
} from './fakes.ts';

type Values = Readonly<Record<string, Scalar>>;

const contextFor = (values: Values, segments: readonly string[] = [], now = T0) =>
  evalContext(
    factsOf(Object.fromEntries(Object.entries(values).map(([name, value]) => [name, [value, -10] as const]))),
    now,
    segments,
  );

function score(model: HealthModel, values: Values, segments: readonly string[] = [], now = T0) {
  const result = scoreHealth(mappingOf([], { health: model }), contextFor(values, segments, now), NO_HEALTH);
  if (result === null) throw new Error('no health');
  return result;
}

const one = (rest: Partial<Measure> = {}): HealthModel => healthOf([group('g', [measure('m', rest)])]);

describe('scores (J18)', () => {
  test('J18 weighted mean of measures, then of groups, as a whole number', () => {
    const model = healthOf([
      group('g', [measure('a', { weight: 3 }), measure('b')], { weight: 2 }),
      group('h', [measure('c')]),
    ]);
    const result = score(model, { a: 80, b: 40, c: 10 });
    expect(result.groups.map((one) => one.score)).toEqual([70, 10]);
    expect(result.uncapped).toBe(50);
    expect(result.score).toBe(50);
    expect(result.groups.map((one) => one.weight)).toEqual([2 / 3, 1 / 3]);
    expect(result.groups[0]?.measures[0]).toMatchObject({ weight: 0.5, contribution: 15, hasData: true });
  });

  test('J18 halves go up, whatever binary fractions make of them', () => {
    expect(score(one(), { m: 49.5 }).score).toBe(50);
    expect(score(one(), { m: 49.4999 }).score).toBe(49);
    // 0.3 * 1 + 0.7 * 56 is 39.5 in tenths, a little less in binary.
    const tenths = [0.3, 0.7].map((weight, i) => measure(`m${i}`, { weight }));
    expect(score(healthOf([group('g', tenths)]), { m0: 1, m1: 56 }).score).toBe(40);
  });

  test.each([
    [-5, 100],
    [0, 100],
    [15, 75],
    [30, 50],
    [60, 25],
    [90, 0],
    [400, 0],
  ])('J18 a scale is linear between its points and level beyond: %p gives %p', (value, expected) => {
    const scale = [
      { at: 0, score: 100 },
      { at: 30, score: 50 },
      { at: 90, score: 0 },
    ];
    expect(score(one({ scale }), { m: value }).uncapped).toBeCloseTo(expected, 9);
  });

  test('J18 a value without a scale is held within 0 and 100', () => {
    expect(score(one(), { m: 250 }).score).toBe(100);
    expect(score(one(), { m: -3 }).score).toBe(0);
  });

  test('J18 the first case that holds gives the score; with none there is no data', () => {
    const cases = [
      { when: flag('bad'), score: 10 },
      { when: flag('good'), score: 90 },
    ];
    const model = one({ value: null, cases });
    expect(score(model, { bad: true, good: true }).score).toBe(10);
    expect(score(model, { good: true }).score).toBe(90);
    expect(score(model, {})).toMatchObject({ score: null, band: 'unknown' });
    const otherwise = one({ value: null, cases: [...cases, { when: null, score: 60 }] });
    expect(score(otherwise, {}).score).toBe(60);
  });

  test('J18 missing skip shares the weight among the rest, of the group and of the groups', () => {
    const model = healthOf([
      group('g', [measure('a'), measure('b')]),
      group('h', [measure('c')], { weight: 3 }),
    ]);
    expect(score(model, { a: 80, c: 20 })).toMatchObject({ score: 35, coverage: 0.875 });
    expect(score(model, { a: 80, b: 60 })).toMatchObject({ score: 70, coverage: 0.25 });
  });

  test('J18 missing zero and a number stand in for the value, but are no data', () => {
    const zero = healthOf([group('g', [measure('a'), measure('b', { missing: 'zero' })])]);
    expect(score(zero, { a: 80 })).toMatchObject({ score: 40, coverage: 0.5 });
    const thirty = healthOf([group('g', [measure('a'), measure('b', { missing: 30 })])]);
    const result = score(thirty, { a: 80 });
    expect(result).toMatchObject({ score: 55, coverage: 0.5 });
    expect(result.groups[0]?.measures[1]).toMatchObject({ score: 30, hasData: false, contribution: -10 });
  });

  test('J18 with nothing left the score is empty and the band unknown', () => {
    expect(score(one(), {})).toMatchObject({ score: null, band: 'unknown', coverage: 0, uncapped: null });
  });

  test('J18 below min_coverage the band is unknown, at it it is not', () => {
    const model = (minCoverage: number) =>
      healthOf([group('g', [measure('a', { weight: 0.3 }), measure('b', { weight: 0.7 })])], { minCoverage });
    expect(score(model(0.3), { a: 90 })).toMatchObject({ score: 90, band: 'green' });
    expect(score(model(0.31), { a: 90 })).toMatchObject({ score: 90, band: 'unknown' });
    // 0.7 + 0.1 of 1 is less than 0.8 in binary.
    const parts = [0.7, 0.1, 0.2].map((weight, i) => measure(`m${i}`, { weight }));
    const tenths = healthOf([group('g', parts)], { minCoverage: 0.8 });
    expect(score(tenths, { m0: 90, m1: 90 }).band).toBe('green');
  });

  test('J18 an empty account with zeros for what it lacks never looks healthy', () => {
    const cases = [{ when: flag('escalated'), score: 0 }];
    const model = healthOf(
      [group('g', [measure('a', { missing: 100 }), measure('b', { value: null, cases, missing: 100 })])],
      { minCoverage: 0.4 },
    );
    expect(score(model, {})).toMatchObject({ score: 100, band: 'unknown', coverage: 0 });
  });

  test('J18 the lowest cap that holds wins, after weighting and before bands', () => {
    const caps = [
      { when: flag('late'), max: 60, label: 'Late' },
      { when: flag('escalated'), max: 30, label: 'Escalated' },
      { when: flag('never'), max: 5, label: 'Never' },
    ];
    const model = healthOf([group('g', [measure('m')])], { caps });
    expect(score(model, { m: 90, late: true })).toMatchObject({
      score: 60,
      band: 'yellow',
      uncapped: 90,
      cap: { label: 'Late', max: 60, lowered: true },
    });
    expect(score(model, { m: 90, late: true, escalated: true })).toMatchObject({ score: 30, band: 'red' });
    expect(score(model, { m: 20, late: true })).toMatchObject({ score: 20, cap: { lowered: false } });
    expect(score(model, { late: true })).toMatchObject({ score: null, cap: { lowered: false } });
  });

  test('J17 J18 weights of the primary segment replace the plain ones', () => {
    const model = healthOf([
      group('g', [measure('a', { segmentWeights: { vip: 0 } }), measure('b')]),
      group('h', [measure('c')], { segmentWeights: { vip: 3 } }),
    ]);
    expect(score(model, { a: 0, b: 100, c: 100 }).score).toBe(75);
    expect(score(model, { a: 0, b: 100, c: 60 }, ['vip', 'other']).score).toBe(70);
    expect(score(model, { a: 0, b: 100, c: 100 }, ['other', 'vip']).score).toBe(75);
    // A weight of 0 asks for no data either.
    expect(score(model, { b: 100, c: 60 }, ['vip']).coverage).toBe(1);
    const none = healthOf([
      group('g', [measure('a', { segmentWeights: { vip: 0 } })]),
      group('h', [measure('c')]),
    ]);
    expect(score(none, { c: 60 }, ['vip'])).toMatchObject({ score: 60, coverage: 1 });
    expect(score(none, { c: 60 })).toMatchObject({ score: 60, coverage: 0.5 });
  });

  test('J18 a half-life halves the score, day by day in the mapping’s zone', () => {
    const model = one({ halfLife: { duration: days(30), since: number('since') } });
    const at = (n: number, now = T0) => score(model, { m: 80, since: day(-n) }, [], now).uncapped;
    expect(at(0)).toBe(80);
    expect(at(30)).toBe(40);
    expect(at(60)).toBe(20);
    expect(at(-5)).toBe(80);
    // Noon to the last millisecond of the day, and to the next one.
    expect(at(30, T0 + DAY / 2 - 1)).toBe(40);
    expect(at(30, T0 + DAY / 2)).toBeLessThan(40);
    expect(score(model, { m: 80 }).score).toBeNull();
  });

  test('J9 J18 a half-life counts calendar days: a change of the clock adds and takes nothing', () => {
    const berlin = createZone('Europe/Berlin');
    const life = (text: string) => ({
      duration: zonedDuration(parseSpan(text)!, berlin),
      since: number('since'),
    });
    const since = Date.UTC(2026, 2, 1, 12);
    const later = (text: string, now: number) =>
      scoreHealth(
        mappingOf([], { timezone: 'Europe/Berlin', health: one({ halfLife: life(text) }) }),
        contextFor({ m: 80, since }, [], now),
        NO_HEALTH,
      )?.uncapped;
    // The clock went forward on 29 March.
    expect(later('20d', berlin.addDays(since, 40))).toBe(20);
    expect(later('240h', berlin.addDays(since, 40))).toBe(5);
    expect(later('2w', berlin.addDays(since, 28))).toBe(20);
  });

  test('J18 a mapping without health has none', () => {
    expect(scoreHealth(mappingOf([]), contextFor({}), NO_HEALTH)).toBeNull();
  });
});

describe('bands (J19)', () => {
  const model = healthOf([], { hysteresis: 3 });

  test('J19 bounds are inclusive', () => {
    expect([100, 70, 69, 40, 39, 0].map((value) => bandOf(model, value, null))).toEqual([
      'green',
      'green',
      'yellow',
      'yellow',
      'red',
      'red',
    ]);
  });

  test.each([
    ['green', 67, 'green'],
    ['green', 66, 'yellow'],
    ['yellow', 73, 'yellow'],
    ['yellow', 74, 'green'],
    ['yellow', 37, 'yellow'],
    ['yellow', 36, 'red'],
    ['red', 43, 'red'],
    ['red', 44, 'yellow'],
    ['red', 90, 'green'],
    ['green', 10, 'red'],
    ['unknown', 69, 'yellow'],
    ['gone', 70, 'green'],
  ])('J19 from %s a score of %p gives %s with a hysteresis of 3', (earlier, value, expected) => {
    expect(bandOf(model, value, earlier)).toBe(expected);
  });

  test('J19 a hysteresis of 0 is plain bounds', () => {
    expect(bandOf({ ...model, hysteresis: 0 }, 70, 'yellow')).toBe('green');
  });

  test('J19 an overridden band is not an earlier band', () => {
    const mapping = mappingOf([], { health: { ...one(), hysteresis: 3 } });
    const previous = { score: 75, band: 'green' };
    expect(scoreHealth(mapping, contextFor({ m: 68 }), previous)?.band).toBe('green');
    expect(scoreHealth(mapping, contextFor({ m: 68 }), { ...previous, overridden: true })?.band).toBe(
      'yellow',
    );
  });

  test('J19 a band once left or kept stays at the same score', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 100 }),
        fc.constantFrom('green', 'yellow', 'red', null),
        fc.integer({ min: 0, max: 15 }),
        (value, earlier, hysteresis) => {
          const once = bandOf({ ...model, hysteresis }, value, earlier);
          expect(bandOf({ ...model, hysteresis }, value, once)).toBe(once);
        },
      ),
    );
  });
});

describe('what is written of a score (J20)', () => {
  test.each([
    [null, 50, false, 50],
    [50, 54, false, 50],
    [50, 55, false, 55],
    [50, 45, false, 45],
    [50, 51, true, 51],
    [50, null, false, null],
    [50, 50, false, 50],
  ] as const)('J20 in the CRM %p, now %p, band changed %p: %p', (inCrm, now, changed, expected) => {
    expect(scoreToWrite(inCrm, now, changed, 5)).toBe(expected);
  });
});

describe('segments (J17)', () => {
  const mapping = mappingOf([], {
    segments: [segment('big', flag('big')), segment('new', flag('new')), segment('loop', inSegment('big'))],
  });

  test('J17 all that hold, in listed order; the first is the primary one', () => {
    const names = evaluateSegments(mapping, contextFor({ new: true, big: true }));
    expect(names).toEqual(['big', 'new']);
    expect(primarySegment(names)).toBe('big');
    expect(primarySegment(evaluateSegments(mapping, contextFor({})))).toBeNull();
  });

  test('J17 a segment sees no segments, not even those of the caller', () => {
    expect(evaluateSegments(mapping, contextFor({ big: true }, ['big']))).toEqual(['big']);
  });
});

describe('random models (J18, J21)', () => {
  const value = fc.option(fc.double({ min: -20, max: 150, noNaN: true }), { nil: null, freq: 2 });
  const weight = fc.integer({ min: 0, max: 5 });
  const missing = fc.oneof(
    fc.constantFrom('skip' as const, 'zero' as const),
    fc.integer({ min: 0, max: 100 }),
  );
  const groups = fc.array(
    fc.record({
      weight,
      measures: fc.array(fc.record({ weight, missing, value }), { minLength: 1, maxLength: 4 }),
    }),
    { minLength: 1, maxLength: 4 },
  );

  test('J21 contributions add up, weights add up to 1, everything stays in its bounds', () => {
    fc.assert(
      fc.property(groups, (random) => {
        const values: Record<string, Scalar> = {};
        const model = healthOf(
          random.map((one, g) =>
            group(
              `g${g}`,
              one.measures.map((part, m) => {
                if (part.value !== null) values[`m${g}_${m}`] = part.value;
                return measure(`m${g}_${m}`, { weight: part.weight, missing: part.missing });
              }),
              { weight: one.weight },
            ),
          ),
        );
        const result = score(model, values);
        const measures = result.groups.flatMap((one) => one.measures);
        const weights = measures.reduce((total, part) => total + part.weight, 0);
        const contributions = measures.reduce((total, part) => total + part.contribution, 0);
        expect(result.coverage).toBeGreaterThanOrEqual(0);
        expect(result.coverage).toBeLessThanOrEqual(1 + 1e-9);
        if (result.uncapped === null) {
          expect(result).toMatchObject({ score: null, band: 'unknown' });
          expect(weights).toBe(0);
        } else {
          expect(weights).toBeCloseTo(1, 9);
          expect(contributions).toBeCloseTo(result.uncapped - 50, 6);
          expect(Number.isInteger(result.score)).toBe(true);
          expect(Math.abs((result.score ?? 0) - result.uncapped)).toBeLessThanOrEqual(0.5 + 1e-6);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('J18 scoring again from its own result changes nothing', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 100 }), (before, now) => {
        const mapping = mappingOf([], { health: { ...one(), hysteresis: 4 } });
        const first = scoreHealth(mapping, contextFor({ m: before }), NO_HEALTH)!;
        const second = scoreHealth(mapping, contextFor({ m: now }), first)!;
        expect(scoreHealth(mapping, contextFor({ m: now }), second)).toEqual(second);
      }),
    );
  });
});
