import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import jsforce from 'jsforce';
import { startOrg, type TestOrg, V67 } from './sandbox-org.ts';

const QUERY = `${V67}/jobs/query`;
const SOQL = 'SELECT Id, Name, Email, HasOptedOutOfEmail, CreatedDate, Account.Name FROM Contact';
let org: TestOrg;

beforeAll(async () => {
  org = await startOrg({ contacts: 120, bulk: { pageRows: 50, queryJobs: 12 } });
});
afterAll(() => org.close());
beforeEach(() => org.control('reset', {}));

async function create(query = SOQL, more: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const made = await org.call('POST', QUERY, { operation: 'query', query, ...more });
  if (made.status !== 200) throw new Error(JSON.stringify(made.body));
  return made.body.id;
}

const later = (ms = 10_000) => org.control('clock', { advance: ms });

describe('a query job', () => {
  test('waits, runs, ends; its results come in pages with a header each, and are the same every time', async () => {
    const made = await org.call('POST', QUERY, { operation: 'query', query: SOQL });
    expect(made.body).toMatchObject({
      id: expect.stringMatching(/^750[0-9A-Za-z]{15}$/),
      operation: 'query',
      object: 'Contact',
      state: 'UploadComplete',
      concurrencyMode: 'Parallel',
      contentType: 'CSV',
      apiVersion: 67,
      lineEnding: 'LF',
      columnDelimiter: 'COMMA',
    });
    const path = `${QUERY}/${made.body.id}`;
    expect(await org.call('GET', `${path}/results`)).toMatchObject({
      status: 412,
      body: [{ errorCode: 'JOB_NOT_COMPLETE' }],
    });
    await later(600);
    expect((await org.call('GET', path)).body).toMatchObject({ state: 'InProgress', jobType: 'V2Query' });
    await later();
    const done = (await org.call('GET', path)).body;
    const count = (await org.records(SOQL)).length;
    expect(done).toMatchObject({ state: 'JobComplete', numberRecordsProcessed: count });
    expect(count).toBeGreaterThan(60);
    const first = await org.call('GET', `${path}/results`);
    expect(first.headers.get('content-type')).toBe('text/csv');
    expect(first.headers.get('sforce-numberofrecords')).toBe('50');
    const locator = first.headers.get('sforce-locator')!;
    const second = await org.call('GET', `${path}/results?locator=${locator}`);
    expect(second.headers.get('sforce-locator')).toBe('null');
    expect(second.headers.get('sforce-numberofrecords')).toBe(String(count - 50));
    const header = '"Id","Name","Email","HasOptedOutOfEmail","CreatedDate","Account.Name"';
    for (const page of [first, second]) expect(page.body.split('\n')[0]).toBe(header);
    expect(first.body.split('\n')[1]).toMatch(
      /^"003\w{15}","[^"]+","[^"]*","(true|false)","\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z","[^"]*"$/,
    );
    // What changes later is not in it.
    const [, id] = /^"(\w+)"/.exec(first.body.split('\n')[1])!;
    await org.control('edit', { type: 'Contact', id, properties: { LastName: 'Changed' } });
    expect((await org.call('GET', `${path}/results`)).body).toBe(first.body);
    // Rows are not in the order of their ids.
    const ids = [...(first.body + second.body).matchAll(/^"(003\w+)"/gm)].map((match) => match[1]);
    expect(new Set(ids).size).toBe(count);
    expect(ids).not.toEqual([...ids].sort());
    const five = await org.call('GET', `${path}/results?maxRecords=5`);
    expect(five.body.trim().split('\n')).toHaveLength(6);
  });

  test('other delimiters and line ends; queryAll brings the deleted ones', async () => {
    const [contact] = await org.records('SELECT Id FROM Contact LIMIT 1');
    await org.control('delete', { type: 'Contact', id: contact.Id });
    const id = await create('SELECT Id, Name FROM Contact WHERE IsDeleted = TRUE', {
      operation: 'queryAll',
      columnDelimiter: 'PIPE',
      lineEnding: 'CRLF',
    });
    await later();
    const { body } = await org.call('GET', `${QUERY}/${id}/results`);
    expect(body).toMatch(/^"Id"\|"Name"\r\n/);
    expect(body).toContain(contact.Id);
  });

  test('what is refused: unknown keys and states, what only REST can query, wrong places, other versions', async () => {
    const refused = async (body: unknown, code: string) =>
      expect(await org.call('POST', QUERY, body)).toMatchObject({ status: 400, body: [{ errorCode: code }] });
    await refused({ operation: 'query', query: SOQL, extra: 1 }, 'JSON_PARSER_ERROR');
    await refused({ operation: 'insert', query: SOQL }, 'JSON_PARSER_ERROR');
    await refused({ operation: 'query' }, 'MALFORMED_QUERY');
    await refused({ operation: 'query', query: 'SELECT Nope FROM Contact' }, 'INVALID_FIELD');
    await refused({ operation: 'query', query: 'SELECT ApiName FROM CaseStatus' }, 'INVALIDENTITY');
    for (const query of [
      'SELECT COUNT() FROM Contact',
      'SELECT COUNT(Id) n FROM Contact GROUP BY AccountId',
      'SELECT Id FROM Contact LIMIT 5 OFFSET 5',
      'SELECT Id, (SELECT Id FROM Contacts) FROM Account',
    ])
      await refused({ operation: 'query', query }, 'API_ERROR');
    const id = await create();
    await later();
    const path = `${QUERY}/${id}`;
    for (const bad of ['locator=xyz', 'maxRecords=0', 'maxRecords=-1', 'page=2'])
      expect((await org.call('GET', `${path}/results?${bad}`)).status).toBe(400);
    expect(await org.call('GET', path.replace('v67.0', 'v66.0'))).toMatchObject({ status: 409 });
    expect((await org.call('GET', `${QUERY}/7508v0000000zzz`)).status).toBe(404);
    expect((await org.call('PATCH', path, { state: 'Aborted' })).status).toBe(400);
  });

  test('abort and delete; a week later it is gone', async () => {
    const [one, two] = [await create(), await create()];
    expect((await org.call('DELETE', `${QUERY}/${one}`)).status).toBe(400);
    expect((await org.call('PATCH', `${QUERY}/${one}`, { state: 'Aborted' })).body.state).toBe('Aborted');
    expect((await org.call('GET', `${QUERY}/${one}/results`)).status).toBe(412);
    expect((await org.call('DELETE', `${QUERY}/${one}`)).status).toBe(204);
    expect((await org.call('GET', `${QUERY}/${one}`)).status).toBe(404);
    expect((await org.call('GET', QUERY)).body.records.map((job: { id: string }) => job.id)).toEqual([two]);
    await later(7 * 86_400_000);
    expect((await org.call('GET', `${QUERY}/${two}`)).status).toBe(404);
  });

  test('the day’s jobs are counted in /limits and end', async () => {
    for (let count = 0; count < 12; count += 1) await create();
    expect((await org.call('GET', `${V67}/limits`)).body.DailyBulkV2QueryJobs).toEqual({
      Max: 12,
      Remaining: 0,
    });
    expect(await org.call('POST', QUERY, { operation: 'query', query: SOQL })).toMatchObject({
      status: 400,
      body: [{ errorCode: 'LIMIT_EXCEEDED' }],
    });
  });

  test('control: stuck without progress, failed without a word, cut off once, refused', async () => {
    await org.control('bulk', { next: 'stuck' });
    const stuck = await create();
    await later(86_400_000);
    expect((await org.call('GET', `${QUERY}/${stuck}`)).body).toMatchObject({
      state: 'InProgress',
      numberRecordsProcessed: 0,
    });
    await org.control('bulk', { next: 'fail', kind: 'query' });
    const failed = await create();
    await later();
    const info = (await org.call('GET', `${QUERY}/${failed}`)).body;
    expect(info.state).toBe('Failed');
    expect(info.errorMessage).toBeUndefined();
    await org.control('bulk', { next: 'cut-body' });
    const cut = await create();
    await later();
    const [first, second] = [
      await org.call('GET', `${QUERY}/${cut}/results`),
      await org.call('GET', `${QUERY}/${cut}/results`),
    ];
    expect(first.headers.get('sforce-numberofrecords')).toBe('50');
    expect(second.body.startsWith(first.body)).toBe(true);
    expect(first.body.length).toBeLessThan(second.body.length);
    await org.control('bulk', { next: 'refuse' });
    expect((await org.call('POST', QUERY, { operation: 'query', query: SOQL })).status).toBe(400);
    expect((await org.control('bulk', { next: 'explode' })).status).toBe(400);
  });
});

test('jsforce opens, polls and reads a job whose results fit one page', async () => {
  const connection = new jsforce.Connection({
    instanceUrl: org.sandbox.url,
    accessToken: org.sandbox.token,
    version: '67.0',
  });
  const soql = 'SELECT Id, Name FROM Account LIMIT 20';
  const job = connection.bulk2.job('query', { id: await create(soql) });
  await later();
  await job.poll(1, 1_000);
  const rows = await (await job.result()).toArray();
  expect(rows).toHaveLength(20);
  expect(rows[0]).toMatchObject({ Id: expect.stringMatching(/^001/), Name: expect.any(String) });
  await job.delete();
});
