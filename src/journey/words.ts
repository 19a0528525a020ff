import { CATALOGUE, fieldSpec, RESULT_FIELDS } from '../mapping/catalogue.ts';
import type { FactName, FactType, Mapping, SeenValue } from '../mapping/types.ts';
import { createZone, type Zone } from '../mapping/zone.ts';
import type { Scalar } from '../model/facts.ts';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;
/** Longer texts of a CRM are cut in reasons; the record itself has the rest. */
const LONGEST = 60;

const zones = new WeakMap<Mapping, Zone>();

/** The mapping's time zone, made once: it keeps its own look-up tables. */
export function zoneOf(mapping: Mapping): Zone {
  const known = zones.get(mapping);
  if (known !== undefined) return known;
  const zone = createZone(mapping.timezone);
  zones.set(mapping, zone);
  return zone;
}

/** `12 Oct 2026`, the local date of an instant. Always with the year: without it the text would depend on when it
 *  is read (J20). */
export function dateWords(instant: number, zone: Zone): string {
  const [year = '', month = '', day = ''] = zone.dateText(instant).split('-');
  return `${Number(day)} ${MONTHS[Number(month) - 1] ?? month} ${year}`;
}

/** At most two decimals, a dot, no grouping: the same on every machine. */
export function numberWords(value: number): string {
  const rounded = Math.round(value * 100) / 100;
  return Object.is(rounded, -0) ? '0' : String(rounded);
}

/** Text that comes from a CRM, fit for one line of a terminal or a CRM field: without control characters and marks
 *  that turn the direction of the line around, and not too long. */
export function plainText(text: string): string {
  const clean = text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu, ' ')
    .trim();
  const characters = [...clean.slice(0, 4 * LONGEST)];
  return characters.length <= LONGEST ? clean : `${characters.slice(0, LONGEST - 1).join('')}…`;
}

/** A value in words: dates as dates, texts in quotes, no value as "no value". */
export function valueWords(value: Scalar, type: FactType | null, zone: Zone): string {
  if (value === null) return 'no value';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'string') return `"${plainText(value)}"`;
  return isInstantType(type) ? dateWords(value, zone) : numberWords(value);
}

/** The type of a value seen: as the rule says, else by its path (`deals.closed`, `max(touchpoints.at)`). */
export function seenType(seen: SeenValue): FactType | null {
  if (seen.type !== undefined) return seen.type;
  const path = seen.path.replace(/^(?:max|min|latest)\((.*)\)$/, '$1');
  const parts = path.split('.');
  const field = parts.at(-1) ?? '';
  const owner = parts.at(-2) ?? '';
  if (Object.hasOwn(CATALOGUE, owner)) return fieldSpec(owner as FactName, field)?.type ?? null;
  return field === 'entered' ? RESULT_FIELDS.journey.entered : null;
}

export function isInstantType(type: FactType | null): boolean {
  return type === 'date' || type === 'datetime';
}

/** The name of a fact field within its fact: `won` of `deals.won`. */
export function fieldOf(path: string): string {
  return path.replace(/\)+$/, '').split('.').at(-1) ?? path;
}
