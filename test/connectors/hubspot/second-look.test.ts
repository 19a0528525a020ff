import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Usage } from '../../../src/connector/port.ts';
import { describeFields, hubspotConfig, openHubspot } from '../../helpers/hubspot.ts';
import { createJumpClock, type JumpClock } from '../../helpers/jump-clock.ts';

interface Row {
  readonly id: number;
  readonly stamp: number;
  /** When the index of search shows it. */
  readonly shown: number;
}

interface Query {
  readonly filterGroups: readonly [
    { readonly filters: readonly { propertyName: string; operator: string; value: string }[] },
  ];
  readonly sorts: readonly [{ readonly propertyName: string }];
  readonly limit: number;
  readonly after?: string;
}

const MINUTE = 60_000;
const BEGIN = Date.UTC(2026, 10, 2, 12);
let rows: Row[] = [];
let clock: JumpClock;
let asked: Query[] = [];

/** Search whose index runs behind: a row is found only from `shown` on. */
const server = createServer((request, response) => {
  let text = '';
  request.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  request.on('end', () => {
    response.setHeader('Date', new Date(clock.now()).toUTCString());
    response.end(JSON.stringify(request.url?.endsWith('/search') ? search(text) : { results: [] }));
  });
});

function search(text: string): unknown {
  const query = JSON.parse(text) as Query;
  asked.push(query);
  const value = (row: Row, name: string): number => (name === 'hs_object_id' ? row.id : row.stamp);
  const sort = query.sorts[0].propertyName;
  const found = rows
    .filter(({ shown }) => shown <= clock.now())
    .filter((row) =>
      query.filterGroups[0].filters.every((filter) => {
        const own = value(row, filter.propertyName);
        const wanted = Number(filter.value);
        if (filter.operator === 'GTE') return own >= wanted;
        if (filter.operator === 'LT') return own < wanted;
        return filter.operator === 'EQ' ? own === wanted : own > wanted;
      }),
    )
    .sort((a, b) => value(a, sort) - value(b, sort) || a.id - b.id);
  const offset = Number(query.after ?? 0);
  const end = offset + query.limit;
  return {
    total: found.length,
    results: found.slice(offset, end).map(({ id, stamp }) => ({
      id: String(id),
      properties: { hs_lastmodifieddate: new Date(stamp).toISOString() },
      createdAt: new Date(0).toISOString(),
      archived: false,
    })),
    ...(end < found.length ? { paging: { next: { after: String(end) } } } : {}),
  };
}

beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(
  () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    }),
);
beforeEach(() => {
  clock = createJumpClock(BEGIN);
  asked = [];
  rows = [];
});

interface Increment {
  readonly ids: readonly number[];
  readonly cursor: string;
  readonly done: boolean;
  readonly usage: Usage;
}

/** One increment, killed after so many pages. */
async function increment(cursor: string, stopAfter = Number.POSITIVE_INFINITY): Promise<Increment> {
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const connection = openHubspot(hubspotConfig({ baseUrl }), { clock });
  const ids: number[] = [];
  let last = { cursor, done: false };
  let pages = 0;
  try {
    const request = { type: 'companies', fields: [], cursor, discovery: describeFields('companies', {}) };
    for await (const page of connection.pull(request)) {
      ids.push(...page.records.map(({ id }) => Number(id)));
      last = page;
      pages += 1;
      if (pages >= stopAfter) break;
    }
  } finally {
    await connection.close();
  }
  return { ids, cursor: last.cursor, done: last.done, usage: connection.usage };
}

const since = (from: number): string => JSON.stringify({ v: 1, kind: 'since', from });
/** How many searches of a usage were the second look. */
const secondLooks = ({ byPurpose }: Usage): number => byPurpose['search-lag'] ?? 0;

