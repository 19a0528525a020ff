/** Whether a request fits, and what a vendor's headers say about it. */
export interface LimitVerdict {
  readonly allowed: boolean;
  /** Requests left in the window after this one. */
  readonly remaining: number;
  /** Milliseconds until the next request would be allowed; 0 when one is left now. */
  readonly retryAfterMs: number;
}

export interface WindowLimit {
  readonly name: string;
  readonly windowMs: number;
  readonly limit: number;
  /** Asks for one request at `now` (sandbox time). A refused request takes nothing from the window. */
  take(now: number): LimitVerdict;
  /** What is left at `now` without asking for anything. */
  remaining(now: number): number;
  /** Most requests, refused ones included, that arrived in any window so far: above `limit` a client overran it. */
  peak(): number;
  reset(): void;
}

/** Instants in the half-open window (now - windowMs, now], oldest first; old ones fall out at the front. */
interface Instants {
  push(now: number): void;
  /** Count after dropping what left the window. */
  count(now: number): number;
  oldest(): number | undefined;
  clear(): void;
}

function createInstants(windowMs: number): Instants {
  let values: number[] = [];
  let head = 0;
  return {
    push: (now) => {
      values.push(now);
    },
    count: (now) => {
      while (head < values.length && values[head]! <= now - windowMs) head += 1;
      if (head > 4096 && head * 2 > values.length) {
        values = values.slice(head);
        head = 0;
      }
      return values.length - head;
    },
    oldest: () => values[head],
    clear: () => {
      values = [];
      head = 0;
    },
  };
}

/** An exact sliding window: no window of `windowMs` ever lets more than `limit` requests through. */
export function createWindowLimit(options: {
  readonly name: string;
  readonly windowMs: number;
  readonly limit: number;
}): WindowLimit {
  const { name, windowMs, limit } = options;
  const granted = createInstants(windowMs);
  const arrived = createInstants(windowMs);
  let peak = 0;
  const waitFor = (now: number): number => {
    const oldest = granted.oldest();
    return oldest === undefined ? 0 : Math.max(0, oldest + windowMs - now);
  };
  return {
    name,
    windowMs,
    limit,
    take: (now) => {
      arrived.push(now);
      peak = Math.max(peak, arrived.count(now));
      const used = granted.count(now);
      if (used >= limit) return { allowed: false, remaining: 0, retryAfterMs: waitFor(now) };
      granted.push(now);
      const remaining = limit - used - 1;
      return { allowed: true, remaining, retryAfterMs: remaining > 0 ? 0 : waitFor(now) };
    },
    remaining: (now) => Math.max(0, limit - granted.count(now)),
    peak: () => peak,
    reset: () => {
      granted.clear();
      arrived.clear();
      peak = 0;
    },
  };
}
