import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import jsforce from 'jsforce';
import { startOrg, type TestOrg, V67 } from './sandbox-org.ts';

const INGEST = `${V67}/jobs/ingest`;
let org: TestOrg;
let ids: readonly string[];

beforeAll(async () => {
  org = await startOrg({ contacts: 60, bulk: { uploadBytes: 4_000 } });
});
afterAll(() => org.close());
beforeEach(async () => {
  await org.control('reset', {});
  ids = (await org.records('SELECT Id FROM Contact ORDER BY Id LIMIT 6')).map((row) => row.Id);
});

const later = (ms = 10_000) => org.control('clock', { advance: ms });
const upload = (job: string, csv: string, type = 'text/csv') =>
  org.call('PUT', `${INGEST}/${job}/batches`, csv, { 'content-type': type });
const close = (job: string) => org.call('PATCH', `${INGEST}/${job}`, { state: 'UploadComplete' });

async function create(body: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const made = await org.call('POST', INGEST, { object: 'Contact', operation: 'update', ...body });
  if (made.status !== 200) throw new Error(JSON.stringify(made.body));
  return made.body.id;
}

async function run(csv: string, body: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const job = await create(body);
  expect((await upload(job, csv)).status).toBe(201);
  expect((await close(job)).status).toBe(200);
  await later();
  return job;
}

async function resultsOf(job: string, list: string): Promise<readonly string[]> {
  const answer = await org.call('GET', `${INGEST}/${job}/${list}`);
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  return answer.body.trimEnd().split('\n');
}

