import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startOrg, type TestOrg, V67 } from './sandbox-org.ts';

let org: TestOrg;
beforeAll(async () => {
  org = await startOrg();
});
afterAll(() => org.close());

const NO_SESSION = [{ message: 'Session expired or invalid', errorCode: 'INVALID_SESSION_ID' }];
const NO_RESOURCE = [{ message: 'The requested resource does not exist', errorCode: 'NOT_FOUND' }];

async function token(of: TestOrg, form: Record<string, string>) {
  const response = await fetch(`${of.sandbox.url}/services/oauth2/token`, {
    method: 'POST',
    body: new URLSearchParams(form),
  });
  // biome-ignore lint/suspicious/noExplicitAny: checked field by field
  return { status: response.status, body: (await response.json()) as any };
}

const credentials = (of: TestOrg) => ({
  grant_type: 'client_credentials',
  client_id: of.sandbox.clientId,
  client_secret: of.sandbox.clientSecret,
});

describe('sessions', () => {
  test('client credentials give a token that works', async () => {
    const { status, body } = await token(org, credentials(org));
    expect(status).toBe(200);
    expect(body).toEqual({
      access_token: expect.stringMatching(/^00D\w{12}!\S+$/),
      signature: expect.any(String),
      scope: 'api',
      instance_url: org.sandbox.url,
      id: expect.stringMatching(/\/id\/00D\w{15}\/005\w{15}$/),
      token_type: 'Bearer',
      issued_at: expect.stringMatching(/^\d+$/),
    });
    const headers = { authorization: `Bearer ${body.access_token}` };
    expect((await org.call('GET', `${V67}/limits`, undefined, headers)).status).toBe(200);
    const info = await org.call('GET', '/services/oauth2/userinfo', undefined, headers);
    expect(info.body).toMatchObject({
      organization_id: expect.stringMatching(/^00D/),
      zoneinfo: 'GMT',
      active: true,
    });
    expect(
      (
        await org.call('POST', '/services/oauth2/revoke', `token=${encodeURIComponent(body.access_token)}`, {
          'content-type': 'application/x-www-form-urlencoded',
        })
      ).status,
    ).toBe(200);
    expect((await org.call('GET', `${V67}/limits`, undefined, headers)).body).toEqual(NO_SESSION);
    expect((await org.call('GET', '/services/oauth2/userinfo', undefined, headers)).status).toBe(403);
  });

  test('wrong secrets, clients and grants are refused in OAuth words', async () => {
    const good = credentials(org);
    expect(await token(org, { ...good, client_secret: 'x' })).toEqual({
      status: 400,
      body: { error: 'invalid_client', error_description: 'invalid client credentials' },
    });
    expect((await token(org, { ...good, client_id: 'x' })).body.error).toBe('invalid_client_id');
    expect((await token(org, { ...good, grant_type: 'password' })).body.error).toBe('unsupported_grant_type');
    expect(
      (await org.call('POST', '/services/oauth2/token', { grant_type: 'client_credentials' })).status,
    ).toBe(400);
  });

  test('unknown, missing and odd tokens are 401', async () => {
    const get = (authorization: string) => org.call('GET', `${V67}/limits`, undefined, { authorization });
    expect(await get('Bearer nonsense')).toMatchObject({ status: 401, body: NO_SESSION });
    expect(await get('Basic abc')).toMatchObject({
      status: 401,
      body: [{ errorCode: 'INVALID_AUTH_HEADER' }],
    });
    const bare = await fetch(`${org.sandbox.url}${V67}/limits`);
    expect(bare.status).toBe(401);
    expect((await org.call('GET', `${V67}/nothing`, undefined, { authorization: 'Bearer x' })).status).toBe(
      401,
    );
  });

  test('sessions expire with sandbox time', async () => {
    const own = await startOrg({ sessionMs: 60_000 });
    try {
      const { body } = await token(own, credentials(own));
      const headers = { authorization: `OAuth ${body.access_token}` };
      await own.control('clock', { advance: 59_000 });
      expect((await own.call('GET', `${V67}/limits`, undefined, headers)).status).toBe(200);
      await own.control('clock', { advance: 1_000 });
      expect((await own.call('GET', `${V67}/limits`, undefined, headers)).body).toEqual(NO_SESSION);
      expect((await own.call('GET', `${V67}/limits`)).status).toBe(200);
      await own.control('expire', { sessions: true });
      expect((await own.call('GET', `${V67}/limits`)).body).toEqual(NO_SESSION);
      await own.control('reset', {});
      expect((await own.call('GET', `${V67}/limits`)).status).toBe(200);
    } finally {
      await own.close();
    }
  });
});

