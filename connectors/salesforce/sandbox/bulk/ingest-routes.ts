import type { KitAnswer, KitRequest, Route } from '../../../../src/sandbox/index.ts';
import { objectBody, onlyEntries } from '../body.ts';
import { refuse } from '../errors.ts';
import { BASE, onlyParameters, slashed, versionOf } from '../routes-data.ts';
import { externalField } from '../routes-sobjects.ts';
import type { State } from '../state.ts';
import { csvRow, parseCsv } from './csv.ts';
import { abortIngest, ingestState, runIfDue } from './ingest-job.ts';
import type { IngestJob, IngestOperation, Outcome } from './jobs.ts';
import { choice, formOf, jobHead, notComplete, sameVersion, wantedState, wrongState } from './requests.ts';

const OPERATIONS: readonly IngestOperation[] = ['insert', 'update', 'upsert', 'delete'];
const OVER = new Set(['JobComplete', 'Failed', 'Aborted']);
const KEYS = [
  'object',
  'operation',
  'externalIdFieldName',
  'assignmentRuleId',
  'contentType',
  'columnDelimiter',
  'lineEnding',
];

/** Carries out every job whose time has come, so that its effects show to whoever looks next. */
export function settleIngest(state: State): void {
  const now = state.time.now();
  for (const job of state.bulk.ingests(now)) runIfDue(state, job, now);
}

function createJob(state: State, request: KitRequest): KitAnswer {
  const body = objectBody(request);
  onlyEntries(body, KEYS);
  const operation = choice(body, 'operation', OPERATIONS, null);
  const form = formOf(body);
  const target = state.org.object(String(body.get('object') ?? ''));
  if (target === null || target.tooling)
    throw refuse(400, 'INVALIDENTITY', `Unable to find object: ${String(body.get('object') ?? '')}`);
  const external = body.get('externalIdFieldName');
  if ((operation === 'upsert') !== (typeof external === 'string'))
    throw refuse(400, 'INVALIDJOB', 'externalIdFieldName belongs to upsert jobs, and to no others');
  const fate = state.bulk.takeFate('ingest');
  if (fate === 'refuse') throw refuse(400, 'API_ERROR', `${target.name} cannot be written in bulk`);
  const byId = typeof external === 'string' && external.toLowerCase() === 'id';
  const job: IngestJob = {
    kind: 'ingest',
    id: state.bulk.newId(),
    operation,
    object: target.name,
    ...form,
    target,
    externalId: typeof external === 'string' && !byId ? externalField(state, target, external) : null,
    assign: typeof body.get('assignmentRuleId') === 'string',
    version: versionOf(request),
    created: state.time.now(),
    fate,
    aborted: false,
    upload: null,
    rows: 0,
    closed: null,
    outcome: null,
  };
  state.bulk.add(job);
  return { status: 200, body: head(state, job) };
}

function head(state: State, job: IngestJob): Readonly<Record<string, unknown>> {
  return {
    ...jobHead(job, ingestState(job, state.time.now()), state.org.integrationUserId),
    contentUrl: `services/data/v${job.version}/jobs/ingest/${job.id}/batches`,
    ...(job.externalId === null ? {} : { externalIdFieldName: job.externalId.name }),
  };
}

function info(state: State, job: IngestJob): Readonly<Record<string, unknown>> {
  const { outcome } = job;
  const failed = outcome?.failed.length ?? 0;
  return {
    ...head(state, job),
    jobType: 'V2Ingest',
    retries: 0,
    totalProcessingTime: job.closed === null ? 0 : state.time.now() - job.closed,
    numberRecordsProcessed: (outcome?.successful.length ?? 0) + failed,
    numberRecordsFailed: failed,
    ...(outcome?.error === null || outcome === null ? {} : { errorMessage: outcome.error }),
  };
}

function jobOf(state: State, request: KitRequest): IngestJob {
  return sameVersion(state.bulk.ingest(request.params['job'] ?? '', state.time.now()), request);
}

