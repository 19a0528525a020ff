import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createSalesforce, type SalesforceOptions } from '../../../connectors/salesforce/index.ts';
import type { Connection, Discovery, Page } from '../../../src/connector/port.ts';
import type { CrmRecord } from '../../../src/model/record.ts';
import { configFor, drain, recordsOf } from './fake-org.ts';
import { leapingClock, startOrg, type TestOrg } from './sandbox-org.ts';

const clock = leapingClock();
const types = createSalesforce().capabilities.objectTypes.map((type) => type.name);
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  Contact: ['Name', 'Email', 'HasOptedOutOfEmail', 'LastActivityDate', 'CreatedDate'],
  Account: ['Name', 'AnnualRevenue', 'NumberOfEmployees', 'Renewal_Date__c'],
  Opportunity: ['Amount', 'Probability', 'CloseDate', 'IsWon'],
  CampaignMember: ['Status', 'HasResponded', 'Campaign.Name', 'Campaign.StartDate'],
};
const JOBS = '/services/data/:version/jobs/query';

let org: TestOrg;
let connection: Connection;
let discovery: Discovery;
let warnings: string[];
let stop: AbortController;

beforeAll(async () => {
  org = await startOrg({ contacts: 500, clock });
});
afterAll(() => org.close());
beforeEach(async () => {
  await org.control('reset', {});
  await open();
});
afterEach(() => connection.close());

async function open(options: SalesforceOptions = { bulkFrom: 0 }): Promise<void> {
  await connection?.close();
  warnings = [];
  stop = new AbortController();
  const config = configFor(org.sandbox.url, { auth: { kind: 'token', token: org.sandbox.token } });
  connection = createSalesforce({ pageSize: 200, bulkPageRows: 300, ...options }).open(config, {
    clock,
    random: () => 0.5,
    signal: stop.signal,
    log: {
      debug: () => undefined,
      info: () => undefined,
      warn: (fields, text) => warnings.push(`${text}: ${JSON.stringify(fields)}`),
    },
  });
  discovery = await connection.discover(types);
}

function pull(type: string, cursor: string | null = null): AsyncIterable<Page> {
  return connection.pull({ type, fields: FIELDS[type] ?? [], cursor, discovery });
}

const byId = (pages: readonly Page[]): ReadonlyMap<string, CrmRecord> =>
  new Map(recordsOf(pages).map((record) => [record.id, record]));

/** What REST gives, to compare with. */
async function byRest(type: string): Promise<ReadonlyMap<string, CrmRecord>> {
  await open({ bulkFrom: Number.POSITIVE_INFINITY });
  const found = byId(await drain(pull(type)));
  await open();
  return found;
}

async function counts(): Promise<Readonly<Record<string, number>>> {
  const answer = await fetch(`${org.sandbox.url}/__sandbox/requests`);
  return ((await answer.json()) as { routes: Record<string, number> }).routes;
}

