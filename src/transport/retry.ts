import type { Random } from '../model/clock.ts';
import type { HttpAnswer } from './port.ts';

const FIRST_MS = 500;
const LONGEST_MS = 30_000;

/** Full-jitter back-off: anything between 0 and the doubled step, so that many clients do not come back together. */
export function backOff(tryNumber: number, random: Random): number {
  return random() * Math.min(LONGEST_MS, FIRST_MS * 2 ** (tryNumber - 1));
}

/** `Retry-After` in milliseconds: seconds, or a date measured against the server's own clock (ours may be wrong).
 *  Undefined without one or when it makes no sense. */
export function retryAfter(answer: HttpAnswer, now: number): number | undefined {
  const value = answer.headers['retry-after']?.trim();
  if (value === undefined || value === '') return undefined;
  if (/^\d{1,9}(\.\d{1,3})?$/.test(value)) return Number(value) * 1000;
  const date = /^[A-Za-z]{3},/.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(date)) return undefined;
  return Math.max(0, date - (answer.serverTime ?? now));
}
