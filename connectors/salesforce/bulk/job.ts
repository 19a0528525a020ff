import { WaystageError } from '../../../src/model/errors.ts';
import { DATA_PATH, type Purpose, type SalesforceClient } from '../client.ts';
import { classOf, crmErrorOf } from '../errors.ts';
import { isId } from '../ids.ts';

/** First look at a job, and the longest time between two. */
const FIRST_LOOK_MS = 2_000;
const LONGEST_WAIT_MS = 30_000;
/** Rows a job gets through in a millisecond, about: a large one need not be asked after early. */
const ROWS_PER_MS = 20;
/** A job that has not moved for this long is given up. */
const STUCK_MS = 10 * 60_000;

const OVER = new Set(['JobComplete', 'Failed', 'Aborted']);

export type JobKind = 'query' | 'ingest';

export interface JobInfo {
  readonly state: string;
  /** Null when Salesforce does not tell. */
  readonly processed: number | null;
  readonly failed: number | null;
  /** What Salesforce says about a failed ingest job; of query jobs it says nothing. */
  readonly message: string | null;
}

/** Makes a job; answers its id and Salesforce's time. Rejects as `SalesforceClient.send` does. */
export async function createJob(
  client: SalesforceClient,
  kind: JobKind,
  body: Readonly<Record<string, unknown>>,
  purpose: Purpose,
): Promise<{ readonly id: string; readonly serverTime: number | null }> {
  let id = '';
  const answer = await client.send({
    method: 'POST',
    path: `${DATA_PATH}/jobs/${kind}`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ contentType: 'CSV', columnDelimiter: 'COMMA', lineEnding: 'LF', ...body }),
    purpose,
    // A job that nobody comes back to does no harm: an ingest job does nothing before its upload is complete.
    idempotent: true,
    check: (job) => {
      const found = (job as Readonly<Record<string, unknown>> | undefined)?.['id'];
      if (typeof found !== 'string' || !isId(found)) return 'a job without an id';
      id = found;
      return null;
    },
  });
  return { id, serverTime: answer.serverTime };
}

/** Path of a job, or of something below it. */
export function jobPath(kind: JobKind, id: string, below = ''): string {
  if (!isId(id)) throw new WaystageError('internal', `${JSON.stringify(id)} is no id of a job`);
  return `${DATA_PATH}/jobs/${kind}/${id}${below}`;
}

export async function jobInfo(
  client: SalesforceClient,
  kind: JobKind,
  id: string,
  purpose: Purpose,
): Promise<JobInfo> {
  const body = (await client.json({
    method: 'GET',
    path: jobPath(kind, id),
    purpose,
    idempotent: true,
    check: (job) =>
      typeof (job as Readonly<Record<string, unknown>> | undefined)?.['state'] === 'string'
        ? null
        : 'a job without a state',
  })) as Readonly<Record<string, unknown>>;
  const number = (name: string): number | null => (typeof body[name] === 'number' ? body[name] : null);
  return {
    state: String(body['state']),
    processed: number('numberRecordsProcessed'),
    failed: number('numberRecordsFailed'),
    message: typeof body['errorMessage'] === 'string' ? body['errorMessage'].slice(0, 500) : null,
  };
}

/** Ends a job early. Whether it works or not changes nothing for us. */
export async function abortJob(
  client: SalesforceClient,
  kind: JobKind,
  id: string,
  purpose: Purpose,
): Promise<void> {
  try {
    await client.send({
      method: 'PATCH',
      path: jobPath(kind, id),
      headers: { 'content-type': 'application/json' },
      body: '{"state":"Aborted"}',
      purpose,
      idempotent: true,
    });
  } catch (error) {
    client.context.log.debug({ job: id, class: classOf(error) }, 'a Bulk API job could not be aborted');
  }
}

/** Waits until a job is over: `JobComplete`, `Failed`, `Aborted`, or `Stuck` when it has not moved for ten
 *  minutes. `rows`: how many it has to get through, about; null: it was made earlier, look at once. Rejects as
 *  `send` does, and with `stopped`. */
export async function waitForJob(
  client: SalesforceClient,
  kind: JobKind,
  id: string,
  rows: number | null,
  purpose: Purpose,
): Promise<JobInfo> {
  let wait = FIRST_LOOK_MS + Math.min(LONGEST_WAIT_MS, Math.ceil((rows ?? 0) / ROWS_PER_MS));
  let idle = 0;
  let seen = '';
  for (let look = 0; ; look += 1) {
    if (look > 0 || rows !== null) {
      await sleep(client, wait);
      // Time is what was waited, not what a clock shows: a machine that slept has not watched the job.
      idle += wait;
      if (look > 0) wait = Math.min(LONGEST_WAIT_MS, wait * 1.5);
    }
    const info = await jobInfo(client, kind, id, purpose);
    if (OVER.has(info.state)) return info;
    const now = `${info.state} ${info.processed}`;
    if (now !== seen) idle = 0;
    seen = now;
    if (idle >= STUCK_MS) return { ...info, state: 'Stuck' };
  }
}

/** Did Salesforce refuse this Bulk API call for what it is, so that REST may still do the work? */
export function refusesBulk(error: unknown): boolean {
  const kind = classOf(error);
  if (kind === 'quota') return crmErrorOf(error)?.code === 'LIMIT_EXCEEDED';
  return kind === 'row' || kind === 'config' || kind === 'missing' || kind === 'cursor';
}

async function sleep(client: SalesforceClient, ms: number): Promise<void> {
  const { clock, signal } = client.context;
  try {
    await clock.sleep(ms, signal);
  } catch (error) {
    throw new WaystageError('stopped', 'the run was stopped while Salesforce was working on a Bulk API job', {
      cause: error,
    });
  }
}
