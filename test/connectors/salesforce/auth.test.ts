import { afterEach, describe, expect, test } from '@jest/globals';
import { isPrivateHost } from '../../../connectors/salesforce/auth.ts';
import { salesforce } from '../../../connectors/salesforce/index.ts';
import type { AuthConfig, ConnectionConfig } from '../../../src/connector/port.ts';
import {
  configFor,
  type FakeAnswer,
  type FakeRequest,
  openTo,
  quickClock,
  startFakeOrg,
} from './fake-org.ts';
import { refused } from './fake-table.ts';

const clientCredentials: AuthConfig = {
  kind: 'client-credentials',
  clientId: 'key',
  clientSecret: 'the secret',
};
const organization = {
  Id: '00D000000000001',
  Name: 'Acme',
  IsSandbox: false,
  TimeZoneSidKey: 'Europe/Berlin',
};
const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** An org whose tokens are `token-1`, `token-2`, …; only those in `good` work. */
async function org(options: {
  readonly good: (token: string) => boolean;
  readonly token?: (count: number, url: string) => FakeAnswer;
  readonly auth?: AuthConfig;
}) {
  let tokens = 0;
  let url = '';
  const server = await startFakeOrg((request: FakeRequest) => {
    if (request.path === '/services/oauth2/token') {
      tokens += 1;
      return options.token?.(tokens, url) ?? { body: { access_token: `token-${tokens}`, instance_url: url } };
    }
    const token = (request.headers.authorization ?? '').replace('Bearer ', '');
    if (!options.good(token)) return refused('INVALID_SESSION_ID', 'Session expired or invalid', 401);
    const headers = { 'sforce-limit-info': 'api-usage=18/5000' };
    if (request.path.endsWith('/limits'))
      return { headers, body: { DailyApiRequests: { Max: 5_000, Remaining: 4_990 } } };
    return { headers, body: { totalSize: 1, done: true, records: [organization] } };
  });
  url = server.url;
  const clock = quickClock();
  const opened = openTo(server.url, options.auth === undefined ? {} : { auth: options.auth }, clock);
  closers.push(() => opened.connection.close(), server.close);
  return { ...opened, server, tokens: () => tokens };
}

describe('credentials', () => {
  test('check says which org this is and what is left of its day', async () => {
    const { connection, server } = await org({ good: (token) => token === 'test-token' });
    expect(await connection.check()).toEqual({
      accountId: '00D000000000001EAA:production',
      name: 'Acme',
      timezone: 'Europe/Berlin',
      dailyRemaining: 4_982,
      dailyLimit: 5_000,
    });
    expect(server.requests.map((request) => request.path)).toEqual([
      '/services/data/v67.0/limits',
      '/services/data/v67.0/query',
    ]);
  });

  test('a static token that is refused is an error at once: there is no other', async () => {
    const { connection, server } = await org({ good: () => false });
    await expect(connection.check()).rejects.toMatchObject({ code: 'crm_credentials', exitStatus: 3 });
    await expect(connection.check()).rejects.toThrow(/put in a new token/);
    expect(server.requests).toHaveLength(2);
  });

  test('client credentials: one token call however many requests wait for it, the secret in the body only', async () => {
    const { connection, server, tokens } = await org({
      good: (token) => token === 'token-1',
      auth: clientCredentials,
    });
    await Promise.all([connection.check(), connection.check(), connection.check()]);
    expect(tokens()).toBe(1);
    const call = server.requests[0]!;
    expect(Object.fromEntries(new URLSearchParams(call.body))).toEqual({
      grant_type: 'client_credentials',
      client_id: 'key',
      client_secret: 'the secret',
    });
    expect(call.headers['content-type']).toBe('application/x-www-form-urlencoded');
    expect(server.requests.every((request) => !JSON.stringify(request.headers).includes('secret'))).toBe(
      true,
    );
  });

  test('an expired session: parallel requests share one new token, each is sent once more', async () => {
    let expired = false;
    const { connection, server, tokens } = await org({
      good: (token) => (expired ? token === 'token-2' : token === 'token-1'),
      auth: clientCredentials,
    });
    await connection.check();
    expired = true;
    const before = server.requests.length;
    await Promise.all([connection.check(), connection.check(), connection.check()]);
    expect(tokens()).toBe(2);
    // Three refused, one token call, six good ones.
    expect(server.requests.length - before).toBe(10);
  });

  test('a new token that is refused too ends it: no loop', async () => {
    const { connection, server } = await org({ good: () => false, auth: clientCredentials });
    await expect(connection.check()).rejects.toMatchObject({ code: 'crm_credentials' });
    expect(server.requests).toHaveLength(4);
  });

  test('a refused token call names what Salesforce said, never the secret', async () => {
    const { connection } = await org({
      good: () => false,
      auth: clientCredentials,
      token: () => ({
        status: 400,
        body: { error: 'invalid_client', error_description: 'invalid client credentials' },
      }),
    });
    const error = await connection.check().then(
      () => null,
      (reason: unknown) => reason as Error,
    );
    expect(error).toMatchObject({ code: 'crm_credentials' });
    expect(error?.message).toMatch(/invalid_client "invalid client credentials"/);
    expect(JSON.stringify(error) + error?.message).not.toContain('the secret');
  });

  test('the token is not sent to an address that is neither public https nor the sandbox itself', async () => {
    for (const instance of [
      'http://evil.example',
      'https://10.0.0.1',
      'https://localhost',
      'nonsense',
      'http://127.0.0.1:1',
    ]) {
      const { connection, server } = await org({
        good: () => true,
        auth: clientCredentials,
        token: () => ({ body: { access_token: 'token-1', instance_url: instance } }),
      });
      await expect(connection.check()).rejects.toMatchObject({ code: 'crm_bad_answer' });
      expect(server.requests).toHaveLength(1);
    }
  });

  test('an address without this API version says which versions it has', async () => {
    const server = await startFakeOrg(({ path }) =>
      path === '/services/data'
        ? { body: [{ version: '52.0' }, { version: '61.0' }] }
        : refused('NOT_FOUND', 'The requested resource does not exist', 404),
    );
    const { connection } = openTo(server.url);
    closers.push(() => connection.close(), server.close);
    await expect(connection.check()).rejects.toThrow(/no API version 67\.0 .*up to 61\.0/);
  });

  test('a spent daily quota is not tried again', async () => {
    const server = await startFakeOrg(() =>
      refused('REQUEST_LIMIT_EXCEEDED', 'TotalRequests Limit exceeded.', 403),
    );
    const { connection } = openTo(server.url);
    closers.push(() => connection.close(), server.close);
    await expect(connection.check()).rejects.toMatchObject({ code: 'crm_quota', retryable: false });
    expect(server.requests).toHaveLength(1);
  });

  test('too many calls at once are waited out', async () => {
    let count = 0;
    const server = await startFakeOrg(({ path }) => {
      count += 1;
      if (count === 1) return refused('REQUEST_LIMIT_EXCEEDED', 'ConcurrentRequests Limit exceeded.', 403);
      return path.endsWith('/limits')
        ? { body: {} }
        : { body: { totalSize: 1, done: true, records: [organization] } };
    });
    const clock = quickClock();
    const { connection } = openTo(server.url, {}, clock);
    closers.push(() => connection.close(), server.close);
    expect(await connection.check()).toMatchObject({ name: 'Acme', dailyLimit: null });
    expect(Math.max(...clock.waits)).toBeGreaterThanOrEqual(2_000);
    expect(connection.usage).toMatchObject({ requests: 3, rateLimited: 1, retries: 1 });
  });
});

