import type { SfField, SfValue } from './schema.ts';

/** `2026-01-31T09:00:00.000+0000`: datetimes always show whole seconds. */
export function datetimeText(ms: number): string {
  return `${new Date(Math.floor(ms / 1000) * 1000).toISOString().slice(0, 19)}.000+0000`;
}

/** UTC day of an instant, `YYYY-MM-DD`. */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
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
