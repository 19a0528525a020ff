import { isUtf8 } from 'node:buffer';
import type { OpenFile } from './folder.ts';
import { fileError, type Header, MAX_HEADER, parseHeader } from './header.ts';
import { type Cell, cellsOf, leadingCells, MAX_ROW, type Row, RowScanner, textOf } from './scanner.ts';
import { ID } from './schema.ts';

/** A row that has an id and as many cells as the header, or what is wrong with it. */
export type Checked =
  | { readonly row: Row; readonly id: string; readonly cells: readonly Cell[] }
  | { readonly row: Row; readonly id: string | null; readonly problem: string };

const MAX_ID = 200;

/** Reads the header of an open file; throws `crm_bad_answer` when it has no usable one. */
export async function readHeader(file: OpenFile): Promise<Header> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const chunk of file.chunks(0)) {
    parts.push(chunk);
    size += chunk.length;
    // A header with a line break in a quoted name is read on; any other ends in the first chunk.
    if (size >= MAX_HEADER || evenQuotesLine(chunk)) break;
  }
  return parseHeader(file.file, Buffer.concat(parts));
}

function evenQuotesLine(chunk: Buffer): boolean {
  const end = chunk.indexOf(10);
  if (end < 0) return false;
  let quotes = 0;
  for (let i = 0; i < end; i += 1) if (chunk[i] === 34) quotes += 1;
  return quotes % 2 === 0;
}

/** The rows after the header (or after `from`), some at a time. Throws `crm_bad_answer` at the end of a file in which
 *  a quote stays open: how much of it is one cell nobody knows. */
export async function* rowsOf(
  file: OpenFile,
  header: Header,
  from: { readonly at: number; readonly line: number } = header.body,
  tap?: (bytes: Buffer) => void,
): AsyncGenerator<readonly Row[], void, undefined> {
  const scanner = new RowScanner(header.delimiter, from.at, from.line);
  for await (const chunk of file.chunks(from.at)) {
    tap?.(chunk);
    const rows = scanner.push(chunk);
    if (rows.length > 0) yield rows;
  }
  const last = lastRow(header.file, scanner);
  if (last !== null) yield [last];
}

/** All rows of a file that is in memory. */
export function rowsIn(bytes: Buffer, header: Header): readonly Row[] {
  const scanner = new RowScanner(header.delimiter, header.body.at, header.body.line);
  const rows = scanner.push(bytes.subarray(header.body.at));
  const last = lastRow(header.file, scanner);
  return last === null ? rows : [...rows, last];
}

function lastRow(file: string, scanner: RowScanner): Row | null {
  const { row, unclosed } = scanner.finish();
  if (unclosed === null) return row;
  throw fileError(
    file,
    `line ${unclosed}: a quote is opened here and never closed, so the rows after it cannot be told apart. ` +
      'Close it, or write a quote inside a quoted cell twice. Nothing of this file was taken.',
  );
}

/** What a row is; null for a blank line or a line of empty cells, which spreadsheets leave behind. */
export function checkRow(row: Row, header: Header): Checked | null {
  const { bytes } = row;
  if (bytes.length === 0) return null;
  if (row.tooLong) {
    return { row, id: idIn(row, header), problem: `the row is longer than ${MAX_ROW / 1024 / 1024} MB` };
  }
  if (!isUtf8(bytes)) {
    return {
      row,
      id: idIn(row, header),
      problem: 'the row is not valid UTF-8. Save the file as "CSV UTF-8"',
    };
  }
  const cells = cellsOf(bytes, header.delimiter);
  if (cells === null) {
    return {
      row,
      id: idIn(row, header),
      problem: 'text follows a closing quote. Write a quote inside a quoted cell twice',
    };
  }
  if (cells.every(({ start, end }) => start === end)) return null;
  if (cells.length !== header.columns.length) {
    const problem = `the row has ${cells.length} cells where the header has ${header.columns.length}`;
    return { row, id: idIn(row, header), problem };
  }
  const place = header.places.get(ID) ?? 0;
  const id = textOf(bytes, cells[place] as Cell).trim();
  const problem = idProblem(id);
  return problem === null ? { row, id, cells } : { row, id: null, problem };
}

function idProblem(id: string): string | null {
  if (id === '') return 'the column `id` is empty. Every row needs an id of its own';
  if (id.length > MAX_ID) return `the id is longer than ${MAX_ID} characters`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\u0000-\u001f\u007f;]/.test(id)) return 'the id holds a control character or a `;`';
  return null;
}

/** The id of a row that is wrong in another way, when it can be told. */
function idIn({ bytes, tooLong }: Row, header: Header): string | null {
  const place = header.places.get(ID) ?? 0;
  const cell = leadingCells(bytes, header.delimiter).cells[place];
  // Of the last cell of a row that is cut off nobody knows whether it goes on.
  if (cell === undefined || (tooLong && cell.end >= bytes.length)) return null;
  const text = textOf(bytes, cell).trim();
  return idProblem(text) === null && !text.includes('\ufffd') ? text : null;
}

/** `people.csv line 12`, or `people.csv lines 12 to 15`. */
export function placeText(header: Header, row: Row): string {
  return row.line === row.lastLine
    ? `${header.file} line ${row.line}`
    : `${header.file} lines ${row.line} to ${row.lastLine}`;
}
