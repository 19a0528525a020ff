import type { Kpi } from '../mapping/types.ts';
import { collectStageConversion, conversionCount } from './conversion.ts';
import { instantOf, stayAt, type Way } from './course.ts';
import { collectStay, dropOff, lengthsOf } from './dwell.ts';
import { days } from './flow.ts';
import { DAY, type Frame } from './frame.ts';
import { endedWithin, mean, quantile } from './survival.ts';
import type { Tally } from './tally.ts';
import type { KpiResult } from './types.ts';

/* Targets of stages (J35). A window of conversion says how long it may take; of the other measures, how far back one
 * looks: what entered or was answered within it, and within the period of the analysis. */

const PREFIX = 'kpi ';

export function collectKpis(frame: Frame, tally: Tally, way: Way): void {
  for (const kpi of frame.mapping.kpis ?? []) {
    const key = keyOf(kpi);
    if (kpi.measure === 'conversion') {
      const window = kpi.window ?? frame.options.window;
      collectStageConversion(frame, tally, way, { key, stage: kpi.stage, window });
    } else if (kpi.measure === 'sentiment') collectSentiment(frame, tally, way, kpi);
    else if (kpi.measure !== 'health') {
      const since = sinceOf(frame, kpi);
      for (const stay of way.stays) {
        if (stay.stage !== kpi.stage || !stay.counted || !stay.inPeriod || stay.entered < since) continue;
        collectStay(frame, tally, way, stay, PREFIX, key);
      }
    }
  }
}

function collectSentiment(frame: Frame, tally: Tally, way: Way, kpi: Kpi): void {
  const since = sinceOf(frame, kpi);
  for (const survey of way.subject.facts?.surveys ?? []) {
    const at = instantOf(survey, 'at', frame.options.now);
    const score = survey.values['score'];
    if (at === null || at < since || !frame.inPeriod(at) || typeof score !== 'number') continue;
    if (stayAt(way.stays, at)?.stage === kpi.stage) tally.push('kpi scores', [keyOf(kpi)], score);
  }
}

function sinceOf(frame: Frame, { window }: Kpi): number {
  return window === null ? Number.NEGATIVE_INFINITY : window.before(frame.options.now);
}

/** A stage has each measure once. */
function keyOf({ stage, measure }: Kpi): string {
  return `${stage} ${measure}`;
}

export function kpiResults(frame: Frame, tally: Tally): readonly KpiResult[] {
  return (frame.mapping.kpis ?? []).map((kpi) => {
    const { stage, measure, target } = kpi;
    const better = measure === 'median_time' || measure === 'drop_off' ? 'lower' : 'higher';
    return {
      stage,
      measure,
      target,
      better,
      window: kpi.window?.text ?? null,
      ...outcomeOf(frame, tally, kpi, better),
    };
  });
}

function outcomeOf(
  frame: Frame,
  tally: Tally,
  kpi: Kpi,
  better: KpiResult['better'],
): Pick<KpiResult, 'value' | 'of' | 'met'> {
  const key = keyOf(kpi);
  const judged = (value: number | null, of: number): Pick<KpiResult, 'value' | 'of' | 'met'> => ({
    value,
    of,
    met: value === null ? null : better === 'higher' ? value >= kpi.target : value <= kpi.target,
  });
  switch (kpi.measure) {
    case 'conversion': {
      const { rate, complete } = conversionCount(tally, 'kpi conversion', key);
      return judged(rate, complete);
    }
    case 'median_time': {
      const lengths = lengthsOf(tally, PREFIX, key);
      // Missed for certain as soon as more than half are known to have stayed longer, before any median is known.
      const met = endedWithin(lengths, 0.5, kpi.target * DAY);
      const value = days(quantile(lengths, 0.5));
      return { value, of: lengths.ended.length + lengths.open.length, met };
    }
    case 'drop_off': {
      const drop = dropOff(frame, tally, PREFIX, key, frame.placeOf(kpi.stage) < 0);
      return judged(drop.rate, drop.stays - drop.cut);
    }
    case 'sentiment': {
      const scores = tally.numbers('kpi scores', key);
      return judged(mean(scores), scores.length);
    }
    default: {
      const scores = tally.numbers('health', kpi.stage);
      return judged(mean(scores), scores.length);
    }
  }
}
