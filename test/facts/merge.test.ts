import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { CrmRecord, FieldValue } from '../../src/model/record.ts';
import { crm, field, group, HUBSPOT, reader, SALESFORCE } from './kit.ts';

const objects = {
  hubspot: { contacts: { title: field('t'), name: field('n') } },
  salesforce: { Contact: { title: field('t'), name: field('n') }, Lead: { title: field('t') } },
};
const own = reader(objects);

function merged(...records: readonly CrmRecord[]) {
  const fact = own.fact('person', group(...records));
  return { title: fact?.values['title'], origin: fact?.origins['title'] };
}

describe('J5 records of one thing that differ', () => {
  const hubspot = (t: FieldValue, modified: number) => crm('hubspot:contacts:1', { fields: { t }, modified });
  const contact = (t: FieldValue, modified: number) =>
    crm('salesforce:Contact:003A', { fields: { t }, modified });

  test('J5 the newest wins, the other value is kept as not taken', () => {
    const { title, origin } = merged(hubspot('CEO', 10), contact('CTO', 20));
    expect(title).toBe('CTO');
    expect(origin).toEqual({
      connection: SALESFORCE,
      type: 'Contact',
      id: '003A',
      field: 't',
      at: 20,
      known: 20,
      rejected: { value: 'CEO', connection: HUBSPOT, type: 'contacts', id: '1' },
    });
  });

  test('J5 equal values are no difference', () => {
    expect(merged(hubspot('CEO', 10), contact('CEO', 20)).origin?.rejected).toBeUndefined();
  });

  test('J5 equally new: connection order, then record id', () => {
    expect(merged(contact('CTO', 10), hubspot('CEO', 10)).title).toBe('CEO');
    const lead = crm('salesforce:Lead:00QA', { fields: { t: 'Lead' }, modified: 10 });
    expect(merged(lead, contact('CTO', 10)).title).toBe('CTO');
    const second = crm('hubspot:contacts:0', { fields: { t: 'Zero' }, modified: 10 });
    expect(merged(hubspot('CEO', 10), second).title).toBe('Zero');
  });

  test('J5 a null or unread field never beats a value, not even the newest record: the stamp is of the record', () => {
    const { title, origin } = merged(hubspot('CEO', 10), contact(null, 20));
    expect(title).toBe('CEO');
    expect(origin?.rejected).toBeUndefined();
    expect(merged(hubspot('CEO', 10), crm('salesforce:Contact:003A', { modified: 20 })).title).toBe('CEO');
  });

  test('J5 prefer names connections that go first, whatever is newest', () => {
    const preferring = reader({ ...objects, prefer: { 'person.title': [HUBSPOT] } });
    const records = group(hubspot('CEO', 10), contact('CTO', 20));
    const fact = preferring.fact('person', records);
    expect(fact?.values['title']).toBe('CEO');
    expect(fact?.origins['title']?.rejected).toMatchObject({ value: 'CTO', connection: SALESFORCE });
    expect(preferring.fact('person', group(hubspot(null, 10), contact('CTO', 20)))?.values['title']).toBe(
      'CTO',
    );
    expect(preferring.fact('people', records)?.values['title']).toBe('CEO');
    expect(preferring.fact('people', records)?.values['name']).toBeUndefined();
  });

  test('J5 of several different values the next best is the one shown as not taken', () => {
    const lead = crm('salesforce:Lead:00QA', { fields: { t: 'Lead' }, modified: 15 });
    expect(merged(hubspot('CEO', 10), contact('CTO', 20), lead).origin?.rejected?.value).toBe('Lead');
    const preferring = reader({ ...objects, prefer: { 'person.title': [HUBSPOT, SALESFORCE] } });
    const same = crm('salesforce:Lead:00QA', { fields: { t: 'CEO' }, modified: 30 });
    const fact = preferring.fact('person', group(hubspot('CEO', 10), contact('CTO', 20), same));
    expect(fact?.values['title']).toBe('CEO');
    expect(fact?.origins['title']).toMatchObject({ connection: HUBSPOT, rejected: { value: 'CTO' } });
  });

  test('J2 archived, merged and converted records say nothing; without a live one there is no fact', () => {
    for (const state of ['archived', 'merged', 'converted'] as const) {
      const old = crm('salesforce:Lead:00QA', { fields: { t: 'Old' }, modified: 99, state });
      expect(merged(hubspot('CEO', 10), old)).toMatchObject({ title: 'CEO' });
      expect(merged(hubspot('CEO', 10), old).origin?.rejected).toBeUndefined();
      expect(own.fact('person', group(old))).toBeNull();
    }
  });

  test('J5 the order of the records does not matter', () => {
    const anyRecord = fc
      .record({
        key: fc.constantFrom(
          'hubspot:contacts:1',
          'hubspot:contacts:2',
          'salesforce:Contact:1',
          'salesforce:Lead:1',
          'salesforce:Lead:2',
        ),
        modified: fc.integer({ min: 1, max: 3 }),
        t: fc.constantFrom(null, 'a', 'b', 'c'),
        n: fc.constantFrom(null, 'x', '__proto__'),
      })
      .map(({ key, modified, t, n }) => crm(key, { modified, fields: { t, n } }));
    const anyRecords = fc.uniqueArray(anyRecord, {
      selector: (record) => `${record.type}:${record.id}`,
      minLength: 1,
    });
    const anyPrefer = fc.constantFrom(undefined, [HUBSPOT], [SALESFORCE], [SALESFORCE, HUBSPOT]);
    fc.assert(
      fc.property(anyRecords, anyPrefer, fc.nat(), (records, prefer, turn) => {
        const made = reader({
          ...objects,
          ...(prefer === undefined ? {} : { prefer: { 'person.title': prefer } }),
        });
        const at = turn % records.length;
        const turned = [...records.slice(at), ...records.slice(0, at)].reverse();
        const left = made.fact('person', group(...records));
        expect(made.fact('person', group(...turned))).toEqual(left);
        const { value, rejected } = {
          value: left?.values['title'],
          rejected: left?.origins['title']?.rejected,
        };
        const all = new Set(records.map((record) => record.fields['t']).filter((t) => t !== null));
        // A difference is always shown, and what is shown is one.
        expect(rejected !== undefined).toBe(all.size > 1);
        if (rejected !== undefined) expect(rejected.value).not.toBe(value);
      }),
      { numRuns: 300 },
    );
  });
});

test('J32 a resolved pair is one fact with the values of both', () => {
  const pair = reader({
    hubspot: { deals: { amount: field('a'), kind: field('k') } },
    salesforce: { Opportunity: { amount: field('a') } },
  });
  const fact = pair.fact(
    'deals',
    group(
      crm('hubspot:deals:1', { fields: { a: 10, k: 'renewal' }, modified: 1 }),
      crm('salesforce:Opportunity:006A', { fields: { a: 12 }, modified: 2 }),
    ),
  );
  expect(fact?.key).toBe('hubspot:deals:1');
  expect({ ...fact?.values }).toEqual({ amount: 12, kind: 'renewal' });
  expect(fact?.origins['amount']?.rejected?.value).toBe(10);
});

test('a fact is made once for one group object', () => {
  const records = group(crm('hubspot:contacts:1', { fields: { t: 'CEO' } }));
  expect(own.fact('person', records)).toBe(own.fact('person', records));
  expect(own.fact('person', { ...records })).not.toBe(own.fact('person', records));
});
