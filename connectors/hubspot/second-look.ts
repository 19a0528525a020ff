import type { ChangeCursor, Look } from './cursor.ts';
import { OVERLAP_MS } from './overlap.ts';
import type { Place } from './search.ts';

export { OVERLAP_MS };

/** At times the moments are many minutes. What was younger than this when it was looked for is looked for again when
 *  it is older. */
export const LATE_MS = 3_600_000;

/** The second look is taken for so much time at once: increments that follow each other more closely take it only
 *  now and then. */
export const SECOND_LOOK_EVERY_MS = 15 * 60_000;

/** One walk through a search: an increment is one over what changed, and at times a second look. */
export interface Leg {
  readonly place: Place;
  /** Null: it begins with the first search. */
  readonly began: number | null;
  readonly look: Look;
}

/**
 * The walk to take from a cursor.
 *
 * Where the last increment is so long ago that all that is due for a second look lies right before its end, one walk
 * does for both.
 * @param now our own clock, epoch ms; decides only which way costs fewer requests
 */
export function legFrom(cursor: ChangeCursor, now: number): Leg {
  if (cursor.kind === 'since') {
    const first = now - LATE_MS >= cursor.from ? Math.min(cursor.from, cursor.lag) : cursor.from;
    return {
      place: { kind: 'from', from: first },
      began: null,
      look: { first, lag: cursor.lag, until: null },
    };
  }
  const { began, look } = cursor;
  return cursor.kind === 'drain'
    ? { place: { kind: 'drain', at: cursor.at, id: cursor.id }, began, look }
    : { place: { kind: 'from', from: cursor.from }, began, look };
}

/** Inside a walk. */
export function cursorAt(place: Place, began: number, look: Look): ChangeCursor {
  return place.kind === 'drain'
    ? { kind: 'drain', at: place.at, id: place.id, began, look }
    : { kind: 'search', from: place.from, began, look };
}

/**
 * What follows a walk that came to its end: the second look, if there is anything to look at, or the next increment.
 *
 * Everything modified an hour before the increment began was old enough to be shown to it, from where it began to
 * read; between `lag` and there it has only been read when it was younger.
 */
export function afterLeg(began: number, { first, lag, until }: Look): ChangeCursor {
  const from = began - OVERLAP_MS;
  const settled = Math.max(lag, began - LATE_MS);
  if (until !== null || lag >= first) return { kind: 'since', from, lag: settled };
  if (settled - lag < SECOND_LOOK_EVERY_MS) return { kind: 'since', from, lag };
  const look: Look = { first, lag, until: Math.min(first, settled) };
  return { kind: 'search', from: lag, began, look };
}
