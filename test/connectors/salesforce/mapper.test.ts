import { describe, expect, test } from '@jest/globals';
import { decode, RowError, toRecord } from '../../../connectors/salesforce/mapper.ts';
import { fieldInfo, planFields } from '../../../connectors/salesforce/schema.ts';
import type { DiscoveredObject, FieldType } from '../../../src/connector/port.ts';
import type { ConnectionId } from '../../../src/model/record.ts';

const connection = 'sf' as ConnectionId;

function objectWith(fields: Readonly<Record<string, FieldType>>): DiscoveredObject {
  const system: Record<string, FieldType> = {
    Id: 'text',
    CreatedDate: 'datetime',
    SystemModstamp: 'datetime',
    IsDeleted: 'boolean',
  };
  return {
    readable: true,
    fields: Object.fromEntries(
      Object.entries({ ...system, ...fields }).map(([name, type]) => [
        name,
        { name, label: name, type, writable: true, calculated: false },
      ]),
    ),
  };
}

const stamps = {
  CreatedDate: '2026-01-01T10:00:00.000+0000',
  SystemModstamp: '2026-02-01T10:00:00.000+0000',
  IsDeleted: false,
};

describe('rows as records', () => {
  test('canonical values', () => {
    expect(decode('2013-05-07T22:07:19.000+0000', 'datetime', 'F')).toBe('2013-05-07T22:07:19.000Z');
    expect(decode('2013-05-07T22:07:19.000+0200', 'datetime', 'F')).toBe('2013-05-07T20:07:19.000Z');
    expect(decode('2026-01-31', 'date', 'F')).toBe('2026-01-31');
    expect(decode('', 'text', 'F')).toBe(null);
    expect(decode(null, 'number', 'F')).toBe(null);
    expect(decode('a;b', 'multi', 'F')).toBe('a;b');
    expect(decode(12.5, 'number', 'F')).toBe(12.5);
    expect(decode(false, 'boolean', 'F')).toBe(false);
    expect(decode('“naïve” 🙂 ‏עברית', 'text', 'F')).toBe('“naïve” 🙂 ‏עברית');
  });

  test('a value of the wrong kind fails its row by name, without quoting the value', () => {
    for (const [value, type] of [
      ['secret', 'number'],
      ['secret', 'datetime'],
      ['secret', 'date'],
      ['secret', 'boolean'],
      [{ secret: 1 }, 'text'],
    ] as const) {
      expect(() => decode(value, type, 'Amount')).toThrow(RowError);
      expect(() => decode(value, type, 'Amount')).toThrow(/^Amount holds an? \w+; expected \w+$/);
    }
  });

  test('a contact with its account; ids in 18 characters', () => {
    const plan = planFields(
      'Contact',
      ['Email', 'AccountId'],
      objectWith({ Email: 'text', AccountId: 'text', MasterRecordId: 'text' }),
    );
    const record = toRecord(
      {
        ...stamps,
        Id: '003000000000001',
        Email: 'a@b.example',
        AccountId: '001000000000002',
        MasterRecordId: null,
      },
      plan,
      connection,
    );
    expect(record).toMatchObject({
      connection,
      type: 'Contact',
      id: '003000000000001AAA',
      fields: { Email: 'a@b.example', AccountId: '001000000000002' },
      created: Date.UTC(2026, 0, 1, 10),
      modified: Date.UTC(2026, 1, 1, 10),
      state: 'live',
      associations: { Account: [{ type: 'Account', id: '001000000000002AAA', primary: true, label: null }] },
    });
  });

  test('a hidden field is absent, an empty one is null, and a hidden reference leaves its association unread', () => {
    const plan = planFields(
      'Contact',
      ['Email', 'Phone', 'Secret__c'],
      objectWith({ Email: 'text', Phone: 'text' }),
    );
    expect(plan.select).not.toContain('Secret__c');
    const record = toRecord({ ...stamps, Id: '003000000000001AAA', Email: null }, plan, connection);
    expect(record.fields).toEqual({ Email: null });
    expect(record.associations).toEqual({});
    expect(planFields('Lead', [], objectWith({})).associations).toEqual([]);
  });

  test('an object that may not be read is an error, not an empty list', () => {
    expect(() => planFields('Case', [], { readable: false, fields: {} })).toThrow(
      /does not let this user read Case/,
    );
    expect(() => planFields('Case', [], undefined)).toThrow(/does not let this user read Case/);
    expect(() => planFields('Knowledge', [], undefined)).toThrow(/no object type/);
  });

  test('merged, deleted and converted records say where they live on', () => {
    const contact = planFields('Contact', [], objectWith({ MasterRecordId: 'text' }));
    const row = { ...stamps, Id: '003000000000001AAA', IsDeleted: true };
    expect(toRecord({ ...row, MasterRecordId: '003000000000009' }, contact, connection)).toMatchObject({
      state: 'merged',
      successor: { type: 'Contact', id: '003000000000009AAA' },
    });
    expect(toRecord({ ...row, MasterRecordId: null }, contact, connection)).toMatchObject({
      state: 'archived',
      successor: null,
    });
    const lead = planFields('Lead', [], objectWith({ IsConverted: 'boolean', ConvertedContactId: 'text' }));
    const converted = { ...stamps, Id: '00Q000000000001AAA', IsConverted: true };
    expect(
      toRecord({ ...converted, ConvertedContactId: '003000000000002AAA' }, lead, connection),
    ).toMatchObject({
      state: 'converted',
      successor: { type: 'Contact', id: '003000000000002AAA' },
    });
    expect(
      toRecord({ ...converted, IsDeleted: true, ConvertedContactId: null }, lead, connection).state,
    ).toBe('archived');
  });

  test('polymorphic references go by the prefix of the id; an account named twice is one association', () => {
    const plan = planFields('Task', [], objectWith({ WhoId: 'text', WhatId: 'text', AccountId: 'text' }));
    const task = { ...stamps, Id: '00T000000000001AAA' };
    expect(
      toRecord(
        {
          ...task,
          WhoId: '00Q000000000001AAA',
          WhatId: '001000000000001AAA',
          AccountId: '001000000000001AAA',
        },
        plan,
        connection,
      ).associations,
    ).toEqual({
      Contact: [],
      Lead: [{ type: 'Lead', id: '00Q000000000001AAA', primary: true, label: null }],
      Account: [{ type: 'Account', id: '001000000000001AAA', primary: true, label: null }],
      Opportunity: [],
      Case: [],
    });
    // A custom object is none of ours.
    expect(
      toRecord(
        { ...task, WhoId: '003000000000001AAA', WhatId: 'a01000000000001AAA', AccountId: null },
        plan,
        connection,
      ).associations,
    ).toMatchObject({
      Contact: [{ id: '003000000000001AAA' }],
      Account: [],
      Opportunity: [],
    });
  });

  test('a contact role carries role and primary flag to both ends', () => {
    const plan = planFields(
      'OpportunityContactRole',
      [],
      objectWith({ OpportunityId: 'text', ContactId: 'text', Role: 'enum', IsPrimary: 'boolean' }),
    );
    const row = {
      ...stamps,
      Id: '00K000000000001AAA',
      OpportunityId: '006000000000001AAA',
      ContactId: '003000000000001AAA',
      Role: 'Decision Maker',
      IsPrimary: true,
    };
    expect(toRecord(row, plan, connection).associations).toEqual({
      Opportunity: [
        { type: 'Opportunity', id: '006000000000001AAA', primary: true, label: 'Decision Maker' },
      ],
      Contact: [{ type: 'Contact', id: '003000000000001AAA', primary: true, label: 'Decision Maker' }],
    });
  });

  test("a parent's fields: read through the dot, empty without a parent, unread when the answer lacks them", () => {
    const plan = planFields(
      'CampaignMember',
      ['Campaign.Name'],
      objectWith({ ContactId: 'text', LeadId: 'text', 'Campaign.Name': 'text' }),
    );
    const row = { ...stamps, Id: '00v000000000001AAA', ContactId: null, LeadId: null };
    expect(toRecord({ ...row, Campaign: { Name: 'Spring' } }, plan, connection).fields).toEqual({
      'Campaign.Name': 'Spring',
    });
    expect(toRecord({ ...row, Campaign: null }, plan, connection).fields).toEqual({ 'Campaign.Name': null });
    expect(toRecord(row, plan, connection).fields).toEqual({});
  });

  test('a row without a usable id or stamp is no record', () => {
    const plan = planFields('Contact', [], objectWith({}));
    expect(() => toRecord({ ...stamps, Id: 'x' }, plan, connection)).toThrow(RowError);
    expect(() => toRecord({ Id: '003000000000001AAA', SystemModstamp: null }, plan, connection)).toThrow(
      /SystemModstamp/,
    );
    expect(() => toRecord({ Id: '003000000000001AAA', SystemModstamp: 'soon' }, plan, connection)).toThrow(
      /expected a datetime/,
    );
  });

  test("describe's fields: types, options, and what holds no single value left out", () => {
    const described = {
      name: 'Rating',
      label: 'Rating',
      type: 'picklist',
      updateable: true,
      calculated: false,
    };
    const picklistValues = [
      { active: true, value: 'Hot', label: 'Heiß' },
      { active: false, value: 'Old', label: 'Old' },
      { active: true, value: 'Cold', label: null },
    ];
    expect(fieldInfo({ ...described, picklistValues })).toEqual({
      name: 'Rating',
      label: 'Rating',
      type: 'enum',
      options: [
        { value: 'Hot', label: 'Heiß' },
        { value: 'Cold', label: 'Cold' },
      ],
      writable: true,
      calculated: false,
    });
    expect(fieldInfo({ ...described, type: 'address' })).toBe(null);
    expect(fieldInfo({ ...described, name: '__proto__' })).toBe(null);
    expect(fieldInfo(described, 'Campaign.')).toMatchObject({
      name: 'Campaign.Rating',
      label: 'Campaign: Rating',
      writable: false,
    });
  });
});
