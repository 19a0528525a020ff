import { fullId } from '../ids.ts';
import { isNumeric, isText, type SfField, type SfValue } from '../schema.ts';
import { dayOf, instantOf, isDay } from '../values.ts';
import type { Literal } from './ast.ts';
import { malformed, soqlError } from './errors.ts';
import { type Span, spanOf } from './spans.ts';

/** A value in the form that comparisons use: ids cut to 15 characters, text in lower case, datetimes in whole
 *  seconds (comparisons of stamps do not see milliseconds). */
export type Comparable = string | number | boolean | null;

export function comparable(field: SfField): (value: SfValue) => Comparable {
  switch (field.type) {
    case 'id':
    case 'reference':
      return (value) => (typeof value === 'string' ? value.slice(0, 15) : null);
    case 'datetime':
      return (value) => (typeof value === 'number' ? Math.floor(value / 1000) : null);
    case 'boolean':
    case 'date':
      return (value) => value;
    default:
      return isNumeric(field.type)
        ? (value) => value
        : (value) => (typeof value === 'string' ? (value === '' ? null : value.toLowerCase()) : value);
  }
}

export type BoundLiteral =
  | { readonly kind: 'value'; readonly value: Comparable; readonly pattern: string }
  | { readonly kind: 'span'; readonly from: Comparable; readonly to: Comparable };

function wrongType(query: string, literal: Literal, field: SfField, type: string, quotes: boolean): Error {
  return soqlError(
    'INVALID_FIELD',
    query,
    literal.at,
    `value of filter criterion for field '${field.name}' must be of type ${type} and should ${quotes ? '' : 'not '}be enclosed in quotes`,
  );
}

function span(found: Span, datetime: boolean): BoundLiteral {
  return datetime
    ? { kind: 'span', from: found.start / 1000, to: found.end / 1000 }
    : { kind: 'span', from: dayOf(found.start), to: dayOf(found.end) };
}

/** Checks a literal against the type of the field it is compared with. Throws INVALID_FIELD,
 *  INVALID_QUERY_FILTER_OPERATOR or MALFORMED_QUERY as Salesforce does. */
export function bindLiteral(query: string, literal: Literal, field: SfField, now: number): BoundLiteral {
  const value = (found: Comparable): BoundLiteral => ({
    kind: 'value',
    value: found,
    pattern: literal.pattern,
  });
  if (literal.kind === 'null' && field.type !== 'boolean') return value(null);
  if (literal.kind === 'span') {
    const found = spanOf(literal.value, now);
    if (found === null) throw malformed(query, literal.at, `unexpected token: '${literal.value}'`);
    if (field.type === 'date' || field.type === 'datetime') return span(found, field.type === 'datetime');
  }
  if (field.type === 'id' || field.type === 'reference') {
    if (literal.kind !== 'string') throw wrongType(query, literal, field, 'ID', true);
    const id = fullId(literal.value);
    if (id === null) {
      throw soqlError(
        'INVALID_QUERY_FILTER_OPERATOR',
        query,
        literal.at,
        `invalid ID field: ${literal.value}`,
      );
    }
    return value(id.slice(0, 15));
  }
  if (field.type === 'boolean') {
    if (literal.kind !== 'boolean') throw wrongType(query, literal, field, 'boolean', false);
    return value(literal.value === 'true');
  }
  if (field.type === 'date') {
    if (literal.kind !== 'date') throw wrongType(query, literal, field, 'date', false);
    if (!isDay(literal.value)) throw malformed(query, literal.at, `Invalid date: ${literal.value}`);
    return value(literal.value);
  }
  if (field.type === 'datetime') {
    if (literal.kind !== 'datetime') throw wrongType(query, literal, field, 'dateTime', false);
    const at = instantOf(literal.value);
    if (at === null) throw malformed(query, literal.at, `Invalid datetime: ${literal.value}`);
    return value(Math.floor(at / 1000));
  }
  if (isNumeric(field.type)) {
    if (literal.kind !== 'number') throw wrongType(query, literal, field, field.type, false);
    return value(Number(literal.value));
  }
  if (!isText(field.type) || literal.kind !== 'string') {
    throw wrongType(query, literal, field, 'string', true);
  }
  return value(literal.value === '' ? null : literal.value.toLowerCase());
}
