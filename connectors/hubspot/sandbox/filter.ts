import { z } from 'zod';
import { invalid } from './errors.ts';
import { type ObjectType, objectType } from './object-types.ts';
import { findLive, liveLinks, type Portal, propertyValue, type RecordView, schemaOf } from './portal.ts';
import type { PropertyDefinition } from './schema.ts';
import { instant } from './values.ts';

const OPERATORS = [
  'EQ',
  'NEQ',
  'LT',
  'LTE',
  'GT',
  'GTE',
  'BETWEEN',
  'IN',
  'NOT_IN',
  'HAS_PROPERTY',
  'NOT_HAS_PROPERTY',
  'CONTAINS_TOKEN',
  'NOT_CONTAINS_TOKEN',
] as const;

const text = z.union([z.string(), z.number(), z.boolean()]).transform(String);

export const Filter = z.strictObject({
  propertyName: z.string(),
  operator: z.enum(OPERATORS),
  value: text.optional(),
  highValue: text.optional(),
  values: z.array(text).optional(),
});
export type Filter = z.infer<typeof Filter>;

export type Predicate = (view: RecordView) => boolean;

/** Turns one search filter into a test of a record. Throws the vendor's refusal for what cannot be asked. */
export function compileFilter(portal: Portal, type: ObjectType, filter: Filter): Predicate {
  const { propertyName: name, operator } = filter;
  if (name.startsWith('associations.')) return associationFilter(portal, type, filter);
  const definition = schemaOf(portal, type.name).get(name);
  if (definition === undefined)
    throw invalid(`There was a problem with the request: property ${name} does not exist.`);
  const read = (view: RecordView): string | null => propertyValue(portal, view, name);
  switch (operator) {
    case 'HAS_PROPERTY':
      return (view) => read(view) !== null;
    case 'NOT_HAS_PROPERTY':
      return (view) => read(view) === null;
    case 'IN':
    case 'NOT_IN': {
      const inside = among(definition, wantedValues(filter));
      return operator === 'IN' ? (view) => inside(read(view)) : (view) => !inside(read(view));
    }
    case 'CONTAINS_TOKEN':
    case 'NOT_CONTAINS_TOKEN': {
      const contains = tokenMatcher(wantedValue(filter));
      return operator === 'CONTAINS_TOKEN' ? (view) => contains(read(view)) : (view) => !contains(read(view));
    }
    case 'EQ':
    case 'NEQ': {
      const same = equals(definition, wantedValue(filter));
      if (name === type.modifiedProperty) {
        const at = asked(definition, wantedValue(filter));
        return (view) => (view.modified === at) === (operator === 'EQ');
      }
      return operator === 'EQ' ? (view) => same(read(view)) : (view) => !same(read(view));
    }
    default: {
      // Read without the way over text: increments ask for it of every record of a large account.
      const number = name === type.modifiedProperty ? (view: RecordView): number => view.modified : null;
      return rangeFilter(definition, filter, read, number);
    }
  }
}

/** Numbers and instants compare as numbers, everything else as text. */
function comparable(definition: PropertyDefinition): ((value: string) => number | null) | null {
  if (definition.type === 'number')
    return (value) => (value.trim() !== '' && Number.isFinite(Number(value)) ? Number(value) : null);
  if (definition.type === 'date' || definition.type === 'datetime') return instant;
  return null;
}

function asked(definition: PropertyDefinition, value: string): number {
  const number = comparable(definition)?.(value) ?? null;
  if (number === null)
    throw invalid(`The value "${value}" does not fit property ${definition.name} (${definition.type}).`);
  return number;
}

function equals(definition: PropertyDefinition, wanted: string): (value: string | null) => boolean {
  const convert = comparable(definition);
  if (convert !== null) {
    const number = asked(definition, wanted);
    // Ids beyond 2^53 are told apart by their text.
    if (/^\d{16,}$/.test(wanted)) return (value) => value === wanted;
    return (value) => value !== null && convert(value) === number;
  }
  if (definition.fieldType === 'checkbox') return (value) => value?.split(';').includes(wanted) ?? false;
  if (definition.type === 'enumeration' || definition.type === 'bool') return (value) => value === wanted;
  const lower = wanted.toLowerCase();
  return (value) => value?.toLowerCase() === lower;
}

function among(definition: PropertyDefinition, wanted: readonly string[]): (value: string | null) => boolean {
  const convert = comparable(definition);
  if (convert !== null) {
    const numbers = new Set(wanted.map((one) => asked(definition, one)));
    return (value) => value !== null && numbers.has(convert(value)!);
  }
  const values = new Set(wanted);
  if (definition.fieldType === 'checkbox')
    return (value) => value?.split(';').some((one) => values.has(one)) ?? false;
  if (definition.type === 'enumeration' || definition.type === 'bool')
    return (value) => value !== null && values.has(value);
  // The index holds text in lower case and the given values are compared as they are: capitals never match.
  return (value) => value !== null && values.has(value.toLowerCase());
}

