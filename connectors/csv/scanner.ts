/** A CSV reader on bytes (RFC 4180), so that a file can be written back with every cell that did not change kept
 *  byte by byte. No byte of a multi-byte UTF-8 character is a quote, a delimiter or a line end. */

const LF = 10;
const CR = 13;
const QUOTE = 34;

/** A longer row is handed over cut off; an unclosed quote cannot fill the memory. */
export const MAX_ROW = 4 * 1024 * 1024;
/** What is kept of a row that is too long: enough to name it. */
const KEPT = 64 * 1024;

export interface Row {
  /** Line it begins on, from 1. */
  readonly line: number;
  readonly lastLine: number;
  /** Offset of its first byte in the file. */
  readonly start: number;
  /** Offset of its line end; equal to `next` on a last line without one. */
  readonly end: number;
  /** Offset of the row after it. */
  readonly next: number;
  /** Without the line end. */
  readonly bytes: Buffer;
  /** Longer than `MAX_ROW`; `bytes` is only its beginning. */
  readonly tooLong: boolean;
}

/** Where a cell stands in its row, quotes included. */
export interface Cell {
  readonly start: number;
  readonly end: number;
  readonly quoted: boolean;
}

type State = 'cell-start' | 'plain' | 'quoted' | 'quote-in-quoted';

/** Splits a stream of bytes into rows. A quote opens a quoted cell only at the beginning of a cell; elsewhere it is a
 *  character like any other (`5" pipe`). Rows end with LF or CRLF, also mixed. */
export class RowScanner {
  readonly #delimiter: number;
  readonly #limit: number;
  #state: State = 'cell-start';
  #parts: Buffer[] = [];
  #kept = 0;
  #offset: number;
  #start: number;
  #line: number;
  #rowLine: number;
  #quoteLine = 0;
  #last = 0;

  /**
   * @param delimiter one byte
   * @param at offset of the first byte that will be pushed; the beginning of a row
   * @param line line number of that row
   */
  constructor(delimiter: number, at = 0, line = 1, limit = MAX_ROW) {
    this.#delimiter = delimiter;
    this.#limit = limit;
    this.#offset = at;
    this.#start = at;
    this.#line = line;
    this.#rowLine = line;
  }

  /** Line number of the next row. */
  get line(): number {
    return this.#line;
  }

  /** The rows that end in this chunk. */
  push(chunk: Buffer): readonly Row[] {
    const rows: Row[] = [];
    const delimiter = this.#delimiter;
    let state = this.#state;
    let from = 0;
    for (let i = 0; i < chunk.length; i += 1) {
      const byte = chunk[i];
      if (byte === LF) {
        this.#line += 1;
        if (state !== 'quoted') {
          rows.push(this.#row(chunk.subarray(from, i), this.#offset + i + 1, true));
          from = i + 1;
          state = 'cell-start';
        }
      } else if (state === 'quoted') {
        if (byte === QUOTE) state = 'quote-in-quoted';
      } else if (byte === delimiter) {
        state = 'cell-start';
      } else if (byte === QUOTE && state === 'quote-in-quoted') {
        state = 'quoted';
      } else if (byte === QUOTE && state === 'cell-start') {
        state = 'quoted';
        this.#quoteLine = this.#line;
      } else {
        state = 'plain';
      }
    }
    this.#state = state;
    this.#keep(chunk.subarray(from));
    this.#offset += chunk.length;
    return rows;
  }

  /** The last row when it has no line end, and the line on which a quote was opened that nothing closes. */
  finish(): { readonly row: Row | null; readonly unclosed: number | null } {
    if (this.#state === 'quoted') return { row: null, unclosed: this.#quoteLine };
    if (this.#offset === this.#start) return { row: null, unclosed: null };
    return { row: this.#row(Buffer.alloc(0), this.#offset, false), unclosed: null };
  }

  #keep(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#kept += bytes.length;
    this.#last = bytes[bytes.length - 1] ?? 0;
    if (this.#kept <= this.#limit) this.#parts.push(bytes);
    else this.#parts = [Buffer.concat([...this.#parts, bytes.subarray(0, KEPT)]).subarray(0, KEPT)];
  }

  #row(tail: Buffer, next: number, ended: boolean): Row {
    this.#keep(tail);
    const tooLong = this.#kept > this.#limit;
    // A CR before the end of the file is half a line end: nothing else could have been meant.
    const cr = this.#kept > 0 && this.#last === CR ? 1 : 0;
    const whole = this.#parts.length === 1 ? (this.#parts[0] ?? Buffer.alloc(0)) : Buffer.concat(this.#parts);
    const row: Row = {
      line: this.#rowLine,
      lastLine: ended ? this.#line - 1 : this.#line,
      start: this.#start,
      end: next - (ended ? 1 : 0) - cr,
      next,
      bytes: tooLong ? whole : whole.subarray(0, whole.length - cr),
      tooLong,
    };
    this.#parts = [];
    this.#kept = 0;
    this.#start = next;
    this.#rowLine = this.#line;
    return row;
  }
}

/** The cells of a row; null when text follows a closing quote, so that nobody can tell where the cell ends. */
export function cellsOf(bytes: Buffer, delimiter: number): readonly Cell[] | null {
  const { cells, whole } = leadingCells(bytes, delimiter);
  return whole ? cells : null;
}

/** The cells of a row up to one whose end cannot be told: of a row that is wrong or cut off. */
export function leadingCells(
  bytes: Buffer,
  delimiter: number,
): { readonly cells: readonly Cell[]; readonly whole: boolean } {
  const cells: Cell[] = [];
  let start = 0;
  for (;;) {
    const quoted = bytes[start] === QUOTE;
    let end: number;
    if (quoted) {
      end = start + 1;
      for (;;) {
        const quote = bytes.indexOf(QUOTE, end);
        if (quote < 0) return { cells, whole: false };
        end = quote + 1;
        if (bytes[end] !== QUOTE) break;
        end += 1;
      }
      if (end < bytes.length && bytes[end] !== delimiter) return { cells, whole: false };
    } else {
      const found = bytes.indexOf(delimiter, start);
      end = found < 0 ? bytes.length : found;
    }
    cells.push({ start, end, quoted });
    if (end >= bytes.length) return { cells, whole: true };
    start = end + 1;
  }
}

/** What a cell says, without its quotes. */
export function textOf(bytes: Buffer, cell: Cell): string {
  return cell.quoted
    ? bytes.toString('utf8', cell.start + 1, cell.end - 1).replaceAll('""', '"')
    : bytes.toString('utf8', cell.start, cell.end);
}

/** A text as a cell: quoted where it must be, and where `quoted` asks for it. */
export function cellOf(text: string, delimiter: number, quoted: boolean): Buffer {
  const must =
    text.includes('"') ||
    text.includes('\n') ||
    text.includes('\r') ||
    text.includes(String.fromCharCode(delimiter)) ||
    text !== text.trim();
  return Buffer.from(quoted || must ? `"${text.replaceAll('"', '""')}"` : text, 'utf8');
}
