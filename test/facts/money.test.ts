import { describe, expect, test } from '@jest/globals';
import { createFactReader, type FactIssue } from '../../src/facts/index.ts';
import type { FieldMap, Rates } from '../../src/mapping/types.ts';
import { createZone } from '../../src/mapping/zone.ts';
import type { Fact } from '../../src/model/facts.ts';
import { crm, field, fieldMap, group, HUBSPOT, SALESFORCE } from './kit.ts';

const fields = { amount: field('amount'), probability: field('p') };
const own: FieldMap = {
  ...fieldMap(
    'hubspot',
    { companies: { arr: field('arr'), seats: field('seats') } },
    {
      'account.arr': 'number',
      'account.seats': 'number',
    },
  ),
  money: ['account.arr'],
};

function read(
  rates: Rates | undefined,
  currencies: { readonly hubspot: string | null; readonly salesforce: string | null },
  ...records: ReturnType<typeof crm>[]
): { readonly fact: Fact; readonly issues: readonly FactIssue[] } {
  const issues: FactIssue[] = [];
  const reader = createFactReader({
    zone: createZone('UTC'),
    connections: [
      { id: HUBSPOT, connector: 'hubspot', stages: [], homeCurrency: currencies.hubspot },
      { id: SALESFORCE, connector: 'salesforce', stages: [], homeCurrency: currencies.salesforce },
    ],
    fieldMaps: [
      {
        ...own,
        objects: [...own.objects, ...fieldMap('hubspot', { deals: fields }).objects],
      },
      fieldMap('salesforce', { Opportunity: fields }),
    ],
    ...(rates === undefined ? {} : { rates }),
    issue: (issue) => issues.push(issue),
  });
  const name = records[0]?.type === 'companies' ? 'account' : 'deals';
  const fact = reader.fact(name, group(...records));
  if (fact === null) throw new Error('no fact');
  return { fact, issues };
}

const EUR: Rates = { to: 'EUR', per: { USD: 0.92 } };
const both = { hubspot: 'USD', salesforce: 'EUR' };
const deal = crm('hubspot:deals:1', { fields: { amount: 1000.55, p: 0.5 }, modified: 10 });

describe('J5 money in the currency that rules count in', () => {
  test('J5 amounts are converted to the cent, and the origin says at which rate', () => {
    const { fact } = read(EUR, both, deal);
    expect(fact.values['amount']).toBe(920.51);
    expect(fact.origins['amount']?.field).toBe('amount (USD at 0.92)');
    expect(fact.values['probability']).toBe(0.5);
  });

  test('J5 the currency counted in, an unknown one and no rates leave amounts as they are', () => {
    const native = crm('salesforce:Opportunity:006A', { fields: { amount: 7 }, modified: 10 });
    expect(read(EUR, both, native).fact.values['amount']).toBe(7);
    expect(read(EUR, { ...both, hubspot: null }, deal).fact.values['amount']).toBe(1000.55);
    expect(read(undefined, both, deal).fact.values['amount']).toBe(1000.55);
  });

  test('J5 the same sum in two currencies is no difference between the CRMs', () => {
    const native = crm('salesforce:Opportunity:006A', { fields: { amount: 92 }, modified: 20 });
    const dollars = crm('hubspot:deals:1', { fields: { amount: 100 }, modified: 10 });
    const { fact } = read(EUR, both, dollars, native);
    expect(fact.values['amount']).toBe(92);
    expect(fact.origins['amount']?.rejected).toBeUndefined();
  });

  test('J5, J8 a currency without a rate is no value, and said', () => {
    const { fact, issues } = read(EUR, { ...both, hubspot: 'GBP' }, deal);
    expect(fact.values['amount']).toBeUndefined();
    expect(issues[0]?.message).toContain('GBP');
  });

  test('J5 a field of its own is converted when it is money, and only then', () => {
    const { fact } = read(EUR, both, crm('hubspot:companies:9', { fields: { arr: 100, seats: 100 } }));
    expect([fact.values['arr'], fact.values['seats']]).toEqual([92, 100]);
  });
});
