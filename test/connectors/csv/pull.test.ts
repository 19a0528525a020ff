import { appendFileSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createCsv } from '../../../connectors/csv/index.ts';
import { csvConfig, formatCsv, openCsv, pullAll, pullPages, type TestFolder, testFolder } from './kit.ts';

let folder: TestFolder;
afterEach(() => folder?.remove());

const people = (rows: readonly (readonly [string, string])[]): string => formatCsv([['id', 'name'], ...rows]);
const many = (count: number): [string, string][] =>
  Array.from({ length: count }, (_, i) => [`p${i}`, `n${i}`]);
const small = createCsv({ pageSize: 3 });

describe('increments', () => {
  test('whatever people do to the rows, store and file end up the same', async () => {
    const row = fc.tuple(
      fc.integer({ min: 0, max: 12 }).map((n) => `p${n}`),
      fc.constantFrom('a', 'b', '', '=1'),
    );
    const table = fc.uniqueArray(row, { selector: ([id]) => id, maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(table, fc.boolean()), { minLength: 2, maxLength: 5 }),
        async (versions) => {
          const own = testFolder();
          try {
            const stored = new Map<string, unknown>();
            let cursor: string | null = null;
            for (const [rows, interrupted] of versions) {
              own.write('people.csv', people(rows));
              const connection = openCsv(own.path, small);
              for await (const page of connection.pull({
                type: 'people',
                fields: ['name'],
                cursor,
                discovery: { homeCurrency: null, objects: {}, stages: [], recordUrl: null },
              })) {
                for (const { id, fields } of page.records) stored.set(id, fields['name']);
                cursor = page.cursor;
                // Killed after this page: the next pull goes on from its cursor, perhaps in another version.
                if (interrupted) break;
              }
            }
            const last = versions.at(-1)?.[0] ?? [];
            const { records } = await pullAll(openCsv(own.path, small), 'people', ['name'], cursor);
            for (const { id, fields } of records) stored.set(id, fields['name']);
            for (const [id, name] of last) expect([id, stored.get(id)]).toEqual([id, name || null]);
          } finally {
            own.remove();
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test('an edit is found although size and time of the file are the same, sorting is no change', async () => {
    folder = testFolder({ 'people.csv': people(many(200)) });
    const path = join(folder.path, 'people.csv');
    utimesSync(path, 1_700_000_000, 1_700_000_000);
    const connection = openCsv(folder.path);
    const first = await pullAll(connection, 'people', ['name']);
    folder.write('people.csv', people(many(200).reverse()));
    const sorted = await pullAll(connection, 'people', ['name'], first.cursor);
    expect(sorted.records).toEqual([]);
    const rows = many(200);
    rows[17] = ['p17', 'n71'];
    folder.write('people.csv', people(rows));
    utimesSync(path, 1_700_000_000, 1_700_000_000);
    const edited = await pullAll(connection, 'people', ['name'], first.cursor);
    expect(edited.records.map(({ id }) => id)).toContain('p17');
    expect(edited.records.length).toBeLessThan(5);
  });

  test('a new column brings every row: none of them was read with it', async () => {
    folder = testFolder({ 'people.csv': people(many(5)) });
    const connection = openCsv(folder.path);
    const { cursor } = await pullAll(connection, 'people', ['name', 'ours']);
    folder.write(
      'people.csv',
      formatCsv([['id', 'name', 'ours'], ...many(5).map(([id, name]) => [id, name, ''])]),
    );
    const { records } = await pullAll(connection, 'people', ['name', 'ours'], cursor);
    expect(records.map(({ fields }) => fields['ours'])).toEqual([null, null, null, null, null]);
  });

  test('cursors stay small, and one of another version starts afresh', async () => {
    folder = testFolder({ 'people.csv': people(many(20_000)) });
    const connection = openCsv(folder.path);
    const pages = await pullPages(connection, 'people', ['name']);
    expect(pages.length).toBe(21);
    expect(pages[0]?.total).toBe(20_000);
    for (const { cursor } of pages) expect(cursor.length).toBeLessThan(9_000);
    for (const cursor of ['{}', 'x', '{"v":1,"kind":"since","hash":"","failed":0,"seen":null}'])
      await expect(pullAll(connection, 'people', [], cursor)).rejects.toMatchObject({
        code: 'crm_cursor_expired',
      });
  });
});

describe('a file that is written into while it is read', () => {
  test('is read again, and what was handed over before is handed over anew', async () => {
    folder = testFolder({ 'people.csv': people(many(10)) });
    const connection = openCsv(folder.path, small);
    const seen = new Map<string, unknown>();
    let pages = 0;
    for await (const page of connection.pull({
      type: 'people',
      fields: ['name'],
      cursor: null,
      discovery: { homeCurrency: null, objects: {}, stages: [], recordUrl: null },
    })) {
      pages += 1;
      if (pages === 2) {
        const rows = many(10);
        rows[0] = ['p0', 'later'];
        folder.write('people.csv', people(rows));
      }
      for (const { id, fields } of page.records) seen.set(id, fields['name']);
    }
    expect(pages).toBe(6);
    expect(seen.get('p0')).toBe('later');
    expect(seen.size).toBe(10);
    expect(connection.logged.map(({ text }) => text)).toEqual([
      'a CSV file was changed while it was read; reading it again',
    ]);
  });

  test.each(['killed', 'going on'])(
    'an edit that is taken back half-way does not stay behind (%s)',
    async (how) => {
      const before = people(many(10));
      const after = people(many(10).map(([id, name]) => [id, `${name} edited`]));
      folder = testFolder({ 'people.csv': before });
      const connection = openCsv(folder.path, small);
      const base = await pullAll(connection, 'people', ['name']);
      const stored = new Map(base.records.map(({ id, fields }) => [id, fields['name']]));
      folder.write('people.csv', after);
      let { cursor } = base;
      let pages = 0;
      for await (const page of connection.pull({
        type: 'people',
        fields: ['name'],
        cursor,
        discovery: { homeCurrency: null, objects: {}, stages: [], recordUrl: null },
      })) {
        pages += 1;
        for (const { id, fields } of page.records) stored.set(id, fields['name']);
        cursor = page.cursor;
        if (pages === 1) {
          expect(stored.get('p0')).toBe('n0 edited');
          folder.write('people.csv', before);
          if (how === 'killed') break;
        }
      }
      for (const { id, fields } of (await pullAll(connection, 'people', ['name'], cursor)).records)
        stored.set(id, fields['name']);
      expect([...stored]).toEqual(many(10));
    },
  );

  test('again and again: given up, and worth another try', async () => {
    folder = testFolder({ 'people.csv': people(many(10)) });
    const connection = openCsv(folder.path, small);
    const pull = async (): Promise<void> => {
      for await (const _page of connection.pull({
        type: 'people',
        fields: [],
        cursor: null,
        discovery: { homeCurrency: null, objects: {}, stages: [], recordUrl: null },
      }))
        appendFileSync(join(folder.path, 'people.csv'), `q${Math.random()},x\n`);
    };
    await expect(pull()).rejects.toMatchObject({ code: 'crm_bad_answer', retryable: true });
  });
});

describe('rows as records', () => {
  test('links, archived rows and stamps', async () => {
    folder = testFolder({
      'deals.csv':
        'id,archived,created,modified,account_id,account_ids,person_ids\n' +
        ' d1 ,,2026-01-01,2026-01-02T03:04:05Z,a1,a2; a1 ;;a3,p1\n' +
        'd2,true,,,,a2,\n',
    });
    utimesSync(join(folder.path, 'deals.csv'), 1_700_000_000, 1_700_000_000);
    const { records } = await pullAll(openCsv(folder.path), 'deals', ['id']);
    const account = (id: string, primary: boolean) => ({ type: 'accounts', id, primary, label: null });
    expect(records).toEqual([
      {
        connection: 'files',
        type: 'deals',
        id: 'd1',
        fields: { id: ' d1 ' },
        created: Date.UTC(2026, 0, 1),
        modified: Date.UTC(2026, 0, 2, 3, 4, 5),
        state: 'live',
        successor: null,
        mergedIds: [],
        associations: {
          accounts: [account('a1', true), account('a2', false), account('a3', false)],
          people: [{ type: 'people', id: 'p1', primary: false, label: null }],
        },
      },
      expect.objectContaining({
        id: 'd2',
        state: 'archived',
        created: null,
        modified: 1_700_000_000_000,
        associations: { accounts: [account('a2', false)], people: [] },
      }),
    ]);
  });

  test('an archived row is read as archived, a row that is wrong is neither there nor gone', async () => {
    folder = testFolder({ 'people.csv': 'id,archived\np1,1\np2\np3,\np3,\n' });
    const discovery = { homeCurrency: null, objects: {}, stages: [], recordUrl: null };
    const ids = ['p1', 'p2', 'p3', 'p4'];
    const { records, gone } = await openCsv(folder.path).read({ type: 'people', ids, fields: [], discovery });
    expect(records.map(({ id, state }) => [id, state])).toEqual([['p1', 'archived']]);
    expect(gone).toEqual(['p4']);
  });

  test('discover tells types, options and what is written to', async () => {
    folder = testFolder({
      'people.csv': 'id,Full name,tags:list(a|b),score:number,account_id,% won\n',
      'accounts.csv': 'name\nx\n',
    });
    const connection = openCsv(folder.path);
    const { objects } = await connection.discover(['people', 'accounts']);
    expect(Object.values(objects['people']?.fields ?? {})).toEqual([
      expect.objectContaining({ name: 'id', type: 'text', writable: false }),
      expect.objectContaining({ name: 'Full_name', label: 'Full name', type: 'text', writable: true }),
      expect.objectContaining({
        name: 'tags',
        type: 'multi',
        options: [expect.anything(), expect.anything()],
      }),
      expect.objectContaining({ name: 'score', type: 'number' }),
      expect.objectContaining({ name: 'account_id', writable: false }),
    ]);
    expect(objects['accounts']).toEqual({ readable: false, fields: {} });
    expect(connection.logged).toHaveLength(1);
  });
});

describe('configuration', () => {
  test('every wrong key is named', () => {
    const problems = small.checkConfig(
      csvConfig('', {
        auth: { kind: 'token', token: 'canary-token' },
        baseUrl: 'https://example.com',
        requestsPer10s: 5,
        settings: { foldr: 'x', currency: 'euro' },
      }),
    );
    expect(problems.map(({ path }) => path)).toEqual([
      'settings.folder',
      'settings.currency',
      'settings.foldr',
      'auth.kind',
      'baseUrl',
      'budget.requestsPer10s',
    ]);
    expect(JSON.stringify(problems)).toContain('Did you mean folder?');
    expect(JSON.stringify(problems)).not.toContain('canary');
    expect(small.checkConfig(csvConfig('data', { settings: { folder: 'data', currency: 'EUR' } }))).toEqual(
      [],
    );
  });

  test('a folder that is a file, or is not there, is named with what to do', async () => {
    folder = testFolder({ file: '' });
    for (const path of [join(folder.path, 'file'), join(folder.path, 'none')]) {
      const error = openCsv(path).check();
      await expect(error).rejects.toMatchObject({ code: 'crm_unreachable', exitStatus: 3 });
      await expect(openCsv(path).check()).rejects.toThrow('settings.folder');
      await expect(pullAll(openCsv(path), 'people')).rejects.toMatchObject({ code: 'crm_unreachable' });
    }
  });
});
