import { request as httpRequest } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import {
  type ControlActions,
  ControlError,
  createSandboxTime,
  createWindowLimit,
  createWriteLog,
  jsonBody,
  type RunningServer,
  type ServerOptions,
  startServer,
  type Vendor,
} from '../../src/sandbox/index.ts';

const START = Date.UTC(2026, 10, 2, 9);
let running: RunningServer | null = null;
afterEach(async () => {
  await running?.close();
  running = null;
});

async function start(change: Partial<ServerOptions> = {}, control: Partial<ControlActions> = {}) {
  const calls: { name: string; input: unknown }[] = [];
  const call =
    (name: string) =>
    (input: unknown): unknown => {
      calls.push({ name, input });
      return { name };
    };
  const slept: number[] = [];
  const clock = {
    now: () => START,
    sleep: async (ms: number) => {
      slept.push(ms);
    },
  };
  const time = createSandboxTime(clock);
  const limit = createWindowLimit({ name: 'ten-secondly', windowMs: 10_000, limit: 2 });
  const writes = createWriteLog();
  const vendor: Vendor = {
    routes: [
      {
        method: 'GET',
        pattern: '/things/:id',
        handle: (r) => ({ status: 200, body: { id: r.params['id'] } }),
      },
      {
        method: 'GET',
        pattern: '/things/all',
        handle: () => ({ status: 200, body: { all: 'x'.repeat(5_000) } }),
      },
      {
        method: 'POST',
        pattern: '/things',
        tags: ['free'],
        handle: (r) => ({ status: 201, body: jsonBody(r) }),
      },
      { method: 'DELETE', pattern: '/things/:id', tags: ['free'], handle: () => ({ status: 204 }) },
    ],
    limits: [limit],
    control: {
      reset: () => void call('reset')(null),
      edit: call('edit'),
      create: call('create'),
      merge: call('merge'),
      delete: call('delete'),
      associate: call('associate'),
      writes: () => writes.all(),
      records: (type, id) => (id === 'gone' ? null : { type, id }),
      ...control,
    },
    before: (r, route) =>
      route?.tags?.includes('free') || limit.take(r.at).allowed
        ? null
        : { status: 429, body: { slow: true } },
    notFound: () => ({ status: 404, body: { error: 'nothing here' } }),
    wrongMethod: (_r, allowed) => ({ status: 405, headers: { Allow: allowed.join(', ') }, body: {} }),
    urlTooLong: () => ({ status: 414, body: {} }),
    bodyTooLarge: () => ({ status: 413, body: {} }),
    failed: (error) => ({ status: error instanceof SyntaxError ? 400 : 500, body: { error: String(error) } }),
    finish: (_r, answer) => ({ ...answer, headers: { ...answer.headers, 'X-Vendor': 'yes' } }),
  };
  running = await startServer({ vendor, time, clock, port: 0, ...change });
  const url = running.url;
  const control1 = async (method: string, name: string, body?: unknown) => {
    const answer = await fetch(`${url}/__sandbox/${name}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  return { url, calls, slept, writes, control: control1 };
}

describe('router', () => {
  test('a fixed segment wins over a name, names are decoded, strays are refused', async () => {
    const { url, control } = await start();
    expect(await (await fetch(`${url}/things/a%2Fb%20c`)).json()).toEqual({ id: 'a/b c' });
    expect(((await (await fetch(`${url}/things/all`)).json()) as { all: string }).all).toHaveLength(5_000);
    for (const path of ['/things/', '/things/1/', '/Things/1', '/things/%E0%A4%A', '//things/1', '/']) {
      await control('POST', 'reset');
      expect([path, (await fetch(url + path, { method: 'DELETE' })).status]).toEqual([path, 404]);
    }
  });

  test('a known path with another method is 405 with Allow', async () => {
    const { url } = await start();
    const answer = await fetch(`${url}/things`, { method: 'PUT', body: '{}' });
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe('POST');
    expect(answer.headers.get('x-vendor')).toBe('yes');
  });

  test('two routes for one path are a bug of the sandbox', async () => {
    const { createRouter } = await import('../../src/sandbox/router.ts');
    const route = { method: 'GET' as const, handle: () => ({ status: 200 }) };
    expect(() =>
      createRouter([
        { ...route, pattern: '/a/:x' },
        { ...route, pattern: '/a/:y' },
      ]),
    ).toThrow(/Two routes/);
  });
});

describe('server', () => {
  test('stamps the Date header with sandbox time and moves it with the clock', async () => {
    const { url, control } = await start();
    expect((await fetch(`${url}/things/1`)).headers.get('date')).toBe(new Date(START).toUTCString());
    expect((await control('POST', 'clock', { advance: 60_000 })).body).toEqual({ now: START + 60_000 });
    expect((await fetch(`${url}/things/1`)).headers.get('date')).toBe(new Date(START + 60_000).toUTCString());
    expect((await control('POST', 'clock', { advance: -1 })).status).toBe(400);
  });

  test('counts by route, refusals and peaks; a reset clears them and the limits', async () => {
    const { url, control, calls } = await start();
    for (let index = 0; index < 4; index += 1) await fetch(`${url}/things/${index}`);
    await fetch(`${url}/nowhere`);
    expect((await control('GET', 'requests')).body).toEqual({
      total: 5,
      refused: 3,
      routes: { 'GET (unknown path)': 1, 'GET /things/:id': 4 },
      peaks: { 'ten-secondly': { windowMs: 10_000, limit: 2, peak: 5 } },
    });
    await control('POST', 'clock', { advance: 10_000 });
    expect((await fetch(`${url}/things/1`)).status).toBe(200);
    await control('POST', 'reset');
    expect(calls.map((one) => one.name)).toEqual(['reset']);
    expect((await control('GET', 'requests')).body).toMatchObject({ total: 0, refused: 0, routes: {} });
    expect((await fetch(`${url}/things/1`)).status).toBe(200);
  });

  test('caps bodies and URLs and reports broken JSON through the vendor', async () => {
    const { url } = await start({ maxBodyBytes: 1_000, maxUrlLength: 200 });
    expect((await fetch(`${url}/things`, { method: 'POST', body: '{' })).status).toBe(400);
    expect((await fetch(`${url}/things/1?q=${'x'.repeat(300)}`)).status).toBe(414);
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const call = httpRequest(`${url}/things`, { method: 'POST' }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      });
      call.on('error', reject);
      call.end('x'.repeat(2_000));
    });
    expect(status).toBe(413);
    expect((await fetch(`${url}/things`, { method: 'POST', body: '{"a":1}' })).status).toBe(201);
  });

  test('answers without a body, compressed on request, and later by the latency', async () => {
    const { url, slept, control } = await start({ gzip: true, latencyMs: 25 });
    const gone = await fetch(`${url}/things/1`, { method: 'DELETE' });
    expect([gone.status, await gone.text(), gone.headers.get('content-length')]).toEqual([204, '', null]);
    const raw = await new Promise<{ encoding: string | undefined; bytes: Buffer }>((resolve, reject) => {
      httpRequest(`${url}/things/all`, { headers: { 'accept-encoding': 'gzip' } }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () =>
          resolve({ encoding: answer.headers['content-encoding'], bytes: Buffer.concat(chunks) }),
        );
      })
        .on('error', reject)
        .end();
    });
    expect(raw.encoding).toBe('gzip');
    expect(JSON.parse(gunzipSync(raw.bytes).toString())).toEqual({ all: 'x'.repeat(5_000) });
    expect(slept).toEqual([25, 25]);
    await control('GET', 'requests');
    expect(slept).toHaveLength(2);
  });

  test('close ends idle keep-alive connections at once', async () => {
    const { url } = await start();
    await (await fetch(`${url}/things/1`)).text();
    await running?.close();
    running = null;
    await expect(fetch(`${url}/things/1`)).rejects.toThrow();
  });
});

describe('control routes', () => {
  test('hand checked input to the CRM and refuse what they do not know', async () => {
    const { control, calls } = await start();
    const inputs: [string, unknown][] = [
      ['edit', { type: 'contacts', id: '1', properties: { firstname: 'A', age: 3, x: null } }],
      ['create', { type: 'contacts', properties: {}, associations: [{ toType: 'companies', toId: '2' }] }],
      ['merge', { type: 'contacts', id: '1', mergeId: '2' }],
      ['delete', { type: 'contacts', id: '1', purge: true }],
      ['associate', { type: 'contacts', id: '1', toType: 'companies', toId: '2', primary: true }],
    ];
    for (const [name, input] of inputs) expect((await control('POST', name, input)).body).toEqual({ name });
    expect(calls).toEqual(inputs.map(([name, input]) => ({ name, input })));
    expect((await control('POST', 'edit', { type: 'contacts', id: 1, properties: {} })).status).toBe(400);
    expect((await control('POST', 'delete', { type: 'contacts', id: '1', why: 1 })).body).toEqual({
      error: expect.stringContaining('why'),
    });
    expect((await control('POST', 'edit')).body).toEqual({ error: expect.stringContaining('not JSON') });
  });

  test('an unknown control route says what exists', async () => {
    const { control } = await start();
    const answer = await control('POST', 'nothing', {});
    expect(answer.status).toBe(404);
    expect(answer.body['routes']).toContain('POST /__sandbox/edit');
    expect((await control('GET', 'edit')).status).toBe(405);
  });

  test('reads records and writes; a refusal of the CRM is a 400 with its words', async () => {
    const { control, writes } = await start(
      {},
      {
        edit: () => {
          throw new ControlError('There is no contact 9.');
        },
      },
    );
    writes.add({ at: 1, by: 'person', type: 'contacts', id: '1', field: 'a', old: null, new: 'b' });
    expect((await control('GET', 'writes')).body).toEqual({ writes: writes.all() });
    expect((await control('GET', 'records?type=contacts&id=7')).body).toEqual({ type: 'contacts', id: '7' });
    expect((await control('GET', 'records?type=contacts')).body).toEqual({ type: 'contacts', id: null });
    expect((await control('GET', 'records?type=contacts&id=gone')).status).toBe(404);
    expect((await control('GET', 'records?id=7')).status).toBe(400);
    expect((await control('GET', 'records?type=a&limit=7')).status).toBe(400);
    const refused = await control('POST', 'edit', { type: 'contacts', id: '9', properties: {} });
    expect(refused).toEqual({ status: 400, body: { error: 'There is no contact 9.' } });
  });
});
