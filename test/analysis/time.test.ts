import { describe, expect, test } from '@jest/globals';
import { endedWithin, median, quantile } from '../../src/analysis/survival.ts';
import { course, day, duration, figures, journey } from './kit.ts';

const bag = (...values: readonly number[]): Float64Array => Float64Array.from(values).sort();

describe('J34 conversion', () => {
  test('J34 within a window from the first entry; windows that are not over are in no denominator', () => {
    const { conversion } = figures(
      [
        course('1', 'a0 b10'), //            reached b after 10 days
        course('2', 'a0 b40'), //            after 40: too late for 30
        course('3', 'a0 x5 b20'), //         by way of an off-path stage
        course('4', 'a0 (b)30 c30'), //      jumped b: reached "b or later", on the last day of the window
        course('5', 'a80 b81'), //           window not over on day 100, though it has succeeded
        course('6', 'a0 x5'), //             never
        course('7', 'a0 b5!rule'), //        moved by a rule
        course('8', 'a0 x3 a50 b55'), //     second entry does not count: by its first, never within 30
      ],
      100,
    );
    const a = conversion.find(({ stage }) => stage === 'a');
    expect(a?.entered).toBe(8);
    expect(a?.targets).toEqual([
      // complete: 1, 2, 3, 4, 6, 8
      { stage: 'b', complete: 6, reached: 3, rate: 3 / 6, pending: 1, cut: 1 },
      { stage: 'c', complete: 6, reached: 1, rate: 1 / 6, pending: 1, cut: 1 },
      { stage: 'd', complete: 6, reached: 0, rate: 0, pending: 1, cut: 1 },
    ]);
    // Neither the end of the path nor off-path stages convert.
    expect(conversion.map(({ stage }) => stage)).toEqual(['a', 'b', 'c']);
    // The window of calendar days runs out before day 100 for whoever entered on day 70 at the latest.
    expect(figures([course('1', 'a70')], 100).conversion[0]?.targets[0]?.complete).toBe(1);
    expect(figures([course('1', 'a71')], 100).conversion[0]?.targets[0]?.complete).toBe(0);
  });

  test('J34 by cohort: the month of entry in the zone of the mapping', () => {
    const { conversion } = figures(
      [course('1', 'a0 b10'), course('2', 'a30 b35'), course('3', 'a31'), course('4', 'a40 b45')],
      200,
    );
    // Day 0 is 1 January 2026, day 30 the 31st, day 31 is 1 February.
    expect(conversion[0]?.cohorts).toEqual([
      { month: '2026-01', entered: 2, complete: 2, reached: 2, rate: 1, pending: 0, cut: 0 },
      { month: '2026-02', entered: 2, complete: 2, reached: 1, rate: 0.5, pending: 0, cut: 0 },
    ]);
  });

  test('J34 only entries of the period are a cohort; what became of them is seen until now', () => {
    const all = [course('1', 'a0 b10'), course('2', 'a50 b70'), course('3', 'a60')];
    const { conversion } = figures(all, 100, { from: day(40), to: day(55) });
    expect(conversion[0]).toMatchObject({
      entered: 1,
      targets: [{ stage: 'b', complete: 1, reached: 1 }, {}, {}],
    });
  });
});

