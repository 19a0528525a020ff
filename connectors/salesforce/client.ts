import type { ConnectionConfig, ConnectionContext, Usage } from '../../src/connector/port.ts';
import { createTransport } from '../../src/transport/index.ts';
import type { HttpAnswer, HttpRequest, Spool, Transport } from '../../src/transport/port.ts';
import { baseOrigin, createSessions, type Session, type Sessions, tokenUrl } from './auth.ts';
import { BUCKET, bodyOf, type CheckedRequest, classOf, judge } from './errors.ts';
import { queryPath } from './soql.ts';

/** The one version of the API this connector speaks (Summer '26). */
export const API_VERSION = '67.0';
export const DATA_PATH = `/services/data/v${API_VERSION}`;

/** The most rows Salesforce puts on a page. */
export const PAGE_SIZE = 2_000;

/** Salesforce names no short-term rate; this one leaves room for an org's other clients. */
export const REQUESTS_PER_10S = 100;
/** A query may run for two minutes before Salesforce itself gives up. */
const DEADLINES = { headers: 130_000, body: 60_000, total: 300_000 };
const MAX_BYTES = 64 * 1024 * 1024;
const MAX_TRIES = 5;
/** What is left to be said after a run was stopped has so long: whoever stopped it waits. */
export const GRACE_MS = 10_000;

export type Purpose = 'pull' | 'read' | 'look-back' | 'history' | 'write' | 'meta';

export interface Call {
  readonly method: HttpRequest['method'];
  /** Path and query; the client knows the host. */
  readonly path: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly purpose: Purpose;
  readonly idempotent: boolean;
  readonly check?: NonNullable<CheckedRequest['check']>;
  /** Where the body of a good answer goes. */
  readonly spool?: Spool;
}

export type Row = Readonly<Record<string, unknown>>;

export interface QueryPage {
  readonly rows: readonly Row[];
  readonly done: boolean;
  /** Rows of the whole query. */
  readonly totalSize: number;
  /** Where the next page is; null on the last one. */
  readonly next: string | null;
  /** Salesforce's clock, epoch milliseconds. */
  readonly serverTime: number | null;
}

/** API calls of the last 24 hours, as every answer tells. */
export interface ApiUsage {
  readonly used: number;
  readonly limit: number;
}

/** HTTP to one org: session, headers, limits; one new session and one more try when the session has expired. */
export class SalesforceClient {
  readonly #config: ConnectionConfig;
  readonly #context: ConnectionContext;
  readonly #pageSize: number;
  readonly #sessions: Sessions;
  readonly #transports = new Map<string, Transport>();
  readonly #afterStop: SalesforceClient[] = [];
  #apiUsage: ApiUsage | null = null;
  #counts: Promise<ReadonlyMap<string, number>> | null = null;

  constructor(config: ConnectionConfig, context: ConnectionContext, pageSize: number, sessions?: Sessions) {
    this.#config = config;
    this.#pageSize = pageSize;
    this.#context = context;
    this.#sessions = sessions ?? createSessions(config, (form) => this.#callToken(form));
  }

  /** Rows a page holds at most. */
  get pageSize(): number {
    return this.#pageSize;
  }

  get context(): ConnectionContext {
    return this.#context;
  }

  get apiUsage(): ApiUsage | null {
    return this.#apiUsage;
  }

  get usage(): Usage {
    let [requests, rateLimited, retries] = [0, 0, 0];
    const byPurpose: Record<string, number> = {};
    for (const { usage } of this.#transports.values()) {
      requests += usage.requests;
      rateLimited += usage.rateLimited;
      retries += usage.retries;
      for (const [purpose, count] of Object.entries(usage.byPurpose))
        byPurpose[purpose] = (byPurpose[purpose] ?? 0) + count;
    }
    for (const { usage } of this.#afterStop) {
      requests += usage.requests;
      for (const [purpose, count] of Object.entries(usage.byPurpose))
        byPurpose[purpose] = (byPurpose[purpose] ?? 0) + count;
    }
    return { requests, rateLimited, retries, byPurpose };
  }

