import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createSalesforce } from '../../../connectors/salesforce/index.ts';
import { startSalesforceSandbox } from '../../../connectors/salesforce/sandbox/index.ts';
import type { AuthConfig, Page } from '../../../src/connector/port.ts';
import type { CrmRecord } from '../../../src/model/record.ts';
import type { Sandbox } from '../../../src/sandbox/port.ts';
import type { SyncResult } from '../../../src/sync/run.ts';
import { createFaultProxy, type FaultProxy } from '../../helpers/fault-proxy.ts';
import { type FaultRig, type FaultRigOptions, startFaultRig } from '../../helpers/fault-rig.ts';

const QUERY = 'GET /services/data/:version/queryAll';
const NEXT = 'GET /services/data/:version/query/:locator';
const DESCRIBE = 'GET /services/data/:version/sobjects/:type/describe';
const TOKEN = 'POST /services/oauth2/token';
/** What the connector lets itself send in ten seconds. */
const PER_TEN_SECONDS = 100;

let whole: Readonly<Record<string, unknown>>;
let seen: number;
let requests: number;
let rig: FaultRig;
let proxy: FaultProxy | null = null;

const clientCredentials = ({ clientId, clientSecret }: Sandbox): AuthConfig => ({
  kind: 'client-credentials',
  clientId,
  clientSecret,
});

async function start(options: Partial<FaultRigOptions> = {}): Promise<FaultRig> {
  rig = await startFaultRig({
    // The smallest page there is, so that a small org fills several.
    connector: createSalesforce({ pageSize: 200 }),
    startSandbox: startSalesforceSandbox,
    contacts: 560,
    ...options,
  });
  return rig;
}

async function behindProxy(): Promise<FaultProxy> {
  await start({
    baseUrl: async (sandbox) => {
      proxy = await createFaultProxy(sandbox.url);
      return proxy.url;
    },
  });
  return proxy!;
}

beforeAll(async () => {
  await start();
  const { summary, exit } = await rig.pull();
  whole = await rig.stored();
  seen = summary.connections['salesforce']!.seen;
  requests = summary.connections['salesforce']!.requests;
  const pages = (await rig.requests()).routes[NEXT];
  await rig.close();
  expect([exit, seen]).toEqual([0, Object.keys(whole).length]);
  expect(pages).toBeGreaterThan(3);
});
afterEach(async () => {
  await proxy?.close();
  proxy = null;
  await rig.close();
});

/** The run under the fault did what one without it does: nothing lost, nothing twice, no limit overrun. */
async function expectWhole({ summary, exit }: SyncResult): Promise<void> {
  expect(summary.problems).toEqual([]);
  expect(exit).toBe(0);
  expect(await rig.stored()).toEqual(whole);
  expect(summary.connections['salesforce']).toMatchObject({ seen, applied: seen, ignored: {}, failed: 0 });
  await expectWithinLimits();
}

async function expectWithinLimits(): Promise<void> {
  const { peaks } = await rig.requests();
  expect(peaks['ten-seconds']!.peak).toBeLessThanOrEqual(PER_TEN_SECONDS);
}

/** The next run goes on where the failed one stopped and ends with everything. */
async function expectResumes(): Promise<SyncResult> {
  await rig.heal();
  const result = await rig.pull();
  expect(result.summary.problems).toEqual([]);
  expect(await rig.stored()).toEqual(whole);
  await expectWithinLimits();
  return result;
}

/** What is stored is right as far as it goes. */
async function expectPartOfWhole(): Promise<Readonly<Record<string, unknown>>> {
  const stored = await rig.stored();
  for (const [key, record] of Object.entries(stored)) expect(record).toEqual(whole[key]);
  return stored;
}

async function recordsOf(pages: AsyncIterable<Page>): Promise<readonly CrmRecord[]> {
  const records: CrmRecord[] = [];
  for await (const page of pages) records.push(...page.records);
  return records;
}

