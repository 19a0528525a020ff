import { afterEach, describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { id18 } from '../../../connectors/salesforce/ids.ts';
import { discoveryOf, drain, NOW, openTo, recordsOf, startFakeOrg } from './fake-org.ts';
import { type FakeRow, fakeTable } from './fake-table.ts';

interface LateRow extends FakeRow {
  /** When its transaction ends and it becomes visible, by Salesforce's clock. */
  readonly visible: number;
}

const SECOND = 1_000;
const MINUTE = 60_000;
const discovery = discoveryOf({ Contact: {} });
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** An org whose rows become visible some time after their stamp, and whose answers are dated `skew` off the stamps. */
async function org(pageSize: number, skew: number) {
  const rows: LateRow[] = [];
  const state = { now: NOW };
  let table = fakeTable([], { pageSize });
  const server = await startFakeOrg((request) => {
    // A query sees what is visible when it is sent; its further pages are of that moment.
    if (request.soql !== null) {
      table = fakeTable(
        rows.filter(({ visible }) => visible <= state.now),
        { pageSize },
      );
    }
    const headers = { date: new Date(state.now + skew).toUTCString() };
    return { ...table.answer(request), headers };
  });
  closers.push(server.close);
  const increment = async (cursor: string | null, stopAfter?: number) => {
    const { connection } = openTo(server.url);
    const pages = await drain(connection.pull({ type: 'Contact', fields: [], cursor, discovery }), stopAfter);
    await connection.close();
    return { ids: recordsOf(pages).map(({ id }) => id), ...pages.at(-1)! };
  };
  return { rows, state, increment };
}

describe('rows that become visible after their stamp', () => {
  test('F10: transactions of up to ten minutes are never skipped, whatever was read meanwhile (property)', async () => {
    const scenario = fc.record({
      pageSize: fc.integer({ min: 1, max: 6 }),
      // The clocks of the answers and of the stamps differ.
      skew: fc.integer({ min: -30, max: 50 }),
      rows: fc.array(
        fc.record({
          second: fc.integer({ min: 0, max: 3_600 }),
          open: fc.integer({ min: 0, max: 600 }),
          count: fc.constantFrom(1, 1, 2, 9),
        }),
        { minLength: 1, maxLength: 12 },
      ),
      runs: fc.array(
        fc.record({
          pause: fc.constantFrom(1, 20, 60, 300, 599, 601, 1_800),
          stopAfter: fc.integer({ min: 1, max: 5 }),
        }),
        { minLength: 3, maxLength: 20 },
      ),
    });
    await fc.assert(
      fc.asyncProperty(scenario, async ({ pageSize, skew, rows, runs }) => {
        const { rows: table, state, increment } = await org(pageSize, skew * SECOND);
        for (const { second, open, count } of rows) {
          const stamp = NOW + second * SECOND;
          for (let i = 0; i < count; i += 1) {
            const id = id18(`003${String((table.length * 7_919) % 999_983).padStart(12, '0')}`);
            table.push({ id, stamp, visible: stamp + open * SECOND });
          }
        }
        const found = new Set<string>();
        let { cursor } = await increment(null);
        for (const { pause, stopAfter } of runs) {
          state.now += pause * SECOND;
          const part = await increment(cursor, stopAfter);
          for (const id of part.ids) found.add(id);
          cursor = part.cursor;
        }
        // When all is visible: what was cut off comes to its end, and one more increment.
        state.now = Math.max(state.now, NOW + 90 * MINUTE);
        for (let run = 0; run < 2; run += 1) {
          const part = await increment(cursor);
          for (const id of part.ids) found.add(id);
          cursor = part.cursor;
        }
        expect(table.filter(({ id }) => !found.has(id))).toEqual([]);
      }),
      {
        numRuns: 60,
        // Read a second before a transaction of ten minutes ends, by answers dated ahead of the stamps.
        examples: [
          [
            {
              pageSize: 5,
              skew: 50,
              rows: [{ second: 1_200, open: 600, count: 1 }],
              runs: [{ pause: 1_799, stopAfter: 5 }],
            },
          ],
        ],
      },
    );
  });

  test('F10: a change is handed over at once, however fresh, and again until it is surely covered', async () => {
    const { rows, state, increment } = await org(5, 0);
    let { cursor } = await increment(null);
    state.now += 20 * MINUTE;
    const id = id18('003000000000001');
    rows.push({ id, stamp: state.now - SECOND, visible: state.now });
    const given: string[][] = [];
    for (let run = 0; run < 4; run += 1) {
      const part = await increment(cursor);
      cursor = part.cursor;
      given.push(part.ids);
      state.now += 10.5 * MINUTE;
    }
    expect(given).toEqual([[id], [id], [id], []]);
  });
});
