import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Association, CrmRecord } from '../../src/model/record.ts';
import type { Fate, Fence, RecordFate, Store } from '../../src/store/port.ts';
import { aRecord, HUB, page, T0 } from './store-fixtures.ts';

/** What pages leave behind, and what is found by it; a part of the suite every store passes. */
export function storePagesContract(name: string, open: () => Promise<Store>): void {
  describe(`pages in the store over ${name}`, () => {
    let store: Store;
    let fence: Fence;
    beforeEach(async () => {
      store = await open();
      const lease = await store.leases.acquire('sync', 'me', T0, 60_000);
      if (lease === null) throw new Error('the lease of a new store is free');
      fence = lease;
    });
    afterEach(() => store.close());

    const to = (id: string, over: Partial<Association> = {}): Association => ({
      type: 'companies',
      id,
      primary: false,
      label: null,
      ...over,
    });
    const linked = (id: string, ...links: readonly Association[]): CrmRecord =>
      aRecord(id, { associations: { companies: links } });
    const commit = (records: readonly CrmRecord[], complete: boolean | null): Promise<void> =>
      store.records.commitPage(
        page(records, 'c', {
          checkpoint: complete === null ? null : { cursor: 'c', fields: [], complete },
        }),
        fence,
      );
    const pointing = async (...ids: readonly string[]): Promise<readonly string[]> =>
      (await store.records.pointingTo(HUB, 'companies', ids)).map(({ id }) => id).sort();

    test('who points to a record is known in the middle of a first load, at its end and ever after', async () => {
      await commit([linked('1', to('7')), linked('2', to('7'), to('8'))], false);
      expect(await pointing('7')).toEqual(['1', '2']);
      await commit([linked('3', to('8'))], true);
      expect(await pointing('7')).toEqual(['1', '2']);
      expect(await pointing('8')).toEqual(['2', '3']);
      await commit([linked('2', to('9')), linked('4', to('7'))], true);
      expect(await pointing('7')).toEqual(['1', '4']);
      expect(await pointing('8', '9')).toEqual(['2', '3']);
      // A full reading beside the increments.
      await commit([linked('1', to('9')), linked('5', to('9'))], null);
      expect(await pointing('7')).toEqual(['4']);
      expect(await pointing('9')).toEqual(['1', '2', '5']);
      // Everything is read again, for a field more.
      await commit([linked('1'), linked('6', to('9'))], false);
      expect(await pointing('9')).toEqual(['2', '5', '6']);
      await commit([], true);
      expect(await pointing('9')).toEqual(['2', '5', '6']);
    });

    test('of links that changed their label or rank the new one is kept, the others stay as they are', async () => {
      const links = async (): Promise<unknown> =>
        (await store.records.get(HUB, 'contacts', ['1'])).get('1')?.associations['companies'];
      await commit([linked('1', to('7', { primary: true }), to('8', { label: 'Boss' }), to('9'))], true);
      const next = [to('7'), to('8', { label: 'Chef', primary: true }), to('9')];
      await commit([linked('1', ...next)], true);
      expect(await links()).toEqual(next);
      await commit([linked('1', to('8'), to('8', { label: 'Chef', primary: true }))], true);
      expect(await links()).toEqual([to('8', { label: 'Chef', primary: true })]);
      expect(await pointing('7', '8', '9')).toEqual(['1']);
      expect(await pointing('7', '9')).toEqual([]);
    });

    test('nothing is forgotten halfway: the links of a purged record go, at either end, also during a load', async () => {
      for (const complete of [false, true]) {
        await commit([linked('1', to('7')), linked('2', to('7'))], complete);
        await store.records.commitPage(page([aRecord('7', { type: 'companies' })], 'c'), fence);
        await store.readings.purge([{ connection: HUB, type: 'contacts', id: '1' }], T0, fence);
        expect(await pointing('7')).toEqual(['2']);
        await store.readings.purge([{ connection: HUB, type: 'companies', id: '7' }], T0, fence);
        expect(await pointing('7')).toEqual([]);
        const left = (await store.records.get(HUB, 'contacts', ['2'])).get('2');
        expect(left?.associations['companies']).toBeUndefined();
      }
    });

    const fate = (id: string, what: Fate, over: Partial<RecordFate> = {}): RecordFate => ({
      ...{ connection: HUB, type: 'contacts', id, fate: what, reason: null, message: null },
      ...over,
    });
    const commitFates = (type: string, ...fates: readonly RecordFate[]): Promise<void> =>
      store.records.commitPage(page([], 'c', { type, fates }), fence);

    test('every record of a run has its fate, in order, with its own reason and message', async () => {
      const bad = { reason: 'bad_row', message: 'no stamp' };
      await commitFates('contacts', fate('3', 'applied'), fate('1', 'failed', bad), fate('2', 'applied'));
      await commitFates('companies', fate('9', 'ignored', { type: 'companies', reason: 'unchanged' }));
      const all = await store.runs.fates('r1', { limit: 10 });
      expect(all.map(({ type, id }) => `${type} ${id}`)).toEqual([
        ...['companies 9', 'contacts 1', 'contacts 2', 'contacts 3'],
      ]);
      expect(await store.runs.fates('r1', { fate: 'failed', limit: 10 })).toEqual([fate('1', 'failed', bad)]);
      expect((await store.runs.fates('r1', { limit: 2 })).map(({ id }) => id)).toEqual(['9', '1']);
      expect(await store.runs.fates('r2', { limit: 10 })).toEqual([]);
    });

    test('a record that comes twice in a page keeps the fate that says what was done', async () => {
      await commitFates('contacts', fate('1', 'applied'), fate('1', 'ignored'), fate('2', 'ignored'));
      await commitFates('contacts', fate('2', 'failed'), fate('2', 'applied'), fate('3', 'applied'));
      const fates = await store.runs.fates('r1', { limit: 10 });
      expect(fates.map((one) => one.fate)).toEqual(['applied', 'applied', 'applied']);
      expect((await store.runs.fates('r1', { fate: 'ignored', limit: 10 })).length).toBe(0);
    });

    test('what is purged is in the log of no run any more; the others are', async () => {
      await commitFates('contacts', fate('1', 'applied'), fate('2', 'applied'));
      await commitFates('contacts', fate('1', 'ignored'));
      await commitFates('companies', fate('1', 'applied', { type: 'companies' }));
      await store.readings.purge([{ connection: HUB, type: 'contacts', id: '1' }], T0, fence);
      const left = await store.runs.fates('r1', { limit: 10 });
      expect(left.map(({ type, id }) => `${type} ${id}`)).toEqual(['companies 1', 'contacts 2']);
    });

    test('half of a surrogate pair is refused wherever it stands, and nothing of its page is kept', async () => {
      await expect(commit([aRecord('1'), linked('\ud800', to('7'))], false)).rejects.toMatchObject({
        code: 'value_unstorable',
      });
      await expect(commit([linked('1', to('7', { label: '\udc00' }))], false)).rejects.toMatchObject({
        code: 'value_unstorable',
      });
      expect((await store.records.get(HUB, 'contacts', ['1'])).size).toBe(0);
    });
  });
}
