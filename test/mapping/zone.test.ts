import { describe, expect, test } from '@jest/globals';
import { createZone, isZone, parseSpan, zonedDuration } from '../../src/mapping/index.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const iso = (instant: number | null): string | null =>
  instant === null ? null : new Date(instant).toISOString();

describe('J9 calendar days in a zone', () => {
  const berlin = createZone('Europe/Berlin');

  test('J9 days keep the wall time over changes of the clock, hours do not', () => {
    // 28 March 2026 12:00 in Berlin; the clock goes forward on the 29th.
    const noon = Date.UTC(2026, 2, 28, 11);
    expect(iso(berlin.addDays(noon, 1))).toBe('2026-03-29T10:00:00.000Z');
    expect(iso(berlin.addDays(Date.UTC(2026, 9, 24, 10), 1))).toBe('2026-10-25T11:00:00.000Z');
    const hours = zonedDuration(parseSpan('24h')!, berlin);
    expect(iso(hours.after(noon))).toBe('2026-03-29T11:00:00.000Z');
    expect(iso(zonedDuration(parseSpan('2w')!, berlin).before(noon))).toBe('2026-03-14T11:00:00.000Z');
  });

  test('J9 a wall time that does not exist moves forward, one that exists twice is the first', () => {
    expect(iso(berlin.addDays(Date.UTC(2026, 2, 28, 1, 30), 1))).toBe('2026-03-29T01:30:00.000Z');
    expect(iso(berlin.addDays(Date.UTC(2026, 9, 24, 0, 30), 1))).toBe('2026-10-25T00:30:00.000Z');
  });

  test('J9 a date without time is the start of that day in the zone, even where midnight does not exist', () => {
    expect(iso(berlin.parseDate('2026-07-01'))).toBe('2026-06-30T22:00:00.000Z');
    expect(iso(createZone('America/Sao_Paulo').parseDate('2018-11-04'))).toBe('2018-11-04T03:00:00.000Z');
    expect(iso(createZone('UTC').parseDate('2024-02-29'))).toBe('2024-02-29T00:00:00.000Z');
    for (const wrong of [
      '2026-02-29',
      '2026-13-01',
      '26-01-01',
      '2026-1-1',
      '',
      'x',
      '2026-01-01T00:00:00Z',
    ]) {
      expect(berlin.parseDate(wrong)).toBe(null);
    }
  });

  test('J9 instants are read with their offset, or as wall time of the zone', () => {
    expect(iso(berlin.parseInstant('2026-07-01T12:00'))).toBe('2026-07-01T10:00:00.000Z');
    expect(iso(berlin.parseInstant('2026-07-01T12:00:00.250Z'))).toBe('2026-07-01T12:00:00.250Z');
    expect(iso(berlin.parseInstant('2026-07-01 12:00+05:30'))).toBe('2026-07-01T06:30:00.000Z');
    expect(berlin.parseInstant('2026-07-01T25:00')).toBe(null);
  });

  test('day numbers, starts and texts agree with the platform in zones of every kind', () => {
    const zones = [
      'UTC',
      'Europe/Berlin',
      'America/New_York',
      'Asia/Kathmandu',
      'Australia/Lord_Howe',
      'Africa/Casablanca',
      'Pacific/Apia',
    ];
    for (const name of zones) {
      const zone = createZone(name);
      const text = new Intl.DateTimeFormat('en-CA', { timeZone: name, dateStyle: 'short' });
      for (let at = Date.UTC(2025, 0, 1); at < Date.UTC(2027, 0, 1); at += 7 * HOUR + 13 * 60_000) {
        expect(zone.dateText(at)).toBe(text.format(at));
        const start = zone.dayStart(zone.dayNumber(at));
        expect(start <= at && at - start < 26 * HOUR).toBe(true);
        expect(zone.dayNumber(start)).toBe(zone.dayNumber(at));
        expect(zone.dayNumber(start - 1)).toBe(zone.dayNumber(at) - 1);
      }
    }
  });

  test('zones are known by their IANA names', () => {
    expect([isZone('Europe/Berlin'), isZone('UTC'), isZone('Berlin'), isZone('')]).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  test('J15 the edges of a calendar window are exact around both changes of the clock', () => {
    const minute = 60_000;
    for (const change of [Date.UTC(2026, 2, 29, 1), Date.UTC(2026, 9, 25, 1)]) {
      for (const days of [1, 2]) {
        const duration = zonedDuration(parseSpan(`${days}d`)!, berlin);
        for (let value = change - 3 * HOUR; value <= change + 3 * HOUR; value += 20 * minute) {
          for (const shifted of [value, value - days * DAY]) checkEdges(shifted, days);
        }
        function checkEdges(value: number, length: number): void {
          const after = duration.edgesAfter(value).flatMap((edge) => [edge, edge + 1]);
          const before = duration.edgesBefore(value).flatMap((edge) => [edge, edge + 1]);
          for (
            let at = value + length * DAY - 4 * HOUR;
            at < value + length * DAY + 4 * HOUR;
            at += 10 * minute
          ) {
            const next = at + 10 * minute;
            const older = (now: number): boolean => value < duration.before(now);
            if (older(at) !== older(next)) expect(after.some((edge) => edge > at && edge <= next)).toBe(true);
          }
          for (
            let at = value - length * DAY - 4 * HOUR;
            at < value - length * DAY + 4 * HOUR;
            at += 10 * minute
          ) {
            const next = at + 10 * minute;
            const reached = (now: number): boolean => value <= duration.after(now);
            if (reached(at) !== reached(next))
              expect(before.some((edge) => edge > at && edge <= next)).toBe(true);
          }
        }
      }
    }
  });

  test('J9 durations: hours, days, weeks; nothing else', () => {
    expect(
      ['1h', '90d', '2w', '0d', '90', '3m', '-1d', '1.5d', '1d12h', '999999d', ''].map(
        (text) => parseSpan(text) !== null,
      ),
    ).toEqual([true, true, true, ...Array(8).fill(false)]);
    expect(parseSpan('2w')).toEqual({ text: '2w', days: 14, ms: 0 });
  });
});
