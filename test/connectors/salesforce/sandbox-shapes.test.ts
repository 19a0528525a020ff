import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startOrg, type TestOrg, V67 } from './sandbox-org.ts';

/** Recorded answers of real orgs; they are not part of the repository. */
const FIXTURES = fileURLToPath(new URL('../../../../shared/fixtures/salesforce/', import.meta.url));
const present = existsSync(FIXTURES);

let org: TestOrg;
beforeAll(async () => {
  org = await startOrg();
});
afterAll(() => org.close());

const recorded = (name: string) => JSON.parse(readFileSync(`${FIXTURES}${name}`, 'utf8'));
const keys = (value: object): string[] => Object.keys(value).sort();

function whenRecorded(name: string, act: () => Promise<void>): void {
  test(name, async () => {
    if (!present) {
      process.stderr.write(`No recorded answers at ${FIXTURES}: "${name}" compares nothing.\n`);
      return;
    }
    await act();
  });
}

whenRecorded('errors have the recorded shapes', async () => {
  const dead = { authorization: 'Bearer dead' };
  expect((await org.call('GET', `${V67}/limits`, undefined, dead)).body).toEqual(
    recorded('restforce-mit/expired_session_response.json'),
  );
  expect((await org.call('DELETE', `${V67}/sobjects/Contact/rid`)).body).toEqual(
    recorded('restforce-mit/sobject__delete_error_response.json'),
  );
  const [contact] = await org.records('SELECT Id FROM Contact LIMIT 1');
  const write = await org.call('PATCH', `${V67}/sobjects/Contact/${contact.Id}`, { foo: 1 });
  const [known] = recorded('restforce-mit/sobject__write_error_response.json');
  expect(write.body).toEqual([{ ...known, message: known.message.replace('Bar', 'Contact') }]);
  const [upsert] = recorded('restforce-mit/sobject__upsert_error_response.json');
  expect((await org.call('PATCH', `${V67}/sobjects/Contact/Namez/x`, {})).body).toEqual([upsert]);
});

whenRecorded('successful answers have the recorded keys', async () => {
  expect(keys((await org.query('SELECT Id FROM Organization')).body)).toEqual(
    keys(recorded('restforce-mit/sobject__org_query_response.json')),
  );
  const grouped = await org.query('SELECT CampaignId, COUNT(Id) FROM CampaignMember GROUP BY CampaignId');
  const known = recorded('restforce-mit/sobject__query_aggregate_success_response.json');
  expect(keys(grouped.body)).toEqual(keys(known));
  expect(keys(grouped.body.records[0])).toEqual(keys(known.records[0]));
  const made = await org.call('POST', `${V67}/sobjects/Account`, { Name: 'Shape' });
  expect(keys(made.body)).toEqual(keys(recorded('restforce-mit/sobject__create_success_response.json')));
  const range = 'start=2026-10-10T00:00:00Z&end=2026-10-15T12:00:00Z';
  expect(keys((await org.call('GET', `${V67}/sobjects/Contact/updated?${range}`)).body)).toEqual(
    keys(recorded('restforce-mit/sobject__get_updated_success_response.json')),
  );
  expect(keys((await org.call('GET', `${V67}/sobjects/Contact/deleted?${range}`)).body)).toEqual(
    keys(recorded('restforce-mit/sobject__get_deleted_success_response.json')),
  );
  const versions = (await org.call('GET', '/services/data')).body;
  expect(keys(versions[0])).toEqual(keys(recorded('restforce-mit/services_data_success_response.json')[0]));
  expect(keys((await org.call('GET', `${V67}/limits`)).body.DailyApiRequests)).toEqual(
    keys(recorded('camel-apache2/limits.json').DailyApiRequests),
  );
});

whenRecorded('describe has at least the recorded keys', async () => {
  const described = (await org.call('GET', `${V67}/sobjects/Account/describe`)).body;
  const known = recorded('restforce-mit/sobject__sobject_describe_success_response.json');
  expect(keys(described.fields[0])).toEqual(expect.arrayContaining(keys(known.fields[0])));
  const global = (await org.call('GET', `${V67}/sobjects`)).body;
  const knownGlobal = recorded('restforce-mit/sobject__describe_sobjects_success_response.json');
  expect(keys(global)).toEqual(keys(knownGlobal));
  expect(keys(global.sobjects[0])).toEqual(expect.arrayContaining(keys(knownGlobal.sobjects[0])));
});

whenRecorded('standard fields exist in real orgs with the same kind of value', async () => {
  const text = readFileSync(`${FIXTURES}jsforce-mit/standard-object-fields.txt`, 'utf8');
  const objects = new Map<string, Map<string, string>>();
  let current: Map<string, string> | undefined;
  for (const line of text.split('\n')) {
    const head = /^## (\w+)/.exec(line);
    if (head !== null) {
      current = new Map();
      objects.set(head[1]!, current);
    }
    const field = /^(\w+): (\w+)/.exec(line);
    if (field !== null) current?.set(field[1]!, field[2]!);
  }
  const numbers = new Set(['int', 'double', 'currency', 'percent']);
  // Usual in real orgs, though not in the one that was recorded.
  const usual = new Set(['Task.CompletedDateTime', 'Lead.HasOptedOutOfEmail', 'CaseHistory.DataType']);
  const different: string[] = [];
  for (const [name, fields] of objects) {
    const answer = await org.call('GET', `${V67}/sobjects/${name}/describe`);
    if (answer.status === 404) continue;
    for (const field of answer.body.fields) {
      const path = `${name}.${field.name}`;
      if (field.custom || usual.has(path)) continue;
      const kind =
        field.type === 'boolean'
          ? 'boolean'
          : numbers.has(field.type)
            ? 'number'
            : field.type === 'date' || field.type === 'datetime'
              ? 'DateString'
              : 'string';
      if (fields.get(field.name) !== kind)
        different.push(`${path}: ${kind}, recorded ${fields.get(field.name)}`);
    }
  }
  expect(different).toEqual([]);
});

whenRecorded('every error code is a known one', async () => {
  const known = new Set(
    readFileSync(`${FIXTURES}restforce-mit/error_codes.txt`, 'utf8')
      .split(/\s+/)
      .map((line) => line.trim()),
  );
  const codes = [
    'INVALID_FIELD',
    'MALFORMED_QUERY',
    'ENTITY_IS_DELETED',
    'CANNOT_UPDATE_CONVERTED_LEAD',
    'STRING_TOO_LONG',
    'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST',
    'INVALID_TYPE_ON_FIELD_IN_RECORD',
    'REQUIRED_FIELD_MISSING',
    'MALFORMED_ID',
    'INVALID_CROSS_REFERENCE_KEY',
    'NUMBER_OUTSIDE_VALID_RANGE',
    'EXCEEDED_ID_LIMIT',
    'REQUEST_LIMIT_EXCEEDED',
    'INVALID_FIELD_FOR_INSERT_UPDATE',
    'INVALID_EMAIL_ADDRESS',
    'FIELD_INTEGRITY_EXCEPTION',
    'DELETE_FAILED',
    'DUPLICATE_VALUE',
    'DUPLICATE_EXTERNAL_ID',
    'MISSING_ARGUMENT',
  ];
  expect(codes.filter((code) => ![...known].some((line) => line.includes(code)))).toEqual([]);
});
