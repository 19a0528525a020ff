import { WaystageError } from '../../src/model/errors.ts';
import { LAG_MS, OVERLAP_MS } from './cursor.ts';
import { isId } from './ids.ts';

/** A place in the reading of histories, which runs by ascending record id. Times are epoch milliseconds on
 *  Salesforce's clock. `start`: when it began (null: with the first answer); `after`: the last record read.
 *  `all`: every record. `since`: those that changed from `from` on, as the history object `part` of a type tells. */
export type HistoryPosition =
  | { readonly mode: 'all'; readonly start: number | null; readonly after: string | null }
  | {
      readonly mode: 'since';
      readonly from: number;
      readonly part: number;
      readonly start: number | null;
      readonly after: string | null;
    };

export function encodeHistoryCursor(position: HistoryPosition): string {
  return JSON.stringify({ v: 1, history: position.mode, ...position });
}

/** Throws `crm_cursor_expired` for text that is no cursor of this version: everything is then read again. */
export function decodeHistoryCursor(cursor: string | null): HistoryPosition {
  if (cursor === null) return { mode: 'all', start: null, after: null };
  try {
    const { v, history, start, after, from, part } = JSON.parse(cursor) as Readonly<Record<string, unknown>>;
    const right =
      v === 1 &&
      (start === null || Number.isFinite(start)) &&
      (after === null || (typeof after === 'string' && isId(after)));
    const place = { start: start as number | null, after: after as string | null };
    if (right && history === 'all') return { mode: 'all', ...place };
    if (right && history === 'since' && Number.isFinite(from) && Number.isSafeInteger(part))
      return { mode: 'since', from: from as number, part: part as number, ...place };
  } catch {
    // Falls through to the one error.
  }
  throw new WaystageError(
    'crm_cursor_expired',
    'the checkpoint of these histories is not one of this version; they have to be read from the beginning',
    { retryable: true },
  );
}

/** Histories are read after the records, which may take a while: what came in between is told again. */
const BACK_MS = 3_600_000 + LAG_MS + OVERLAP_MS;

/** Where the next reading begins: rows become visible after their stamp, as records do. */
export function afterHistory(start: number): HistoryPosition {
  return { mode: 'since', from: Math.max(0, start - BACK_MS), part: 0, start: null, after: null };
}
