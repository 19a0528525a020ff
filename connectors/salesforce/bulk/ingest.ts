import type { Write, WriteResult } from '../../../src/connector/port.ts';
import { isWaystageError, WaystageError } from '../../../src/model/errors.ts';
import { csvLine, openSpool, type SpoolFile } from '../../../src/transport/index.ts';
import type { SalesforceClient } from '../client.ts';
import { crmErrorOf, rowMayPass } from '../errors.ts';
import { id18, isId } from '../ids.ts';
import { byParent, problemOf, push, refusal, WRITE_BATCH } from '../push.ts';
import { chunk } from '../soql.ts';
import { abortJob, createJob, type JobInfo, jobInfo, jobPath, refusesBulk, waitForJob } from './job.ts';
import { readResults } from './results.ts';

/** Rows of one job: what Salesforce works on as one batch. */
export const BULK_WRITE_LIMIT = 10_000;
/** Salesforce takes 150 MB, and its own encoding makes text longer. */
const MAX_UPLOAD = 50 * 1024 * 1024;
const MAX_RESULT_BYTES = 512 * 1024 * 1024;
/** How an upload says that a field is cleared; an empty cell leaves the field alone. */
const CLEARED = '#N/A';

/** What is known of the writes so far, by id. */
interface Known {
  readonly results: Map<string, WriteResult>;
  /** Rows for REST: nothing was done about them, or they may pass when they are sent again. */
  readonly again: Set<string>;
}

/**
 * Updates many records of one type by a job of the Bulk API, at most `BULK_WRITE_LIMIT`; one result per write, same
 * order. Results come in no order and are matched by the record's id, the key our own upload carries. Rows the job
 * left undone (it failed, got stuck, was refused) and rows that may pass when sent again go by REST. Throws only when
 * nothing was written at all.
 */
