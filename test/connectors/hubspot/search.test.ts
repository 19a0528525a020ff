import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createFastClock } from '../../helpers/fast-clock.ts';
import { describeFields, hubspotConfig, keptLog, openHubspot } from '../../helpers/hubspot.ts';

interface Row {
  readonly id: number;
  /** Where the index sorts and finds it. */
  readonly indexed: number;
  /** What is read of it: fresher than the index when it was just updated. */
  readonly stamp: number;
}

interface Filter {
  readonly propertyName: string;
  readonly operator: string;
  readonly value: string;
}

const NOW = Date.UTC(2026, 10, 1, 12);
let rows: Row[] = [];
let queries: { readonly offset: number; readonly filters: readonly Filter[] }[] = [];
/** Called before each search: something changes while we page. */
let meanwhile: (call: number) => void = () => undefined;

/** Search as HubSpot does it: sorted by the index, 200 a page, 10,000 in all. */
const server = createServer((request, response) => {
  let text = '';
  request.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  request.on('end', () => {
    response.setHeader('Date', new Date(NOW).toUTCString());
    if (!request.url?.endsWith('/search')) {
      response.end(JSON.stringify({ results: [] }));
      return;
    }
    meanwhile(queries.length);
    const body = JSON.parse(text) as {
      filterGroups: [{ filters: Filter[] }];
      sorts: [{ propertyName: string }];
      limit: number;
      after?: string;
    };
    const { filters } = body.filterGroups[0];
    const offset = Number(body.after ?? 0);
    queries.push({ offset, filters });
    const keyOf = (row: Row, name: string): number => (name === 'hs_object_id' ? row.id : row.indexed);
    const found = rows
      .filter((row) =>
        filters.every(({ propertyName, operator, value }) => {
          const own = keyOf(row, propertyName);
          if (operator === 'GTE') return own >= Number(value);
          if (operator === 'LT') return own < Number(value);
          return operator === 'EQ' ? own === Number(value) : own > Number(value);
        }),
      )
      .sort(
        (a, b) => keyOf(a, body.sorts[0].propertyName) - keyOf(b, body.sorts[0].propertyName) || a.id - b.id,
      );
    if (offset + body.limit > 10_000) {
      response
        .writeHead(400)
        .end(JSON.stringify({ status: 'error', category: 'VALIDATION_ERROR', message: 'cap' }));
      return;
    }
    const page = found.slice(offset, offset + body.limit);
    const end = offset + page.length;
    response.end(
      JSON.stringify({
        total: found.length,
        results: page.map((row) => ({
          id: String(row.id),
          properties: { hs_lastmodifieddate: new Date(row.stamp).toISOString() },
          createdAt: new Date(0).toISOString(),
          archived: false,
        })),
        ...(end < found.length ? { paging: { next: { after: String(end) } } } : {}),
      }),
    );
  });
});

beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(
  () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    }),
);

async function increment(cursor: string, log = keptLog()) {
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  // Faster still, for the many searches at four a second.
  const connection = openHubspot(hubspotConfig({ baseUrl }), { log: log.log, clock: createFastClock(60) });
  queries = [];
  const pages: string[][] = [];
  const cursors: string[] = [];
  try {
    const request = { type: 'companies', fields: [], cursor, discovery: describeFields('companies', {}) };
    for await (const page of connection.pull(request)) {
      pages.push(page.records.map((record) => record.id));
      cursors.push(page.cursor);
    }
  } finally {
    await connection.close();
  }
  return { ids: pages.flat(), pages, cursors };
}

const since = (from: number): string => JSON.stringify({ v: 1, kind: 'since', from });
const idsOf = (list: readonly Row[]): string[] => list.map((row) => String(row.id)).sort();

const HOUR = 3_600_000;