describe('resources', () => {
  test('versions are public, others need one that is served', async () => {
    const versions = (await org.call('GET', '/services/data')).body;
    expect(versions[versions.length - 1]).toEqual({
      label: "Summer '26",
      url: '/services/data/v67.0',
      version: '67.0',
    });
    expect((await org.call('GET', V67)).body).toMatchObject({
      query: `${V67}/query`,
      sobjects: `${V67}/sobjects`,
    });
    expect(await org.call('GET', '/services/data/v99.0/limits')).toMatchObject({
      status: 404,
      body: NO_RESOURCE,
    });
    expect(await org.call('GET', '/services/data/v20.0/limits')).toMatchObject({
      status: 410,
      body: [{ errorCode: 'UNSUPPORTED_API_VERSION' }],
    });
  });

  test('what is unknown is refused', async () => {
    expect(await org.call('GET', `${V67}/composite/graph`)).toMatchObject({ status: 404, body: NO_RESOURCE });
    expect(await org.call('GET', `${V67}/sobjects/Nope/describe`)).toMatchObject({
      status: 404,
      body: NO_RESOURCE,
    });
    expect(await org.call('PUT', `${V67}/query`)).toMatchObject({
      status: 405,
      body: [{ errorCode: 'METHOD_NOT_ALLOWED' }],
    });
    expect(await org.call('GET', `${V67}/query?q=SELECT+Id+FROM+User&x=1`)).toMatchObject({ status: 400 });
  });

  test('long URLs and long heads', async () => {
    expect((await org.query(`SELECT Id FROM Contact WHERE Title IN ('${'x'.repeat(16_400)}')`)).status).toBe(
      414,
    );
    const heads = Object.fromEntries(
      Array.from({ length: 5 }, (_, index) => [`x-${index}`, 'y'.repeat(7_000)]),
    );
    expect((await org.call('GET', `${V67}/limits`, undefined, heads)).status).toBe(431);
  });

  test('the daily limit ends in 403 and a new day', async () => {
    const own = await startOrg({ dailyLimit: 3 });
    try {
      const first = await own.call('GET', `${V67}/limits`);
      expect(first.headers.get('sforce-limit-info')).toBe('api-usage=1/3');
      expect(first.body.DailyApiRequests).toEqual({ Max: 3, Remaining: 2 });
      await own.call('GET', `${V67}/limits`);
      await own.call('GET', `${V67}/limits`);
      const refused = await own.call('GET', `${V67}/limits`);
      expect(refused.status).toBe(403);
      expect(refused.body).toEqual([
        { message: 'TotalRequests Limit exceeded.', errorCode: 'REQUEST_LIMIT_EXCEEDED' },
      ]);
      const report = (await own.call('GET', '/__sandbox/requests')).body;
      expect(report).toMatchObject({ total: 4, refused: 1, peaks: { daily: { limit: 3, peak: 4 } } });
      await own.control('clock', { advance: 86_400_000 });
      expect((await own.call('GET', `${V67}/limits`)).status).toBe(200);
    } finally {
      await own.close();
    }
  });
});

describe('pages', () => {
  test('batchSize, nextRecordsUrl and expired cursors', async () => {
    const big = await startOrg({ contacts: 400 });
    try {
      const path = `${V67}/query/?q=${encodeURIComponent('SELECT Id FROM Task ORDER BY Id')}`;
      const first = await big.call('GET', path, undefined, { 'sforce-query-options': 'batchSize=50' });
      expect(first.body.records).toHaveLength(200);
      expect(first.body).toMatchObject({
        done: false,
        nextRecordsUrl: expect.stringMatching(/^\/services\/data\/v67\.0\/query\/0r8\w{15}-200$/),
      });
      const ids = first.body.records.map((one: { Id: string }) => one.Id);
      let next = first.body.nextRecordsUrl as string | undefined;
      while (next !== undefined) {
        const page = await big.call('GET', next);
        ids.push(...page.body.records.map((one: { Id: string }) => one.Id));
        expect(page.body.done).toBe(page.body.nextRecordsUrl === undefined);
        next = page.body.nextRecordsUrl;
      }
      expect(new Set(ids).size).toBe(first.body.totalSize);
      const gone = {
        status: 400,
        body: [{ message: 'invalid query locator', errorCode: 'INVALID_QUERY_LOCATOR' }],
      };
      await big.control('clock', { advance: 2 * 86_400_000 });
      expect(await big.call('GET', first.body.nextRecordsUrl)).toMatchObject(gone);
      expect(await big.call('GET', `${V67}/query/nonsense-1`)).toMatchObject(gone);
      // An eleventh open cursor closes the oldest.
      const open = async () =>
        (await big.call('GET', path, undefined, { 'sforce-query-options': 'batchSize=200' })).body
          .nextRecordsUrl;
      const oldest = await open();
      for (let index = 0; index < 9; index += 1) await open();
      expect((await big.call('GET', oldest)).status).toBe(200);
      await open();
      expect(await big.call('GET', oldest)).toMatchObject(gone);
    } finally {
      await big.close();
    }
  });
});