describe('J34 time in stage', () => {
  test('J34 quantiles by Kaplan and Meier, worked by hand', () => {
    // Ends at 2, 4, 6; open at 3 and 7. At 2: 4/5 stay. At 4 three are at risk: 4/5 x 2/3 = 0.533. At 6, two: 0.267.
    const lengths = { ended: bag(2, 4, 6), open: bag(3, 7) };
    expect(quantile(lengths, 0.2)).toBe(2);
    expect(quantile(lengths, 0.46)).toBe(4);
    expect(quantile(lengths, 0.5)).toBe(6);
    expect(quantile(lengths, 0.9)).toBeNull();
    // Nothing open: plain order statistics.
    expect(quantile({ ended: bag(1, 2, 3, 4), open: bag() }, 0.5)).toBe(2);
    expect(quantile({ ended: bag(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), open: bag() }, 0.9)).toBe(9);
    // Open at the length of an end counts as still there at it: 1 of 2 at risk.
    expect(quantile({ ended: bag(5), open: bag(5) }, 0.5)).toBe(5);
    expect(quantile({ ended: bag(5), open: bag(5) }, 0.6)).toBeNull();
    expect(quantile({ ended: bag(), open: bag(5) }, 0.5)).toBeNull();
    expect(median(bag(4, 1, 3, 2))).toBe(2);
    expect(median(bag())).toBeNull();
    // Half within 5: the median is 6, so no; within 6: yes. Nobody was seen for 9.
    expect([5, 6].map((length) => endedWithin(lengths, 0.5, length))).toEqual([false, true]);
    expect(endedWithin({ ended: bag(), open: bag(8) }, 0.5, 7)).toBe(false);
    expect(endedWithin({ ended: bag(), open: bag(8) }, 0.5, 9)).toBeNull();
  });

  test('J34 open stays count as longer than so far, and so do those that a rule ended', () => {
    const { dwell } = figures(
      [
        course('1', 'a0 b2'),
        course('2', 'a0 x4'),
        course('3', 'a0 -6'),
        course('4', 'a0 b3!rule'),
        course('5', 'a93'),
        course('6', 'a0!rule b50'),
      ],
      100,
    );
    // Ended 2, 4, 6; cut 3; open 7: the case above. 6 did not come in by itself.
    expect(dwell[0]).toEqual({
      stage: 'a',
      offPath: false,
      stays: 5,
      ended: 3,
      open: 1,
      cut: 1,
      medianDays: 6,
      p90Days: null,
      openMedianDays: 7,
    });
    expect(dwell.find(({ stage }) => stage === 'x')).toMatchObject({
      stays: 1,
      open: 1,
      medianDays: null,
      openMedianDays: 96,
    });
  });
});

describe('J34 drop-off', () => {
  test('J34 forward, back, off, out, open and silent; what a rule moved is in no denominator', () => {
    const { dropOff } = figures(
      [
        course('1', 'b0 c5'),
        course('2', 'b0 a5'),
        course('3', 'b0 x5 b6 c7'), //                     off, then forward from the second stay
        course('4', 'b0 -5'),
        course('5', 'b0 c5!rule'),
        course('6', 'b0'), //                              silent: nothing for 20 days
        course('7', 'b0', { touchpoints: [{ at: day(85), channel: 'call' }] }), //   heard from 15 days ago
        course('8', 'b0', { touchpoints: [{ at: day(85), channel: 'call', outcome: 'unanswered' }] }), // reached nobody
        course('9', 'b85'), //                             too new to be silent
      ],
      100,
    );
    expect(dropOff[1]).toEqual({
      stage: 'b',
      offPath: false,
      stays: 10,
      forward: 2,
      back: 1,
      off: 1,
      returned: 0,
      out: 1,
      open: 4,
      silent: 2,
      cut: 1,
      rate: 5 / 9,
    });
    expect(dropOff[4]).toMatchObject({ stage: 'x', stays: 1, returned: 1, rate: null });
  });

  test('J34 without touchpoints nobody is called silent', () => {
    const { dropOff } = figures([course('1', 'b0'), course('2', 'b0 c1')], 100, { known: {} });
    expect(dropOff[1]).toMatchObject({ open: 1, silent: null, rate: 0 });
  });

  test('J34 silence begins exactly after the silent time', () => {
    const silent = (entered: number, at: number): number | null | undefined =>
      figures([course('1', `b${entered}`, { touchpoints: [{ at: day(at), channel: 'chat' }] })], 100)
        .dropOff[1]?.silent;
    expect([silent(80, 50), silent(81, 50), silent(0, 80), silent(0, 80.1)]).toEqual([1, 0, 1, 0]);
  });
});

