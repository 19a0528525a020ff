import { describe, expect, test } from '@jest/globals';
import { createTally, type Life, monthStarts, type Question } from '../../src/backtest/index.ts';
import { NO_VIEWS } from '../../src/journey/index.ts';
import { createZone, loadMapping, parseSpan, zonedDuration } from '../../src/mapping/index.ts';
import type { SubjectFacts, SubjectId } from '../../src/model/facts.ts';

const DAY = 86_400_000;
const ZONE = createZone('UTC');
const FILE = `
journey: tried
subject: account
stages: { fine: { default: true } }
health:
  bands: { green: 50, red: 0 }
  groups: { all: { measures: { one: { cases: [{ when: true, score: 1 }] } } } }
outcomes:
  gone: { when: { account.type: former_customer }, foretold_by: { bands: [red] } }
`;
const MAPPING = loadMapping(FILE, 'tried.yaml', { timezone: 'UTC', fieldMaps: [] }).mapping!;

const lists = { people: [], deals: [], tickets: [], touchpoints: [], surveys: [] };
const facts: SubjectFacts = {
  subject: 's' as SubjectId,
  kind: 'account',
  person: null,
  account: { key: 'a', values: {}, origins: {} },
  ...lists,
  accountLists: lists,
};

/** An account that is there all the time, with these bands since these days. */
function life(...bands: readonly (readonly [number, string])[]): Life {
  return {
    mapping: MAPPING,
    timeline: { at: () => facts, changes: () => [], unknownAt: () => false },
    views: NO_VIEWS,
    state: { stage: null, entered: null, visits: [], lastStep: null, mappingVersion: null },
    course: bands.map(([at, band]) => ({ at: at * DAY, band })),
  };
}

function question(days: readonly number[], to: number): Question {
  return {
    outcome: MAPPING.outcomes![0]!,
    foretoldBy: { stages: [], bands: ['red'] },
    horizons: [{ text: '30d', duration: zonedDuration(parseSpan('30d')!, ZONE) }],
    instants: days.map((day) => day * DAY),
    to: to * DAY,
  };
}

describe('J36 what a backtest counts', () => {
  test('precision, recall and lead time by hand', () => {
    const tally = createTally(question([0, 20, 40, 60, 100], 125));
    // Foretold on days 20 and 40, gone on day 45: the warning of day 20 came 25 days ahead. Day 100 is not over.
    const gone = { events: [45 * DAY], holdsAt: (at: number) => at >= 45 * DAY };
    expect(tally.add(life([0, 'green'], [10, 'red']), gone)).toEqual([
      { at: 45 * DAY, judged: true, warned: 20 * DAY },
    ]);
    // Red without a reason on day 60.
    tally.add(life([0, 'green'], [50, 'red'], [90, 'green']), { events: [], holdsAt: () => false });
    // Gone on day 70 out of the blue.
    const surprise = { events: [70 * DAY], holdsAt: (at: number) => at >= 70 * DAY };
    expect(tally.add(life([0, 'green']), surprise)).toEqual([{ at: 70 * DAY, judged: true, warned: null }]);
    const report = tally.report({ name: 'tried', version: 'v' });
    expect(report).toMatchObject({ subjects: 3 });
    expect(report.horizons[0]).toMatchObject({
      // Three accounts on days 0, 20, 40 and two of them on day 60; on day 60 the first is gone already.
      judged: 11,
      truePositives: 2,
      falsePositives: 1,
      // The third, on days 40 and 60.
      falseNegatives: 2,
      trueNegatives: 6,
      positives: 4,
      precision: 2 / 3,
      recall: 0.5,
      baseRate: 4 / 11,
      events: 2,
      foretold: 1,
      leadDays: { median: 25, shortest: 25, longest: 25 },
    });
    expect(report.horizons[0]?.bands).toEqual([
      { name: 'red', judged: 3, followed: 2, rate: 2 / 3 },
      { name: 'green', judged: 8, followed: 2, rate: 0.25 },
    ]);
  });

  test('without a positive case nothing is invented', () => {
    const tally = createTally(question([0, 10], 100));
    tally.add(life([0, 'red']), { events: [], holdsAt: () => false });
    expect(tally.report({ name: 'tried', version: 'v' }).horizons[0]).toMatchObject({
      judged: 2,
      flagged: 2,
      precision: null,
      recall: null,
      baseRate: 0,
      leadDays: null,
    });
  });

  test('what is so already is not foretold, and a horizon that is not over is not judged', () => {
    const tally = createTally(question([0, 50, 90], 100));
    tally.add(life([0, 'red']), { events: [40 * DAY], holdsAt: (at) => at >= 40 * DAY });
    expect(tally.report({ name: 'tried', version: 'v' }).horizons[0]).toMatchObject({
      judged: 1,
      positives: 0,
    });
  });

  test('months begin in the zone of the mapping, over the change of the clock', () => {
    const zone = createZone('Europe/Berlin');
    const from = Date.UTC(2026, 1, 10);
    expect(monthStarts(zone, from, Date.UTC(2026, 3, 30)).map((at) => new Date(at).toISOString())).toEqual([
      '2026-02-28T23:00:00.000Z',
      '2026-03-31T22:00:00.000Z',
    ]);
  });
});
