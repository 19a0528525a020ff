import { expect, test } from '@jest/globals';
import { createTransport } from '../../src/transport/index.ts';
import type { Transport } from '../../src/transport/port.ts';
import { FakeClock } from '../helpers/fake-clock.ts';

const WINDOW = 10_000;

function opener(clock: FakeClock): (account?: object, origin?: string) => Transport {
  return (account, origin = 'http://127.0.0.1:9') =>
    createTransport({
      clock,
      random: () => 0,
      signal: new AbortController().signal,
      deadlines: { headers: 1_000, body: 1_000, total: 60_000 },
      maxBytes: 1_000,
      maxTries: 1,
      buckets: [{ name: 'general', windowMs: WINDOW, limit: 2 }],
      judge: () => ({ kind: 'ok' }),
      origin,
      ...(account === undefined ? {} : { account }),
    });
}

const send = (transport: Transport): Promise<void> => transport.charge(['general'], 'pull');

test('what is opened to an account later stays within what was sent before (I8)', async () => {
  const clock = new FakeClock();
  const open = opener(clock);
  const account = {};
  const first = open(account);
  const began = clock.now();
  await clock.run(send(first));
  await clock.run(send(first));
  await first.close();
  const second = open(account);
  await clock.run(send(second));
  // Two of two were used up: the third belongs into the next window.
  expect(clock.now() - began).toBeGreaterThanOrEqual(WINDOW);
  await second.close();
});

test('another account, another origin or none has a window of its own', async () => {
  const clock = new FakeClock();
  const open = opener(clock);
  const account = {};
  const began = clock.now();
  const all = [open(account), open({}), open(account, 'http://127.0.0.1:10'), open(), open()];
  for (const transport of all) await clock.run(send(transport));
  expect(clock.now() - began).toBe(0);
  for (const transport of all) await transport.close();
});

test('closing one refuses what it waits for itself, and nobody else', async () => {
  const clock = new FakeClock();
  const open = opener(clock);
  const account = {};
  const [one, two] = [open(account), open(account)];
  await clock.run(send(one));
  const [own, other] = [send(one), send(two)];
  await Promise.all([one.close(), expect(own).rejects.toMatchObject({ code: 'stopped' })]);
  await expect(send(one)).rejects.toMatchObject({ code: 'stopped' });
  await clock.run(other);
  await two.close();
});