describe('increments by search', () => {
  test('nothing is lost or given twice without need: spread stamps, ties beyond a page and beyond the cap, fresh rows', async () => {
    const instants = fc.array(
      fc.record({
        // Minutes before now; many records share one, as after a bulk update.
        minutes: fc.integer({ min: 0, max: 600 }),
        // Neighbours by a millisecond.
        ms: fc.integer({ min: 0, max: 1 }),
        count: fc.constantFrom(1, 1, 1, 3, 150, 200, 201, 450),
        // Updated while we look: read far above their place in the index.
        fresh: fc.boolean(),
      }),
      { minLength: 1, maxLength: 12 },
    );
    await fc.assert(
      fc.asyncProperty(instants, fc.integer({ min: 0, max: 700 }), async (groups, from) => {
        meanwhile = () => undefined;
        rows = [];
        for (const { minutes, ms, count, fresh } of groups) {
          for (let i = 0; i < count; i += 1) {
            const indexed = NOW - minutes * 60_000 + ms;
            const stamp = fresh && i % 3 === 0 ? NOW - i : indexed;
            rows.push({ id: rows.length + 1, indexed, stamp });
          }
        }
        const start = NOW - from * 60_000;
        const expected = rows.filter((row) => row.indexed >= start);
        const { ids, pages, cursors } = await increment(since(start));
        expect([...new Set(ids)].sort()).toEqual(idsOf(expected));
        expect(JSON.parse(cursors.at(-1) ?? '')).toEqual({
          ...{ v: 1, kind: 'since', from: NOW - 5 * 60_000 },
          lag: Math.max(start, NOW - HOUR),
        });
        for (const [index, cursor] of cursors.slice(0, -1).entries()) {
          const resumed = await increment(cursor);
          expect(new Set([...pages.slice(0, index + 1).flat(), ...resumed.ids])).toEqual(new Set(ids));
        }
      }),
      { numRuns: 15 },
    );
  });

  test('12,000 records of one instant come whole, by id, with no query near the cap', async () => {
    meanwhile = () => undefined;
    rows = Array.from({ length: 12_000 }, (_, index) => ({
      id: index + 1,
      indexed: NOW - HOUR,
      stamp: NOW - HOUR,
    }));
    const { ids } = await increment(since(NOW - 2 * HOUR));
    expect([...new Set(ids)].sort()).toEqual(idsOf(rows));
    expect(queries.every(({ offset }) => offset === 0)).toBe(true);
    expect(queries.length).toBeLessThanOrEqual(64);
  });

  test('the millisecond after a drained instant is not skipped', async () => {
    meanwhile = () => undefined;
    rows = Array.from({ length: 450 }, (_, index) => ({
      id: index + 1,
      indexed: NOW - HOUR + Math.floor(index / 225),
      stamp: NOW - HOUR + Math.floor(index / 225),
    }));
    const { ids } = await increment(since(NOW - HOUR));
    expect([...new Set(ids)].sort()).toEqual(idsOf(rows));
  });

  test('1,000 changed records cost five searches, each once', async () => {
    meanwhile = () => undefined;
    rows = Array.from({ length: 990 }, (_, index) => ({
      id: index + 1,
      indexed: NOW - 2 * HOUR + index * 1_000,
      stamp: NOW - 2 * HOUR + index * 1_000,
    }));
    const { ids } = await increment(since(NOW - 3 * HOUR));
    expect(ids).toHaveLength(990);
    expect(queries).toHaveLength(5);
  });

  test('a record updated while we page takes no other one with it over the edge of the page', async () => {
    const old = Array.from({ length: 600 }, (_, index) => ({
      id: index + 1,
      indexed: NOW - 2 * HOUR + index * 1_000,
      stamp: NOW - 2 * HOUR + index * 1_000,
    }));
    rows = [...old];
    meanwhile = (call) => {
      if (call === 1) rows = rows.map((row) => (row.id <= 50 ? { ...row, indexed: NOW, stamp: NOW } : row));
    };
    const { ids } = await increment(since(NOW - 3 * HOUR));
    expect([...new Set(ids)].sort()).toEqual(idsOf(old));
  });

  test('many just-written records do not throw the walk past older ones that were not', async () => {
    meanwhile = () => undefined;
    rows = Array.from({ length: 1_200 }, (_, index) => {
      const indexed = NOW - 3 * HOUR + index * 1_000;
      // Rows 100 to 899 are being rewritten: whole pages of them carry stamps of right now.
      return { id: index + 1, indexed, stamp: index >= 100 && index < 900 ? NOW : indexed };
    });
    const { ids } = await increment(since(NOW - 4 * HOUR));
    expect([...new Set(ids)].sort()).toEqual(idsOf(rows));
  });

  test('a search that gives fewer than it announced is reported', async () => {
    rows = Array.from({ length: 300 }, (_, index) => ({
      id: index + 1,
      indexed: NOW - HOUR + index,
      stamp: NOW - HOUR + index,
    }));
    meanwhile = (call) => {
      if (call === 1) rows = rows.slice(0, 250);
    };
    const log = keptLog();
    await increment(since(NOW - 2 * HOUR), log);
    expect(log.lines).toEqual([
      expect.objectContaining({
        level: 'warn',
        fields: expect.objectContaining({ promised: 300, found: 250 }),
      }),
    ]);
  });
});
