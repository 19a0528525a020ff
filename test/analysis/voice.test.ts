import { describe, expect, test } from '@jest/globals';
import { fact } from '../mapping/kit.ts';
import { course, day, figures, HOUR, journey } from './kit.ts';

describe('J34 sentiment per stage', () => {
  test('J34 answers belong to the stage they were given in; at the instant of a move, to the one before', () => {
    const { sentiment, advocacy } = figures(
      [
        course('1', 'a10 b20 -40', {
          surveys: [
            { at: day(5), type: 'nps', score: 100 }, //   before the first visit
            { at: day(10), type: 'nps', score: 100 }, //  at the very start: a
            { at: day(20), type: 'nps', score: 40 }, //   may be what moved it: still a
            { at: day(30), type: 'csat', score: 50 }, //  b
            { at: day(50), type: 'csat', score: 100 }, // in no stage
            { at: day(200), type: 'csat', score: 0 }, //  not yet
          ],
        }),
        course('2', 'b0', {
          surveys: [
            { at: day(1), type: 'nps', score: 90 },
            { at: day(2), type: 'nps', score: 70 },
            // Two at one instant: the lower one is the latest.
            { at: day(2), type: 'nps', score: 80 },
            { at: day(3), type: 'nps', score: null },
          ],
        }),
      ],
      100,
    );
    const row = (stage: string | null) => sentiment?.find((one) => one.stage === stage);
    expect(row('a')).toEqual({
      stage: 'a',
      answers: 2,
      average: 70,
      surveys: [{ type: 'nps', answers: 2, average: 70, promoters: 1, detractors: 1, nps: 0 }],
    });
    expect(row('b')).toEqual({
      stage: 'b',
      answers: 5,
      average: 72.5, // 50, 90, 70, 80
      surveys: [
        { type: 'csat', answers: 1, average: 50, promoters: null, detractors: null, nps: null },
        { type: 'nps', answers: 4, average: 80, promoters: 1, detractors: 0, nps: (1 / 3) * 100 },
      ],
    });
    expect(row(null)?.answers).toBe(2);
    expect(row('c')).toEqual({ stage: 'c', answers: 0, average: null, surveys: [] });
    // By the latest answer of each: 1 detracts with 40, 2 is passive with 70.
    expect(advocacy).toEqual({ asked: 2, promoters: 0, passives: 1, detractors: 1, nps: -50 });
  });

  test('J34 an answer at the instant of coming in from no stage was given in no stage', () => {
    const { sentiment } = figures(
      [course('1', 'a0 -10 b20', { surveys: [{ at: day(20), type: 'csat', score: 50 }] })],
      100,
    );
    expect(sentiment?.filter(({ answers }) => answers > 0).map(({ stage }) => stage)).toEqual([null]);
  });

  test('J34 answers of the period only', () => {
    const answers = [10, 20, 30].map((at) => ({ at: day(at), type: 'ces', score: at }));
    const { sentiment } = figures([course('1', 'a0', { surveys: answers })], 100, {
      from: day(20),
      to: day(30),
    });
    expect(sentiment?.[0]).toMatchObject({ answers: 1, average: 20 });
  });
});

