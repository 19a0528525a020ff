import { describe, expect, test } from '@jest/globals';
import { EMPTY_STATE, evaluate } from '../../src/journey/index.ts';
import type { FactTimeline, Scalar } from '../../src/model/facts.ts';
import { contextOf, day, factsOf, group, healthOf, mappingOf, measure, number, T0 } from './fakes.ts';

const mapping = mappingOf([], {
  health: healthOf([group('g', [measure('m', { value: number('score') })])]),
});

/** A person whose score field was something else until an instant. */
function trendOf(before: Scalar, after: Scalar, changed: number, born = -100): unknown {
  const facts = (value: Scalar) => factsOf(value === null ? { name: ['x', born] } : { score: [value, born] });
  const past: FactTimeline = {
    at: (instant) =>
      instant < day(born) ? { ...facts(null), person: null } : facts(instant < changed ? before : after),
    changes: () => [],
    unknownAt: () => false,
  };
  const { outputs } = evaluate({
    mapping,
    context: { ...contextOf(facts(after)), past },
    state: EMPTY_STATE,
    instant: T0,
    noticed: T0,
    changes: { factsChanged: true },
    previousHealth: { score: null, band: null },
  });
  return outputs.health_trend;
}

describe('J20 the trend', () => {
  test('compares with the facts of thirty days ago', () => {
    expect(trendOf(40, 80, day(-10))).toBe('up');
    expect(trendOf(80, 40, day(-10))).toBe('down');
    // It changed before the window began.
    expect(trendOf(40, 80, day(-31))).toBe('flat');
    expect(trendOf(40, 80, day(-29))).toBe('up');
  });

  test('five points make a direction', () => {
    expect(trendOf(50, 54, day(-1))).toBe('flat');
    expect(trendOf(50, 55, day(-1))).toBe('up');
    expect(trendOf(50, 45, day(-1))).toBe('down');
  });

  test('is unknown when one of the two has too little data, or nobody was there', () => {
    expect(trendOf(null, 80, day(-1))).toBe('unknown');
    expect(trendOf(80, null, day(-1))).toBe('unknown');
    expect(trendOf(40, 80, day(-1), -20)).toBe('unknown');
  });
});
