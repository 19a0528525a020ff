import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import type { Write } from '../../../src/connector/port.ts';
import { mockHttp } from '../../helpers/http-mock.ts';
import { hubspotConfig, openHubspot, TOKEN } from '../../helpers/hubspot.ts';

const mock = mockHttp();
const API = 'https://api.hubapi.com';
const PATH = '/crm/objects/2026-03/contacts/batch/update';

interface Batch {
  readonly inputs: readonly { readonly id: string; readonly properties: Readonly<Record<string, string>> }[];
}

const stages = (count: number): Write[] =>
  writes(count).map((write) => ({ ...write, fields: { waystage_stage: `stage ${write.id}` } }));

const writes = (count: number, fields: Write['fields'] = { waystage_stage: 'active' }): Write[] =>
  Array.from({ length: count }, (_, index) => ({ id: String(index + 1), fields, parent: null }));

/** Answers batch updates: `bad` ids make the whole batch a 400 about one value. */
function strict(bad: readonly string[]): { readonly sent: number[] } {
  const sent: number[] = [];
  mock
    .on(API)
    .persist()
    .post(PATH)
    .reply(async (request: Request) => {
      const { inputs } = (await request.json()) as Batch;
      sent.push(inputs.length);
      if (inputs.some(({ id }) => bad.includes(id))) {
        const rows = [
          { isValid: false, error: 'INVALID_OPTION', name: 'waystage_stage', message: 'secret value' },
        ];
        const message = `Property values were not valid: ${JSON.stringify(rows)}`;
        return [400, { status: 'error', category: 'VALIDATION_ERROR', message }];
      }
      // In another order than asked.
      return [
        200,
        { status: 'COMPLETE', results: inputs.map(({ id }) => ({ id, properties: {} })).reverse() },
      ];
    });
  return { sent };
}

