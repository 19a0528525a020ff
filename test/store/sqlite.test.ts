import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, expect, test } from '@jest/globals';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { storeContract } from '../contracts/store.ts';
import { storeOverridesContract } from '../contracts/store-overrides.ts';
import { storePagesContract } from '../contracts/store-pages.ts';

const folder = mkdtempSync(join(tmpdir(), 'waystage-store-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
const openNew = (): ReturnType<typeof openSqliteStore> => {
  files += 1;
  return openSqliteStore(join(folder, `${files}.db`));
};
storeContract('SQLite', openNew);
storePagesContract('SQLite', openNew);
storeOverridesContract('SQLite', openNew);

test('reopening keeps everything and migrates nothing twice', async () => {
  const file = join(folder, 'again.db');
  const first = await openSqliteStore(file);
  await first.schedules.set({ name: 'sync', nextDue: 5 });
  await first.close();
  const second = await openSqliteStore(file);
  expect(await second.schedules.get('sync')).toEqual({ name: 'sync', nextDue: 5 });
  await second.ping();
  await second.close();
});

test('a database changed by a newer, breaking version is refused', async () => {
  const file = join(folder, 'newer.db');
  await (await openSqliteStore(file)).close();
  const db = new DatabaseSync(file);
  db.exec("insert into migrations (number, name, breaking) values (999, 'future', 1)");
  db.close();
  await expect(openSqliteStore(file)).rejects.toMatchObject({
    code: 'store_unusable',
    message: expect.stringContaining('999'),
  });
});

test('a file that is no database is refused with what to do', async () => {
  const file = join(folder, 'text.db');
  writeFileSync(file, 'this is no database, only some text that is long enough to be read as a header');
  await expect(openSqliteStore(file)).rejects.toMatchObject({ code: 'store_unusable' });
});
