import { isUtf8 } from 'node:buffer';
import type { FieldType } from '../../src/connector/port.ts';
import { WaystageError } from '../../src/model/errors.ts';
import { nearest } from '../../src/model/nearest.ts';
import { type Cell, cellOf, cellsOf, textOf } from './scanner.ts';
import { ID } from './schema.ts';

export interface Column {
  /** `close_date` of `Close date:date` is written `Close_date`: blanks and hyphens become `_`, case stays. */
  readonly name: string;
  readonly label: string;
  /** Null: the header does not say. */
  readonly type: FieldType | null;
  /** Of `enum(a|b)` and `list(a|b)`. */
  readonly options: readonly string[];
  /** Field maps can name it; others are kept in the file and not read. */
  readonly isField: boolean;
  readonly cell: Cell;
}

export interface Header {
  readonly file: string;
  readonly delimiter: number;
  readonly columns: readonly Column[];
  /** Of the fields, by name. */
  readonly places: ReadonlyMap<string, number>;
  /** The header row without byte order mark and line end. */
  readonly bytes: Buffer;
  /** Offset of `bytes` in the file: 3 behind a byte order mark. */
  readonly at: number;
  /** Offset and line number of the first row after the header. */
  readonly body: { readonly at: number; readonly line: number };
  /** Every cell of the header is quoted: the file's style, also for cells we add. */
  readonly quotes: boolean;
}

/** A header that does not end within this many bytes is none. */
export const MAX_HEADER = 1024 * 1024;

const DELIMITERS = [',', ';', '\t', '|'].map((text) => text.charCodeAt(0));
const NAME = /^[A-Za-z][A-Za-z0-9_]*$/;
const TYPES: Readonly<Record<string, FieldType>> = {
  text: 'text',
  number: 'number',
  boolean: 'boolean',
  date: 'date',
  datetime: 'datetime',
  enum: 'enum',
  list: 'multi',
};
export const TYPE_FORM = 'text, number, boolean, date, datetime, enum(a|b) or list(a|b)';

/** Something about the whole file: it cannot be read until somebody mends it. */
export function fileError(file: string, message: string): WaystageError {
  return new WaystageError('crm_bad_answer', `${file}: ${message}`, { details: { file } });
}

/**
 * Reads the header row of a file.
 * @param start the beginning of the file, `MAX_HEADER` bytes or all of it
 * Throws `crm_bad_answer` with file and line when the file has no usable header.
 */
export function parseHeader(file: string, start: Buffer): Header {
  if (
    start.length >= 2 &&
    ((start[0] === 0xff && start[1] === 0xfe) || (start[0] === 0xfe && start[1] === 0xff))
  )
    throw fileError(file, 'the file is written as UTF-16. Save it as "CSV UTF-8".');
  const at = start[0] === 0xef && start[1] === 0xbb && start[2] === 0xbf ? 3 : 0;
  const { end, next, lines, open } = headerEnd(start, at);
  if (open) throw fileError(file, 'line 1: the header has a quote that is not closed.');
  if (next === null && start.length >= MAX_HEADER)
    throw fileError(file, 'line 1: no line end within the first 1 MB. Expected a header row.');
  const bytes = start.subarray(at, end);
  if (bytes.includes(0))
    throw fileError(
      file,
      'line 1: the header holds NUL bytes. The file is not text, or UTF-16; save it as "CSV UTF-8".',
    );
  if (!isUtf8(bytes))
    throw fileError(file, 'line 1: the header is not valid UTF-8. Save the file as "CSV UTF-8".');
  if (bytes.includes(13))
    throw fileError(file, 'line 1: the lines end with CR alone. Save the file with LF or CRLF line ends.');
  if (bytes.toString('utf8').trim() === '')
    throw fileError(file, 'line 1: there is no header. Expected the names of the columns, one of them `id`.');
  return withColumns(file, bytes, at, { at: next ?? start.length, line: lines + 1 });
}

