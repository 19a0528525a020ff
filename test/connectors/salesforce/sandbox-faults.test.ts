import { afterEach, describe, expect, test } from '@jest/globals';
import { startOrg, type TestOrg, V67 } from './sandbox-org.ts';

let org: TestOrg;
afterEach(() => org.close());

async function fault(body: unknown): Promise<void> {
  const answer = await org.control('fault', body);
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
}

async function change(body: unknown): Promise<unknown> {
  const answer = await org.control('field', body);
  return answer.status === 200 ? 'ok' : answer.body.error;
}

describe('Salesforce sandbox: faults by name', () => {
  test.each([
    ['daily-limit', 403, 'REQUEST_LIMIT_EXCEEDED', 'TotalRequests Limit exceeded.'],
    [
      'concurrent-limit',
      403,
      'REQUEST_LIMIT_EXCEEDED',
      'ConcurrentRequests (Concurrent API Requests) Limit exceeded.',
    ],
    ['apex-limit', 403, 'REQUEST_LIMIT_EXCEEDED', 'ConcurrentPerOrgLongTxn Limit exceeded.'],
    ['query-timeout', 400, 'QUERY_TIMEOUT', 'Your query request was running for too long.'],
    ['expired-session', 401, 'INVALID_SESSION_ID', 'Session expired or invalid'],
    ['unavailable', 503, 'SERVER_UNAVAILABLE', 'Server unavailable'],
  ])('%s: %d %s', async (name, status, errorCode, message) => {
    org = await startOrg();
    await fault({ name, count: 1 });
    const answer = await org.query('SELECT Id FROM Contact');
    expect([answer.status, answer.body]).toEqual([status, [{ errorCode, message }]]);
    expect((await org.query('SELECT Id FROM Contact')).status).toBe(200);
  });

  test('expired-cursor meets further pages alone', async () => {
    org = await startOrg({ contacts: 400 });
    await fault({ name: 'expired-cursor' });
    const first = await org.call('GET', `${V67}/queryAll?q=SELECT+Id+FROM+Task`, undefined, {
      'sforce-query-options': 'batchSize=200',
    });
    expect(first.status).toBe(200);
    const next = await org.call('GET', first.body.nextRecordsUrl);
    expect([next.status, next.body[0].errorCode]).toEqual([400, 'INVALID_QUERY_LOCATOR']);
  });

  test('expired-session really ends a token from the token endpoint, not the fixed one', async () => {
    org = await startOrg();
    const { url, clientId, clientSecret } = org.sandbox;
    const form = { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret };
    const issued = await fetch(`${url}/services/oauth2/token`, {
      method: 'POST',
      body: new URLSearchParams(form),
    });
    const { access_token: token } = (await issued.json()) as { access_token: string };
    const ask = async (): Promise<number> =>
      (await fetch(`${url}${V67}/limits`, { headers: { authorization: `Bearer ${token}` } })).status;
    expect(await ask()).toBe(200);
    await fault({ name: 'expired-session', count: 1 });
    expect([await ask(), await ask()]).toEqual([401, 401]);
    expect((await org.call('GET', `${V67}/limits`)).status).toBe(200);
  });

  test('locked-rows: some rows of an update are refused, the others written; a single row alone', async () => {
    org = await startOrg();
    const ids = (await org.records('SELECT Id FROM Contact LIMIT 10')).map((row) => row.Id);
    await fault({ name: 'locked-rows', count: 2, seed: 9 });
    const answer = await org.call('PATCH', `${V67}/composite/sobjects`, {
      allOrNone: false,
      records: ids.map((id) => ({ attributes: { type: 'Contact' }, id, Title: 'Locksmith' })),
    });
    const refused = answer.body.filter((row: { success: boolean }) => !row.success);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.length).toBeLessThan(10);
    expect(refused[0].errors[0].statusCode).toBe('UNABLE_TO_LOCK_ROW');
    const written = await org.records("SELECT Id FROM Contact WHERE Title = 'Locksmith'");
    expect(written.length).toBe(10 - refused.length);
    const single = await org.call('PATCH', `${V67}/sobjects/Contact/${ids[0]}`, { Title: 'Smith' });
    expect([single.status, single.body[0].errorCode]).toEqual([400, 'UNABLE_TO_LOCK_ROW']);
    // The locks end with their request.
    expect((await org.call('PATCH', `${V67}/sobjects/Contact/${ids[0]}`, { Title: 'Smith' })).status).toBe(
      204,
    );
  });
});