function rangeFilter(
  definition: PropertyDefinition,
  filter: Filter,
  read: (view: RecordView) => string | null,
  readNumber: ((view: RecordView) => number) | null,
): Predicate {
  const { operator } = filter;
  const low = wantedValue(filter, operator === 'BETWEEN');
  const { highValue } = filter;
  if (operator === 'BETWEEN' && highValue === undefined)
    throw invalid(`Operator BETWEEN on ${definition.name} needs value and highValue.`);
  const convert = comparable(definition);
  const test = <T extends number | string>(value: T, from: T, to: T | undefined): boolean => {
    switch (operator) {
      case 'LT':
        return value < from;
      case 'LTE':
        return value <= from;
      case 'GT':
        return value > from;
      case 'GTE':
        return value >= from;
      default:
        return value >= from && value <= to!;
    }
  };
  if (convert === null) {
    const from = low.toLowerCase();
    const to = highValue?.toLowerCase();
    return (view) => {
      const value = read(view)?.toLowerCase();
      return value !== undefined && test(value, from, to);
    };
  }
  const from = asked(definition, low);
  const to = highValue === undefined ? undefined : asked(definition, highValue);
  if (readNumber !== null) return (view) => test(readNumber(view), from, to);
  return (view) => {
    const value = read(view);
    const number = value === null ? null : convert(value);
    return number !== null && test(number, from, to);
  };
}

function wantedValue(filter: Filter, withHigh = false): string {
  if (
    filter.values !== undefined ||
    (filter.highValue !== undefined && !withHigh) ||
    filter.value === undefined
  )
    throw invalid(
      `Operator ${filter.operator} on ${filter.propertyName} needs ${withHigh ? 'value and highValue' : '"value" and nothing else'}.`,
    );
  return filter.value;
}

function wantedValues(filter: Filter): readonly string[] {
  if (
    filter.values === undefined ||
    filter.values.length === 0 ||
    filter.value !== undefined ||
    filter.highValue !== undefined
  )
    throw invalid(
      `Operator ${filter.operator} on ${filter.propertyName} needs a non-empty "values" and nothing else.`,
    );
  return filter.values;
}

/** `associations.contact`: records that are associated with one of the given ids. */
function associationFilter(portal: Portal, type: ObjectType, filter: Filter): Predicate {
  const name = filter.propertyName.slice('associations.'.length);
  const to = objectType(name);
  if (
    to === undefined ||
    to.singular !== name ||
    portal.associationTypes.between(type.name, to.name).length === 0
  )
    throw invalid(`Search cannot filter ${type.name} by ${filter.propertyName}.`);
  if (filter.operator !== 'EQ' && filter.operator !== 'IN')
    throw invalid(`Operator ${filter.operator} is not allowed for ${filter.propertyName}; use EQ or IN.`);
  const ids = filter.operator === 'EQ' ? [wantedValue(filter)] : wantedValues(filter);
  const wanted = new Set(ids.map((id) => findLive(portal, to.name, id)?.id ?? id));
  return ({ record }) =>
    liveLinks(portal, record.type, record.id, to.name).some((link) => wanted.has(link.id));
}

/** Every token asked for must be one of the value's; `*` stands for any run of characters. */
export function tokenMatcher(wanted: string): (value: string | null) => boolean {
  const patterns = tokens(wanted, true);
  return (value) => {
    if (value === null || patterns.length === 0) return false;
    const found = tokens(value, false);
    return patterns.every((pattern) => found.some((token) => wildcard(pattern, token)));
  };
}

function tokens(value: string, withStars: boolean): string[] {
  const split = withStars ? /[^\p{L}\p{N}\p{M}*]+/u : /[^\p{L}\p{N}\p{M}]+/u;
  return value
    .toLowerCase()
    .split(split)
    .filter((token) => token !== '');
}

/** No regular expression made of a client's text: each part is looked for once, from left to right. */
function wildcard(pattern: string, token: string): boolean {
  const parts = pattern.split('*');
  if (parts.length === 1) return pattern === token;
  const first = parts[0]!;
  const last = parts.at(-1)!;
  if (!token.startsWith(first) || !token.endsWith(last) || token.length < first.length + last.length)
    return false;
  let from = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = token.indexOf(part, from);
    if (found < 0) return false;
    from = found + part.length;
  }
  return from <= token.length - last.length;
}
