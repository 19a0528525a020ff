import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { rowError } from '../../../connectors/salesforce/bulk/ingest.ts';
import { GRACE_MS } from '../../../connectors/salesforce/client.ts';
import { createSalesforce } from '../../../connectors/salesforce/index.ts';
import type { Connection, Write } from '../../../src/connector/port.ts';
import type { Clock } from '../../../src/model/clock.ts';
import { configFor } from './fake-org.ts';
import { leapingClock, startOrg, type TestOrg, V67 } from './sandbox-org.ts';

const clock = leapingClock();
const silentLog = { debug: () => undefined, info: () => undefined, warn: () => undefined };
const JOBS = '/services/data/:version/jobs/ingest';
const REST = 'PATCH /services/data/:version/composite/sobjects';

let org: TestOrg;
let connection: Connection;
let ids: readonly string[];
let stop: AbortController;

beforeAll(async () => {
  org = await startOrg({ contacts: 500, clock });
});
afterAll(() => org.close());
beforeEach(async () => {
  await org.control('reset', {});
  ids = (await org.records('SELECT Id FROM Contact ORDER BY Id')).map((row) => row.Id);
  stop = new AbortController();
  await connection?.close();
  connection = createSalesforce().open(
    configFor(org.sandbox.url, { auth: { kind: 'token', token: org.sandbox.token } }),
    {
      clock,
      random: () => 0.5,
      signal: stop.signal,
      log: silentLog,
    },
  );
});
afterAll(() => connection.close());

const write = (id: string, fields: Write['fields']): Write => ({ id, fields, parent: null });
const titled = (id: string): Write => write(id, { Title: `Title of ${id}` });
const push = (writes: readonly Write[]) => connection.pushBulk!('Contact', writes);
const written = (list: readonly string[]) => list.map((id) => ({ id, outcome: 'written' }));

async function counts(): Promise<Readonly<Record<string, number>>> {
  const answer = await fetch(`${org.sandbox.url}/__sandbox/requests`);
  return ((await answer.json()) as { routes: Record<string, number> }).routes;
}

/** New values by record, of the API's writes; throws when a record was written twice. */
async function newTitles(): Promise<ReadonlyMap<string, unknown>> {
  const answer = await fetch(`${org.sandbox.url}/__sandbox/writes`);
  const { writes } = (await answer.json()) as {
    writes: { by: string; field: string; id: string; new: unknown }[];
  };
  const found = new Map<string, unknown>();
  for (const one of writes.filter(({ by, field }) => by === 'integration' && field === 'Title')) {
    if (found.has(one.id)) throw new Error(`${one.id} was written twice`);
    found.set(one.id, one.new);
  }
  return found;
}

