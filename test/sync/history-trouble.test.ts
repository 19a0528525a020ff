import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { SyncResult } from '../../src/sync/run.ts';
import { type Company, NOW, startCompany } from '../helpers/company.ts';
import { killedRun } from '../helpers/killed-run.ts';
import { HUBSPOT_TYPES, historySums, keptHistory, SALESFORCE_TYPES } from './history-kit.ts';
import { but, notices, runWith } from './kit.ts';

const pull = (company: Company, changes: Parameters<Company['sync']>[0] = {}): Promise<SyncResult> =>
  company.sync({ kind: 'pull', history: true, ...changes });

const kept = async (company: Company): Promise<unknown> => [
  await keptHistory(company, 'hubspot', HUBSPOT_TYPES),
  await keptHistory(company, 'salesforce', SALESFORCE_TYPES),
];

describe('pull --history in trouble', () => {
  let company: Company;
  let undisturbed: unknown;

  const afresh = async (): Promise<void> => {
    await company?.close();
    company = await startCompany({ contacts: 150 });
  };
  beforeAll(async () => {
    await afresh();
    await pull(company);
    undisturbed = await kept(company);
    await afresh();
  }, 60_000);
  afterAll(() => company.close());

  test('killed in the middle, the next one goes on from the last page and ends the same (F22)', async () => {
    await killedRun(company, { point: 'history-stored', hit: 5, now: NOW, kind: 'pull', history: true });
    await killedRun(company, { point: 'history-fetched', hit: 2, now: NOW, kind: 'pull', history: true });
    const after = await pull(company);
    expect(after.exit).toBe(0);
    expect(historySums(after.summary, 'hubspot').read).toContain('rest');
    expect(await kept(company)).toEqual(undisturbed);
  }, 60_000);

  test.each([
    ['hubspot', { name: 'ten-secondly-limit', count: 2, after: 1 }],
    ['hubspot', { kind: 'truncate', count: 2 }],
    ['hubspot', { kind: 'html', count: 1, after: 3 }],
    ['salesforce', { kind: 'reset-mid-body', count: 2 }],
    ['salesforce', { name: 'query-timeout', count: 1, contains: 'IsDeleted = false' }],
    ['salesforce', { status: 503, count: 2 }],
  ] as const)('%s fails for the moment: %o', async (crm, fault) => {
    const contains = crm === 'hubspot' ? 'propertiesWithHistory' : 'History';
    await company.control(crm, 'fault', { contains, ...fault });
    const result = await pull(company, { full: true });
    const { faults } = (await faultsOf(company, crm)) as { faults: readonly { readonly hits: number }[] };
    await company.control(crm, 'fault', { clear: true });
    expect(faults.reduce((sum, { hits }) => sum + hits, 0)).toBe(fault.count);
    expect(result.exit).toBe(0);
    expect(await kept(company)).toEqual(undisturbed);
  });

  test('an answer that stays broken is named, and nothing of it is stored', async () => {
    await company.control('hubspot', 'fault', { contains: 'propertiesWithHistory', kind: 'malformed' });
    const result = await pull(company, { full: true });
    await company.control('hubspot', 'fault', { clear: true });
    expect(result.exit).toBe(1);
    expect(result.summary.problems).toContainEqual(
      expect.objectContaining({
        code: 'crm_bad_answer',
        message: expect.stringContaining('Reading the history of deals from hubspot failed'),
      }),
    );
    expect(await kept(company)).toEqual(undisturbed);
    expect((await pull(company, { full: true })).exit).toBe(0);
    expect(await kept(company)).toEqual(undisturbed);
  }, 30_000);

  test('a history we may not read is named and is no error', async () => {
    await company.control('salesforce', 'fault', {
      contains: 'FROM LeadHistory',
      status: 400,
      body: [{ errorCode: 'INVALID_TYPE', message: "sObject type 'LeadHistory' is not supported." }],
    });
    const result = await pull(company, { full: true });
    await company.control('salesforce', 'fault', { clear: true });
    expect(result.exit).toBe(0);
    expect(result.summary.history?.['salesforce']?.types['Lead']).toMatchObject({ records: 0, values: 0 });
    expect(await notices(company, result)).toContainEqual(
      expect.objectContaining({ text: expect.stringMatching(/^salesforce Lead: .*Status/) }),
    );
    expect(await kept(company)).toEqual(undisturbed);
  });

  test('what is forgotten here does not come back by its past (F33)', async () => {
    const stranger = {
      id: '987654321',
      field: 'email',
      values: [{ value: 'a@b.example', at: 1 }],
      complete: true,
    };
    const result = await runWith(company, { kind: 'pull', history: true, full: true }, (connection) =>
      but(connection, {
        history: async function* (request) {
          for await (const page of connection.history!(request))
            yield request.type === 'contacts' ? { ...page, courses: [...page.courses, stranger] } : page;
        },
      }),
    );
    expect(result.exit).toBe(0);
    expect(await kept(company)).toEqual(undisturbed);
    // Nor is it counted.
    expect(historySums(result.summary, 'hubspot').records).toBe(
      historySums((await pull(company, { full: true })).summary, 'hubspot').records,
    );
  });

  test('the daily budget stops it between two pages, and the next run goes on', async () => {
    let meta = 0;
    const plain = await runWith(company, { kind: 'pull' }, (connection) => {
      if (connection.id !== 'hubspot') return connection;
      return but(connection, {
        close: async () => {
          meta = connection.usage.byPurpose['meta'] ?? 0;
          await connection.close();
        },
      });
    });
    const quiet = (plain.summary.connections['hubspot']?.requests ?? 0) - meta;
    const spare = 3;
    const result = await runWith(
      company,
      { kind: 'pull', history: true, full: false, only: 'hubspot' as never },
      (connection) =>
        but(connection, {
          check: async () => ({
            ...(await connection.check()),
            dailyLimit: 1_000,
            dailyRemaining: 50 + quiet + spare,
          }),
          // Everything is to be read.
          history: (request) => connection.history!({ ...request, cursor: null }),
        }),
    );
    expect(result.exit).toBe(1);
    expect(result.summary.problems).toContainEqual(expect.objectContaining({ code: 'crm_quota' }));
    expect(result.summary.connections['hubspot']?.requests).toBeLessThanOrEqual(meta + quiet + spare + 8);
    expect((await pull(company)).exit).toBe(0);
    expect(await kept(company)).toEqual(undisturbed);
  });
});

function faultsOf(company: Company, crm: 'hubspot' | 'salesforce'): Promise<unknown> {
  return fetch(`${company.sandboxes[crm].url}/__sandbox/faults`).then((answer) => answer.json());
}
