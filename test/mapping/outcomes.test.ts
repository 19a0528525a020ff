import { expect, test } from '@jest/globals';
import { builtInOutcomes, findOutcome, foretellingOf } from '../../src/backtest/index.ts';
import { loadMapping, wantedReads } from '../../src/mapping/index.ts';

const HEAD = `journey: tried
subject: account
stages:
  fine: { default: true }
  shaky: { off_path: true, enter: { account.industry: x } }
health:
  bands: { green: 70, red: 0 }
  groups: { all: { measures: { one: { cases: [{ when: true, score: 1 }] } } } }
`;

const load = (text: string) => loadMapping(`${HEAD}${text}`, 'm.yaml', { timezone: 'UTC', fieldMaps: [] });

test('J36 outcomes are read, asked of the CRMs, and change no version', () => {
  const { mapping, problems } = load(`outcomes:
  gone:
    label: They left
    when: { account.type: former_customer }
    among: { some: deals, where: { won: true } }
    foretold_by: { stages: [shaky] }
  lost: { each: { some: deals, where: { lost: true } }, good: true }
`);
  expect(problems).toEqual([]);
  const [gone, lost] = mapping!.outcomes!;
  expect(gone).toMatchObject({
    name: 'gone',
    label: 'They left',
    each: null,
    good: false,
    readsResults: false,
  });
  expect(lost).toMatchObject({ label: 'Lost', each: { list: 'deals', of: 'self' }, good: true });
  expect(mapping!.reads.deals).toBeUndefined();
  expect(wantedReads(mapping!).deals).toEqual(expect.arrayContaining(['lost', 'won']));
  expect(mapping!.version).toBe(load('').mapping!.version);
  expect(foretellingOf(mapping!, gone!)).toEqual({ stages: ['shaky'], bands: [] });
  expect(foretellingOf(mapping!, { ...gone!, foretoldBy: null })).toEqual({
    stages: ['shaky'],
    bands: ['red'],
  });
  expect(foretellingOf(mapping!, lost!)).toEqual({ stages: [], bands: ['green'] });
});

test('J36 every mistake in outcomes is named at its place', () => {
  const { problems } = load(`outcomes:
  both: { when: true, each: { some: deals } }
  neither: { label: x }
  no_list: { each: { account.type: customer } }
  typo: { wen: true }
  far: { when: { account.typ: x }, foretold_by: { stages: [shakey], bands: [blue] } }
`);
  const found = problems.map(({ line, message }) => `${line}: ${message.slice(0, 60)}`);
  expect(found).toEqual([
    expect.stringMatching(/^10: The outcome "both" needs either when/),
    expect.stringMatching(/^11: The outcome "neither" needs either when/),
    expect.stringMatching(/^12: each: goes through the items of a list/),
    expect.stringMatching(/^13: The outcome "typo" needs either/),
    expect.stringMatching(/^13: .*wen/),
    expect.stringMatching(/^14: .*typ/),
    expect.stringMatching(/^14: This journey has no stage "shakey"/),
    expect.stringMatching(/^14: This journey has no band "blue"/),
  ]);
});

test('J36 the built-in outcomes suit both kinds of subject; the mapping goes first', () => {
  for (const subject of ['account', 'person'] as const) {
    const { mapping } = loadMapping(
      `journey: j\nsubject: ${subject}\nstages: { a: { default: true } }\noutcomes: { renewed: { when: true } }\n`,
      'm.yaml',
      { timezone: 'UTC', fieldMaps: [] },
    );
    const builtIn = builtInOutcomes(mapping!, []);
    expect(builtIn.map(({ name }) => name)).toEqual(['deal_lost', 'account_churned', 'renewed']);
    expect(findOutcome(mapping!, builtIn, 'Deal lost').outcome?.name).toBe('deal_lost');
    expect(findOutcome(mapping!, builtIn, 'renewed').outcome).toBe(mapping!.outcomes![0]);
    expect(findOutcome(mapping!, builtIn, 'won')).toMatchObject({ outcome: null });
  }
});
