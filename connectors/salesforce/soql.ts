import { WaystageError } from '../../src/model/errors.ts';
import { isId } from './ids.ts';

/** Salesforce refuses request lines over 16,384 bytes (414) and long headers with them (431). */
export const MAX_URL_BYTES = 16_000;
/** Ids in one `IN` list: 500 of them take about 12.5 KB of a URL. */
export const MAX_IDS = 500;
/** What is left for field names beside a full list of ids. */
export const FIELD_BYTES_BESIDE_IDS = 2_800;
/** For a query without a list of ids. */
export const FIELD_BYTES = 14_000;

const NAME = /^[A-Za-z][A-Za-z0-9_]*$/;
const PATH = /^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*){0,5}$/;

/** A field or a parent's field (`Campaign.Name`) and nothing else: the only user text that enters a query bare. */
export function isFieldPath(text: string): boolean {
  return text.length <= 255 && PATH.test(text);
}

/** A field of the object itself: what may be written. */
export function isFieldName(text: string): boolean {
  return text.length <= 80 && NAME.test(text);
}

export interface Select {
  readonly fields: readonly string[];
  readonly from: string;
  readonly where?: string;
  readonly orderBy?: string;
  readonly limit?: number;
}

/** The text of a query. Field and object names are checked; `where` must come from the builders below. */
export function select(query: Select): string {
  for (const field of query.fields) {
    if (!isFieldPath(field)) {
      throw new WaystageError(
        'internal',
        `${JSON.stringify(field)} is no field name; a query takes letters, digits, _ and dots only`,
      );
    }
  }
  if (!NAME.test(query.from))
    throw new WaystageError('internal', `${JSON.stringify(query.from)} is no object name`);
  let text = `SELECT ${query.fields.join(', ')} FROM ${query.from}`;
  if (query.where !== undefined) text += ` WHERE ${query.where}`;
  if (query.orderBy !== undefined) text += ` ORDER BY ${query.orderBy}`;
  if (query.limit !== undefined) text += ` LIMIT ${query.limit}`;
  return text;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  "'": "\\'",
  '"': '\\"',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\b': '\\b',
  '\f': '\\f',
};

/** A string literal with its quotes. Other control characters (NUL) go as `\uXXXX`. */
export function text(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is escaped here
  const escaped = value.replace(/[\\'"\u0000-\u001f\u007f]/g, (char) =>
    Object.hasOwn(ESCAPES, char) ? ESCAPES[char]! : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `'${escaped}'`;
}

/** A datetime literal: unquoted, in UTC, whole seconds, because comparison ignores milliseconds. */
export function instant(ms: number): string {
  return `${new Date(secondOf(ms)).toISOString().slice(0, 19)}Z`;
}

/** The start of the second of `ms`, epoch milliseconds. */
export function secondOf(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}

/** `Field IN ('…', …)` for ids. */
export function inIds(field: string, ids: readonly string[]): string {
  for (const id of ids) {
    if (!isId(id)) throw new WaystageError('internal', `${JSON.stringify(id)} is no Salesforce id`);
  }
  return `${field} IN (${ids.map((id) => `'${id}'`).join(', ')})`;
}

/** `Field IN ('…', …)` for texts. */
export function inTexts(field: string, values: readonly string[]): string {
  return `${field} IN (${values.map(text).join(', ')})`;
}

/** Path and query of a request for `soql`. `queryAll` shows deleted, merged and archived rows too. */
export function queryPath(
  version: string,
  resource: 'query' | 'queryAll' | 'tooling/query',
  soql: string,
): string {
  // Commas and spaces make up much of a long field list; both may stand as they are, or as one byte.
  const encoded = encodeURIComponent(soql)
    .replaceAll('%20', '+')
    .replaceAll('%2C', ',')
    .replaceAll("'", '%27');
  return `/services/data/v${version}/${resource}?q=${encoded}`;
}

/** Splits names so that each part takes at most `maxBytes` in a query; every part holds at least one name. */
export function chunkFields(fields: readonly string[], maxBytes: number): readonly (readonly string[])[] {
  const chunks: string[][] = [];
  let current: string[] = [];
  let bytes = 0;
  for (const field of fields) {
    const size = field.length + 2;
    if (current.length > 0 && bytes + size > maxBytes) {
      chunks.push(current);
      current = [];
      bytes = 0;
    }
    current.push(field);
    bytes += size;
  }
  if (current.length > 0) chunks.push(current);
  return chunks;
}

/** Splits a list into parts of at most `size`. */
export function chunk<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  const parts: T[][] = [];
  for (let start = 0; start < items.length; start += size) parts.push(items.slice(start, start + size));
  return parts;
}
