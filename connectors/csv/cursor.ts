import { WaystageError } from '../../src/model/errors.ts';
import { Sketch } from './sketch.ts';

/** What a file was like when it was last read to its end. */
export interface Seen {
  /** Hash of the header row: with other columns or types every row reads differently. */
  readonly header: string;
  readonly sketch: string;
}

export type Cursor =
  /** Between increments. `failed`: rows that could not be read, which are named again until they are mended. */
  | { readonly kind: 'since'; readonly hash: string; readonly failed: number; readonly seen: Seen }
  /** Inside a pull of the file with this hash, before the row at this offset; `seen` null: a full pull. */
  | {
      readonly kind: 'within';
      readonly hash: string;
      readonly failed: number;
      readonly seen: Seen | null;
      readonly at: number;
      readonly line: number;
    };

const VERSION = 1;

export function writeCursor(cursor: Cursor): string {
  return JSON.stringify({ v: VERSION, ...cursor });
}

/** Throws `crm_cursor_expired` for a cursor that this version did not write: the file is then read from the start. */
export function readCursor(text: string): Cursor {
  try {
    const value = JSON.parse(text) as { readonly v?: unknown } & Readonly<Record<string, unknown>>;
    const whole = (name: string): boolean => Number.isSafeInteger(value[name]) && Number(value[name]) >= 0;
    const right =
      value.v === VERSION &&
      typeof value['hash'] === 'string' &&
      whole('failed') &&
      ((value['kind'] === 'since' && isSeen(value['seen'])) ||
        (value['kind'] === 'within' &&
          whole('at') &&
          whole('line') &&
          (value['seen'] === null || isSeen(value['seen']))));
    if (right) return value as unknown as Cursor;
  } catch {
    // Falls through to the one error.
  }
  throw new WaystageError(
    'crm_cursor_expired',
    'the stored cursor of the CSV folder was written by another version; the file has to be read from the beginning',
  );
}

function isSeen(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { header, sketch } = value as { readonly header?: unknown; readonly sketch?: unknown };
  return typeof header === 'string' && typeof sketch === 'string' && Sketch.fits(sketch);
}
