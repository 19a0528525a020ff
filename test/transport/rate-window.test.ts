import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { RateWindow } from '../../src/transport/rate-window.ts';
import { FakeClock } from '../helpers/fake-clock.ts';

/** Most instants in any window [t, t + span]. */
function peak(instants: readonly number[], span: number): number {
  const sorted = [...instants].sort((a, b) => a - b);
  let most = 0;
  let from = 0;
  for (let to = 0; to < sorted.length; to += 1) {
    while ((sorted[to] ?? 0) - (sorted[from] ?? 0) > span) from += 1;
    most = Math.max(most, to - from + 1);
  }
  return most;
}

interface Call {
  /** Waits this long before it asks, needs this long to reach the server and this long to come back. */
  readonly start: number;
  readonly there: number;
  readonly back: number;
}

async function play(limit: number, windowMs: number, calls: readonly Call[], pauses: readonly number[] = []) {
  const clock = new FakeClock(1_000_000);
  const window = new RateWindow({ name: 'general', limit, windowMs }, clock, 1e9);
  const arrivals: number[] = [];
  const paused: { from: number; to: number }[] = [];
  const sent: number[] = [];
  const work = calls.map(async (call) => {
    await clock.sleep(call.start);
    const slot = await window.acquire();
    sent.push(clock.now());
    await clock.sleep(call.there);
    arrivals.push(clock.now());
    await clock.sleep(call.back);
    slot.done();
  });
  const breaks = pauses.map(async (at) => {
    await clock.sleep(at);
    window.pause(windowMs);
    paused.push({ from: clock.now(), to: clock.now() + windowMs });
  });
  await clock.run(Promise.all([...work, ...breaks]));
  return { arrivals, sent, paused, seconds: (clock.now() - 1_000_000) / 1000 };
}

const call = fc.record({
  start: fc.integer({ min: 0, max: 3_000 }),
  there: fc.integer({ min: 0, max: 900 }),
  back: fc.integer({ min: 0, max: 900 }),
});

describe('rate window', () => {
  test('no window of the server ever holds more than the limit, whatever the latency and concurrency', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 50, max: 1_500 }),
        fc.array(call, { minLength: 1, maxLength: 60 }),
        async (limit, windowMs, calls) => {
          const { arrivals } = await play(limit, windowMs, calls);
          expect(arrivals).toHaveLength(calls.length);
          expect(peak(arrivals, windowMs)).toBeLessThanOrEqual(limit);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('a pause stops everybody, those in the queue too', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(call, { minLength: 5, maxLength: 40 }),
        fc.array(fc.integer({ min: 0, max: 4_000 }), { minLength: 1, maxLength: 3 }),
        async (calls, pauses) => {
          const { sent, paused } = await play(4, 500, calls, pauses);
          for (const { from, to } of paused) {
            expect(sent.filter((at) => at > from && at < to)).toEqual([]);
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  test('uses the limit to the full in the long run: 1,900 requests at 190 per 10 s in under 1.05 of the floor', async () => {
    const calls = Array.from({ length: 1_900 }, () => ({ start: 0, there: 20, back: 20 }));
    const { seconds, arrivals } = await play(190, 10_000, calls);
    expect(peak(arrivals, 10_000)).toBe(190);
    expect(seconds).toBeLessThanOrEqual(100 * 1.05);
  });

  test('spreads: half goes at once, the rest at the rate of the limit', async () => {
    const calls = Array.from({ length: 10 }, () => ({ start: 0, there: 0, back: 0 }));
    const { sent } = await play(10, 1_000, calls);
    expect(sent.map((at) => at - 1_000_000)).toEqual([0, 0, 0, 0, 0, 100, 200, 300, 400, 500]);
  });

  test('a clock set back neither frees slots early nor blocks for ever', async () => {
    const clock = new FakeClock(10_000_000);
    const window = new RateWindow({ name: 'general', limit: 2, windowMs: 1_000 }, clock, 1e9);
    for (let i = 0; i < 2; i += 1) (await clock.run(window.acquire())).done();
    clock.jump(-3_600_000);
    const before = clock.now();
    await clock.run(window.acquire());
    expect(clock.now() - before).toBeGreaterThanOrEqual(500);
    expect(clock.now() - before).toBeLessThanOrEqual(1_010);
  });

  test('a pause longer than anybody waits is reported with its length', async () => {
    const clock = new FakeClock();
    const window = new RateWindow({ name: 'general', limit: 2, windowMs: 1_000 }, clock, 5_000);
    window.pause(60_000);
    await expect(window.acquire()).rejects.toMatchObject({ code: 'crm_rate_limit', retryAfter: 60_000 });
    await clock.advance(55_000);
    const slot = window.acquire();
    await clock.advance(5_000);
    (await slot).done();
  });
});
