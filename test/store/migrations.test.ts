import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, expect, test } from '@jest/globals';
import { Kysely, SqliteDialect } from 'kysely';
import type { ConnectionId } from '../../src/model/record.ts';
import { MIGRATIONS, migrate } from '../../src/store/migrations/index.ts';
import { SqliteDriver } from '../../src/store/sqlite/driver.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';

const folder = mkdtempSync(join(tmpdir(), 'waystage-migrations-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A database as the versions up to a migration left it. */
async function databaseOf(name: string, last: number): Promise<string> {
  const file = join(folder, name);
  const db = new Kysely<unknown>({ dialect: new SqliteDialect({ database: new SqliteDriver(file) }) });
  await migrate(
    db,
    MIGRATIONS.filter(({ number }) => number <= last),
  );
  await db.destroy();
  return file;
}

test('fates and associations of earlier versions are found after they moved to other tables', async () => {
  const file = await databaseOf('fates.db', 7);
  const raw = new DatabaseSync(file);
  raw.exec('begin');
  const fates = raw.prepare('insert into run_records values (?, ?, ?, ?, ?, ?, ?)');
  for (let id = 1; id <= 2_500; id += 1)
    fates.run('r1', 'hub', 'contacts', String(id), 'applied', null, null);
  fates.run('r1', 'hub', 'contacts', '0', 'failed', 'bad_row', 'no stamp');
  fates.run('r1', 'hub', 'deals', '1', 'ignored', 'unchanged', null);
  fates.run('r0', 'hub', 'contacts', '1', 'ignored', 'unchanged', null);
  const link = raw.prepare('insert into associations values (?, ?, ?, ?, ?, ?, ?)');
  const record = raw.prepare(
    "insert into records (connection, type, id, state, modified, fields, merged_ids) values ('hub', 'deals', ?, 'live', 1, '{}', '[]')",
  );
  for (const id of ['1', '2']) record.run(id);
  link.run('hub', 'deals', '1', 'contacts', '7', 1, 'Boss');
  link.run('hub', 'deals', '2', 'contacts', '7', 0, null);
  raw.exec('commit');
  raw.close();
  const store = await openSqliteStore(file);
  try {
    const contacts = await store.runs.fates('r1', { limit: 10_000 });
    expect(contacts.length).toBe(2_502);
    expect(new Set(contacts.map(({ type, id }) => `${type} ${id}`)).size).toBe(2_502);
    expect(contacts[0]).toEqual({
      ...{ connection: 'hub', type: 'contacts', id: '0' },
      ...{ fate: 'failed', reason: 'bad_row', message: 'no stamp' },
    });
    expect((await store.runs.fates('r0', { limit: 10 })).map(({ reason }) => reason)).toEqual(['unchanged']);
    const found = await store.records.pointingTo('hub' as ConnectionId, 'contacts', ['7']);
    expect(found.map(({ id, associations }) => [id, associations['contacts']])).toEqual([
      ['1', [{ type: 'contacts', id: '7', primary: true, label: 'Boss' }]],
      ['2', [{ type: 'contacts', id: '7', primary: false, label: null }]],
    ]);
  } finally {
    await store.close();
  }
});
