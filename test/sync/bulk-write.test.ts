import { afterEach, describe, expect, test } from '@jest/globals';
import type { Connection } from '../../src/connector/port.ts';
import type { RequestReport } from '../../src/sandbox/port.ts';
import type { SyncConnection, SyncOptions } from '../../src/sync/session.ts';
import { type Company, startCompany } from '../helpers/company.ts';
import { but, expectAccounted, type Json, notices, runWith, staged } from './kit.ts';

const JOBS = '/services/data/:version/jobs/ingest';

describe('writing many records at once', () => {
  let company: Company;
  afterEach(() => company.close());

  const run = (
    bulkWrite: { readonly from: number; readonly limit: number },
    changes: Partial<SyncOptions> = {},
    wrap: (connection: Connection) => Connection = (connection) => connection,
  ) =>
    runWith(company, {
      ...changes,
      connections: company.app.connections.map(
        (config): SyncConnection =>
          config.connector.id === 'salesforce'
            ? {
                ...config,
                connector: withBulk(config.connector, bulkWrite),
                open: (signal) => wrap(config.open(signal)),
              }
            : config,
      ),
    });
  const withBulk = (
    connector: SyncConnection['connector'],
    bulkWrite: { readonly from: number; readonly limit: number },
  ): SyncConnection['connector'] => ({
    ...connector,
    capabilities: { ...connector.capabilities, bulkWrite },
  });
  const routes = async (): Promise<RequestReport['routes']> => {
    const answer = await fetch(`${company.sandboxes.salesforce.url}/__sandbox/requests`);
    return ((await answer.json()) as RequestReport).routes;
  };

  test('the ledger and the store know every record as after writing in batches; the next sync writes nothing', async () => {
    company = await startCompany({});
    const bad = (await company.records('salesforce', 'Contact')).find(
      (one: Json) => one.IsDeleted !== true,
    )?.Id;
    const code = 'FIELD_CUSTOM_VALIDATION_EXCEPTION';
    await company.control('salesforce', 'refuse', { id: bad, code, message: 'No' });
    const first = await run({ from: 5, limit: 15 });
    expectAccounted(first.summary);
    expect(first.summary.writes.failed).toBe(1);
    expect(first.summary.writes.records).toBeGreaterThan(50);
    const refused = (await notices(company, first)).filter(({ kind }) => kind === 'refused');
    expect(refused).toEqual([expect.objectContaining({ text: expect.stringContaining('No (FIELD_CUSTOM') })]);
    const made = (await routes())[`POST ${JOBS}`] ?? 0;
    expect(made).toBeGreaterThan(2);
    expect((await staged(company, 'salesforce', 'Contact')).length).toBeGreaterThan(30);
    const again = await run({ from: 5, limit: 15 });
    expect(again.summary.writes).toMatchObject({ records: 0, failed: 0, parked: 1 });
    expect((await routes())[`POST ${JOBS}`]).toBe(made);
  });

  test('a sync that is stopped settles what its job had done; the rest is read first and written by the next (F27)', async () => {
    company = await startCompany({});
    const { app } = company;
    const stop = new AbortController();
    let half: readonly string[] = [];
    const stopping = (connection: Connection): Connection =>
      but(connection, {
        pushBulk: async (type, writes) => {
          const part = writes.slice(0, 5);
          half = part.map(({ id }) => id);
          await connection.push(type, part);
          stop.abort();
          return writes.map(({ id }) =>
            half.includes(id)
              ? { id, outcome: 'written' }
              : { id, outcome: 'unknown', message: 'the job was ended' },
          );
        },
      });
    await expect(run({ from: 15, limit: 1_000 }, { signal: stop.signal }, stopping)).rejects.toMatchObject({
      code: 'stopped',
    });
    const [last] = await app.store.runs.list(1);
    const ledger = await app.store.ledger.ofRun(last?.id ?? '');
    const bulk = ledger.filter(({ connection }) => connection === 'salesforce');
    const ids = (state: string): readonly string[] => [
      ...new Set(bulk.filter((entry) => entry.state === state).map(({ id }) => id)),
    ];
    expect(ids('written')).toEqual(half);
    expect(ids('unknown').length).toBeGreaterThan(5);
    expect(ids('pending')).toEqual([]);
    await company.indexed();
    expect((await company.sync()).summary.writes.failed).toBe(0);
    const stages = (await company.writes('salesforce')).filter(
      ({ by, field }) => by === 'integration' && field === 'Waystage_Stage__c',
    );
    expect(stages.length).toBeGreaterThan(50);
    expect(new Set(stages.map(({ id }) => id)).size).toBe(stages.length);
  });

  test('a job that fails half way: nothing is written twice, nothing is left out', async () => {
    company = await startCompany({});
    await company.control('salesforce', 'bulk', { next: 'fail', kind: 'ingest', count: 9 });
    const first = await run({ from: 5, limit: 1_000 });
    expect(first).toMatchObject({ exit: 0, summary: { writes: { failed: 0 } } });
    const answer = await fetch(`${company.sandboxes.salesforce.url}/__sandbox/writes`);
    const { writes } = (await answer.json()) as { writes: Json[] };
    const stages = writes.filter(({ by, field }) => by === 'integration' && field === 'Waystage_Stage__c');
    expect(stages.length).toBeGreaterThan(50);
    expect(new Set(stages.map(({ id }) => id)).size).toBe(stages.length);
    expect((await run({ from: 5, limit: 1_000 })).summary.writes.records).toBe(0);
  });
});