describe('a full load by the Bulk API', () => {
  test('gives the records that REST gives, of every type: values, parents, associations, deleted ones', async () => {
    const [first] = await org.records('SELECT Id FROM Contact LIMIT 1');
    await org.control('delete', { type: 'Contact', id: first.Id });
    for (const type of types) {
      const rest = await byRest(type);
      const pages = await drain(pull(type));
      expect(pages.flatMap((page) => page.failed)).toEqual([]);
      expect(recordsOf(pages)).toHaveLength(rest.size);
      expect(byId(pages)).toEqual(rest);
      expect(pages.map((page) => page.done)).toEqual(pages.map((_, index) => index === pages.length - 1));
    }
    expect(warnings).toEqual([]);
  });

  test('costs a count for all types, and for each a job, a look and its pages of results', async () => {
    await org.control('reset', {});
    await open({ bulkFrom: 100, bulkPageRows: 50_000, pageSize: 2_000 });
    const before = connection.usage.requests;
    const sizes: Record<string, number> = {};
    await Promise.all(
      types.map(async (type) => {
        sizes[type] = byId(await drain(pull(type))).size;
      }),
    );
    const large = types.filter((type) => sizes[type]! > 100);
    expect(large.length).toBeGreaterThan(4);
    expect(await counts()).toMatchObject({
      'GET /services/data/:version/limits/recordCount': 1,
      [`POST ${JOBS}`]: large.length,
      [`GET ${JOBS}/:job`]: large.length,
      [`GET ${JOBS}/:job/results`]: large.length,
      'GET /services/data/:version/queryAll': types.length - large.length,
    });
    expect(connection.usage.requests - before).toBe(1 + 3 * large.length + types.length - large.length);
  });

  test('a run that is killed after any page goes on with the same job and loses nothing', async () => {
    const small = { bulkFrom: 0, pageSize: 60, bulkPageRows: 150 };
    await open(small);
    const whole = await drain(pull('Task'));
    const expected = byId(whole);
    expect(whole.length).toBeGreaterThan(6);
    for (let killed = 1; killed < whole.length; killed += 1) {
      const seen = await drain(pull('Task'), killed);
      const jobs = (await counts())[`POST ${JOBS}`];
      await open(small);
      const rest = await drain(pull('Task', seen.at(-1)!.cursor));
      expect((await counts())[`POST ${JOBS}`]).toBe(jobs);
      expect(recordsOf([...seen, ...rest])).toHaveLength(expected.size);
      expect(byId([...seen, ...rest])).toEqual(expected);
    }
  });

  test('what changes while the job runs is in the first increment', async () => {
    const pages: Page[] = [];
    for await (const page of pull('Contact')) {
      pages.push(page);
      if (pages.length > 1) continue;
      const [contact] = await org.records('SELECT Id FROM Contact ORDER BY Id DESC LIMIT 1');
      await org.control('edit', {
        type: 'Contact',
        id: contact.Id,
        properties: { Email: 'late@example.com' },
      });
    }
    const late = (list: readonly CrmRecord[]) =>
      list.filter((record) => record.fields['Email'] === 'late@example.com');
    expect(late(recordsOf(pages))).toEqual([]);
    expect(late(recordsOf(await drain(pull('Contact', pages.at(-1)!.cursor))))).toHaveLength(1);
  });

  test('results that are cut off are fetched again from the same place: none lost, none twice', async () => {
    const expected = await byRest('Task');
    await org.control('bulk', { next: 'cut-body' });
    const pages = await drain(pull('Task'));
    expect(recordsOf(pages)).toHaveLength(expected.size);
    expect(byId(pages)).toEqual(expected);
    expect(warnings).toEqual([expect.stringContaining('a page of Bulk API results is damaged')]);
  });

  test.each(['stuck', 'fail', 'refuse'])('a job that meets the fate %s is replaced by REST', async (next) => {
    const expected = await byRest('Contact');
    await org.control('bulk', { next });
    const pages = await drain(pull('Contact'));
    expect(byId(pages)).toEqual(expected);
    expect(recordsOf(pages)).toHaveLength(expected.size);
    expect(pages.at(-1)!.done).toBe(true);
    expect(warnings).toEqual([expect.stringContaining('going on by REST')]);
    expect((await counts())[`PATCH ${JOBS}/:job`] ?? 0).toBe(next === 'stuck' ? 1 : 0);
  });

  test('a job of last week is gone: a new one is made', async () => {
    const [made, begun] = await drain(pull('Task'), 2);
    await org.control('clock', { advance: 8 * 86_400_000 });
    const expected = await byRest('Task');
    for (const page of [made!, begun!])
      expect(byId(await drain(pull('Task', page.cursor)))).toEqual(expected);
    expect((await counts())[`POST ${JOBS}`]).toBe(3);
  });

  test('the job of a run that asked for fewer fields is not used for more', async () => {
    const [made] = await drain(pull('Contact'), 1);
    const request = { type: 'Contact', fields: [...FIELDS['Contact']!, 'Title'], discovery };
    const pages = await drain(connection.pull({ ...request, cursor: made!.cursor }));
    expect(recordsOf(pages).every((record) => record.fields['Title'] !== undefined)).toBe(true);
    expect((await counts())[`POST ${JOBS}`]).toBe(2);
  });

  test('the day’s jobs are spent: REST', async () => {
    const small = await startOrg({ contacts: 40, clock, bulk: { queryJobs: 1 } });
    const config = configFor(small.sandbox.url, { auth: { kind: 'token', token: small.sandbox.token } });
    const other = createSalesforce({ bulkFrom: 0 }).open(config, {
      clock,
      random: () => 0.5,
      signal: stop.signal,
      log: { debug: () => undefined, info: () => undefined, warn: () => undefined },
    });
    const found = await other.discover(types);
    for (let turn = 0; turn < 2; turn += 1) {
      const pages = await drain(other.pull({ type: 'Contact', fields: [], cursor: null, discovery: found }));
      expect(pages.at(-1)!.done).toBe(true);
      expect(pages.some((page) => page.records.length > 0)).toBe(true);
    }
    await other.close();
    await small.close();
  });

  test('the first page tells, when Salesforce’s count does not: the rest goes by a job', async () => {
    await org.control('fault', {
      route: 'GET /services/data/:version/limits/recordCount',
      status: 403,
      count: 9,
    });
    await open({ bulkFrom: 250 });
    const expected = await byRest('Task');
    await open({ bulkFrom: 250 });
    const pages = await drain(pull('Task'));
    expect(recordsOf(pages)).toHaveLength(expected.size);
    expect(byId(pages)).toEqual(expected);
    const routes = await counts();
    expect(routes[`POST ${JOBS}`]).toBe(1);
    // And from there on a killed run goes on by it.
    const resumed = await drain(pull('Task', pages[2]!.cursor));
    expect(byId([...pages.slice(0, 3), ...resumed])).toEqual(expected);
  });

  test('a run that is stopped while the job runs says so; no file is left behind', async () => {
    const left = (): number => readdirSync(tmpdir()).filter((name) => name.startsWith('waystage-')).length;
    const before = left();
    await org.control('bulk', { next: 'stuck' });
    const reading = async (): Promise<void> => {
      for await (const _page of pull('Contact')) stop.abort();
    };
    await expect(reading()).rejects.toMatchObject({ code: 'stopped' });
    expect(left()).toBeLessThanOrEqual(before);
  });
});
