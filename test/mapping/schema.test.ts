import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parse } from 'yaml';
import { rulesReference } from '../../build/rules-reference.ts';
import { schemaTexts } from '../../build/schemas.ts';
import { type LoadedMapping, loadFieldMap } from '../../src/mapping/index.ts';
import { KPI_MEASURES } from '../../src/mapping/load-kpis.ts';
import { KPI_NAMES } from '../../src/mapping/schema/mapping.ts';
import { readTests, testedMapping } from '../../src/mapping-test/index.ts';
import { type JsonSchema, misfits } from '../helpers/json-schema.ts';
import { condition } from './arbitrary.ts';
import { load, ruleText } from './kit.ts';

const texts = schemaTexts();
const schemas = Object.fromEntries(
  Object.entries(texts).map(([name, text]) => [name, JSON.parse(text) as JsonSchema]),
);

function judged(schema: string, text: string): readonly string[] {
  return misfits(schemas[`${schema}.schema.json`] as JsonSchema, parse(text, { schema: 'core' }));
}

function filesUnder(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => join(folder, name));
}

function schemaOf(file: string): string {
  if (file.startsWith('config')) return 'configuration';
  if (file.endsWith('.test.yaml')) return 'mapping-test';
  return file.includes('/fields/') ? 'field-map' : 'mapping';
}

const SHIPPED = [...filesUnder('mappings'), ...filesUnder('config')];

describe('JSON schemas for editors', () => {
  test('what is made from the code is up to date (npm run -s schema)', () => {
    for (const [name, text] of Object.entries(texts))
      expect({ name, same: readFileSync(`config/schema/${name}`, 'utf8') === text }).toEqual({
        name,
        same: true,
      });
    expect(readFileSync('docs/rules-reference.md', 'utf8') === rulesReference()).toBe(true);
    expect([...KPI_NAMES]).toEqual([...KPI_MEASURES]);
  });

  test.each(SHIPPED)('%s fits its schema, and names it for editors', (file) => {
    const text = readFileSync(file, 'utf8');
    expect(judged(schemaOf(file), text)).toEqual([]);
    const [line = ''] = text.split('\n');
    const named = /^# yaml-language-server: \$schema=(.*)$/.exec(line)?.[1] ?? 'no schema in the first line';
    expect(join(file, '..', named)).toBe(`config/schema/${schemaOf(file)}.schema.json`);
  });

  test('every key that has a choice says what it is for', () => {
    const { properties } = schemas['mapping.schema.json'] as { properties: Record<string, JsonSchema> };
    const definitions = (schemas['mapping.schema.json'] as { definitions: Record<string, JsonSchema> })
      .definitions;
    for (const [key, one] of Object.entries(properties)) {
      const [inner] = (one['allOf'] ?? [one]) as readonly JsonSchema[];
      const target = definitions[String(inner?.['$ref']).split('/').at(-1) ?? ''];
      const said = one['description'] ?? target?.['description'];
      expect([key, typeof said]).toEqual([key, 'string']);
    }
  });
});

const HEAD = 'journey: j\nsubject: account\n';
const stage = (text: string): string => `${HEAD}stages:\n  a: { default: true }\n  b: ${text}\n`;
const health = (text: string): string =>
  `${HEAD}health:\n  bands: { ok: 0 }\n  groups: { g: { measures: { m: ${text} } } }\n`;

