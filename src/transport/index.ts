import { Agent as PlainAgent } from 'node:http';
import { Agent as TlsAgent } from 'node:https';
import { WaystageError } from '../model/errors.ts';
import { requestName, unknownOutcome } from './errors.ts';
import { exchange } from './exchange.ts';
import type {
  BucketLimit,
  HttpAnswer,
  HttpRequest,
  Transport,
  TransportOptions,
  TransportUsage,
} from './port.ts';
import { RateWindow, type Slot } from './rate-window.ts';
import { backOff, retryAfter } from './retry.ts';

export { CsvError, type CsvOptions, CsvReader, countCsvRecords, csvLine } from './csv.ts';
export { isUnknownOutcome } from './errors.ts';
export { retryAfter } from './retry.ts';
export { openSpool, type SpoolFile } from './spool.ts';
export { isZip, readZip, unzip, type ZipEntry, ZipError, type ZipLimits } from './zip.ts';

/** Idle sockets are dropped before the usual five seconds of servers, so that a write seldom meets a dying one. */
const IDLE_SOCKET_MS = 4_000;

/**
 * HTTP for one connection: one origin, no redirects, byte caps, deadlines on `clock`, windows that are never
 * exceeded, retries by the connector's verdict. A request that is not idempotent and may have been carried out
 * (lost answer, 5xx, stopped on the way) is not sent again: it rejects with an error for which
 * `isUnknownOutcome` is true. The time spent waiting for a slot does not count against `deadlines.total`.
 */
export function createTransport(options: TransportOptions): Transport {
  return new HttpTransport(options);
}

class HttpTransport implements Transport {
  readonly #options: TransportOptions;
  readonly #agent: PlainAgent;
  readonly #windows = new Map<string, RateWindow>();
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #byPurpose = new Map<string, number>();
  #requests = 0;
  #rateLimited = 0;
  #retries = 0;

