import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  Accumulator,
  type Analysis,
  createAnalysis,
  type Division,
  type SubjectCourse,
} from '../../src/analysis/index.ts';
import { course, day, journey, type Lived, options } from './kit.ts';

const MAPPING = journey(`
kpis:
  a: [{ measure: conversion, target: 50% }, { measure: median_time, target: 9d, window: 60d }]
  b: [{ measure: sentiment, target: 50 }, { measure: drop_off, target: 10% }, { measure: health, target: 60 }]
analysis: { marketing_qualified: b }
`);
const CHANNELS = ['call', 'email', 'meeting'] as const;

/** Any way and life of a subject within 100 days. */
const aCourse: fc.Arbitrary<SubjectCourse> = fc
  .record({
    id: fc.integer({ min: 0, max: 1_000_000 }),
    moves: fc.array(
      fc.record({
        stage: fc.constantFrom('a', 'b', 'c', 'd', 'x', 'y', '-'),
        wait: fc.integer({ min: 1, max: 40 }),
        cause: fc.constantFrom('', '', '', '', '!time', '!rule', '?'),
        jump: fc.constantFrom('', '', '(b)', '[b]'),
      }),
      { minLength: 1, maxLength: 8 },
    ),
    touches: fc.array(
      fc.record({ at: fc.integer({ min: 0, max: 120 }), channel: fc.constantFrom(...CHANNELS) }),
      {
        maxLength: 6,
      },
    ),
    scores: fc.array(
      fc.record({
        at: fc.integer({ min: 0, max: 120 }),
        score: fc.double({ min: 0, max: 100, noNaN: true }),
        type: fc.constantFrom('nps', 'csat'),
      }),
      { maxLength: 3 },
    ),
    tickets: fc.array(fc.integer({ min: 0, max: 120 }), { maxLength: 3 }),
    wins: fc.array(fc.integer({ min: 0, max: 120 }), { maxLength: 3 }),
    score: fc.double({ min: 0, max: 100, noNaN: true }),
    segment: fc.constantFrom('big', 'small'),
  })
  .map(({ id, moves, ...life }) => {
    let at = 0;
    let last = '';
    const parts: string[] = [];
    for (const { stage, wait, cause, jump } of moves) {
      if (stage === last || (stage === '-' && parts.length === 0)) continue;
      if (jump !== '' && parts.length > 0 && stage !== '-') parts.push(`${jump}${at}`);
      parts.push(`${stage}${at}${stage === '-' ? '' : cause}`);
      last = stage;
      at += wait;
    }
    const lived: Lived = {
      segments: [life.segment],
      self: { owner: life.segment === 'big' ? 'ann' : 'bob' },
      health: { score: life.score, band: 'good' },
      touchpoints: life.touches.map((touch) => ({ at: day(touch.at), channel: touch.channel })),
      surveys: life.scores.map((answer) => ({ ...answer, at: day(answer.at) })),
      tickets: life.tickets.map((created) => ({ created: day(created), category: 'bug' })),
      deals: life.wins.map((closed) => ({ closed: day(closed), won: true, kind: 'new' })),
    };
    return course(String(id), parts.length === 0 ? 'a0' : parts.join(' '), lived);
  });
const someCourses = fc.uniqueArray(aCourse, {
  selector: ({ subject }) => subject,
  minLength: 1,
  maxLength: 30,
});

function analyse(courses: readonly SubjectCourse[], division: Division = {}): Analysis {
  const analysis = createAnalysis(MAPPING, options(100), division);
  for (const one of courses) analysis.add(one);
  return analysis.result();
}

