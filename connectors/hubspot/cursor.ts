import { WaystageError } from '../../src/model/errors.ts';
import { OVERLAP_MS } from './overlap.ts';

/** Where a pull stands. Times are epoch milliseconds of HubSpot's clock. */
export type Cursor =
  /** A full list: the page token, and when the list was begun. */
  | { readonly kind: 'list'; readonly after: string; readonly began: number }
  /** A full load by an export, begun behind the list's `after`; null: at its beginning. */
  | {
      readonly kind: 'export';
      /** Null: not asked for yet. */
      readonly id: string | null;
      readonly began: number;
      readonly after: string | null;
      /** Records of the type when it began. */
      readonly total: number;
      /** Rows of the file that were handed over, and the id of the last of them. */
      readonly row: number;
      readonly last: string | null;
    }
  /** Between increments: the next one takes everything modified from here on, and what was modified from `lag` on
   *  is due for a second look once it is old enough. */
  | { readonly kind: 'since'; readonly from: number; readonly lag: number }
  /** In an increment that began at `began`: everything before `from` has been handed over. */
  | { readonly kind: 'search'; readonly from: number; readonly began: number; readonly look: Look }
  /** In an increment, inside one instant with more records than a page: those after `id` are still due. */
  | {
      readonly kind: 'drain';
      readonly at: number;
      readonly id: string;
      readonly began: number;
      readonly look: Look;
    };

/** Where an increment stands. */
export type ChangeCursor = Exclude<Cursor, { readonly kind: 'list' | 'export' }>;

/** After a full load that began at `began`, by HubSpot's clock. */
export function afterFull(began: number): Cursor {
  return { kind: 'since', from: began - OVERLAP_MS, lag: began - OVERLAP_MS };
}

/** Which part of an increment is under way. */
export interface Look {
  /** Where the increment began to read. */
  readonly first: number;
  /** What was modified before this has been looked for when it was old enough to be shown. */
  readonly lag: number;
  /** Null: all that changed. A number: the second look, at what was modified before that. */
  readonly until: number | null;
}

const VERSION = 1;

export function writeCursor(cursor: Cursor): string {
  return JSON.stringify({ v: VERSION, ...cursor });
}

/** Throws `crm_cursor_expired` for a cursor that this version cannot read: the pull then starts afresh. */
export function readCursor(text: string): Cursor {
  try {
    const value = JSON.parse(text) as { readonly v?: unknown } & Readonly<Record<string, unknown>>;
    const number = (name: string): boolean => Number.isFinite(value[name]);
    const string = (name: string): boolean => typeof value[name] === 'string';
    const right =
      value.v === VERSION &&
      ((value['kind'] === 'list' && string('after') && number('began')) ||
        (value['kind'] === 'export' &&
          string('id') &&
          ['began', 'total', 'row'].every(number) &&
          ['after', 'last'].every((name) => value[name] === null || string(name))) ||
        (value['kind'] === 'since' && number('from')) ||
        (value['kind'] === 'search' && number('from') && number('began')) ||
        (value['kind'] === 'drain' && number('at') && string('id') && number('began')));
    if (right) return withLook(value as unknown as Cursor);
  } catch {
    // Falls through to the one error.
  }
  throw new WaystageError(
    'crm_cursor_expired',
    'the stored cursor of HubSpot was written by another version; the object type has to be pulled from the beginning',
  );
}

/** Cursors that were stored before there was a second look: it begins with what comes after them. */
function withLook(cursor: Cursor): Cursor {
  if (cursor.kind === 'list' || cursor.kind === 'export') return cursor;
  if (cursor.kind === 'since') return Number.isFinite(cursor.lag) ? cursor : { ...cursor, lag: cursor.from };
  const { look } = cursor as { readonly look?: Look };
  if (
    look !== undefined &&
    [look.first, look.lag].every(Number.isFinite) &&
    (look.until === null || Number.isFinite(look.until))
  )
    return cursor;
  const first = cursor.kind === 'search' ? cursor.from : cursor.at;
  return { ...cursor, look: { first, lag: first, until: null } };
}
