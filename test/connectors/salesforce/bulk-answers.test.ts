import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createSalesforce } from '../../../connectors/salesforce/index.ts';
import {
  configFor,
  discoveryOf,
  drain,
  type FakeAnswer,
  quickClock,
  recordsOf,
  startFakeOrg,
} from './fake-org.ts';

const JOB = '7508v0000000001AAA';
const IDS = ['0038v0000000001AAA', '0038v0000000002AAA', '0038v0000000003AAA'];
const HEAD = '"Id","SystemModstamp","CreatedDate","IsDeleted","Amount"\n';
const STAMP = '2026-05-01T00:00:00.000Z';
const line = (id: string, amount = '5.0') => `"${id}","${STAMP}","${STAMP}","false","${amount}"\n`;
const WHOLE = HEAD + IDS.map((id) => line(id)).join('');

type Results = (fetch: number) => FakeAnswer;

let server: Awaited<ReturnType<typeof startFakeOrg>>;
let results: Results;
let processed: number | undefined;
let warnings: unknown[];

const csv = (body: string, count: number, more: Readonly<Record<string, string>> = {}): FakeAnswer => ({
  body,
  headers: {
    'content-type': 'text/csv; charset=UTF-8',
    'sforce-numberofrecords': String(count),
    'sforce-locator': 'null',
    ...more,
  },
});

beforeEach(async () => {
  processed = 3;
  warnings = [];
  let fetches = 0;
  server = await startFakeOrg(({ method, path, soql }) => {
    if (soql !== null) {
      const records = IDS.map((Id) => ({
        Id,
        SystemModstamp: STAMP,
        CreatedDate: STAMP,
        IsDeleted: false,
        Amount: 5,
      }));
      return { body: { done: true, totalSize: 3, records } };
    }
    if (path.endsWith('/results')) return results(++fetches);
    return {
      body: {
        id: JOB,
        state: method === 'POST' ? 'UploadComplete' : 'JobComplete',
        ...(processed === undefined ? {} : { numberRecordsProcessed: processed }),
      },
    };
  });
});
afterEach(() => server.close());

async function load() {
  const connection = createSalesforce({ bulkFrom: 0 }).open(configFor(server.url), {
    clock: quickClock(),
    random: () => 0.5,
    signal: new AbortController().signal,
    log: { debug: () => undefined, info: () => undefined, warn: (fields) => warnings.push(fields) },
  });
  // No count of records: the load of a known job begins.
  const cursor = JSON.stringify({
    v: 1,
    mode: 'bulk',
    start: Date.UTC(2026, 4, 2),
    after: null,
    job: JOB,
    locator: null,
    skip: 0,
    rows: 0,
  });
  const discovery = discoveryOf({ Contact: { Amount: 'number' } });
  try {
    return await drain(connection.pull({ type: 'Contact', fields: ['Amount'], cursor, discovery }));
  } finally {
    await connection.close();
  }
}

const fetched = () => server.requests.filter(({ path }) => path.endsWith('/results')).length;
const asked = () => server.requests.filter(({ soql }) => soql !== null).length;

describe('results of a job', () => {
  test('whole ones are taken, and the last page begins the increments where the load began', async () => {
    results = () => csv(WHOLE, 3);
    const pages = await load();
    expect(recordsOf(pages).map((record) => record.fields)).toEqual(IDS.map(() => ({ Amount: 5 })));
    expect(JSON.parse(pages.at(-1)!.cursor)).toMatchObject({
      mode: 'changes',
      at: Date.UTC(2026, 4, 2) - 660_000,
    });
    expect([fetched(), asked()]).toEqual([1, 0]);
  });

  const damaged: Readonly<Record<string, FakeAnswer>> = {
    'cut between two rows': csv(HEAD + line(IDS[0]!), 3),
    'cut inside a row': csv(WHOLE.slice(0, -30), 3),
    'a wrong count': csv(WHOLE, 4),
    'no count': csv(WHOLE, 3, { 'sforce-numberofrecords': '' }),
    'no locator': csv(WHOLE, 3, { 'sforce-locator': '' }),
    'an HTML page with 200': {
      body: '<html>Down for maintenance</html>',
      headers: { 'content-type': 'text/html' },
    },
    'a row with a cell too few': csv(`${HEAD}${line(IDS[0]!)}"x"\n${line(IDS[1]!)}`, 3),
    'text that is no CSV': csv(`${HEAD}${line(IDS[0]!)}a"b"\n${line(IDS[1]!)}`, 3),
  };

  test.each(Object.keys(damaged))('%s: fetched again, nothing twice', async (name) => {
    results = (fetch) => (fetch === 1 ? damaged[name]! : csv(WHOLE, 3));
    const pages = await load();
    expect(recordsOf(pages).map((record) => record.id)).toEqual(IDS);
    expect([fetched(), asked()]).toEqual([2, 0]);
    expect(warnings).toHaveLength(1);
  });

  test.each(Object.keys(damaged))('%s, again and again: REST', async (name) => {
    results = () => damaged[name]!;
    const pages = await load();
    expect(new Set(recordsOf(pages).map((record) => record.id))).toEqual(new Set(IDS));
    expect(pages.at(-1)!.done).toBe(true);
    expect(asked()).toBe(1);
  });

  test('fewer rows than the job says it processed: never taken for all there is', async () => {
    processed = 4;
    results = () => csv(WHOLE, 3);
    const pages = await load();
    expect(pages.map((page) => page.done)).toEqual([...pages.slice(1).map(() => false), true]);
    expect(asked()).toBe(1);
    expect(JSON.stringify(warnings)).toContain('gave 3 of 4 rows');
  });

  test('nothing at all, without even a header', async () => {
    processed = 0;
    results = () => csv('', 0);
    expect(await load()).toMatchObject([{ records: [], done: true }]);
  });

  test('a value that is not what its field promises costs its record only, and is named', async () => {
    results = () => csv(HEAD + line(IDS[0]!) + line(IDS[1]!, 'five') + line(IDS[2]!, ''), 3);
    const [page] = await load();
    expect(page!.records.map((record) => record.fields['Amount'])).toEqual([5, null]);
    expect(page!.failed).toEqual([{ id: IDS[1], message: 'Amount holds a string; expected number' }]);
  });

  test('a place in the results that is no cursor of ours is refused', async () => {
    const connection = createSalesforce().open(configFor(server.url), {
      clock: quickClock(),
      random: () => 0.5,
      signal: new AbortController().signal,
      log: { debug: () => undefined, info: () => undefined, warn: () => undefined },
    });
    const cursor = JSON.stringify({
      v: 1,
      mode: 'bulk',
      start: null,
      after: null,
      job: '../x',
      locator: null,
      skip: 0,
      rows: 0,
    });
    const discovery = discoveryOf({ Contact: {} });
    await expect(
      drain(connection.pull({ type: 'Contact', fields: [], cursor, discovery })),
    ).rejects.toMatchObject({
      code: 'crm_cursor_expired',
    });
    await connection.close();
  });
});
