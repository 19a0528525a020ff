import type { KitRequest } from '../../../../src/sandbox/index.ts';
import { onlyEntries } from '../body.ts';
import { notFound, refuse, type SfError } from '../errors.ts';
import { versionOf } from '../routes-data.ts';
import { datetimeText } from '../values.ts';
import { type CsvForm, DELIMITERS } from './csv.ts';
import type { Job, JobState } from './jobs.ts';

/** `text` when it is one of `allowed`; the default when there is none. Throws JSON_PARSER_ERROR. */
export function choice<T extends string>(
  body: ReadonlyMap<string, unknown>,
  name: string,
  allowed: readonly T[],
  byDefault: T | null,
): T {
  const value = body.get(name) ?? byDefault;
  const found = allowed.find((one) => one === value);
  if (found === undefined) {
    throw refuse(
      400,
      'JSON_PARSER_ERROR',
      `${name}: ${value === null ? 'missing' : JSON.stringify(value)} is none of ${allowed.join(', ')}`,
    );
  }
  return found;
}

/** Delimiter, line end and content type of a new job. */
export function formOf(body: ReadonlyMap<string, unknown>): CsvForm {
  choice(body, 'contentType', ['CSV'], 'CSV');
  return {
    columnDelimiter: choice(body, 'columnDelimiter', Object.keys(DELIMITERS), 'COMMA'),
    lineEnding: choice(body, 'lineEnding', ['LF', 'CRLF'] as const, 'LF'),
  };
}

/** The state a PATCH asks for. */
export function wantedState<T extends JobState>(
  body: ReadonlyMap<string, unknown>,
  allowed: readonly T[],
): T {
  onlyEntries(body, ['state']);
  return choice(body, 'state', allowed, null);
}

/** Refuses jobs that are gone, and requests with another API version than the job's. */
export function sameVersion<T extends Job>(job: T | null, request: KitRequest): T {
  if (job === null) throw notFound();
  if (job.version !== versionOf(request)) {
    throw refuse(
      409,
      'API_VERSION_MISMATCH',
      `Job ${job.id} was made with API version ${job.version}; the request has ${versionOf(request)}`,
    );
  }
  return job;
}

export function wrongState(job: Job, state: JobState, wanted: string): SfError {
  return refuse(400, 'INVALIDJOBSTATE', `${wanted} is not possible for job ${job.id} in state ${state}`);
}

export function notComplete(job: Job, state: JobState): SfError {
  return refuse(412, 'JOB_NOT_COMPLETE', `Job ${job.id} has no results: its state is ${state}`);
}

/** What job information of both kinds begins with. */
export function jobHead(job: Job, state: JobState, userId: string): Readonly<Record<string, unknown>> {
  return {
    id: job.id,
    operation: job.operation,
    object: job.object,
    createdById: userId,
    createdDate: datetimeText(job.created),
    systemModstamp: datetimeText(job.created),
    state,
    concurrencyMode: 'Parallel',
    contentType: 'CSV',
    apiVersion: Number(job.version),
    lineEnding: job.lineEnding,
    columnDelimiter: job.columnDelimiter,
  };
}
