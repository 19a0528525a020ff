import { describe, expect, test } from '@jest/globals';
import type { Discovery } from '../../src/connector/port.ts';
import { loadMapping } from '../../src/mapping/index.ts';
import type { FieldMap, Mapping } from '../../src/mapping/types.ts';
import type { SyncConnection } from '../../src/sync/session.ts';
import { createFactMaker } from '../../src/sync/subjects/facts.ts';

const fieldMap = (connector: string): FieldMap => ({
  connector,
  identity: {},
  objects: [
    {
      type: 'deals',
      entity: 'deal',
      fields: { amount: { kind: 'field', fields: ['amount'], values: null, scale: null } },
    },
  ],
});
const connections = ['hubspot', 'salesforce'].map((id) => ({
  id,
  connector: { id },
  fieldMap: fieldMap(id),
})) as unknown as readonly SyncConnection[];

function make(currencies: Readonly<Record<string, string | null>>, more: string): void {
  const text = `journey: j\nsubject: account\n${more}stages:\n  a: { default: true }\n  b: { enter: { sum: deals.amount, gte: 5 } }\n`;
  const { mapping, problems } = loadMapping(text, 'm.yaml', {
    timezone: 'UTC',
    fieldMaps: connections.map((connection) => connection.fieldMap),
  });
  expect(problems).toEqual([]);
  const discovery = (id: string): Discovery => ({
    homeCurrency: currencies[id] ?? null,
    objects: {},
    stages: [],
    recordUrl: null,
  });
  createFactMaker(connections, discovery, [mapping as Mapping], () => undefined);
}

describe('J5 what the first reading tells of currencies', () => {
  test('J5 money of two home currencies is not judged on without rates for both', () => {
    expect(() => make({ hubspot: 'USD', salesforce: 'EUR' }, '')).toThrow(
      /m\.yaml: `deals\.amount` is money in EUR and USD/,
    );
    expect(() => make({ hubspot: 'USD', salesforce: 'GBP' }, 'rates: { to: EUR, USD: 0.9 }\n')).toThrow(
      /GBP/,
    );
    make({ hubspot: 'USD', salesforce: 'EUR' }, 'rates: { to: EUR, USD: 0.9 }\n');
    make({ hubspot: 'USD', salesforce: 'USD' }, '');
    make({ hubspot: 'USD', salesforce: null }, '');
  });
});
