import { describe, expect, test } from '@jest/globals';
import { type Analysis, createAnalysis, type SubjectCourse } from '../../src/analysis/index.ts';
import { analysisLines } from '../../src/commands/analyse-text.ts';
import { columns } from '../../src/terminal/text.ts';
import { course, day, journey, options } from '../analysis/kit.ts';

const MAPPING = journey(`
kpis:
  a: [{ measure: conversion, target: 50% }, { measure: median_time, target: 5d }]
  b: { measure: sentiment, target: 60 }
  c: { measure: drop_off, target: 10% }
analysis: { marketing_qualified: b }
`);

function analyse(courses: readonly SubjectCourse[], more: Parameters<typeof options>[1] = {}): Analysis {
  const analysis = createAnalysis(MAPPING, options(100, more), {
    by: 'owner',
    version: { version: 'v2', since: day(50) },
  });
  for (const one of courses) analysis.add(one);
  return analysis.result();
}

function page(
  courses: readonly SubjectCourse[],
  more: Parameters<typeof options>[1] = {},
  width = 80,
): string {
  return analysisLines(analyse(courses, more), 'UTC', width).join('\n');
}

describe('J34 the page of an analysis', () => {
  test('J34 nothing at all is told without a made-up number', () => {
    const text = page([]);
    expect(text).toContain('0 accounts, 0 of them in a stage now. From the beginning to 11 Apr 2026.');
    expect(text).not.toMatch(/NaN|undefined|null|Infinity/);
  });

  test('J34 J35 words, targets and comparisons', () => {
    const meeting = { touchpoints: [{ at: day(15), channel: 'meeting', outcome: 'held' }] };
    const text = page([
      ...Array.from({ length: 20 }, (_, i) =>
        course(`m${i}`, 'a0 b20', { ...meeting, self: { owner: 'ann' } }),
      ),
      ...Array.from({ length: 20 }, (_, i) => course(`n${i}`, i < 6 ? 'a0 b80' : 'a0')),
      course('r', 'a0 b20!rule'),
      course('x', 'a0 x30 a40', { surveys: [{ at: day(35), type: 'nps', score: 20 }] }),
    ]).replace(/\s+/g, ' ');
    expect(text).toContain('Left out by cause: 1 rule. `--causes all` counts all of them.');
    // Of 41 whose window is over and that no rule moved, 20 got on within 30 days.
    expect(text).toContain('A → B or later 42 0 20 of 41 49%');
    expect(text).toMatch(/✗ missed A get on ≥ 50% 49% 41/);
    // 14 are there since 100 days, 95 too many; x is back since 60 days, 55 too many.
    expect(text).toContain(
      '1. A: 15 of 15 there wait longer than the target of 5 days; 1,385 days lost together.',
    );
    expect(text).toMatch(/A, meeting: 20 moves forward in 100 days within 14 days after one, 6 in the other/);
    expect(text).toContain('A → X → A: 1 time, 1 of them different, back after 10 days');
    expect(text).toMatch(/owner accounts Get on in 30d Drop off Health .* none 22 /);
    expect(text).toContain('in use since 20 Feb 2026');
  });

  test('J34 what no mapping asks for is said to be unknown, with the way to know it', () => {
    const text = page([course('1', 'a0 b5')], { known: {} }).replace(/\s+/g, ' ');
    expect(text).toContain(
      'Not known: no mapping asks for surveys. Name `surveys` under `analysis: include:`.',
    );
    expect(text).toContain('Name `tickets` under');
    expect(text).not.toContain('What comes before getting on');
  });

  test('J34 names of people who write their own CRM fit and cannot paint the terminal', () => {
    const long = 'x'.repeat(200);
    const text = page([
      course('1', 'a0 b5', {
        self: { owner: `\u001b[31m${long}` },
        tickets: [{ created: day(1), category: `${long}\u0007` }],
        touchpoints: [{ at: day(1), channel: `邮件${long}` }],
        surveys: [{ at: day(1), type: long, score: 5 }],
      }),
    ]);
    expect(text.split('\n').filter((line) => columns(line) > 80)).toEqual([]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may be there
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });
});
