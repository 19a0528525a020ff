import type { Write, WriteResult } from '../../src/connector/port.ts';
import { isWaystageError, WaystageError } from '../../src/model/errors.ts';
import type { FieldValue } from '../../src/model/record.ts';
import { isUnknownOutcome } from '../../src/transport/index.ts';
import { DATA_PATH, type SalesforceClient } from './client.ts';
import { type CrmError, classOf, crmErrorOf, rowMayPass } from './errors.ts';
import { isId, sameId } from './ids.ts';
import { chunk, isFieldName } from './soql.ts';

/** Rows per request (`composite/sobjects`). */
export const WRITE_BATCH = 200;
/** Times a row is sent when Salesforce says that the same write may succeed later. */
const MAX_ATTEMPTS = 4;
const FIRST_PAUSE_MS = 500;
/** Requests spent on finding the bad rows of a batch that is refused as a whole. */
const MAX_SPLITS = 20;

const PATH = `${DATA_PATH}/composite/sobjects`;
const HEADERS = {
  'content-type': 'application/json',
  // Without it an org's duplicate rules refuse updates of records that look alike.
  'sforce-duplicate-rule-header': 'allowSave=true; includeRecordDetails=false; runAsCurrentUser=true',
};

/** One push under way. A row's result stays null until Salesforce has said something about it. */
interface Batch {
  readonly type: string;
  readonly writes: readonly Write[];
  readonly results: (WriteResult | null)[];
  /** A row was written, or may have been: from now on errors belong to rows and are not thrown. */
  touched: boolean;
  splits: number;
}

/**
 * Updates at most 200 records of one type. Rows are sorted by `parent`, so that a parent is locked once; results
 * are matched by position. Rows that Salesforce refuses for now (a lock, a busy server) are sent again a few times
 * after a random pause, in smaller batches. Throws only when nothing was written at all.
 */
export async function push(
  client: SalesforceClient,
  type: string,
  writes: readonly Write[],
): Promise<readonly WriteResult[]> {
  if (writes.length > WRITE_BATCH) {
    throw new WaystageError(
      'internal',
      `push of ${writes.length} records; Salesforce takes at most ${WRITE_BATCH} at once`,
    );
  }
  const batch: Batch = { type, writes, results: writes.map(problemOf), touched: false, splits: 0 };
  let pending: readonly number[] = byParent(writes).filter((index) => batch.results[index] === null);
  let size = WRITE_BATCH;
  for (let attempt = 1; pending.length > 0; attempt += 1) {
    const again: number[] = [];
    for (const rows of chunk(pending, size)) again.push(...(await sendRows(client, batch, rows)));
    pending = again;
    if (pending.length === 0 || attempt === MAX_ATTEMPTS) break;
    size = Math.max(1, Math.ceil(Math.min(size, pending.length) / 2));
    if (!(await pause(client, attempt))) break;
  }
  return batch.results.map((result, index) => result ?? refusal(writes[index]!.id, NOT_TRIED, true));
}

const NOT_TRIED: CrmError = { code: 'NOT_TRIED', message: 'the run was stopped before this record was sent' };

/** One request; settles what its rows came to. Throws when the request failed and nothing was written yet. */
async function sendRows(
  client: SalesforceClient,
  batch: Batch,
  rows: readonly number[],
): Promise<readonly number[]> {
  let answer: unknown;
  try {
    answer = await client.json({
      method: 'PATCH',
      path: PATH,
      headers: HEADERS,
      body: JSON.stringify({
        allOrNone: false,
        records: rows.map((index) => rowOf(batch.type, batch.writes[index]!)),
      }),
      purpose: 'write',
      // The same values again do no harm to the record, but they would undo what somebody typed in between.
      idempotent: false,
    });
  } catch (error) {
    return failedRequest(client, batch, rows, error);
  }
  if (!Array.isArray(answer) || answer.length !== rows.length) {
    const found = Array.isArray(answer) ? `${answer.length} results` : 'no list of results';
    settle(batch, rows, (id) =>
      lost(id, `Salesforce answered ${found} to a write of ${rows.length} records`),
    );
    return [];
  }
  const again: number[] = [];
  for (const [position, index] of rows.entries()) {
    const result = resultOf(batch.writes[index]!.id, answer[position]);
    batch.results[index] = result;
    if (result.outcome !== 'refused') batch.touched = true;
    else if (result.retryable) again.push(index);
  }
  return again;
}

