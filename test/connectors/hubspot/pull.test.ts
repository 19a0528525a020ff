import { describe, expect, test } from '@jest/globals';
import type { Connection, Discovery, Page } from '../../../src/connector/port.ts';
import { mockHttp } from '../../helpers/http-mock.ts';
import { describeFields, keptLog, openHubspot } from '../../helpers/hubspot.ts';

const mock = mockHttp();
const API = 'https://api.hubapi.com';
const DATE = { Date: 'Mon, 05 Jan 2026 09:00:00 GMT' };
const BEGAN = Date.UTC(2026, 0, 5, 9);

const contacts = describeFields('contacts', { email: 'text' });

function row(id: string, more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    id,
    properties: { email: `${id}@b.co`, lastmodifieddate: '2026-01-04T00:00:00Z' },
    createdAt: '2026-01-01T00:00:00Z',
    updatedAt: '2026-01-04T00:00:00Z',
    archived: false,
    ...more,
  };
}

async function pages(
  connection: Connection,
  cursor: string | null,
  fields: readonly string[],
  discovery: Discovery,
) {
  const all: Page[] = [];
  for await (const page of connection.pull({ type: 'contacts', fields, cursor, discovery })) all.push(page);
  return all;
}

const LIST = '/crm/objects/2026-03/contacts';

