import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Transaction } from 'kysely';
import type { BulkTable } from '../../src/store/sql/bulk.ts';
import type { Tables } from '../../src/store/sql/tables.ts';
import { sqliteBulk } from '../../src/store/sqlite/bulk.ts';
import { SqliteDriver } from '../../src/store/sqlite/driver.ts';

/** SQLite has one connection, so the transaction is not looked at. */
const TRX = undefined as unknown as Transaction<Tables>;
const TABLE: BulkTable = {
  name: 'associations',
  columns: ['id', 'grade', 'word'],
  key: ['id'],
  replace: ['grade', 'word'],
  when: 'excluded.grade > associations.grade',
};

let db: SqliteDriver;
beforeEach(() => {
  db = new SqliteDriver(':memory:');
  db.prepare('create table associations (id text primary key, grade integer, word text)').run([]);
});
afterEach(() => db.close());

const stored = (): unknown[] => db.prepare('select id, grade, word from associations order by id').all([]);

test('rows count in their order: a key that comes again replaces where the condition holds, and is told', async () => {
  const known = await sqliteBulk(db).upsert(TRX, TABLE, [
    ['a', 1, 'first'],
    ['b', 2, null],
    ['a', 2, 'higher'],
    ['b', 1, 'lower'],
  ]);
  expect(known).toEqual([2, 3]);
  expect(stored()).toEqual([
    { id: 'a', grade: 2, word: 'higher' },
    { id: 'b', grade: 2, word: null },
  ]);
});

test('without columns to replace, a row that is there stays as it is', async () => {
  const { when: _, ...always } = TABLE;
  const bulk = sqliteBulk(db);
  await bulk.upsert(TRX, always, [['a', 1, 'first']]);
  expect(await bulk.upsert(TRX, { ...always, replace: [] }, [['a', 2, 'second']])).toEqual([0]);
  expect(stored()).toEqual([{ id: 'a', grade: 1, word: 'first' }]);
});

test('to roll back what SQLite has ended itself is no error of its own', () => {
  db.prepare('begin').run([]);
  db.prepare('rollback').run([]);
  expect(() => db.prepare('rollback').run([])).not.toThrow();
});

test('several rows in a statement count in their order too, whatever their number', async () => {
  const bulk = sqliteBulk(db);
  const many = Array.from({ length: 95 }, (_, index) => [`k${index}`, 1, 'first'] as const);
  await bulk.put(TRX, TABLE, [...many, ['k3', 2, 'higher'], ['k3', 1, 'lower']]);
  await bulk.put(TRX, TABLE, [['k4', 0, 'lower']]);
  await bulk.put(TRX, TABLE, []);
  expect(stored().length).toBe(95);
  expect(stored()).toContainEqual({ id: 'k3', grade: 2, word: 'higher' });
  expect(stored()).toContainEqual({ id: 'k4', grade: 1, word: 'first' });
});

test('what is there is found and removed by key; what is not is none', async () => {
  const bulk = sqliteBulk(db);
  await bulk.put(TRX, TABLE, [
    ['a', 1, null],
    ['b"\n', 1, null],
    ['c', 1, null],
  ]);
  expect([...(await bulk.present(TABLE, [], ['b"\n', 'x', 'c']))].sort()).toEqual(['b"\n', 'c']);
  expect(await bulk.present(TABLE, [], [])).toEqual([]);
  await bulk.remove(TRX, TABLE, [['c'], ['x']]);
  expect(await bulk.present(TABLE, [], ['a', 'c'])).toEqual(['a']);
});

test('ids above all that are stored are not there, whatever order their characters have elsewhere', async () => {
  const bulk = sqliteBulk(db);
  expect(await bulk.isEmpty(TABLE)).toBe(true);
  // SQLite orders by bytes, where the emoji is above; JavaScript by code units, where it is below.
  for (const id of ['5', '7', '\uffee']) await bulk.put(TRX, TABLE, [[id, 1, null]]);
  expect(await bulk.isEmpty(TABLE)).toBe(false);
  expect(await bulk.present(TABLE, [], ['8', '9'])).toEqual([]);
  expect(await bulk.present(TABLE, [], ['4', '7'])).toEqual(['7']);
  expect(await bulk.present(TABLE, [], ['\u{1F600}', '\uffee'])).toEqual(['\uffee']);
});