describe('configuration', () => {
  const good = configFor('https://acme.my.salesforce.com', { sandbox: false });
  const problemsOf = (more: Partial<ConnectionConfig>): readonly string[] =>
    salesforce.checkConfig({ ...good, ...more }).map(({ path, message }) => `${path} ${message}`);

  test('a My Domain address over https is good; a sandbox may be local', () => {
    expect(problemsOf({})).toEqual([]);
    expect(problemsOf({ baseUrl: 'http://127.0.0.1:4002', sandbox: true })).toEqual([]);
    const { baseUrl: _baseUrl, ...without } = good;
    expect(salesforce.checkConfig(without)[0]?.message).toMatch(/is missing; expected the My Domain/);
  });

  test.each([
    ['http://acme.my.salesforce.com', /expected https/],
    ['https://192.168.1.4', /private address/],
    ['https://acme.lightning.force.com', /expected https:\/\/acme\.my\.salesforce\.com/],
    ['https://acme.my.salesforce.com/services', /expected the address alone/],
    ['https://user:pw@acme.my.salesforce.com', /expected neither/],
    ['not a url', /is no URL/],
  ])('%s is refused', (baseUrl, message) => {
    expect(problemsOf({ baseUrl })[0]).toMatch(message);
  });

  test('empty credentials, and client credentials at the login host', () => {
    expect(problemsOf({ auth: { kind: 'token', token: 'a b' } })[0]).toMatch(/auth\.token .*blanks/);
    const auth: AuthConfig = { kind: 'client-credentials', clientId: '', clientSecret: ' ' };
    expect(problemsOf({ auth, baseUrl: 'https://login.salesforce.com' })).toHaveLength(3);
  });

  test('private hosts', () => {
    for (const host of [
      'localhost',
      'db.internal',
      '127.0.0.1',
      '10.1.2.3',
      '172.20.0.1',
      '169.254.169.254',
      '[::1]',
      '[fd00::1]',
      '[::ffff:7f00:1]',
      '0.0.0.0',
      'x.local.',
    ])
      expect([host, isPrivateHost(host)]).toEqual([host, true]);
    for (const host of ['acme.my.salesforce.com', '8.8.8.8', '172.32.0.1', '[2001:db8::1]'])
      expect([host, isPrivateHost(host)]).toEqual([host, false]);
  });

  test('names of output fields', () => {
    expect(salesforce.outputFieldName('stage')).toBe('Waystage_Stage__c');
    expect(salesforce.outputFieldName('health_score')).toBe('Waystage_Health_Score__c');
  });
});
