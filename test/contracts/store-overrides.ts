import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { SubjectId } from '../../src/model/facts.ts';
import type { CrmRecord } from '../../src/model/record.ts';
import type { Fence, Store, StoredOverride } from '../../src/store/port.ts';
import { aRecord, entry, HUB, page, placement, T0 } from './store-fixtures.ts';

const DAY = 86_400_000;

export function anOverride(override: string, over: Partial<StoredOverride> = {}): StoredOverride {
  return {
    ...{ override, connection: HUB, type: 'contacts', id: '1', journey: 'people', kind: 'stage' },
    ...{ value: 'customer', owner: 'Ann', reason: 'they signed on paper', at: T0, known: T0 + 1 },
    ...{ until: T0 + 30 * DAY, ended: null, source: 'cli' },
    ...over,
  };
}

/** What every store must do with stages and bands set by hand (J29). */
export function storeOverridesContract(name: string, open: () => Promise<Store>): void {
  describe(`store contract, overrides: ${name}`, () => {
    let store: Store;
    let fence: Fence;
    const subject = 's1' as SubjectId;
    const store2 = async (records: readonly CrmRecord[]): Promise<void> => {
      await store.records.commitPage(page(records, 'c'), fence);
      const keys = records.map(({ connection, type, id }) => ({ connection, type, id }));
      await store.subjects.commit(
        {
          records: keys,
          subjects: [{ id: subject, kind: 'person', created: T0, gone: false }],
          members: keys.map((key) => ({ ...key, entity: 'person', subject, reason: 'alone' })),
          ambiguities: [],
          ended: [],
        },
        fence,
      );
    };
    const due = async (): Promise<number | null | undefined> =>
      (await store.journeys.get('people', [subject])).get(subject)?.due;
    const save = (evaluatedAt: number): Promise<void> =>
      store.journeys.save([placement(subject, { due: T0 + 9 * DAY, evaluatedAt })], 'r1', fence);

    beforeEach(async () => {
      store = await open();
      fence = (await store.leases.acquire('sync', 'test', T0, 60_000))!;
      await store2([aRecord('1'), aRecord('2')]);
    });
    afterEach(() => store.close());

    test('J29 an override is read back as it was, by its records and by whether it has ended', async () => {
      const later = anOverride('b', { id: '2', at: T0 + 5, value: null, owner: null, until: null });
      const band = anOverride('c', { kind: 'band', value: 'risk', at: T0 - 5, source: 'crm' });
      await store.overrides.set([anOverride('a'), later, band]);
      expect(await store.overrides.of([aRecord('1'), aRecord('3')])).toEqual([band, anOverride('a')]);
      expect(await store.overrides.of([])).toEqual([]);
      expect(await store.overrides.list(null)).toEqual([band, anOverride('a'), later]);
      const end = { at: T0 + 7, known: T0 + 8, by: 'Bo' };
      await store.overrides.end(['b'], end);
      // The first end counts.
      await store.overrides.end(['b'], { ...end, at: T0 + 9 });
      expect(await store.overrides.list(null)).toContainEqual({ ...later, ended: end });
      expect((await store.overrides.list(T0 + 7)).map(({ override }) => override)).toEqual(['c', 'a']);
      expect(await store.overrides.list(T0 + 30 * DAY)).toEqual([]);
    });

    test('J15 J29 setting and ending makes the subject due, also when a run overtakes it', async () => {
      await save(T0);
      await store.overrides.set([anOverride('a', { known: T0 + 5 })]);
      expect(await due()).toBe(0);
      // A run that had begun before saves what it knew.
      await save(T0 + 4);
      expect(await due()).toBe(T0 + 9 * DAY);
      await store.overrides.wake(fence);
      expect(await due()).toBe(0);
      await save(T0 + 6);
      await store.overrides.wake(fence);
      expect(await due()).toBe(T0 + 9 * DAY);
      await store.overrides.end(['a'], { at: T0 + 7, known: T0 + 7, by: null });
      expect(await due()).toBe(0);
    });

    test('J19 J29 what was by hand at the last step is kept with the placement', async () => {
      for (const byHand of [
        { stage: true, band: false },
        { stage: false, band: true },
        { stage: true, band: true },
      ]) {
        await store.journeys.save([placement(subject, { byHand })], 'r1', fence);
        expect((await store.journeys.get('people', [subject])).get(subject)?.byHand).toEqual(byHand);
      }
      await store.journeys.save([placement(subject)], 'r1', fence);
      expect((await store.journeys.get('people', [subject])).get(subject)).not.toHaveProperty('byHand');
    });

    test('J29 what is adopted is known to the ledger, and nothing of it stays when the lease is lost', async () => {
      await store.overrides.set([anOverride('old')]);
      const end = { at: T0 + 3, known: T0 + 4, by: 'Ann' };
      const adoption = {
        overrides: [anOverride('new', { source: 'crm', value: 'lost' })],
        ended: [{ override: 'old', end }],
        entries: [entry('1', { state: 'adopted', old: 'lead', new: 'lost' })],
      };
      await expect(
        store.overrides.adopt(adoption, { ...fence, fence: fence.fence + 1 }),
      ).rejects.toMatchObject({ code: 'busy' });
      expect(await store.overrides.list(T0 + 3)).toEqual([anOverride('old')]);
      await store.overrides.adopt(adoption, fence);
      expect(await store.overrides.list(null)).toEqual([
        adoption.overrides[0],
        { ...anOverride('old'), ended: end },
      ]);
      const written = await store.ledger.lastWritten(HUB, 'contacts', ['1']);
      expect(written.get('1')).toEqual({ waystage_stage: 'lost' });
      // Nothing was written: nobody looks back at it, and it is no part of a fight.
      expect((await store.ledger.toLookBack(HUB, 10)).entries).toEqual([]);
      expect(await store.ledger.writtenSince(HUB, 'contacts', ['1'], 0)).toEqual([]);
    });

    test('J29 an override is forgotten with its record, and goes on with the one that it was merged into', async () => {
      await store2([
        aRecord('1', { state: 'merged', successor: { type: 'contacts', id: '2' } }),
        aRecord('2'),
      ]);
      await store.overrides.set([anOverride('a')]);
      await store.readings.purge([aRecord('1')], T0, fence);
      expect(await store.overrides.list(null)).toEqual([anOverride('a', { id: '2' })]);
      await store.readings.purge([aRecord('2')], T0, fence);
      expect(await store.overrides.list(null)).toEqual([]);
    });

    test('J29 both records of a merge forgotten at once leave nothing', async () => {
      await store2([
        aRecord('1', { state: 'merged', successor: { type: 'contacts', id: '2' } }),
        aRecord('2'),
      ]);
      await store.overrides.set([anOverride('a'), anOverride('b', { id: '2' })]);
      await store.readings.purge([aRecord('1'), aRecord('2')], T0, fence);
      expect(await store.overrides.list(null)).toEqual([]);
    });
  });
}