describe('J34 bottlenecks', () => {
  test('J34 ranked by people held up times the time they lose', () => {
    const { bottlenecks } = figures(
      [
        // a: those that moved forward took 10, 20, 30: usual 20. Open 50 and 25 days: 30 + 5 lost.
        course('1', 'a0 b10 c12'),
        course('2', 'a0 b20 c22'),
        course('3', 'a0 b30 c32'),
        course('4', 'a50'),
        course('5', 'a75'),
        course('6', 'a90'), // 10 days: as usual
        // b: usual 2; one open for 60 days: 58 lost.
        course('7', 'b40'),
      ],
      100,
    );
    expect(bottlenecks).toEqual([
      { stage: 'b', usualDays: 2, usual: 'median', open: 1, heldUp: 1, daysLost: 58 },
      { stage: 'a', usualDays: 20, usual: 'median', open: 3, heldUp: 2, daysLost: 35 },
      // Nobody ever went on from c: nothing to compare with.
      { stage: 'c', usualDays: null, usual: null, open: 3, heldUp: 0, daysLost: 0 },
    ]);
  });

  test('J34 J35 a target for the median time is the measure, where there is one', () => {
    const mapping = journey('kpis: { a: { measure: median_time, target: 40d } }');
    const { bottlenecks } = figures([course('1', 'a0 b10'), course('2', 'a50')], 100, {}, mapping);
    expect(bottlenecks[0]).toEqual({
      stage: 'a',
      usualDays: 40,
      usual: 'target',
      open: 1,
      heldUp: 1,
      daysLost: 10,
    });
  });
});

describe('J35 kpis', () => {
  const mapping = journey(`
kpis:
  a:
    - { measure: conversion, target: 50%, window: 10d }
    - { measure: median_time, target: 5d, window: 40d }
    - { measure: drop_off, target: 40% }
  b:
    - { measure: sentiment, target: 60, window: 30d }
    - { measure: health, target: 55 }
  c: { measure: median_time, target: 3d }
`);
  const all = [
    course('1', 'a0 b5', {
      health: { score: 80, band: 'good' },
      surveys: [
        { at: day(50), type: 'csat', score: 10 }, // older than 30 days
        { at: day(90), type: 'csat', score: 50 },
      ],
    }),
    course('2', 'a0 b20', {
      health: { score: 20, band: 'bad' },
      surveys: [{ at: day(80), type: 'ces', score: 80 }],
    }),
    course('3', 'a0 x4'),
    course('4', 'a70 b76'),
  ];

  test('J35 each measure against its target, in its window', () => {
    expect(figures(all, 100, {}, mapping).kpis).toEqual([
      // Within 10 days: 1 and 4 of four.
      {
        stage: 'a',
        measure: 'conversion',
        target: 0.5,
        better: 'higher',
        window: '10d',
        value: 0.5,
        of: 4,
        met: true,
      },
      // Entered in the last 40 days: only 4, after 6 days.
      {
        stage: 'a',
        measure: 'median_time',
        target: 5,
        better: 'lower',
        window: '40d',
        value: 6,
        of: 1,
        met: false,
      },
      // One of four went off the path.
      {
        stage: 'a',
        measure: 'drop_off',
        target: 0.4,
        better: 'lower',
        window: null,
        value: 0.25,
        of: 4,
        met: true,
      },
      {
        stage: 'b',
        measure: 'sentiment',
        target: 60,
        better: 'higher',
        window: '30d',
        value: 65,
        of: 2,
        met: true,
      },
      {
        stage: 'b',
        measure: 'health',
        target: 55,
        better: 'higher',
        window: null,
        value: 50,
        of: 2,
        met: false,
      },
      {
        stage: 'c',
        measure: 'median_time',
        target: 3,
        better: 'lower',
        window: null,
        value: null,
        of: 0,
        met: null,
      },
    ]);
  });

  test('J35 a median time is missed as soon as more than half are known to have stayed longer', () => {
    const late = figures([course('1', 'c0'), course('2', 'c0')], 100, {}, mapping).kpis.at(-1);
    expect(late).toMatchObject({ value: null, of: 2, met: false });
    const early = figures([course('1', 'c98'), course('2', 'c98')], 100, {}, mapping).kpis.at(-1);
    expect(early).toMatchObject({ value: null, of: 2, met: null });
  });

  test('J35 without a window of its own a conversion takes that of the analysis', () => {
    const own = journey('kpis: { a: { measure: conversion, target: 50% } }');
    const rate = (window: string): number | null | undefined =>
      figures([course('1', 'a0 b15')], 100, { window: duration(window) }, own).kpis[0]?.value;
    expect([rate('10d'), rate('20d')]).toEqual([0, 1]);
  });
});