describe('describe', () => {
  test('fields with their kinds; hidden ones exist nowhere', async () => {
    const own = await startOrg({ hiddenFields: ['Contact.Phone'] });
    try {
      const { body } = await own.call('GET', `${V67}/sobjects/contact/describe`);
      const field = (name: string) => body.fields.find((one: { name: string }) => one.name === name);
      expect(field('Email')).toMatchObject({ type: 'email', length: 80, filterable: true, updateable: true });
      expect(field('Name')).toMatchObject({ calculated: false, updateable: false, nameField: true });
      expect(field('AccountId')).toMatchObject({ referenceTo: ['Account'], relationshipName: 'Account' });
      expect(field('Description').filterable).toBe(false);
      expect(field('HubSpot_Contact_Id__c')).toMatchObject({ custom: true, externalId: true });
      expect(field('Phone')).toBeUndefined();
      expect((await own.query('SELECT Phone FROM Contact')).body[0].errorCode).toBe('INVALID_FIELD');
      expect((await own.query("SELECT Id FROM Contact WHERE Phone = 'x'")).body[0].errorCode).toBe(
        'INVALID_FIELD',
      );
      const [contact] = await own.records('SELECT Id FROM Contact LIMIT 1');
      expect(await own.call('PATCH', `${V67}/sobjects/Contact/${contact.Id}`, { Phone: '1' })).toMatchObject({
        status: 400,
        body: [{ errorCode: 'INVALID_FIELD', message: "No such column 'Phone' on sobject of type Contact" }],
      });
      await own.control('field-security', { field: 'Contact.Phone', readable: true, editable: false });
      expect((await own.query('SELECT Phone FROM Contact LIMIT 1')).status).toBe(200);
      expect(await own.call('PATCH', `${V67}/sobjects/Contact/${contact.Id}`, { Phone: '1' })).toMatchObject({
        status: 400,
        body: [{ errorCode: 'INVALID_FIELD_FOR_INSERT_UPDATE', fields: ['Phone'] }],
      });
    } finally {
      await own.close();
    }
  });

  test('the global list and the basic information', async () => {
    const { body } = await org.call('GET', `${V67}/sobjects`);
    const namesFound = body.sobjects.map((one: { name: string }) => one.name);
    expect(namesFound).toEqual(
      expect.arrayContaining(['Account', 'Contact', 'Lead', 'OpportunityHistory', 'User']),
    );
    expect(namesFound).not.toContain('CustomField');
    expect((await org.call('GET', `${V67}/sobjects/Account`)).body.objectDescribe.keyPrefix).toBe('001');
    const count = await org.call('GET', `${V67}/limits/recordCount?sObjects=Campaign,Nope`);
    expect(count.body).toEqual({ sObjects: [{ count: 18, name: 'Campaign' }] });
  });
});

describe('replication', () => {
  test('getUpdated and getDeleted', async () => {
    const own = await startOrg();
    try {
      await own.control('clock', { advance: 3_600_000 });
      const { id } = (await own.control('create', { type: 'Contact', properties: { LastName: 'New' } })).body;
      const gone = (await own.control('create', { type: 'Contact', properties: { LastName: 'Gone' } })).body
        .id;
      await own.control('delete', { type: 'Contact', id: gone });
      await own.control('clock', { advance: 120_000 });
      const range = 'start=2026-10-15T13:00:30Z&end=2026-10-15T13:01:30%2B00:00';
      expect((await own.call('GET', `${V67}/sobjects/Contact/updated/?${range}`)).body).toEqual({
        ids: [id],
        latestDateCovered: '2026-10-15T13:01:00.000+0000',
      });
      expect((await own.call('GET', `${V67}/sobjects/Contact/deleted?${range}`)).body).toEqual({
        deletedRecords: [{ deletedDate: '2026-10-15T13:00:00.000+0000', id: gone }],
        earliestDateAvailable: '2026-09-30T13:02:00.000+0000',
        latestDateCovered: '2026-10-15T13:01:00.000+0000',
      });
      const refused = (query: string, type = 'Contact') =>
        own.call('GET', `${V67}/sobjects/${type}/updated?${query}`);
      expect((await refused('start=2026-01-01T00:00:00Z&end=2026-10-15T13:00:00Z')).body[0].errorCode).toBe(
        'INVALID_REPLICATION_DATE',
      );
      expect((await refused('start=2026-10-15T13:00:00Z&end=2026-10-15T13:00:30Z')).body[0].errorCode).toBe(
        'INVALID_REPLICATION_DATE',
      );
      expect((await refused('start=yesterday&end=2026-10-15T13:00:30Z')).status).toBe(400);
      expect((await refused(range, 'User')).body[0].errorCode).toBe('INVALID_TYPE');
    } finally {
      await own.close();
    }
  });
});
