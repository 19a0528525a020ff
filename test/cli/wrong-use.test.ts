import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { folder, killAll, root, run } from './kit.ts';

// Each call is a process of its own: on a busy machine that takes its time.
jest.setTimeout(120_000);

let place: ReturnType<typeof folder>;
beforeEach(() => {
  place = folder();
});
afterEach(async () => {
  await killAll();
  place.remove();
});

const cli = (args: readonly string[], env: Record<string, string> = {}): ReturnType<typeof run> =>
  run(args, { folder: place.path, env });

function write(name: string, text: string): string {
  const path = join(place.path, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
  return path;
}

describe('wrong use', () => {
  test('ends with 2 and says what to do', async () => {
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [['syn'], /unknown command 'syn'\n\(Did you mean sync\?\)/],
      [['sync', '--fulll'], /unknown option '--fulll'\n\(Did you mean --full\?\)/],
      [['explain'], /missing required argument 'subject'/],
      [['runs', '--limit', 'x'], /--limit is `x`; expected a whole number from 1 to 10000/],
      [['run', 'nope'], /There is no run `nope`\. `waystage runs` lists them/],
      [['check', '--config', 'nope.yaml'], /nope\.yaml cannot be read .*waystage init/],
    ];
    const ended = await Promise.all(cases.map(([args]) => cli(args)));
    expect(ended).toEqual(
      cases.map(([, words]) => ({ status: 2, out: '', err: expect.stringMatching(words) })),
    );
  });

  test('--json keeps standard output to one document, also of a failure', async () => {
    const ended = await cli(['sync', '--json']);
    expect(ended.status).toBe(2);
    expect(JSON.parse(ended.out)).toEqual({
      error: { code: 'config_invalid', message: expect.stringContaining('waystage init') },
    });
  });

  test('the environment is checked: port, log level, database', async () => {
    const [port, level, engine] = await Promise.all([
      cli(['serve'], { PORT: 'abc' }),
      cli(['connections'], { WAYSTAGE_LOG_LEVEL: 'loud' }),
      cli(['runs'], { WAYSTAGE_DATABASE_URL: 'mysql://user:secret@host/db' }),
    ]);
    expect(port).toMatchObject({ status: 2, err: expect.stringContaining('PORT is `abc`') });
    expect(level).toMatchObject({ status: 2, err: expect.stringContaining('expected one of debug, info') });
    expect(engine).toMatchObject({ status: 2, err: expect.stringContaining('Use sqlite:PATH') });
    expect(engine.err).not.toContain('secret');
  });

  test('a database that is none is named, with what to do', async () => {
    const path = write('broken.db', 'this is no database, only words and words and words');
    const ended = await cli(['runs'], { WAYSTAGE_DATABASE_URL: `sqlite:${path}` });
    expect(ended).toMatchObject({
      status: 1,
      err: expect.stringMatching(/broken\.db cannot be opened: .*Check that/),
    });
  });

  test('a port that is taken ends serve with 2', async () => {
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as { port: number };
    try {
      const ended = await cli(['serve', '--port', String(port)]);
      expect(ended).toMatchObject({
        status: 2,
        err: expect.stringContaining(`Port ${port} is already in use`),
      });
    } finally {
      await new Promise((done) => server.close(done));
    }
  });
});

