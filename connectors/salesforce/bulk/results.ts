import { isWaystageError, WaystageError } from '../../../src/model/errors.ts';
import { CsvError, CsvReader, countCsvRecords, type SpoolFile } from '../../../src/transport/index.ts';
import type { Purpose, SalesforceClient } from '../client.ts';

/** Times a page of results is fetched when it comes damaged. */
const MAX_FETCHES = 4;

/** Results that are not what the API promises; the same page may be fetched again. */
class DamagedResults extends Error {}

/** One page of results, taken in record by record. */
export interface ResultPage {
  /** Records without the header. */
  readonly rows: number;
  /** Locator of the next page; null on the last one. */
  readonly next: string | null;
}

/** Some records of a page. */
export interface ResultBatch {
  readonly header: readonly string[];
  readonly records: readonly (readonly string[])[];
  readonly page: ResultPage;
}

/**
 * Fetches a page of results into the file and hands its records over in batches, after `skip` of them. A body that
 * breaks off (also one that says so by nothing but its count) is fetched again from the same place, and records that
 * were handed over are skipped then. Rejects with `crm_bad_answer` when it stays damaged.
 * `counted`: Salesforce says how many records there are (query jobs).
 */
export async function* readResults(
  client: SalesforceClient,
  path: string,
  spool: SpoolFile,
  options: { readonly counted: boolean; readonly skip: number; readonly purpose: Purpose },
): AsyncGenerator<ResultBatch, ResultPage, undefined> {
  let taken = options.skip;
  for (let fetch = 1; ; fetch += 1) {
    try {
      const page = await fetchPage(client, path, spool, options);
      for await (const { header, records } of batches(spool, taken)) {
        taken += records.length;
        yield { header, records, page };
      }
      return page;
    } catch (error) {
      const damaged = error instanceof DamagedResults || error instanceof CsvError;
      if (!damaged) throw error;
      if (fetch >= MAX_FETCHES) throw badResults(path, (error as Error).message);
      client.context.log.warn(
        { reason: (error as Error).message },
        'a page of Bulk API results is damaged; fetching it again',
      );
    }
  }
}

async function fetchPage(
  client: SalesforceClient,
  path: string,
  spool: SpoolFile,
  { counted, purpose }: { readonly counted: boolean; readonly purpose: Purpose },
): Promise<ResultPage> {
  const { headers } = await client.send({
    method: 'GET',
    path,
    headers: { accept: 'text/csv' },
    purpose,
    idempotent: true,
    spool,
  });
  const type = headers['content-type'] ?? 'no content type';
  if (!/^text\/csv\b/i.test(type)) throw new DamagedResults(`${type.slice(0, 60)} where text/csv belongs`);
  const records = await countCsvRecords(spool.chunks());
  // Results of nothing may come without even a header.
  const rows = Math.max(0, records - 1);
  if (!counted) return { rows, next: null };
  const said = headers['sforce-numberofrecords'] ?? '';
  if (!/^\d{1,12}$/.test(said)) throw new DamagedResults('no Sforce-NumberOfRecords');
  if (Number(said) !== rows) throw new DamagedResults(`${rows} records where ${said} were announced`);
  const locator = headers['sforce-locator'];
  if (locator === undefined || locator === '') throw new DamagedResults('no Sforce-Locator');
  if (locator !== 'null' && rows === 0) throw new DamagedResults('an empty page before the last one');
  return { rows, next: locator === 'null' ? null : locator };
}

/** The file's records behind the first `skip`, as they come out of its chunks. */
async function* batches(
  spool: SpoolFile,
  skip: number,
): AsyncGenerator<Pick<ResultBatch, 'header' | 'records'>, void, undefined> {
  const reader = new CsvReader();
  let header: readonly string[] | null = null;
  let seen = 0;
  const sort = (found: Iterable<readonly string[]>): readonly (readonly string[])[] => {
    const records: (readonly string[])[] = [];
    for (const cells of found) {
      header ??= cells;
      if (header === cells) continue;
      if (cells.length !== header.length)
        throw new DamagedResults(`${cells.length} cells in a row of ${header.length} columns`);
      seen += 1;
      if (seen > skip) records.push(cells);
    }
    return records;
  };
  for await (const chunk of spool.chunks()) {
    const records = sort(reader.push(chunk));
    if (header !== null && records.length > 0) yield { header, records };
  }
  const records = sort(reader.end());
  if (header !== null && records.length > 0) yield { header, records };
}

export function badResults(path: string, what: string): WaystageError {
  return new WaystageError(
    'crm_bad_answer',
    `Salesforce answered GET ${path.split('?')[0]} with ${what}; nothing of it is used, run again later`,
    { retryable: true },
  );
}

/** Salesforce's answer makes no sense, as opposed to having no answer at all. */
export function isBadAnswer(error: unknown): boolean {
  return isWaystageError(error) && error.code === 'crm_bad_answer';
}
