import type { Clock } from '../../src/model/clock.ts';

/** What two processes need to agree on the time. */
export interface SharedTime {
  /** How much faster than real time. */
  readonly factor: number;
  /** Epoch milliseconds shown when the machine's clock shows `epoch`. */
  readonly start: number;
  readonly epoch: number;
  /** Milliseconds that were skipped; a test that lets days pass adds to it. Of this process alone. */
  skipped?: number;
}

/** A fast clock that shows the same time in every process that is given the same numbers. */
export function sharedClock(time: SharedTime): Clock {
  const { factor, start, epoch } = time;
  return {
    now: () => Math.floor(start + (Date.now() - epoch) * factor + (time.skipped ?? 0)),
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
