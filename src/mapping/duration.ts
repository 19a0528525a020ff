import type { Duration } from './types.ts';
import type { Zone } from './zone.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const MAX_DAYS = 36_500;

/** What a duration text says: calendar days (`90d`, `2w`) or exact milliseconds (`12h`), never both (J9). */
export interface Span {
  readonly text: string;
  readonly days: number;
  readonly ms: number;
}

/** A duration with its edges, for finding the instants at which a time condition may change. */
export interface ZonedDuration extends Duration {
  /** About how long, in milliseconds; only for comparing durations with each other. */
  readonly roughMs: number;
  /** Instants around which `after(t)` passes `instant`. */
  edgesBefore(instant: number): readonly number[];
}

/** `90d`, `2w`, `12h`; null for anything else, with zero and more than 100 years being no duration either. */
export function parseSpan(text: string): Span | null {
  const match = /^(\d{1,6})(h|d|w)$/.exec(text);
  if (match === null) return null;
  const count = Number(match[1]);
  const days = match[2] === 'w' ? count * 7 : match[2] === 'd' ? count : 0;
  const ms = match[2] === 'h' ? count * HOUR : 0;
  if (count === 0 || days + ms / DAY > MAX_DAYS) return null;
  return { text, days, ms };
}

/** For messages: what a duration looks like. */
export const DURATION_FORM = 'a duration such as 90d (calendar days), 2w or 12h';

export function zonedDuration(span: Span, zone: Zone): ZonedDuration {
  const { days, ms, text } = span;
  const roughMs = days * DAY + ms;
  if (days === 0) {
    return {
      text,
      roughMs,
      before: (instant) => instant - ms,
      after: (instant) => instant + ms,
      edgesAfter: (instant) => [instant + ms],
      edgesBefore: (instant) => [instant - ms],
    };
  }
  // A run asks for the same `now` over and over.
  const remember = (shift: number): ((instant: number) => number) => {
    let asked = Number.NaN;
    let answer = 0;
    return (instant) => {
      if (instant !== asked) {
        answer = zone.addDays(instant, shift);
        asked = instant;
      }
      return answer;
    };
  };
  return {
    text,
    roughMs,
    before: remember(-days),
    after: remember(days),
    edgesAfter: (instant) => zone.edges(instant, days),
    edgesBefore: (instant) => zone.edges(instant, -days),
  };
}
