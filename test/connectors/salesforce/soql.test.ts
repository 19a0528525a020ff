import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { id18, isId, sameId, typeOfId } from '../../../connectors/salesforce/ids.ts';
import {
  chunk,
  chunkFields,
  FIELD_BYTES,
  FIELD_BYTES_BESIDE_IDS,
  inIds,
  instant,
  inTexts,
  isFieldName,
  isFieldPath,
  MAX_IDS,
  MAX_URL_BYTES,
  queryPath,
  select,
  text,
} from '../../../connectors/salesforce/soql.ts';

describe('SOQL text', () => {
  test('quotes, backslashes and control characters cannot leave a literal', () => {
    expect(text('O\'Brien \\ "x"\n\t\u0000')).toBe("'O\\'Brien \\\\ \\\"x\\\"\\n\\t\\u0000'");
    expect(inTexts('Name', ["a' OR Name != '"])).toBe("Name IN ('a\\' OR Name != \\'')");
  });

  test('no text whatever ends its literal early', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (value) => {
        const inside = text(value).slice(1, -1);
        // Every quote is behind an odd number of backslashes.
        expect(/(^|[^\\])(\\\\)*'/.test(inside)).toBe(false);
        expect(/(^|[^\\])(\\\\)*\\$/.test(inside)).toBe(false);
      }),
    );
  });

  test('only names of fields and objects stand bare in a query', () => {
    expect(select({ fields: ['Id', 'Campaign.Name'], from: 'CampaignMember', orderBy: 'Id', limit: 5 })).toBe(
      'SELECT Id, Campaign.Name FROM CampaignMember ORDER BY Id LIMIT 5',
    );
    for (const bad of ['Name FROM User', "Name'", '__proto__', 'a..b', '', 'COUNT()', 'x'.repeat(300)])
      expect(() => select({ fields: [bad], from: 'Contact' })).toThrow(/is no field name/);
    expect(() => select({ fields: ['Id'], from: 'Contact WHERE' })).toThrow(/is no object name/);
    expect(isFieldPath('Account.Owner.Name')).toBe(true);
    expect(isFieldName('Account.Name')).toBe(false);
  });

  test('instants are whole seconds in UTC without quotes', () => {
    expect(instant(Date.UTC(2026, 0, 31, 9, 0, 0, 999))).toBe('2026-01-31T09:00:00Z');
  });

  test('the longest list of ids beside the longest list of fields stays below the limit of a URL', () => {
    const ids = Array.from({ length: MAX_IDS }, (_, index) => id18(`003${String(index).padStart(12, '0')}`));
    const names = Array.from({ length: 2_000 }, (_, index) => `Custom_Field_Number_${index}__c`);
    const origin = 'https://a-rather-long-company-name--and-a-sandbox.sandbox.my.salesforce.com';
    const bytes = (soql: string): number =>
      Buffer.byteLength(new URL(origin + queryPath('67.0', 'queryAll', soql)).href);
    for (const fields of chunkFields(names, FIELD_BYTES_BESIDE_IDS))
      expect(
        bytes(select({ fields, from: 'OpportunityContactRole', where: inIds('Id', ids) })),
      ).toBeLessThanOrEqual(MAX_URL_BYTES);
    for (const fields of chunkFields(names, FIELD_BYTES)) {
      const where = 'SystemModstamp >= 2026-01-31T09:00:00Z AND SystemModstamp < 2026-01-31T09:00:00Z';
      const soql = select({ fields, from: 'OpportunityContactRole', where, orderBy: 'SystemModstamp, Id' });
      expect(bytes(soql)).toBeLessThanOrEqual(MAX_URL_BYTES);
    }
    expect(chunkFields(names, FIELD_BYTES).flat()).toEqual(names);
    expect(() => inIds('Id', ["0' OR Id != '"])).toThrow(/is no Salesforce id/);
  });

  test('chunks keep order and lose nothing', () => {
    expect(chunk([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]]);
    expect(chunkFields([], 10)).toEqual([]);
    expect(chunkFields(['a-name-longer-than-the-limit'], 3)).toEqual([['a-name-longer-than-the-limit']]);
  });
});

describe('ids', () => {
  test('the suffix of 18 characters says which of the 15 are capitals', () => {
    expect(id18('001A0000006Vm9r')).toBe('001A0000006Vm9rIAC');
    expect(id18('001A0000006Vm9rIAC')).toBe('001A0000006Vm9rIAC');
    expect(id18('000000000000000')).toBe('000000000000000AAA');
    expect(sameId('001A0000006Vm9r', '001A0000006Vm9rIAC')).toBe(true);
    expect(sameId('001A0000006Vm9r', '001a0000006Vm9r')).toBe(false);
  });

  test('object types by prefix; case matters', () => {
    expect(typeOfId('00Q000000000001AAA')).toBe('Lead');
    expect(typeOfId('00q000000000001AAA')).toBe(null);
    expect(typeOfId('a01000000000001AAA')).toBe(null);
    expect(isId('00Q00000000000')).toBe(false);
    expect(isId("00Q0000000000'1")).toBe(false);
  });
});
