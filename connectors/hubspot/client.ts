import type { ConnectionConfig, ConnectionContext } from '../../src/connector/port.ts';
import { WaystageError } from '../../src/model/errors.ts';
import { createTransport } from '../../src/transport/index.ts';
import type {
  HttpAnswer,
  HttpRequest,
  Spool,
  Transport,
  TransportUsage,
  Verdict,
} from '../../src/transport/port.ts';
import {
  ASSOCIATIONS,
  arrayOf,
  badAnswer,
  GENERAL,
  isObject,
  isRefusal,
  judgeFailure,
  SEARCH,
} from './errors.ts';
import { FileDownloads } from './export/download.ts';
import { TOKEN_INFO_PATH } from './paths.ts';

export const DEFAULT_BASE_URL = 'https://api.hubapi.com';

/** HubSpot's own figures for a privately distributed app on a Professional account; a free account has 100 and 100. */
export const REQUESTS_PER_10S = 190;
const ASSOCIATIONS_PER_10S = 150;
const FREE_PER_10S = 110;
/** Five a second belong to the whole account; one is left for the others. */
const SEARCHES_PER_SECOND = 4;
/** A little is left for people who use the same app's limits by hand. */
const RESERVE = 0.97;

export type Json = Readonly<Record<string, unknown>>;

/** What a caller wants of a good answer: null when it is right, else what is wrong with it. */
export type Check = (json: Json) => string | null;

export interface CallOptions {
  readonly purpose:
    | 'pull'
    | 'search'
    | 'search-lag'
    | 'associations'
    | 'write'
    | 'read'
    | 'look-back'
    | 'history'
    | 'meta';
  /** Default `general`. */
  readonly bucket?: string;
  /** Default true. */
  readonly idempotent?: boolean;
  readonly check?: Check;
}

export interface Reply {
  readonly json: Json;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** HubSpot's own clock, epoch milliseconds; null when it did not say. */
  readonly serverTime: number | null;
}

interface Call extends HttpRequest {
  readonly check?: Check;
}

/** JSON over the transport: token, buckets, and answers that are what the API promises or errors that say why. */
export class HubspotClient {
  /** "HubSpot (connection eu)", for messages. */
  readonly who: string;
  /** Aborted when the run is stopped. */
  readonly signal: AbortSignal;
  readonly #base: string;
  readonly #token: string;
  readonly #transport: Transport;
  readonly #files: FileDownloads;
  /** The parsed body of each answer that was judged good, so that no page is parsed twice. */
  readonly #parsed = new WeakMap<HttpAnswer, Json>();