describe('writing to HubSpot', () => {
  test('sends text, clears with the empty text, and matches results by id', async () => {
    let seen: Batch | undefined;
    mock
      .on(API)
      .post(PATH, (body) => {
        seen = body as Batch;
        return true;
      })
      .matchHeader('authorization', `Bearer ${TOKEN}`)
      .reply(200, { results: [{ id: '2' }, { id: '1' }] });
    const connection = openHubspot();
    const results = await connection.push('contacts', [
      { id: '1', fields: { waystage_stage: null, waystage_health_score: 82 }, parent: null },
      { id: '2', fields: { waystage_stage_entered: '2026-01-31', ['__proto__']: 'x' }, parent: null },
    ]);
    expect(results).toEqual([
      { id: '1', outcome: 'written' },
      { id: '2', outcome: 'written' },
    ]);
    expect(seen?.inputs[0]).toMatchObject({
      id: '1',
      properties: { waystage_stage: '', waystage_health_score: '82' },
    });
    expect(JSON.stringify(seen?.inputs[1])).toContain('"__proto__":"x"');
    expect(connection.usage.byPurpose).toEqual({ write: 1 });
    await connection.close();
  });

  test('one bad row in a hundred does not stop the rest, and is found in few requests (I7)', async () => {
    const { sent } = strict(['37']);
    const connection = openHubspot();
    const results = await connection.push('contacts', stages(100));
    expect(results.filter(({ outcome }) => outcome === 'written')).toHaveLength(99);
    expect(results[36]).toMatchObject({
      id: '37',
      outcome: 'refused',
      code: 'INVALID_OPTION',
      retryable: false,
    });
    expect(JSON.stringify(results)).not.toContain('secret value');
    expect(sent.length).toBeLessThanOrEqual(15);
    await connection.close();
  });

  test('a batch full of bad rows is bounded, and what was not tried can be tried again', async () => {
    const { sent } = strict(writes(100).map(({ id }) => id));
    const connection = openHubspot();
    const results = await connection.push('contacts', stages(100));
    expect(results.every(({ outcome }) => outcome === 'refused')).toBe(true);
    expect(results.some((result) => result.outcome === 'refused' && result.retryable)).toBe(true);
    expect(sent.length).toBeLessThanOrEqual(81);
    await connection.close();
  });

  test('an option that HubSpot no longer has is looked for once, not in every batch', async () => {
    const { sent } = strict(writes(100).map(({ id }) => id));
    const connection = openHubspot();
    const mixed = writes(100).map((write, index) =>
      index < 50 ? write : { ...write, id: `fine${index}`, fields: { waystage_stage: 'trial' } },
    );
    for (let batch = 0; batch < 3; batch += 1) {
      const results = await connection.push('contacts', mixed);
      expect(results.filter(({ outcome }) => outcome === 'written')).toHaveLength(50);
      expect(results[0]).toMatchObject({ outcome: 'refused', code: 'INVALID_OPTION', retryable: false });
    }
    expect(sent).toEqual([100, 50, 50, 50, 50]);
    await connection.close();
  });

  test('a property that does not exist refuses its rows at once; the others are written', async () => {
    let calls = 0;
    mock
      .on(API)
      .persist()
      .post(PATH)
      .reply(async (request: Request) => {
        calls += 1;
        const { inputs } = (await request.json()) as Batch;
        if (inputs.some(({ properties }) => 'waystage_segment' in properties)) {
          const rows = [{ isValid: false, error: 'PROPERTY_DOESNT_EXIST', name: 'waystage_segment' }];
          const message = `Property values were not valid: ${JSON.stringify(rows)}`;
          return [400, { status: 'error', category: 'VALIDATION_ERROR', message }];
        }
        return [200, { results: inputs.map(({ id }) => ({ id })) }];
      });
    const connection = openHubspot();
    const results = await connection.push('contacts', [
      ...writes(40),
      ...Array.from({ length: 60 }, (_, index) => ({
        id: `x${index}`,
        fields: { waystage_segment: 'smb' },
        parent: null,
      })),
    ]);
    expect(results.filter(({ outcome }) => outcome === 'written')).toHaveLength(40);
    expect(results[99]).toMatchObject({
      outcome: 'refused',
      code: 'PROPERTY_DOESNT_EXIST',
      message: expect.stringContaining('waystage_segment'),
    });
    expect(calls).toBe(2);
    await connection.close();
  });

  test('a 207 settles each row: written, refused by id, refused by trace id', async () => {
    mock
      .on(API)
      .post(PATH)
      .reply(207, {
        results: [{ id: '1' }],
        numErrors: 2,
        errors: [
          { category: 'OBJECT_NOT_FOUND', message: 'gone', context: { ids: ['2'] } },
          { category: 'VALIDATION_ERROR', message: 'no', context: { objectWriteTraceId: ['2'] } },
        ],
      });
    const connection = openHubspot();
    expect(await connection.push('contacts', writes(3))).toMatchObject([
      { id: '1', outcome: 'written' },
      { id: '2', outcome: 'refused', code: 'OBJECT_NOT_FOUND' },
      { id: '3', outcome: 'refused', code: 'VALIDATION_ERROR' },
    ]);
    await connection.close();
  });

  test('a row without a result is unknown, never silently written', async () => {
    mock
      .on(API)
      .post(PATH)
      .reply(200, { results: [{ id: '1' }, { id: '99' }] });
    const connection = openHubspot();
    expect(await connection.push('contacts', writes(2))).toMatchObject([
      { id: '1', outcome: 'written' },
      { id: '2', outcome: 'unknown' },
    ]);
    await connection.close();
  });

  test('an error that names no row is pinned to its row by halving', async () => {
    mock
      .on(API)
      .persist()
      .post(PATH)
      .reply(async (request: Request) => {
        const { inputs } = (await request.json()) as Batch;
        const bad = inputs.some(({ id }) => id === '3');
        return [
          bad ? 207 : 200,
          {
            results: inputs.filter(({ id }) => (bad ? Number(id) > 4 : true)).map(({ id }) => ({ id })),
            ...(bad ? { errors: [{ category: 'VALIDATION_ERROR', message: 'some rows are bad' }] } : {}),
          },
        ];
      });
    const connection = openHubspot();
    const results = await connection.push('contacts', writes(8));
    expect(results.filter(({ outcome }) => outcome !== 'written')).toMatchObject([
      { id: '3', outcome: 'refused' },
    ]);
    await connection.close();
  });

  test('a lost answer is unknown for all its rows and is not sent again (I3)', async () => {
    let calls = 0;
    const server = createServer((request) => {
      calls += 1;
      request.on('data', () => undefined).on('end', () => request.socket.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const connection = openHubspot(hubspotConfig({ baseUrl }));
    const results = await connection.push('contacts', writes(2));
    expect(results.map(({ outcome }) => outcome)).toEqual(['unknown', 'unknown']);
    expect(calls).toBe(1);
    await connection.close();
    await new Promise((resolve) => server.close(resolve));
  });

  test('a 502 is unknown, a 429 is tried again, a refused token throws: nothing was written', async () => {
    const connection = openHubspot();
    mock.on(API).post(PATH).reply(502, '<html>');
    expect(await connection.push('contacts', writes(1))).toMatchObject([{ outcome: 'unknown' }]);
    mock.on(API).post(PATH).reply(429, { policyName: 'TEN_SECONDLY_ROLLING' });
    mock
      .on(API)
      .post(PATH)
      .reply(200, { results: [{ id: '1' }] });
    expect(await connection.push('contacts', writes(1))).toMatchObject([{ outcome: 'written' }]);
    mock
      .on(API)
      .post(PATH)
      .reply(401, { category: 'INVALID_AUTHENTICATION', message: `token ${TOKEN} is bad` });
    const error = await connection.push('contacts', writes(1)).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'crm_credentials', exitStatus: 3 });
    expect(JSON.stringify(error) + String(error)).not.toContain(TOKEN);
    await connection.close();
  });

  test('more than a batch, or a record twice, is a bug of the caller', async () => {
    const connection = openHubspot();
    await expect(connection.push('contacts', writes(101))).rejects.toMatchObject({ code: 'internal' });
    await expect(connection.push('contacts', [...writes(1), ...writes(1)])).rejects.toMatchObject({
      code: 'internal',
    });
    expect(await connection.push('contacts', [])).toEqual([]);
    expect(await connection.push('contacts', writes(1, {}))).toEqual([{ id: '1', outcome: 'written' }]);
    expect(connection.usage.requests).toBe(0);
    await connection.close();
  });
});
