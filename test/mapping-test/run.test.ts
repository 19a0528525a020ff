import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { CommandContext } from '../../src/commands/context.ts';
import { test as runTests } from '../../src/commands/test.ts';
import { resolveConfig } from '../../src/config/resolve.ts';
import { loadMapping } from '../../src/mapping/index.ts';
import type { Mapping } from '../../src/mapping/types.ts';
import { type CaseResult, readTests, runCase, testedMapping } from '../../src/mapping-test/index.ts';
import type { Problem } from '../../src/model/problem.ts';
import { expectProblems } from '../mapping/kit.ts';

const MAPPING = `
journey: j
subject: account
timezone: Europe/Berlin
segments:
  big: { account.employees: { gte: 100 } }
stages:
  lead: { default: true }
  deal:
    enter: { some: deals, where: { open: true } }
  customer:
    enter: { some: deals, where: { won: true } }
  quiet:
    off_path: true
    enter:
      all:
        - { some: deals, where: { won: true } }
        - { none: touchpoints, where: { at: { within: 30d } } }
    for: 2d
  lost:
    off_path: true
    enter: { journeys.other.stage: gone }
health:
  bands: { green: 50, red: 0 }
  groups:
    g:
      measures:
        tickets: { label: Open tickets, value: { count: tickets, where: { open: true } }, scale: { 0: 100, 2: 0 } }
outputs: [stage]
`;

function mappingOf(text = MAPPING): Mapping {
  const { mapping, problems } = loadMapping(text, 'm.yaml', { timezone: 'UTC', fieldMaps: [] });
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  return mapping as Mapping;
}

function cases(text: string): {
  readonly results: readonly CaseResult[];
  readonly problems: readonly Problem[];
} {
  const mapping = mappingOf();
  const read = readTests(text, 'm.test.yaml', mapping, []);
  return { problems: read.problems, results: read.cases.map((one) => runCase(mapping, one, [])) };
}

/** The differences of one case, each in a line. */
function differences(body: string): readonly string[] {
  const { problems, results } = cases(`mapping: m.yaml\ncases:\n  - name: x${body}`);
  expect(problems).toEqual([]);
  return (results[0]?.differences ?? []).map(
    ({ expected, found, position, what }) =>
      `${position.line} ${what}: ${expected} / ${found.split('\n')[0]}`,
  );
}

