import type { KitAnswer } from '../../../src/sandbox/index.ts';
import type { Call, Version } from './endpoint.ts';
import { conflict, HubspotError } from './errors.ts';
import { schemaOf } from './portal.ts';
import type { Properties } from './rules.ts';
import { isoText } from './values.ts';

/** One input of a batch write. */
export interface Row {
  readonly id: string | null;
  readonly objectWriteTraceId: string | undefined;
  readonly properties: Properties;
  /** Checks the row and gives what carries it out. */
  plan(): () => Record<string, unknown>;
}

/** What becomes of bad rows differs by version, and clients have to live with all of it: 2026-03 settles each row
 *  and answers 207; 2026-09 refuses the whole batch; v3 answers 207 for records that are not there and refuses the
 *  whole batch for values that are not valid. */
export function settle(call: Call, rows: readonly Row[], success: 200 | 201): KitAnswer {
  const startedAt = isoText(call.portal.time.now());
  const results: Record<string, unknown>[] = [];
  const failed: { row: Row; error: HubspotError }[] = [];
  const run = (row: Row, act: () => Record<string, unknown>): void => {
    const result = act();
    if (row.objectWriteTraceId !== undefined) result['objectWriteTraceId'] = row.objectWriteTraceId;
    results.push(result);
  };
  if (call.version === '2026-03') {
    for (const row of rows) {
      const act = attempt(row.plan, (error) => failed.push({ row, error }));
      if (act !== null) run(row, act);
    }
  } else {
    const acts = rows.map((row) => attempt(row.plan, (error) => failed.push({ row, error })));
    const fatal = failed.find(({ error }) => isFatal(call.version, error));
    if (fatal !== undefined) throw wholeBatch(fatal.error);
    noClashes(call, rows);
    for (const [index, act] of acts.entries()) if (act !== null) run(rows[index]!, act);
  }
  // In order of id, not of the request: results have to be told apart by id or trace id.
  if (success === 200) results.sort((a, b) => Number(a['id']) - Number(b['id']));
  return {
    status: failed.length > 0 ? 207 : success,
    body: {
      status: 'COMPLETE',
      results,
      ...(failed.length > 0 ? errorList(failed) : {}),
      startedAt,
      completedAt: isoText(call.portal.time.now()),
    },
  };
}

/** Two rows of a batch that is done as a whole must not claim the same unique value. */
function noClashes(call: Call, rows: readonly Row[]): void {
  const schema = schemaOf(call.portal, call.type.name);
  const seen = new Set<string>();
  for (const { properties } of rows)
    for (const [name, value] of Object.entries(properties)) {
      if (value === null || value === '' || schema.get(name)?.hasUniqueValue !== true) continue;
      const key = `${name}:${String(value).toLowerCase()}`;
      if (seen.has(key)) throw conflict(`Two inputs of the batch have the ${name} '${value}'.`);
      seen.add(key);
    }
}

function isFatal(version: Version, error: HubspotError): boolean {
  return version === '2026-09' || error.category !== 'OBJECT_NOT_FOUND';
}

/** The refusal of a whole batch does not say which rows were good, nor which one was bad. */
function wholeBatch(error: HubspotError): HubspotError {
  return new HubspotError(
    error.status === 409 ? 409 : 400,
    error.status === 409 ? 'CONFLICT' : 'VALIDATION_ERROR',
    error.message,
    error.errors === undefined ? {} : { errors: error.errors },
  );
}

function attempt<Result>(act: () => Result, failed: (error: HubspotError) => void): Result | null {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof HubspotError)) throw error;
    failed(error);
    return null;
  }
}

export function errorList(failed: readonly { row: Row; error: HubspotError }[]): Record<string, unknown> {
  const errors: Record<string, unknown>[] = [];
  // Missing records are named together in one entry.
  const absent = failed.filter(({ error }) => error.category === 'OBJECT_NOT_FOUND');
  if (absent.length > 0)
    errors.push({
      status: 'error',
      category: 'OBJECT_NOT_FOUND',
      message: absent[0]!.error.message,
      context: { ids: absent.map(({ row }) => row.id), ...traces(absent.map(({ row }) => row)) },
    });
  for (const { row, error } of failed) {
    if (error.category === 'OBJECT_NOT_FOUND') continue;
    errors.push({
      status: 'error',
      category: error.category,
      message: error.message,
      ...(error.errors === undefined ? {} : { errors: error.errors }),
      context: { ...error.context, ...(row.id === null ? {} : { ids: [row.id] }), ...traces([row]) },
    });
  }
  return { numErrors: errors.length, errors };
}

function traces(rows: readonly Row[]): Record<string, readonly string[]> {
  const ids = rows.flatMap((row) => row.objectWriteTraceId ?? []);
  return ids.length > 0 ? { objectWriteTraceId: ids } : {};
}
