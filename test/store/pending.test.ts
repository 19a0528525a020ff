import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { SubjectId } from '../../src/model/facts.ts';
import type { Fence, Store } from '../../src/store/port.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { aRecord, HUB, page, T0 } from '../contracts/store-fixtures.ts';

let store: Store;
let fence: Fence;
beforeEach(async () => {
  store = await openSqliteStore(':memory:');
  const taken = await store.leases.acquire('sync', 'test', T0, 60_000);
  if (taken === null) throw new Error('no lease');
  fence = taken;
});
afterEach(() => store.close());

const ada = 'person:1' as SubjectId;
const bo = 'person:2' as SubjectId;

const settle = (run: string): Promise<void> =>
  store.pending.settle(run, { until: T0, basis: 'rules' }, fence);
const touched = async (): Promise<readonly string[]> =>
  (await store.pending.touched(10)).map(({ type, id }) => `${type} ${id}`);
const waiting = async (): Promise<readonly string[]> => {
  const found: string[] = [];
  for await (const chunk of store.pending.scan('person')) found.push(...chunk.map(({ id }) => id));
  return found;
};
const identify = (gone = false): Promise<void> => {
  const members = [ada, bo].map((subject) => ({
    ...{ connection: HUB, type: 'contacts', id: subject.slice(-1), entity: 'person' as const, subject },
    reason: 'only record',
  }));
  const subjects = [ada, bo].map((id) => ({ id, kind: 'person' as const, created: T0, gone }));
  return store.subjects.commit({ records: members, subjects, members, ambiguities: [], ended: [] }, fence);
};

test('J15 nothing is noted before everybody was judged once; afterwards every page, identity and purge is', async () => {
  await store.records.commitPage(page([aRecord('1')], 'c'), fence);
  await identify();
  expect(await touched()).toEqual([]);
  expect(await store.pending.last()).toEqual({ until: null, basis: null });
  await settle('r1');
  expect(await store.pending.last()).toEqual({ until: T0, basis: 'rules' });
  const linked = { companies: [{ type: 'companies', id: '7', primary: true, label: null }] };
  await store.records.commitPage(page([aRecord('1', { associations: linked })], 'c'), fence);
  expect(await touched()).toEqual(['contacts 1']);
  await store.pending.followed(await store.pending.touched(10), [ada], fence);
  expect([await touched(), await waiting()]).toEqual([[], [ada]]);
  // The far end of a link that ended knows nothing of it.
  await store.records.commitPage(page([aRecord('1', { associations: { companies: [] } })], 'c'), fence);
  expect(await touched()).toEqual(['companies 7', 'contacts 1']);
  await store.readings.purge([{ connection: HUB, type: 'contacts', id: '1' }], T0, fence);
  expect(await touched()).toEqual(['subject person:1', 'companies 7']);
  expect(await waiting()).toEqual([]);
  await store.pending.everybody(fence);
  expect(await touched()).toEqual([]);
  expect(await store.pending.last()).toEqual({ until: T0, basis: null });
});

test('J15 who waits is crossed off by a settled run alone, unless the run left something', async () => {
  await store.records.commitPage(page([aRecord('1'), aRecord('2')], 'c'), fence);
  await identify();
  await store.pending.add([ada, bo], fence);
  await store.pending.leave('r1', [{ subject: bo, state: 'writes', asleep: false }], fence);
  expect(await waiting()).toEqual([ada, bo]);
  await settle('r1');
  expect(await waiting()).toEqual([bo]);
  const changes = [{ journey: 'j', output: 'stage' as const, field: 'f', old: null, new: 'x', reason: null }];
  const write = { connection: HUB, type: 'contacts', id: '2', subject: bo, parent: null, changes };
  await store.plans.add('r1', [write], fence);
  await store.pending.written('r1', fence);
  expect(await waiting()).toEqual([bo]);
  await store.plans.done('r1', [write], fence);
  await store.pending.written('r1', fence);
  expect(await waiting()).toEqual([]);
  await store.pending.leave('r2', [{ subject: bo, state: 'held', asleep: false }], fence);
  await store.pending.written('r2', fence);
  expect(await waiting()).toEqual([bo]);
});

test('J15 who was away was not judged meanwhile', async () => {
  await store.records.commitPage(page([aRecord('1'), aRecord('2')], 'c'), fence);
  await identify(true);
  await settle('r1');
  await identify();
  expect([...(await store.pending.among([ada, bo])).values()]).toEqual([
    { id: ada, asleep: true },
    { id: bo, asleep: true },
  ]);
  expect(await waiting()).toEqual([ada, bo]);
});
