import type { Clock } from '../../src/model/clock.ts';

/** Real time that runs `factor` times faster, for tests that meet real rate limits over real HTTP: give the same
 *  clock to both sides. */
export function createFastClock(factor: number, start = Date.UTC(2026, 10, 1, 12)): Clock {
  const began = performance.now();
  return {
    now: () => Math.floor(start + (performance.now() - began) * factor),
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) {
          reject(signal.reason);
          return;
        }
        const onAbort = (): void => {
          clearTimeout(timer);
          reject(signal?.reason);
        };
        const timer = setTimeout(() => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        }, ms / factor);
        signal?.addEventListener('abort', onAbort, { once: true });
      }),
  };
}
