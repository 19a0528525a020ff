import type { FieldType } from '../../src/connector/port.ts';
import type { FieldValue } from '../../src/model/record.ts';
import type { Column } from './header.ts';

const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,3})?$/i;
const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;
const INSTANT =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*(Z|[+-]\d{2}:?\d{2})?)?$/i;
const TRUE = new Set(['true', 'yes', '1']);
const FALSE = new Set(['false', 'no', '0']);
/** A longer text is no number, date or switch. */
const SHORT = 64;
const MINUTE = 60_000;

/** What a column of a type holds, for messages. */
export const EXPECTED: Readonly<Record<FieldType, string>> = {
  text: 'a text',
  number: 'a number such as 1234.56',
  boolean: 'true or false',
  date: 'a date such as 2026-01-31',
  datetime: 'an instant such as 2026-01-31T09:00:00Z, or a date',
  enum: 'one of its options',
  multi: 'options separated by ;',
};

/** A cell's text as a canonical value; undefined when it does not fit the column's type. An empty cell is null. */
export function decodeValue(text: string, type: FieldType | null): FieldValue | undefined {
  if (text === '') return null;
  if (type === null || type === 'text') return text;
  const word = text.trim();
  if (word === '') return null;
  // Nobody keeps a file to its options; a person's own value is data, and the core has to see it.
  if (type === 'enum') return word;
  if (type === 'multi') return listOf(word).join(';') || null;
  if (word.length > SHORT) return undefined;
  switch (type) {
    case 'number': {
      const value = NUMBER.test(word) ? Number(word) : Number.NaN;
      return Number.isFinite(value) ? value : undefined;
    }
    case 'boolean': {
      const lower = word.toLowerCase();
      return TRUE.has(lower) ? true : FALSE.has(lower) ? false : undefined;
    }
    case 'date':
      return isDate(word) ? word : undefined;
    case 'datetime': {
      const instant = instantOf(word);
      return instant === null ? undefined : new Date(instant).toISOString();
    }
  }
}

/** Ids or options separated by `;`, each once. */
export function listOf(text: string): readonly string[] {
  return [
    ...new Set(
      text
        .split(';')
        .map((part) => part.trim())
        .filter((part) => part !== ''),
    ),
  ];
}

/** An ISO date or instant as epoch milliseconds; without a time zone it is UTC. Null when it is neither. */
export function instantOf(text: string): number | null {
  const match = text.length > SHORT ? null : INSTANT.exec(text);
  if (match === null) return null;
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone = 'Z'] = match;
  if (!isDate(`${year}-${month}-${day}`)) return null;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return null;
  const offset = offsetOf(zone);
  if (offset === null) return null;
  const milliseconds = Number(fraction.padEnd(3, '0').slice(0, 3));
  const start = Date.parse(`${year}-${month}-${day}T00:00:00.000Z`);
  return start + ((Number(hour) * 60 + Number(minute)) * 60 + Number(second)) * 1000 + milliseconds - offset;
}

function offsetOf(zone: string): number | null {
  if (zone.toUpperCase() === 'Z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(-2));
  if (hours > 14 || minutes > 59) return null;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * MINUTE;
}

/** `2026-02-30` is a date to nobody but a careless parser. */
function isDate(text: string): boolean {
  if (!DATE.test(text)) return false;
  const time = Date.parse(`${text}T00:00:00.000Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

/** A canonical value as a cell's text, or why the column cannot hold it. */
export function encodeValue(
  value: FieldValue,
  column: Column,
): { readonly text: string } | { readonly problem: string } {
  if (value === null) return { text: '' };
  const text = String(value);
  if (!text.isWellFormed())
    return { problem: `the value for \`${column.name}\` holds half a character, which UTF-8 cannot write` };
  const options = column.type === 'multi' ? listOf(text) : [text];
  const bad =
    column.type === 'enum' || column.type === 'multi'
      ? column.options.length > 0 && options.some((option) => !column.options.includes(option))
      : !Object.is(decodeValue(text, column.type), value);
  if (!bad) return { text };
  const expected =
    column.options.length > 0 ? `one of ${column.options.join(', ')}` : EXPECTED[column.type ?? 'text'];
  return {
    problem: `\`${column.name}\` takes ${expected}; provision the fields again, or change the header`,
  };
}
