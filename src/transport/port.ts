import type { Clock, Random } from '../model/clock.ts';

/** One HTTP call of a connector. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** For the usage figures: `pull`, `search`, `write`, … */
  readonly purpose: string;
  /** Sending it twice does no harm: it may be retried after an unknown outcome. */
  readonly idempotent: boolean;
  /** Buckets to take a token from before sending, by name. */
  readonly buckets: readonly string[];
  /** Where the body of a good answer (2xx) goes instead of into `text`, for bodies too large for memory. */
  readonly spool?: Spool;
}

/** An open file; every try writes it anew from its start, decompressed. */
export interface Spool {
  readonly fd: number;
  /** Bodies larger than this are refused, instead of `maxBytes` of the transport. */
  readonly maxBytes: number;
}

export interface HttpAnswer {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** Empty when the body went into a file. */
  readonly text: string;
  /** The server's `Date` header as epoch milliseconds; null without one. */
  readonly serverTime: number | null;
}

export interface Deadlines {
  /** Milliseconds until the headers are there, until the body is complete, and for all tries together. */
  readonly headers: number;
  readonly body: number;
  readonly total: number;
}

/** What a connector says about an answer that is not a success: decided once, here at the edge. */
export type Verdict =
  | { readonly kind: 'ok' }
  /** Try again; `wait` milliseconds if the other side said so; `pause` the named bucket for everybody. */
  | { readonly kind: 'retry'; readonly error: Error; readonly wait?: number; readonly pause?: string }
  | { readonly kind: 'fail'; readonly error: Error };

export interface BucketLimit {
  readonly name: string;
  /** No window of this many milliseconds ever holds more than `limit` requests. */
  readonly windowMs: number;
  readonly limit: number;
}

export interface TransportOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
  readonly deadlines: Deadlines;
  /** Bodies larger than this are refused. */
  readonly maxBytes: number;
  readonly maxTries: number;
  readonly buckets: readonly BucketLimit[];
  /** Transports with the same object here and the same origin use the same windows, also one after the other. */
  readonly account?: object;
  /** Judges every complete answer. Network errors, time-outs and byte caps are the transport's own verdicts. */
  judge(answer: HttpAnswer, request: HttpRequest): Verdict;
  /** Refuses hosts: the transport calls no other origin and follows no redirect. */
  readonly origin: string;
}

export interface TransportUsage {
  readonly requests: number;
  readonly rateLimited: number;
  readonly retries: number;
  readonly byPurpose: Readonly<Record<string, number>>;
}

export interface Transport {
  /** Resolves with a good answer; rejects with the verdict's error (cause kept), `crm_unreachable` or `stopped`. */
  send(request: HttpRequest): Promise<HttpAnswer>;
  /** Takes a token of a bucket for a call that another client will make (the vendor's SDK), and counts it. */
  charge(buckets: readonly string[], purpose: string): Promise<void>;
  readonly usage: TransportUsage;
  close(): Promise<void>;
}
