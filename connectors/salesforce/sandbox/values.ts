import type { SfField, SfValue } from './schema.ts';

const DAY = 86_400_000;
const TWO_DIGITS = Array.from({ length: 60 }, (_, n) => String(n).padStart(2, '0'));

/** `2026-01-31T09:00:00.000+0000`: datetimes always show whole seconds. */
export function datetimeText(ms: number): string {
  const second = Math.floor((ms - Math.floor(ms / DAY) * DAY) / 1000);
  const hour = Math.floor(second / 3600);
  const minute = Math.floor(second / 60) % 60;
  return `${dayOf(ms)}T${TWO_DIGITS[hour]}:${TWO_DIGITS[minute]}:${TWO_DIGITS[second % 60]}.000+0000`;
}

/** UTC day of an instant, `YYYY-MM-DD`; by arithmetic on the calendar's 400-year cycle that starts in March,
 *  since pages show thousands of datetimes. */
export function dayOf(ms: number): string {
  const days = Math.floor(ms / DAY) + 719_468;
  const cycle = Math.floor(days / 146_097);
  const inCycle = days - cycle * 146_097;
  const year = Math.floor(
    (inCycle - Math.floor(inCycle / 1460) + Math.floor(inCycle / 36_524) - Math.floor(inCycle / 146_096)) /
      365,
  );
  const inYear = inCycle - (365 * year + Math.floor(year / 4) - Math.floor(year / 100));
  const fromMarch = Math.floor((5 * inYear + 2) / 153);
  const day = inYear - Math.floor((153 * fromMarch + 2) / 5) + 1;
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  const full = year + cycle * 400 + (month <= 2 ? 1 : 0);
  return `${String(full).padStart(4, '0')}-${TWO_DIGITS[month]}-${TWO_DIGITS[day]}`;
}

/** A value as JSON answers carry it. */
export function toJson(field: SfField, value: SfValue | undefined): SfValue {
  if (value === undefined || value === null) return null;
  return field.type === 'datetime' && typeof value === 'number' ? datetimeText(value) : value;
}

/** Is this text a real day, `YYYY-MM-DD`? */
export function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const at = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(at) && dayOf(at) === text;
}

/** Epoch milliseconds of an ISO 8601 datetime with zone (`Z`, `+01:00`, `+0100`); null for anything else. */
export function instantOf(text: string): number | null {
  const match = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(Z|[+-]\d{2}:?\d{2})$/.exec(text);
  if (match === null || !isDay(match[1]!)) return null;
  const zone = match[3] === 'Z' ? 'Z' : `${match[3]!.slice(0, 3)}:${match[3]!.slice(-2)}`;
  const at = Date.parse(`${match[1]}T${match[2]}${zone}`);
  return Number.isNaN(at) ? null : at;
}