describe('the full list', () => {
  test('asks only for what was asked for, follows pages, and ends with the next increment from the server time', async () => {
    const query = {
      limit: '100',
      properties: 'hs_object_id,lastmodifieddate,hs_merged_object_ids,email',
      associations: 'companies',
    };
    mock
      .on(API)
      .get(LIST)
      .query(query)
      .reply(200, { results: [row('1')], paging: { next: { after: '1' } } }, DATE);
    mock
      .on(API)
      .get(LIST)
      .query({ ...query, after: '1' })
      .reply(200, { results: [row('2')] }, DATE);
    const connection = openHubspot();
    const all = await pages(connection, null, ['email', 'not_there'], contacts);
    expect(all.map((page) => page.records.map(({ id }) => id))).toEqual([['1'], ['2']]);
    expect(all[0]?.records[0]?.fields).toEqual({ email: '1@b.co' });
    expect(all[0]).toMatchObject({ done: false, failed: [] });
    expect(all[1]?.done).toBe(true);
    expect(JSON.parse(all[1]?.cursor ?? '')).toEqual({
      ...{ v: 1, kind: 'since', from: BEGAN - 300_000 },
      lag: BEGAN - 300_000,
    });
    expect(connection.usage.byPurpose).toEqual({ pull: 2 });
    await connection.close();
  });

  test('resumes at a stored page, and keeps the time the list was begun', async () => {
    const cursor = JSON.stringify({ v: 1, kind: 'list', after: '77', began: BEGAN - 60_000 });
    mock
      .on(API)
      .get(LIST)
      .query((query) => query['after'] === '77')
      .reply(200, { results: [row('78')] }, DATE);
    const connection = openHubspot();
    const [page] = await pages(connection, cursor, ['email'], contacts);
    expect(JSON.parse(page?.cursor ?? '')).toMatchObject({ kind: 'since', from: BEGAN - 360_000 });
    await connection.close();
  });

  test('associations that do not fit into a row are read in full, following their own pages', async () => {
    const cut = {
      companies: { results: [{ id: '9', type: 'contact_to_company' }], paging: { next: { after: 'x' } } },
    };
    mock
      .on(API)
      .get(LIST)
      .query(true)
      .reply(200, { results: [row('1', { associations: cut }), row('2')] }, DATE);
    const path = '/crm/associations/2026-03/contacts/companies/batch/read';
    const to = (id: number, ...typeIds: number[]) => ({
      toObjectId: id,
      associationTypes: typeIds.map((typeId) => ({ category: 'HUBSPOT_DEFINED', typeId, label: null })),
    });
    mock
      .on(API)
      .post(path, { inputs: [{ id: '1' }] })
      .reply(200, {
        results: [{ from: { id: '1' }, to: [to(9, 1, 279), to(10, 279)], paging: { next: { after: 'y' } } }],
      });
    mock
      .on(API)
      .post(path, { inputs: [{ id: '1', after: 'y' }] })
      .reply(200, {
        results: [{ from: { id: '1' }, to: [to(11, 279)] }],
      });
    const connection = openHubspot();
    const [page] = await pages(connection, null, ['email'], contacts);
    expect(
      page?.records.map(({ associations }) =>
        associations['companies']?.map(({ id, primary }) => [id, primary]),
      ),
    ).toEqual([
      [
        ['9', true],
        ['10', false],
        ['11', false],
      ],
      [],
    ]);
    await connection.close();
  });

  test('the same page of associations twice is an error, not an endless loop', async () => {
    const cut = { companies: { results: [], paging: { next: { after: 'x' } } } };
    mock
      .on(API)
      .get(LIST)
      .query(true)
      .reply(200, { results: [row('1', { associations: cut })] }, DATE);
    const path = '/crm/associations/2026-03/contacts/companies/batch/read';
    mock
      .on(API)
      .post(path)
      .twice()
      .reply(200, { results: [{ from: { id: '1' }, to: [], paging: { next: { after: 'y' } } }] });
    const connection = openHubspot();
    await expect(pages(connection, null, ['email'], contacts)).rejects.toMatchObject({
      code: 'crm_bad_answer',
    });
    await connection.close();
  });

  test('more properties than an address takes are read by batch; a record gone meanwhile is named', async () => {
    const names = Array.from({ length: 400 }, (_, index) => `custom_property_number_${index}`);
    const discovery = describeFields(
      'contacts',
      Object.fromEntries(names.map((name) => [name, 'text' as const])),
    );
    let inQuery = 0;
    mock
      .on(API)
      .get(LIST)
      .query((query) => {
        inQuery = String(query['properties']).split(',').length;
        return true;
      })
      .reply(200, { results: [row('1'), row('2')] }, DATE);
    mock
      .on(API)
      .post(`${LIST}/batch/read`, (body: { properties: string[]; inputs: { id: string }[] }) => {
        expect(body.inputs).toEqual([{ id: '1' }, { id: '2' }]);
        expect(body.properties.length + inQuery).toBe(names.length + 3);
        return true;
      })
      .reply(200, { results: [{ id: '1', properties: { custom_property_number_399: 'last' } }] });
    const connection = openHubspot();
    const [page] = await pages(connection, null, names, discovery);
    expect(page?.records.map(({ id, fields }) => [id, fields['custom_property_number_399']])).toEqual([
      ['1', 'last'],
    ]);
    expect(page?.failed).toEqual([{ id: '2', message: expect.any(String) }]);
    await connection.close();
  });

  test('a web page, cut JSON or an error with status 200 is tried again and never read as no records (F6, F8)', async () => {
    mock.on(API).get(LIST).query(true).reply(200, '<html>maintenance</html>');
    mock.on(API).get(LIST).query(true).reply(200, '{"results":[{"id":"1"');
    mock.on(API).get(LIST).query(true).reply(200, { status: 'error', message: 'oops' });
    mock
      .on(API)
      .get(LIST)
      .query(true)
      .reply(200, { results: [row('1')] }, DATE);
    const connection = openHubspot();
    const [page] = await pages(connection, null, ['email'], contacts);
    expect(page?.records).toHaveLength(1);
    expect(connection.usage).toMatchObject({ requests: 4, retries: 3 });
    await connection.close();
  });

  test('the same page twice in a row ends with an error', async () => {
    mock
      .on(API)
      .get(LIST)
      .query(true)
      .twice()
      .reply(200, { results: [row('1')], paging: { next: { after: '1' } } }, DATE);
    const connection = openHubspot();
    await expect(pages(connection, null, ['email'], contacts)).rejects.toMatchObject({
      code: 'crm_bad_answer',
    });
    await connection.close();
  });

  test('a row that cannot be read is named and the rest goes on; a value that does not fit is left out and logged once', async () => {
    const discovery = describeFields('contacts', { email: 'number' });
    mock
      .on(API)
      .get(LIST)
      .query(true)
      .reply(200, { results: [row('1'), row('2'), { id: '3' }] }, DATE);
    const log = keptLog();
    const connection = openHubspot(undefined, { log: log.log });
    const [page] = await pages(connection, null, ['email'], discovery);
    expect(page?.records.map(({ fields }) => Object.keys(fields))).toEqual([[], []]);
    expect(page?.failed.map(({ id }) => id)).toEqual(['3']);
    expect(log.lines).toHaveLength(1);
    expect(JSON.stringify(log.lines)).not.toContain('@b.co');
    await connection.close();
  });

  test('a consumer that stops early leaves nothing behind', async () => {
    mock
      .on(API)
      .get(LIST)
      .query(true)
      .reply(200, { results: [row('1')], paging: { next: { after: '1' } } }, DATE);
    const second = mock.on(API).get(LIST).query(true).reply(401, { category: 'INVALID_AUTHENTICATION' });
    const connection = openHubspot();
    for await (const page of connection.pull({
      type: 'contacts',
      fields: ['email'],
      cursor: null,
      discovery: contacts,
    })) {
      expect(page.records).toHaveLength(1);
      while (!second.isDone()) await new Promise((resolve) => setImmediate(resolve));
      break;
    }
    await connection.close();
  });

  test('a cursor of another version starts the pull afresh, by its error', async () => {
    const connection = openHubspot();
    for (const cursor of ['{}', 'x', '{"v":2,"kind":"since","from":1}', '{"v":1,"kind":"drain","at":1}']) {
      await expect(pages(connection, cursor, [], contacts)).rejects.toMatchObject({
        code: 'crm_cursor_expired',
      });
    }
    await connection.close();
  });
});

