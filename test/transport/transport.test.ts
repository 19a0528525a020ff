import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import { systemClock } from '../../src/model/clock.ts';
import { WaystageError } from '../../src/model/errors.ts';
import { createTransport, isUnknownOutcome } from '../../src/transport/index.ts';
import type { HttpRequest, Transport, TransportOptions } from '../../src/transport/port.ts';
import { FakeClock } from '../helpers/fake-clock.ts';

type Handler = (request: IncomingMessage, response: ServerResponse, call: number) => void;

const opened: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0)) await close();
});

async function serve(handler: Handler): Promise<{ origin: string; calls: () => number; server: Server }> {
  let calls = 0;
  const server = createServer((request, response) => {
    calls += 1;
    handler(request, response, calls);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  opened.push(
    () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  );
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls: () => calls, server };
}

function open(origin: string, changes: Partial<TransportOptions> = {}): Transport {
  const transport = createTransport({
    clock: systemClock,
    random: () => 0,
    signal: new AbortController().signal,
    deadlines: { headers: 5_000, body: 5_000, total: 20_000 },
    maxBytes: 100_000,
    maxTries: 3,
    buckets: [{ name: 'general', windowMs: 100, limit: 100 }],
    judge: (answer) => {
      if (answer.status < 300) return { kind: 'ok' };
      if (answer.status === 429) {
        return { kind: 'retry', pause: 'general', error: new WaystageError('crm_rate_limit', 'too many') };
      }
      if (answer.status >= 500) {
        return { kind: 'retry', error: new WaystageError('crm_unreachable', 'down', { retryable: true }) };
      }
      return { kind: 'fail', error: new WaystageError('crm_refused', 'no') };
    },
    origin,
    ...changes,
  });
  opened.push(() => transport.close());
  return transport;
}

function get(origin: string, changes: Partial<HttpRequest> = {}): HttpRequest {
  return {
    method: 'GET',
    url: `${origin}/thing?email=ada%40example.com`,
    purpose: 'pull',
    idempotent: true,
    buckets: ['general'],
    ...changes,
  };
}

const write = (origin: string): HttpRequest =>
  get(origin, { method: 'POST', body: '{"a":"ü"}', idempotent: false, purpose: 'write' });

describe('transport', () => {
  test('sends headers and body, gives back text, headers, server time and counts by purpose', async () => {
    const seen: string[] = [];
    const { origin } = await serve((request, response) => {
      request.setEncoding('utf8').on('data', (text: string) => seen.push(text));
      request.on('end', () => {
        response.setHeader('Date', 'Mon, 05 Jan 2026 09:00:00 GMT');
        response.setHeader('X-Echo', String(request.headers['x-mine']));
        response.end('grüß');
      });
    });
    const transport = open(origin);
    const answer = await transport.send({ ...write(origin), headers: { 'X-Mine': 'yes' } });
    expect(answer).toMatchObject({ status: 200, text: 'grüß', serverTime: Date.UTC(2026, 0, 5, 9) });
    expect(answer.headers['x-echo']).toBe('yes');
    expect(seen.join('')).toBe('{"a":"ü"}');
    await transport.charge(['general'], 'meta');
    expect(transport.usage).toEqual({
      requests: 2,
      rateLimited: 0,
      retries: 0,
      byPurpose: { write: 1, meta: 1 },
    });
  });

  test('reads gzip; a cut gzip body is tried again, never half read (F6)', async () => {
    const whole = gzipSync('{"results":[1,2,3]}');
    const { origin, calls } = await serve((_request, response, call) => {
      response.setHeader('Content-Encoding', 'gzip');
      response.end(call === 1 ? whole.subarray(0, whole.length - 6) : whole);
    });
    expect((await open(origin).send(get(origin))).text).toBe('{"results":[1,2,3]}');
    expect(calls()).toBe(2);
  });

  test('a connection reset in mid-body is tried again for reads, bounded (F5)', async () => {
    const { origin, calls } = await serve((_request, response) => {
      response.setHeader('Content-Length', '50');
      response.write('half');
      setImmediate(() => response.destroy());
    });
    await expect(open(origin).send(get(origin))).rejects.toMatchObject({
      code: 'crm_unreachable',
      retryable: true,
    });
    expect(calls()).toBe(3);
  });

  test('a body shorter than announced is a bad answer', async () => {
    // Node's own server would not send such an answer, so this one speaks over a bare socket.
    const sockets: Socket[] = [];
    const server = createTcpServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => undefined);
      socket.on('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}'));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    opened.push(
      () =>
        new Promise((resolve) => {
          for (const socket of sockets) socket.destroy();
          server.close(() => resolve());
        }),
    );
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await expect(open(origin, { maxTries: 1 }).send(get(origin))).rejects.toMatchObject({ retryable: true });
  });

  test('a write whose answer is lost is not sent again and says so', async () => {
    const { origin, calls } = await serve((request) => {
      request.on('data', () => undefined).on('end', () => request.socket.destroy());
    });
    const error = await open(origin)
      .send(write(origin))
      .catch((caught: unknown) => caught);
    expect(isUnknownOutcome(error)).toBe(true);
    expect(error).toMatchObject({ code: 'crm_unreachable', retryable: false });
    expect(calls()).toBe(1);
  });

  test('a write answered with 502 has an unknown outcome; one answered with 429 was not done and is sent again', async () => {
    const { origin, calls } = await serve((_request, response, call) => {
      response.statusCode = call === 1 ? 429 : 502;
      response.end();
    });
    const error = await open(origin)
      .send(write(origin))
      .catch((caught: unknown) => caught);
    expect(isUnknownOutcome(error)).toBe(true);
    expect(calls()).toBe(2);
  });

  test('a write that never got a connection is known not to be done: tried again, not marked', async () => {
    const { origin, server } = await serve((_request, response) => response.end());
    await new Promise((resolve) => server.close(resolve));
    const error = await open(origin)
      .send(write(origin))
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'crm_unreachable', retryable: true });
    expect(isUnknownOutcome(error)).toBe(false);
  });

  test('header, body and total deadlines (F7)', async () => {
    const { origin } = await serve((request, response) => {
      if (request.url === '/slow-body') response.write('a');
    });
    const silent = open(origin, { deadlines: { headers: 30, body: 5_000, total: 5_000 }, maxTries: 2 });
    await expect(silent.send(get(origin))).rejects.toThrow(/no answer within 30 ms/);
    expect(silent.usage.requests).toBe(2);
    const endless = open(origin, { deadlines: { headers: 5_000, body: 30, total: 5_000 }, maxTries: 1 });
    await expect(endless.send(get(origin, { url: `${origin}/slow-body` }))).rejects.toThrow(
      /not complete within 30 ms/,
    );
    const total = open(origin, { deadlines: { headers: 40, body: 40, total: 60 }, maxTries: 9 });
    await expect(total.send(get(origin))).rejects.toMatchObject({ code: 'crm_unreachable' });
    expect(total.usage.requests).toBeLessThanOrEqual(2);
  });

  test('an endless body is cut at the byte cap, a gzip bomb too, and neither is tried again', async () => {
    const { origin, calls } = await serve((request, response) => {
      if (request.url === '/bomb') {
        response.setHeader('Content-Encoding', 'gzip');
        response.end(gzipSync(Buffer.alloc(3_000_000)));
        return;
      }
      const more = (): void => {
        if (!response.destroyed) response.write(Buffer.alloc(60_000), more);
      };
      more();
    });
    const transport = open(origin);
    await expect(transport.send(get(origin))).rejects.toThrow(/larger than 100000 bytes/);
    await expect(transport.send(get(origin, { url: `${origin}/bomb` }))).rejects.toThrow(
      /larger than 100000 bytes/,
    );
    expect(calls()).toBe(2);
  });

  test('follows no redirect, calls no other origin, and names no query in its messages', async () => {
    const { origin, calls } = await serve((_request, response) => {
      response.writeHead(302, { Location: 'http://127.0.0.1:9/secret' }).end();
    });
    const transport = open(origin);
    const error = await transport.send(get(origin)).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'crm_bad_answer', retryable: false });
    expect(String(error)).not.toMatch(/secret|example\.com/);
    expect(calls()).toBe(1);
    for (const url of ['http://127.0.0.1:9/', origin.replace('http://', 'http://user:pass@'), 'nonsense']) {
      await expect(transport.send(get(origin, { url }))).rejects.toMatchObject({ code: 'internal' });
    }
    expect(calls()).toBe(1);
  });

  test.each([
    ['seconds', { 'Retry-After': '7' }],
    // The server's own clock is ten minutes fast: the date counts from it, not from ours (F11).
    ['a date', { Date: 'Mon, 05 Jan 2026 09:10:00 GMT', 'Retry-After': 'Mon, 05 Jan 2026 09:10:07 GMT' }],
  ])('honours Retry-After in %s and pauses the bucket for everybody (F1)', async (_form, headers) => {
    const { origin } = await serve((_request, response, call) => {
      if (call === 1) for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      response.statusCode = call === 1 ? 429 : 200;
      response.end();
    });
    const clock = new FakeClock();
    const transport = open(origin, { clock });
    const start = clock.now();
    const first = transport.send(get(origin));
    while (transport.usage.rateLimited === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    const second = transport.send(get(origin));
    await clock.advance(6_900);
    expect(transport.usage.requests).toBe(1);
    await clock.advance(200);
    await Promise.all([first, second]);
    expect(clock.now() - start).toBe(7_100);
    expect(transport.usage).toMatchObject({ requests: 3, rateLimited: 1, retries: 1 });
  });

  test('does not wait for a Retry-After beyond its total deadline; the others are told at once', async () => {
    const { origin, calls } = await serve((_request, response) => {
      response.writeHead(429, { 'Retry-After': '3600' }).end();
    });
    const transport = open(origin);
    await expect(transport.send(get(origin))).rejects.toMatchObject({ code: 'crm_rate_limit' });
    await expect(transport.send(get(origin))).rejects.toMatchObject({
      code: 'crm_rate_limit',
      retryAfter: expect.any(Number),
    });
    expect(calls()).toBe(1);
  });

  test('a refusal is not tried again', async () => {
    const { origin, calls } = await serve((_request, response) => {
      response.statusCode = 400;
      response.end('{}');
    });
    await expect(open(origin).send(get(origin))).rejects.toMatchObject({ code: 'crm_refused' });
    expect(calls()).toBe(1);
  });

  test('a stopped run ends what is in flight, in the queue and asleep; a write in flight is marked', async () => {
    const { origin, calls } = await serve(() => undefined);
    const stop = new AbortController();
    const transport = open(origin, {
      signal: stop.signal,
      buckets: [{ name: 'general', windowMs: 60_000, limit: 2 }],
    });
    const flying = transport.send(write(origin)).catch((caught: unknown) => caught);
    const queued = transport.send(get(origin)).catch((caught: unknown) => caught);
    while (calls() < 1) await new Promise((resolve) => setTimeout(resolve, 2));
    stop.abort();
    expect(await queued).toMatchObject({ code: 'stopped' });
    expect(isUnknownOutcome(await queued)).toBe(false);
    expect(await flying).toMatchObject({ code: 'stopped' });
    expect(isUnknownOutcome(await flying)).toBe(true);
    await expect(transport.send(get(origin))).rejects.toMatchObject({ code: 'stopped' });
  });

  test('keeps sockets alive between requests and closes them on close()', async () => {
    const { origin, server } = await serve((_request, response) => response.end('ok'));
    let sockets = 0;
    let open_ = 0;
    server.on('connection', (socket: Socket) => {
      sockets += 1;
      open_ += 1;
      socket.on('close', () => {
        open_ -= 1;
      });
    });
    const transport = open(origin);
    for (let i = 0; i < 25; i += 1) await transport.send(get(origin));
    expect(sockets).toBe(1);
    expect(open_).toBe(1);
    await transport.close();
    while (open_ > 0) await new Promise((resolve) => setTimeout(resolve, 2));
  });
});
