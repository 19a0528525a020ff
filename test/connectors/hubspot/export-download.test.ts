import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { HubspotClient } from '../../../connectors/hubspot/client.ts';
import { openSpool, type SpoolFile } from '../../../src/transport/index.ts';
import { hubspotConfig, keptLog, TOKEN } from '../../helpers/hubspot.ts';

let server: Server;
let base: string;
let spool: SpoolFile;
let status = 200;
let seen: IncomingHttpHeaders[] = [];
beforeAll(async () => {
  server = createServer((message, response) => {
    seen.push(message.headers);
    response.writeHead(status, status === 302 ? { location: `${base}/elsewhere` } : {}).end('id\n1\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  spool = await openSpool(1_000);
});
afterAll(async () => {
  await spool.close();
  await new Promise((resolve) => server.close(resolve));
});
beforeEach(() => {
  seen = [];
  status = 200;
});

async function fetched(address: string): Promise<HubspotClient> {
  const client = new HubspotClient(hubspotConfig({ baseUrl: base }), {
    clock: { now: () => 0, sleep: () => new Promise(() => undefined) },
    random: () => 0,
    signal: new AbortController().signal,
    log: keptLog().log,
  });
  try {
    await client.download(address, spool);
  } finally {
    await client.close();
  }
  return client;
}

test('a file is fetched without the token, and counted', async () => {
  const client = await fetched(`${base}/exports/files/1?signature=secret`);
  const chunks: Buffer[] = [];
  for await (const chunk of spool.chunks()) chunks.push(chunk);
  expect(Buffer.concat(chunks).toString()).toBe('id\n1\n');
  expect(seen).toHaveLength(1);
  expect(seen[0]!.authorization).toBeUndefined();
  expect(JSON.stringify(seen)).not.toContain(TOKEN);
  expect(client.usage).toMatchObject({ requests: 1, byPurpose: { pull: 1 } });
});

test.each([
  'https://example.com/file',
  'https://hubspot.com.example.com/file',
  'https://evilhubspot.com/file',
  'http://files.hubspot.com/file',
  'http://127.0.0.1:1/file',
  'file:///etc/passwd',
  'https://169.254.169.254/latest',
  'no address',
])('the address %s is not called', async (address) => {
  await expect(fetched(address)).rejects.toMatchObject({
    code: 'crm_bad_answer',
    message: expect.stringContaining("not known to be HubSpot's"),
  });
});

test.each([302, 403, 404])('an answer of %d names neither the address nor what is in it', async (code) => {
  status = code;
  const error = await fetched(`${base}/exports/files/1?signature=secret`).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(Error);
  expect(String(error) + JSON.stringify(error)).not.toContain('secret');
  expect(seen).toHaveLength(1);
});
