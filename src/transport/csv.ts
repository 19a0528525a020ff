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
  #rest: Buffer = NOTHING;
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
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    yield* this.#read(false);
    if (this.#rest.length > this.#maxRecord)
      throw new CsvError(
        this.#line,
        `a record of more than ${this.#maxRecord} bytes; is a quote never closed?`,
      );
  }

  /** The last record, when its line has no end. */
  *end(): Generator<string[], void, undefined> {
    yield* this.#read(true);
  }

  *#read(last: boolean): Generator<string[], void, undefined> {
    if (!this.#started) {
      if (!last && this.#rest.length < 3) return;
      this.#started = true;
      if (this.#rest[0] === 0xef && this.#rest[1] === 0xbb && this.#rest[2] === 0xbf)
        this.#rest = this.#rest.subarray(3);
    }
    const bytes = this.#rest;
    let at = 0;
    while (at < bytes.length) {
      const record = this.#record(bytes, at, last);
      if (record === null) break;
      if (!isUtf8(bytes.subarray(at, record.end))) throw new CsvError(this.#line, 'bytes that are not UTF-8');
      at = record.end;
      this.#rest = bytes.subarray(at);
      this.#recordLine = this.#line;
      this.#line += 1 + record.inner;
      yield record.cells;
    }
    this.#rest = at === 0 ? bytes : bytes.subarray(at);
  }

  /** One record from `start`; null when its end is not there yet. */
  #record(
    bytes: Buffer,
    start: number,
    last: boolean,
  ): { readonly cells: string[]; readonly end: number; readonly inner: number } | null {
    const cells: string[] = [];
    let inner = 0;
    let at = start;
    for (;;) {
      let cell: string;
      if (bytes[at] === QUOTE) {
        const close = closingQuote(bytes, at + 1, last);
        if (close === -1) {
          if (!last) return null;
          throw new CsvError(this.#line, 'a quote that is never closed');
        }
        const raw = bytes.toString('utf8', at + 1, close);
        cell = raw.includes('"') ? raw.replaceAll('""', '"') : raw;
        if (cell.includes('\n')) inner += cell.split('\n').length - 1;
        at = close + 1;
      } else {
        const from = at;
        while (at < bytes.length) {
          const byte = bytes[at]!;
          if (byte === this.#delimiter || byte === LF || byte === CR) break;
          if (byte === QUOTE)
            throw new CsvError(this.#line + inner, 'a quote inside a cell that does not begin with one');
          at += 1;
        }
        cell = bytes.toString('utf8', from, at);
      }
      if (at >= bytes.length) {
        if (!last) return null;
        cells.push(cell);
        return { cells, end: at, inner };
      }
      const byte = bytes[at];
      cells.push(cell);
      if (byte === this.#delimiter) {
        at += 1;
        continue;
      }
      if (byte === LF) return { cells, end: at + 1, inner };
      if (byte !== CR) throw new CsvError(this.#line + inner, 'text behind a closing quote');
      if (at + 1 >= bytes.length && !last) return null;
      if (bytes[at + 1] !== LF)
        throw new CsvError(this.#line + inner, 'a carriage return without a line feed');
      return { cells, end: at + 2, inner };
    }
  }
}

/** The quote that ends a cell; -1 when it is not there, or when the next byte, which may double it, is not. */
function closingQuote(bytes: Buffer, from: number, last: boolean): number {
  let at = from;
  for (;;) {
    const quote = bytes.indexOf(QUOTE, at);
    if (quote === -1) return -1;
    if (bytes[quote + 1] !== QUOTE) return quote + 1 < bytes.length || last ? quote : -1;
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