describe('J34 properties of the analysis', () => {
  test('J34 the order of subjects does not matter', () => {
    fc.assert(
      fc.property(someCourses, fc.integer(), (courses, seed) => {
        const shuffled = [...courses].sort((p, q) => hash(p.subject, seed) - hash(q.subject, seed));
        const division: Division = { by: 'owner', version: { version: 'v2', since: day(50) } };
        expect(analyse(shuffled, division)).toEqual(analyse(courses, division));
      }),
      { numRuns: 40 },
    );
  });

  test('J34 accumulators merged are as one', () => {
    fc.assert(
      fc.property(someCourses, fc.nat(30), (courses, cut) => {
        const parts = [courses.slice(0, cut), courses.slice(cut)].map((part) => {
          const accumulator = new Accumulator(MAPPING, options(100));
          for (const one of part) accumulator.add(one);
          return accumulator;
        });
        parts[0]!.merge(parts[1]!);
        const { journey: _, ...whole } = analyse(courses);
        expect(whole).toMatchObject(parts[0]!.figures());
      }),
      { numRuns: 40 },
    );
  });

  test('J34 everything adds up: stays, moves, shares', () => {
    fc.assert(
      fc.property(someCourses, (courses) => {
        const result = analyse(courses);
        const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0);
        expect(sum(result.stages.map(({ subjects }) => subjects))).toBe(result.population.placed);
        expect(sum(result.dwell.map(({ stays }) => stays))).toBe(result.population.counted);
        for (const [i, row] of result.dropOff.entries()) {
          const { forward, back, off, returned, out, open, cut } = row;
          expect(sum([forward, back, off, returned, out, open, cut])).toBe(row.stays);
          expect(row.stays).toBe(result.dwell[i]?.stays);
          expect(row.silent ?? 0).toBeLessThanOrEqual(open);
          expect(row.rate ?? 0).toBeLessThanOrEqual(1);
        }
        const entries = result.transitions.filter(({ to }) => to !== null);
        expect(sum(entries.map(({ moves }) => moves))).toBe(result.population.counted);
        for (const { targets, cohorts, entered } of result.conversion) {
          for (const target of targets) {
            expect(target.complete + target.pending + target.cut).toBe(entered);
            expect(target.reached).toBeLessThanOrEqual(target.complete);
          }
          expect(sum(cohorts.map((cohort) => cohort.entered))).toBe(entered);
          expect(sum(cohorts.map((cohort) => cohort.reached))).toBe(targets[0]?.reached);
        }
        for (const row of result.precedes?.rows ?? []) expect(row.daysOther).toBeGreaterThanOrEqual(0);
        const { conformance } = result;
        expect(conformance.conforming).toBeLessThanOrEqual(conformance.subjects);
        expect(conformance.conformingMoves).toBeLessThanOrEqual(conformance.moves);
        for (const deviation of conformance.deviations) {
          expect(deviation.others).toBeGreaterThanOrEqual(deviation.othersWorse);
          expect(deviation.othersWorse).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('J34 what lies after now changes nothing', () => {
    fc.assert(
      fc.property(aCourse, (one) => {
        const known = {
          ...one,
          visits: one.visits
            .filter(({ entered }) => entered <= day(60))
            .map((visit) => (visit.left !== null && visit.left > day(60) ? { ...visit, left: null } : visit)),
        };
        const at60 = (subject: SubjectCourse) => {
          const accumulator = new Accumulator(MAPPING, options(60));
          accumulator.add(subject);
          return accumulator.figures();
        };
        expect(at60(known)).toEqual(at60(one));
      }),
      { numRuns: 40 },
    );
  });
});

describe('J34 by segment, owner, source, and before and after a version', () => {
  test('J17 J34 by segment each counts in its primary one; a filter takes whoever is in it', () => {
    const courses = [
      course('1', 'a0', { segments: ['big', 'old'] }),
      course('2', 'a0', { segments: ['old'] }),
      course('3', 'a0'),
      course('4', 'a0', { segments: ['big'] }),
    ];
    const rows = analyse(courses, { by: 'segment' }).groups?.rows;
    expect(rows?.map(({ value, figures }) => [value, figures.population.subjects])).toEqual([
      ['big', 2],
      [null, 1],
      ['old', 1],
    ]);
    const only = createAnalysis(MAPPING, options(100, { segment: 'old' }));
    for (const one of courses) only.add(one);
    expect(only.result().population.subjects).toBe(2);
  });

  test('J34 more than twenty owners: the smaller ones stand together', () => {
    const courses = Array.from({ length: 25 }, (_, owner) =>
      Array.from({ length: 25 - owner }, (_, i) =>
        course(`${owner}-${i}`, 'a0 b5', { self: { owner: `o${String(owner).padStart(2, '0')}` } }),
      ),
    ).flat();
    const rows = analyse(courses, { by: 'owner' }).groups?.rows ?? [];
    expect(rows).toHaveLength(21);
    expect(rows[0]).toMatchObject({ value: 'o00', others: false, figures: { population: { subjects: 25 } } });
    // The last five have 5, 4, 3, 2 and 1.
    expect(rows[20]).toMatchObject({ value: null, others: true, figures: { population: { subjects: 15 } } });
  });

  test('J34 before and after a mapping version: before is seen as it was, after takes what entered since', () => {
    const courses = [
      course('1', 'a0 b60'), //         still in a before day 50
      course('2', 'a0 b10 c55'),
      course('3', 'a52 b58'),
      course('4', 'a0 b50!rule'), //    moved by the new rules themselves
    ];
    const { versions } = analyse(courses, { version: { version: 'v2', since: day(50) } });
    expect(versions?.before.dwell[0]).toMatchObject({ stage: 'a', stays: 3, ended: 1, open: 2, cut: 0 });
    expect(versions?.before.transitions.map(({ from, to, moves }) => [from, to, moves])).toEqual([
      [null, 'a', 3],
      ['a', 'b', 1],
    ]);
    expect(versions?.after.transitions.map(({ from, to, moves }) => [from, to, moves])).toEqual([
      ['a', 'b', 2],
      [null, 'a', 1],
      ['b', 'c', 1],
    ]);
    expect(versions?.after.population.leftOut).toEqual({ rule: 1 });
  });
});

describe('J34 streaming', () => {
  test('J34 a hundred thousand subjects leave counts and lengths behind, no visits', async () => {
    const accumulator = new Accumulator(MAPPING, options(100));
    const refs: WeakRef<SubjectCourse>[] = [];
    const models = Array.from({ length: 30 }, (_, i) =>
      course(String(i), `a${i} b${i + 5} a${i + 9} b${i + 20} c${i + 33}`),
    );
    const before = await usedAfterCollecting();
    for (let i = 0; i < 100_000; i += 1) {
      const model = models[i % 30]!;
      const one = { ...model, visits: model.visits.map((visit) => ({ ...visit })) };
      if (i % 1000 === 0) refs.push(new WeakRef(one));
      accumulator.add(one);
    }
    const growth = (await usedAfterCollecting()) - before;
    const result = accumulator.figures();
    expect(result.population).toMatchObject({ subjects: 100_000, counted: 500_000 });
    expect(result.transitions.find(({ from, to }) => from === 'a' && to === 'b')?.moves).toBe(200_000);
    expect(refs.filter((ref) => ref.deref() !== undefined)).toEqual([]);
    // Half a million visits as objects would be some 100 MB.
    expect(growth / 1e6).toBeLessThan(40);
  });
});

/** Bytes of live objects and typed arrays. */
async function usedAfterCollecting(): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  // References that were made in this turn hold their object until the turn is over.
  await new Promise((next) => setImmediate(next));
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function hash(text: string, seed: number): number {
  let value = seed | 0;
  for (const character of text) value = Math.imul(value ^ character.charCodeAt(0), 16777619);
  return value;
}
