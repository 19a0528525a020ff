import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  decodeValue,
  encodeValue,
  inlineAssociations,
  instantOf,
  mapRow,
} from '../../../connectors/hubspot/mapper.ts';
import { fieldInfo, hubspotType } from '../../../connectors/hubspot/schema.ts';
import type { FieldInfo, FieldType } from '../../../src/connector/port.ts';
import type { ConnectionId } from '../../../src/model/record.ts';

const info = (type: FieldType): FieldInfo => ({
  name: 'f',
  label: 'F',
  type,
  writable: true,
  calculated: false,
});

describe('values of HubSpot', () => {
  test.each<[FieldType, unknown, unknown]>([
    ['text', '', null],
    ['text', null, null],
    ['text', ' 😀 עברית "\\\u0000', ' 😀 עברית "\\\u0000'],
    ['number', '1234.5', 1234.5],
    ['number', '-0.1e3', -100],
    ['number', 7, 7],
    ['number', 'seven', undefined],
    ['number', ' ', undefined],
    ['number', 'Infinity', undefined],
    ['boolean', 'true', true],
    ['boolean', 'false', false],
    ['boolean', 'yes', undefined],
    ['date', '2026-01-31', '2026-01-31'],
    ['date', '1769817600000', '2026-01-31'],
    ['date', '2026-01-31T00:00:00Z', '2026-01-31'],
    ['date', 'soon', undefined],
    ['datetime', '2026-01-31T09:00:00Z', '2026-01-31T09:00:00.000Z'],
    ['datetime', '1769850000123', '2026-01-31T09:00:00.123Z'],
    ['datetime', '', null],
    ['enum', 'closedwon', 'closedwon'],
    ['multi', ';a;b;', 'a;b'],
    ['multi', ';', null],
    ['text', { nested: true }, undefined],
  ])('%s %j is %j', (type, raw, expected) => {
    expect(decodeValue(raw, info(type))).toEqual(expected);
  });

  test('what is written and read back is the same', () => {
    const day = fc.integer({ min: -1e12, max: 4e12 }).map((ms) => new Date(ms).toISOString());
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(decodeValue(encodeValue(value), info('number'))).toBe(value === 0 ? 0 : value);
      }),
    );
    fc.assert(
      fc.property(day, (text) => {
        expect(decodeValue(encodeValue(text), info('datetime'))).toBe(text);
        expect(decodeValue(encodeValue(text.slice(0, 10)), info('date'))).toBe(text.slice(0, 10));
      }),
    );
    expect([null, true, false].map((value) => encodeValue(value))).toEqual(['', 'true', 'false']);
  });

  test('instants: ISO or epoch milliseconds, nothing else', () => {
    expect(instantOf('2026-01-05T09:00:00.000Z')).toBe(Date.UTC(2026, 0, 5, 9));
    expect(instantOf('1767603600000')).toBe(Date.UTC(2026, 0, 5, 9));
    for (const wrong of ['', 'x', null, undefined, {}, '99999999999999999', true])
      expect(instantOf(wrong)).toBeNull();
  });
});

