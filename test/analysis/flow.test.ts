import { describe, expect, test } from '@jest/globals';
import { JUMPED } from '../../src/journey/state.ts';
import { course, day, figures, journey, visits } from './kit.ts';

describe('J34 transitions, loops, skips, re-entries', () => {
  test('J34 the graph: every move by kind, with people and the time before it', () => {
    const { transitions } = figures(
      [
        course('1', 'a0 b10 c30'),
        course('2', 'a0 b20'),
        course('3', 'a0 b40 a45 b50'),
        course('4', 'c5 x8 c10 -20'),
        course('5', 'x3 y4'),
      ],
      100,
    );
    const rows = transitions.map(({ from, to, kind, moves, subjects, medianDays }) => [
      `${from ?? ''}>${to ?? ''}`,
      kind,
      moves,
      subjects,
      medianDays,
    ]);
    expect(rows).toEqual([
      // After 5, 10, 20 and 40 days: the lower median is 10.
      ['a>b', 'forward', 4, 3, 10],
      ['>a', 'enter', 3, 3, null],
      ['>c', 'enter', 1, 1, null],
      ['>x', 'enter', 1, 1, null],
      ['b>a', 'back', 1, 1, 5],
      ['b>c', 'forward', 1, 1, 20],
      ['c>', 'out', 1, 1, 10],
      ['c>x', 'off', 1, 1, 3],
      ['x>c', 'return', 1, 1, 2],
      ['x>y', 'off', 1, 1, 1],
    ]);
  });

  test('J34 loops: from a stage back to it, each by its way, long ones shortened', () => {
    const { loops } = figures(
      [
        course('1', 'c0 x10 c15 x20 c30'),
        course('2', 'c0 x5 c6'),
        course('3', 'a0 b1 c2 d3 x4 y5 a7'),
        course('4', 'a0 b5!rule a9'),
      ],
      100,
    );
    expect(loops).toEqual([
      // away 5, 10 and 1 days
      { stages: ['c', 'x', 'c'], times: 3, subjects: 2, medianDays: 5 },
      { stages: ['a', 'b', 'c', 'd', '…', 'a'], times: 1, subjects: 1, medianDays: 6 },
      { stages: ['x', 'c', 'x'], times: 1, subjects: 1, medianDays: 5 },
    ]);
  });

  test('J12 J34 stages jumped over and passed are skipped, not entered', () => {
    const { skips, transitions, dwell } = figures(
      [course('1', 'a0 (b)5 (c)5 d5'), course('2', 'a0 [b]5 c5'), course('3', 'a0 b5')],
      10,
    );
    expect(skips).toEqual([
      { stage: 'a', jumped: 0, passed: 0, entered: 3 },
      { stage: 'b', jumped: 1, passed: 1, entered: 1 },
      { stage: 'c', jumped: 1, passed: 0, entered: 1 },
      { stage: 'd', jumped: 0, passed: 0, entered: 1 },
    ]);
    expect(transitions.map(({ from, to }) => `${from}>${to}`).sort()).toEqual([
      'a>b',
      'a>c',
      'a>d',
      'null>a',
    ]);
    expect(dwell.find(({ stage }) => stage === 'b')?.stays).toBe(1);
    // The word by which the engine marks them is the one the analysis looks for.
    expect(visits('(b)5')[0]?.rule).toBe(JUMPED);
  });

  test('J34 re-entries with the time away', () => {
    const { reentries } = figures([course('1', 'b0 a10 b14 x20 b30'), course('2', 'b0 a1')], 50);
    expect(reentries).toEqual([{ stage: 'b', times: 2, subjects: 1, medianDaysAway: 4 }]);
  });

  test('J34 a time that nobody knows the beginning of is not told', () => {
    const { transitions, reentries } = figures([course('1', 'a0? b10 a20!rule b25')], 50);
    expect(transitions.map(({ from, to, moves, medianDays }) => [from, to, moves, medianDays])).toEqual([
      ['a', 'b', 2, null],
    ]);
    expect(reentries).toEqual([{ stage: 'b', times: 1, subjects: 1, medianDaysAway: null }]);
  });

  test('J12 J34 only moves of the customer and of time count unless others are asked for; what is left out is said', () => {
    const all = [
      course('1', 'a0 b10!time'),
      course('2', 'a0 b10!rule'),
      course('3', 'a0 b10?'),
      course('4', 'a0!backfill b10!override'),
    ];
    const own = figures(all, 50);
    expect(own.transitions.map(({ from, to, moves }) => [from, to, moves])).toEqual([
      [null, 'a', 3],
      ['a', 'b', 1],
    ]);
    expect(own.population).toEqual({
      subjects: 4,
      placed: 4,
      counted: 4,
      leftOut: { backfill: 1, override: 1, rule: 1, uncertain: 1 },
    });
    const every = figures(all, 50, {
      causes: ['customer', 'time', 'rule', 'override', 'identity', 'backfill'],
      uncertain: true,
    });
    expect(every.transitions.map(({ from, to, moves }) => [from, to, moves])).toEqual([
      [null, 'a', 4],
      ['a', 'b', 4],
    ]);
    expect(every.population.leftOut).toEqual({});
  });

  test('J34 a period takes the moves in it, from inclusive, to exclusive; nothing after now is seen', () => {
    const all = [course('1', 'a0 b10 c20 d30')];
    const moves = (now: number, from: number | null, to: number | null) =>
      figures(all, now, {
        from: from === null ? null : day(from),
        to: to === null ? null : day(to),
      }).transitions.map(({ from, to }) => `${from ?? ''}${to}`);
    expect(moves(100, 10, 30)).toEqual(['ab', 'bc']);
    expect(moves(15, null, null)).toEqual(['a', 'ab']);
    expect(
      figures(all, 15)
        .dwell.map(({ stage, ended, open }) => [stage, ended, open])
        .slice(0, 3),
    ).toEqual([
      ['a', 1, 0],
      ['b', 0, 1],
      ['c', 0, 0],
    ]);
  });

  test('J16 J34 stages that were renamed keep their visits; a stage that is gone is no drop-off', () => {
    const mapping = {
      ...journey(),
      stages: journey().stages.map((stage) =>
        stage.name === 'b' ? { ...stage, renamedFrom: ['old'] } : stage,
      ),
    };
    const { transitions, dropOff } = figures(
      [course('1', 'a0 old10 c20'), course('2', 'a0 vanished10 c20')],
      50,
      {},
      mapping,
    );
    expect(transitions.map(({ from, to, kind }) => [from, to, kind])).toEqual([
      [null, 'a', 'enter'],
      ['a', 'b', 'forward'],
      ['a', 'vanished', 'other'],
      ['b', 'c', 'forward'],
      ['vanished', 'c', 'other'],
    ]);
    expect(dropOff[0]).toMatchObject({ stage: 'a', forward: 1, cut: 1, rate: 0 });
  });
});
