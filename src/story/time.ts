import type { Rng } from './prng.ts';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
export const MONTH = 30.4375 * DAY;
/** The length of the story. */
export const SPAN = 18 * MONTH;

/** `YYYY-MM-DD` in UTC. */
export function dayText(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

/** A weekday between 9:00 and 17:30 on a clock that is `offsetHours` ahead of UTC, inside [low, high]; where the
 *  span holds no such instant, any instant of it. */
export function businessInstant(rng: Rng, low: number, high: number, offsetHours: number): number {
  const shift = offsetHours * HOUR;
  for (let attempt = 0; attempt < 24; attempt += 1) {
    const local = rng.between(low, high) + shift;
    const midnight = Math.floor(local / DAY) * DAY;
    const weekday = new Date(midnight).getUTCDay();
    if (weekday === 0 || weekday === 6) {
      continue;
    }
    const at = Math.floor(midnight + 9 * HOUR + rng.next() * 8.5 * HOUR - shift);
    if (at >= low && at <= high) {
      return at;
    }
  }
  return Math.floor(rng.between(low, Math.max(low, high)));
}

/** Like `businessInstant`, on a full or half hour (appointments). */
export function appointment(rng: Rng, low: number, high: number, offsetHours: number): number {
  const at = businessInstant(rng, low, high, offsetHours);
  const rounded = Math.floor(at / (30 * MINUTE)) * 30 * MINUTE;
  return rounded >= low ? rounded : at;
}

/** Rising instants: each at least a minute after the one before, none after `last`. The first stays where it is. */
export function rising(instants: readonly number[], last: number): number[] {
  const sorted = instants.map((at) => Math.min(at, last)).sort((one, other) => one - other);
  for (let index = 1; index < sorted.length; index += 1) {
    sorted[index] = Math.max(sorted[index]!, sorted[index - 1]! + MINUTE);
  }
  return sorted;
}

/** The same instant moved into business hours: the time of day squeezed into 9:00 to 17:30 on a clock `offsetHours`
 *  ahead of UTC, weekends to the Friday before. */
export function toDesk(at: number, offsetHours: number): number {
  const local = at + offsetHours * HOUR;
  const midnight = Math.floor(local / DAY) * DAY;
  const weekday = new Date(midnight).getUTCDay();
  const back = weekday === 0 ? 2 : weekday === 6 ? 1 : 0;
  const squeezed = 9 * HOUR + Math.floor(((local - midnight) * 8.5) / 24);
  return midnight - back * DAY + squeezed - offsetHours * HOUR;
}
