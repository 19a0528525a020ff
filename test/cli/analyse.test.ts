import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { type Ended, folder, killAll, root, run } from './kit.ts';

// Each call is a process of its own: on a busy machine that takes its time.
jest.setTimeout(120_000);

let place: ReturnType<typeof folder>;

beforeAll(() => {
  place = folder();
  mkdirSync(join(place.path, 'config'));
  copyFileSync(join(root, 'mappings/b2b-software/accounts.yaml'), join(place.path, 'accounts.yaml'));
  writeFileSync(
    join(place.path, 'config/waystage.yaml'),
    `connections:
  - { id: hubspot, connector: hubspot, baseUrl: "http://127.0.0.1:9", sandbox: true, auth: { kind: token, token: x } }
mappings: [accounts.yaml]
`,
  );
});
afterEach(() => killAll());
afterAll(() => place.remove());

const cli = (...args: readonly string[]): Promise<Ended> => run(args, { folder: place.path });

describe('analyse and export before the first sync', () => {
  test('J34 analyse asks no CRM and prints one document; export prints rows and nothing else', async () => {
    const [json, empty, wrong] = await Promise.all([
      cli('analyse', '--journey', 'accounts', '--json'),
      cli('export', 'visits', '--format', 'csv', '--quiet'),
      cli('export', 'visits', '--format', 'xlsx', '--json'),
    ]);
    expect(json).toMatchObject({ status: 0, err: '' });
    expect(json.out.trimEnd().split('\n')).toHaveLength(1);
    expect(JSON.parse(json.out)).toMatchObject({
      journeys: [{ journey: 'accounts', population: { subjects: 0 } }],
    });
    expect(empty).toMatchObject({ status: 0, err: '' });
    expect(empty.out).toMatch(/^journey,subject,number,stage,[a-z_,]+\r\n$/);
    expect(wrong.status).toBe(2);
    expect(JSON.parse(wrong.out)).toMatchObject({ error: { code: 'usage' } });
  });
});