describe('J34 friction per stage', () => {
  test('J34 tickets by category, the wait for the first reply, reopened and escalated, by time in the stage', () => {
    const { friction } = figures(
      [
        course('1', 'a0 b30', {
          tickets: [
            { created: day(10), category: 'bug', first_reply: day(10) + 2 * HOUR, reopened: 2, open: false },
            {
              created: day(12),
              category: 'bug',
              first_reply: day(12) + 4 * HOUR,
              escalated: true,
              open: false,
            },
            { created: day(14), category: 'billing', closed: day(14) + 3 * HOUR, open: false },
            { created: day(99), open: true },
          ],
        }),
        course('2', 'a0 b30', {
          tickets: [{ created: day(5), category: 'bug', first_reply: day(5) + HOUR }],
        }),
      ],
      100,
    );
    expect(friction?.[0]).toEqual({
      stage: 'a',
      tickets: 4,
      subjects: 2,
      // Four in 2 x 30 days, for 100 subjects in 30 days.
      per100Months: 200,
      categories: [
        { category: 'bug', tickets: 3 },
        { category: 'billing', tickets: 1 },
      ],
      replied: 3,
      unreplied: 1,
      // Replied after 1, 2, 4 hours; one closed unanswered after 3: 3/4, 2/4.
      firstReplyMedianHours: 2,
      reopened: 1,
      escalated: 1,
    });
    expect(friction?.[1]).toMatchObject({
      stage: 'b',
      tickets: 1,
      categories: [{ category: 'unknown', tickets: 1 }],
      replied: 0,
      unreplied: 1,
      firstReplyMedianHours: null,
    });
    expect(friction?.[1]?.per100Months).toBeCloseTo((1 / (140 / 30)) * 100);
  });

  test('J34 what no mapping asks for is not told as 0', () => {
    const all = [course('1', 'a0', { tickets: [{ created: day(1) }] })];
    const some = figures(all, 10, { known: { tickets: ['created', 'open'] } });
    expect(some.friction?.[0]).toMatchObject({ tickets: 1, categories: null, replied: null, reopened: null });
    expect([some.sentiment, some.touchpoints, some.precedes, some.customers, some.advocacy]).toEqual([
      null,
      null,
      null,
      null,
      null,
    ]);
    expect(figures(all, 10, { known: {} }).friction).toBeNull();
  });
});

describe('J34 touchpoints', () => {
  test('J34 by channel per stage; what reached nobody is none', () => {
    const { touchpoints } = figures(
      [
        course('1', 'a0 b30', {
          touchpoints: [
            { at: day(1), channel: 'email', direction: 'incoming' },
            { at: day(2), channel: 'email', direction: 'outgoing', outcome: 'sent' },
            { at: day(3), channel: 'meeting', outcome: 'no_show' },
            { at: day(4), channel: 'call', outcome: 'unanswered' },
            { at: day(31), channel: 'call', outcome: 'answered' },
            { at: day(400), channel: 'meeting', outcome: 'planned' },
          ],
        }),
        course('2', 'a0', { touchpoints: [{ at: day(9), channel: 'email' }] }),
      ],
      60,
    );
    expect(touchpoints?.[0]).toEqual({
      stage: 'a',
      touchpoints: 3,
      channels: [{ channel: 'email', touchpoints: 3, subjects: 2, incoming: 1 }],
      // 90 days in a: 1 a month.
      perMonth: 1,
    });
    expect(touchpoints?.[1]?.channels).toEqual([
      { channel: 'call', touchpoints: 1, subjects: 1, incoming: 0 },
    ]);
  });

  test('J34 hand-off: from marketing-qualified to the first sales touch, who waits counts as waiting', () => {
    const mapping = journey('analysis: { marketing_qualified: b }');
    const touch = (at: number, channel: string, more = {}) => ({ touchpoints: [{ at, channel, ...more }] });
    const all = [
      course('1', 'a0 b10', touch(day(10) + 2 * HOUR, 'call')),
      course('2', 'a0 b10', touch(day(12), 'meeting')),
      course('3', 'a0 b10', touch(day(11), 'email', { direction: 'incoming' })), // theirs, not ours
      course('4', 'a0 b99'), //                                                     waits since a day
      course('5', 'a0 b10', touch(day(9), 'call')), //                              only before
      course('6', 'a0 c10', touch(day(12), 'call')), //                             never qualified
    ];
    const { handOff } = figures(all, 100, {}, mapping);
    expect(handOff).toEqual({
      stage: 'b',
      qualified: 5,
      touched: 2,
      waiting: 3,
      withinDay: 1,
      // At 2 h: 4/5 wait. Open at 24 h. At 48 h three are at risk: 4/5 x 2/3 = 0.53: half were never seen.
      medianHours: null,
      p90Hours: null,
    });
    const calls = journey('analysis: { marketing_qualified: b, sales_touch: [email] }');
    expect(figures(all, 100, {}, calls).handOff?.touched).toBe(1);
    expect(figures(all, 100).handOff).toBeNull();
  });
});