export async function pushBulk(
  client: SalesforceClient,
  type: string,
  writes: readonly Write[],
): Promise<readonly WriteResult[]> {
  if (writes.length > BULK_WRITE_LIMIT) {
    throw new WaystageError(
      'internal',
      `bulk push of ${writes.length} records; one job takes at most ${BULK_WRITE_LIMIT}`,
    );
  }
  const results = writes.map(problemOf);
  const sound = byParent(writes).filter((index) => results[index] === null);
  const counts = new Map<string, number>();
  for (const index of sound) {
    const id = id18(writes[index]!.id);
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  // The job tells records apart by their id, and cannot be told to write the text that clears.
  const fits = (write: Write): boolean =>
    counts.get(id18(write.id)) === 1 && !Object.values(write.fields).includes(CLEARED);
  const rows = sound.map((index) => writes[index]!).filter(fits);
  const known: Known = { results: new Map(), again: new Set(rows.map(({ id }) => id18(id))) };
  const started = rows.length > 0 && (await runJob(client, type, rows, known));
  for (const [index, write] of writes.entries())
    if (fits(write)) results[index] ??= known.results.get(id18(write.id)) ?? null;
  const left = sound.filter((index) => {
    const write = writes[index]!;
    return !fits(write) || known.again.has(id18(write.id));
  });
  // After a stop nothing more is sent: what the job did not tell of is unknown, and read before it is written.
  if (!(started && client.context.signal.aborted))
    await sendRest(client, type, writes, left, results, started);
  return results.map(
    (result, index) =>
      result ?? {
        id: writes[index]!.id,
        outcome: 'unknown',
        message: 'Salesforce did not say what became of this record of a Bulk API job',
      },
  );
}

/** Writes the rest by REST. Throws only when nothing was written, by the job neither. */
async function sendRest(
  client: SalesforceClient,
  type: string,
  writes: readonly Write[],
  left: readonly number[],
  results: (WriteResult | null)[],
  started: boolean,
): Promise<void> {
  let touched = started;
  for (const part of chunk(left, WRITE_BATCH)) {
    try {
      const found = await push(
        client,
        type,
        part.map((index) => writes[index]!),
      );
      for (const [position, index] of part.entries()) results[index] = found[position]!;
      touched = true;
    } catch (error) {
      if (!touched || !isWaystageError(error)) throw error;
      const reason = crmErrorOf(error) ?? { code: error.code, message: error.message };
      for (const index of part) results[index] ??= refusal(writes[index]!.id, reason, true);
    }
  }
}

/** Runs the job; true when something may have been written by it. Settles rows in `known`. */
async function runJob(
  client: SalesforceClient,
  type: string,
  rows: readonly Write[],
  known: Known,
): Promise<boolean> {
  const body = csvOf(rows);
  if (body.length > MAX_UPLOAD) return false;
  let job: string;
  try {
    job = (await createJob(client, 'ingest', { object: type, operation: 'update' }, 'write')).id;
  } catch (error) {
    if (!refusesBulk(error)) throw error;
    leave(client, type, 'refused', crmErrorOf(error)?.code ?? null);
    return false;
  }
  if (!(await start(client, type, job, body))) return false;
  // From here on rows may be written: none goes by REST before the job says that it left it alone.
  known.again.clear();
  const spool = await openSpool(MAX_RESULT_BYTES);
  try {
    const info = await over(client, type, job, rows.length);
    await collect(client, job, info, rows, known, spool);
  } catch (error) {
    if (!isWaystageError(error)) throw error;
    if (client.context.signal.aborted) await endEarly(client, job, rows, known, spool);
    else leave(client, type, 'results', error.message);
  } finally {
    await spool.close();
  }
  return true;
}

/** The run was stopped: the job must not go on behind its back. What it had done by then is settled. */
async function endEarly(
  client: SalesforceClient,
  job: string,
  rows: readonly Write[],
  known: Known,
  spool: SpoolFile,
): Promise<void> {
  try {
    await client.afterStop(async (last) => {
      await abortJob(last, 'ingest', job, 'write');
      await collect(last, job, await jobInfo(last, 'ingest', job, 'write'), rows, known, spool, true);
    });
  } catch (error) {
    if (!isWaystageError(error)) throw error;
    client.context.log.warn({ job, why: error.code }, 'what a Bulk API upload had done was not told in time');
  } finally {
    // It is ended, but a batch under way may still be done: only what is told of counts.
    known.again.clear();
  }
}

/** Uploads the rows and lets the job begin; false when it certainly did not. */
async function start(client: SalesforceClient, type: string, job: string, body: string): Promise<boolean> {
  try {
    await client.send({
      method: 'PUT',
      path: jobPath('ingest', job, '/batches'),
      headers: { 'content-type': 'text/csv; charset=UTF-8' },
      body,
      purpose: 'write',
      // Nothing is done before the upload is said to be complete.
      idempotent: true,
    });
  } catch (error) {
    await abandon(client, job);
    if (!refusesBulk(error)) throw error;
    leave(client, type, 'upload', crmErrorOf(error)?.code ?? null);
    return false;
  }
  try {
    await client.send({
      method: 'PATCH',
      path: jobPath('ingest', job),
      headers: { 'content-type': 'application/json' },
      body: '{"state":"UploadComplete"}',
      purpose: 'write',
      // A second one is refused when the first was taken; the job's state tells which it is.
      idempotent: true,
    });
    return true;
  } catch (error) {
    const info = await jobInfo(client, 'ingest', job, 'write').catch(() => null);
    if (info?.state !== 'Open') return true;
    await abortJob(client, 'ingest', job, 'write');
    if (!refusesBulk(error)) throw error;
    leave(client, type, 'start', crmErrorOf(error)?.code ?? null);
    return false;
  }
}

/** Ends a job that has not begun, also after the run was stopped. */
async function abandon(client: SalesforceClient, job: string): Promise<void> {
  const end = (by: SalesforceClient): Promise<void> => abortJob(by, 'ingest', job, 'write');
  await (client.context.signal.aborted ? client.afterStop(end) : end(client));
}

/** The job when it is over; one that is stuck is ended first, and keeps what it wrote. */
async function over(client: SalesforceClient, type: string, job: string, rows: number): Promise<JobInfo> {
  const info = await waitForJob(client, 'ingest', job, rows, 'write');
  if (info.state === 'JobComplete') return info;
  leave(client, type, info.state, info.message);
  if (info.state !== 'Stuck') return info;
  await abortJob(client, 'ingest', job, 'write');
  return jobInfo(client, 'ingest', job, 'write');
}

async function collect(
  client: SalesforceClient,
  job: string,
  info: JobInfo,
  rows: readonly Write[],
  known: Known,
  spool: SpoolFile,
  early = false,
): Promise<void> {
  const ids = new Map(rows.map(({ id }) => [id18(id), id]));
  const read = async (list: string, take: (id: string, cells: readonly string[]) => void): Promise<void> => {
    const path = jobPath('ingest', job, `/${list}`);
    for await (const { header, records } of readResults(client, path, spool, {
      counted: false,
      skip: 0,
      purpose: 'write',
    })) {
      // Our own column, as we sent it; `sf__Id` is Salesforce's and empty for some failures.
      const at = header.findIndex((name) => name.toLowerCase() === 'id');
      for (const cells of records) {
        const text = cells[at] ?? '';
        const id = isId(text) ? ids.get(id18(text)) : undefined;
        if (id !== undefined) take(id, cells);
      }
    }
  };
  await read('successfulResults', (id) => known.results.set(id18(id), { id, outcome: 'written' }));
  if (info.failed !== 0) {
    await read('failedResults', (id, cells) => {
      const error = rowError(cells[1] ?? '');
      const retryable = rowMayPass(error);
      known.results.set(id18(id), refusal(id, error, retryable));
      if (retryable) known.again.add(id18(id));
    });
  }
  if (known.results.size < rows.length && !early)
    await read('unprocessedrecords', (id) => {
      if (!known.results.has(id18(id))) known.again.add(id18(id));
    });
}

/** `CODE:message:Field,Field --`, or a code alone, as Salesforce writes the reasons of a failed row. */
export function rowError(text: string): { readonly code: string; readonly message: string } {
  const match = /^([A-Z][A-Z_0-9]*)(?::([\s\S]*?)(?::[\w,.\s]*--[\s\S]*)?)?$/.exec(text.trim());
  return match === null
    ? { code: 'UNKNOWN_ERROR', message: text.slice(0, 500) }
    : { code: match[1]!, message: (match[2] ?? '').slice(0, 500) };
}

/** The upload: the record's id and every field that any row writes. */
function csvOf(rows: readonly Write[]): string {
  const fields = [...new Set(rows.flatMap((write) => Object.keys(write.fields)))];
  const lines = rows.map((write) =>
    csvLine([
      write.id,
      ...fields.map((name) => {
        if (!Object.hasOwn(write.fields, name)) return '';
        const value = write.fields[name] ?? null;
        return value === null || value === '' ? CLEARED : String(value);
      }),
    ]),
  );
  return csvLine(['Id', ...fields]) + lines.join('');
}

function leave(client: SalesforceClient, type: string, why: string, said: string | null): void {
  client.context.log.warn({ type, why, said }, 'a Bulk API upload did not work out; going on by REST');
}
