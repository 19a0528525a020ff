import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { hubspot } from '../../../connectors/hubspot/index.ts';
import { startHubspotSandbox } from '../../../connectors/hubspot/sandbox/index.ts';
import type { Page } from '../../../src/connector/port.ts';
import type { CrmRecord } from '../../../src/model/record.ts';
import type { SyncResult } from '../../../src/sync/run.ts';
import { createFaultProxy, type FaultProxy } from '../../helpers/fault-proxy.ts';
import { type FaultRig, type FaultRigOptions, startFaultRig } from '../../helpers/fault-rig.ts';

const LIST = 'GET /crm/objects/:version/:type';
const CONTACTS = 'GET /crm/objects/2026-03/contacts';

let whole: Readonly<Record<string, unknown>>;
let seen: number;
let requests: number;
let rig: FaultRig;
let proxy: FaultProxy | null = null;

async function start(options: Partial<FaultRigOptions> = {}): Promise<FaultRig> {
  rig = await startFaultRig({
    connector: hubspot,
    startSandbox: startHubspotSandbox,
    // Small pages of associations, so that more than the lists has to be paged.
    sandbox: { gzip: true, associationPage: 3 },
    ...options,
  });
  return rig;
}

beforeAll(async () => {
  await start();
  const { summary, exit } = await rig.pull();
  whole = await rig.stored();
  seen = summary.connections['hubspot']!.seen;
  requests = summary.connections['hubspot']!.requests;
  await rig.close();
  expect([exit, seen]).toEqual([0, Object.keys(whole).length]);
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
  expect(summary.connections['hubspot']).toMatchObject({ seen, applied: seen, ignored: {}, failed: 0 });
  await expectWithinLimits();
}

async function expectWithinLimits(): Promise<void> {
  const { peaks } = await rig.requests();
  for (const { peak, limit } of Object.values(peaks)) expect(peak).toBeLessThanOrEqual(limit);
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

describe('HubSpot under faults', () => {
  test('F1: 429 with Retry-After is waited for as asked, and nothing is lost', async () => {
    await start();
    await rig.fault({
      name: 'ten-secondly-limit',
      route: LIST,
      after: 4,
      count: 1,
      headers: { 'Retry-After': '30' },
    });
    const result = await rig.pull();
    await expectWhole(result);
    // Never earlier than asked, and not all in the same millisecond: 30 s and half a second of jitter.
    expect(rig.waits).toContain(30_500);
    expect(result.summary.connections['hubspot']!.rateLimited).toBe(1);
  });

  test('F1: Retry-After as a date is measured by the clock of the server', async () => {
    await start();
    const at = new Date(rig.clock.now() + 600_000).toUTCString();
    await rig.fault({
      name: 'ten-secondly-limit',
      route: LIST,
      after: 4,
      count: 1,
      headers: { 'Retry-After': at },
    });
    const began = rig.clock.now();
    const result = await rig.pull();
    // A pause longer than anybody waits for: what hangs on it fails by name, and goes on later.
    expect(result.summary.problems.every(({ code }) => code === 'crm_rate_limit')).toBe(true);
    expect(result.summary.problems.length).toBeGreaterThan(0);
    expect(rig.clock.now() - began).toBeLessThan(600_000);
    await expectPartOfWhole();
    await expectResumes();
  });

  test('F2: 429 without Retry-After: the limit that is named is paused', async () => {
    await start();
    await rig.fault({ name: 'ten-secondly-limit', route: LIST, after: 2, count: 3 });
    await rig.fault({ name: 'ten-secondly-limit', route: '/crm/associations/*', count: 2 });
    const result = await rig.pull();
    await expectWhole(result);
    expect(rig.waits).toContain(5_250);
    expect(result.summary.connections['hubspot']!.rateLimited).toBe(5);
  });

  test('F2: a search over its limit loses no change', async () => {
    await start();
    await rig.pull();
    const [id] = Object.keys(whole).flatMap((key) => (key.startsWith('contacts ') ? [key.slice(9)] : []));
    await rig.control('edit', { type: 'contacts', id, properties: { jobtitle: 'Chief of Faults' } });
    await rig.clock.sleep(2_000);
    await rig.fault({ name: 'secondly-limit', route: '/crm/objects/:version/:type/search', count: 4 });
    const { summary, exit } = await rig.pull();
    expect([
      exit,
      summary.connections['hubspot']!.applied,
      summary.connections['hubspot']!.rateLimited,
    ]).toEqual([0, 1, 4]);
    await expectWithinLimits();
  });

  test('F3: the daily limit is not knocked at: named at once, the rest stays for later', async () => {
    await start();
    await rig.fault({ name: 'daily-limit', after: 20 });
    const { summary, exit } = await rig.pull();
    expect(exit).toBe(1);
    expect(new Set(summary.problems.map(({ code }) => code))).toEqual(new Set(['crm_quota']));
    // No more than the requests that were under way.
    expect((await rig.requests()).refused).toBeLessThanOrEqual(20);
    await expectPartOfWhole();
    await expectResumes();
  });

  test('F4: every passing status in mid-paging is tried again at the same place', async () => {
    await start();
    const names = ['internal-error', 'bad-gateway', 'unavailable', 'gateway-timeout', 'server-down'];
    const more = ['connection-timeout', 'origin-unreachable', 'origin-timeout', 'locked', 'data-centre-move'];
    for (const [index, name] of [...names, ...more].entries())
      await rig.fault({ name, route: '/crm/*', after: 3 * index, count: 1 });
    await expectWhole(await rig.pull());
    expect(await rig.hits()).toBe(10);
    expect(rig.waits).toContain(10_500);
  });

  test('F4: an answer that stays away is tried a bounded number of times, named, and read on from there', async () => {
    await start();
    await rig.fault({ name: 'unavailable', route: CONTACTS, after: 1 });
    const { summary, exit } = await rig.pull();
    expect(exit).toBe(3);
    expect(summary.problems).toEqual([
      expect.objectContaining({ code: 'crm_unreachable', message: expect.stringMatching(/contacts.*503/) }),
    ]);
    expect(await rig.hits()).toBe(6);
    const stored = await expectPartOfWhole();
    // The other types are all there.
    const others = (all: Readonly<Record<string, unknown>>) =>
      Object.keys(all).filter((key) => !key.startsWith('contacts '));
    expect(others(stored)).toEqual(others(whole));
    await expectResumes();
  });

  test.each(['reset', 'reset-mid-body'])('F5: %s: the page is discarded and read again', async (kind) => {
    await start();
    await rig.fault({ kind, probability: 0.2, seed: 5, count: 12 });
    await expectWhole(await rig.pull());
    expect(await rig.hits()).toBeGreaterThan(3);
  });

  test('F5: connections cut at any byte by the network', async () => {
    await start({
      baseUrl: async (sandbox) => {
        proxy = await createFaultProxy(sandbox.url);
        return proxy.url;
      },
    });
    for (const atByte of [0, 300, 2_000, 9_000]) proxy!.next({ kind: 'reset', atByte });
    await expectWhole(await rig.pull());
    expect(proxy!.connections()).toBeGreaterThan(4);
  });

  test.each(['truncate', 'malformed', 'gzip-broken', 'wrong-count'])(
    'F6: %s: told by length, form or count, and read again',
    async (kind) => {
      await start();
      // A list has no count that a row could be missing from; associations and searches have.
      const route = kind === 'wrong-count' ? '/crm/associations/*' : '/*';
      await rig.fault({ kind, route, probability: 0.3, seed: 3, count: 10 });
      await expectWhole(await rig.pull());
      expect(await rig.hits()).toBeGreaterThan(kind === 'wrong-count' ? 0 : 3);
    },
  );

  test('F6: a search that gives fewer records than it announces is asked again', async () => {
    await start();
    await rig.pull();
    const ids = Object.keys(whole).flatMap((key) => (key.startsWith('contacts ') ? [key.slice(9)] : []));
    for (const id of ids.slice(0, 3))
      await rig.control('edit', { type: 'contacts', id, properties: { jobtitle: 'Chief of Counts' } });
    await rig.clock.sleep(2_000);
    await rig.fault({ kind: 'wrong-count', route: '/crm/objects/2026-03/contacts/search', count: 2 });
    const { summary } = await rig.pull();
    expect(await rig.hits()).toBe(2);
    expect(summary.connections['hubspot']!.applied).toBe(3);
  });

  test.each(['truncate', 'malformed', 'html'])(
    'F6, F8: %s that stays is named; nothing of it is stored, the checkpoint stays',
    async (kind) => {
      await start();
      await rig.fault({ kind, route: CONTACTS, after: 1 });
      const { summary, exit } = await rig.pull();
      expect(exit).toBe(1);
      expect(summary.problems).toEqual([
        expect.objectContaining({
          code: 'crm_bad_answer',
          message: expect.stringMatching(kind === 'html' ? /contacts.*web page/ : /contacts.*cut or broken/),
        }),
      ]);
      await expectPartOfWhole();
      await expectResumes();
    },
  );

  test('F7: slow bodies and answers that never come are given up at their deadline', async () => {
    await start();
    await rig.fault({ kind: 'slow-body', route: LIST, after: 2, count: 1 });
    await rig.fault({ kind: 'never', route: LIST, after: 5, count: 1 });
    await rig.fault({ kind: 'never', route: '/crm/associations/*', count: 1 });
    await expectWhole(await rig.pull());
    expect(await rig.hits()).toBe(3);
  });

  test('F7: latency alone changes nothing', async () => {
    await start();
    await rig.fault({ latencyMs: 3_000, probability: 0.5, seed: 2 });
    await expectWhole(await rig.pull());
  });

  test('F7: a network that swallows a connection, one that trickles, one that goes silent', async () => {
    await start({
      baseUrl: async (sandbox) => {
        proxy = await createFaultProxy(sandbox.url);
        return proxy.url;
      },
    });
    proxy!.next({ kind: 'timeout' });
    proxy!.next({ kind: 'slicer', bytes: 900, pauseMs: 1 });
    proxy!.next({ kind: 'half-open', atByte: 4_000 });
    proxy!.next({ kind: 'latency', ms: 20 });
    await expectWhole(await rig.pull());
  });

  test('F8: 200 with a web page or an error body, wherever it comes', async () => {
    await start();
    const error = { status: 'error', message: 'internal error', category: 'INTERNAL_ERROR' };
    for (const route of [
      '/account-info/*',
      '/crm/properties/*',
      '/crm/pipelines/*',
      LIST,
      '/crm/associations/*',
    ]) {
      await rig.fault({ kind: 'html', route, count: 1 });
      await rig.fault({ kind: 'status', status: 200, body: error, route, after: 1, count: 1 });
    }
    await expectWhole(await rig.pull());
    expect(await rig.hits()).toBeGreaterThanOrEqual(9);
  });

  test('F8: a list of properties that is an error body is never taken for a type without fields', async () => {
    await start();
    await rig.fault({ kind: 'status', status: 200, body: { status: 'error' }, route: '/crm/properties/*' });
    const { summary } = await rig.pull();
    expect(summary.problems).toEqual([expect.objectContaining({ code: 'crm_bad_answer' })]);
    expect(await rig.stored()).toEqual({});
    await expectResumes();
  });

  test.each([-600_000, 600_000])('F11: a clock of ours that is %d ms off loses no change', async (skewMs) => {
    await start({ skewMs });
    await rig.pull();
    const [id] = Object.keys(whole).flatMap((key) => (key.startsWith('contacts ') ? [key.slice(9)] : []));
    await rig.control('edit', { type: 'contacts', id, properties: { jobtitle: 'Chief of Clocks' } });
    await rig.control('clock', { advance: 120_000 });
    expect((await rig.pull()).summary.connections['hubspot']).toMatchObject({ applied: 1, failed: 0 });
  });

  test('F12: a token that ends in mid-run: named, no further knocking, read on when there is a good one', async () => {
    await start();
    await rig.fault({ name: 'expired-token', after: 25 });
    const { summary, exit } = await rig.pull();
    expect(exit).toBe(3);
    expect(new Set(summary.problems.map(({ code }) => code))).toEqual(new Set(['crm_credentials']));
    expect(await rig.hits()).toBeLessThanOrEqual(20);
    await expectPartOfWhole();
    const { summary: second } = await expectResumes();
    expect(second.connections['hubspot']!.requests).toBeLessThan(requests);
  });

  test.each([
    ['F34', 'remove'],
    ['F36', 'hide'],
  ])(
    '%s: a property gone (%s) after it was discovered is absent, never empty; the rest is there',
    async (_f, action) => {
      await start();
      const connection = rig.open();
      try {
        const discovery = await connection.discover(['companies']);
        const fields = ['name', 'domain', 'renewal_date'];
        const pull = async () => {
          const records = [];
          for await (const page of connection.pull({ type: 'companies', fields, cursor: null, discovery }))
            records.push(...page.records);
          return records;
        };
        const before = await pull();
        expect(before.some(({ fields: { renewal_date: date } }) => typeof date === 'string')).toBe(true);
        await rig.control('field', { object: 'companies', field: 'renewal_date', action });
        const after = await pull();
        expect(after).toEqual(
          before.map(({ fields: { renewal_date: _, ...rest }, ...record }) => ({ ...record, fields: rest })),
        );
        const read = await connection.read({ type: 'companies', ids: [before[0]!.id], fields, discovery });
        expect(Object.keys(read.records[0]!.fields)).not.toContain('renewal_date');
      } finally {
        await connection.close();
      }
    },
  );

  test('F35: values of a property that has another type now are left out and named, never read as empty', async () => {
    await start();
    const connection = rig.open();
    try {
      const discovery = await connection.discover(['companies']);
      const change = { object: 'companies', field: 'renewal_date', action: 'retype', to: 'string' };
      await rig.control('field', change);
      const request = { type: 'companies', fields: ['name', 'renewal_date'], cursor: null, discovery };
      const { id } = (await recordsOf(connection.pull(request)))[0]!;
      await rig.control('edit', { type: 'companies', id, properties: { renewal_date: 'when they like' } });
      const read = await connection.read({ ...request, ids: [id] });
      expect(Object.keys(read.records[0]!.fields)).toEqual(['name']);
    } finally {
      await connection.close();
    }
  });
});