/** Mistakes that can be seen without knowing a name of the file or a field of the CRM. */
const MISTAKES: readonly string[] = [
  'journey: j\nstages: { a: { default: true } }\n',
  'journey: My Journey\nsubject: account\nstages: { a: { default: true } }\n',
  'journey: j\nsubject: acount\nstages: { a: { default: true } }\n',
  `${HEAD}lable: x\nstages: { a: { default: true } }\n`,
  `${HEAD}stages: { none: { default: true } }\n`,
  `${HEAD}stages: { Bad-Name: { default: true } }\n`,
  `${HEAD}stages: [a, b]\n`,
  `${HEAD}stages: { a: { default: true } }\noutputs: [stages]\n`,
  `${HEAD}stages: { a: { default: true } }\noutputs: { stage: { hubspot: "bad name" } }\n`,
  `${HEAD}stages: { a: { default: true } }\nrates: { to: euro, USD: 1 }\n`,
  `${HEAD}stages: { a: { default: true } }\nrates: { USD: 1 }\n`,
  `${HEAD}stages: { a: { default: true } }\nfields: { account: { hubspot: x } }\n`,
  `${HEAD}stages: { a: { default: true } }\nfields: { account.x: { hubspot: x, type: money } }\n`,
  `${HEAD}stages: { a: { default: true } }\nkpis: { a: { measure: speed, target: 3 } }\n`,
  `${HEAD}stages: { a: { default: true } }\nkpis: { a: { measure: median_time, target: 30 } }\n`,
  stage('{ entre: true }'),
  stage('{ enter: [true, true] }'),
  stage('{ enter: { all: [] } }'),
  stage('{ enter: { all: [true], any: [true] } }'),
  stage('{ enter: { al: [true] } }'),
  stage('{ enter: {} }'),
  stage('{ enter: { some: deal } }'),
  stage('{ enter: { some: deals, gte: 2 } }'),
  stage('{ enter: { every: deals } }'),
  stage('{ enter: { some: deals, where: { won: yes } } }'),
  stage('{ enter: { some: deals, where: { closed: { within: 3 months } } } }'),
  stage('{ enter: { some: deals, where: { amount: { within: 3d } } } }'),
  stage('{ enter: { some: deals, where: { name: { gte: 3 } } } }'),
  stage('{ enter: { count: deals, wher: { won: true }, gte: 1 } }'),
  stage('{ enter: { count: deals, gte: many } }'),
  stage('{ enter: { sum: deals, gte: 3 } }'),
  stage('{ enter: { account.employees: many } }'),
  stage('{ enter: { account.employees: { gtt: 2 } } }'),
  stage('{ enter: { account.employees: { between: [1] } } }'),
  stage('{ enter: { account.name: null } }'),
  stage('{ enter: { account.renewal: { before: soon } } }'),
  stage('{ enter: { account.employees: { exists: maybe } } }'),
  stage('{ enter: { acount.type: customer } }'),
  stage('{ enter: true, for: 0d }'),
  stage('{ enter: true, min_stay: 3 }'),
  stage('{ enter: true, terminal: perhaps }'),
  stage('{ enter: true, exit: [{ to: a }] }'),
  stage('{ enter: true, exit: { to: a, when: true } }'),
  health('{ value: { count: deals } }'),
  health('{ cases: [] }'),
  health('{ cases: [{ score: 3 }] }'),
  health('{ cases: [{ when: true, score: 300 }] }'),
  health('{ value: { counts: deals }, scale: { 0: 0, 1: 1 } }'),
  health('{ value: account.employees, scale: { 0: 0, 1: 120 } }'),
  health('{ value: account.employees, scale: { few: 0, 1: 12 } }'),
  health('{ value: { ratio: [account.employees] }, scale: { 0: 0, 1: 12 } }'),
  health('{ value: account.employees, scale: { 0: 0, 1: 12 }, missing: never }'),
  health('{ value: account.employees, scale: { 0: 0, 1: 12 }, half_life: { after: 90 } }'),
  `${HEAD}health:\n  groups: { g: { measures: { m: { cases: [{ else: 1 }] } } } }\n`,
  `${HEAD}health:\n  min_coverage: 150%\n  bands: { ok: 0 }\n  groups: { g: { measures: { m: { cases: [{ when: true, score: 1 }] } } } }\n`,
];

/** Spellings that are easily forbidden by mistake. */
const RIGHT: readonly string[] = [
  stage('{ enter: { account.name: 2024, account.country: [1, DE] } }'),
  stage('{ enter: { any: [hot, { is: hot }] } }').replace(
    'stages:',
    'define: { hot: { some: people } }\nstages:',
  ),
  stage(
    '{ enter: { account.employees: { between: [1, 5] }, account.created: { not: 2026-01-31 } }, label: 1 }',
  ),
  stage(
    '{ enter: { latest: surveys.group, where: { any: [{ type: nps }, { not: { score: 3 } }] }, eq: promoter } }',
  ),
  stage('{ enter: { some: people, where: { journeys.people.stage: x, title: { contains: 1 } } } }'),
  stage('{ enter: { expr: true }, from: a, renamed_from: [old, older] }'),
  stage('{ enter: { account.name: { not: { contains: x, case: sensitive } } }, for: 12h, min_stay: 2w }'),
  `${stage('')}  c: { enter: true, exit: [{ to: b, when: { journey.visits: { gte: 2 } } }] }\n`.replace(
    'b: \n',
    'b: { terminal: true }\n',
  ),
  health('{ value: account.employees, scale: [[0, 0], [5.5, 100]], missing: 20, weight: 0.5 }'),
  health('{ cases: [{ when: { health.other.band: red }, score: 0 }, { else: 50 }] }'),
  `${HEAD}stages: { a: { default: true } }\noutputs: { stage: , stage_entered: true, next_step: { label: Next, csv: next } }\n`,
  `${HEAD}stages: { a: { default: true } }\nrates: { to: EUR, USD: 0.92 }\ntimezone: Europe/Berlin\n`,
];

