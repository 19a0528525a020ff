import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createWindowLimit } from '../../src/sandbox/index.ts';

describe('window limit', () => {
  test('lets exactly the limit through and tells when the next one fits', () => {
    const limit = createWindowLimit({ name: 'x', windowMs: 10_000, limit: 3 });
    expect(limit.take(0)).toEqual({ allowed: true, remaining: 2, retryAfterMs: 0 });
    limit.take(4_000);
    expect(limit.take(5_000)).toEqual({ allowed: true, remaining: 0, retryAfterMs: 5_000 });
    expect(limit.take(9_999)).toEqual({ allowed: false, remaining: 0, retryAfterMs: 1 });
    expect(limit.take(10_000).allowed).toBe(true);
    expect(limit.take(13_999).allowed).toBe(false);
    expect(limit.take(14_000).allowed).toBe(true);
    limit.reset();
    expect(limit.remaining(14_000)).toBe(3);
    expect(limit.peak()).toBe(0);
  });

  test('the peak counts refused requests too, so that an overrun shows', () => {
    const limit = createWindowLimit({ name: 'x', windowMs: 1_000, limit: 2 });
    for (let index = 0; index < 5; index += 1) limit.take(100);
    limit.take(5_000);
    expect(limit.peak()).toBe(5);
  });

  test('no window ever holds more grants than the limit, and no request is refused without need', () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 200 });
    fc.assert(
      fc.property(gaps, fc.integer({ min: 1, max: 8 }), (steps, size) => {
        const limit = createWindowLimit({ name: 'x', windowMs: 1_000, limit: size });
        const granted: number[] = [];
        let now = 0;
        for (const step of steps) {
          now += step;
          const inside = granted.filter((at) => at > now - 1_000).length;
          expect(limit.take(now).allowed).toBe(inside < size);
          if (inside < size) granted.push(now);
        }
      }),
    );
  });
});
