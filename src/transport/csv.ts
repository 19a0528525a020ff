import { isUtf8 } from 'node:buffer';

/** CSV that is not what RFC 4180 says. `line` counts from 1, line ends inside quotes included. */
export class CsvError extends Error {
  readonly line: number;

  constructor(line: number, message: string) {
    super(`line ${line}: ${message}`);
    this.name = 'CsvError';
    this.line = line;
  }
}

export interface CsvOptions {
  /** One ASCII character; default `,`. */
  readonly delimiter?: string;
  /** Bytes one record may have; default 32 MiB. A quote that is never closed would otherwise eat the whole file. */
  readonly maxRecordBytes?: number;
}

const QUOTE = 0x22;
const LF = 0x0a;
const CR = 0x0d;
const BYTE_ORDER_MARK = 0xfeff;
const NOTHING = Buffer.alloc(0);

/**
 * Strict RFC 4180, in pieces of any size: cells in quotes may hold delimiters, line ends and doubled quotes; lines end
 * with LF or CRLF; the last line needs no end; a byte order mark at the start is skipped. Refused with `CsvError`: a
 * quote inside a bare cell, text behind a closing quote, a CR without LF, a quote that is never closed, bytes that are
 * no UTF-8. How many cells a record has is for the caller to check. An empty line is a record of one empty cell.
 */
export class CsvReader {
  readonly #delimiter: number;
  readonly #maxRecord: number;
  /** Bytes of a line whose end is not there yet: only whole lines are decoded, and at once, not cell by cell. */
  #rest: Buffer = NOTHING;
  /** Whole lines of a record whose end is not there yet. */
  #text = '';
  #line = 1;
  #started = false;
  /** Line on which the last record that was handed over began. */
  #recordLine = 1;

  constructor(options: CsvOptions = {}) {
    this.#delimiter = (options.delimiter ?? ',').charCodeAt(0);
    this.#maxRecord = options.maxRecordBytes ?? 32 * 1024 * 1024;
  }

  /** Line of the last record that was read. */
  get line(): number {
    return this.#recordLine;
  }

  /** Records that are complete by now. */
  *push(chunk: Buffer): Generator<string[], void, undefined> {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const lines = bytes.lastIndexOf(LF) + 1;
    this.#rest = bytes.subarray(lines);
    if (lines > 0) yield* this.#read(bytes.subarray(0, lines), false);
    if (this.#rest.length + Buffer.byteLength(this.#text) > this.#maxRecord)
      throw new CsvError(
        this.#line,
        `a record of more than ${this.#maxRecord} bytes; is a quote never closed?`,
      );
  }

  /** The last record, when its line has no end. */
  *end(): Generator<string[], void, undefined> {
    const bytes = this.#rest;
    this.#rest = NOTHING;
    yield* this.#read(bytes, true);
  }

  *#read(bytes: Buffer, last: boolean): Generator<string[], void, undefined> {
    const good = isUtf8(bytes) ? bytes.length : wellFormedLines(bytes);
    this.#text += bytes.toString('utf8', 0, good);
    if (!this.#started && this.#text !== '') {
      this.#started = true;
      if (this.#text.charCodeAt(0) === BYTE_ORDER_MARK) this.#text = this.#text.slice(1);
    }
    yield* this.#records(last && good === bytes.length);
    if (good < bytes.length) throw new CsvError(this.#line, 'bytes that are not UTF-8');
  }

  *#records(last: boolean): Generator<string[], void, undefined> {
    const text = this.#text;
    let at = 0;
    while (at < text.length) {
      const record = this.#record(text, at, last);
      if (record === null) break;
      at = record.end;
      this.#text = text.slice(at);
      this.#recordLine = this.#line;
      this.#line += 1 + record.inner;
      yield record.cells;
    }
  }

  /** One record from `start`; null when its end is not there yet. */
  #record(
    text: string,
    start: number,
    last: boolean,
  ): { readonly cells: string[]; readonly end: number; readonly inner: number } | null {
    const cells: string[] = [];
    let inner = 0;
    let at = start;
    for (;;) {
      if (text.charCodeAt(at) === QUOTE) {
        const close = closingQuote(text, at + 1);
        if (close === -1) {
          if (!last) return null;
          throw new CsvError(this.#line, 'a quote that is never closed');
        }
        const raw = text.slice(at + 1, close);
        const cell = raw.includes('"') ? raw.replaceAll('""', '"') : raw;
        if (cell.includes('\n')) inner += cell.split('\n').length - 1;
        cells.push(cell);
        at = close + 1;
      } else {
        const from = at;
        for (; at < text.length; at += 1) {
          const code = text.charCodeAt(at);
          if (code === this.#delimiter || code === LF || code === CR) break;
          if (code === QUOTE)
            throw new CsvError(this.#line + inner, 'a quote inside a cell that does not begin with one');
        }
        cells.push(text.slice(from, at));
      }
      if (at >= text.length) return last ? { cells, end: at, inner } : null;
      const code = text.charCodeAt(at);
      if (code === this.#delimiter) {
        at += 1;
        continue;
      }
      if (code === LF) return { cells, end: at + 1, inner };
      if (code !== CR) throw new CsvError(this.#line + inner, 'text behind a closing quote');
      if (text.charCodeAt(at + 1) !== LF)
        throw new CsvError(this.#line + inner, 'a carriage return without a line feed');
      return { cells, end: at + 2, inner };
    }
  }
}

/** Length of the whole lines before the first that is no UTF-8. */
function wellFormedLines(bytes: Buffer): number {
  for (let at = 0; ; ) {
    const end = bytes.indexOf(LF, at) + 1;
    if (end === 0 || !isUtf8(bytes.subarray(at, end))) return at;
    at = end;
  }
}

/** The quote that ends a cell; -1 when it is not there. */
function closingQuote(text: string, from: number): number {
  let at = from;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote === -1) return -1;
    if (text.charCodeAt(quote + 1) !== QUOTE) return quote;
    at = quote + 2;
  }
}

/** One line with its end, every cell in quotes: nothing in it can be taken for anything else. */
export function csvLine(cells: readonly string[]): string {
  return `"${cells.map((cell) => (cell.includes('"') ? cell.replaceAll('"', '""') : cell)).join('","')}"\n`;
}

/** Records of a CSV file, the header among them, by their ends alone: cheap, and before anything is used. Rejects with
 *  `CsvError` when the file ends inside quotes. */
export async function countCsvRecords(chunks: AsyncIterable<Buffer>): Promise<number> {
  let records = 0;
  let inside = false;
  let last = LF;
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at]!;
      if (byte === QUOTE) inside = !inside;
      else if (byte === LF && !inside) records += 1;
      last = byte;
    }
  }
  if (inside) throw new CsvError(records + 1, 'a quote that is never closed');
  return last === LF ? records : records + 1;
}
