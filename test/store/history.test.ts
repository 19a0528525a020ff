import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { FieldCourse, PastValue } from '../../src/connector/port.ts';
import type { ConnectionId, CrmRecord } from '../../src/model/record.ts';
import type { Fence, Store } from '../../src/store/port.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';

const connection = 'crm' as ConnectionId;
const type = 'deals';

describe('histories', () => {
  let store: Store;
  let fence: Fence;

  beforeEach(async () => {
    store = await openSqliteStore(':memory:');
    fence = (await store.leases.acquire('run', 'test', 0, 1_000_000))!;
    await store.runs.start({ id: 'r', kind: 'pull', started: 0, now: 0 }, fence);
    const record: CrmRecord = {
      ...{ connection, type, id: '1', fields: { stage: 'c' }, created: 1, modified: 900 },
      ...{ state: 'live', successor: null, mergedIds: [], associations: {} },
    };
    await store.records.commitPage(
      { run: 'r', connection, type, records: [record], fates: [], checkpoint: null, at: 1_000 },
      fence,
    );
  });
  afterEach(() => store.close());

  const values = (...pairs: readonly (readonly [string, number])[]): readonly PastValue[] =>
    pairs.map(([value, at]) => ({ value, at }));
  const commit = (courses: readonly FieldCourse[], cursor = 'x', by: Fence = fence): Promise<void> =>
    store.history.commitPage(
      { connection, type, courses, checkpoint: { cursor, fields: ['stage'], complete: false }, at: 2_000 },
      by,
    );
  const kept = async () =>
    (await store.history.of(connection, type, ['1']))
      .get('1')
      ?.values['stage']?.map((one) => [one.value, one.since]);
  const course = (complete: boolean, ...pairs: readonly (readonly [string, number])[]): FieldCourse => ({
    ...{ id: '1', field: 'stage', complete },
    values: values(...pairs),
  });

  test('a whole course takes the place of everything; a cut one of its span only', async () => {
    await commit([course(true, ['a', 10], ['b', 20], ['c', 30])]);
    expect(await kept()).toEqual([
      ['a', 10],
      ['b', 20],
      ['c', 30],
    ]);
    await commit([course(false, ['x', 20], ['c', 40])]);
    expect(await kept()).toEqual([
      ['a', 10],
      ['x', 20],
      ['c', 40],
    ]);
    await commit([course(true, ['c', 15])]);
    expect(await kept()).toEqual([['c', 15]]);
  });

  test('other fields and records stay; a course without values says nothing', async () => {
    await commit([course(true, ['a', 10])]);
    await commit([
      { ...course(true, ['z', 5]), field: 'amount' },
      { ...course(true, ['z', 5]), id: '2' },
      { ...course(true), values: [] },
    ]);
    expect(await kept()).toEqual([['a', 10]]);
    expect((await store.history.of(connection, type, ['2'])).size).toBe(0);
  });

  test('page and place go together: a run that lost its lease changes neither', async () => {
    await commit([course(true, ['a', 10])], 'first');
    expect(await store.history.checkpoint(connection, type)).toEqual({
      cursor: 'first',
      fields: ['stage'],
      complete: false,
    });
    const stale = { ...fence, fence: fence.fence - 1 };
    await expect(commit([course(true, ['b', 10])], 'second', stale)).rejects.toMatchObject({ code: 'busy' });
    expect(await kept()).toEqual([['a', 10]]);
    expect((await store.history.checkpoint(connection, type))?.cursor).toBe('first');
  });
});
