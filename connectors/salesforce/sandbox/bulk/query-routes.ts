import type { KitAnswer, KitRequest, Route } from '../../../../src/sandbox/index.ts';
import { objectBody, onlyEntries } from '../body.ts';
import { refuse } from '../errors.ts';
import { BASE, onlyParameters, slashed, versionOf } from '../routes-data.ts';
import type { State } from '../state.ts';
import type { QueryJob } from './jobs.ts';
import { queryProgress, queryResults, queryState } from './query-job.ts';
import { choice, formOf, jobHead, notComplete, sameVersion, wantedState, wrongState } from './requests.ts';

const OVER = new Set(['JobComplete', 'Failed', 'Aborted']);

function createJob(state: State, request: KitRequest): KitAnswer {
  const body = objectBody(request);
  onlyEntries(body, ['operation', 'query', 'contentType', 'columnDelimiter', 'lineEnding']);
  const operation = choice(body, 'operation', ['query', 'queryAll'] as const, null);
  const form = formOf(body);
  const text = body.get('query');
  if (typeof text !== 'string' || text.trim() === '')
    throw refuse(400, 'MALFORMED_QUERY', 'A query string has to be specified');
  const now = state.time.now();
  const scope = { org: state.org, now, includeDeleted: operation === 'queryAll', tooling: false };
  const results = queryResults(scope, versionOf(request), text, form);
  const fate = state.bulk.takeFate('query');
  if (fate === 'refuse')
    throw refuse(400, 'API_ERROR', `Implementation restriction: ${results.object} cannot be queried in bulk`);
  state.bulk.chargeQuery(now);
  const job: QueryJob = {
    kind: 'query',
    id: state.bulk.newId(),
    operation,
    ...form,
    ...results,
    version: versionOf(request),
    created: now,
    fate,
    aborted: false,
    cuts: fate === 'cut-body' ? 1 : 0,
  };
  state.bulk.add(job);
  return { status: 200, body: jobHead(job, queryState(job, now), state.org.integrationUserId) };
}

function info(state: State, job: QueryJob): Readonly<Record<string, unknown>> {
  const now = state.time.now();
  return {
    ...jobHead(job, queryState(job, now), state.org.integrationUserId),
    jobType: 'V2Query',
    numberRecordsProcessed: queryProgress(job, now),
    retries: 0,
    totalProcessingTime: Math.max(0, now - job.created),
    isPkChunkingSupported: true,
  };
}

function jobOf(state: State, request: KitRequest): QueryJob {
  return sameVersion(state.bulk.query(request.params['job'] ?? '', state.time.now()), request);
}

/** A place in the results: opaque, the same every time. */
function locatorOf(at: number): string {
  return Buffer.from(`${at}#`).toString('base64url');
}

function placeOf(locator: string | null, job: QueryJob): number {
  if (locator === null) return 0;
  const match = /^(\d{1,12})#$/.exec(Buffer.from(locator, 'base64url').toString('latin1'));
  const at = Number(match?.[1]);
  if (match === null || at === 0 || at >= job.lines.length)
    throw refuse(400, 'INVALID_QUERY_LOCATOR', 'invalid query locator');
  return at;
}

function results(state: State, request: KitRequest): KitAnswer {
  onlyParameters(request, ['locator', 'maxRecords']);
  const job = jobOf(state, request);
  const now = state.time.now();
  const current = queryState(job, now);
  if (current !== 'JobComplete') throw notComplete(job, current);
  const asked = request.query.get('maxRecords');
  if (asked !== null && !/^[1-9]\d{0,9}$/.test(asked))
    throw refuse(400, 'INVALID_REQUEST_PARAMETER', `maxRecords: ${asked} is no positive number`);
  const from = placeOf(request.query.get('locator'), job);
  const size = Math.min(state.bulk.pageRows, asked === null ? state.bulk.pageRows : Number(asked));
  const lines = job.lines.slice(from, from + size);
  const end = from + lines.length;
  let body = job.header + lines.join('');
  if (job.cuts > 0) {
    job.cuts -= 1;
    body = body.slice(0, Math.floor(body.length / 2));
  }
  return {
    status: 200,
    headers: {
      'Content-Type': 'text/csv',
      'Sforce-NumberOfRecords': String(lines.length),
      'Sforce-Locator': end >= job.lines.length ? 'null' : locatorOf(end),
    },
    body: Buffer.from(body, 'utf8'),
  };
}

/** Query jobs of Bulk API 2.0. */
export function bulkQueryRoutes(state: State): readonly Route[] {
  const jobs = `${BASE}/jobs/query`;
  return [
    ...slashed({ method: 'POST', pattern: jobs, handle: (request) => createJob(state, request) }),
    ...slashed({
      method: 'GET',
      pattern: jobs,
      handle: () => ({
        status: 200,
        body: {
          done: true,
          records: state.bulk
            .queries(state.time.now())
            .map((job) => jobHead(job, queryState(job, state.time.now()), state.org.integrationUserId)),
          nextRecordsUrl: null,
        },
      }),
    }),
    {
      method: 'GET',
      pattern: `${jobs}/:job`,
      handle: (request) => {
        onlyParameters(request, []);
        return { status: 200, body: info(state, jobOf(state, request)) };
      },
    },
    {
      method: 'PATCH',
      pattern: `${jobs}/:job`,
      handle: (request) => {
        const job = jobOf(state, request);
        wantedState(objectBody(request), ['Aborted'] as const);
        const current = queryState(job, state.time.now());
        if (OVER.has(current)) throw wrongState(job, current, 'Abort');
        job.aborted = true;
        return { status: 200, body: info(state, job) };
      },
    },
    {
      method: 'DELETE',
      pattern: `${jobs}/:job`,
      handle: (request) => {
        const job = jobOf(state, request);
        const current = queryState(job, state.time.now());
        if (!OVER.has(current)) throw wrongState(job, current, 'Delete');
        state.bulk.remove(job);
        return { status: 204 };
      },
    },
    { method: 'GET', pattern: `${jobs}/:job/results`, handle: (request) => results(state, request) },
  ];
}
