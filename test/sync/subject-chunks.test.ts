import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { hubspot } from '../../connectors/hubspot/index.ts';
import type { SubjectId } from '../../src/model/facts.ts';
import type { CrmRecord } from '../../src/model/record.ts';
import type { Member, Store, StoredSubject } from '../../src/store/port.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import type { SyncConnection } from '../../src/sync/session.ts';
import { subjectChunks } from '../../src/sync/subjects/subject-chunks.ts';
import { aRecord, HUB, page, T0 } from '../contracts/store-fixtures.ts';

let store: Store;
beforeEach(async () => {
  store = await openSqliteStore(':memory:');
});
afterEach(() => store.close());

const to = (type: string, ...ids: readonly string[]): CrmRecord['associations'] => ({
  [type]: ids.map((id, at) => ({ type, id, primary: at === 0, label: null })),
});

/** Stores records of people and accounts, each a subject of its own: `person:1`, `account:7`. */
async function fill(records: readonly CrmRecord[]): Promise<void> {
  const fence = await store.leases.acquire('sync', 'test', T0, 60_000);
  if (fence === null) throw new Error('no lease');
  for (const type of ['contacts', 'companies'])
    await store.records.commitPage(
      page(
        records.filter((record) => record.type === type),
        'c',
        { type },
      ),
      fence,
    );
  const kindOf = (record: CrmRecord): 'person' | 'account' =>
    record.type === 'contacts' ? 'person' : 'account';
  const subjects = records.map(
    (record): StoredSubject => ({
      id: `${kindOf(record)}:${record.id}` as SubjectId,
      kind: kindOf(record),
      created: T0,
      gone: record.state !== 'live',
    }),
  );
  const members = records.map(
    (record): Member => ({
      connection: HUB,
      type: record.type,
      id: record.id,
      entity: kindOf(record),
      subject: `${kindOf(record)}:${record.id}` as SubjectId,
      reason: 'only record',
    }),
  );
  await store.subjects.commit({ records: members, subjects, members, ambiguities: [], ended: [] }, fence);
}

async function chunks(): Promise<readonly { accounts: readonly string[]; people: readonly string[] }[]> {
  const connections = [{ id: HUB, connector: hubspot } as unknown as SyncConnection];
  const found = [];
  for await (const { accounts, people } of subjectChunks({ store, connections }))
    found.push({ accounts, people: people.toSorted() });
  return found;
}

test('J2 people come with their account, named from either end; who has none comes after them', async () => {
  const company = (id: string, over: Partial<CrmRecord> = {}): CrmRecord =>
    aRecord(id, { type: 'companies', ...over });
  await fill([
    company('7', { associations: to('contacts', '2') }),
    company('8'),
    company('9', { state: 'archived' }),
    // Two accounts: the primary one has it.
    aRecord('1', { associations: to('companies', '8', '7') }),
    aRecord('2'),
    aRecord('3'),
    aRecord('4', { associations: to('companies', '9') }),
    aRecord('5', { state: 'archived', associations: to('companies', '7') }),
  ]);
  expect(await chunks()).toEqual([
    { accounts: ['account:7', 'account:8'], people: ['person:1', 'person:2'] },
    { accounts: [], people: ['person:3', 'person:4'] },
  ]);
});

test('every subject is in one chunk, also when accounts have very many or very few people', async () => {
  const records: CrmRecord[] = [];
  for (let n = 0; n < 260; n += 1) records.push(aRecord(`a${n}`, { type: 'companies' }));
  for (let n = 0; n < 1_100; n += 1) {
    // One account has most of them, some have none.
    const account = n < 700 ? 'a3' : `a${n % 90}`;
    records.push(aRecord(`p${n}`, n < 900 ? { associations: to('companies', account) } : {}));
  }
  await fill(records);
  const all = await chunks();
  const accounts = all.flatMap((chunk) => chunk.accounts);
  const people = all.flatMap((chunk) => chunk.people);
  expect([accounts.length, new Set(accounts).size]).toEqual([260, 260]);
  expect([people.length, new Set(people).size]).toEqual([1_100, 1_100]);
  for (const chunk of all) {
    const accounted = chunk.people.filter((person) => Number(person.slice('person:p'.length)) < 900);
    expect(accounted.length === 0).toBe(chunk.accounts.length === 0 || chunk.people.length === 0);
  }
});
