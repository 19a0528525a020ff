import { describe, expect, test } from '@jest/globals';
import type { ConnectionId, CrmRecord } from '../../src/model/record.ts';
import { judge, touches } from '../../src/sync/read/judge.ts';

const T0 = Date.UTC(2026, 0, 1);
const OWN = new Set(['waystage_stage', 'waystage_health_score']);

function record(over: Partial<CrmRecord> = {}): CrmRecord {
  return {
    connection: 'hub' as ConnectionId,
    type: 'contacts',
    id: '1',
    fields: { email: 'a@b.example', waystage_stage: null },
    created: T0,
    modified: T0,
    state: 'live',
    successor: null,
    mergedIds: [],
    associations: { companies: [{ type: 'companies', id: '9', primary: true, label: null }] },
    ...over,
  };
}
const verdict = (
  stored: CrmRecord | undefined,
  incoming: CrmRecord,
  written?: Readonly<Record<string, string | number | null>>,
): string => {
  const { fate, store } = judge(stored, incoming, OWN, written);
  return `${fate.fate}${fate.reason === null ? '' : `:${fate.reason}`} ${store === null ? 'kept' : 'stored'}`;
};

describe('what becomes of a pulled record', () => {
  test('a new one is applied as it is', () => {
    expect(judge(undefined, record(), OWN, undefined)).toMatchObject({
      fate: { fate: 'applied' },
      store: record(),
    });
  });

  test('a stamp alone is nothing new, and is not kept: it dates the values', () => {
    expect(verdict(record(), record({ modified: T0 + 5 }))).toBe('ignored:unchanged kept');
  });

  test.each<[string, Partial<CrmRecord>]>([
    ['a value', { fields: { email: 'b@b.example', waystage_stage: null } }],
    ['a value emptied', { fields: { email: null, waystage_stage: null } }],
    ['a field that may not be read any more', { fields: { waystage_stage: null } }],
    [
      'a field that is read for the first time',
      { fields: { email: 'a@b.example', waystage_stage: null, phone: null } },
    ],
    [
      'a field named __proto__',
      { fields: JSON.parse('{"email":"a@b.example","waystage_stage":null,"__proto__":"x"}') },
    ],
    ['the state', { state: 'archived' }],
    ['the successor', { state: 'merged', successor: { type: 'contacts', id: '2' } }],
    ['merged records', { mergedIds: ['7'] }],
    ['the creation date', { created: T0 - 1 }],
    ['an association', { associations: { companies: [] } }],
    [
      'the primary mark',
      { associations: { companies: [{ type: 'companies', id: '9', primary: false, label: null }] } },
    ],
    [
      'a label',
      { associations: { companies: [{ type: 'companies', id: '9', primary: true, label: 'Boss' }] } },
    ],
  ])('%s that moved is applied with its stamp', (_what, change) => {
    const { fate, store } = judge(record(), record({ modified: T0 + 5, ...change }), OWN, undefined);
    expect(fate.fate).toBe('applied');
    expect(store?.modified).toBe(T0 + 5);
  });

  test('associations of a type that was not read keep what is stored', () => {
    expect(verdict(record(), record({ modified: T0 + 5, associations: {} }))).toBe('ignored:unchanged kept');
  });

  test('the order of associations is no change', () => {
    const links = ['9', '8'].map((id) => ({ type: 'companies', id, primary: false, label: null }));
    expect(
      verdict(
        record({ associations: { companies: links } }),
        record({ associations: { companies: links.toReversed() }, modified: T0 + 5 }),
      ),
    ).toBe('ignored:unchanged kept');
  });

  test('a field of ours with the value we wrote is our own write, stored without its stamp (F20)', () => {
    const incoming = record({ modified: T0 + 5, fields: { email: 'a@b.example', waystage_stage: 'trial' } });
    const { fate, store } = judge(record(), incoming, OWN, { waystage_stage: 'trial' });
    expect(fate).toMatchObject({ fate: 'ignored', reason: 'own_write' });
    expect(store).toMatchObject({ modified: T0, fields: { waystage_stage: 'trial' } });
  });

  test('a field of ours with another value is somebody’s edit, and no news about the customer', () => {
    const incoming = record({ modified: T0 + 5, fields: { email: 'a@b.example', waystage_stage: 'vip' } });
    for (const written of [undefined, { waystage_stage: 'trial' }]) {
      const { fate, store } = judge(record(), incoming, OWN, written);
      expect(fate.fate).toBe('applied');
      expect(store).toMatchObject({ modified: T0, fields: { waystage_stage: 'vip' } });
    }
  });

  test('our write and an edit of something else in one stamp: applied', () => {
    const incoming = record({
      modified: T0 + 5,
      fields: { email: 'new@b.example', waystage_stage: 'trial' },
    });
    expect(verdict(record(), incoming, { waystage_stage: 'trial' })).toBe('applied stored');
  });

  test('an older page does not overwrite a newer record; a record that came back to life does', () => {
    expect(verdict(record({ modified: T0 + 9 }), record({ fields: { email: 'old@b.example' } }))).toBe(
      'ignored:older kept',
    );
    expect(verdict(record({ modified: T0 + 9, state: 'archived' }), record())).toBe('applied stored');
  });

  test('the ledger is asked only where a field of ours differs', () => {
    expect(touches(undefined, record(), OWN)).toBe(false);
    expect(touches(record(), record({ fields: { email: 'x', waystage_stage: null } }), OWN)).toBe(false);
    expect(touches(record(), record({ fields: { email: 'a@b.example', waystage_stage: 'x' } }), OWN)).toBe(
      true,
    );
  });
});
