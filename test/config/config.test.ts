import { describe, expect, test } from '@jest/globals';
import { parseConfig } from '../../src/config/load.ts';
import { finish } from '../../src/config/resolve.ts';
import { Config } from '../../src/config/schema.ts';

const lines = (text: string, environment: Record<string, string> = {}): string[] =>
  parseConfig(text, 'c.yaml', environment).problems.map(
    (problem) =>
      `${problem.line}:${problem.column} ${problem.severity} ${problem.message}${problem.suggestion ?? ''}`,
  );

const GOOD = `
timezone: Europe/Berlin
connections:
  - id: hub
    connector: hubspot
    auth: { kind: token, token: "\${HUB_TOKEN}" }
    schedule: "*/15 * * * *"
mappings: [mappings/a.yaml]
`;

describe('configuration', () => {
  test('a good one is read, with values from the environment', () => {
    const { config, problems } = parseConfig(GOOD, 'c.yaml', { HUB_TOKEN: 'secret' });
    expect(problems).toEqual([]);
    expect(config?.connections[0]?.auth).toEqual({ kind: 'token', token: 'secret' });
  });

  test('an unset variable is one error at its place and names no value', () => {
    expect(lines(GOOD)).toEqual([
      '6:33 error The environment variable HUB_TOKEN is not set. Set it, or write the value here.',
    ]);
  });

  test('all errors come at once, with positions and the nearest right name', () => {
    const found = lines(`
timezon: UTC
timezone: Mars/Olympus
connections:
  - id: Hub
    connector: hubspot
    auth: { kind: token }
    shedule: "* * * * *"
write: { mode: always }
`);
    expect(found).toHaveLength(5);
    expect(found[0]).toMatch(/^2:1 error `timezon` is not a key of the configuration.*timezone$/);
    expect(found.some((line) => line.startsWith('5:9 '))).toBe(true);
    expect(found.some((line) => line.startsWith('7:11 '))).toBe(true);
    expect(found.some((line) => /^8:5 .*schedule$/.test(line))).toBe(true);
    expect(found.some((line) => line.startsWith('9:16 '))).toBe(true);
  });

  test('J35 alerts say where, with which secret and of what; this version only reads them', () => {
    const hook = '{ url: "https://example.com/hook", secret: x, on: [guard, failed] }';
    expect(lines(`alerts: [${hook}]`)).toEqual([expect.stringContaining('1:9 warning `alerts` is accepted')]);
    expect(lines(`alerts: [${hook.replace('guard', 'gard')}]`).join('\n')).toMatch(
      /^1:\d+ error `alerts\.0\.on\.0`/m,
    );
    expect(lines(`alerts: [${hook.replace('secret', 'secrt')}]`).join('\n')).toContain(
      '`secrt` is not a key of `alerts`',
    );
  });

  test('a time zone nobody knows, two connections with one id, a private address without sandbox', () => {
    const found = lines(`
timezone: Mars/Olympus
connections:
  - { id: a, connector: hubspot, auth: { kind: token, token: x }, baseUrl: "https://10.0.0.5" }
  - { id: a, connector: hubspot, auth: { kind: token, token: x }, baseUrl: "http://127.0.0.1:1", sandbox: true }
`);
    expect(found).toHaveLength(3);
    expect(found[0]).toContain('2:11 error `Mars/Olympus`');
    expect(found[1]).toContain('private or unencrypted');
    expect(found[2]).toContain('Two connections');
  });

  test.each([
    'https://127.0.0.1',
    'https://[::1]',
    'https://[::ffff:10.0.0.1]',
    'https://localhost',
    'https://crm.internal',
    'https://192.168.1.1',
    'https://169.254.169.254',
    'http://api.hubapi.com',
    'https://2130706433',
  ])('%s is refused without `sandbox: true`', (baseUrl) => {
    const text = `connections: [{ id: a, connector: h, auth: { kind: token, token: x }, baseUrl: "${baseUrl}" }]`;
    expect(lines(text).join()).toContain('private or unencrypted');
    expect(lines(text.replace('connector: h', 'connector: h, sandbox: true'))).toEqual([]);
  });

  test('documented keys of later versions are accepted with a warning', () => {
    const { config, problems } = parseConfig(
      'connections: [{ id: a, connector: h, auth: { kind: token, token: x }, events: [push] }]',
      'c.yaml',
      {},
    );
    expect(config).not.toBeNull();
    expect(problems.map((problem) => problem.severity)).toEqual(['warning']);
  });

  test('J29 what becomes of edits in the CRM: ask, revert, adopt, adopt for a time', () => {
    const read = (text: string) => parseConfig(`write: { manualEdits: ${text} }`, 'c.yaml', {}).config?.write;
    expect(parseConfig('{}', 'c.yaml', {}).config?.write.manualEdits).toBe('ask');
    for (const text of ['ask', 'revert', 'adopt', 'adopt for 30d', 'adopt for 2w', 'adopt for 12h'])
      expect(read(text)?.manualEdits).toBe(text);
    for (const text of ['keep', 'adopt for', 'adopt for 30', 'adopt for 0d', 'adopt for 9999w', 'adopt 30d'])
      expect(lines(`write:\n  manualEdits: ${text}`)).toEqual([
        expect.stringMatching(
          /^2:\d+ error `write.manualEdits`: expected ask, revert, adopt, or adopt with a time/,
        ),
      ]);
  });

  test('reconcile, budget and guard are read as times and shares', () => {
    const connection = (keys: string): string =>
      `connections: [{ id: a, connector: h, auth: { kind: token, token: x }, ${keys} }]`;
    const good = parseConfig(
      `${connection('reconcile: 24h, budget: { dailyShare: 20%, reserve: 1 }')}\nwrite: { guard: 10% }`,
      'c.yaml',
      {},
    );
    expect(good.problems).toEqual([]);
    expect(good.config?.connections[0]).toMatchObject({
      reconcile: 86_400_000,
      budget: { dailyShare: 0.2, reserve: 0.01 },
    });
    expect(good.config?.write.guard).toEqual({ share: 0.1, atLeast: 50 });
    expect(
      parseConfig(connection('reconcile: never'), 'c.yaml', {}).config?.connections[0]?.reconcile,
    ).toBeNull();
    expect(parseConfig('write: { guard: off }', 'c.yaml', {}).config?.write.guard).toBeNull();
    expect(parseConfig('{}', 'c.yaml', {}).config?.write.guard).toEqual({ share: 0.05, atLeast: 50 });
    expect(lines(connection('reconcile: sometimes'))).toEqual([
      expect.stringMatching(/^1:\d+ error .*24h, 7d or 2w, or `never`/),
    ]);
    expect(lines('write: { guard: 200 }')).toEqual([
      expect.stringMatching(/^1:\d+ error `write.guard`: expected a percentage/),
    ]);
    expect(lines('write: { guard: { atleast: 3 } }')).toEqual([expect.stringMatching(/^1:\d+ error/)]);
  });

  test('broken YAML, a non-map, and an alias bomb are errors, not crashes', () => {
    expect(lines('a: [1').length).toBeGreaterThan(0);
    expect(lines('- 1').length).toBeGreaterThan(0);
    expect(lines('').length).toBe(0);
    expect(lines('"__proto__": { a: 1 }').join()).toContain('__proto__');
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nmappings: [*c,*c,*c,*c,*c,*c]`;
    expect(lines(bomb).length).toBeGreaterThan(0);
  });

  test('writing is on by default only for sandbox connections', () => {
    const connection = { id: 'a', connector: 'h', auth: { kind: 'token' as const, token: 'x' } };
    const mode = (sandbox: boolean, write = {}) =>
      finish(Config.parse({ connections: [{ ...connection, sandbox }], write }), null, '/p', {})
        .connections[0]?.writeMode;
    expect(mode(true)).toBe('apply');
    expect(mode(false)).toBe('plan-only');
    expect(mode(false, { mode: 'apply' })).toBe('apply');
  });

  test('the environment wins for database and port', () => {
    const resolved = finish(Config.parse({ database: 'sqlite:x.db' }), null, '/p', {
      WAYSTAGE_DATABASE_URL: 'sqlite:other.db',
      PORT: '0',
    });
    expect(resolved.database).toBe('sqlite:/p/other.db');
    expect(resolved.server.port).toBe(0);
    expect(() => finish(Config.parse({}), null, '/p', { PORT: 'x' })).toThrow(/PORT/);
    expect(() => finish(Config.parse({}), null, '/p', { WAYSTAGE_DATABASE_URL: 'mysql://u:p@h/d' })).toThrow(
      /^(?!.*u:p)/,
    );
  });
});
