import { describe, expect, test } from '@jest/globals';
import { normalQuantile, rateRatio, riskRatio } from '../../src/analysis/chance.ts';
import { course, day, figures } from './kit.ts';

describe('J34 conformance to the ideal path', () => {
  test('J34 starts and moves that the path foresees, people without any deviation, the ways taken', () => {
    const { conformance } = figures(
      [
        course('1', 'a0 b1 c2 d3'), //        4 of 4
        course('2', 'a0 (b)5 c5'), //         1 of 2: skipped b
        course('3', 'b0 c5'), //              1 of 2: started late
        course('4', 'a0 b5 a9 b12'), //       3 of 4: went back
        course('5', 'a0 x5 a9 b12'), //       2 of 3: off; coming back is no step
        course('6', 'a0 -4'), //              1 of 2: out
        course('7', 'a0!rule b9'), //         1 of 1, from the last move that is not its own
        course('8', 'a0 b9!rule'), //         nothing of its own after that
        course('9', 'a0 [b]5 c5'), //         2 of 2: b was passed, not jumped over
        course('10', 'a0 b1 c2 d3'),
      ],
      100,
    );
    expect(conformance).toMatchObject({ subjects: 9, conforming: 4, moves: 24, conformingMoves: 19 });
    expect(conformance.paths[0]).toEqual({ stages: ['a', 'b', 'c', 'd'], subjects: 2, conforms: true });
    const ways = conformance.paths.map(({ stages, subjects, conforms }) => [
      stages.join(''),
      subjects,
      conforms,
    ]);
    expect(ways).toContainEqual(['axab', 1, false]);
    expect(ways).toContainEqual(['ab', 1, true]);
    // Once straight through a passed stage, once over a jumped one.
    expect(ways).toContainEqual(['ac', 1, true]);
    expect(ways).toContainEqual(['ac', 1, false]);
  });

  test('J34 deviations with what became of those who made them, beside those who could have', () => {
    const many = (from: number, n: number, moves: string) =>
      Array.from({ length: n }, (_, i) => course(String(from + i), moves));
    const { conformance } = figures(
      [
        ...many(0, 40, 'a0 (b)5 c5 x9'), //    skipped b: 40 of 60 off the path
        ...many(100, 20, 'a0 (b)5 c5'),
        ...many(200, 10, 'a0 b3 c5 x9'), //    went through b to c: 10 of 100 off the path
        ...many(300, 90, 'a0 b3 c5'),
        ...many(400, 30, 'a0 b3'), //          never went past b: no comparison for it
        ...many(500, 4, 'a0 x1 a2'), //        four detours, none off the path now: too few to say
      ],
      100,
    );
    const [skip, detour] = conformance.deviations;
    expect(skip).toMatchObject({
      kind: 'skip',
      stage: 'b',
      subjects: 60,
      worse: 40,
      others: 100,
      othersWorse: 10,
    });
    // 0.667 / 0.1 = 6.67; variance 1/40 - 1/60 + 1/10 - 1/100 = 0.0983; two rows: 2.2414 x 0.3136 = 0.7029.
    expect(skip?.ratio?.value).toBeCloseTo(6.6667, 3);
    expect(skip?.ratio?.low).toBeCloseTo(6.6667 / Math.exp(0.7029), 2);
    expect(skip?.ratio?.high).toBeCloseTo(6.6667 * Math.exp(0.7029), 1);
    expect(skip?.ratio?.beyondChance).toBe(true);
    // Those in x for the first time now would be off the path by definition; they are not among the others.
    expect(detour).toEqual({
      kind: 'detour',
      stage: 'x',
      subjects: 4,
      worse: 0,
      others: 140,
      othersWorse: 0,
      ratio: null,
    });
  });

  test('J34 going back and starting late are compared with those who were in that stage', () => {
    const { conformance } = figures(
      [course('1', 'a0 b3 a5'), course('2', 'a0 b3 c5'), course('3', 'b0 x4 y6'), course('4', 'a0')],
      100,
    );
    expect(
      conformance.deviations.map(({ kind, stage, subjects, worse, others, othersWorse }) => [
        kind,
        stage,
        subjects,
        worse,
        others,
        othersWorse,
      ]),
    ).toEqual([
      ['back', 'b', 1, 0, 2, 1],
      ['late_start', 'b', 1, 1, 2, 0],
    ]);
  });
});