/** The end of the first row; here every quote toggles, because the delimiter is not known yet. */
function headerEnd(
  start: Buffer,
  at: number,
): { readonly end: number; readonly next: number | null; readonly lines: number; readonly open: boolean } {
  let quoted = false;
  let lines = 1;
  for (let i = at; i < start.length; i += 1) {
    if (start[i] === 34) quoted = !quoted;
    else if (start[i] === 10) {
      if (!quoted) return { end: i > at && start[i - 1] === 13 ? i - 1 : i, next: i + 1, lines, open: false };
      lines += 1;
    }
  }
  const end = start.length > at && start[start.length - 1] === 13 ? start.length - 1 : start.length;
  return { end, next: null, lines, open: quoted };
}

function withColumns(file: string, bytes: Buffer, at: number, body: Header['body']): Header {
  const tried: string[][] = [];
  for (const delimiter of DELIMITERS) {
    const cells = cellsOf(bytes, delimiter);
    if (cells === null) continue;
    const names = cells.map((cell) => nameOf(textOf(bytes, cell)));
    tried.push(names);
    if (!names.includes(ID)) continue;
    const columns = cells.map((cell) => columnOf(file, bytes, cell));
    return {
      file,
      delimiter,
      columns,
      places: placesOf(file, columns),
      bytes,
      at,
      body,
      quotes: cells.every(({ quoted }) => quoted),
    };
  }
  if (tried.length === 0) throw fileError(file, 'line 1: in the header text follows a closing quote.');
  const best = tried.reduce((a, b) => (b.length > a.length ? b : a));
  const near = nearest(ID, best);
  throw fileError(
    file,
    `line 1: there is no column \`id\`; found ${best
      .slice(0, 12)
      .map((name) => `\`${name.slice(0, 40)}\``)
      .join(', ')}. ` +
      `Name the column with each row's own id \`id\`.${near === undefined ? '' : ` Is it \`${near}\`?`}`,
  );
}

/** A header text in parts: `Close date:date` -> [`Close date`, `date`]. */
function partsOf(text: string): readonly [string, string | null] {
  const match = /^(.*?):\s*([A-Za-z]+\s*(?:\(.*\))?)\s*$/s.exec(text);
  return match === null ? [text.trim(), null] : [(match[1] ?? '').trim(), match[2] ?? ''];
}

function nameOf(text: string): string {
  return partsOf(text)[0].replace(/[\s-]+/g, '_');
}

function columnOf(file: string, bytes: Buffer, cell: Cell): Column {
  const text = textOf(bytes, cell);
  const [label, declared] = partsOf(text);
  const name = nameOf(text);
  const isField = NAME.test(name);
  if (declared === null || !isField) return { name, label, type: null, options: [], isField, cell };
  const match = /^([A-Za-z]+)\s*(?:\((.*)\))?$/s.exec(declared);
  const word = (match?.[1] ?? declared).toLowerCase();
  const type = Object.hasOwn(TYPES, word) ? TYPES[word] : undefined;
  const takesOptions = type === 'enum' || type === 'multi';
  if (type === undefined || (match?.[2] !== undefined && !takesOptions)) {
    const near = nearest(word, Object.keys(TYPES));
    const hint = near === undefined || near === word ? '' : ` Did you mean \`${near}\`?`;
    throw fileError(
      file,
      `line 1: column \`${name}\` has the type \`${declared.slice(0, 60)}\`. Expected ${TYPE_FORM}.${hint}`,
    );
  }
  const options = (match?.[2] ?? '')
    .split('|')
    .map((option) => option.trim())
    .filter((option) => option !== '');
  return { name, label, type, options: [...new Set(options)], isField, cell };
}

function placesOf(file: string, columns: readonly Column[]): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  for (const [place, { name, isField }] of columns.entries()) {
    if (!isField) continue;
    const first = places.get(name);
    if (first !== undefined) {
      throw fileError(
        file,
        `line 1: columns ${first + 1} and ${place + 1} are both called \`${name}\`. Rename one of them.`,
      );
    }
    places.set(name, place);
  }
  return places;
}

/** The header cell of a column: `waystage_stage:enum(onboarding|active)`. */
export function headerText(name: string, type: FieldType, options: readonly string[]): string {
  const word = type === 'multi' ? 'list' : type;
  return `${name}:${word}${options.length === 0 ? '' : `(${options.join('|')})`}`;
}

/** The same as bytes, in the style of the file. */
export function headerCell(header: Header, text: string): Buffer {
  return cellOf(text, header.delimiter, header.quotes);
}