  /** Origin of the org's API. */
  async instanceUrl(): Promise<string> {
    return (await this.#sessions.get()).instanceUrl;
  }

  /** Sends a call with the session's token. Rejects as `Transport.send` does, and with `crm_credentials` when a
   *  new session is refused too. */
  async send(call: Call): Promise<HttpAnswer> {
    const session = await this.#sessions.get();
    try {
      return await this.#sendWith(session, call);
    } catch (error) {
      if (classOf(error) !== 'session') throw error;
      const renewed = await this.#sessions.renew(session);
      return this.#sendWith(renewed, call);
    }
  }

  /** As `send`, with the parsed body; undefined when it is empty. */
  async json(call: Call): Promise<unknown> {
    return bodyOf(await this.send(call));
  }

  /** First page of a query; deleted, merged and archived rows are among its rows. */
  async queryAll(soql: string, purpose: Purpose): Promise<QueryPage> {
    return this.#page(queryPath(API_VERSION, 'queryAll', soql), purpose);
  }

  /** First page of a query; deleted, merged and archived rows are left out. */
  async query(soql: string, purpose: Purpose): Promise<QueryPage> {
    return this.#page(queryPath(API_VERSION, 'query', soql), purpose);
  }

  /** The page a `next` of an earlier page points at. `crm_cursor_expired` when Salesforce has dropped it. */
  async queryNext(next: string, purpose: Purpose): Promise<QueryPage> {
    return this.#page(next, purpose);
  }

  /** All rows of a small query, by the data API or the Tooling API. */
  async queryRows(
    soql: string,
    api: 'query' | 'queryAll' | 'tooling/query',
    purpose: Purpose,
  ): Promise<readonly Row[]> {
    let page = await this.#page(queryPath(API_VERSION, api, soql), purpose);
    const rows = [...page.rows];
    while (page.next !== null) {
      page = await this.#page(page.next, purpose, api === 'queryAll');
      rows.push(...page.rows);
    }
    return rows;
  }

  /** About how many records a type has, deleted ones aside; null when this org does not tell. One request for all
   *  types together, however often this is called. */
  async recordCount(type: string, types: readonly string[]): Promise<number | null> {
    this.#counts ??= this.#recordCounts(types);
    return (await this.#counts).get(type) ?? null;
  }

  async #recordCounts(types: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const counts = new Map<string, number>();
    const path = `${DATA_PATH}/limits/recordCount?sObjects=${types.join(',')}`;
    try {
      const body = (await this.json({ method: 'GET', path, purpose: 'pull', idempotent: true })) as
        | Readonly<Record<string, unknown>>
        | undefined;
      const list = body?.['sObjects'];
      for (const item of Array.isArray(list) ? (list as readonly Readonly<Record<string, unknown>>[]) : [])
        if (typeof item?.['name'] === 'string' && typeof item['count'] === 'number')
          counts.set(item['name'], item['count']);
    } catch (error) {
      // Only a hint: what really is wrong with the org, the first query says better.
      this.#context.log.debug(
        { class: classOf(error) },
        'Salesforce does not tell how many records there are',
      );
    }
    return counts;
  }

