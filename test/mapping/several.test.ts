import { describe, expect, test } from '@jest/globals';
import { EMPTY_STATE, evaluate, evaluateSegments, primarySegment } from '../../src/journey/index.ts';
import { checkMappings, evaluationOrder, type LoadedMapping } from '../../src/mapping/index.ts';
import type { EvalContext } from '../../src/mapping/types.ts';
import type { Fact, ResultView } from '../../src/model/facts.ts';
import { evaluationLevels } from '../../src/sync/subjects/results.ts';
import { contextOf, fact, good, NOW } from './kit.ts';

const text = (journey: string, subject: string, rest: string): string =>
  `journey: ${journey}\nsubject: ${subject}\noutputs: []\n${rest}`;

const PEOPLE = text(
  'people',
  'person',
  'stages:\n  cold: { default: true }\n  warm: { enter: { some: touchpoints, where: { direction: incoming } } }\n',
);
const ACCOUNTS = text(
  'accounts',
  'account',
  `stages:
  quiet: { default: true }
  lively: { enter: { count: people, where: { journeys.people.stage: warm }, gte: 2 } }
health:
  bands: { green: 50, red: 0 }
  groups: { g: { measures: { m: { value: { count: people, where: { journeys.people.visits: { gte: 1 } } }, scale: { 0: 0, 4: 100 } } } } }
`,
);
const CARE = text(
  'care',
  'account',
  'stages:\n  none_needed: { default: true }\n  call: { enter: { journeys.accounts.stage: lively, health.accounts.band: red } }\n',
);
const WRITERS = text(
  'writers',
  'person',
  'stages:\n  wait: { default: true }\n  write: { enter: { account.journeys.care.stage: call, account.health.accounts.score: { lt: 100 } } }\n',
);

/** Journeys of one account and its people at one instant, each reading what came before it. */
function placeAll(mappings: readonly LoadedMapping[]): Readonly<Record<string, ResultView>> {
  const touch = [fact('t', { at: NOW - 1, direction: 'incoming' })];
  const people: readonly Fact[] = ['p1', 'p2', 'p3'].map((key) => fact(key, { created: 1 }));
  const done: Record<string, ResultView> = {};
  for (const mapping of evaluationLevels(mappings).flat()) {
    const own = mapping.subject === 'account' ? ['a'] : people.map(({ key }) => key);
    for (const subject of own) {
      const account = { created: 1 };
      const world = mapping.subject === 'account' ? { account, people } : { person: { created: 1 }, account };
      const views = (key: string): Record<string, ResultView> =>
        Object.fromEntries(
          Object.entries(done).flatMap(([name, view]) =>
            name.startsWith(`${key} `) ? [[name.slice(key.length + 1), view]] : [],
          ),
        );
      const plain = contextOf({ ...world, touchpoints: subject === 'p3' ? [] : touch }, NOW);
      const context: EvalContext = {
        ...plain,
        results: views(subject),
        accountResults: views('a'),
        peopleResults: Object.fromEntries(people.map(({ key }) => [key, views(key)])),
      };
      done[`${subject} ${mapping.name}`] = evaluate({
        mapping,
        context,
        state: EMPTY_STATE,
        instant: NOW,
        noticed: NOW,
        changes: { factsChanged: true },
        previousHealth: { score: null, band: null },
      }).result;
    }
  }
  return done;
}

describe('J16 several journeys side by side', () => {
  const all = [WRITERS, CARE, ACCOUNTS, PEOPLE].map((one) => good(one));

  test('J2, J16 each is worked out after those it reads, at the same instant', () => {
    expect(checkMappings(all)).toEqual([]);
    expect(evaluationOrder(all).map(({ name }) => name)).toEqual(['people', 'accounts', 'care', 'writers']);
    const results = placeAll(all);
    expect(results['p1 people']?.stage).toBe('warm');
    expect(results['p3 people']?.stage).toBe('cold');
    expect(results['a accounts']).toMatchObject({ stage: 'lively', score: 75, band: 'green' });
    expect(results['a care']?.stage).toBe('none_needed');
    expect(results['p1 writers']?.stage).toBe('wait');
    // One level further down everything follows from another bound.
    const red = [WRITERS, CARE, ACCOUNTS.replace('green: 50', 'green: 80'), PEOPLE].map((one) => good(one));
    const then = placeAll(red);
    expect(then['a care']?.stage).toBe('call');
    expect(then['p3 writers']?.stage).toBe('write');
  });

  test('J2 a circle over several kinds of reference is named with its way round', () => {
    const round = good(
      PEOPLE.replace(
        '{ some: touchpoints, where: { direction: incoming } }',
        '{ account.health.accounts.band: red }',
      ),
    );
    const [problem, ...more] = checkMappings([round, ...all.slice(0, 3)]);
    expect(more).toEqual([]);
    expect(problem?.message).toMatch(/circle: (people -> accounts -> people|accounts -> people -> accounts)/);
    expect(problem?.file).toBe('test.yaml');
  });

  test('J16 a native field is written only where an output names it', () => {
    const stages = 'stages: { a: { default: true } }\n';
    const plain = good(`journey: j\nsubject: person\n${stages}`);
    for (const { names } of plain.outputs) expect(Object.keys(names)).toEqual([]);
    const named = good(
      `journey: j\nsubject: person\n${stages}outputs: { stage: { hubspot: lifecyclestage } }\n`,
    );
    expect(named.outputs.map(({ names, output }) => [output, { ...names }])).toEqual([
      ['stage', { hubspot: 'lifecyclestage' }],
    ]);
  });
});

describe('J17 segments', () => {
  const mapping = good(`
journey: j
subject: account
segments:
  big: { label: Big ones, when: { account.employees: { gte: 100 } } }
  german: { account.country: DE }
  everybody: true
stages:
  a: { default: true }
  b: { enter: { all: [{ segment: [german, big] }, { some: deals }] } }
health:
  bands: { green: 50, red: 0 }
  groups:
    g:
      measures:
        one: { weights: { german: 3 }, value: { count: deals }, scale: { 0: 0, 1: 100 } }
        two: { value: { count: tickets }, scale: { 0: 0, 1: 100 } }
`);
  const at = (account: Readonly<Record<string, string | number>>): EvalContext =>
    contextOf({ account, deals: [{ created: 1 }] }, NOW);
  const placed = (account: Readonly<Record<string, string | number>>) =>
    evaluate({
      mapping,
      context: at(account),
      state: EMPTY_STATE,
      instant: NOW,
      noticed: NOW,
      changes: { factsChanged: true },
      previousHealth: { score: null, band: null },
    });

  test('J17 a subject is in several; the first listed is its primary one', () => {
    const segments = evaluateSegments(mapping, at({ employees: 500, country: 'de' }));
    expect(segments).toEqual(['big', 'german', 'everybody']);
    expect(primarySegment(segments)).toBe('big');
    expect(primarySegment(evaluateSegments(mapping, at({ employees: 5 })))).toBe('everybody');
    expect(mapping.segments.map(({ label }) => label)).toEqual(['Big ones', 'German', 'Everybody']);
  });

  test('J17 rules ask for any segment, weights for the primary one', () => {
    expect(placed({ country: 'DE' }).step.state.stage).toBe('b');
    expect(placed({ country: 'FR' }).step.state.stage).toBe('a');
    expect(placed({ country: 'DE' }).health?.score).toBe(75);
    // In german too, but big is primary and has no weight of its own.
    expect(placed({ country: 'DE', employees: 500 }).health?.score).toBe(50);
  });
});
