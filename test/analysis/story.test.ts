import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Analysis } from '../../src/analysis/index.ts';
import { type AnalyseOptions, analyse } from '../../src/commands/analyse.ts';
import type { CommandContext } from '../../src/commands/context.ts';
import { type Company, NOW, startCompany } from '../helpers/company.ts';
import { DAY } from './kit.ts';

jest.setTimeout(120_000);

let company: Company;

beforeAll(async () => {
  company = await startCompany({ contacts: 45, provision: false });
  // As if it had been installed more than a year ago: the steps since then are taken one by one.
  await company.sync({ now: NOW - 400 * DAY });
  await company.sync();
});
afterAll(() => company.close());

const NONE: AnalyseOptions = {
  journey: undefined,
  segment: undefined,
  from: undefined,
  to: undefined,
  by: undefined,
  compare: undefined,
  causes: undefined,
  window: undefined,
  silent: undefined,
};

async function run(options: Partial<AnalyseOptions> = {}, json = false): Promise<string> {
  let out = '';
  const context = {
    streams: {
      out: (text: string) => {
        out += text;
      },
      err: () => undefined,
      ask: null,
      terminal: false,
      width: 80,
    },
    json,
    quiet: true,
    signal: new AbortController().signal,
  } as unknown as CommandContext;
  // The company's clock runs fast: the instant is that of the last sync.
  const app = { ...company.app, clock: { ...company.clock, now: () => NOW } };
  expect(await analyse(context, app, { ...NONE, ...options })).toBe(0);
  return out;
}

async function journeys(options: Partial<AnalyseOptions> = {}): Promise<readonly Analysis[]> {
  const out = await run(options, true);
  expect(out.trimEnd().split('\n')).toHaveLength(1);
  return (JSON.parse(out) as { journeys: readonly Analysis[] }).journeys;
}

describe('J34 the story', () => {
  test('J34 every figure says something of the invented company', async () => {
    const [accounts, people] = await journeys({ causes: 'all' });
    for (const analysis of [accounts!, people!]) {
      const { population } = analysis;
      expect(population.subjects).toBeGreaterThan(10);
      expect(population.placed).toBe(population.subjects);
      expect(population.leftOut).toEqual({});
      expect(analysis.transitions.map(({ kind }) => kind)).toEqual(
        expect.arrayContaining(['enter', 'forward', 'off']),
      );
      expect(analysis.conversion.some(({ targets }) => (targets[0]?.reached ?? 0) > 0)).toBe(true);
      expect(analysis.dwell.some(({ medianDays }) => (medianDays ?? 0) > 1)).toBe(true);
      expect(analysis.dropOff.some(({ silent }) => (silent ?? 0) > 0)).toBe(true);
      expect(analysis.conformance.subjects).toBeGreaterThan(10);
      expect(analysis.conformance.deviations.length).toBeGreaterThan(0);
      expect(analysis.sentiment?.some(({ answers }) => answers > 3)).toBe(true);
      expect(analysis.touchpoints?.some(({ touchpoints }) => touchpoints > 10)).toBe(true);
      expect(analysis.precedes?.rows.length).toBeGreaterThan(3);
      expect(analysis.handOff?.qualified).toBeGreaterThan(0);
      expect(analysis.kpis.length).toBeGreaterThan(0);
    }
    expect(accounts?.friction?.[0]).toMatchObject({
      categories: expect.arrayContaining([expect.anything()]),
    });
    expect(accounts?.friction?.[0]?.firstReplyMedianHours).toBeGreaterThan(0.1);
    expect(accounts?.customers?.customers).toBeGreaterThan(3);
    // At risk is where people are unhappy, or it is not told right.
    const mood = (stage: string): number =>
      accounts?.sentiment?.find((row) => row.stage === stage)?.average ?? Number.NaN;
    expect(mood('at_risk')).toBeLessThan(mood('retention'));
    // The story has the same person in both CRMs under other spellings.
    expect(people?.disagreement.map(({ field }) => field)).toContain('person.name');
    expect(people?.disagreement.map(({ field }) => field)).not.toContain('person.owner');
  });

  test('J34 a page for people: at most 80 columns, each section there', async () => {
    const page = await run({ causes: 'all', by: 'segment', compare: 'current' });
    expect(page.split('\n').filter((line) => [...line].length > 80)).toEqual([]);
    for (const title of [
      'Targets',
      'Where they are now',
      'Who gets on within 90d',
      'How long they stay',
      'What became of those who entered',
      'Where they wait longer than usual',
      'Moves',
      'The ideal path and the ways taken',
      'What they say',
      'Where it hurts',
      'Touchpoints',
      'What comes before getting on',
      'From marketing to sales',
      'Buying again, staying, recommending',
      'Where the CRMs say different things',
      'By segment',
    ])
      expect(page).toContain(`\n${title}\n`);
    expect(page).toMatch(/Before → since version [0-9a-f]{12}/);
    expect(page).not.toMatch(/undefined|NaN|null|Infinity/);
  });

  test('J17 J34 one journey, one segment, a period, other lengths', async () => {
    const [only, ...none] = await journeys({
      journey: 'accounts',
      segment: 'small',
      from: '2026-01-01',
      to: '2026-03-31',
      window: '30d',
      silent: '2w',
      causes: 'own,backfill',
    });
    expect(none).toEqual([]);
    expect(only).toMatchObject({ journey: 'accounts', segment: 'small', window: '30d', silent: '2w' });
    expect(only?.causes).toEqual(['customer', 'time', 'backfill']);
    // Up to the end of the last day, in the zone of the mapping.
    expect((only?.period.to ?? 0) - (only?.period.from ?? 0)).toBe(90 * DAY);
    const [all] = await journeys({ journey: 'accounts' });
    expect(only?.population.subjects).toBeLessThan(all?.population.subjects ?? 0);
  });

  test('J7 wrong use is refused with what is known and the nearest name', async () => {
    const refused = async (options: Partial<AnalyseOptions>, message: string): Promise<void> =>
      expect(run(options)).rejects.toMatchObject({
        code: 'usage',
        message: expect.stringContaining(message),
      });
    await refused({ journey: 'acounts' }, 'Did you mean `accounts`?');
    await refused({ segment: 'smal' }, 'Did you mean `small`?');
    await refused({ by: 'owners' }, 'Did you mean `owner`?');
    await refused({ causes: 'own,rules' }, 'Did you mean `rule`?');
    await refused({ compare: 'abc' }, 'Known: current, ');
    await refused({ from: '31.1.2026' }, 'expected a day such as 2026-01-31');
    await refused({ from: '2026-02-01', to: '2026-01-31' }, 'is not before');
    await refused({ window: '3 months' }, 'expected a duration such as 90d');
  });
});