describe('wrong configuration and mappings', () => {
  test('YAML that is none is named with its place', async () => {
    write('config/waystage.yaml', 'mappings: [a\nserver: {}\n');
    const ended = await cli(['check']);
    expect(ended.status).toBe(2);
    expect(ended.err).toMatch(/^config\/waystage\.yaml:\d+:\d+: error: This is not valid YAML/);
  });

  test('every mistake of a configuration at once, each at its place, with the nearest name', async () => {
    write(
      'config/waystage.yaml',
      'mappigs: []\nconnections:\n  - id: Hub\n    connector: hubspot\n    auth: { kind: token, token: "$' +
        '{NOT_SET_ANYWHERE}" }\n',
    );
    const first = await cli(['check']);
    expect(first.status).toBe(2);
    expect(first.err.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^config\/waystage\.yaml:1:1: error: `mappigs` .*Did you mean `mappings`\?$/),
      expect.stringMatching(/^config\/waystage\.yaml:3:9: error: .*lower-case letter/),
      expect.stringMatching(/^config\/waystage\.yaml:5:33: error: .*NOT_SET_ANYWHERE is not set/),
    ]);
    write(
      'config/waystage.yaml',
      'connections:\n  - id: x\n    connector: hubspt\n    auth: { kind: token, token: y }\n    schedule: "61 * * * *"\n  - id: y\n    connector: salesforce\n    auth: { kind: token, token: y }\n    baseUrl: https://a.my.salesforce.com\n    objects: [Contct]\n',
    );
    const [check, sync] = await Promise.all([cli(['check']), cli(['sync'])]);
    expect(check.status).toBe(2);
    expect(check.out).toMatch(/waystage\.yaml:3:16: error: .*no connector `hubspt`.*Did you mean `hubspot`/);
    expect(check.out).toMatch(/waystage\.yaml:5:15: error: .*`61 \* \* \* \*` is not a schedule/);
    expect(check.out).toMatch(
      /waystage\.yaml:10:14: error: .*no object type `Contct`.*Did you mean `Contact`/,
    );
    expect(sync).toMatchObject({ status: 2, out: '' });
    for (const part of ['hubspt', '61 * * * *', 'Contct']) expect(sync.err).toContain(part);
  });

  test('every mistake of a mapping at once with file, line, column and the nearest right name', async () => {
    const text = readFileSync(join(root, 'mappings/services/clients.yaml'), 'utf8');
    const lines = text.split('\n');
    const at = lines.findIndex((line) => line.startsWith('label:'));
    lines[at] = 'lable: Clients';
    const wait = lines.findIndex((line) => /within: \d+d/.test(line));
    lines[wait] = (lines[wait] ?? '').replace(/within: \d+d/, 'within: soon');
    expect(Math.min(at, wait)).toBeGreaterThan(-1);
    write('mappings/clients.yaml', lines.join('\n'));
    write('config/waystage.yaml', 'mappings: [mappings/clients.yaml]\n');
    const [check, json, serve] = await Promise.all([
      cli(['check']),
      cli(['check', '--json']),
      cli(['serve']),
    ]);
    expect(check.status).toBe(2);
    expect(check.out).toMatch(
      new RegExp(`mappings/clients\\.yaml:${at + 1}:1: error: .*lable.*Did you mean \`label\``),
    );
    expect(check.out).toMatch(new RegExp(`mappings/clients\\.yaml:${wait + 1}:\\d+: error: .*soon`));
    expect(JSON.parse(json.out)).toMatchObject({ ok: false, problems: expect.any(Array) });
    expect(json.status).toBe(2);
    expect(serve).toMatchObject({ status: 2, out: '' });
    expect(serve.err).toContain('mappings/clients.yaml:');
  });
});

describe('init', () => {
  test('writes files that check accepts, names the variables to set, and overwrites nothing', async () => {
    const first = await cli(['init']);
    expect(first.status).toBe(0);
    expect(first.out).toContain('HUBSPOT_TOKEN, SALESFORCE_URL, SALESFORCE_CLIENT_ID and');
    const env = {
      HUBSPOT_TOKEN: 'pat-x',
      SALESFORCE_URL: 'https://example.my.salesforce.com',
      SALESFORCE_CLIENT_ID: 'a',
      SALESFORCE_CLIENT_SECRET: 'b',
    };
    const [check, tests, again, without] = await Promise.all([
      cli(['check'], env),
      cli(['test'], env),
      cli(['init', '--json']),
      cli(['check']),
    ]);
    expect(check).toMatchObject({ status: 0, out: 'Everything is in order: 2 connections, 2 journeys.\n' });
    expect(tests).toMatchObject({ status: 0, out: expect.stringContaining('of 2 files: all as expected') });
    expect(again.status).toBe(2);
    expect(JSON.parse(again.out).error.message).toContain('is there already');
    expect(without).toMatchObject({ status: 2, err: expect.stringContaining('HUBSPOT_TOKEN is not set') });
    expect(readFileSync(join(place.path, 'config/waystage.yaml'), 'utf8')).toContain('mode: plan-only');
    // The first line leads an editor to the schema, wherever the file is.
    for (const file of ['config/waystage.yaml', 'mappings/accounts.yaml', 'mappings/people.test.yaml']) {
      const [line = ''] = readFileSync(join(place.path, file), 'utf8').split('\n');
      const schema = /^# yaml-language-server: \$schema=(.+)$/.exec(line)?.[1] ?? '';
      expect(JSON.parse(readFileSync(join(place.path, file, '..', schema), 'utf8'))).toHaveProperty(
        '$schema',
      );
    }
  });
});
