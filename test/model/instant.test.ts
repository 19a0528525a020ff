import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { canonicalInstant } from '../../src/model/instant.ts';

test('the canonical form means what Date.parse says, over leap years and the ends of months', () => {
  const days = fc.date({
    min: new Date('1000-01-01T00:00:00Z'),
    max: new Date('9999-12-31T23:59:59.999Z'),
    noInvalidDate: true,
  });
  fc.assert(
    fc.property(days, (day) => canonicalInstant(day.toISOString()) === day.getTime()),
    { numRuns: 2_000 },
  );
  for (const text of ['2000-02-29T00:00:00.000Z', '1900-03-01T23:59:59.999Z', '1970-01-01T00:00:00.000Z'])
    expect(canonicalInstant(text)).toBe(Date.parse(text));
  expect(canonicalInstant('2024-02-29T10:20:30.456+0000')).toBe(Date.UTC(2024, 1, 29, 10, 20, 30, 456));
  expect(canonicalInstant('2026-01-31T10:20:30.456+0000')).toBe(Date.UTC(2026, 0, 31, 10, 20, 30, 456));
});

test('text that is no instant in this form is none', () => {
  for (const text of [
    '',
    '2026-01-31',
    '2026-01-31T09:00:00Z',
    '2026-01-31T09:00:00.000+0',
    '2026-01-31T09:00:00.000+0100',
    '2026-13-01T09:00:00.000Z',
    '2026-02-30T09:00:00.000X',
    '2026-01-31T24:00:00.000Z',
    '2026-01-32T09:00:00.000Z',
    '2026-01-01T09:60:00.000Z',
    '2026-01-01T09:00:0x.000Z',
    '2026-01-01T09:00:00.x00Z',
    '2026-01-01T09:00:00.0x0Z',
    '2026/01/01T09:00:00.000Z',
    '+026-01-01T09:00:00.000Z',
  ])
    expect([text, canonicalInstant(text)]).toEqual([text, null]);
});
