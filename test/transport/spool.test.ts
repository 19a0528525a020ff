import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createTransport, openSpool, type SpoolFile } from '../../src/transport/index.ts';
import type { HttpAnswer, Transport } from '../../src/transport/port.ts';

let spool: SpoolFile;
let close: () => Promise<void>;
let send: () => Promise<HttpAnswer>;
let transport: Transport;
let answers: ((response: ServerResponse) => void)[];

beforeEach(async () => {
  answers = [];
  const server = createServer((_message, response) => answers.shift()?.(response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  spool = await openSpool(10_000);
  transport = createTransport({
    clock: {
      now: () => 0,
      // Waits between tries are skipped; deadlines never fire.
      sleep: (ms, signal) =>
        new Promise((resolve, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
          if (ms < 50_000) setImmediate(resolve);
        }),
    },
    random: () => 0,
    signal: new AbortController().signal,
    deadlines: { headers: 60_000, body: 60_000, total: 100_000 },
    maxBytes: 100,
    maxTries: 3,
    buckets: [],
    judge: (answer) =>
      answer.status < 300 ? { kind: 'ok' } : { kind: 'fail', error: new Error(answer.text) },
    origin,
  });
  send = () =>
    transport.send({
      method: 'GET',
      url: `${origin}/x`,
      purpose: 'pull',
      idempotent: true,
      buckets: [],
      spool,
    });
  close = async () => {
    await transport.close();
    await spool.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
});
afterEach(() => close());

async function written(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of spool.chunks()) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

const long = 'row,'.repeat(1_000);

test('a good body goes into the file, past the cap for memory; a shorter one leaves nothing of the last', async () => {
  answers.push(
    (response) => response.end(long),
    (response) => {
      response.setHeader('content-encoding', 'gzip');
      response.end(gzipSync('short'));
    },
  );
  expect(await send()).toMatchObject({ status: 200, text: '' });
  expect(await written()).toBe(long);
  await send();
  expect(await written()).toBe('short');
  // Read twice: the file stays.
  expect(await written()).toBe('short');
});

test('a body that breaks off, or gzip that is damaged, is fetched again', async () => {
  const packed = gzipSync(long);
  answers.push(
    (response) => {
      response.setHeader('content-length', long.length);
      response.write(long.slice(0, 500), () => response.socket?.destroy());
    },
    (response) => {
      response.setHeader('content-encoding', 'gzip');
      response.end(packed.subarray(0, packed.length - 9));
    },
    (response) => response.end('all of it'),
  );
  await send();
  expect(await written()).toBe('all of it');
  expect(transport.usage.retries).toBe(2);
});

test('a body that is larger than the file may be is refused by name and not tried again', async () => {
  answers.push((response) => response.end('x'.repeat(10_001)));
  await expect(send()).rejects.toMatchObject({ code: 'crm_bad_answer' });
  expect(transport.usage.requests).toBe(1);
});

test('the body of an error stays out of the file', async () => {
  answers.push((response) => {
    response.statusCode = 400;
    response.end('no such job');
  });
  await expect(send()).rejects.toThrow('no such job');
  expect(await written()).toBe('');
});
