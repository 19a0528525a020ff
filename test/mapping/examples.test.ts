import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import {
  checkMappings,
  type LoadedMapping,
  loadFieldMap,
  loadMapping,
  requestedFields,
} from '../../src/mapping/index.ts';
import type { FieldMap } from '../../src/mapping/types.ts';

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

describe('the shipped mappings', () => {
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
    expect(requestedFields([accounts], salesforce, 'Case')).toEqual([
      'Priority',
      'Reopened_Count__c',
      'Status',
      'Subject',
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
