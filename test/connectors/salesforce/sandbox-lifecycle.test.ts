import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { startOrg, type TestOrg, V67 } from './sandbox-org.ts';

let org: TestOrg;
beforeAll(async () => {
  org = await startOrg();
});
afterAll(() => org.close());
beforeEach(async () => {
  await org.control('reset', {});
});

const make = async (type: string, properties: Record<string, unknown>): Promise<string> => {
  const answer = await org.control('create', { type, properties });
  expect(answer.body).toEqual({ id: expect.any(String) });
  return answer.body.id;
};
const one = async (soql: string, path: 'query' | 'queryAll' = 'queryAll') =>
  (await org.records(soql, path))[0];

test('a merge deletes the loser, names the master and moves the children', async () => {
  const master = await make('Contact', { LastName: 'Master' });
  const loser = await make('Contact', { LastName: 'Loser' });
  const task = await make('Task', { Subject: 'call', WhoId: loser });
  await org.control('clock', { advance: 60_000 });
  expect((await org.control('merge', { type: 'Contact', id: master, mergeId: loser })).status).toBe(200);
  const stamp = '2026-10-15T12:01:00.000+0000';
  expect(
    await one(`SELECT IsDeleted, MasterRecordId, SystemModstamp FROM Contact WHERE Id = '${loser}'`),
  ).toMatchObject({
    IsDeleted: true,
    MasterRecordId: master,
    SystemModstamp: stamp,
  });
  expect(await org.records(`SELECT Id FROM Contact WHERE Id = '${loser}'`)).toEqual([]);
  expect(await one(`SELECT WhoId, SystemModstamp FROM Task WHERE Id = '${task}'`)).toMatchObject({
    WhoId: master,
    SystemModstamp: stamp,
  });
  expect((await one(`SELECT SystemModstamp FROM Contact WHERE Id = '${master}'`)).SystemModstamp).toBe(stamp);
  expect((await org.control('undelete', { type: 'Contact', id: loser })).body.error).toContain(
    'UNDELETE_FAILED',
  );
  expect((await org.control('merge', { type: 'Task', id: task, mergeId: task })).status).toBe(400);
});

test('a delete takes dependants along; undelete brings the same ones back', async () => {
  const account = await make('Account', { Name: 'Going' });
  const contact = await make('Contact', { LastName: 'Along', AccountId: account });
  const early = await make('Contact', { LastName: 'Earlier', AccountId: account });
  await org.control('delete', { type: 'Contact', id: early });
  await org.control('delete', { type: 'Account', id: account });
  const live = async () =>
    (await org.records(`SELECT Id FROM Contact WHERE AccountId = '${account}'`)).map((row) => row.Id);
  expect(await live()).toEqual([]);
  expect((await org.control('undelete', { type: 'Account', id: account })).status).toBe(200);
  expect(await live()).toEqual([contact]);
  expect((await org.control('delete', { type: 'Account', id: account, purge: true })).status).toBe(200);
  expect(await org.records(`SELECT Id FROM Account WHERE Id = '${account}'`, 'queryAll')).toEqual([]);
  expect(await org.records(`SELECT Id FROM Contact WHERE Id = '${early}'`, 'queryAll')).toEqual([]);
});

test('a converted lead lives on in a contact and cannot be changed', async () => {
  const lead = await make('Lead', {
    FirstName: 'Lea',
    LastName: 'Der',
    Company: 'Leads AG',
    Email: 'lea@zz.example',
  });
  const task = await make('Task', { Subject: 'first call', WhoId: lead });
  const answer = await org.control('convert', { id: lead, opportunity: 'New deal' });
  const { account, contact, opportunity } = answer.body;
  expect(
    await one(
      `SELECT IsConverted, Status, ConvertedDate, ConvertedContactId, ConvertedAccountId, ConvertedOpportunityId FROM Lead WHERE Id = '${lead}'`,
      'query',
    ),
  ).toMatchObject({
    IsConverted: true,
    Status: 'Closed - Converted',
    ConvertedDate: '2026-10-15',
    ConvertedContactId: contact,
    ConvertedAccountId: account,
    ConvertedOpportunityId: opportunity,
  });
  expect(await one(`SELECT Name, Email, Account.Name FROM Contact WHERE Id = '${contact}'`)).toMatchObject({
    Name: 'Lea Der',
    Email: 'lea@zz.example',
    Account: { Name: 'Leads AG' },
  });
  expect(await one(`SELECT WhoId, WhatId FROM Task WHERE Id = '${task}'`)).toMatchObject({
    WhoId: contact,
    WhatId: opportunity,
  });
  expect(await org.call('PATCH', `${V67}/sobjects/Lead/${lead}`, { Title: 'x' })).toMatchObject({
    status: 400,
    body: [{ errorCode: 'CANNOT_UPDATE_CONVERTED_LEAD' }],
  });
  expect((await org.control('convert', { id: lead })).status).toBe(400);
});

