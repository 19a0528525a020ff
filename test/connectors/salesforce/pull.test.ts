import { afterEach, describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { id18 } from '../../../connectors/salesforce/ids.ts';
import type { Page } from '../../../src/connector/port.ts';
import { discoveryOf, drain, NOW, openTo, recordsOf, startFakeOrg } from './fake-org.ts';
import { type FakeRow, type FakeTableOptions, fakeTable, refused } from './fake-table.ts';

const discovery = discoveryOf({ Contact: { Email: 'text', Phone: 'text' } });
const HOUR = 3_600_000;
const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

function rowsAt(stamps: readonly number[]): FakeRow[] {
  // Ids are handed out in an order that has nothing to do with the stamps.
  return stamps.map((stamp, index) => {
    const number = (index * 7_919) % 999_983;
    return { id: id18(`003${String(number).padStart(12, '0')}`), stamp };
  });
}

async function org(rows: readonly FakeRow[], options: FakeTableOptions) {
  const table = fakeTable(rows, options);
  const server = await startFakeOrg(table.answer);
  const opened = openTo(server.url);
  closers.push(() => opened.connection.close(), server.close);
  const pull = (cursor: string | null, fields: readonly string[] = []): AsyncIterable<Page> =>
    opened.connection.pull({ type: 'Contact', fields, cursor, discovery });
  return { ...opened, table, server, pull };
}

/** An increment from the end of a full load of nothing. */
async function emptyLoad(): Promise<string> {
  const { pull } = await org([], { pageSize: 5 });
  return (await drain(pull(null))).at(-1)!.cursor;
}

function idsOf(pages: readonly Page[]): readonly string[] {
  return recordsOf(pages).map((record) => record.id);
}

function allIds(rows: readonly FakeRow[]): readonly string[] {
  return rows.map((row) => row.id).sort();
}

describe('full load', () => {
  test('every row once, in one request a page, with the total known from the first', async () => {
    const rows = rowsAt(Array.from({ length: 23 }, (_, index) => NOW - index * HOUR));
    const { pull, server } = await org(rows, { pageSize: 5 });
    const pages = await drain(pull(null));
    expect(idsOf(pages)).toEqual(allIds(rows));
    expect(pages.map((page) => page.done)).toEqual([false, false, false, false, true]);
    expect(pages.map((page) => page.total)).toEqual([23, 23, 23, 23, 23]);
    expect(server.requests).toHaveLength(5);
    expect(server.requests[0]).toMatchObject({
      soql: 'SELECT Id, SystemModstamp, CreatedDate, IsDeleted FROM Contact ORDER BY Id',
      path: '/services/data/v67.0/queryAll',
      headers: {
        authorization: 'Bearer test-token',
        'sforce-call-options': 'client=Waystage',
        'sforce-auto-assign': 'FALSE',
        'sforce-query-options': 'batchSize=2000',
      },
    });
  });

  test("a new connection goes on from any page's cursor without missing or repeating a row", async () => {
    const rows = rowsAt(Array.from({ length: 23 }, () => NOW - HOUR));
    for (let stopAfter = 1; stopAfter <= 4; stopAfter += 1) {
      const { pull } = await org(rows, { pageSize: 5 });
      const first = await drain(pull(null), stopAfter);
      const second = await org(rows, { pageSize: 5 });
      const rest = await drain(second.pull(first.at(-1)!.cursor));
      expect([...idsOf(first), ...idsOf(rest)]).toEqual(allIds(rows));
      expect(rest.at(-1)?.done).toBe(true);
    }
  });

  test('an expired query cursor is followed by a new query from the last row', async () => {
    const rows = rowsAt(Array.from({ length: 12 }, () => NOW - HOUR));
    const { pull, table } = await org(rows, {
      pageSize: 5,
      before: (_request, count) => {
        if (count === 2 || count === 4) table.expire();
        return null;
      },
    });
    expect(idsOf(await drain(pull(null)))).toEqual(allIds(rows));
  });

  test('cursors that expire again and again without progress end in an error', async () => {
    const rows = rowsAt(Array.from({ length: 12 }, () => NOW - HOUR));
    const { pull } = await org(rows, {
      pageSize: 5,
      before: () => refused('INVALID_QUERY_LOCATOR', 'invalid query locator'),
    });
    await expect(drain(pull(null))).rejects.toMatchObject({ code: 'crm_cursor_expired' });
  });

  test('a query that takes too long goes on in smaller ones', async () => {
    const rows = rowsAt(Array.from({ length: 450 }, () => NOW - HOUR));
    const { pull, server } = await org(rows, {
      pageSize: 2_000,
      before: ({ soql }) =>
        soql !== null && Number(/LIMIT (\d+)/.exec(soql)?.[1] ?? 9_999) > 200
          ? refused('QUERY_TIMEOUT', 'Your query request was running for too long.')
          : null,
    });
    const pages = await drain(pull(null));
    expect(idsOf(pages)).toEqual(allIds(rows));
    expect(pages.map((page) => page.records.length)).toEqual([200, 200, 50]);
    expect(server.requests).toHaveLength(6);
  });

  test('a field that went away since discovery is left out and named; the rest is read', async () => {
    const rows = rowsAt([NOW - HOUR]).map((row) => ({ ...row, fields: { Email: 'a@b.example' } }));
    const { pull, warnings } = await org(rows, {
      pageSize: 5,
      before: ({ soql }) =>
        soql?.includes('Phone') === true
          ? refused(
              'INVALID_FIELD',
              "\nSELECT Id, Phone FROM Contact\n^\nNo such column 'Phone' on entity 'Contact'.",
            )
          : null,
    });
    const pages = await drain(pull(null, ['Email', 'Phone']));
    expect(recordsOf(pages)[0]?.fields).toEqual({ Email: 'a@b.example' });
    expect(warnings).toEqual([
      [expect.stringContaining('no longer visible'), { type: 'Contact', fields: ['Phone'] }],
    ]);
  });

  test('a row that cannot be read is reported with its id, the others are not lost', async () => {
    const rows = rowsAt([NOW, NOW, NOW]);
    rows[1] = { ...rows[1]!, fields: { Email: { nested: true } } };
    const { pull } = await org(rows, { pageSize: 5 });
    const [page] = await drain(pull(null, ['Email']));
    expect(page?.records).toHaveLength(2);
    expect(page?.failed).toEqual([{ id: rows[1].id, message: 'Email holds an object; expected text' }]);
  });

  test('a page that is not what the API promises is never used in part', async () => {
    for (const body of [
      { totalSize: 1, done: false, records: [{ Id: '003000000000001AAA' }] },
      { totalSize: 1, records: [] },
      { totalSize: 1, done: false, records: [{}], nextRecordsUrl: 'https://elsewhere.example/x' },
      { totalSize: 1, done: true, records: [null] },
    ]) {
      const { pull } = await org([], { pageSize: 5, before: () => ({ body }) });
      await expect(drain(pull(null))).rejects.toMatchObject({ code: 'crm_bad_answer' });
    }
  });

  test('more fields than fit into one URL are read in several requests and joined', async () => {
    const names = Array.from({ length: 900 }, (_, index) => `Custom_Field_Number_${index}__c`);
    const fields = Object.fromEntries(names.map((name, index) => [name, index]));
    const rows = rowsAt([NOW, NOW, NOW]).map((row) => ({ ...row, fields }));
    const { connection, server } = await org(rows, { pageSize: 5 });
    const wide = discoveryOf({ Contact: Object.fromEntries(names.map((name) => [name, 'number' as const])) });
    const pages = await drain(
      connection.pull({ type: 'Contact', fields: names, cursor: null, discovery: wide }),
    );
    expect(recordsOf(pages).map((record) => record.fields)).toEqual([fields, fields, fields]);
    expect(server.requests.length).toBeGreaterThan(1);
  });
});

describe('increments', () => {
  test('one request when little changed; from eleven minutes before the last one began, on the server’s clock', async () => {
    const old = rowsAt([NOW - HOUR, NOW - 10.5 * 60_000, NOW + 1_000]);
    const { pull, server } = await org(old, { pageSize: 5 });
    const pages = await drain(pull(await emptyLoad()));
    expect(idsOf(pages)).toEqual([old[1]!.id, old[2]!.id]);
    expect(pages.at(-1)?.done).toBe(true);
    expect(server.requests.map((request) => request.soql)).toEqual([
      'SELECT Id, SystemModstamp, CreatedDate, IsDeleted FROM Contact WHERE SystemModstamp >= 2026-06-01T11:49:00Z ORDER BY SystemModstamp, Id',
    ]);
    expect(JSON.parse(pages.at(-1)!.cursor)).toMatchObject({ mode: 'changes', at: NOW - 660_000 });
  });

  test('a second that fills more than a page is drained by id, whichever way the server orders it', async () => {
    const tie = Array.from({ length: 17 }, (_, index) => NOW + 5_000 + ((index * 37) % 1000));
    const rows = rowsAt([NOW + 1_000, ...tie, NOW + 9_000, NOW + 9_500]);
    for (const orderByMilliseconds of [true, false]) {
      const { pull } = await org(rows, { pageSize: 5, orderByMilliseconds });
      const pages = await drain(pull(await emptyLoad()));
      expect([...new Set(idsOf(pages))].sort()).toEqual(allIds(rows));
    }
  });

  test('stopped after any page and taken up elsewhere, nothing is lost (property)', async () => {
    const start = await emptyLoad();
    const scenario = fc.record({
      offsets: fc.array(fc.integer({ min: 0, max: 6_000 }), { maxLength: 40 }),
      pageSize: fc.integer({ min: 1, max: 7 }),
      orderByMilliseconds: fc.boolean(),
      stopAfter: fc.integer({ min: 1, max: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(scenario, async ({ offsets, pageSize, orderByMilliseconds, stopAfter }) => {
        const rows = rowsAt(offsets.map((offset) => NOW + offset));
        const seen = new Set<string>();
        let cursor = start;
        let turns = 0;
        for (let done = false; !done; turns += 1) {
          const { pull, connection, server } = await org(rows, { pageSize, orderByMilliseconds });
          const pages = await drain(pull(cursor), stopAfter);
          for (const id of idsOf(pages)) seen.add(id);
          ({ cursor, done } = pages.at(-1)!);
          await connection.close();
          await server.close();
          expect(turns).toBeLessThan(200);
        }
        expect([...seen].sort()).toEqual(allIds(rows));
      }),
      { numRuns: 40 },
    );
  });

  test('a slow query halves its window of time and still reaches the end', async () => {
    const rows = rowsAt([NOW - 500_000, NOW - 300_000, NOW - 100_000, NOW + 50_000]);
    let refusals = 0;
    const { pull } = await org(rows, {
      pageSize: 5,
      before: ({ soql }) => {
        const from = Date.parse(/>= ([^ ]+Z)/.exec(soql ?? '')?.[1] ?? '');
        const to = Date.parse(/< ([^ ]+Z)/.exec(soql ?? '')?.[1] ?? '9999-01-01T00:00:00Z');
        if (from > NOW - 200_000 || to - from <= 200_000) return null;
        refusals += 1;
        return refused('QUERY_TIMEOUT', 'Your query request was running for too long.');
      },
    });
    // The machine's clock has no part in this: the first window ends at the server's time, once it is known.
    const warm = JSON.stringify({ v: 1, mode: 'changes', at: NOW - 600_000, high: NOW, after: null });
    const pages = await drain(pull(warm));
    expect(idsOf(pages)).toEqual(rows.map((row) => row.id));
    expect(refusals).toBeGreaterThan(0);
    expect(pages.at(-1)?.done).toBe(true);
  });

  test('rows out of the order asked for are refused: their last stamp says nothing about the rest', async () => {
    const { pull } = await org([], {
      pageSize: 5,
      before: () => ({
        body: {
          totalSize: 2,
          done: true,
          records: [
            { Id: '003000000000001AAA', SystemModstamp: '2026-06-01T12:00:05.000+0000' },
            { Id: '003000000000002AAA', SystemModstamp: '2026-06-01T12:00:01.000+0000' },
          ],
        },
      }),
    });
    await expect(drain(pull(await emptyLoad()))).rejects.toMatchObject({ code: 'crm_bad_answer' });
  });

  test('a cursor that is not ours asks for a full pull', async () => {
    const { pull } = await org([], { pageSize: 5 });
    for (const cursor of [
      '',
      '{}',
      '"x"',
      '{"v":2,"mode":"full","start":null,"after":null}',
      `{"v":1,"mode":"full","start":null,"after":"x' OR '"}`,
    ])
      await expect(drain(pull(cursor))).rejects.toMatchObject({ code: 'crm_cursor_expired' });
  });
});

describe('single records', () => {
  test('present values, gone ids, and the winner of a merge instead of its loser', async () => {
    const [live, deleted, loser, winner] = rowsAt([NOW, NOW, NOW, NOW]) as [
      FakeRow,
      FakeRow,
      FakeRow,
      FakeRow,
    ];
    const merged = discoveryOf({ Contact: { Email: 'text', MasterRecordId: 'text' } });
    const table = [
      { ...live, fields: { Email: 'a@b.example', MasterRecordId: null } },
      { ...deleted, fields: { IsDeleted: true, MasterRecordId: null } },
      { ...loser, fields: { IsDeleted: true, MasterRecordId: winner.id } },
      { ...winner, fields: { Email: 'w@b.example', MasterRecordId: null } },
    ];
    const { connection, server } = await org(table, { pageSize: 2_000 });
    const absent = '003AAAAAAAAAAAAAAA';
    const ids = [live.id, deleted.id, loser.id, absent, "x' OR Id != '"];
    const result = await connection.read({ type: 'Contact', ids, fields: ['Email'], discovery: merged });
    expect(result.records.map((record) => [record.id, record.fields['Email']])).toEqual([
      [live.id, 'a@b.example'],
      [winner.id, 'w@b.example'],
    ]);
    expect(result.gone).toEqual([deleted.id, loser.id, absent, "x' OR Id != '"]);
    expect(server.requests).toHaveLength(2);
    expect(connection.usage.byPurpose).toEqual({ read: 2 });
  });

  test('many ids are asked for in lists of 500', async () => {
    const rows = rowsAt(Array.from({ length: 1_100 }, () => NOW));
    const { connection, server } = await org(rows, { pageSize: 2_000 });
    const ids = rows.map((row) => row.id);
    const result = await connection.read({ type: 'Contact', ids, fields: [], discovery });
    expect(result.records).toHaveLength(1_100);
    expect(result.gone).toEqual([]);
    expect(server.requests).toHaveLength(3);
  });
});
