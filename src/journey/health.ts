import type { EvalContext, HealthModel, Mapping, Measure } from '../mapping/types.ts';
import type { HealthState } from '../model/facts.ts';
import { bandOf, UNKNOWN_BAND } from './bands.ts';
import { type MeasureReading, readMeasure } from './measure.ts';
import { primarySegment } from './segments.ts';
import type { BandOverride } from './types.ts';
import { zoneOf } from './words.ts';

/** Binary fractions must not decide a rounding or a comparison with a limit that people write in tenths. */
const EPSILON = 1e-9;

/** The health a subject had before. A band set by hand is not an earlier band (J19). */
export interface PreviousHealth extends HealthState {
  readonly overridden?: boolean;
}

/** One measure's part in a score. */
export interface MeasureResult extends MeasureReading {
  readonly name: string;
  readonly label: string;
  /** Had data. Without, `score` is what `missing` gives in its place, or null when it is skipped. */
  readonly hasData: boolean;
  /** Share of the whole score in [0,1]; all effective weights add up to 1 when there is a score. */
  readonly weight: number;
  /** Effective weight times (score minus `neutral`), in points; all add up to the uncapped score minus `neutral`. */
  readonly contribution: number;
}

export interface GroupResult {
  readonly name: string;
  readonly label: string;
  /** Weighted mean of its measures, not rounded; null with nothing left. */
  readonly score: number | null;
  /** Share of its weight that had data, [0,1]. */
  readonly coverage: number;
  /** Share of the whole score in [0,1]. */
  readonly weight: number;
  readonly measures: readonly MeasureResult[];
}

export interface HealthResult extends HealthState {
  /** Whole number 0-100 (halves go up), after the cap; null with nothing left to score. */
  readonly score: number | null;
  readonly band: string;
  /** The band was set by hand (J29); the rules would have said `judged`. */
  readonly byHand: (BandOverride & { readonly judged: string }) | null;
  /** Share of all weight that had data, [0,1]. */
  readonly coverage: number;
  /** Before the cap and before rounding. */
  readonly uncapped: number | null;
  /** The lowest cap that holds, whether or not the score was above it. */
  readonly cap: { readonly label: string; readonly max: number; readonly lowered: boolean } | null;
  readonly groups: readonly GroupResult[];
}

/** The health of a subject (J18, J19), or null when the mapping has none. `context` holds the journey's state after
 *  the step and its segments; `previous` is the health before, for the hysteresis; `byHand` a band in force (J29),
 *  taken when the mapping has it. */
export function scoreHealth(
  mapping: Mapping,
  context: EvalContext,
  previous: PreviousHealth,
  byHand: BandOverride | null = null,
): HealthResult | null {
  const model = mapping.health;
  if (model === null) return null;
  const groups = scoreGroups(mapping, model, context);
  const uncapped = weightedMean(groups.map((group) => ({ weight: group.weight, score: group.score })));
  const coverage = coverageOf(model, groups, primarySegment(context.segments));
  const rounded = uncapped === null ? null : Math.floor(uncapped + 0.5 + EPSILON);
  const cap = lowestCap(model, context);
  const capped = rounded === null || cap === null ? rounded : Math.min(rounded, Math.floor(cap.max));
  const score = capped === null ? null : Math.min(100, Math.max(0, capped));
  const known = score !== null && coverage + EPSILON >= model.minCoverage;
  const judged = known ? bandOf(model, score, earlierBand(previous)) : UNKNOWN_BAND;
  const taken = byHand !== null && model.bands.some(({ name }) => name === byHand.band) ? byHand : null;
  return {
    score,
    band: taken?.band ?? judged,
    byHand: taken === null ? null : { ...taken, judged },
    coverage,
    uncapped,
    cap: cap === null ? null : { ...cap, lowered: rounded !== null && score !== null && score < rounded },
    groups,
  };
}

function earlierBand(previous: PreviousHealth): string | null {
  return previous.overridden === true ? null : previous.band;
}

function lowestCap(model: HealthModel, context: EvalContext): { label: string; max: number } | null {
  let lowest: { label: string; max: number } | null = null;
  for (const cap of model.caps) {
    if ((lowest === null || cap.max < lowest.max) && cap.when.test(context)) {
      lowest = { label: cap.label, max: cap.max };
    }
  }
  return lowest;
}

interface Part {
  readonly measure: Measure;
  readonly reading: MeasureReading;
  readonly weight: number;
  readonly score: number | null;
}

function scoreGroups(mapping: Mapping, model: HealthModel, context: EvalContext): readonly GroupResult[] {
  const segment = primarySegment(context.segments);
  const zone = zoneOf(mapping);
  const read = model.groups.map((group) => {
    const parts = group.measures.map((measure): Part => {
      const reading = readMeasure(measure, context, zone);
      return {
        measure,
        reading,
        weight: weightFor(measure, segment),
        score: reading.score ?? standIn(measure.missing),
      };
    });
    return { group, parts, score: weightedMean(parts), weight: weightFor(group, segment) };
  });
  const present = sum(read.map((one) => (one.score === null ? 0 : one.weight)));
  return read.map(({ group, parts, score, weight }) => {
    const share = score === null || present === 0 ? 0 : weight / present;
    const scored = sum(parts.map((part) => (part.score === null ? 0 : part.weight)));
    return {
      name: group.name,
      label: group.label,
      score,
      coverage: dataShare(parts),
      weight: share,
      measures: parts.map((part): MeasureResult => {
        const effective = part.score === null || scored === 0 ? 0 : (part.weight / scored) * share;
        return {
          ...part.reading,
          name: part.measure.name,
          label: part.measure.label,
          hasData: part.reading.score !== null,
          score: part.score,
          weight: effective,
          contribution: part.score === null ? 0 : effective * (part.score - model.neutral),
        };
      }),
    };
  });
}

/** A subject in no segment, or in one that the list does not name, has the plain weight (J18). */
function weightFor(
  weighted: { readonly weight: number; readonly segmentWeights: Readonly<Record<string, number>> },
  segment: string | null,
): number {
  if (segment === null || !Object.hasOwn(weighted.segmentWeights, segment)) return weighted.weight;
  return weighted.segmentWeights[segment] ?? weighted.weight;
}

function standIn(missing: Measure['missing']): number | null {
  if (missing === 'skip') return null;
  return missing === 'zero' ? 0 : Math.min(100, Math.max(0, missing));
}

function weightedMean(
  parts: readonly { readonly weight: number; readonly score: number | null }[],
): number | null {
  let total = 0;
  let weight = 0;
  for (const part of parts) {
    if (part.score === null) continue;
    total += part.weight * part.score;
    weight += part.weight;
  }
  return weight === 0 ? null : total / weight;
}

function dataShare(parts: readonly Part[]): number {
  const all = sum(parts.map((part) => part.weight));
  const withData = sum(parts.map((part) => (part.reading.score === null ? 0 : part.weight)));
  return all === 0 ? 0 : withData / all;
}

function coverageOf(model: HealthModel, groups: readonly GroupResult[], segment: string | null): number {
  let all = 0;
  let covered = 0;
  for (const [index, group] of model.groups.entries()) {
    if (group.measures.every((measure) => weightFor(measure, segment) === 0)) continue;
    const weight = weightFor(group, segment);
    all += weight;
    covered += weight * groups[index]!.coverage;
  }
  return all === 0 ? 0 : covered / all;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
