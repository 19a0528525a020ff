import { isWaystageError } from '../../../src/model/errors.ts';
import {
  CsvError,
  CsvReader,
  countCsvRecords,
  isZip,
  readZip,
  type SpoolFile,
  unzip,
  ZipError,
} from '../../../src/transport/index.ts';
import type { HubspotClient } from '../client.ts';
import { isRefusal } from '../errors.ts';

/** A file that is not what it should be, or an address that is no longer good; another fetch may help. */
export class DamagedExport extends Error {}

/** The export, or its file, is of no use, however often it is fetched. */
export class UnfitExport extends Error {}

/** Bytes of a file as it comes, and unpacked: what a zip file without Zip64 can hold. */
export const MAX_FILE_BYTES = 2 ** 32 - 1;
const ZIP_LIMITS = { maxEntries: 1_000, maxBytes: 64 * MAX_FILE_BYTES };

/** The file of an export: CSV, or a zip file of one or more of them. */
export interface ExportTable {
  /** Records without headers. */
  readonly rows: number;
  /** The records behind the first `skip`, as they come out of the file. */
  records(skip: number): AsyncGenerator<TableBatch, void, undefined>;
}

export interface TableBatch {
  readonly header: readonly string[];
  readonly records: readonly (readonly string[])[];
}

/** Fetches what is at an address into the file. Rejects with `DamagedExport`, `UnfitExport`, or `stopped`. */
export async function fetchFile(client: HubspotClient, url: string, spool: SpoolFile): Promise<void> {
  try {
    await client.download(url, spool);
  } catch (error) {
    if (isWaystageError(error) && error.code === 'stopped') throw error;
    if (isRefusal(error)) throw new DamagedExport(`an address that is not good (${error.status})`);
    throw new UnfitExport(error instanceof Error ? error.message : 'no file', { cause: error });
  }
}

/** Reads the whole file once, so that a damaged one is noticed before any of its rows is used. Rejects with an error
 *  that `isDamage` knows. */
export async function openTable(spool: SpoolFile): Promise<ExportTable> {
  const parts = (await isZip(spool.fd))
    ? (await readZip(spool.fd, ZIP_LIMITS)).map((entry) => () => unzip(spool.fd, entry))
    : [() => spool.chunks()];
  let rows = 0;
  for (const part of parts) {
    const records = await countCsvRecords(part());
    if (records === 0) throw new DamagedExport('a file without a header');
    rows += records - 1;
  }
  if (parts.length === 0) throw new DamagedExport('a zip file without files');
  return { rows, records: (skip) => batches(parts, skip) };
}

export function isDamage(error: unknown): error is Error {
  return error instanceof DamagedExport || error instanceof ZipError || error instanceof CsvError;
}

async function* batches(
  parts: readonly (() => AsyncIterable<Buffer>)[],
  skip: number,
): AsyncGenerator<TableBatch, void, undefined> {
  let first: readonly string[] | null = null;
  let seen = 0;
  for (const part of parts) {
    const reader = new CsvReader();
    let header: readonly string[] | null = null;
    const sort = (found: Iterable<readonly string[]>): readonly (readonly string[])[] => {
      const records: (readonly string[])[] = [];
      for (const cells of found) {
        if (header === null) {
          header = cells;
          first ??= cells;
          if (cells.join('\n') !== first.join('\n')) throw new DamagedExport('files with different columns');
          continue;
        }
        if (cells.length !== header.length)
          throw new DamagedExport(`${cells.length} cells in a row of ${header.length} columns`);
        seen += 1;
        if (seen > skip) records.push(cells);
      }
      return records;
    };
    for await (const chunk of part()) {
      const records = sort(reader.push(chunk));
      if (first !== null && records.length > 0) yield { header: first, records };
    }
    const records = sort(reader.end());
    if (first !== null && records.length > 0) yield { header: first, records };
  }
}