describe('a bulk write', () => {
  test('writes every record in five requests, results in the order of the writes', async () => {
    expect(ids.length).toBeGreaterThan(250);
    expect(await push(ids.map(titled))).toEqual(written(ids));
    expect(await newTitles()).toEqual(new Map(ids.map((id) => [id, `Title of ${id}`])));
    const routes = await counts();
    expect(connection.usage.byPurpose).toEqual({ write: 5 });
    expect(routes[REST]).toBeUndefined();
    expect(routes[`GET ${JOBS}/:job/successfulResults`]).toBe(1);
  });

  test('null clears, a field that a record does not write stays, awkward text arrives as it is', async () => {
    const text = 'a "quoted", two\nlines 😀 שלום \\ #N/A?';
    const [one, two, three] = ids as [string, string, string];
    await org.control('edit', {
      type: 'Contact',
      id: two,
      properties: { Title: 'kept', Phone: '+1 555 0100' },
    });
    await push([
      write(one, { Title: text }),
      write(two, { Phone: null }),
      write(three, { Title: null, HasOptedOutOfEmail: true }),
    ]);
    const rows = await org.records(
      `SELECT Title, Phone, HasOptedOutOfEmail FROM Contact WHERE Id IN ('${one}','${two}','${three}') ORDER BY Id`,
    );
    expect(rows[0].Title).toBe(text);
    expect(rows[1]).toMatchObject({ Title: 'kept', Phone: null });
    expect(rows[2]).toMatchObject({ Title: null, HasOptedOutOfEmail: true });
  });

  test('each refused record is named with the CRM’s words; the others are written; a lock that goes away is tried again', async () => {
    const [rule = '', deleted = '', brief = '', ...others] = ids.slice(0, 12);
    await org.control('refuse', {
      id: rule,
      code: 'FIELD_CUSTOM_VALIDATION_EXCEPTION',
      message: 'Not: on Fridays',
    });
    await org.control('refuse', { id: brief, code: 'UNABLE_TO_LOCK_ROW', message: 'locked', times: 1 });
    await org.control('delete', { type: 'Contact', id: deleted });
    const bad = 'no-id';
    const results = await push([rule, deleted, brief, bad, ...others].map(titled));
    expect(results).toEqual([
      {
        id: rule,
        outcome: 'refused',
        code: 'FIELD_CUSTOM_VALIDATION_EXCEPTION',
        message: 'Not: on Fridays',
        retryable: false,
      },
      {
        id: deleted,
        outcome: 'refused',
        code: 'ENTITY_IS_DELETED',
        message: 'entity is deleted',
        retryable: false,
      },
      { id: brief, outcome: 'written' },
      { id: bad, outcome: 'refused', code: 'MALFORMED_ID', message: expect.any(String), retryable: false },
      ...written(others),
    ]);
    expect([...(await newTitles()).keys()].sort()).toEqual([brief, ...others].sort());
  });

  test.each(['stuck', 'fail', 'refuse'])(
    'a job that meets the fate %s: the rest goes by REST, nothing twice',
    async (next) => {
      await org.control('bulk', { next, kind: 'ingest' });
      expect(await push(ids.map(titled))).toEqual(written(ids));
      expect((await newTitles()).size).toBe(ids.length);
      const batches = Math.ceil((next === 'refuse' ? ids.length : ids.length / 2) / 200);
      expect((await counts())[REST]).toBe(batches);
    },
  );

  test('a run that is stopped ends its job: what was done is settled, the rest is unknown and no more is written (F27)', async () => {
    await org.control('bulk', { next: 'stuck', kind: 'ingest' });
    let looks = 0;
    const impatient: Clock = {
      now: clock.now,
      sleep: (ms, signal) => {
        // What is left to be said has its time; the job is looked at three times, then somebody stops the run.
        if (ms === GRACE_MS) return clock.sleep(60_000, signal);
        if (ms < 45_000) looks += 1;
        if (looks === 3) stop.abort();
        return clock.sleep(ms, signal);
      },
    };
    const stopped = createSalesforce().open(
      configFor(org.sandbox.url, { auth: { kind: 'token', token: org.sandbox.token } }),
      { clock: impatient, random: () => 0.5, signal: stop.signal, log: silentLog },
    );
    try {
      const results = await stopped.pushBulk!('Contact', ids.map(titled));
      const done = await newTitles();
      expect(done.size).toBe(Math.floor(ids.length / 2));
      expect(results.map(({ id, outcome }) => [id, outcome])).toEqual(
        ids.map((id) => [id, done.has(id) ? 'written' : 'unknown']),
      );
      expect((await counts())[REST]).toBeUndefined();
      const jobs = (await org.call('GET', `${V67}/jobs/ingest`)).body.records;
      expect(jobs.map((job: { state: string }) => job.state)).toEqual(['Aborted']);
      // Requests after the stop count, too.
      expect(stopped.usage.requests).toBe(
        Object.entries(await counts())
          .filter(([route]) => route.includes('/jobs/ingest'))
          .reduce((sum, [, count]) => sum + count, -1),
      );
    } finally {
      await stopped.close();
    }
  });

  test('a field that is not there fails the job; REST finds the rows that have it', async () => {
    const writes = ids
      .slice(0, 20)
      .map((id, index) => write(id, index === 3 ? { No_Such__c: 'x' } : { Title: 'T' }));
    const results = await push(writes);
    expect(results.filter(({ outcome }) => outcome !== 'written')).toMatchObject([
      { id: ids[3], outcome: 'refused', code: 'INVALID_FIELD', retryable: false },
    ]);
    expect((await newTitles()).size).toBe(19);
  });

  test('the same record twice, and the text that would clear a field, go by REST', async () => {
    const [one, two, three] = ids as [string, string, string];
    const results = await push([
      titled(one),
      write(two, { Title: '#N/A' }),
      titled(three),
      write(three.slice(0, 15), { Phone: '+1' }),
    ]);
    expect(results.map(({ outcome }) => outcome)).toEqual(Array(4).fill('written'));
    expect((await org.call('GET', `/services/data/v67.0/sobjects/Contact/${two}`)).body.Title).toBe('#N/A');
  });

  test('results that do not come leave the records unknown: read, compared, then written', async () => {
    await org.control('fault', { route: `GET ${JOBS}/:job/successfulResults`, status: 500 });
    const results = await push(ids.slice(0, 5).map(titled));
    expect(results.map(({ outcome }) => outcome)).toEqual(Array(5).fill('unknown'));
    expect((await newTitles()).size).toBe(5);
  });

  test('an answer to the start of the job that is lost does not start it twice', async () => {
    await org.control('fault', { route: `PATCH ${JOBS}/:job`, kind: 'reset', applied: true, count: 1 });
    expect(await push(ids.slice(0, 5).map(titled))).toEqual(written(ids.slice(0, 5)));
    expect((await newTitles()).size).toBe(5);
  });

  test('it throws when nothing was written: no org, and too many records', async () => {
    const many = Array.from({ length: 10_001 }, () => titled(ids[0]!));
    await expect(push(many)).rejects.toMatchObject({ code: 'internal' });
    await org.control('fault', { route: `POST ${JOBS}`, status: 503 });
    await expect(push(ids.map(titled))).rejects.toMatchObject({ code: 'crm_unreachable' });
    expect((await newTitles()).size).toBe(0);
    await org.control('fault', { clear: true });
  });
});

test('the reasons of failed rows are read as Salesforce writes them', () => {
  expect(rowError('REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --')).toEqual({
    code: 'REQUIRED_FIELD_MISSING',
    message: 'Required fields are missing: [Name]',
  });
  expect(rowError('UNABLE_TO_LOCK_ROW')).toEqual({ code: 'UNABLE_TO_LOCK_ROW', message: '' });
  expect(rowError('UNABLE_TO_LOCK_ROW:unable to obtain exclusive access: --;X:y: --')).toEqual({
    code: 'UNABLE_TO_LOCK_ROW',
    message: 'unable to obtain exclusive access',
  });
});
