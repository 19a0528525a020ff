import { WaystageError } from '../../src/model/errors.ts';
import { isId } from './ids.ts';

/** Rows become visible after their stamp (transactions in flight), so an increment begins this much earlier. */
export const OVERLAP_MS = 10 * 60_000;

/** The answer's date and the stamps are not of one clock, and have seconds only: what is younger than this is handed
 *  over, since people wait for it, but never counted as covered. */
export const LAG_MS = 60_000;

/** A place in a pull. Times are epoch milliseconds on Salesforce's clock.
 *  `full`: all records by ascending id. `start`: when the load began (where the first increment begins).
 *  `bulk`: results of a Bulk API job, `null` before there is one. `after`: where the job begins, for starting over;
 *  `locator`: the page of its results (null: the first) and `skip`: how many of that page's records are stored;
 *  `rows`: how many are stored of the pages before it.
 *  `changes`: by ascending stamp. `at`: nothing before this second is missing; `high`: when this increment began;
 *  `after`: set while the records of second `at` are drained by ascending id. */
export type Position =
  | { readonly mode: 'full'; readonly start: number | null; readonly after: string | null }
  | {
      readonly mode: 'bulk';
      readonly start: number | null;
      readonly after: string | null;
      readonly job: string | null;
      readonly locator: string | null;
      readonly skip: number;
      readonly rows: number;
    }
  | {
      readonly mode: 'changes';
      readonly at: number;
      readonly high: number | null;
      readonly after: string | null;
    };

export const BEGINNING: Position = { mode: 'full', start: null, after: null };

export function encodeCursor(position: Position): string {
  return JSON.stringify({ v: 1, ...position });
}

/** Throws `crm_cursor_expired` for text that is no cursor of this version: the type is then pulled in full. */
export function decodeCursor(cursor: string | null): Position {
  if (cursor === null) return BEGINNING;
  const value = parse(cursor);
  const after = value?.['after'] ?? null;
  if (
    value?.['v'] === 1 &&
    (after === null || (typeof after === 'string' && (after === '' || isId(after))))
  ) {
    const { mode, start, at, high, job, locator, skip, rows } = value;
    if (mode === 'full' && isTime(start)) return { mode, start, after };
    if (mode === 'bulk' && isTime(start) && isJob(job) && isText(locator) && isCount(skip) && isCount(rows))
      return { mode, start, after, job, locator, skip, rows };
    if (mode === 'changes' && isTime(high) && typeof at === 'number') return { mode, at, high, after };
  }
  throw new WaystageError(
    'crm_cursor_expired',
    'the checkpoint of this object type is not one of this version; pull it again with `--full`',
    { retryable: true },
  );
}

/** Where the next increment begins when the last one began at `high`: it covered what is older than the lag, except
 *  for rows of transactions that were still under way. */
export function nextIncrement(high: number): Position {
  return { mode: 'changes', at: Math.max(0, high - LAG_MS - OVERLAP_MS), high: null, after: null };
}

function isTime(value: unknown): value is number | null {
  return value === null || (typeof value === 'number' && Number.isFinite(value));
}

function isJob(value: unknown): value is string | null {
  return value === null || (typeof value === 'string' && isId(value));
}

function isText(value: unknown): value is string | null {
  return value === null || typeof value === 'string';
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function parse(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