describe('derived fields', () => {
  test('an opportunity follows its stage, and its histories follow the opportunity', async () => {
    const id = await make('Opportunity', {
      Name: 'Deal',
      StageName: 'Qualification',
      CloseDate: '2026-11-01',
      Amount: 500,
    });
    const state = () =>
      one(
        `SELECT StageName, Probability, IsClosed, IsWon, ForecastCategory, ForecastCategoryName FROM Opportunity WHERE Id = '${id}'`,
      );
    expect(await state()).toMatchObject({
      Probability: 10,
      IsClosed: false,
      IsWon: false,
      ForecastCategoryName: 'Pipeline',
    });
    await org.control('clock', { advance: 1_000 });
    await org.call('PATCH', `${V67}/sobjects/Opportunity/${id}`, { StageName: 'Closed Won' });
    expect(await state()).toMatchObject({
      Probability: 100,
      IsClosed: true,
      IsWon: true,
      ForecastCategory: 'Closed',
    });
    await org.control('clock', { advance: 1_000 });
    await org.call('PATCH', `${V67}/sobjects/Opportunity/${id}`, { Amount: 700 });
    expect(
      await org.records(
        `SELECT StageName, Amount, ExpectedRevenue, Probability FROM OpportunityHistory WHERE OpportunityId = '${id}' ORDER BY CreatedDate`,
      ),
    ).toMatchObject([
      { StageName: 'Qualification', Amount: 500, ExpectedRevenue: 50 },
      { StageName: 'Closed Won', Amount: 500, Probability: 100 },
      { StageName: 'Closed Won', Amount: 700, ExpectedRevenue: 700 },
    ]);
    expect(
      await org.records(
        `SELECT Field, OldValue, NewValue FROM OpportunityFieldHistory WHERE OpportunityId = '${id}' ORDER BY CreatedDate`,
      ),
    ).toMatchObject([
      { Field: 'created' },
      { Field: 'StageName', OldValue: 'Qualification', NewValue: 'Closed Won' },
      { Field: 'Amount', OldValue: 500, NewValue: 700 },
    ]);
    expect(
      (await org.query("SELECT Id FROM OpportunityFieldHistory WHERE NewValue = 'x'")).body[0].message,
    ).toContain('can not be filtered');
  });

  test('cases, tasks and meetings', async () => {
    const account = await make('Account', { Name: 'Derived' });
    const contact = await make('Contact', { LastName: 'Derived', AccountId: account });
    const kase = await make('Case', { Subject: 'Help', ContactId: contact });
    expect(
      await one(`SELECT CaseNumber, Status, Priority, IsClosed FROM Case WHERE Id = '${kase}'`),
    ).toMatchObject({
      CaseNumber: expect.stringMatching(/^\d{8}$/),
      Status: 'New',
      Priority: 'Medium',
      IsClosed: false,
    });
    await org.call('PATCH', `${V67}/sobjects/Case/${kase}`, { Status: 'Closed' });
    expect(await one(`SELECT IsClosed, ClosedDate FROM Case WHERE Id = '${kase}'`)).toMatchObject({
      IsClosed: true,
      ClosedDate: '2026-10-15T12:00:00.000+0000',
    });
    const task = await make('Task', {
      Subject: 'Call',
      WhoId: contact,
      Status: 'Completed',
      ActivityDate: '2026-10-14',
    });
    expect(
      await one(`SELECT IsClosed, AccountId, CompletedDateTime FROM Task WHERE Id = '${task}'`),
    ).toMatchObject({ IsClosed: true, AccountId: account });
    expect(await one(`SELECT LastActivityDate FROM Contact WHERE Id = '${contact}'`)).toMatchObject({
      LastActivityDate: '2026-10-14',
    });
    const meeting = await make('Event', {
      Subject: 'Demo',
      WhoId: contact,
      StartDateTime: '2026-10-16T09:00:00Z',
      DurationInMinutes: 45,
    });
    expect(
      await one(`SELECT ActivityDate, EndDateTime, DurationInMinutes FROM Event WHERE Id = '${meeting}'`),
    ).toMatchObject({
      ActivityDate: '2026-10-16',
      EndDateTime: '2026-10-16T09:45:00.000+0000',
      DurationInMinutes: 45,
    });
    expect((await org.call('POST', `${V67}/sobjects/Event`, { Subject: 'When?' })).body[0].errorCode).toBe(
      'REQUIRED_FIELD_MISSING',
    );
  });
});

