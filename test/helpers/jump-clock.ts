import type { Clock } from '../../src/model/clock.ts';

/** Waits of this length and longer are deadlines, heartbeats and long pauses. */
const LONG_MS = 5_000;
/** Long waits take real time, this much faster: a deadline must not strike while an answer is on its way. */
const FACTOR = 60;

/** A clock for both sides of real HTTP that stands still while they work and jumps to the end of every short wait,
 *  so that rate limits cost no time and much happens in one millisecond. */
export interface JumpClock extends Clock {
  advance(ms: number): void;
  /** Back to the start, for a test that begins anew. */
  restart(): void;
}

export function createJumpClock(start: number): JumpClock {
  let now = start;
  const jumpTo = (at: number): void => {
    now = Math.max(now, at);
  };
  return {
    now: () => now,
    advance: (ms) => jumpTo(now + ms),
    restart: () => {
      now = start;
    },
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) {
          reject(signal.reason);
          return;
        }
        const at = now + Math.max(0, ms);
        const long = ms >= LONG_MS;
        const wake = (): void => {
          signal?.removeEventListener('abort', onAbort);
          jumpTo(at);
          resolve();
        };
        const timer = long ? setTimeout(wake, ms / FACTOR) : setImmediate(wake);
        const onAbort = (): void => {
          if (long) clearTimeout(timer as NodeJS.Timeout);
          else clearImmediate(timer as NodeJS.Immediate);
          reject(signal?.reason);
        };
        signal?.addEventListener('abort', onAbort, { once: true });
      }),
  };
}
