import type { Clock } from '../model/clock.ts';

/** The sandbox's own time: the injected clock plus what `POST /__sandbox/clock {advance}` has added. Stamps of
 *  records, windows of limits, token expiry and the `Date` header all use it, so moving it moves everything. */
export interface SandboxTime {
  /** Epoch milliseconds. */
  now(): number;
  /** Adds milliseconds; negative values are refused, time never runs backwards. */
  advance(ms: number): void;
  /** Back to the injected clock. */
  reset(): void;
}

export function createSandboxTime(clock: Clock): SandboxTime {
  let offset = 0;
  return {
    now: () => clock.now() + offset,
    advance: (ms) => {
      if (!Number.isFinite(ms) || ms < 0) {
        throw new RangeError(`Sandbox time can only be advanced by 0 or more milliseconds; found ${ms}.`);
      }
      offset += ms;
    },
    reset: () => {
      offset = 0;
    },
  };
}
