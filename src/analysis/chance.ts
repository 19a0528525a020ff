import type { Interval } from './types.ts';

/** Cases needed on either side before two rates are compared at all. */
export const FEWEST = 5;

/** Events in a time (or of a number), beside the same elsewhere. */
export interface Pair {
  readonly events: number;
  readonly of: number;
  readonly otherEvents: number;
  readonly otherOf: number;
}

export function comparable({ events, of, otherEvents, otherOf }: Pair): boolean {
  return events >= FEWEST && otherEvents >= FEWEST && of > 0 && otherOf > 0;
}

/**
 * Ratio of two rates of events in time, with the usual interval on the logarithm (variance 1/events + 1/otherEvents).
 * @param rows how many such ratios are shown side by side; each is held to 5 % / rows
 */
export function rateRatio(pair: Pair, rows: number): Interval | null {
  return comparable(pair) ? interval(pair, 1 / pair.events + 1 / pair.otherEvents, rows) : null;
}

/** Ratio of two shares, with Katz' interval on the logarithm. */
export function riskRatio(pair: Pair, rows: number): Interval | null {
  if (!comparable(pair)) return null;
  const variance = 1 / pair.events - 1 / pair.of + 1 / pair.otherEvents - 1 / pair.otherOf;
  return interval(pair, variance, rows);
}

function interval(pair: Pair, variance: number, rows: number): Interval {
  const value = pair.events / pair.of / (pair.otherEvents / pair.otherOf);
  const spread = Math.exp(normalQuantile(1 - 0.025 / Math.max(1, rows)) * Math.sqrt(Math.max(0, variance)));
  const low = value / spread;
  const high = value * spread;
  return { value, low, high, beyondChance: low > 1 || high < 1 };
}

/** The point below which a standard normal value lies with probability p > 0.5; Acklam's approximation, to 1e-9. */
export function normalQuantile(p: number): number {
  const tail = Math.sqrt(-2 * Math.log(1 - p));
  if (p > 0.97575) {
    return -poly(tail, LOW) / (poly(tail, LOW_UNDER) * tail + 1);
  }
  const q = p - 0.5;
  const r = q * q;
  return (poly(r, MIDDLE) * q) / (poly(r, MIDDLE_UNDER) * r + 1);
}

function poly(x: number, factors: readonly number[]): number {
  return factors.reduce((sum, factor) => sum * x + factor, 0);
}

const MIDDLE = [
  -3.969683028665376e1, 2.209460984245205e2, -2.759285104469687e2, 1.38357751867269e2, -3.066479806614716e1,
  2.506628277459239,
];
const MIDDLE_UNDER = [
  -5.447609879822406e1, 1.615858368580409e2, -1.556989798598866e2, 6.680131188771972e1, -1.328068155288572e1,
];
const LOW = [
  -7.784894002430293e-3, -3.223964580411365e-1, -2.400758277161838, -2.549732539343734, 4.374664141464968,
  2.938163982698783,
];
const LOW_UNDER = [7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416];