describe('J37 mapping tests', () => {
  test('J37 stages, visits, band, score, segments and reasons over a time line', () => {
    expect(
      differences(`
    given:
      account: { created: 2026-01-05, employees: 100 }
      touchpoints: [{ at: 2026-03-01, channel: call }]
    timeline:
      - { at: 2026-02-02, deals: { one: { kind: new } } }
      - { at: 2026-03-02, deals: { one: { won: true } } }
      - { at: 2026-03-05, tickets: { a: { priority: high }, b: { priority: low } } }
      - { at: 2026-03-06, tickets: { a: { closed: 2026-03-06 }, b: null } }
    expect:
      - { at: 2026-01-31, stage: lead, segments: big, score: 100, band: green, next_step: Deal }
      - { at: 2026-02-02, stage: deal, reason: some deal with open }
      - { at: 2026-03-03, stage: customer, reason: won }
      - { at: 2026-03-05T12:00, score: { lte: 0 }, band: red, health_reason: "open tickets: 2" }
      - { at: 2026-03-06, score: { gte: 90 } }
      # 30 days after the call, and two days of waiting; both over the change to summer time.
      - { at: 2026-04-01T23:59, stage: customer }
      - { at: 2026-04-03, stage: quiet }
    visits:
      - { stage: lead, entered: 2026-01-05, left: 2026-02-02 }
      - { stage: deal, entered: 2026-02-02T00:00, cause: customer }
      - { stage: customer, entered: 2026-03-02, skipped: false }
      - { stage: quiet, cause: time, left: null }
`),
    ).toEqual([]);
  });

  test('J37 every difference, at the place of the expectation', () => {
    expect(
      differences(`
    given:
      account: { created: 2026-01-05 }
    timeline:
      - { at: 2026-02-02, deals: { one: {} } }
    expect:
      - { at: 2026-02-01, stage: deal, band: red }
      - at: 2026-02-03
        stage: none
        score: { gte: 10, lte: 20 }
        segments: [big]
        reason: [won, open]
        next_step: nothing
    visits:
      - { stage: lead, entered: 2026-01-06, left: null }
      - { stage: deal, cause: time, skipped: true }
`),
    ).toEqual([
      '9 stage: deal / lead',
      '9 band: red / green (score 100)',
      '11 stage: none / deal',
      '12 score: 10 to 20 / 100',
      '13 segments: big / none',
      '14 reason: a text with "won" / "some deal with open"',
      expect.stringContaining('15 next_step: a text with "nothing"'),
      '17 visit 1 (lead): entered: 2026-01-06 / 2026-01-05',
      '17 visit 1 (lead): left: still in it / 2026-02-02',
      '18 visit 2 (deal): cause: time / customer',
      '18 visit 2 (deal): skipped: true / false',
    ]);
    expect(
      differences(`
    given: { account: { created: 2026-01-05 } }
    visits:
      - { stage: lead }
      - { stage: deal }
`),
    ).toEqual(['6 visits: lead > deal / lead']);
  });

  test('J2, J37 what other journeys say comes from the test', () => {
    expect(
      differences(`
    given: { account: { created: 2026-01-05 } }
    timeline: [{ at: 2026-02-02, journeys: { other: { stage: gone } } }, { at: 2026-02-05, journeys: { other: { stage: none } } }]
    expect:
      - { at: 2026-02-01, stage: lead }
      - { at: 2026-02-03, stage: lost }
      - { at: 2026-02-06, stage: lead }
`),
    ).toEqual([]);
  });

  test('J37 a deal is closed when it is won, and open again when somebody says so', () => {
    expect(
      differences(`
    given:
      account: { created: 2026-01-05 }
      deals: { one: { created: 2026-01-10 } }
      touchpoints: [{ at: 2026-02-01, channel: call }]
    timeline:
      - { at: 2026-02-02, deals: { one: { won: true } } }
      - { at: 2026-02-03, deals: { one: { won: false, open: true } } }
      - { at: 2026-02-04, deals: { one: { lost: true } } }
    visits:
      - { stage: lead }
      - { stage: deal }
      - { stage: customer, entered: 2026-02-02 }
      - { stage: deal, entered: 2026-02-03 }
      - { stage: lead, entered: 2026-02-04 }
`),
    ).toEqual([]);
  });

  test('J37 every mistake in a test file at its place', () => {
    const text = `
mapping: m.yaml
casses: []                                   #error@1: Unknown key -> cases
cases:
  - name: x
    given:
      account: { created: soon, employes: 3 }  #error@27: expected a date
                                               #error@33: Unknown field of account -> employees
      deals: { one: { kind: nwe, won: perhaps } }  #error@29: is never "nwe" -> new
                                               #error@39: expected true or false
      person: { name: x }                      #error@7: has no -> people
      dealz: []                                #error@7: Unknown fact "dealz" -> deals
    timeline:
      - { deals: {} }                          #error@9: needs at:
      - { at: 2026-13-01 }                     #error@15: expected a date
    expect:
      - { at: 2026-01-01 }                     #error@9: Nothing is expected here
      - { at: 2026-01-01, stage: laed }        #error@34: has no stage "laed" -> lead
      - { at: 2026-01-01, band: amber }        #error@33: has no band "amber"
      - { at: 2026-01-01, score: 120 }         #error@34: from 0 to 100
      - { at: 2026-01-01, segments: [bigg] }   #error@38: has no segment -> big
    visits:
      - { stage: lead, cause: chance }         #error@31: has no cause
  - { given: {}, expect: [] }                  #error@5: needs name:
                                               #error@14: Nothing is given
                                               #error@26: Nothing is expected
  - name: y                                    #error@5: needs expect: or visits:
    given: { deals: { First-Deal: {} } }       #error@23: Bad name
`;
    expectProblems(text, cases(text).problems);
    expect(testedMapping('cases: []\n', 'm.test.yaml')).toMatchObject({
      mapping: null,
      problems: [{ message: expect.stringContaining('Found no `mapping`') }],
    });
  });
});