describe('Salesforce under faults', () => {
  test('F1: a limit with Retry-After is waited for as asked, and nothing is lost', async () => {
    await start();
    await rig.fault({
      name: 'concurrent-limit',
      route: NEXT,
      count: 1,
      headers: { 'Retry-After': '30' },
    });
    await rig.fault({ status: 503, route: QUERY, after: 3, count: 1, headers: { 'Retry-After': '40' } });
    const result = await rig.pull();
    await expectWhole(result);
    expect(rig.waits).toContain(30_500);
    expect(rig.waits).toContain(40_500);
  });

  test.each(['concurrent-limit', 'apex-limit'])(
    'F2: %s without Retry-After: a pause for all',
    async (name) => {
      await start();
      await rig.fault({ name, after: 12, count: 4 });
      const result = await rig.pull();
      await expectWhole(result);
      expect(rig.waits).toContain(2_100);
      expect(result.summary.connections['salesforce']!.rateLimited).toBe(4);
    },
  );

  test('F2: 429, which Salesforce does not document, is backed off from', async () => {
    await start();
    await rig.fault({ status: 429, after: 10, count: 3 });
    await expectWhole(await rig.pull());
  });

  test('F3: the daily limit is not knocked at: named at once, the rest stays for later', async () => {
    await start();
    await rig.fault({ name: 'daily-limit', after: 24 });
    const { summary, exit } = await rig.pull();
    expect(exit).toBe(1);
    expect(new Set(summary.problems.map(({ code }) => code))).toEqual(new Set(['crm_quota']));
    expect((await rig.requests()).refused).toBeLessThanOrEqual(12);
    await expectPartOfWhole();
    await expectResumes();
  });

  test('F4: every passing status in mid-paging is tried again at the same place', async () => {
    await start();
    for (const [index, status] of [500, 502, 503].entries())
      await rig.fault({ status, route: NEXT, after: index, count: 1 });
    for (const [index, status] of [406, 408, 420, 501, 504].entries())
      await rig.fault({ status, route: QUERY, after: index, count: 1 });
    await expectWhole(await rig.pull());
    expect(await rig.hits()).toBe(8);
  });

  test('F4: an answer that stays away is tried a bounded number of times, named, and read on from there', async () => {
    await start();
    await rig.fault({ name: 'unavailable', route: NEXT });
    const { summary, exit } = await rig.pull();
    expect(exit).toBe(3);
    expect(new Set(summary.problems.map(({ code }) => code))).toEqual(new Set(['crm_unreachable']));
    expect(summary.problems[0]!.message).toMatch(/503.*SERVER_UNAVAILABLE/);
    expect(await rig.hits()).toBe(5 * summary.problems.length);
    const stored = await expectPartOfWhole();
    // First pages are kept, and types of one page are all there.
    expect(Object.keys(stored).length).toBeGreaterThan(200);
    const { summary: second } = await expectResumes();
    expect(second.connections['salesforce']!.requests).toBeLessThan(requests);
  });

  test.each(['reset', 'reset-mid-body'])('F5: %s: the page is discarded and read again', async (kind) => {
    await start();
    await rig.fault({ kind, probability: 0.25, seed: 5, count: 12 });
    await expectWhole(await rig.pull());
    expect(await rig.hits()).toBeGreaterThan(3);
  });

  test('F5: connections cut at any byte by the network', async () => {
    const network = await behindProxy();
    for (const atByte of [0, 300, 5_000, 30_000]) network.next({ kind: 'reset', atByte });
    await expectWhole(await rig.pull());
    expect(network.connections()).toBeGreaterThan(4);
  });

  test.each(['truncate', 'malformed', 'gzip-broken'])(
    'F6: %s: told by form, and read again',
    async (kind) => {
      await start();
      await rig.fault({ kind, probability: 0.25, seed: 3, count: 12 });
      await expectWhole(await rig.pull());
      expect(await rig.hits()).toBeGreaterThan(3);
    },
  );

  test('F6: a row fewer than the count says, on any page: read again', async () => {
    await start();
    await rig.fault({ kind: 'wrong-count', route: QUERY, count: 4 });
    await rig.fault({ kind: 'wrong-count', route: NEXT, count: 4 });
    await expectWhole(await rig.pull());
    expect(await rig.hits()).toBe(8);
  });

  test.each(['truncate', 'malformed', 'html', 'wrong-count'])(
    'F6, F8: %s that stays is named; nothing of it is stored, the checkpoint stays',
    async (kind) => {
      await start();
      await rig.fault({ kind, route: NEXT });
      const { summary, exit } = await rig.pull();
      expect(exit).toBe(1);
      expect(new Set(summary.problems.map(({ code }) => code))).toEqual(new Set(['crm_bad_answer']));
      const stored = await expectPartOfWhole();
      expect(Object.keys(stored).length).toBeLessThan(seen);
      await expectResumes();
    },
  );

  test('F7: slow bodies and answers that never come are given up at their deadline', async () => {
    await start();
    await rig.fault({ kind: 'slow-body', route: NEXT, count: 1 });
    await rig.fault({ kind: 'never', route: QUERY, after: 2, count: 1 });
    await expectWhole(await rig.pull());
    expect(await rig.hits()).toBe(2);
  });

  test('F7: a network that swallows a connection, one that trickles, one that goes silent', async () => {
    const network = await behindProxy();
    network.next({ kind: 'timeout' });
    network.next({ kind: 'bandwidth', bytesPerSecond: 3_000_000 });
    network.next({ kind: 'half-open', atByte: 8_000 });
    await expectWhole(await rig.pull());
  });

  test('F8: 200 with a web page or an error body, wherever it comes', async () => {
    await start();
    const error = [{ message: 'An unexpected error occurred', errorCode: 'UNKNOWN_EXCEPTION' }];
    for (const route of [DESCRIBE, QUERY, NEXT]) {
      await rig.fault({ kind: 'html', route, count: 1 });
      await rig.fault({ kind: 'status', status: 200, body: error, route, after: 1, count: 1 });
      await rig.fault({ kind: 'status', status: 200, body: '', route, after: 2, count: 1 });
    }
    await expectWhole(await rig.pull());
    expect(await rig.hits()).toBe(9);
  });

  test('F8: a description that is an error body is never taken for an object without fields', async () => {
    await start();
    await rig.fault({ kind: 'status', status: 200, body: {}, route: DESCRIBE });
    const { summary } = await rig.pull();
    expect(summary.problems).toEqual([expect.objectContaining({ code: 'crm_bad_answer' })]);
    expect(await rig.stored()).toEqual({});
    await expectResumes();
  });

  test('F9: an expired query cursor: the query begins again where the last page ended', async () => {
    await start();
    await rig.fault({ name: 'expired-cursor', probability: 0.5, seed: 4, count: 6 });
    await expectWhole(await rig.pull());
    expect(await rig.hits()).toBeGreaterThan(0);
  });

  test('F9: a query that takes too long is cut into smaller ones', async () => {
    await start();
    await rig.fault({ name: 'query-timeout', route: QUERY, contains: 'FROM Task', count: 2 });
    await expectWhole(await rig.pull());
    expect(await rig.hits()).toBe(2);
  });

  test.each([-600_000, 600_000])('F11: a clock of ours that is %d ms off loses no change', async (skewMs) => {
    await start({ skewMs });
    await rig.pull();
    const [id] = Object.keys(whole).flatMap((key) => (key.startsWith('Contact ') ? [key.slice(8)] : []));
    await rig.control('edit', { type: 'Contact', id, properties: { Title: 'Chief of Clocks' } });
    await rig.control('clock', { advance: 120_000 });
    expect((await rig.pull()).summary.connections['salesforce']).toMatchObject({ applied: 1, failed: 0 });
  });

  test('F12: a session that ends in mid-run: one new token for all, and nothing is lost', async () => {
    await start({ auth: clientCredentials });
    await rig.fault({ name: 'expired-session', after: 26, count: 1 });
    await expectWhole(await rig.pull());
    const { routes } = await rig.requests();
    expect(routes[TOKEN]).toBe(2);
  });

  test('F12: a session that ends again and again is renewed each time', async () => {
    await start({ auth: clientCredentials });
    for (const after of [12, 27]) await rig.fault({ name: 'expired-session', after, count: 1 });
    await expectWhole(await rig.pull());
    expect(await rig.hits()).toBe(2);
  });

  test('F12: when the new token is refused too: named, no further knocking, read on later', async () => {
    await start({ auth: clientCredentials });
    await rig.fault({ name: 'expired-session', after: 26 });
    const { summary, exit } = await rig.pull();
    expect(exit).toBe(3);
    expect(new Set(summary.problems.map(({ code }) => code))).toEqual(new Set(['crm_credentials']));
    // Two calls a type at most: the one that found out and the one with the new token.
    expect(await rig.hits()).toBeLessThanOrEqual(24);
    await expectPartOfWhole();
    await expectResumes();
  });

  test('F12: a fixed token that ends in mid-run: named with what to do, read on with a good one', async () => {
    await start();
    await rig.fault({ name: 'expired-session', after: 24 });
    const { summary, exit } = await rig.pull();
    expect(exit).toBe(3);
    expect(summary.problems[0]).toMatchObject({
      code: 'crm_credentials',
      message: expect.stringMatching(/INVALID_SESSION_ID.*new token/),
    });
    await expectPartOfWhole();
    await expectResumes();
  });

  test.each([
    ['F34', 'remove'],
    ['F36', 'hide'],
  ])(
    '%s: a field gone (%s) after it was discovered is absent, never empty; the rest is there',
    async (_f, action) => {
      await start();
      const connection = rig.open();
      try {
        const discovery = await connection.discover(['Account']);
        const fields = ['Name', 'Website', 'Renewal_Date__c'];
        const pull = () => recordsOf(connection.pull({ type: 'Account', fields, cursor: null, discovery }));
        const before = await pull();
        expect(before.some(({ fields: { Renewal_Date__c: date } }) => typeof date === 'string')).toBe(true);
        await rig.control('field', { object: 'Account', field: 'Renewal_Date__c', action });
        const after = await pull();
        expect(after).toEqual(
          before.map(({ fields: { Renewal_Date__c: _, ...rest }, ...record }) => ({
            ...record,
            fields: rest,
          })),
        );
      } finally {
        await connection.close();
      }
    },
  );
});
