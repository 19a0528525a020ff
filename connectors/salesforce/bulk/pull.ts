import type { Page } from '../../../src/connector/port.ts';
import { isWaystageError } from '../../../src/model/errors.ts';
import { openSpool, type SpoolFile } from '../../../src/transport/index.ts';
import type { Row, SalesforceClient } from '../client.ts';
import { encodeCursor, nextIncrement, type Position } from '../cursor.ts';
import { crmErrorOf } from '../errors.ts';
import { select } from '../soql.ts';
import type { TypeReader } from '../type-reader.ts';
import { abortJob, createJob, type JobInfo, jobPath, refusesBulk, waitForJob } from './job.ts';
import { badResults, isBadAnswer, readResults } from './results.ts';
import { rowReader, type ToRow } from './rows.ts';

export type BulkPosition = Extract<Position, { mode: 'bulk' }>;
type Full = Extract<Position, { mode: 'full' }>;

/** When and how a full load goes by the Bulk API. */
export interface BulkSettings {
  /** Rows above which it does; Salesforce advises 2,000. */
  readonly from: number;
  /** Rows asked for in one page of results; they go into a file, not into memory. */
  readonly pageRows: number;
}

/** A page of results may have this many bytes. */
const MAX_PAGE_BYTES = 1024 * 1024 * 1024;
/** Salesforce's limit for a query is 100,000 characters. */
const MAX_QUERY = 90_000;

/** Where a load by the Bulk API begins: behind `after`, with no job yet. */
export function bulkFrom({ start, after }: Full): BulkPosition {
  return { mode: 'bulk', start, after, job: null, locator: null, skip: 0, rows: 0 };
}

/**
 * Pages of a load by the Bulk API. Every page's cursor holds the job and the place in its results, from the moment the
 * job is made: a killed run goes on with the same job. Rows come in no order. The job sees the org as it was when it
 * began; what changes later is caught by the first increment, which begins before the job did.
 *
 * Returns null when everything was handed over, and else the position to go on from by REST: Salesforce refused the
 * job, it failed (it never says why), got stuck, lost its results, or they do not add up.
 */
export async function* pullBulk(
  client: SalesforceClient,
  reader: TypeReader,
  from: BulkPosition,
  settings: BulkSettings,
  expected: number,
): AsyncGenerator<Page, Full | null, undefined> {
  const spool = await openSpool(MAX_PAGE_BYTES);
  try {
    let at = from;
    // A job of an earlier run may be gone by now (results are kept for a week): then a new one is worth its price.
    for (let tries = from.job === null ? 1 : 2; tries > 0; tries -= 1) {
      const earlier = at.job !== null;
      if (at.job === null) {
        const made = await makeJob(client, reader, at);
        if (made === null) break;
        at = made;
        yield { records: [], failed: [], cursor: encodeCursor(at), done: false, total: expected };
      }
      const over = await overOrNull(client, at.job!, earlier ? null : expected);
      if (over !== null && (yield* results(client, reader, spool, at, over, settings))) return null;
      at = { ...bulkFrom(restOf(at)) };
    }
    return restOf(at);
  } finally {
    await spool.close();
  }
}

/** The same load without a job. */
function restOf({ start, after }: BulkPosition): Full {
  return { mode: 'full', start, after };
}

async function makeJob(
  client: SalesforceClient,
  reader: TypeReader,
  at: BulkPosition,
): Promise<BulkPosition | null> {
  const { plan } = reader;
  const query = select({
    fields: plan.select,
    from: plan.type,
    ...(at.after === null ? {} : { where: `Id > '${at.after}'` }),
  });
  if (query.length > MAX_QUERY) return null;
  try {
    // Deleted, merged and archived rows are wanted too. No order: it would keep Salesforce from dividing the work.
    const { id, serverTime } = await createJob(client, 'query', { operation: 'queryAll', query }, 'pull');
    return { ...at, start: at.start ?? serverTime, job: id };
  } catch (error) {
    if (!refusesBulk(error)) throw error;
    leave(client, plan.type, 'refused', crmErrorOf(error)?.code ?? null);
    return null;
  }
}

/** The job's information when it is complete; null when it is of no use. */
async function overOrNull(
  client: SalesforceClient,
  job: string,
  expected: number | null,
): Promise<JobInfo | null> {
  try {
    const info = await waitForJob(client, 'query', job, expected, 'pull');
    if (info.state === 'JobComplete') return info;
    leave(client, null, info.state, null);
    if (info.state === 'Stuck') await abortJob(client, 'query', job, 'pull');
    return null;
  } catch (error) {
    if (!refusesBulk(error)) throw error;
    leave(client, null, 'gone', crmErrorOf(error)?.code ?? null);
    return null;
  }
}

/** Pages of results; true when all of them were handed over and their number is right. */
async function* results(
  client: SalesforceClient,
  reader: TypeReader,
  spool: SpoolFile,
  from: BulkPosition,
  info: JobInfo,
  settings: BulkSettings,
): AsyncGenerator<Page, boolean, undefined> {
  let at = from;
  const total = info.processed;
  try {
    for (;;) {
      const path = resultsPath(at, settings.pageRows);
      const pages = readResults(client, path, spool, { counted: true, skip: at.skip, purpose: 'pull' });
      let rows: Row[] = [];
      let toRow: ToRow | null = null;
      let step = await pages.next();
      for (; step.done !== true; step = await pages.next()) {
        toRow ??= rowReader(reader.plan, step.value.header);
        // The cursor of a run that asked for other fields.
        if (toRow === null) throw badResults(path, 'other columns than were asked for');
        for (const cells of step.value.records) {
          // The last row of a page waits, so that its cursor is the next page's.
          if (rows.length >= client.pageSize) {
            at = { ...at, skip: at.skip + rows.length };
            yield { ...reader.records(rows), cursor: encodeCursor(at), done: false, total };
            rows = [];
          }
          rows.push(toRow(cells));
        }
      }
      const page = step.value;
      at = { ...at, locator: page.next, skip: 0, rows: at.rows + page.rows };
      const last = page.next === null;
      const right = total === null || total === at.rows;
      const whole = last && right;
      const found = reader.records(rows);
      if (last && !right) {
        // Not done: REST reads everything again, and the store ignores what it knows.
        yield { ...found, cursor: encodeCursor(restOf(at)), done: false, total };
        leave(client, reader.plan.type, `gave ${at.rows} of ${total} rows`, null);
        return false;
      }
      const next: Position = whole ? nextIncrement(at.start ?? 0) : at;
      yield { ...found, cursor: encodeCursor(next), done: whole, total };
      if (whole) return true;
    }
  } catch (error) {
    if (!refusesBulk(error) && !isBadAnswer(error)) throw error;
    leave(client, reader.plan.type, 'results', isWaystageError(error) ? error.message : null);
    return false;
  }
}

function resultsPath(at: BulkPosition, pageRows: number): string {
  const locator = at.locator === null ? '' : `&locator=${encodeURIComponent(at.locator)}`;
  return `${jobPath('query', at.job ?? '', '/results')}?maxRecords=${pageRows}${locator}`;
}

function leave(client: SalesforceClient, type: string | null, why: string, said: string | null): void {
  client.context.log.warn({ type, why, said }, 'a Bulk API query did not work out; going on by REST');
}
