import { visibleField } from '../access.ts';
import { rowProblems } from '../body.ts';
import { createRow, updateRow, type WriteOptions } from '../dml.ts';
import { RowError } from '../errors.ts';
import { deleteRow } from '../lifecycle.ts';
import { rowsByExternalId } from '../routes-sobjects.ts';
import type { SfField } from '../schema.ts';
import { integration, type State } from '../state.ts';
import { Transaction } from '../tx.ts';
import { csvRow, parseCsv } from './csv.ts';
import type { IngestJob, JobState, Outcome } from './jobs.ts';

const QUEUE_MS = 500;
const BASE_MS = 1_000;
const ROWS_PER_MS = 10;

export function ingestState(job: IngestJob, now: number): JobState {
  if (job.aborted) return 'Aborted';
  if (job.closed === null) return 'Open';
  if (job.fate !== 'stuck' && job.outcome !== null)
    return job.outcome.error === null ? 'JobComplete' : 'Failed';
  return now - job.closed < QUEUE_MS ? 'UploadComplete' : 'InProgress';
}

/** Runs a job whose time has come; a stuck one gets half way. */
export function runIfDue(state: State, job: IngestJob, now: number): void {
  if (job.closed === null || job.aborted || job.outcome !== null) return;
  const due = now - job.closed >= QUEUE_MS + BASE_MS + job.rows / ROWS_PER_MS;
  if (due || (job.fate === 'stuck' && now - job.closed >= QUEUE_MS)) job.outcome = run(state, job);
}

/** What an aborted job leaves: rows that were done stay done. */
export function abortIngest(job: IngestJob): void {
  job.aborted = true;
  job.outcome ??= untouched(job, null);
}

function untouched(job: IngestJob, error: string | null): Outcome {
  let rows: readonly (readonly string[])[] = [];
  try {
    rows = parseCsv(job, job.upload ?? '');
  } catch {
    // Then not even its rows can be told apart.
  }
  const lines = rows.slice(1).map((row) => csvRow(job, row));
  return { header: rows[0] ?? [], successful: [], failed: [], unprocessed: lines, error };
}

function run(state: State, job: IngestJob): Outcome {
  let rows: readonly (readonly string[])[];
  try {
    rows = parseCsv(job, job.upload ?? '');
  } catch (error) {
    return untouched(job, `InvalidBatch : ${(error as Error).message}`);
  }
  const header = rows[0] ?? [];
  const problem = headerProblem(state, job, header);
  if (problem !== null) return untouched(job, `InvalidBatch : ${problem}`);
  const data = rows.slice(1);
  const half = job.fate === 'stuck' || job.fate === 'fail' ? Math.floor(data.length / 2) : data.length;
  const options: WriteOptions = {
    refusals: state.refusals,
    allowDuplicates: false,
    secured: true,
    assign: job.assign,
  };
  const tx = new Transaction(state.org, integration(state));
  const successful: string[] = [];
  const failed: string[] = [];
  for (const row of data.slice(0, half)) {
    const mark = tx.mark();
    try {
      const done = runRow(state, tx, job, header, row, options);
      successful.push(csvRow(job, [done.id, String(done.created), ...row]));
    } catch (error) {
      tx.rollbackTo(mark);
      const texts = rowProblems(error).map(
        ({ statusCode, message, fields }) => `${statusCode}:${message}:${fields.join(',')} --`,
      );
      const id = row[header.findIndex((name) => name.toLowerCase() === 'id')] ?? '';
      failed.push(csvRow(job, [id, texts.join(';'), ...row]));
    }
  }
  tx.commit((write) => state.writes.add(write));
  return {
    header,
    successful: successful.reverse(),
    failed: failed.reverse(),
    unprocessed: data.slice(half).map((row) => csvRow(job, row)),
    error: job.fate === 'fail' ? 'InternalServerError : Processing was stopped' : null,
  };
}

function headerProblem(state: State, job: IngestJob, header: readonly string[]): string | null {
  const unknown = header.find((name) => visibleField(state.org, job.target, name) === null);
  if (unknown !== undefined) return `Field name not found : ${unknown}`;
  if (new Set(header.map((name) => name.toLowerCase())).size < header.length)
    return 'Field name provided more than once';
  const key = job.operation === 'upsert' ? (job.externalId?.name ?? 'Id') : 'Id';
  const keyed = job.operation !== 'insert';
  return keyed && !header.some((name) => name.toLowerCase() === key.toLowerCase())
    ? `Field name not found : ${key}`
    : null;
}

function runRow(
  state: State,
  tx: Transaction,
  job: IngestJob,
  header: readonly string[],
  row: readonly string[],
  options: WriteOptions,
): { readonly id: string; readonly created: boolean } {
  if (row.length !== header.length)
    throw new RowError('INVALID_CSV', `${row.length} cells in a row of ${header.length} columns`);
  const values = new Map<string, unknown>();
  let id: string | null = null;
  for (const [index, name] of header.entries()) {
    const cell = row[index]!;
    if (name.toLowerCase() === 'id') id = cell;
    // An empty cell leaves the field alone.
    else if (cell !== '') values.set(name, cell === '#N/A' ? null : cell);
  }
  const { target } = job;
  if (job.operation === 'insert') return { id: createRow(tx, target, values, options), created: true };
  if (job.operation === 'upsert' && job.externalId !== null)
    return upsertRow(state, tx, job, job.externalId, values, options);
  if (id === null || id === '') throw new RowError('MISSING_ARGUMENT', 'Id not specified');
  if (job.operation === 'delete')
    return { id: deleteRow(tx, target, id, options, state.deletions), created: false };
  return { id: updateRow(tx, target, id, values, options), created: false };
}

function upsertRow(
  state: State,
  tx: Transaction,
  job: IngestJob,
  key: SfField,
  values: Map<string, unknown>,
  options: WriteOptions,
): { readonly id: string; readonly created: boolean } {
  const name = [...values.keys()].find((one) => one.toLowerCase() === key.name.toLowerCase());
  const value = name === undefined ? null : values.get(name);
  if (name === undefined || typeof value !== 'string')
    throw new RowError('MISSING_ARGUMENT', `${key.name} not specified`);
  const found = rowsByExternalId(state, job.target, key, value);
  if (found.length > 1)
    throw new RowError(
      'DUPLICATE_EXTERNAL_ID',
      `${key.name}: more than one record found for external id field`,
    );
  if (found[0] === undefined) return { id: createRow(tx, job.target, values, options), created: true };
  values.delete(name);
  return { id: updateRow(tx, job.target, found[0]['Id'], values, options), created: false };
}