describe('rows of HubSpot', () => {
  const contacts = hubspotType('contacts');
  const unfit: string[] = [];
  const mapping = {
    connection: 'eu' as ConnectionId,
    type: contacts,
    fields: new Map<string, FieldInfo | null>([
      ['email', info('text')],
      ['score', info('number')],
      ['hidden', info('text')],
      ['__proto__', info('text')],
    ]),
    unfit: (field: string) => unfit.push(field),
  };

  test('a record with its merged ids, its stamps and the fields it was asked for', () => {
    const row =
      JSON.parse(`{"id":"51","createdAt":"2026-01-01T00:00:00Z","updatedAt":"2026-01-03T00:00:00Z","archived":false,
      "properties":{"email":"a@b.co","score":"x","lastmodifieddate":"2026-01-02T00:00:00Z","hs_merged_object_ids":"7;8","__proto__":"kept","other":"no"}}`);
    const mapped = mapRow(row, mapping, {});
    if (!('record' in mapped)) throw new Error('no record');
    const { record } = mapped;
    expect(record).toMatchObject({
      id: '51',
      created: Date.UTC(2026, 0, 1),
      modified: Date.UTC(2026, 0, 2),
      mergedIds: ['7', '8'],
      state: 'live',
    });
    expect(Object.keys(record.fields).sort()).toEqual(['__proto__', 'email']);
    expect(unfit).toEqual(['score']);
  });

  test('an archived record says so, and counts as modified when it was archived', () => {
    const row = {
      id: '51',
      properties: {},
      updatedAt: '2026-01-02T00:00:00Z',
      archived: true,
      archivedAt: '2026-01-09T00:00:00Z',
    };
    expect(mapRow(row, mapping, {})).toMatchObject({
      record: { state: 'archived', modified: Date.UTC(2026, 0, 9) },
    });
  });

  test.each([
    [null, ''],
    [{ properties: {} }, ''],
    [{ id: '5' }, '5'],
    [{ id: '5', properties: {} }, '5'],
  ])('a row that is no record is named, not dropped: %j', (row, id) => {
    expect(mapRow(row, mapping, {})).toMatchObject({ failed: { id, message: expect.any(String) } });
  });

  test('inline associations: each once, the primary company first', () => {
    const row = {
      associations: {
        companies: {
          results: [
            { id: '100', type: 'contact_to_company_unlabeled' },
            { id: '20', type: 'contact_to_company' },
            { id: '20', type: 'contact_to_company_unlabeled' },
            { id: '9', type: 'contact_to_company_unlabeled' },
          ],
        },
      },
    };
    const { associations, cut } = inlineAssociations(row, contacts);
    expect(cut).toEqual([]);
    expect(associations['companies']?.map(({ id, primary }) => [id, primary])).toEqual([
      ['20', true],
      ['9', false],
      ['100', false],
    ]);
  });

  test('no associations is an empty list; a cut list or a label of the portal has to be read in full', () => {
    expect(inlineAssociations({}, contacts)).toEqual({ associations: { companies: [] }, cut: [] });
    const more = { results: [], paging: { next: { after: '3' } } };
    expect(inlineAssociations({ associations: { companies: more } }, contacts)).toEqual({
      associations: {},
      cut: ['companies'],
    });
    const labelled = { results: [{ id: '3', type: 'contact_to_company_decision_maker' }] };
    expect(inlineAssociations({ associations: { companies: labelled } }, contacts).cut).toEqual([
      'companies',
    ]);
    // A deal's people have no primary one in HubSpot, and an e-mail's company is not a primary company.
    const deal = { associations: { contacts: { results: [{ id: '3', type: 'deal_to_contact' }] } } };
    expect(inlineAssociations(deal, hubspotType('deals')).associations['contacts']?.[0]?.primary).toBe(false);
    const email = { associations: { companies: { results: [{ id: '3', type: 'email_to_company' }] } } };
    expect(inlineAssociations(email, hubspotType('emails')).associations['companies']?.[0]?.primary).toBe(
      false,
    );
  });
});

describe('properties of HubSpot', () => {
  test('types, options, what can be written and what is calculated', () => {
    const base = { name: 'p', label: 'P' };
    const multi = {
      ...base,
      type: 'enumeration',
      fieldType: 'checkbox',
      options: [{ value: 'a', label: 'A' }],
    };
    expect(fieldInfo(multi)).toMatchObject({
      type: 'multi',
      options: [{ value: 'a', label: 'A' }],
      writable: true,
    });
    expect(fieldInfo({ ...base, type: 'enumeration', fieldType: 'select' })).toMatchObject({ type: 'enum' });
    expect(fieldInfo({ ...base, type: 'bool', fieldType: 'booleancheckbox' }).type).toBe('boolean');
    expect(fieldInfo({ ...base, type: 'phone_number', fieldType: 'phonenumber' }).type).toBe('text');
    expect(fieldInfo({ ...base, type: 'number', fieldType: 'calculation_equation' })).toMatchObject({
      calculated: true,
      writable: false,
    });
    const readOnly = {
      ...base,
      type: 'string',
      fieldType: 'text',
      modificationMetadata: { readOnlyValue: true },
    };
    expect(fieldInfo(readOnly).writable).toBe(false);
  });
});
