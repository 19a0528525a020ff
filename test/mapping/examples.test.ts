import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import {
  checkMappings,
  FACTS_OF_ENTITY,
  fieldSpec,
  type LoadedMapping,
  loadFieldMap,
  loadMapping,
  requestedFields,
} from '../../src/mapping/index.ts';
import type { FactName, FieldMap } from '../../src/mapping/types.ts';

const FIELD_MAPS = ['mappings/fields/hubspot.yaml', 'mappings/fields/salesforce.yaml'];
const EXAMPLES = [
  'mappings/b2b-software/accounts.yaml',
  'mappings/b2b-software/people.yaml',
  'mappings/services/clients.yaml',
];

function fieldMaps(): readonly FieldMap[] {
  return FIELD_MAPS.map((file) => {
    const { fieldMap, problems } = loadFieldMap(readFileSync(file, 'utf8'), file);
    expect(problems).toEqual([]);
    return fieldMap as FieldMap;
  });
}

function examples(): readonly LoadedMapping[] {
  return EXAMPLES.map((file) => {
    const result = loadMapping(readFileSync(file, 'utf8'), file, { timezone: 'UTC', fieldMaps: fieldMaps() });
    expect(result.problems).toEqual([]);
    return result.mapping as LoadedMapping;
  });
}

/** The reference's table of facts with their main fields (J1). */
const TABLE: Readonly<Record<string, string>> = {
  person: 'email name title created source lead_status opted_out owner last_activity',
  account: 'name domain industry employees revenue type parent created owner renewal',
  deals: 'name pipeline deal_stage amount probability open won lost kind created close_date closed',
  tickets: 'subject status priority category open created closed first_reply escalated',
  touchpoints: 'at channel kind direction outcome',
  surveys: 'at type score group comment',
};

describe('the shipped mappings', () => {
  test('J1, J3 every main field of every fact is known and fed by the shipped field maps', () => {
    const maps = fieldMaps();
    for (const [fact, fields] of Object.entries(TABLE)) {
      for (const field of fields.split(' ')) {
        expect([fact, field, fieldSpec(fact as FactName, field)]).not.toContain(null);
        const fed = maps.flatMap(({ objects }) =>
          objects.filter(
            ({ entity, fields }) => FACTS_OF_ENTITY[entity].includes(fact as FactName) && field in fields,
          ),
        );
        expect([fact, field, fed.length > 0]).toEqual([fact, field, true]);
      }
    }
    expect(fieldSpec('people', 'role')).toMatchObject({ type: 'text' });
    expect(fieldSpec('person', '__proto__')).toBe(null);
  });

  test('J30 the field maps name the keys by which records are matched', () => {
    const [hubspot, salesforce] = fieldMaps() as [FieldMap, FieldMap];
    expect(hubspot.identity['contacts']).toEqual({
      emails: ['email', 'hs_additional_emails'],
      domains: [],
      crossIds: [
        { field: 'salesforcecontactid', connector: 'salesforce', types: ['Contact'] },
        { field: 'salesforceleadid', connector: 'salesforce', types: ['Lead'] },
      ],
    });
    expect(salesforce.identity['Account']?.domains).toEqual(['Website']);
    for (const [map, other] of [
      [hubspot, salesforce],
      [salesforce, hubspot],
    ] as const) {
      const types = other.objects.map(({ type }) => type);
      for (const { crossIds } of Object.values(map.identity)) {
        for (const cross of crossIds) expect(types).toEqual(expect.arrayContaining([...cross.types]));
      }
    }
  });

  test('J3 only fields that a mapping reads are requested, with identity keys and names', () => {
    const [hubspot, salesforce] = fieldMaps() as [FieldMap, FieldMap];
    const [accounts] = examples() as [LoadedMapping];
    expect(requestedFields([accounts], hubspot, 'deals')).toEqual([
      'closedate',
      'dealname',
      'dealstage',
      'dealtype',
      'hs_salesforceopportunityid',
      'pipeline',
    ]);
    // Besides what the rules read, what the analysis asks for.
    expect(requestedFields([accounts], salesforce, 'Case')).toEqual([
      'ClosedDate',
      'First_Reply__c',
      'IsEscalated',
      'Priority',
      'Reopened_Count__c',
      'Status',
      'Subject',
      'Type',
    ]);
    expect(requestedFields([accounts], salesforce, 'CampaignMember')).toEqual(['Campaign.Name', 'Status']);
    expect(requestedFields([], hubspot, 'contacts')).toEqual([
      'email',
      'firstname',
      'hs_additional_emails',
      'lastname',
      'salesforcecontactid',
      'salesforceleadid',
    ]);
    expect(requestedFields([accounts], hubspot, 'constructor')).toEqual([]);
  });

  test('load without a problem and run side by side', () => {
    expect(checkMappings(examples())).toEqual([]);
  });
});