  constructor(options: TransportOptions) {
    this.#options = options;
    const { protocol, origin } = new URL(options.origin);
    if (origin !== options.origin) {
      throw new WaystageError(
        'internal',
        `transport origin ${JSON.stringify(options.origin)}: expected ${origin}`,
      );
    }
    const settings = { keepAlive: true, timeout: IDLE_SOCKET_MS };
    this.#agent = protocol === 'https:' ? new TlsAgent(settings) : new PlainAgent(settings);
    for (const limit of options.buckets) this.#windows.set(limit.name, windowOf(options, limit));
    this.#signal = AbortSignal.any([options.signal, this.#stop.signal]);
    this.#signal.addEventListener('abort', this.#onStop, { once: true });
    if (this.#signal.aborted) this.#onStop();
  }

  get usage(): TransportUsage {
    return {
      requests: this.#requests,
      rateLimited: this.#rateLimited,
      retries: this.#retries,
      byPurpose: Object.fromEntries(this.#byPurpose),
    };
  }

  async send(request: HttpRequest): Promise<HttpAnswer> {
    const { clock, deadlines, maxTries } = this.#options;
    const url = this.#allowed(request);
    let spent = 0;
    for (let tryNumber = 1; ; tryNumber += 1) {
      const slots = await this.#acquire(request.buckets);
      this.#count(request.purpose);
      if (tryNumber > 1) this.#retries += 1;
      const started = clock.now();
      const left = Math.max(1, deadlines.total - spent);
      const result = await exchange({
        request,
        url,
        clock,
        agent: this.#agent,
        deadlines: { headers: deadlines.headers, body: deadlines.body, total: left },
        maxBytes: this.#options.maxBytes,
        signal: this.#signal,
      });
      for (const slot of slots) slot.done();
      const verdict = this.#judge(result, request);
      if (verdict.kind === 'ok') return verdict.answer;
      if (verdict.unknown) throw unknownOutcome(verdict.error, request);
      const wait = verdict.wait ?? backOff(tryNumber, this.#options.random);
      if (verdict.pause !== undefined) this.#window(verdict.pause).pause(wait);
      if (!verdict.again || tryNumber >= maxTries) throw verdict.error;
      spent += Math.max(0, clock.now() - started) + wait;
      if (spent >= deadlines.total) throw verdict.error;
      await this.#sleep(wait, request, url);
    }
  }

  async charge(buckets: readonly string[], purpose: string): Promise<void> {
    const slots = await this.#acquire(buckets);
    this.#count(purpose);
    // Nobody tells when that call is answered: it must be given up after the header deadline.
    for (const slot of slots) slot.done(this.#options.clock.now() + this.#options.deadlines.headers);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#agent.destroy();
  }

  readonly #onStop = (): void => {
    const error = new WaystageError('stopped', 'the connection was closed or the run was stopped');
    for (const window of this.#windows.values()) window.leave(this, error);
  };

  #allowed(request: HttpRequest): URL {
    const url = URL.canParse(request.url) ? new URL(request.url) : null;
    if (url === null || url.origin !== this.#options.origin || url.username !== '' || url.password !== '') {
      throw new WaystageError(
        'internal',
        `refused to call ${url?.origin ?? 'an address that is no URL'}: this connection may only call ${this.#options.origin}`,
      );
    }
    return url;
  }

  async #acquire(buckets: readonly string[]): Promise<readonly Slot[]> {
    const slots: Slot[] = [];
    const stopped = (): WaystageError =>
      new WaystageError('stopped', 'the connection was closed or the run was stopped');
    if (this.#signal.aborted) throw stopped();
    try {
      for (const name of buckets) slots.push(await this.#window(name).acquire(this));
    } catch (error) {
      for (const slot of slots) slot.done();
      throw error;
    }
    if (this.#signal.aborted) {
      for (const slot of slots) slot.done();
      throw stopped();
    }
    return slots;
  }

  #window(name: string): RateWindow {
    const window = this.#windows.get(name);
    if (window === undefined)
      throw new WaystageError('internal', `no rate limit is declared for bucket ${name}`);
    return window;
  }

  #count(purpose: string): void {
    this.#requests += 1;
    this.#byPurpose.set(purpose, (this.#byPurpose.get(purpose) ?? 0) + 1);
  }

  #judge(result: Awaited<ReturnType<typeof exchange>>, request: HttpRequest): Judged {
    if (result.kind === 'failure') {
      return {
        kind: 'bad',
        error: result.error,
        again: result.again,
        unknown: result.delivered && !request.idempotent,
      };
    }
    const { answer } = result;
    const verdict = this.#options.judge(answer, request);
    if (answer.status === 429 || (verdict.kind === 'retry' && verdict.pause !== undefined))
      this.#rateLimited += 1;
    if (verdict.kind === 'ok') return { kind: 'ok', answer };
    if (verdict.kind === 'fail') return { kind: 'bad', error: verdict.error, again: false, unknown: false };
    const asked = verdict.wait ?? retryAfter(answer, this.#options.clock.now());
    return {
      kind: 'bad',
      error: verdict.error,
      again: true,
      // A 5xx can come after the work was done, and so can a 2xx whose body makes no sense.
      unknown: !request.idempotent && (answer.status >= 500 || answer.status < 300),
      // Never earlier than asked, and not all callers in the same millisecond.
      ...(asked === undefined ? {} : { wait: asked + this.#options.random() * Math.min(1_000, asked / 10) }),
      ...(verdict.pause === undefined ? {} : { pause: verdict.pause }),
    };
  }

  async #sleep(ms: number, request: HttpRequest, url: URL): Promise<void> {
    try {
      await this.#options.clock.sleep(ms, this.#signal);
    } catch {
      throw new WaystageError(
        'stopped',
        `${requestName(request.method, url)}: stopped while waiting to try again`,
      );
    }
  }
}

/** Windows by account, as long as somebody holds the account; by origin and limit within. */
const SHARED = new WeakMap<object, Map<string, RateWindow>>();

function windowOf({ account, clock, deadlines, origin }: TransportOptions, limit: BucketLimit): RateWindow {
  const made = (): RateWindow => new RateWindow(limit, clock, deadlines.total);
  if (account === undefined) return made();
  const windows = SHARED.get(account) ?? new Map<string, RateWindow>();
  SHARED.set(account, windows);
  const key = JSON.stringify([origin, limit.name, limit.limit, limit.windowMs]);
  const window = windows.get(key) ?? made();
  windows.set(key, window);
  return window;
}

type Judged =
  | { readonly kind: 'ok'; readonly answer: HttpAnswer }
  | {
      readonly kind: 'bad';
      readonly error: Error;
      readonly again: boolean;
      readonly unknown: boolean;
      readonly wait?: number;
      readonly pause?: string;
    };
