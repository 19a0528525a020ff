import type { Duration } from '../mapping/types.ts';
import type { Stay, Way } from './course.ts';
import type { Frame } from './frame.ts';
import { ratio } from './survival.ts';
import type { Tally } from './tally.ts';
import type { Conversion, ConversionCount } from './types.ts';

/* Who came from a stage of the path to a later one, within a window from the first entry in the period. */

type Outcome = 'reached' | 'failed' | 'pending' | 'cut';

/**
 * What became of an entry. The window must be over also for those that reached it early: else the newest entries
 * would count only when they succeed.
 */
function outcome(frame: Frame, stays: readonly Stay[], i: number, target: number, end: number): Outcome {
  if (end > frame.options.now) return 'pending';
  for (const stay of stays.slice(i + 1)) {
    if (stay.entered > end) break;
    if (!stay.counted) return 'cut';
    if (stay.place >= target) return 'reached';
  }
  return 'failed';
}

/** One count of entries in `prefix`, by outcome. */
export function collectConversion(frame: Frame, tally: Tally, { stays }: Way): void {
  const { window } = frame.options;
  for (let place = 0; place < frame.path.length - 1; place += 1) {
    const i = firstEntry(stays, place);
    if (i < 0) continue;
    const stay = stays[i]!;
    const month = frame.zone.dateText(stay.entered).slice(0, 7);
    const end = window.after(stay.entered);
    tally.add('conversion', [stay.stage]);
    tally.add('cohort', [stay.stage, month]);
    for (let target = place + 1; target < frame.path.length; target += 1) {
      const result = outcome(frame, stays, i, target, end);
      tally.add('conversion to', [stay.stage, frame.path[target]!.name, result]);
      if (target === place + 1) tally.add('cohort to', [stay.stage, month, result]);
    }
  }
}

/** The same for a KPI with a window of its own. */
export function collectStageConversion(
  frame: Frame,
  tally: Tally,
  { stays }: Way,
  kpi: { readonly key: string; readonly stage: string; readonly window: Duration },
): void {
  const place = frame.placeOf(kpi.stage);
  const i = firstEntry(stays, place);
  if (i < 0) return;
  const end = kpi.window.after(stays[i]!.entered);
  tally.add('kpi conversion', [kpi.key, outcome(frame, stays, i, place + 1, end)]);
}

function firstEntry(stays: readonly Stay[], place: number): number {
  return stays.findIndex((stay) => stay.place === place && stay.counted && stay.inPeriod);
}

export function conversions(frame: Frame, tally: Tally): readonly Conversion[] {
  const months = tally.counts('cohort');
  return frame.path.slice(0, -1).map(({ name }, place) => ({
    stage: name,
    entered: tally.count('conversion', name),
    targets: frame.path.slice(place + 1).map((target) => ({
      stage: target.name,
      ...conversionCount(tally, 'conversion to', name, target.name),
    })),
    cohorts: months
      .filter(({ key }) => key[0] === name)
      .map(({ key: [, month = ''], n }) => ({
        month,
        entered: n,
        ...conversionCount(tally, 'cohort to', name, month),
      })),
  }));
}

export function conversionCount(tally: Tally, figure: string, ...key: readonly string[]): ConversionCount {
  const count = (result: Outcome): number => tally.count(figure, ...key, result);
  const reached = count('reached');
  const complete = reached + count('failed');
  return {
    complete,
    reached,
    rate: ratio(reached, complete),
    pending: count('pending'),
    cut: count('cut'),
  };
}