describe('rows that search shows late', () => {
  test('F10: rows shown up to 50 minutes after their stamp are all found, however often it runs and is killed', async () => {
    const batches = fc.array(
      fc.record({
        minute: fc.integer({ min: 0, max: 300 }),
        late: fc.integer({ min: 0, max: 50 }),
        // Many of one instant, as after a bulk update: more than a search, more than a page of a pull.
        count: fc.constantFrom(1, 1, 3, 201, 1_100),
      }),
      { minLength: 1, maxLength: 8 },
    );
    const runs = fc.array(
      fc.record({
        pause: fc.constantFrom(1, 5, 10, 15, 40, 62, 130),
        stopAfter: fc.integer({ min: 1, max: 4 }),
      }),
      { minLength: 8, maxLength: 24 },
    );
    await fc.assert(
      fc.asyncProperty(batches, runs, async (some, plan) => {
        clock = createJumpClock(BEGIN);
        rows = [];
        for (const { minute, late, count } of some) {
          const stamp = BEGIN + minute * MINUTE;
          for (let i = 0; i < count; i += 1)
            rows.push({ id: rows.length + 1, stamp, shown: stamp + late * MINUTE });
        }
        const found = new Set<number>();
        let cursor = since(BEGIN - 5 * MINUTE);
        const take = ({ ids, cursor: next }: Increment): void => {
          for (const id of ids) found.add(id);
          cursor = next;
        };
        for (const { pause, stopAfter } of plan) {
          clock.advance(pause * MINUTE);
          take(await increment(cursor, stopAfter));
        }
        // In the end all is old enough; one run to finish what was cut off, one to look again.
        clock.advance(Math.max(0, BEGIN + 7 * 60 * MINUTE - clock.now()));
        take(await increment(cursor));
        clock.advance(20 * MINUTE);
        take(await increment(cursor));
        expect(rows.filter(({ id }) => !found.has(id))).toEqual([]);
      }),
      { numRuns: 25 },
    );
  });

  test('F10: 12,000 rows of one instant that all appear late come in a second look, with no query near the cap', async () => {
    const stamp = BEGIN + 2 * MINUTE;
    rows = Array.from({ length: 12_000 }, (_, n) => ({ id: n + 1, stamp, shown: BEGIN + 40 * MINUTE }));
    let cursor = since(BEGIN);
    const found = new Set<number>();
    for (let run = 0; run < 9; run += 1) {
      clock.advance(10 * MINUTE);
      const result = await increment(cursor);
      cursor = result.cursor;
      for (const id of result.ids) found.add(id);
    }
    expect(found.size).toBe(12_000);
    expect(asked.every(({ after }) => Number(after ?? 0) < 10_000)).toBe(true);
  });

  test('F10: it costs one search in a quarter of an hour when there is nothing to find', async () => {
    let cursor = since(BEGIN);
    let looks = 0;
    for (let minute = 0; minute < 4 * 60; minute += 5) {
      clock.advance(5 * MINUTE);
      const result = await increment(cursor);
      cursor = result.cursor;
      looks += secondLooks(result.usage);
      expect(result.usage.requests).toBeLessThanOrEqual(2);
    }
    // From an hour on: three hours of quarters.
    expect(looks).toBeGreaterThanOrEqual(10);
    expect(looks).toBeLessThanOrEqual(12);
  });

  test('F10: runs an hour and more apart look again within the one search they need anyway', async () => {
    let cursor = since(BEGIN);
    for (let run = 0; run < 4; run += 1) {
      clock.advance(6 * 60 * MINUTE);
      // Changed ten minutes before this run, and shown half an hour after it.
      const stamp = clock.now() - 10 * MINUTE;
      rows.push({ id: run + 1, stamp, shown: stamp + 40 * MINUTE });
      const result = await increment(cursor);
      cursor = result.cursor;
      expect(result.ids).toEqual(run === 0 ? [] : [run]);
      expect(result.usage).toMatchObject({ requests: 1 + (run === 0 ? 0 : associationReads(result)) });
      expect(secondLooks(result.usage)).toBe(0);
    }
  });

  test('F10: a second look that is cut off is carried on, and only then counted as taken', async () => {
    const stamp = BEGIN + MINUTE;
    rows = Array.from({ length: 2_300 }, (_, n) => ({ id: n + 1, stamp, shown: stamp + 45 * MINUTE }));
    clock.advance(20 * MINUTE);
    const first = await increment(since(BEGIN));
    expect(first.ids).toEqual([]);
    clock.advance(30 * MINUTE);
    const second = await increment(first.cursor);
    clock.advance(30 * MINUTE);
    const found = new Set<number>();
    let part = await increment(second.cursor, 2);
    for (let turns = 0; turns < 20; turns += 1) {
      for (const id of part.ids) found.add(id);
      if (part.done) break;
      expect(JSON.parse(part.cursor)).toMatchObject({ look: { lag: BEGIN } });
      part = await increment(part.cursor, 1);
    }
    expect(part.done).toBe(true);
    expect(found.size).toBe(2_300);
    expect(JSON.parse(part.cursor)).toMatchObject({ kind: 'since', lag: BEGIN + 20 * MINUTE });
  });
});

function associationReads({ usage }: Increment): number {
  return usage.byPurpose['associations'] ?? 0;
}
