import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { type Company, startCompany } from '../helpers/company.ts';
import { expectAccounted, runWith } from './kit.ts';

let company: Company;
beforeAll(async () => {
  company = await startCompany({ contacts: 40 });
});
afterAll(() => company.close());

test('a full disk ends the run with what to do; no checkpoint is ahead of its data; with room again all is well (F30, I2)', async () => {
  const file = join(company.folder, 'small.db');
  await (await openSqliteStore(file)).close();
  const empty = new DatabaseSync(file, { readOnly: true });
  const pages = Number(empty.prepare('pragma page_count').get()?.['page_count']);
  empty.close();
  const limited = await openSqliteStore(file, { maxPages: pages + 40 });
  const failure = await runWith(company, { store: limited }).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'store_unusable', message: expect.stringContaining('is full') });
  await limited.close();

  const store = await openSqliteStore(file);
  try {
    const before = await store.records.counts();
    const raw = new DatabaseSync(file, { readOnly: true });
    const checkpoints = raw.prepare('select connection, type, run from checkpoints').all();
    for (const { connection, type, run } of checkpoints) {
      const fates = raw
        .prepare('select ids from run_fates where run = ? and connection = ? and type = ?')
        .all(run as string, connection as string, type as string)
        .flatMap((row) => JSON.parse(String(row['ids'])) as string[]);
      const records = before.find((one) => one.connection === connection && one.type === type)?.records ?? 0;
      expect(records).toBe(fates.length);
    }
    raw.close();
    expect(checkpoints.length).toBeGreaterThanOrEqual(before.length);
    expect(before.length).toBeGreaterThan(0);
    const result = await runWith(company, { store });
    expectAccounted(result.summary);
    expect(result.exit).toBe(0);
    const oracle = await company.sync({ kind: 'pull' });
    expect(oracle.exit).toBe(0);
    expect(await store.records.counts()).toEqual(await company.app.store.records.counts());
  } finally {
    await store.close();
  }
});
