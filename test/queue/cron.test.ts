import { describe, expect, test } from '@jest/globals';
import { createZone } from '../../src/mapping/zone.ts';
import { type Cron, parseCron } from '../../src/queue/cron.ts';

function cron(text: string): Cron {
  const parsed = parseCron(text);
  if ('problem' in parsed) throw new Error(parsed.problem);
  return parsed.cron;
}

/** The next dues as UTC text. */
function dues(text: string, zone: string, from: string, n: number): string[] {
  const found: string[] = [];
  let at = Date.parse(from);
  for (let i = 0; i < n; i += 1) {
    const next = cron(text).next(at, createZone(zone));
    if (next === null) break;
    found.push(new Date(next).toISOString().slice(0, 16));
    at = next;
  }
  return found;
}

describe('cron', () => {
  test.each([
    ['*/15 * * * *', 'UTC', '2026-01-01T00:00:30Z', ['2026-01-01T00:15', '2026-01-01T00:30']],
    ['0 6 * * 1-5', 'Europe/Berlin', '2026-01-02T12:00:00Z', ['2026-01-05T05:00', '2026-01-06T05:00']],
    ['0 0 1 * *', 'UTC', '2026-01-31T00:00:00Z', ['2026-02-01T00:00', '2026-03-01T00:00']],
    [
      '0 0 13 * 5',
      'UTC',
      '2026-01-01T00:00:00Z',
      ['2026-01-02T00:00', '2026-01-09T00:00', '2026-01-13T00:00'],
    ],
  ])('%s in %s after %s', (text, zone, from, expected) => {
    expect(dues(text, zone, from, expected.length)).toEqual(expected);
  });

  test('a wall time that spring skips is due when the clock has jumped', () => {
    expect(dues('30 2 * * *', 'America/New_York', '2026-03-07T12:00:00Z', 2)).toEqual([
      '2026-03-08T07:00',
      '2026-03-09T06:30',
    ]);
  });

  test('the hour that autumn repeats: every tick of `*`, but a given hour once', () => {
    expect(dues('0 * * * *', 'America/New_York', '2026-11-01T04:30:00Z', 3)).toEqual([
      '2026-11-01T05:00',
      '2026-11-01T06:00',
      '2026-11-01T07:00',
    ]);
    expect(dues('30 1 * * *', 'America/New_York', '2026-11-01T04:30:00Z', 2)).toEqual([
      '2026-11-01T05:30',
      '2026-11-02T06:30',
    ]);
  });

  test('a leap day is found years ahead', () => {
    expect(dues('0 0 29 2 *', 'UTC', '2026-01-01T00:00:00Z', 1)).toEqual(['2028-02-29T00:00']);
  });

  test.each(['', '* * * *', '61 * * * *', 'every day', '* * * * * *', '0 0 30 2 *'])(
    '%j is refused in words',
    (text) => {
      expect(parseCron(text)).toHaveProperty('problem');
    },
  );
});
