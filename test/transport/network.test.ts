import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { systemClock } from '../../src/model/clock.ts';
import { createTransport, isUnknownOutcome } from '../../src/transport/index.ts';
import type { HttpRequest, Transport, TransportOptions } from '../../src/transport/port.ts';
import { createFaultProxy, type FaultProxy } from '../helpers/fault-proxy.ts';

const BODY = JSON.stringify({ results: 'x'.repeat(40_000) });
const opened: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0)) await close();
});

async function start(
  changes: Partial<TransportOptions> = {},
): Promise<{ proxy: FaultProxy; transport: Transport; calls: () => number }> {
  let calls = 0;
  const server: Server = createServer((_request, response) => {
    calls += 1;
    response.end(BODY);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy = await createFaultProxy(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const transport = createTransport({
    clock: systemClock,
    random: () => 0,
    signal: new AbortController().signal,
    deadlines: { headers: 300, body: 2_000, total: 10_000 },
    maxBytes: 1_000_000,
    maxTries: 3,
    buckets: [{ name: 'general', windowMs: 100, limit: 100 }],
    judge: () => ({ kind: 'ok' }),
    origin: proxy.url,
    ...changes,
  });
  opened.push(
    () => transport.close(),
    () => proxy.close(),
    () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  );
  return { proxy, transport, calls: () => calls };
}

function get(proxy: FaultProxy, changes: Partial<HttpRequest> = {}): HttpRequest {
  return {
    method: 'GET',
    url: `${proxy.url}/thing`,
    purpose: 'pull',
    idempotent: true,
    buckets: ['general'],
    ...changes,
  };
}

describe('transport over a faulty network', () => {
  test.each([
    ['latency', { kind: 'latency', ms: 60 }],
    ['little bandwidth', { kind: 'bandwidth', bytesPerSecond: 400_000 }],
    ['an answer in slices', { kind: 'slicer', bytes: 997, pauseMs: 1 }],
  ] as const)('%s changes nothing but the time', async (_name, fault) => {
    const { proxy, transport } = await start();
    proxy.next(fault);
    const began = performance.now();
    expect((await transport.send(get(proxy))).text).toBe(BODY);
    expect(performance.now() - began).toBeGreaterThan(30);
    expect(transport.usage).toMatchObject({ requests: 1, retries: 0 });
  });

  test.each([0, 1, 40, 20_000, 40_000])(
    'a connection cut at byte %d: the page is discarded and read again (F5)',
    async (atByte) => {
      const { proxy, transport } = await start();
      proxy.next({ kind: 'reset', atByte });
      expect((await transport.send(get(proxy))).text).toBe(BODY);
      expect(transport.usage.retries).toBe(1);
    },
  );

  test('a connection cut every time: bounded, then failed by name (F5)', async () => {
    const { proxy, transport, calls } = await start();
    proxy.always({ kind: 'reset', atByte: 5_000 });
    await expect(transport.send(get(proxy))).rejects.toMatchObject({
      code: 'crm_unreachable',
      retryable: true,
    });
    expect(calls()).toBe(3);
  });

  test('a write whose answer was cut off is not sent again: its outcome is unknown (F5)', async () => {
    const { proxy, transport, calls } = await start();
    proxy.next({ kind: 'reset', atByte: 100 });
    const sent = transport.send(get(proxy, { method: 'POST', body: '{}', idempotent: false }));
    expect(isUnknownOutcome(await sent.catch((error: unknown) => error))).toBe(true);
    expect(calls()).toBe(1);
  });

  test('a black hole: the header deadline ends it, another connection gets through (F7)', async () => {
    const { proxy, transport } = await start();
    proxy.next({ kind: 'timeout' });
    expect((await transport.send(get(proxy))).text).toBe(BODY);
    expect(transport.usage.retries).toBe(1);
    expect(proxy.connections()).toBe(2);
  });

  test('a server gone without a word in mid-body: the body deadline ends it (F7)', async () => {
    const { proxy, transport } = await start({ deadlines: { headers: 2_000, body: 300, total: 10_000 } });
    proxy.next({ kind: 'half-open', atByte: 10_000 });
    expect((await transport.send(get(proxy))).text).toBe(BODY);
    expect(transport.usage.retries).toBe(1);
  });

  test('a kept connection whose server has gone: the next request finds out and takes a new one (F7)', async () => {
    const { proxy, transport } = await start();
    // The first answer comes whole, the second never begins.
    proxy.next({ kind: 'half-open', atByte: BODY.length + 1_000 });
    expect((await transport.send(get(proxy))).text).toBe(BODY);
    expect((await transport.send(get(proxy))).text).toBe(BODY);
    expect(transport.usage.retries).toBe(1);
  });
});
