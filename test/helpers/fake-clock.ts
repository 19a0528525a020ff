import type { Clock } from '../../src/model/clock.ts';

interface Sleeper {
  readonly at: number;
  readonly order: number;
  readonly wake: () => void;
}

/** A clock that stands still until it is told to move; sleepers wake in the order of their time. */
export class FakeClock implements Clock {
  #now: number;
  #order = 0;
  #sleepers: Sleeper[] = [];

  constructor(now = Date.UTC(2026, 0, 5, 9)) {
    this.#now = now;
  }

  readonly now = (): number => this.#now;

  readonly sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const onAbort = (): void => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        reject(signal?.reason);
      };
      const sleeper: Sleeper = {
        at: this.#now + Math.max(0, ms),
        order: this.#order++,
        wake: () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      this.#sleepers.push(sleeper);
      signal?.addEventListener('abort', onAbort, { once: true });
    });

  /** Sleepers that have not woken yet. */
  get sleeping(): number {
    return this.#sleepers.length;
  }

  /** Moves time, waking sleepers on the way, each at its own instant. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (;;) {
      const next = this.#next();
      if (next === undefined || next.at > end) break;
      this.#wake(next);
      await settle();
    }
    this.#now = end;
    await settle();
  }

  /** Sets the clock without waking anybody: a correction of the machine's time. */
  jump(ms: number): void {
    this.#now += ms;
  }

  /** Lets time run, from sleeper to sleeper, until `done` settles. */
  async run<T>(done: Promise<T>): Promise<T> {
    let open = true;
    const end = (): void => {
      open = false;
    };
    done.then(end, end);
    while (open) {
      await settle();
      const next = this.#next();
      if (open && next !== undefined) this.#wake(next);
    }
    return done;
  }

  #next(): Sleeper | undefined {
    let first: Sleeper | undefined;
    for (const one of this.#sleepers) {
      if (first === undefined || one.at < first.at || (one.at === first.at && one.order < first.order))
        first = one;
    }
    return first;
  }

  #wake(sleeper: Sleeper): void {
    this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
    this.#now = Math.max(this.#now, sleeper.at);
    sleeper.wake();
  }
}

/** Lets everything that is ready run, also what is queued behind input and output. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
