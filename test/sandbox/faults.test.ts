import { Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import {
  createSandboxTime,
  type RunningServer,
  readFaultPlan,
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

interface Raw {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  readonly text: string;
  /** How it ended: `whole`, or the code of the error. */
  readonly end: string;
}

async function start(change: Partial<ServerOptions> = {}) {
  const slept: number[] = [];
  const clock = {
    now: () => START,
    sleep: async (ms: number) => {
      slept.push(ms);
    },
  };
  let works = 0;
  let refuse = false;
  const rows = [{ id: 'a' }, { id: 'b' }, { id: 'c' }];
  const answer = (body: unknown) => () => {
    works += 1;
    return { status: 200, body };
  };
  const vendor: Vendor = {
    routes: [
      { method: 'GET', pattern: '/lists/:type', handle: answer({ results: rows, total: 3 }) },
      { method: 'GET', pattern: '/queries', handle: answer({ records: rows, totalSize: 3 }) },
      { method: 'POST', pattern: '/lists/:type', handle: answer(rows) },
      {
        method: 'DELETE',
        pattern: '/lists/:type',
        handle: () => {
          works += 1;
          return { status: 204 };
        },
      },
    ],
    limits: [],
    control: {
      reset: () => {},
      edit: () => {},
      create: () => {},
      merge: () => {},
      delete: () => {},
      associate: () => {},
      writes: () => [],
      records: () => null,
    },
    faults: {
      named: {
        busy: {
          text: '429',
          answer: () => ({ status: 429, headers: { 'Retry-After': '3' }, body: { busy: true } }),
        },
        half: {
          text: 'works, then says so',
          meets: (request) => request.method === 'GET',
          answer: async (request, work) => ({ ...(await work(request)), status: 207 }),
        },
      },
      statusAnswer: (status) => ({ status, body: { vendor: status } }),
    },
    before: () => (refuse ? { status: 401 } : null),
    notFound: () => ({ status: 404, body: {} }),
    wrongMethod: () => ({ status: 405, body: {} }),
    urlTooLong: () => ({ status: 414, body: {} }),
    bodyTooLarge: () => ({ status: 413, body: {} }),
    failed: (error) => ({ status: 500, body: { message: String(error) } }),
    finish: (_request, done) => ({ ...done, headers: { ...done.headers, 'X-Limit': '9' } }),
  };
  running = await startServer({ vendor, time: createSandboxTime(clock), clock, port: 0, ...change });
  const { url } = running;
  const raw = (method: string, path: string, headers: Record<string, string> = {}, body = ''): Promise<Raw> =>
    new Promise((resolve) => {
      const outgoing = httpRequest(url + path, { method, headers, agent: new Agent({ keepAlive: false }) });
      const chunks: Buffer[] = [];
      let status = 0;
      let got: IncomingHttpHeaders = {};
      const end = (how: string): void => {
        const bytes = Buffer.concat(chunks);
        resolve({ status, headers: got, bytes, text: bytes.toString('utf8'), end: how });
      };
      outgoing.on('error', (error) => end((error as NodeJS.ErrnoException).code ?? error.message));
      outgoing.on('response', (message) => {
        status = message.statusCode ?? 0;
        got = message.headers;
        message.on('data', (chunk: Buffer) => chunks.push(chunk));
        message.on('error', (error) => end((error as NodeJS.ErrnoException).code ?? error.message));
        message.on('end', () => end('whole'));
      });
      outgoing.end(body);
    });
  const control = async (method: string, name: string, body?: unknown) => {
    const answered = await fetch(`${url}/__sandbox/${name}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    // biome-ignore lint/suspicious/noExplicitAny: answers of control routes are looked at freely
    return { status: answered.status, body: (await answered.json()) as any };
  };
  const fault = async (body: unknown): Promise<string> => {
    const made = await control('POST', 'fault', body);
    if (made.status !== 200) throw new Error(made.body.error);
    return made.body.id;
  };
  return {
    url,
    raw,
    control,
    fault,
    slept,
    works: () => works,
    refuseAll: () => {
      refuse = true;
    },
  };
}

const WHOLE = JSON.stringify({ results: [{ id: 'a' }, { id: 'b' }, { id: 'c' }], total: 3 });

describe('faults of the sandboxes, over raw HTTP', () => {
  test('status: the vendor error body, without the work; or any body and headers', async () => {
    const { raw, fault, works } = await start();
    await fault({ status: 503, count: 1 });
    const own = await raw('GET', '/lists/x');
    expect([own.status, own.text, own.headers['x-limit']]).toEqual([503, '{"vendor":503}', '9']);
    await fault({
      kind: 'status',
      status: 200,
      body: { error: 'no' },
      headers: { 'Retry-After': '7' },
      count: 1,
    });
    const given = await raw('GET', '/lists/x');
    expect([given.status, given.text, given.headers['retry-after']]).toEqual([200, '{"error":"no"}', '7']);
    expect(works()).toBe(0);
    expect((await raw('GET', '/lists/x')).text).toBe(WHOLE);
  });

  test('applied: the work is done, its answer lost', async () => {
    const { raw, fault, works } = await start();
    await fault({ status: 502, applied: true, count: 1 });
    expect((await raw('POST', '/lists/x')).status).toBe(502);
    expect(works()).toBe(1);
  });

  test('html: a web page with status 200', async () => {
    const { raw, fault } = await start();
    await fault({ kind: 'html' });
    const answer = await raw('GET', '/lists/x');
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'text/html;charset=utf-8']);
    expect(answer.text).toMatch(/^<!DOCTYPE html>/);
  });

  test('reset: the connection is cut before any answer, the work not done', async () => {
    const { raw, fault, works } = await start();
    await fault({ kind: 'reset', count: 1 });
    expect(await raw('GET', '/lists/x')).toMatchObject({ status: 0, end: 'ECONNRESET' });
    expect(works()).toBe(0);
  });

  test('reset-mid-body: announced whole, cut after half, the work done', async () => {
    const { raw, fault, works } = await start();
    await fault({ kind: 'reset-mid-body', count: 2 });
    const answer = await raw('GET', '/lists/x');
    expect(answer).toMatchObject({ status: 200, end: 'ECONNRESET' });
    expect(answer.headers['content-length']).toBe(String(WHOLE.length));
    expect(WHOLE.startsWith(answer.text) && answer.text.length < WHOLE.length).toBe(true);
    expect(works()).toBe(1);
    // Without a body there is nothing to cut: no answer at all.
    expect((await raw('DELETE', '/lists/x')).end).toBe('ECONNRESET');
  });

  test('truncate: half of the body, announced as the whole', async () => {
    const { raw, fault } = await start();
    await fault({ kind: 'truncate' });
    const answer = await raw('GET', '/lists/x');
    expect(answer).toMatchObject({
      status: 200,
      end: 'whole',
      text: WHOLE.slice(0, Math.floor(WHOLE.length / 2)),
    });
  });

  test('malformed: full length, no JSON, also where there is no body', async () => {
    const { raw, fault } = await start();
    await fault({ kind: 'malformed' });
    const answer = await raw('GET', '/lists/x');
    expect([answer.text.length, answer.end]).toEqual([WHOLE.length, 'whole']);
    expect(() => JSON.parse(answer.text)).toThrow(SyntaxError);
  });

  test('wrong-count: a row fewer than the answer says', async () => {
    const { raw, fault } = await start();
    await fault({ kind: 'wrong-count' });
    expect(JSON.parse((await raw('GET', '/lists/x')).text)).toEqual({
      results: [{ id: 'a' }, { id: 'b' }],
      total: 3,
    });
    expect(JSON.parse((await raw('GET', '/queries')).text)).toMatchObject({
      totalSize: 3,
      records: { length: 2 },
    });
    expect(JSON.parse((await raw('POST', '/lists/x')).text)).toEqual([{ id: 'a' }, { id: 'b' }]);
  });

  test('slow-body: whole in the end, in pieces with pauses', async () => {
    const { raw, fault, slept } = await start();
    await fault({ kind: 'slow-body', latencyMs: 700 });
    expect((await raw('GET', '/lists/x')).text).toBe(WHOLE);
    expect(slept.length).toBeGreaterThan(30);
    expect(new Set(slept)).toEqual(new Set([700]));
  });

  test('never: no answer until the client gives up', async () => {
    const { url, fault, works, control } = await start();
    await fault({ kind: 'never' });
    await expect(fetch(`${url}/lists/x`, { signal: AbortSignal.timeout(100) })).rejects.toThrow(/timeout/i);
    expect(works()).toBe(0);
    expect((await control('GET', 'requests')).body.total).toBe(1);
  });

  test('latency: later, otherwise the same; it adds to any other kind', async () => {
    const { raw, fault, slept } = await start({ latencyMs: 30 });
    await fault({ latencyMs: 250, count: 1 });
    expect((await raw('GET', '/lists/x')).text).toBe(WHOLE);
    await fault({ status: 500, latencyMs: 400, count: 1 });
    expect((await raw('GET', '/lists/x')).status).toBe(500);
    expect(slept).toEqual([280, 430]);
  });

  test('gzip-broken: damaged where only unpacking finds it', async () => {
    const { raw, fault } = await start();
    await fault({ kind: 'gzip-broken' });
    const answer = await raw('GET', '/lists/x', { 'accept-encoding': 'gzip' });
    expect([answer.status, answer.headers['content-encoding']]).toEqual([200, 'gzip']);
    expect(answer.bytes.length).toBe(Number(answer.headers['content-length']));
    expect(() => gunzipSync(answer.bytes)).toThrow();
    // A client that takes no gzip gets none.
    expect((await raw('GET', '/lists/x')).text).toBe(WHOLE);
  });

  test('date-off: a Date header ten minutes ahead, or as far off as asked', async () => {
    const { raw, fault } = await start();
    await fault({ kind: 'date-off', count: 1 });
    expect(Date.parse((await raw('GET', '/lists/x')).headers.date ?? '')).toBe(START + 600_000);
    await fault({ kind: 'date-off', offsetMs: -60_000 });
    expect(Date.parse((await raw('GET', '/lists/x')).headers.date ?? '')).toBe(START - 60_000);
  });

  test('by name: the vendor answers, may let the work through, and meets only what it can', async () => {
    const { raw, fault, works, control } = await start();
    await fault({ name: 'busy', count: 1, headers: { 'X-More': '1' } });
    const busy = await raw('GET', '/lists/x');
    expect([busy.status, busy.headers['retry-after'], busy.headers['x-more']]).toEqual([429, '3', '1']);
    expect((await control('GET', 'requests')).body.refused).toBe(1);
    await fault({ name: 'half' });
    expect((await raw('GET', '/lists/x')).status).toBe(207);
    expect((await raw('POST', '/lists/x')).status).toBe(200);
    expect(works()).toBe(2);
  });
});

describe('which requests a fault meets', () => {
  test.each([
    [{ route: '/lists/:type' }, ['GET /lists/x', 'POST /lists/y']],
    [{ route: 'GET /lists/:type' }, ['GET /lists/x']],
    [{ route: '/lists/y' }, ['POST /lists/y']],
    [{ route: '/*s' }, ['GET /queries?q=FROM%20Lead']],
    [{ method: 'POST' }, ['POST /lists/y']],
    [{ contains: 'FROM Lead' }, ['GET /queries?q=FROM%20Lead']],
    [{ contains: 'needle' }, ['POST /lists/y']],
  ])('%j', async (target, met) => {
    const { raw, fault } = await start();
    await fault({ status: 500, ...target });
    const seen: string[] = [];
    for (const [method, path, body] of [
      ['GET', '/lists/x', ''],
      ['GET', '/queries?q=FROM%20Lead', ''],
      ['POST', '/lists/y', 'a needle'],
    ] as const) {
      if ((await raw(method, path, {}, body)).status === 500) seen.push(`${method} ${path}`);
    }
    expect(seen).toEqual(met);
  });

  test('count and after, the first fault first, and what is left to see in GET faults', async () => {
    const { raw, fault, control } = await start();
    await fault({ status: 500, after: 1, count: 2 });
    await fault({ status: 502, count: 1 });
    const statuses: number[] = [];
    for (let index = 0; index < 5; index += 1) statuses.push((await raw('GET', '/lists/x')).status);
    // The second fault meets what the first lets by.
    expect(statuses).toEqual([502, 500, 500, 200, 200]);
    expect((await control('GET', 'faults')).body.faults).toEqual([
      { id: 'f1', kind: 'status', status: 500, after: 1, count: 2, seen: 3, hits: 2 },
      { id: 'f2', kind: 'status', status: 502, count: 1, seen: 1, hits: 1 },
    ]);
  });

  test('probability: the same seed meets the same requests, another one others', async () => {
    const { raw, fault, control } = await start();
    const run = async (seed: number): Promise<string> => {
      await fault({ status: 500, probability: 0.5, seed });
      let text = '';
      for (let index = 0; index < 40; index += 1)
        text += (await raw('GET', '/lists/x')).status === 500 ? 'x' : '.';
      await control('POST', 'fault', { clear: true });
      return text;
    };
    const first = await run(7);
    expect(await run(7)).toBe(first);
    expect(await run(8)).not.toBe(first);
    const share = first.replaceAll('.', '').length / 40;
    expect(share).toBeGreaterThan(0.25);
    expect(share).toBeLessThan(0.75);
  });

  test('what the token check or a limit refuses, no fault meets', async () => {
    const { raw, fault, control, refuseAll } = await start();
    await fault({ status: 500, count: 1 });
    refuseAll();
    expect((await raw('GET', '/lists/x')).status).toBe(401);
    expect((await control('GET', 'faults')).body.faults[0].hits).toBe(0);
  });

  test('clear takes one or all away; a reset brings the plan back, unused', async () => {
    const { raw, fault, control } = await start({ faults: [{ status: 418, count: 1 }] });
    expect((await raw('GET', '/lists/x')).status).toBe(418);
    const id = await fault({ status: 500 });
    expect((await control('POST', 'fault', { clear: id })).status).toBe(200);
    expect((await control('POST', 'fault', { clear: id })).body.error).toMatch(/no fault "f2"/);
    expect((await raw('GET', '/lists/x')).status).toBe(200);
    await control('POST', 'reset');
    expect((await raw('GET', '/lists/x')).status).toBe(418);
    await control('POST', 'fault', { clear: true });
    expect((await control('GET', 'faults')).body).toEqual({ faults: [] });
  });

  test.each([
    [{}, /does nothing/],
    [{ kind: 'explode' }, /kind/],
    [{ status: 500, statuss: 1 }, /statuss/],
    [{ kind: 'status' }, /needs "status"/],
    [{ kind: 'latency' }, /needs "latencyMs"/],
    [{ status: 99 }, /status/],
    [{ kind: 'reset', status: 500 }, /do not go/],
    [{ kind: 'truncate', applied: true }, /always done/],
    [{ status: 500, offsetMs: 5 }, /date-off/],
    [{ status: 500, probability: 2 }, /probability/],
    [{ status: 500, count: 0 }, /count/],
    [{ status: 500, method: 'FETCH' }, /method/],
    [{ status: 500, route: 'lists' }, /begin with/],
    [{ status: 500, route: '/nothing/here' }, /no route/],
    [{ status: 500, route: 'GET /lists/:type', method: 'POST' }, /method/],
    [{ name: 'nobody' }, /busy, half/],
    [{ name: 'busy', status: 500 }, /"status" does not go with "name"/],
    [{ clear: false }, /clear/],
    [{ clear: true, status: 500 }, /status/],
    ['text', /object|record/],
  ])('%j is refused', async (body, message) => {
    const { control } = await start();
    const answer = await control('POST', 'fault', body);
    expect([answer.status, answer.body.error]).toEqual([400, expect.stringMatching(message)]);
    expect((await control('GET', 'faults')).body.faults).toEqual([]);
  });

  test('a wrong plan refuses the start', async () => {
    await expect(start({ faults: [{ kind: 'explode' }] })).rejects.toThrow(/kind/);
  });
});

describe('plan files', () => {
  const ids = ['hubspot', 'salesforce'];

  test('YAML and JSON, for all sandboxes or one', () => {
    const yaml = '- {status: 503, count: 2}\n- sandbox: salesforce\n  name: daily-limit\n';
    const expected = {
      hubspot: [{ status: 503, count: 2 }],
      salesforce: [{ status: 503, count: 2 }, { name: 'daily-limit' }],
    };
    expect(readFaultPlan(yaml, ids)).toEqual(expected);
    const json = '[{"status":503,"count":2},{"sandbox":"salesforce","name":"daily-limit"}]';
    expect(readFaultPlan(json, ids)).toEqual(expected);
  });

  test.each([
    ['a: 1', /list/],
    ['- 5', /fault 1 .*mapping/],
    ['- {sandbox: zoho, status: 500}', /zoho.*hubspot, salesforce/],
    ['- {status: [', /no YAML/],
  ])('%s is refused', (text, message) => {
    expect(() => readFaultPlan(text, ids)).toThrow(message);
  });
});
