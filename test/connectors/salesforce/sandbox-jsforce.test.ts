import { afterAll, beforeAll, expect, test } from '@jest/globals';
import jsforce from 'jsforce';
import { startOrg, type TestOrg } from './sandbox-org.ts';

let org: TestOrg;
let connection: InstanceType<typeof jsforce.Connection>;

beforeAll(async () => {
  org = await startOrg({ contacts: 400 });
  connection = new jsforce.Connection({
    instanceUrl: org.sandbox.url,
    accessToken: org.sandbox.token,
    version: '67.0',
    callOptions: { client: 'Test' },
  });
});
afterAll(() => org.close());

test('query and queryMore', async () => {
  const soql = 'SELECT Id, Subject, Who.Name FROM Task ORDER BY SystemModstamp, Id';
  const first = await connection.query(soql, { headers: { 'Sforce-Query-Options': 'batchSize=200' } });
  expect(first.done).toBe(false);
  const ids = first.records.map((record) => record.Id);
  let next = first.nextRecordsUrl;
  while (next !== undefined) {
    const page = await connection.queryMore(next);
    ids.push(...page.records.map((record) => record.Id));
    next = page.nextRecordsUrl;
  }
  expect(new Set(ids).size).toBe(first.totalSize);
  expect(connection.limitInfo?.apiUsage?.limit).toBe(100_000);
  const all = await connection.query('SELECT Id FROM Contact WHERE IsDeleted = TRUE', { scanAll: true });
  expect(all.totalSize).toBeGreaterThanOrEqual(0);
});

test('errors reach the caller with their code', async () => {
  await expect(connection.query('SELECT Nope FROM Contact')).rejects.toMatchObject({
    errorCode: 'INVALID_FIELD',
  });
  await expect(connection.sobject('Contact').retrieve('0038v0000000zzz')).rejects.toMatchObject({
    errorCode: 'NOT_FOUND',
  });
});

test('describe, describeGlobal, identity of the org, limits', async () => {
  const contact = await connection.describe('Contact');
  expect(contact.fields.find((field) => field.name === 'LeadSource')?.picklistValues?.length).toBeGreaterThan(
    3,
  );
  expect(contact.childRelationships.map((one) => one.relationshipName)).toEqual(
    expect.arrayContaining(['OpportunityContactRoles', 'Tasks']),
  );
  expect((await connection.describeGlobal()).sobjects.length).toBeGreaterThan(15);
  expect((await connection.limits())['DailyApiRequests']?.Max).toBe(100_000);
  const { records } = await connection.query(
    'SELECT Id, Name, IsSandbox, OrganizationType, TimeZoneSidKey FROM Organization',
  );
  expect(records).toMatchObject([{ IsSandbox: true, TimeZoneSidKey: 'GMT' }]);
});

test('create, retrieve, update arrays, upsert, destroy', async () => {
  const contacts = connection.sobject('Contact');
  const made = await contacts.create([
    { LastName: 'Jsforce One', HubSpot_Contact_Id__c: 'jsf-1' },
    { LastName: 'Jsforce Two' },
    { FirstName: 'incomplete' },
  ]);
  expect(made).toMatchObject([
    { success: true },
    { success: true },
    { success: false, errors: [{ statusCode: 'REQUIRED_FIELD_MISSING' }] },
  ]);
  const [one, two] = made.map((result) => result.id as string);
  const updated = await connection.update('Contact', [
    { Id: one as string, Title: 'CTO' },
    { Id: two as string, Title: 'x'.repeat(129) },
  ]);
  expect(updated).toMatchObject([
    { id: one, success: true },
    { success: false, errors: [{ statusCode: 'STRING_TOO_LONG', fields: ['Title'] }] },
  ]);
  expect(await contacts.retrieve([one as string, two as string], { fields: ['Title'] })).toMatchObject([
    { Title: 'CTO' },
    { Title: null },
  ]);
  expect(
    await connection.upsert(
      'Contact',
      [
        { HubSpot_Contact_Id__c: 'jsf-1', Title: 'CIO' },
        { HubSpot_Contact_Id__c: 'jsf-3', LastName: 'Three' },
      ],
      'HubSpot_Contact_Id__c',
    ),
  ).toMatchObject([
    { id: one, success: true, created: false },
    { success: true, created: true },
  ]);
  expect(await contacts.destroy([one as string, two as string])).toMatchObject([
    { success: true },
    { success: true },
  ]);
  const deletedNow = await contacts.deleted('2026-10-15T11:00:00Z', '2026-10-15T13:00:00Z');
  expect(deletedNow.deletedRecords.map((record) => record.id)).toEqual(expect.arrayContaining([one, two]));
});

