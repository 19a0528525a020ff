import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createHttpMock } from './http-mock.ts';

const mock = createHttpMock();
beforeAll(() => mock.start());
beforeEach(() => mock.clear());
afterAll(() => mock.stop());

describe('the wrapper of nock', () => {
  test('a mock that is used once and nothing else is no problem', async () => {
    mock.on('https://crm.example').get('/a').reply(200, { ok: true });
    expect(await (await fetch('https://crm.example/a')).json()).toEqual({ ok: true });
    expect(mock.problems()).toEqual([]);
  });

  test('a mock nobody used is named', () => {
    mock.on('https://crm.example').get('/never').reply(200);
    expect(mock.problems()).toEqual([expect.stringMatching(/mock that was not used: .*\/never/)]);
    expect(mock.problems()).toEqual([]);
  });

  test('a request nobody mocked is named, on a mocked origin and on any other', async () => {
    mock.on('https://crm.example').get('/a').reply(200);
    await fetch('https://crm.example/a');
    await fetch('https://crm.example/b').catch(() => undefined);
    await expect(fetch('https://elsewhere.example/c')).rejects.toThrow();
    expect(mock.problems()).toEqual([
      expect.stringContaining('request without a mock: GET https://crm.example/b'),
      expect.stringContaining('request without a mock: GET https://elsewhere.example/c'),
    ]);
  });

  test('this machine can be reached, where the sandboxes run', async () => {
    const server = createServer((_request, response) => response.end('here'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    expect(await answer.text()).toBe('here');
    expect(mock.problems()).toEqual([]);
    await new Promise((resolve) => {
      server.closeAllConnections();
      server.close(resolve);
    });
  });
});