  /** Work that has to be done although the run was stopped, such as ending a job of ours; `GRACE_MS` at most. */
  async afterStop<T>(work: (client: SalesforceClient) => Promise<T>): Promise<T> {
    const [done, late] = [new AbortController(), new AbortController()];
    const context = { ...this.#context, signal: late.signal };
    const client = new SalesforceClient(this.#config, context, this.#pageSize, this.#sessions);
    this.#afterStop.push(client);
    void context.clock.sleep(GRACE_MS, done.signal).then(
      () => late.abort(),
      () => undefined,
    );
    try {
      return await work(client);
    } finally {
      done.abort();
      await client.close();
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#transports.values()].map((transport) => transport.close()));
  }

  /** `exact`: no row may be missing from a further page, because deleted ones are shown too. */
  async #page(path: string, purpose: Purpose, exact = true): Promise<QueryPage> {
    const answer = await this.send({
      method: 'GET',
      path,
      headers: { 'sforce-query-options': `batchSize=${this.#pageSize}` },
      purpose,
      idempotent: true,
      check: (body) => pageProblem(body, path, exact),
    });
    return readPage(answer);
  }

  async #sendWith(session: Session, call: Call): Promise<HttpAnswer> {
    const request: CheckedRequest = {
      method: call.method,
      url: session.instanceUrl + call.path,
      headers: {
        ...call.headers,
        authorization: `Bearer ${session.token}`,
        // Names us in change events, and keeps assignment rules from giving records to other owners.
        'sforce-call-options': 'client=Waystage',
        'sforce-auto-assign': 'FALSE',
      },
      ...(call.body === undefined ? {} : { body: call.body }),
      purpose: call.purpose,
      idempotent: call.idempotent,
      buckets: [BUCKET],
      ...(call.check === undefined ? {} : { check: call.check }),
      ...(call.spool === undefined ? {} : { spool: call.spool }),
    };
    const answer = await this.#transport(session.instanceUrl).send(request);
    this.#noteUsage(answer);
    return answer;
  }

  async #callToken(form: string): Promise<unknown> {
    const answer = await this.#transport(baseOrigin(this.#config)).send({
      method: 'POST',
      url: tokenUrl(this.#config),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: form,
      purpose: 'meta',
      idempotent: true,
      buckets: [BUCKET],
    });
    return bodyOf(answer);
  }

  #transport(origin: string): Transport {
    const known = this.#transports.get(origin);
    if (known !== undefined) return known;
    const { clock, random, signal, account } = this.#context;
    const limit = this.#config.requestsPer10s ?? REQUESTS_PER_10S;
    const transport = createTransport({
      clock,
      random,
      signal,
      ...(account === undefined ? {} : { account }),
      deadlines: DEADLINES,
      maxBytes: MAX_BYTES,
      maxTries: MAX_TRIES,
      buckets: [{ name: BUCKET, windowMs: 10_000, limit }],
      judge,
      origin,
    });
    this.#transports.set(origin, transport);
    return transport;
  }

  #noteUsage(answer: HttpAnswer): void {
    const found = /api-usage=(\d{1,12})\/(\d{1,12})/.exec(answer.headers['sforce-limit-info'] ?? '');
    if (found !== null) this.#apiUsage = { used: Number(found[1]), limit: Number(found[2]) };
  }
}

/** What is wrong with a page; null when it is complete. `path` is where it was asked for. */
function pageProblem(answer: unknown, path: string, exact: boolean): string | null {
  const body = (answer ?? {}) as Readonly<Record<string, unknown>>;
  const { records, done, totalSize, nextRecordsUrl: next } = body;
  if (!Array.isArray(records) || typeof done !== 'boolean' || typeof totalSize !== 'number')
    return 'no records, done and totalSize';
  if (!records.every((row) => typeof row === 'object' && row !== null)) return 'records that are no objects';
  const more = typeof next === 'string' ? next : '';
  if (!done && (!more.startsWith('/services/data/') || records.length === 0))
    return 'a page that is not done and has no rows or no nextRecordsUrl of its API';
  const first = path.includes('?');
  if (!first && !exact) return null;
  const from = first ? 0 : offsetOf(path);
  const to = done ? totalSize : offsetOf(more);
  return from === null || to === null || to - from === records.length
    ? null
    : `${records.length} rows where ${to - from} belong`;
}

/** Rows before the page: a locator ends in it (`01g…-2000`). */
function offsetOf(locator: string): number | null {
  const found = /[a-zA-Z0-9]{15,18}-(\d{1,9})$/.exec(locator);
  return found === null ? null : Number(found[1]);
}

/** A page that `pageProblem` found right. */
function readPage(answer: HttpAnswer): QueryPage {
  const body = bodyOf(answer) as Readonly<Record<string, unknown>>;
  const done = body['done'] === true;
  return {
    rows: body['records'] as Row[],
    done,
    totalSize: body['totalSize'] as number,
    next: done ? null : (body['nextRecordsUrl'] as string),
    serverTime: answer.serverTime,
  };
}