describe('J34 no bare claim of chance', () => {
  test('J34 quantiles of the normal distribution', () => {
    expect(normalQuantile(0.975)).toBeCloseTo(1.959964, 6);
    expect(normalQuantile(0.9875)).toBeCloseTo(2.241403, 6);
    expect(normalQuantile(0.84134475)).toBeCloseTo(1, 5);
    expect(normalQuantile(0.99975)).toBeCloseTo(3.480756, 5);
  });

  test('J34 rates and shares with their intervals, worked by hand; too few cases give none', () => {
    // 20 in 100 days beside 10 in 200: 4 times; 1.96 x sqrt(1/20 + 1/10) = 0.7591.
    const rate = rateRatio({ events: 20, of: 100, otherEvents: 10, otherOf: 200 }, 1);
    expect(rate?.value).toBeCloseTo(4);
    expect(rate?.low).toBeCloseTo(4 / Math.exp(0.7591), 3);
    expect(rate?.high).toBeCloseTo(4 * Math.exp(0.7591), 2);
    expect(rate?.beyondChance).toBe(true);
    // 2.5 times, 1.96 x 0.3873 = 0.759 < ln 2.5; with a hundred rows side by side, 3.48 x 0.3873 = 1.348 > ln 2.5.
    const pair = { events: 20, of: 100, otherEvents: 10, otherOf: 125 };
    expect(rateRatio(pair, 1)?.beyondChance).toBe(true);
    expect(rateRatio(pair, 100)?.beyondChance).toBe(false);
    expect(rateRatio({ events: 4, of: 1, otherEvents: 90, otherOf: 9000 }, 1)).toBeNull();
    expect(riskRatio({ events: 5, of: 5, otherEvents: 5, otherOf: 0 }, 1)).toBeNull();
    expect(riskRatio({ events: 5, of: 5, otherEvents: 5, otherOf: 5 }, 1)).toMatchObject({
      value: 1,
      low: 1,
      high: 1,
      beyondChance: false,
    });
  });

  test('J34 what precedes a move forward is counted by time: long stays with many calls prove nothing', () => {
    const calls = (...days: readonly number[]) => ({
      touchpoints: days.map((at) => ({ at: day(at), channel: 'call' })),
    });
    const { precedes } = figures(
      [
        // Moved 5 days after a call: 14 days would be covered, 5 are; 10 before it.
        course('1', 'a0 b15', calls(10)),
        // A call every 7 days: all but the first 7 days of 100 are covered.
        course('2', 'a0', calls(7, 14, 21, 28, 35, 42, 49, 56, 63, 70, 77, 84, 91, 98)),
        // Moved without a call; the one at the instant of the move is no call before it, nor is one at the entry.
        course('3', 'a0 b10', calls(0, 10)),
        // Moved 15 days after the call: 14 covered, 16 not.
        course('4', 'a0 b30', calls(15)),
        // Off the path: not a move forward.
        course('5', 'a0 x10', calls(8)),
      ],
      100,
    );
    expect(precedes?.days).toBe(14);
    expect(precedes?.rows).toEqual([
      {
        stage: 'a',
        channel: 'call',
        daysAfter: 5 + 93 + 14 + 2,
        movesAfter: 1,
        daysOther: 10 + 7 + 10 + 16 + 8,
        movesOther: 2,
        lift: null,
      },
    ]);
  });

  test('J34 a channel before progress far more often than chance is found, with its counts', () => {
    const all = Array.from({ length: 40 }, (_, i) =>
      i % 2 === 0
        ? course(String(i), 'a0 b20', { touchpoints: [{ at: day(15), channel: 'meeting' }] })
        : course(String(i), i % 8 === 1 ? 'a0 b80' : 'a0', {}),
    );
    const row = figures(all, 100).precedes?.rows[0];
    // After a meeting: 20 moves in 20 x 5 days. Else: 5 moves in 20 x 15 + 5 x 80 + 15 x 100 = 2200 days.
    expect(row).toMatchObject({
      channel: 'meeting',
      daysAfter: 100,
      movesAfter: 20,
      daysOther: 2200,
      movesOther: 5,
    });
    expect(row?.lift?.value).toBeCloseTo(88, 6);
    expect(row?.lift?.beyondChance).toBe(true);
  });
});