function upload(state: State, request: KitRequest): KitAnswer {
  const job = jobOf(state, request);
  const current = ingestState(job, state.time.now());
  if (current !== 'Open') throw wrongState(job, current, 'Upload');
  if (job.upload !== null)
    throw refuse(400, 'CLIENT_INPUT_ERROR', `Job ${job.id} has its content already; a job takes one upload`);
  if (!/^text\/csv\s*(;|$)/i.test(String(request.headers['content-type'] ?? '')))
    throw refuse(415, 'UNSUPPORTED_MEDIA_TYPE', 'An upload is text/csv');
  if (request.body.length > state.bulk.uploadBytes)
    throw refuse(400, 'INVALID_REQUEST', `An upload has at most ${state.bulk.uploadBytes} bytes`);
  job.upload = request.body.toString('utf8');
  return { status: 201 };
}

function patch(state: State, request: KitRequest): KitAnswer {
  const job = jobOf(state, request);
  const now = state.time.now();
  const wanted = wantedState(objectBody(request), ['UploadComplete', 'Aborted'] as const);
  const current = ingestState(job, now);
  if (wanted === 'Aborted') {
    if (OVER.has(current)) throw wrongState(job, current, 'Abort');
    abortIngest(job);
    return { status: 200, body: info(state, job) };
  }
  if (current !== 'Open' || job.upload === null) throw wrongState(job, current, wanted);
  try {
    job.rows = Math.max(0, parseCsv(job, job.upload).length - 1);
  } catch {
    // It fails when it runs.
  }
  state.bulk.chargeRows(job.rows, now);
  job.closed = now;
  return { status: 200, body: head(state, job) };
}

function list(
  state: State,
  request: KitRequest,
  columns: readonly string[],
  lines: (outcome: Outcome) => readonly string[],
): KitAnswer {
  onlyParameters(request, []);
  const job = jobOf(state, request);
  const current = ingestState(job, state.time.now());
  if (!OVER.has(current) || job.outcome === null) throw notComplete(job, current);
  const body = csvRow(job, [...columns, ...job.outcome.header]) + lines(job.outcome).join('');
  return { status: 200, headers: { 'Content-Type': 'text/csv' }, body: Buffer.from(body, 'utf8') };
}

/** Ingest jobs of Bulk API 2.0. */
export function bulkIngestRoutes(state: State): readonly Route[] {
  const jobs = `${BASE}/jobs/ingest`;
  const one = `${jobs}/:job`;
  return [
    ...slashed({ method: 'POST', pattern: jobs, handle: (request) => createJob(state, request) }),
    ...slashed({
      method: 'GET',
      pattern: jobs,
      handle: () => ({
        status: 200,
        body: {
          done: true,
          records: state.bulk.ingests(state.time.now()).map((job) => head(state, job)),
          nextRecordsUrl: null,
        },
      }),
    }),
    {
      method: 'GET',
      pattern: one,
      handle: (request) => {
        onlyParameters(request, []);
        return { status: 200, body: info(state, jobOf(state, request)) };
      },
    },
    { method: 'PATCH', pattern: one, handle: (request) => patch(state, request) },
    {
      method: 'DELETE',
      pattern: one,
      handle: (request) => {
        const job = jobOf(state, request);
        const current = ingestState(job, state.time.now());
        if (!OVER.has(current)) throw wrongState(job, current, 'Delete');
        state.bulk.remove(job);
        return { status: 204 };
      },
    },
    ...slashed({
      method: 'PUT',
      pattern: `${one}/batches`,
      tags: ['upload'],
      handle: (request) => upload(state, request),
    }),
    {
      method: 'GET',
      pattern: `${one}/successfulResults`,
      handle: (request) => list(state, request, ['sf__Id', 'sf__Created'], (outcome) => outcome.successful),
    },
    {
      method: 'GET',
      pattern: `${one}/failedResults`,
      handle: (request) => list(state, request, ['sf__Id', 'sf__Error'], (outcome) => outcome.failed),
    },
    {
      method: 'GET',
      pattern: `${one}/unprocessedrecords`,
      handle: (request) => list(state, request, [], (outcome) => outcome.unprocessed),
    },
  ];
}
