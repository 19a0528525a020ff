import type { Clock } from '../model/clock.ts';
import { WaystageError } from '../model/errors.ts';
import type { BucketLimit } from './port.ts';

/** A place in the window, held from before the request is sent until its answer is there. */
export interface Slot {
  /** The server has certainly counted the request by now (or by `at`, when nobody will tell us). */
  done(at?: number): void;
}

interface Waiter {
  readonly owner: object;
  readonly grant: (slot: Slot) => void;
  readonly refuse: (error: Error) => void;
}

/** Why a timer is ended; see the same in `exchange.ts`. */
const OVER = new Error('no longer waited for');

/** Clocks here and there round to milliseconds, each in its own direction. */
const MARGIN_MS = 5;

/**
 * A limit of requests per window that holds at the *server*: a slot is taken before the request leaves and freed
 * one window after its answer came. The server counted the request somewhere in between, so no window of the
 * server can hold more than `limit`, whatever the latency does. Half of the limit may go at once; the rest is
 * spread at the limit's own rate, so that a late-comer never waits for a whole window.
 */
export class RateWindow {
  readonly #limit: BucketLimit;
  readonly #clock: Clock;
  /** Longest pause that callers are kept waiting for; past it they are told at once. */
  readonly #patience: number;
  readonly #rate: number;
  readonly #burst: number;
  readonly #queue: Waiter[] = [];
  /** When the slots that are no longer in flight were counted at the latest; ascending. */
  #ended: number[] = [];
  #inFlight = 0;
  #tokens: number;
  #seen: number;
  #pausedUntil = 0;
  #timer: AbortController | undefined;

  constructor(limit: BucketLimit, clock: Clock, patience: number) {
    if (!(limit.limit >= 1) || !(limit.windowMs > 0)) {
      throw new WaystageError(
        'internal',
        `bucket ${limit.name} allows ${limit.limit} requests per ${limit.windowMs} ms: expected at least 1 per window`,
      );
    }
    this.#limit = { ...limit, limit: Math.floor(limit.limit) };
    this.#clock = clock;
    this.#patience = patience;
    this.#rate = this.#limit.limit / limit.windowMs;
    this.#burst = Math.max(1, Math.floor(this.#limit.limit / 2));
    this.#tokens = this.#burst;
    this.#seen = clock.now();
  }

  /** Resolves, first come first served, when a request may be sent. Rejects with `crm_rate_limit` when the
   *  bucket is paused for longer than anybody should wait, and with the reason given to `leave`. */
  acquire(owner: object = this): Promise<Slot> {
    return new Promise((grant, refuse) => {
      this.#queue.push({ owner, grant, refuse });
      this.#pump();
    });
  }

  /** Nobody gets a slot for `ms`; a shorter pause never cuts a longer one. */
  pause(ms: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#now() + ms);
    this.#pump();
  }

  /** Refuses all that this owner waits for; others go on. What it has sent stays counted. */
  leave(owner: object, reason: Error): void {
    const [own, others] = [[] as Waiter[], [] as Waiter[]];
    for (const waiter of this.#queue.splice(0)) (waiter.owner === owner ? own : others).push(waiter);
    this.#queue.push(...others);
    for (const waiter of own) waiter.refuse(reason);
    this.#pump();
  }

  /** The clock, with a step backwards taken as no time gone by. */
  #now(): number {
    const now = this.#clock.now();
    if (now < this.#seen) {
      const step = now - this.#seen;
      this.#ended = this.#ended.map((end) => end + step);
      if (this.#pausedUntil > 0) this.#pausedUntil += step;
    } else {
      this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#seen) * this.#rate);
    }
    this.#seen = now;
    return now;
  }

  /** Milliseconds until the next slot: 0 now, null only after somebody's `done`. */
  #wait(now: number): number | null {
    const span = this.#limit.windowMs + MARGIN_MS;
    let gone = 0;
    while (gone < this.#ended.length && (this.#ended[gone] ?? 0) + span <= now) gone += 1;
    if (gone > 0) this.#ended.splice(0, gone);
    if (this.#inFlight >= this.#limit.limit) return null;
    let wait = Math.max(0, this.#pausedUntil - now);
    if (this.#inFlight + this.#ended.length >= this.#limit.limit) {
      wait = Math.max(wait, (this.#ended[0] ?? now) + span - now);
    }
    if (this.#tokens < 1) wait = Math.max(wait, Math.ceil((1 - this.#tokens) / this.#rate));
    return wait;
  }

  #pump(): void {
    this.#timer?.abort(OVER);
    this.#timer = undefined;
    while (this.#queue.length > 0) {
      const now = this.#now();
      if (this.#pausedUntil - now > this.#patience) {
        this.#refuseAll(this.#pausedUntil - now);
        return;
      }
      const wait = this.#wait(now);
      if (wait === null) return;
      if (wait > 0) {
        this.#wakeIn(wait);
        return;
      }
      this.#tokens -= 1;
      this.#inFlight += 1;
      this.#queue.shift()?.grant(this.#slot());
    }
  }

  #slot(): Slot {
    let held = true;
    return {
      done: (at) => {
        if (!held) return;
        held = false;
        this.#inFlight -= 1;
        const end = at ?? this.#now();
        let place = this.#ended.length;
        while (place > 0 && (this.#ended[place - 1] ?? 0) > end) place -= 1;
        this.#ended.splice(place, 0, end);
        this.#pump();
      },
    };
  }

  #wakeIn(wait: number): void {
    const timer = new AbortController();
    this.#timer = timer;
    this.#clock.sleep(wait, timer.signal).then(
      () => {
        if (this.#timer === timer) this.#pump();
      },
      () => undefined,
    );
  }

  #refuseAll(ms: number): void {
    const error = new WaystageError(
      'crm_rate_limit',
      `the CRM asked for a pause of ${Math.ceil(ms / 1000)} s on its ${this.#limit.name} limit; run again after that`,
      { retryable: true, retryAfter: ms, details: { bucket: this.#limit.name } },
    );
    for (const waiter of this.#queue.splice(0)) waiter.refuse(error);
  }
}
