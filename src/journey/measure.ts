import type { EvalContext, Measure, SeenValue } from '../mapping/types.ts';
import type { Zone } from '../mapping/zone.ts';

const DAY = 86_400_000;

/** What one measure gave for one subject. */
export interface MeasureReading {
  /** Of `value`; null when it is missing or the measure has cases. */
  readonly value: number | null;
  /** 0-100 after scale or cases and decay; null without data. */
  readonly score: number | null;
  /** Index of the case that held, for a measure with cases; null when none did. */
  readonly matched: number | null;
  /** What the half-life left of the score, in (0,1]; 1 without decay. */
  readonly decay: number;
  /** The date the decay counts from. */
  readonly since: number | null;
}

/** The 0-100 of one measure, or null when the data for it are missing (J18). */
export function readMeasure(measure: Measure, context: EvalContext, zone: Zone): MeasureReading {
  const value = measure.value?.value(context) ?? null;
  const matched =
    measure.cases === null ? -1 : measure.cases.findIndex((one) => one.when?.test(context) ?? true);
  const plain = plainScore(measure, value, matched);
  const none = { value, score: null, matched: matched < 0 ? null : matched, decay: 1, since: null };
  if (plain === null) return none;
  if (measure.halfLife === null) return { ...none, score: plain };
  const since = measure.halfLife.since.value(context);
  // Without a date nobody can say how much of it is left.
  if (since === null) return none;
  const decay = decayAt(measure.halfLife.duration, since, context.now, zone);
  return { ...none, score: plain * decay, decay, since };
}

/** The values a measure saw, for explanations. */
export function seenBy(measure: Measure, context: EvalContext, matched: number | null): readonly SeenValue[] {
  if (measure.value !== null) return measure.value.explain(context).seen;
  const seen: SeenValue[] = [];
  const cases = measure.cases ?? [];
  for (const one of matched === null ? cases : cases.slice(matched, matched + 1)) {
    if (one.when !== null) collect(one.when.explain(context), seen);
  }
  return seen;
}

function collect(
  trace: { readonly seen: readonly SeenValue[]; readonly children: readonly unknown[] },
  into: SeenValue[],
): void {
  into.push(...trace.seen);
  for (const child of trace.children) collect(child as typeof trace, into);
}

function plainScore(measure: Measure, value: number | null, matched: number): number | null {
  if (measure.cases !== null) return matched < 0 ? null : clamp(measure.cases[matched]!.score);
  if (value === null) return null;
  return clamp(measure.scale === null ? value : onScale(measure.scale, value));
}

/** Piecewise linear between the points, level beyond the ends. */
export function onScale(
  points: readonly { readonly at: number; readonly score: number }[],
  value: number,
): number {
  const sorted = [...points].sort((a, b) => a.at - b.at);
  const first = sorted[0];
  if (first === undefined) return value;
  if (value <= first.at) return first.score;
  for (let i = 1; i < sorted.length; i += 1) {
    const high = sorted[i]!;
    if (value > high.at) continue;
    const low = sorted[i - 1]!;
    return low.score + ((value - low.at) / (high.at - low.at)) * (high.score - low.score);
  }
  return sorted.at(-1)!.score;
}

/** Half of the score is left after each half-life. Counted from the day of `since` to the day of `now` in the
 *  mapping's zone, so that time moves it only at midnight (J20). */
function decayAt(
  halfLife: { readonly text: string; after(instant: number): number },
  since: number,
  now: number,
  zone: Zone,
): number {
  const from = zone.dayNumber(since);
  const days = zone.dayNumber(now) - from;
  if (days <= 0) return 1;
  const start = zone.dayStart(from);
  const end = halfLife.after(start);
  // Calendar days, so that a change of the clock takes or adds nothing (J9); hours are hours.
  const length = halfLife.text.endsWith('h') ? (end - start) / DAY : zone.dayNumber(end) - from;
  return 0.5 ** (days / length);
}

function clamp(score: number): number {
  return Math.min(100, Math.max(0, score));
}