test('tooling and metadata', async () => {
  const made = await connection.tooling.create('CustomField', {
    FullName: 'Lead.Waystage_Stage__c',
    Metadata: { type: 'Text', label: 'Stage', length: 80 },
  });
  expect(made).toMatchObject({ success: true });
  const found = await connection.tooling.query(
    "SELECT Id, DeveloperName FROM CustomField WHERE DeveloperName = 'Waystage_Stage'",
  );
  expect(found.records).toMatchObject([{ DeveloperName: 'Waystage_Stage' }]);

  const score = {
    fullName: 'Lead.Waystage_Health_Score__c',
    label: 'Health score',
    type: 'Number',
    precision: 5,
    scale: 2,
  };
  expect(await connection.metadata.upsert('CustomField', [score])).toMatchObject([
    { success: true, created: true },
  ]);
  expect(await connection.metadata.upsert('CustomField', [{ ...score, label: 'Health' }])).toMatchObject([
    { success: true, created: false },
  ]);
  expect(await connection.metadata.create('CustomField', [score])).toMatchObject([
    { success: false, errors: expect.anything() },
  ]);
  expect(await connection.metadata.read('CustomField', 'Lead.Waystage_Health_Score__c')).toMatchObject({
    label: 'Health',
    precision: 5,
    scale: 2,
  });
  const permissionSet = {
    fullName: 'Waystage',
    label: 'Waystage',
    fieldPermissions: [
      { field: 'Lead.Waystage_Health_Score__c', readable: true, editable: true },
      { field: 'Lead.Waystage_Stage__c', readable: true, editable: false },
    ],
  };
  expect(await connection.metadata.upsert('PermissionSet', [permissionSet])).toMatchObject([
    { success: true, created: true },
  ]);
  const read = await connection.metadata.read('PermissionSet', 'Waystage');
  expect(read.fieldPermissions).toHaveLength(2);
  const bad = {
    ...permissionSet,
    fieldPermissions: [{ field: 'Lead.Nope__c', readable: true, editable: true }],
  };
  expect(await connection.metadata.upsert('PermissionSet', [bad])).toMatchObject([{ success: false }]);
  expect((await connection.metadata.describe()).metadataObjects.map((one) => one.xmlName)).toContain(
    'PermissionSet',
  );
  expect(await connection.metadata.list({ type: 'PermissionSet' })).toEqual(
    expect.arrayContaining([expect.objectContaining({ fullName: 'Waystage' })]),
  );
  const [user] = (await connection.query("SELECT Id FROM User WHERE Name = 'Integration User'")).records;
  const [set] = (await connection.query("SELECT Id FROM PermissionSet WHERE Name = 'Waystage'")).records;
  await connection
    .sobject('PermissionSetAssignment')
    .create({ PermissionSetId: set?.Id as string, AssigneeId: user?.Id as string });
  const lead = await connection.describe('Lead');
  const score_ = lead.fields.find((field) => field.name === 'Waystage_Health_Score__c');
  expect(score_).toMatchObject({ type: 'double', precision: 5, scale: 2, updateable: true });
});

test('a dead session is asked for once more through the refresh function', async () => {
  const { url, clientId, clientSecret } = org.sandbox;
  let refreshed = 0;
  const refreshing = new jsforce.Connection({
    instanceUrl: url,
    accessToken: 'dead',
    version: '67.0',
    refreshFn: (_connection, callback) => {
      refreshed += 1;
      fetch(`${url}/services/oauth2/token`, {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          client_id: clientId,
          client_secret: clientSecret,
        }),
      })
        .then(async (response) =>
          callback(null, ((await response.json()) as { access_token: string }).access_token),
        )
        .catch(callback);
    },
  });
  expect((await refreshing.query('SELECT Id FROM User LIMIT 1')).totalSize).toBe(1);
  expect(refreshed).toBe(1);
});
