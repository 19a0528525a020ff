import type { ValueProblem } from './errors.ts';
import type { PropertyDefinition } from './schema.ts';

/** The vendor's cap on one text value, in characters. */
export const MAX_TEXT = 65_536;

export type RawValue = string | number | boolean | null;
export type Normalised =
  | { readonly ok: true; readonly value: string | null }
  | { readonly ok: false; readonly problem: ValueProblem };

/** Brings a written value into the text form the API returns, or says what is wrong with it. `''` and null clear.
 *  `current` is what the record holds: a multi-select written with a leading `;` adds to it. */
export function normalise(
  definition: PropertyDefinition,
  raw: RawValue,
  current: string | null,
  ownerIds: ReadonlySet<string>,
): Normalised {
  const text = raw === null ? '' : String(raw);
  if (text === '') return { ok: true, value: null };
  const { name } = definition;
  const good = (value: string): Normalised => ({ ok: true, value });
  const bad = (error: string, message: string): Normalised => ({
    ok: false,
    problem: { error, name, message },
  });
  switch (definition.type) {
    case 'number': {
      const trimmed = text.trim();
      if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(trimmed) || !Number.isFinite(Number(trimmed)))
        return bad('INVALID_DOUBLE', `${text} was not a valid number.`);
      // Ids beyond 2^53 keep their digits.
      return good(/^\d+$/.test(trimmed) ? trimmed.replace(/^0+(?=\d)/, '') : String(Number(trimmed)));
    }
    case 'bool': {
      const lower = text.toLowerCase();
      return lower === 'true' || lower === 'false'
        ? good(lower)
        : bad('INVALID_OPTION', options(text, definition));
    }
    case 'date': {
      const at = instant(text);
      if (at === null) return bad('INVALID_DATE', `${text} was not a valid date.`);
      if (at % 86_400_000 !== 0)
        return bad('INVALID_DATE', `${text} is at ${isoText(at)}, not at midnight UTC!`);
      return good(isoText(at).slice(0, 10));
    }
    case 'datetime': {
      const at = instant(text);
      return at === null ? bad('INVALID_LONG', `${text} was not a valid long.`) : good(isoText(at));
    }
    case 'enumeration':
      return enumeration(definition, text, current, ownerIds, good, bad);
    default:
      if (text.length > MAX_TEXT)
        return bad('INVALID_STRING_LENGTH', `Property "${name}" holds at most ${MAX_TEXT} characters.`);
      return name === 'email' ? email(text, good, bad) : good(text);
  }
}

function email(
  text: string,
  good: (value: string) => Normalised,
  bad: (error: string, message: string) => Normalised,
): Normalised {
  const lower = text.trim().toLowerCase();
  return /^[^\s@]+@[^\s@.]+(\.[^\s@.]+)+$/u.test(lower)
    ? good(lower)
    : bad('INVALID_EMAIL', `Email address ${text} is invalid`);
}

function enumeration(
  definition: PropertyDefinition,
  text: string,
  current: string | null,
  ownerIds: ReadonlySet<string>,
  good: (value: string) => Normalised,
  bad: (error: string, message: string) => Normalised,
): Normalised {
  if (definition.name === 'hubspot_owner_id')
    return ownerIds.has(text)
      ? good(text)
      : bad('INVALID_OWNER_ID', `Owner ${text} does not exist or is not active.`);
  if (definition.externalOptions) return good(text);
  const known = new Set(definition.options.map((option) => option.value));
  if (definition.fieldType !== 'checkbox')
    return known.has(text) ? good(text) : bad('INVALID_OPTION', options(text, definition));
  const adds = text.startsWith(';');
  const parts = text.split(';').filter((part) => part !== '');
  for (const part of parts) if (!known.has(part)) return bad('INVALID_OPTION', options(part, definition));
  const before = adds && current !== null ? current.split(';') : [];
  return good([...new Set([...before, ...parts])].join(';'));
}

function options(text: string, definition: PropertyDefinition): string {
  const list = definition.options
    .map(
      (option) =>
        `label: "${option.label}"\nvalue: "${option.value}"\ndisplay_order: ${option.displayOrder}\n`,
    )
    .join(', ');
  return `${text} was not one of the allowed options: [${list}]`;
}

/** Epoch milliseconds of an ISO 8601 text in a named zone, a bare day (midnight UTC), or epoch milliseconds as
 *  text; null for anything else. */
export function instant(text: string): number | null {
  if (/^-?\d{1,15}$/.test(text)) return Number(text);
  const day = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (day === null && !/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})$/.test(text))
    return null;
  const at = Date.parse(day === null ? text : `${text}T00:00:00.000Z`);
  if (Number.isNaN(at)) return null;
  // Date.parse rolls 31 April over to 1 May instead of refusing it.
  const [year, month, date] = text.slice(0, 10).split('-').map(Number);
  const days = new Date(Date.UTC(year!, month!, 0)).getUTCDate();
  return date! > days ? null : at;
}

export function isoText(at: number): string {
  return new Date(at).toISOString();
}