describe('J37 waystage test', () => {
  const folders: string[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });

  async function run(
    files: Readonly<Record<string, string>>,
    args: readonly string[] = [],
    json = false,
  ): Promise<{ readonly status: number; readonly out: string }> {
    const folder = mkdtempSync(join(tmpdir(), 'waystage-'));
    folders.push(folder);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    let out = '';
    const config = { ...resolveConfig(undefined, {}, folder), mappings: [join(folder, 'm.yaml')] };
    const context: CommandContext = {
      streams: {
        out: (text) => {
          out += text;
        },
        err: () => undefined,
        width: 80,
        ask: null,
        terminal: false,
      },
      env: {},
      folder,
      json,
      quiet: false,
      configFile: undefined,
      signal: new AbortController().signal,
      config: () => config,
    };
    return { status: await runTests(context, args), out };
  }

  const GOOD = `mapping: m.yaml
cases:
  - name: a lead
    given: { account: { created: 2026-01-05 } }
    expect: [{ at: 2026-01-06, stage: lead }]
`;
  const BAD = GOOD.replace('stage: lead', 'stage: deal');

  test('J37 all as expected ends with 0', async () => {
    const { out, status } = await run({ 'm.yaml': MAPPING, 'm.test.yaml': GOOD });
    expect(status).toBe(0);
    expect(out).toContain('✓ a lead');
    expect(out).toContain('1 test of 1 file: all as expected.');
  });

  test('J37 a difference is shown with its place and why, and ends with 1', async () => {
    const files = { 'm.yaml': MAPPING, 'm.test.yaml': BAD, 'n.test.yaml': GOOD };
    const { out, status } = await run(files);
    expect(status).toBe(1);
    expect(out).toMatch(
      /m\.test\.yaml:5:39: stage on 2026-01-06\n +expected {2}deal\n +found {5}lead\n +because {3}no other stage fits/,
    );
    expect(out).toContain('2 tests of 2 files: 1 not as expected.');
    const { out: document } = await run(files, ['n.test.yaml'], true);
    expect(JSON.parse(document)).toMatchObject({
      ok: true,
      files: [{ cases: [{ name: 'a lead', ok: true }] }],
    });
  });

  test('J37 a test or mapping that cannot be read ends with 2', async () => {
    const broken = await run({ 'm.yaml': MAPPING, 'm.test.yaml': GOOD.replace('expect', 'expects') });
    expect(broken.status).toBe(2);
    expect(broken.out).toContain('m.test.yaml:5:5: error: Unknown key `expects`');
    const lost = await run({ 'm.yaml': MAPPING, 'm.test.yaml': GOOD.replace('m.yaml', 'n.yaml') });
    expect(lost.status).toBe(2);
    expect(lost.out).toContain('There is no mapping');
    const wrong = await run({
      'm.yaml': MAPPING.replace('lead:', 'lead: { defalt: true }\n  x:'),
      'm.test.yaml': GOOD,
    });
    expect(wrong.status).toBe(2);
    await expect(run({}, ['nothing.test.yaml'])).rejects.toThrow('There is no file');
    expect((await run({ 'm.yaml': MAPPING })).out).toContain('Found no mapping test');
  });

  test('J37 the shipped mappings have tests, and they hold', async () => {
    const shipped = readdirSync('mappings', { recursive: true, encoding: 'utf8' });
    const mappings = shipped.filter((name) => /\.yaml$/.test(name) && !/\.test\.yaml$|fields/.test(name));
    for (const name of mappings) expect(shipped).toContain(name.replace('.yaml', '.test.yaml'));
    const files = shipped
      .filter((name) => name.endsWith('.test.yaml'))
      .map((name) => join(process.cwd(), 'mappings', name));
    const { out, status } = await run({}, files);
    expect({ status, out: status === 0 ? '' : out }).toEqual({ status: 0, out: '' });
  });
});