describe('control routes', () => {
  test('a person edits: another user, noted as a person', async () => {
    const id = await make('Contact', { LastName: 'Edited' });
    await org.control('clock', { advance: 1_000 });
    await org.control('edit', { type: 'Contact', id, properties: { Title: 'by hand' } });
    const { writes } = (await org.call('GET', '/__sandbox/writes')).body;
    expect(writes[writes.length - 1]).toMatchObject({
      by: 'person',
      type: 'Contact',
      id,
      field: 'Title',
      old: null,
      new: 'by hand',
    });
    const { LastModifiedById } = await one(`SELECT LastModifiedById FROM Contact WHERE Id = '${id}'`);
    expect(await one(`SELECT Name FROM User WHERE Id = '${LastModifiedById}'`)).not.toMatchObject({
      Name: 'Integration User',
    });
  });

  test('associations: account, contact role, activity', async () => {
    const account = await make('Account', { Name: 'Assoc' });
    const contact = await make('Contact', { LastName: 'Assoc' });
    const deal = await make('Opportunity', {
      Name: 'Deal',
      StageName: 'Qualification',
      CloseDate: '2026-11-01',
    });
    await org.control('associate', { type: 'Contact', id: contact, toType: 'Account', toId: account });
    expect(await one(`SELECT AccountId FROM Contact WHERE Id = '${contact}'`)).toMatchObject({
      AccountId: account,
    });
    const link = { type: 'Opportunity', id: deal, toType: 'Contact', toId: contact };
    await org.control('associate', { ...link, primary: true, label: 'Influencer' });
    const roles = () =>
      org.records(`SELECT Role, IsPrimary FROM OpportunityContactRole WHERE OpportunityId = '${deal}'`);
    expect(await roles()).toMatchObject([{ Role: 'Influencer', IsPrimary: true }]);
    const second = await make('Contact', { LastName: 'Second' });
    await org.control('associate', { ...link, toId: second, primary: true });
    expect((await roles()).map((role) => role.IsPrimary).sort()).toEqual([false, true]);
    await org.control('associate', { ...link, remove: true });
    expect(await roles()).toHaveLength(1);
    expect((await org.control('associate', { ...link, toType: 'Campaign' })).status).toBe(400);
  });

  test('unknown routes, objects, fields and ids are told', async () => {
    expect((await org.control('explode', {})).body.routes).toEqual(
      expect.arrayContaining(['POST /__sandbox/refuse', 'POST /__sandbox/convert']),
    );
    expect((await org.control('edit', { type: 'Nope', id: 'x', properties: {} })).body.error).toBe(
      'There is no object Nope in this org.',
    );
    expect((await org.control('create', { type: 'Contact', properties: { Nope: 1 } })).body.error).toContain(
      'INVALID_FIELD',
    );
    expect((await org.control('edit', { type: 'Contact', id: 'x', properties: {} })).body.error).toContain(
      'MALFORMED_ID',
    );
  });

  test('records shows the org itself, deleted ones and hidden fields included', async () => {
    const id = await make('Contact', { LastName: 'Seen', Phone: '1' });
    await org.control('delete', { type: 'Contact', id });
    const dump = (await org.call('GET', '/__sandbox/records?type=Contact')).body;
    expect(dump.records.find((record: { Id: string }) => record.Id === id)).toMatchObject({
      IsDeleted: true,
      Phone: '1',
    });
    expect((await fetch(`${org.sandbox.url}/__sandbox/records?type=Contact&id=0038v0000000zzz`)).status).toBe(
      404,
    );
  });

  test('reset puts data, permissions and the list of writes back', async () => {
    const before = (await org.query('SELECT count() FROM Contact')).body.totalSize;
    await make('Contact', { LastName: 'Extra' });
    await org.control('reset', {});
    expect((await org.query('SELECT count() FROM Contact')).body.totalSize).toBe(before);
    expect((await org.call('GET', '/__sandbox/writes')).body.writes).toEqual([]);
  });
});