describe('J34 repeat purchase, retention, advocacy', () => {
  test('J34 by the deals of the subjects, by the year of the first win', () => {
    const won = (at: number, kind = 'new') => ({ won: true, lost: false, closed: day(at), kind });
    const lost = (at: number, kind = 'renewal') => ({ won: false, lost: true, closed: day(at), kind });
    const all = [
      course('1', 'a0', { deals: [won(10), won(30, 'expansion')] }),
      course('2', 'a0', { deals: [won(10), lost(40)] }), //                 lost for good
      course('3', 'a0', { deals: [won(10), lost(40), won(60, 'renewal')] }), // won back
      course('4', 'a0', { deals: [won(-100)] }),
      course('5', 'a0', { deals: [lost(20, 'new'), { won: false, lost: false, open: true }] }),
      course('6', 'a0', { deals: [won(500)] }), //                           not yet
    ];
    const { customers } = figures(all, 100);
    expect(customers).toEqual({
      customers: 4,
      repeat: 2,
      repeatRate: 0.5,
      // Second after 20 and 50 days, open at 90 and 200: 3/4, 2/4.
      medianDaysToSecond: 50,
      kept: 3,
      retentionRate: 0.75,
      cohorts: [
        { year: '2025', customers: 1, repeat: 0, kept: 1 },
        { year: '2026', customers: 3, repeat: 2, kept: 2 },
      ],
      kinds: [
        { kind: 'expansion', won: 1, lost: 0 },
        { kind: 'new', won: 4, lost: 1 },
        { kind: 'renewal', won: 1, lost: 2 },
      ],
    });
    const spring = figures(all, 100, { from: day(0), to: day(50) }).customers;
    expect(spring).toMatchObject({ customers: 3, repeat: 2 });
    expect(figures(all, 100, { known: { deals: ['won', 'closed'] } }).customers).toMatchObject({
      kept: null,
      retentionRate: null,
    });
  });
});

describe('J34 disagreement between CRMs', () => {
  test('J5 J34 fields whose value differs, whose was taken, and where to look', () => {
    const torn = (id: string) => {
      const plain = fact(id, { name: 'A', owner: 'x' });
      const origin = plain.origins['name']!;
      const rejected = { value: 'B', connection: origin.connection, type: 'y', id: '9' };
      return { ...plain, origins: { ...plain.origins, name: { ...origin, rejected } } };
    };
    const all = ['7', '3', '5', '1', '9', '2'].map((id) => course(id, 'a0', { selfFact: torn(id) }));
    const { disagreement } = figures([...all, course('8', 'a0', { self: { name: 'A' } })], 10);
    expect(disagreement).toEqual([
      {
        field: 'account.name',
        differ: 6,
        of: 7,
        share: 6 / 7,
        taken: { test: 6 },
        examples: ['1', '2', '3', '5', '7'],
      },
    ]);
  });

  test('J34 ids, stamps and names that each CRM has in its own way, and times of one day, are no disagreement', () => {
    const differing = (field: string, mine: string | number, other: string | number) => {
      const plain = fact('d', { [field]: mine });
      const origin = plain.origins[field]!;
      const rejected = { value: other, connection: origin.connection, type: 'y', id: '9' };
      return course(field, 'a0', {
        selfFact: { ...plain, origins: { [field]: { ...origin, rejected } } },
      });
    };
    const { disagreement } = figures(
      [
        differing('owner', '005x', '71'),
        differing('created', day(1), day(3)),
        differing('renewal', day(5), day(5) + 9 * HOUR),
        differing('domain', 'example.com', 'https://www.Example.com/de'),
        differing('name', 'Muster  AG', 'MUSTER AG '),
        differing('city', 'Bonn', 'Berlin'),
      ],
      10,
    );
    expect(disagreement.map(({ field }) => field)).toEqual(['account.city']);
    expect(figures([differing('renewal', day(5), day(6))], 10).disagreement).toHaveLength(1);
  });
});

describe('J34 where everybody is now', () => {
  test('J34 people and health by stage; who is in no stage is placed nowhere', () => {
    const { stages, population } = figures(
      [
        course('1', 'a0', { health: { score: 80, band: 'good' } }),
        course('2', 'a0', { health: { score: 40, band: 'bad' } }),
        course('3', 'a0', { health: { score: null, band: 'unknown' } }),
        course('4', 'a0 -5', { noFacts: true }),
      ],
      10,
    );
    expect(population).toMatchObject({ subjects: 4, placed: 3 });
    expect(stages[0]).toEqual({
      stage: 'a',
      label: 'A',
      offPath: false,
      subjects: 3,
      scored: 2,
      averageHealth: 60,
      bands: { good: 1, bad: 1, unknown: 1 },
    });
  });
});
