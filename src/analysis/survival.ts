/** Lengths of which some are only known to be longer than they have been so far. Both ascending. */
export interface Lengths {
  readonly ended: Float64Array;
  readonly open: Float64Array;
}

/** A step of the share that is still there: from `at` on it is `left`. */
interface Step {
  readonly at: number;
  readonly left: number;
}

/** Kaplan and Meier's estimate: at each end, the share still there falls by one of those at risk then. What is open at
 *  the very length of an end counts as at risk. */
function curve({ ended, open }: Lengths): readonly Step[] {
  const steps: Step[] = [];
  let left = 1;
  let gone = 0;
  let i = 0;
  while (i < ended.length) {
    const at = ended[i]!;
    let ends = 0;
    while (i < ended.length && ended[i] === at) {
      ends += 1;
      i += 1;
    }
    while (gone < open.length && open[gone]! < at) gone += 1;
    const atRisk = ended.length - (i - ends) + (open.length - gone);
    left *= 1 - ends / atRisk;
    steps.push({ at, left });
  }
  return steps;
}

/** Products of shares that should meet a bound exactly may miss it by the last digit. */
const SLACK = 1e-9;

/** The length after which this share has ended; null when so many were not seen to end. */
export function quantile(lengths: Lengths, share: number): number | null {
  return curve(lengths).find(({ left }) => 1 - left >= share - SLACK)?.at ?? null;
}

/** Has this share ended within `length`? Null: not seen for so long. */
export function endedWithin(lengths: Lengths, share: number, length: number): boolean | null {
  const reached = quantile(lengths, share);
  if (reached !== null && reached <= length) return true;
  if (reached !== null) return false;
  const longest = Math.max(lengths.ended.at(-1) ?? -1, lengths.open.at(-1) ?? -1);
  return longest > length ? false : null;
}

/** The lower median of ascending numbers. */
export function median(sorted: Float64Array): number | null {
  return sorted[Math.ceil(sorted.length / 2) - 1] ?? null;
}

export function mean(sorted: Float64Array): number | null {
  if (sorted.length === 0) return null;
  let sum = 0;
  for (const value of sorted) sum += value;
  return sum / sorted.length;
}

export function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}
