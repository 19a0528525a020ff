import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { salesforce } from '../../../connectors/salesforce/index.ts';
import type { ConnectionConfig, Discovery, FieldType, Page } from '../../../src/connector/port.ts';
import type { Clock } from '../../../src/model/clock.ts';
import type { ConnectionId, CrmRecord } from '../../../src/model/record.ts';

export interface FakeRequest {
  readonly method: string;
  readonly path: string;
  /** Of a query request. */
  readonly soql: string | null;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface FakeAnswer {
  readonly status?: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Breaks the connection instead of answering. */
  readonly hangUp?: boolean;
}

const NO_COUNTS: FakeAnswer = { body: { sObjects: [] } };

/** A server that answers what a test says: for what no real org can be made to do on purpose. */
export async function startFakeOrg(
  answer: (request: FakeRequest) => FakeAnswer,
): Promise<{ readonly url: string; readonly requests: FakeRequest[]; close(): Promise<void> }> {
  const requests: FakeRequest[] = [];
  const server = createServer((message, response) => {
    const chunks: Buffer[] = [];
    message.on('data', (part: Buffer) => chunks.push(part));
    message.on('end', () => {
      const url = new URL(message.url ?? '/', 'http://fake');
      const request: FakeRequest = {
        method: message.method ?? '',
        path: url.pathname,
        soql: url.searchParams.get('q'),
        headers: message.headers,
        body: Buffer.concat(chunks).toString('utf8'),
      };
      // Salesforce's count of records is only a hint; these orgs do not know it.
      const counting = request.path.endsWith('/limits/recordCount');
      if (!counting) requests.push(request);
      const { status = 200, body, headers, hangUp } = counting ? NO_COUNTS : answer(request);
      if (hangUp === true) {
        message.socket.destroy();
        return;
      }
      response.writeHead(status, {
        'content-type': 'application/json',
        date: new Date(NOW).toUTCString(),
        ...headers,
      });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** What the fake org's clock says in every answer. */
export const NOW = Date.UTC(2026, 5, 1, 12);

/** Waits are skipped (and noted); deadlines never fire. */
export function quickClock(): Clock & { readonly waits: number[] } {
  const waits: number[] = [];
  let skipped = 0;
  return {
    waits,
    now: () => Date.now() + skipped,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
        if (signal?.aborted) reject(signal.reason);
        if (ms > 20_000) return;
        waits.push(ms);
        skipped += ms;
        setImmediate(resolve);
      }),
  };
}

export function configFor(url: string, more: Partial<ConnectionConfig> = {}): ConnectionConfig {
  return {
    id: 'sf' as ConnectionId,
    connector: 'salesforce',
    auth: { kind: 'token', token: 'test-token' },
    baseUrl: url,
    sandbox: true,
    requestsPer10s: 100_000,
    ...more,
  };
}

export function openTo(url: string, more: Partial<ConnectionConfig> = {}, clock: Clock = quickClock()) {
  const stop = new AbortController();
  const warnings: unknown[] = [];
  const connection = salesforce.open(configFor(url, more), {
    clock,
    random: () => 0.5,
    signal: stop.signal,
    log: {
      debug: () => undefined,
      info: () => undefined,
      warn: (fields, text) => warnings.push([text, fields]),
    },
  });
  return { connection, warnings, stop };
}

export function discoveryOf(types: Readonly<Record<string, Readonly<Record<string, FieldType>>>>): Discovery {
  const system: Readonly<Record<string, FieldType>> = {
    Id: 'text',
    CreatedDate: 'datetime',
    SystemModstamp: 'datetime',
    IsDeleted: 'boolean',
  };
  return {
    homeCurrency: null,
    stages: [],
    recordUrl: null,
    objects: Object.fromEntries(
      Object.entries(types).map(([type, fields]) => [
        type,
        {
          readable: true,
          fields: Object.fromEntries(
            Object.entries({ ...system, ...fields }).map(([name, fieldType]) => [
              name,
              { name, label: name, type: fieldType, writable: true, calculated: false },
            ]),
          ),
        },
      ]),
    ),
  };
}

/** All pages; `limit` stops early, as a killed run does. */
export async function drain(
  pages: AsyncIterable<Page>,
  limit = Number.POSITIVE_INFINITY,
): Promise<readonly Page[]> {
  const seen: Page[] = [];
  for await (const page of pages) {
    seen.push(page);
    if (seen.length >= limit) break;
  }
  return seen;
}

export function recordsOf(pages: readonly Page[]): readonly CrmRecord[] {
  return pages.flatMap((page) => page.records);
}