  constructor(config: ConnectionConfig, context: ConnectionContext) {
    this.who = `HubSpot (connection ${config.id})`;
    this.signal = context.signal;
    this.#base = (config.baseUrl ?? DEFAULT_BASE_URL).replace(/\/+$/, '');
    if (config.auth.kind !== 'token') {
      throw new WaystageError(
        'internal',
        `${this.who}: auth kind ${config.auth.kind} is not supported; expected token`,
      );
    }
    this.#token = config.auth.token;
    const perTen = config.requestsPer10s ?? REQUESTS_PER_10S;
    const associations = perTen <= FREE_PER_10S ? Math.min(100, perTen) : ASSOCIATIONS_PER_10S;
    this.#transport = createTransport({
      clock: context.clock,
      random: context.random,
      signal: context.signal,
      ...(context.account === undefined ? {} : { account: context.account }),
      // HubSpot gives up after 100 s by itself.
      deadlines: { headers: 60_000, body: 60_000, total: 180_000 },
      maxBytes: 64 * 1024 * 1024,
      maxTries: 6,
      buckets: [
        { name: GENERAL, windowMs: 10_000, limit: Math.max(1, Math.floor(perTen * RESERVE)) },
        { name: SEARCH, windowMs: 1_000, limit: SEARCHES_PER_SECOND },
        { name: ASSOCIATIONS, windowMs: 10_000, limit: Math.max(1, Math.floor(associations * RESERVE)) },
      ],
      judge: (answer, request) => this.#judge(answer, request),
      origin: new URL(this.#base).origin,
    });
    this.#files = new FileDownloads(this.who, this.#base, context);
  }

  get usage(): TransportUsage {
    return sumOf([this.#transport.usage, ...this.#files.usages]);
  }

  get(path: string, query: Readonly<Record<string, string>>, options: CallOptions): Promise<Reply> {
    const text = new URLSearchParams(query).toString();
    return this.#call(
      { method: 'GET', url: `${this.#base}${path}${text === '' ? '' : `?${text}`}` },
      options,
    );
  }

  post(path: string, body: Json, options: CallOptions): Promise<Reply> {
    return this.#call({ method: 'POST', url: `${this.#base}${path}`, body: JSON.stringify(body) }, options);
  }

  /** What the token may do; null when HubSpot does not tell. Static tokens carry their scopes with them. */
  async scopes(): Promise<ReadonlySet<string> | null> {
    try {
      const { json } = await this.post(
        TOKEN_INFO_PATH,
        { tokenKey: this.#token },
        {
          purpose: 'meta',
          check: (answer) => (Array.isArray(answer['scopes']) ? null : 'no list of scopes'),
        },
      );
      return new Set(arrayOf(json['scopes']).filter((scope) => typeof scope === 'string'));
    } catch (error) {
      if (isRefusal(error) && error.status !== 401) return null;
      throw error;
    }
  }

  /** See `FileDownloads.fetch`. */
  download(address: string, spool: Spool): Promise<void> {
    return this.#files.fetch(address, spool);
  }

  /** One request of the vendor's own client, carried by our transport. `path` is absolute, with its query. */
  async carry(
    method: HttpRequest['method'],
    path: string,
    body: string | undefined,
    check?: Check,
  ): Promise<HttpAnswer> {
    const call: Call = {
      method,
      url: `${this.#base}${path}`,
      ...(body === undefined ? {} : { body }),
      headers: this.#headers(body !== undefined),
      purpose: 'meta',
      idempotent: true,
      buckets: [GENERAL],
      ...(check === undefined ? {} : { check }),
    };
    return this.#transport.send(call);
  }

  close(): Promise<void> {
    return this.#transport.close();
  }

  async #call(
    what: { readonly method: HttpRequest['method']; readonly url: string; readonly body?: string },
    options: CallOptions,
  ): Promise<Reply> {
    const call: Call = {
      ...what,
      headers: this.#headers(what.body !== undefined),
      purpose: options.purpose,
      idempotent: options.idempotent ?? true,
      buckets: [options.bucket ?? GENERAL],
      ...(options.check === undefined ? {} : { check: options.check }),
    };
    const answer = await this.#transport.send(call);
    const json = this.#parsed.get(answer) ?? {};
    return { json, status: answer.status, headers: answer.headers, serverTime: answer.serverTime };
  }

  #headers(withBody: boolean): Readonly<Record<string, string>> {
    return {
      authorization: `Bearer ${this.#token}`,
      'user-agent': 'waystage',
      ...(withBody ? { 'content-type': 'application/json' } : {}),
    };
  }

  #judge(answer: HttpAnswer, request: HttpRequest): Verdict {
    if (answer.status < 200 || answer.status > 299) return judgeFailure(answer, request, this.who);
    if (answer.status === 204) return { kind: 'ok' };
    const call = `${request.method} ${new URL(request.url).pathname}`;
    let json: unknown;
    try {
      json = JSON.parse(answer.text);
    } catch {
      const html = /^\s*</.test(answer.text);
      return badAnswer(this.who, call, html ? 'a web page instead of JSON' : 'JSON that is cut or broken');
    }
    if (!isObject(json)) return badAnswer(this.who, call, 'something that is no JSON object');
    const wrong = (request as Call).check?.(json) ?? null;
    if (wrong !== null) return badAnswer(this.who, call, wrong);
    this.#parsed.set(answer, json);
    return { kind: 'ok' };
  }
}

function sumOf(usages: readonly TransportUsage[]): TransportUsage {
  const byPurpose: Record<string, number> = {};
  for (const usage of usages)
    for (const [purpose, count] of Object.entries(usage.byPurpose))
      byPurpose[purpose] = (byPurpose[purpose] ?? 0) + count;
  const sum = (name: 'requests' | 'rateLimited' | 'retries'): number =>
    usages.reduce((total, usage) => total + usage[name], 0);
  return { requests: sum('requests'), rateLimited: sum('rateLimited'), retries: sum('retries'), byPurpose };
}

/** The check of every list-like answer: `results` is there and is a list. */
export function hasResults(json: Json): string | null {
  return Array.isArray(json['results']) ? null : 'no list of results';
}

/**
 * The check of a batch read. HubSpot may name the inputs it has nothing for, or leave them out without a word; but
 * where it names some, one that is neither answered nor named was lost on the way and must not look empty. `sure` are
 * inputs that are known to have something.
 */
export function unaccounted(
  json: Json,
  asked: readonly string[],
  sure: readonly string[],
  answered: (row: Json) => string | null,
  named: (error: Json) => readonly string[],
): string | null {
  const known = new Set<string>();
  for (const error of arrayOf(json['errors']))
    if (isObject(error)) for (const id of named(error)) known.add(id);
  const due = known.size === 0 ? sure : asked;
  for (const row of arrayOf(json['results'])) {
    const id = isObject(row) ? answered(row) : null;
    if (id !== null) known.add(id);
  }
  const lost = due.filter((id) => !known.has(id)).length;
  return lost === 0 ? null : `${lost} of ${asked.length} inputs neither answered nor named as missing`;
}