/** A request that failed as a whole. */
async function failedRequest(
  client: SalesforceClient,
  batch: Batch,
  rows: readonly number[],
  error: unknown,
): Promise<readonly number[]> {
  if (!isWaystageError(error)) throw error;
  if (isUnknownOutcome(error)) {
    settle(batch, rows, (id) => lost(id, error.message));
    return [];
  }
  const said = crmErrorOf(error);
  const kind = classOf(error);
  const status = error.details['status'];
  // One bad row can have the whole request refused; the others are found by halving.
  if (said !== null && (kind === 'row' || kind === 'config') && (status === 400 || status === 413)) {
    if (rows.length === 1 || batch.splits >= MAX_SPLITS) {
      for (const index of rows) batch.results[index] = refusal(batch.writes[index]!.id, said, false);
      return [];
    }
    batch.splits += 1;
    const again: number[] = [];
    for (const half of chunk(rows, Math.ceil(rows.length / 2)))
      again.push(...(await sendRows(client, batch, half)));
    return again;
  }
  if (!batch.touched) throw error;
  const reason = said ?? { code: error.code, message: error.message };
  for (const index of rows) batch.results[index] = refusal(batch.writes[index]!.id, reason, true);
  return [];
}

function settle(batch: Batch, rows: readonly number[], result: (id: string) => WriteResult): void {
  for (const index of rows) batch.results[index] = result(batch.writes[index]!.id);
  batch.touched = true;
}

function resultOf(id: string, answer: unknown): WriteResult {
  const row = (typeof answer === 'object' && answer !== null ? answer : {}) as Readonly<
    Record<string, unknown>
  >;
  if (typeof row['id'] === 'string' && !sameId(row['id'], id))
    return lost(id, 'Salesforce answered for another record at this position');
  if (row['success'] === true) return { id, outcome: 'written' };
  if (row['success'] !== false) return lost(id, 'Salesforce answered neither success nor failure');
  const errors = (Array.isArray(row['errors']) ? row['errors'] : []) as readonly unknown[];
  const stated = errors.map(rowError);
  const first = stated[0] ?? { code: 'UNKNOWN_ERROR', message: 'Salesforce gave no reason' };
  const message = stated.length > 1 ? stated.map((error) => error.message).join('; ') : first.message;
  return refusal(id, { code: first.code, message }, stated.length > 0 && stated.every(rowMayPass));
}

function rowError(value: unknown): CrmError {
  const entry = (typeof value === 'object' && value !== null ? value : {}) as Readonly<
    Record<string, unknown>
  >;
  const code = entry['statusCode'] ?? entry['errorCode'];
  return {
    code: typeof code === 'string' ? code : 'UNKNOWN_ERROR',
    message: typeof entry['message'] === 'string' ? entry['message'].slice(0, 500) : '',
  };
}

/** The result of a row that Salesforce refused. */
export function refusal(id: string, { code, message }: CrmError, retryable: boolean): WriteResult {
  return { id, outcome: 'refused', code, message, retryable };
}

function lost(id: string, message: string): WriteResult {
  return { id, outcome: 'unknown', message };
}

/** What can be refused without asking; null when the row can be sent. */
export function problemOf(write: Write): WriteResult | null {
  if (!isId(write.id)) {
    return refusal(
      write.id,
      { code: 'MALFORMED_ID', message: 'the id has not the form of a Salesforce id' },
      false,
    );
  }
  const reserved = (name: string): boolean => !isFieldName(name) || /^(id|attributes)$/i.test(name);
  const bad = Object.keys(write.fields).find(reserved);
  return bad === undefined
    ? null
    : refusal(
        write.id,
        { code: 'INVALID_FIELD', message: `${JSON.stringify(bad)} is no field that can be written` },
        false,
      );
}

/** Canonical values are what Salesforce's JSON takes: null clears, dates are `YYYY-MM-DD`, datetimes ISO in UTC. */
function rowOf(type: string, write: Write): Readonly<Record<string, FieldValue | { readonly type: string }>> {
  return { attributes: { type }, id: write.id, ...write.fields };
}

/** Positions by parent, then id; rows without a parent last. */
export function byParent(writes: readonly Write[]): readonly number[] {
  const key = ({ parent, id }: Write): string => `${parent ?? '\uffff'} ${id}`;
  return writes
    .map((write, index) => ({ index, key: key(write) }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.index - b.index))
    .map(({ index }) => index);
}

/** A random wait, doubling with each attempt; false when the run was stopped meanwhile. */
async function pause(client: SalesforceClient, attempt: number): Promise<boolean> {
  const { clock, random, signal } = client.context;
  try {
    await clock.sleep(FIRST_PAUSE_MS * 2 ** (attempt - 1) * (0.5 + random() / 2), signal);
    return true;
  } catch {
    return false;
  }
}