describe('J7 the schema and the reader', () => {
  test.each(MISTAKES.map((text) => [text.slice(text.indexOf('account') + 8).replaceAll('\n', ' '), text]))(
    'J7 both refuse %s',
    (_name, text) => {
      expect(load(text).mapping).toBe(null);
      expect(judged('mapping', text)).not.toEqual([]);
    },
  );

  test.each(RIGHT)('J7 both take %s', (text) => {
    expect(load(text).problems.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(judged('mapping', text)).toEqual([]);
  });

  test('J6 both take every structured condition', () => {
    fc.assert(
      fc.property(condition, (data) => {
        const text = ruleText(JSON.stringify(data));
        if (load(text).mapping === null) return;
        expect(judged('mapping', text)).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  test('J7 what the schema refuses in a mapping changed at random, the reader refuses too', () => {
    const source = readFileSync('mappings/services/clients.yaml', 'utf8');
    const places: (readonly (string | number)[])[] = [];
    const collect = (node: unknown, path: readonly (string | number)[]): void => {
      if (path.length > 0) places.push(path);
      if (typeof node !== 'object' || node === null) return;
      for (const [key, value] of Object.entries(node))
        collect(value, [...path, Array.isArray(node) ? Number(key) : key]);
    };
    collect(parse(source), []);
    const junk = fc.constantFrom<unknown>(
      null,
      true,
      0,
      5,
      -1,
      '',
      'x',
      '90d',
      [],
      ['x'],
      {},
      { x: 1 },
      { all: [true] },
      'deals',
      '2026-01-31',
    );
    let refused = 0;
    fc.assert(
      fc.property(fc.constantFrom(...places), junk, fc.boolean(), (path, value, rename) => {
        const data = parse(source);
        let holder = data;
        for (const key of path.slice(0, -1)) holder = holder[key];
        const last = path.at(-1) as string | number;
        if (rename && typeof last === 'string') {
          holder[`${last}_x`] = holder[last];
          delete holder[last];
        } else holder[last] = value;
        const text = JSON.stringify(data);
        if (judged('mapping', text).length === 0) return;
        refused += 1;
        if (load(text).mapping !== null)
          throw new Error(
            `only the schema refuses ${path.join('.')} = ${JSON.stringify(value)}${rename ? ' renamed' : ''}`,
          );
      }),
      { numRuns: 120 },
    );
    expect(refused).toBeGreaterThan(30);
  });

  test('J3 field maps', () => {
    const map = (fields: string): string =>
      `connector: hubspot\nobjects:\n  deals:\n    is: deal\n    fields: ${fields}\n`;
    for (const bad of [
      '{ amount: "bad name" }',
      '{ won: { stage: dealstage, gives: wins } }',
      '{ closed: { stage: dealstage, gives: closed } }',
      '{ arr: { field: arr, type: money } }',
      '{ owner: { field: a, constant: b } }',
      '{ probability: { field: p, scale: { NPS: [0, 10] } } }',
      '{ Amount: amount }',
    ]) {
      expect([bad, loadFieldMap(map(bad), 'f').fieldMap]).toEqual([bad, null]);
      expect([bad, judged('field-map', map(bad))]).not.toEqual([bad, []]);
    }
    expect(judged('field-map', 'connector: hubspot\nobjects: { deals: { is: del } }\n')).not.toEqual([]);
  });

  test('the configuration: typical mistakes', () => {
    for (const bad of [
      'conections: []',
      'connections: [{ id: A, connector: hubspot }]',
      'connections: [{ id: a, connector: hubspot, auth: { kind: token } }]',
      'connections: [{ id: a, connector: hubspot, reconcile: daily }]',
      'write: { mode: always }',
      'alerts: [{ url: "https://example.com/hook", secret: x, on: [everything] }]',
      'server: { port: 70000 }',
    ]) {
      expect([bad, judged('configuration', bad)]).not.toEqual([bad, []]);
    }
    const hook = ['$', '{HOOK}'].join('');
    expect(judged('configuration', `alerts: [{ url: "${hook}", secret: x, on: [guard, failed] }]`)).toEqual(
      [],
    );
  });
});

describe('J37 the schema of mapping tests', () => {
  const file = (rest: string): string =>
    `mapping: m.yaml\ncases:\n  - name: x\n    given: { account: { name: x } }\n${rest}`;
  const expecting = (text: string): string => file(`    expect: [{ at: 2026-01-01, ${text} }]\n`);

  test.each([
    'mapping: m.yaml\ncases: []\n',
    'cases: [{ name: x, given: { account: {} }, expect: [{ at: 2026-01-01, stage: a }] }]\n',
    file('    expct: []\n'),
    file('    timeline: [{ deals: {} }]\n    expect: [{ at: 2026-01-01, stage: a }]\n'),
    file('    timeline: [{ at: soon }]\n    expect: [{ at: 2026-01-01, stage: a }]\n'),
    file('    timeline: [{ at: 2026-01-01, dealz: {} }]\n    expect: [{ at: 2026-01-01, stage: a }]\n'),
    file(
      '    timeline: [{ at: 2026-01-01, deals: { First-Deal: {} } }]\n    expect: [{ at: 2026-01-01, stage: a }]\n',
    ),
    expecting('stag: a'),
    expecting('score: 120'),
    expecting('score: { gt: 3 }'),
    file('    visits: [{ stage: a, cause: chance }]\n'),
    file('    visits: [{ entered: 2026-01-01 }]\n'),
  ])('J37 both refuse %s', (text) => {
    const mapping = load(`${HEAD}stages: { a: { default: true } }\n`).mapping as LoadedMapping;
    const errors = [...testedMapping(text, 't').problems, ...readTests(text, 't', mapping, []).problems];
    expect(errors).not.toEqual([]);
    expect(judged('mapping-test', text)).not.toEqual([]);
  });
});