describe('Salesforce sandbox: field changes', () => {
  const account = 'SELECT Id, Renewal_Date__c FROM Account WHERE Renewal_Date__c != null LIMIT 1';
  const field = { object: 'Account', field: 'Renewal_Date__c' };
  const unknown = async (name: string): Promise<void> => {
    const answer = await org.query(`SELECT ${name} FROM Account`);
    expect([answer.status, answer.body[0].errorCode, answer.body[0].message]).toEqual([
      400,
      'INVALID_FIELD',
      expect.stringContaining(`No such column '${name}'`),
    ]);
  };

  test('removed: unknown to queries, to describe and to writes', async () => {
    org = await startOrg();
    const [row] = await org.records(account);
    expect(await change({ ...field, action: 'remove' })).toBe('ok');
    await unknown('Renewal_Date__c');
    const { fields } = (await org.call('GET', `${V67}/sobjects/Account/describe`)).body;
    expect(fields.map((one: { name: string }) => one.name)).not.toContain('Renewal_Date__c');
    const write = await org.call('PATCH', `${V67}/sobjects/Account/${row.Id}`, { Renewal_Date__c: null });
    expect([write.status, write.body[0].errorCode]).toEqual([400, 'INVALID_FIELD']);
  });

  test('renamed: the values live on under the new name, which stays readable', async () => {
    org = await startOrg();
    const [row] = await org.records(account);
    expect(await change({ ...field, action: 'rename', to: 'Next_Renewal__c' })).toBe('ok');
    await unknown('Renewal_Date__c');
    const [renamed] = await org.records(`SELECT Next_Renewal__c FROM Account WHERE Id = '${row.Id}'`);
    expect(renamed.Next_Renewal__c).toBe(row.Renewal_Date__c);
  });

  test('retyped: values that fit are converted, others lost', async () => {
    org = await startOrg();
    const [row] = await org.records(account);
    expect(await change({ ...field, action: 'retype', to: 'string' })).toBe('ok');
    expect((await org.records(account.replace(' LIMIT 1', ` AND Id = '${row.Id}'`)))[0].Renewal_Date__c).toBe(
      row.Renewal_Date__c,
    );
    expect(await change({ ...field, action: 'retype', to: 'double' })).toBe('ok');
    expect(await org.records(account)).toEqual([]);
  });

  test('hidden by permission and shown again, standard fields too', async () => {
    org = await startOrg();
    expect(await change({ object: 'Account', field: 'Industry', action: 'hide' })).toBe('ok');
    await unknown('Industry');
    expect(await change({ object: 'Account', field: 'Industry', action: 'show' })).toBe('ok');
    expect((await org.query('SELECT Industry FROM Account LIMIT 1')).status).toBe(200);
  });

  test('what makes no sense is refused', async () => {
    org = await startOrg();
    expect(await change({ ...field, object: 'Nothing', action: 'remove' })).toMatch(/no object/);
    expect(await change({ ...field, field: 'Nothing__c', action: 'remove' })).toMatch(/no field/);
    expect(await change({ ...field, field: 'Industry', action: 'remove' })).toMatch(/only be hidden/);
    expect(await change({ ...field, action: 'rename', to: 'no name' })).toMatch(/no API name/);
    expect(await change({ ...field, action: 'rename', to: 'HubSpot_Company_Id__c' })).toMatch(/already/);
    expect(await change({ ...field, action: 'retype', to: 'reference' })).toMatch(/no type/);
    expect(await change({ object: 'Account', field: 'Id', action: 'hide' })).toMatch(/field-level security/);
  });
});
