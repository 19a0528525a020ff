import { refuse } from '../errors.ts';
import { isNumeric, type Row, type SfField, type SfValue } from '../schema.ts';
import type { Query } from '../soql/ast.ts';
import { bindObject, type Scope } from '../soql/fields.ts';
import { parse } from '../soql/parser.ts';
import { runQuery } from '../soql/run.ts';
import { bindSelect } from '../soql/select.ts';
import { dayOf } from '../values.ts';
import { type CsvForm, csvRow } from './csv.ts';
import type { JobState, QueryJob } from './jobs.ts';

/** Time a job waits in the queue, and what it takes then. */
const QUEUE_MS = 500;
const BASE_MS = 1_000;
const ROWS_PER_MS = 25;
/** Parts that run beside each other and end in any order. */
const PARTS = 4;

/** Objects that the Bulk API does not know. */
const UNSUPPORTED = new Set(['CaseStatus', 'LeadStatus', 'OpportunityStage', 'Organization']);

/** The rows of a query as CSV. Throws what the query language refuses, and API_ERROR for what only the Bulk API
 *  refuses: aggregates, grouping, OFFSET, child queries, FIELDS(). */
export function queryResults(
  scope: Scope,
  version: string,
  text: string,
  form: CsvForm,
): { readonly object: string; readonly header: string; readonly lines: readonly string[] } {
  const query = parse(text);
  const object = bindObject(scope, text, query.from);
  if (UNSUPPORTED.has(object.name))
    throw refuse(400, 'INVALIDENTITY', `Entity '${object.name}' is not supported by the Bulk API.`);
  refuseUnsupported(query);
  const fields = bindSelect(scope, query, object);
  const result = runQuery(scope, version, text);
  const rows = result.kind === 'rows' ? result.rows : [];
  const ordered = query.orderBy.length > 0 ? rows : inParts(rows);
  return {
    object: object.name,
    header: csvRow(
      form,
      fields.map((field) => field.canonical),
    ),
    lines: ordered.map((row) =>
      csvRow(
        form,
        fields.map((bound) => cellText(bound.field, bound.get(row))),
      ),
    ),
  };
}

function refuseUnsupported(query: Query): void {
  const unsupported =
    query.offset !== null || query.groupBy.length > 0 || query.select.some((item) => item.kind !== 'field');
  if (unsupported) {
    throw refuse(
      400,
      'API_ERROR',
      'Aggregate functions, GROUP BY, OFFSET, FIELDS() and nested queries are not supported in Bulk API 2.0 queries',
    );
  }
}

/** Nobody gets rows in the order of their making who did not ask for it. */
function inParts(rows: readonly Row[]): readonly Row[] {
  const size = Math.ceil(rows.length / PARTS);
  const part = (index: number): readonly Row[] => rows.slice(index * size, (index + 1) * size);
  return rows.length < PARTS ? rows : [...part(2), ...part(0), ...part(3), ...part(1)];
}

function cellText(field: SfField, value: SfValue): string {
  if (value === null) return '';
  if (field.type === 'datetime' && typeof value === 'number') {
    const time = new Date(Math.floor(value / 1000) * 1000).toISOString().slice(10);
    return dayOf(value) + time;
  }
  // Doubles always show their point.
  if (typeof value === 'number' && isNumeric(field.type) && field.type !== 'int' && Number.isInteger(value))
    return value.toFixed(1);
  return String(value);
}

export function queryState(job: QueryJob, now: number): JobState {
  if (job.aborted) return 'Aborted';
  const age = now - job.created;
  if (age < QUEUE_MS) return 'UploadComplete';
  if (job.fate === 'stuck' || age < QUEUE_MS + BASE_MS + job.lines.length / ROWS_PER_MS) return 'InProgress';
  return job.fate === 'fail' ? 'Failed' : 'JobComplete';
}

/** Rows processed so far. */
export function queryProgress(job: QueryJob, now: number): number {
  const state = queryState(job, now);
  if (state === 'JobComplete') return job.lines.length;
  if (state === 'UploadComplete' || state === 'Failed' || job.fate === 'stuck') return 0;
  const ran = now - job.created - QUEUE_MS - BASE_MS;
  return Math.max(0, Math.min(job.lines.length, Math.floor(ran * ROWS_PER_MS)));
}
