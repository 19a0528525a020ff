import type { HealthModel } from '../mapping/types.ts';

/** The band of a score that cannot be judged (J18). */
export const UNKNOWN_BAND = 'unknown';

/** The band of a score (J19). `earlier`: the band before, null without one (also when it was set by hand, or does
 *  not exist any more). It is left only when the score passes its bound by more than the hysteresis; with a
 *  hysteresis of 0 the plain bounds decide. */
export function bandOf(model: HealthModel, score: number, earlier: string | null): string {
  const index = earlier === null ? -1 : model.bands.findIndex((band) => band.name === earlier);
  if (index >= 0 && model.hysteresis > 0) {
    const lower = index === model.bands.length - 1 ? Number.NEGATIVE_INFINITY : model.bands[index]!.from;
    const upper = index === 0 ? Number.POSITIVE_INFINITY : model.bands[index - 1]!.from;
    if (lower - score <= model.hysteresis && score - upper <= model.hysteresis)
      return model.bands[index]!.name;
  }
  const plain = model.bands.find((band) => score >= band.from) ?? model.bands.at(-1);
  return plain?.name ?? UNKNOWN_BAND;
}

/** The health score a CRM record should hold (J20): its own while the new one differs by less than `step` and the
 *  band is the same, so that small moves cost no writes. */
export function scoreToWrite(
  inCrm: number | null,
  score: number | null,
  bandChanged: boolean,
  step: number,
): number | null {
  if (score === null || inCrm === null || bandChanged) return score;
  return Math.abs(score - inCrm) >= step ? score : inCrm;
}