describe('reading single records', () => {
  const read = (connection: Connection, ids: readonly string[]) =>
    connection.read({ type: 'contacts', ids, fields: ['email'], discovery: contacts });

  test('present ones, archived ones, merged ones, and ones that are gone', async () => {
    const batch = `${LIST}/batch/read`;
    mock
      .on(API)
      .post(batch)
      .reply(207, { results: [row('1')], errors: [{ category: 'OBJECT_NOT_FOUND', message: '' }] });
    mock
      .on(API)
      .post(`${batch}?archived=true`, (body: { inputs: unknown }) => {
        expect(body.inputs).toEqual([{ id: '2' }, { id: '3' }, { id: '4' }]);
        return true;
      })
      .reply(200, { results: [row('2', { archived: true, archivedAt: '2026-01-05T00:00:00Z' })] });
    const merged = row('30', {
      properties: { lastmodifieddate: '2026-01-04T00:00:00Z', hs_merged_object_ids: '3;29' },
    });
    mock.on(API).get(`${LIST}/3`).query(true).reply(200, merged);
    mock.on(API).get(`${LIST}/4`).query(true).reply(404, { category: 'OBJECT_NOT_FOUND', message: '' });
    mock
      .on(API)
      .post('/crm/associations/2026-03/contacts/companies/batch/read', {
        inputs: [{ id: '1' }, { id: '30' }],
      })
      .reply(207, {
        results: [
          {
            from: { id: '1' },
            to: [
              {
                toObjectId: '9',
                associationTypes: [{ category: 'HUBSPOT_DEFINED', typeId: 1, label: 'Primary' }],
              },
            ],
          },
        ],
        errors: [
          { subCategory: 'crm.associations.NO_ASSOCIATIONS_FOUND', context: { fromObjectId: ['30'] } },
        ],
      });
    const connection = openHubspot();
    const { records, gone } = await read(connection, ['1', '2', '3', '4', '1']);
    expect(gone).toEqual(['3', '4']);
    expect(
      records.map(({ id, state, mergedIds, associations }) => [id, state, mergedIds, associations]),
    ).toEqual([
      ['1', 'live', [], { companies: [{ type: 'companies', id: '9', primary: true, label: null }] }],
      ['2', 'archived', [], {}],
      ['30', 'live', ['3', '29'], { companies: [] }],
    ]);
    await connection.close();
  });

  test('a record that could not be read for the moment is never reported as gone', async () => {
    const failed = { results: [row('1')], errors: [{ category: 'INTERNAL_ERROR', context: { ids: ['2'] } }] };
    mock.on(API).post(`${LIST}/batch/read`).reply(207, failed);
    mock
      .on(API)
      .post(`${LIST}/batch/read`)
      .reply(200, { results: [row('1'), row('2')] });
    mock.on(API).post('/crm/associations/2026-03/contacts/companies/batch/read').reply(200, { results: [] });
    const connection = openHubspot();
    const { records, gone } = await read(connection, ['1', '2']);
    expect([records.length, gone]).toEqual([2, []]);
    await connection.close();
  });

  test('2,500 ids take 25 batch reads and 3 of associations', async () => {
    mock
      .on(API)
      .post(`${LIST}/batch/read`)
      .times(25)
      .reply(async (request: Request) => {
        const { inputs } = (await request.json()) as { inputs: { id: string }[] };
        return [200, { results: inputs.map(({ id }) => row(id)) }];
      });
    mock
      .on(API)
      .post('/crm/associations/2026-03/contacts/companies/batch/read')
      .times(3)
      .reply(200, { results: [] });
    const connection = openHubspot();
    const ids = Array.from({ length: 2_500 }, (_, index) => String(index + 1));
    const { records, gone } = await read(connection, ids);
    expect([records.length, gone.length]).toEqual([2_500, 0]);
    expect(connection.usage.byPurpose).toEqual({ read: 25, associations: 3 });
    await connection.close();
  });
});