describe('an ingest job', () => {
  test('open, uploaded, complete: rows are written, empty cells leave fields alone, #N/A clears', async () => {
    const made = await org.call('POST', INGEST, { object: 'contact', operation: 'update' });
    expect(made.body).toMatchObject({
      state: 'Open',
      object: 'Contact',
      contentUrl: `services/data/v67.0/jobs/ingest/${made.body.id}/batches`,
    });
    const job = made.body.id;
    const phone = (await org.call('GET', `${V67}/sobjects/Contact/${ids[0]}`)).body.Phone;
    await upload(job, `Id,Title,Phone\n${ids[0]},"Chief, ""Data""",\n${ids[1]},#N/A,+1 555 0100\n`);
    expect((await close(job)).body.state).toBe('UploadComplete');
    await later(600);
    expect((await org.call('GET', `${INGEST}/${job}`)).body).toMatchObject({
      state: 'InProgress',
      numberRecordsProcessed: 0,
    });
    expect((await org.call('GET', `${INGEST}/${job}/successfulResults`)).status).toBe(412);
    await later();
    expect((await org.call('GET', `${INGEST}/${job}`)).body).toMatchObject({
      state: 'JobComplete',
      numberRecordsProcessed: 2,
      numberRecordsFailed: 0,
    });
    expect(
      await org.records(
        `SELECT Title, Phone FROM Contact WHERE Id IN ('${ids[0]}', '${ids[1]}') ORDER BY Id`,
      ),
    ).toMatchObject([
      { Title: 'Chief, "Data"', Phone: phone },
      { Title: null, Phone: '+1 555 0100' },
    ]);
    expect(await resultsOf(job, 'unprocessedrecords')).toHaveLength(1);
  });

  test('results say what became of each row, in another order than the upload', async () => {
    await org.control('refuse', { id: ids[1], code: 'UNABLE_TO_LOCK_ROW', message: 'locked' });
    const rows = ids.slice(0, 4).map((id) => `${id},Director`);
    const job = await run(`Id,Title\n${rows.join('\n')}\n`);
    expect(await resultsOf(job, 'successfulResults')).toEqual([
      '"sf__Id","sf__Created","Id","Title"',
      ...[ids[3], ids[2], ids[0]].map((id) => `"${id}","false","${id}","Director"`),
    ]);
    expect(await resultsOf(job, 'failedResults')).toEqual([
      '"sf__Id","sf__Error","Id","Title"',
      `"${ids[1]}","UNABLE_TO_LOCK_ROW:locked: --","${ids[1]}","Director"`,
    ]);
  });

  test('insert, upsert and delete; leads keep their owner unless a rule is named', async () => {
    const made = await run('LastName,Company\nOne,Uno\n,Two\n', { object: 'Lead', operation: 'insert' });
    expect(await resultsOf(made, 'failedResults')).toHaveLength(2);
    const [lead] = await org.records("SELECT Id, OwnerId FROM Lead WHERE LastName = 'One'");
    const user = (await org.records("SELECT Id FROM User WHERE Name = 'Integration User'"))[0].Id;
    expect(lead.OwnerId).toBe(user);
    await run('LastName,Company\nRuled,Uno\n', {
      object: 'Lead',
      operation: 'insert',
      assignmentRuleId: '01Q000000000001',
    });
    expect((await org.records("SELECT OwnerId FROM Lead WHERE LastName = 'Ruled'"))[0].OwnerId).not.toBe(
      user,
    );
    const upsert = { operation: 'upsert', externalIdFieldName: 'HubSpot_Contact_Id__c' };
    await run('HubSpot_Contact_Id__c,LastName\nbulk-1,First\n', upsert);
    await run('HubSpot_Contact_Id__c,LastName\nbulk-1,Second\n', upsert);
    const found = await org.records("SELECT LastName FROM Contact WHERE HubSpot_Contact_Id__c = 'bulk-1'");
    expect(found).toMatchObject([{ LastName: 'Second' }]);
    await run(`Id\n${lead.Id}\n`, { object: 'Lead', operation: 'delete' });
    expect(await org.records(`SELECT Id FROM Lead WHERE Id = '${lead.Id}'`)).toEqual([]);
  });

  test('what is refused: a second upload, other types, too much, states out of turn, unknown objects and keys', async () => {
    const job = await create();
    expect((await close(job)).status).toBe(400);
    expect((await upload(job, 'Id\n', 'application/json')).status).toBe(415);
    expect((await upload(job, `Id,Title\n${'x'.repeat(4_100)}`)).status).toBe(400);
    expect((await upload(job, `Id,Title\n${ids[0]},A\n`)).status).toBe(201);
    expect(await upload(job, `Id,Title\n${ids[1]},A\n`)).toMatchObject({
      status: 400,
      body: [{ errorCode: 'CLIENT_INPUT_ERROR' }],
    });
    await close(job);
    expect((await upload(job, 'Id\n')).status).toBe(400);
    expect((await close(job)).status).toBe(400);
    expect((await org.call('GET', `${INGEST}/${job}`.replace('v67.0', 'v60.0'))).status).toBe(409);
    for (const body of [
      { object: 'Nope', operation: 'update' },
      { object: 'Contact', operation: 'merge' },
      { object: 'Contact', operation: 'update', externalIdFieldName: 'Id' },
      { object: 'Contact', operation: 'upsert' },
      { object: 'Contact', operation: 'update', extra: 1 },
    ])
      expect((await org.call('POST', INGEST, body)).status).toBe(400);
  });

  test('a column the org does not know, or text that is no CSV, fails the job and writes nothing', async () => {
    for (const [csv, text] of [
      [`Id,Nope__c\n${ids[0]},x\n`, 'InvalidBatch : Field name not found : Nope__c'],
      [`Title\nx\n`, 'InvalidBatch : Field name not found : Id'],
      [`Id,Title\n${ids[0]},"x`, 'InvalidBatch : Error parsing CSV: a quote is not closed'],
    ]) {
      const job = await run(csv!);
      expect((await org.call('GET', `${INGEST}/${job}`)).body).toMatchObject({
        state: 'Failed',
        errorMessage: text,
        numberRecordsProcessed: 0,
      });
    }
    expect((await (await fetch(`${org.sandbox.url}/__sandbox/writes`)).json()) as unknown).toEqual({
      writes: [],
    });
  });

  test('control: a stuck job did half of its rows, and says so once it is aborted; a failed one too', async () => {
    const csv = `Id,Title\n${ids.map((id) => `${id},Half`).join('\n')}\n`;
    await org.control('bulk', { next: 'stuck', kind: 'ingest' });
    const stuck = await run(csv);
    expect((await org.call('GET', `${INGEST}/${stuck}`)).body).toMatchObject({
      state: 'InProgress',
      numberRecordsProcessed: 3,
    });
    expect((await org.call('PATCH', `${INGEST}/${stuck}`, { state: 'Aborted' })).body.state).toBe('Aborted');
    expect(await resultsOf(stuck, 'successfulResults')).toHaveLength(4);
    expect(await resultsOf(stuck, 'unprocessedrecords')).toHaveLength(4);
    await org.control('bulk', { next: 'fail' });
    const failed = await run(csv);
    expect((await org.call('GET', `${INGEST}/${failed}`)).body.state).toBe('Failed');
    expect(await resultsOf(failed, 'unprocessedrecords')).toHaveLength(4);
  });

  test('batches of the day are counted in /limits', async () => {
    await run(`Id,Title\n${ids[0]},A\n`);
    expect((await org.call('GET', `${V67}/limits`)).body.DailyBulkApiBatches).toEqual({
      Max: 15_000,
      Remaining: 14_999,
    });
  });
});

test('jsforce loads a job from end to end', async () => {
  const connection = new jsforce.Connection({
    instanceUrl: org.sandbox.url,
    accessToken: org.sandbox.token,
    version: '67.0',
  });
  const job = connection.bulk2.createJob({ object: 'Contact', operation: 'update' });
  await job.open();
  await job.uploadData([
    { Id: ids[0]!, Title: 'By jsforce' },
    { Id: '0038v0000000zzz', Title: 'Nobody' },
  ]);
  await job.close();
  await later();
  await job.poll(1, 1_000);
  const { successfulResults, failedResults } = await job.getAllResults();
  expect(successfulResults).toMatchObject([{ sf__Id: ids[0], Title: 'By jsforce' }]);
  expect(failedResults).toHaveLength(1);
});
