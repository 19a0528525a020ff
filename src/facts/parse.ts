import type { FactType } from '../mapping/types.ts';
import type { Zone } from '../mapping/zone.ts';
import type { Scalar } from '../model/facts.ts';
import type { FieldValue } from '../model/record.ts';

/** Turns a CRM value into a fact value of one type; `undefined`: it cannot be read as that. */
export type Parse = (value: Exclude<FieldValue, null>) => Exclude<Scalar, null> | undefined;

const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,3})?$/i;
const TRUE = new Set(['true', 'yes', '1']);
const FALSE = new Set(['false', 'no', '0']);
/** The form connectors hand over; days that not every month has take the thorough way. */
const CANONICAL = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;
/** Longer texts are no number, date or switch; looking at 64 KB of them costs for nothing. */
const SHORT = 64;

/** Expected form, for messages. */
export const EXPECTED: Readonly<Record<FactType, string>> = {
  text: 'a text',
  number: 'a number',
  boolean: 'true or false',
  date: 'a date (YYYY-MM-DD)',
  datetime: 'a date or an instant (ISO 8601)',
};

/** The parser of a fact type. Dates become epoch milliseconds: a date without time is the start of that day in the
 *  zone, an instant read as a `date` the start of its day there (J9). */
export function parserOf(type: FactType, zone: Zone): Parse {
  switch (type) {
    case 'text':
      return (value) => (typeof value === 'string' ? value : String(value));
    case 'number':
      return readNumber;
    case 'boolean':
      return readBoolean;
    case 'date':
      return (value) => {
        const instant = readInstant(value, zone);
        return instant === undefined ? undefined : zone.dayStart(zone.dayNumber(instant));
      };
    case 'datetime':
      return (value) => readInstant(value, zone);
  }
}

export function readNumber(value: Exclude<FieldValue, null>): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value !== 'string' || value.length > SHORT) return undefined;
  const text = value.trim();
  if (!NUMBER.test(text)) return undefined;
  const number = Number(text);
  return Number.isFinite(number) ? number : undefined;
}

function readBoolean(value: Exclude<FieldValue, null>): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string' && value.length > SHORT) return undefined;
  const text = String(value).trim().toLowerCase();
  return TRUE.has(text) ? true : FALSE.has(text) ? false : undefined;
}

function readInstant(value: Exclude<FieldValue, null>, zone: Zone): number | undefined {
  if (typeof value !== 'string' || value.length > SHORT) return undefined;
  if (CANONICAL.test(value)) return Date.parse(value);
  return zone.parseInstant(value.trim()) ?? undefined;
}
