import type { HealthState } from '../../../src/model/facts.ts';
import type { Span } from './local-time.ts';
import type { RefHealth, RefMeasure, Weighted } from './model.ts';
import { holds, type Moment, read } from './truth.ts';

export interface RefScore extends HealthState {
  readonly coverage: number;
  /** By `group.measure`: what the measure gave, and whether it came from data. */
  readonly measures: Readonly<Record<string, { readonly score: number | null; readonly hasData: boolean }>>;
}

/** Sums of tenths are not exact in binary: what is so close to a limit is on it. */
const CLOSE = 1e-9;

/** J18 and J19. `earlier`: the band before, unless it was set by hand. */
export function scoreOf(health: RefHealth, moment: Moment, earlier: string | null): RefScore {
  const primary = moment.segments[0];
  const weightOf = ({ weight, weights }: Weighted): number =>
    primary === undefined ? weight : (weights[primary] ?? weight);
  const measures: Record<string, { score: number | null; hasData: boolean }> = {};
  const groups = health.groups.map((group) => {
    const parts = group.measures.map((measure) => {
      const found = scored(measure, moment);
      const standIn = measure.missing === 'skip' ? null : measure.missing;
      const result = { score: found ?? standIn, hasData: found !== null };
      measures[`${group.name}.${measure.name}`] = result;
      return { ...result, weight: weightOf(measure) };
    });
    const total = sum(parts.map(({ weight }) => weight));
    const known = sum(parts.filter(({ hasData }) => hasData).map(({ weight }) => weight));
    return {
      score: mean(parts),
      // A group none of whose measures weighs anything asks for nothing.
      weight: total === 0 ? 0 : weightOf(group),
      coverage: total === 0 ? 0 : known / total,
    };
  });
  const total = sum(groups.map(({ weight }) => weight));
  const coverage = total === 0 ? 0 : sum(groups.map((one) => one.weight * one.coverage)) / total;
  const plain = mean(groups);
  if (plain === null) return { score: null, band: 'unknown', coverage, measures };
  const caps = health.caps.filter(({ when }) => holds(when, moment)).map(({ max }) => max);
  const score = Math.min(Math.floor(plain + 0.5 + CLOSE), ...caps);
  const band = coverage < health.minCoverage - CLOSE ? 'unknown' : bandOf(health, score, earlier);
  return { score, band, coverage, measures };
}

/** J19: a band is left only when the score passes its bound by more than the hysteresis. */
function bandOf({ bands, hysteresis }: RefHealth, score: number, earlier: string | null): string {
  const index = bands.findIndex(({ name }) => name === earlier);
  const band = bands[index];
  if (band !== undefined) {
    const above = bands[index - 1];
    const fell = band.from - score > hysteresis;
    const rose =
      above !== undefined && (hysteresis === 0 ? score >= above.from : score - above.from > hysteresis);
    if (!fell && !rose) return band.name;
  }
  return bands.find(({ from }) => score >= from)?.name ?? 'unknown';
}

/** A measure's 0-100, or null when it is missing. */
function scored(measure: RefMeasure, moment: Moment): number | null {
  let score: number | null;
  if (measure.cases !== null) {
    score = measure.cases.find(({ when }) => when === null || holds(when, moment))?.score ?? null;
  } else {
    const value = measure.value === null ? null : read(measure.value, moment);
    score = typeof value === 'number' ? onScale(measure.scale, value) : null;
  }
  if (score === null || measure.halfLife === null) return score;
  const since = read(measure.halfLife.since, moment);
  if (typeof since !== 'number') return null;
  const age = moment.local.day(moment.now) - moment.local.day(since);
  return score * 0.5 ** (Math.max(0, age) / daysIn(measure.halfLife.after));
}

function daysIn({ days, hours }: Span): number {
  return days + hours / 24;
}

/** Linear between the points, level beyond them. */
function onScale(points: RefMeasure['scale'], value: number): number {
  const below = points.findLast(([at]) => at <= value);
  const above = points.find(([at]) => at >= value);
  if (below === undefined || above === undefined) return (below ?? above)?.[1] ?? 0;
  if (above[0] === below[0]) return below[1];
  return below[1] + ((value - below[0]) / (above[0] - below[0])) * (above[1] - below[1]);
}

/** Weighted mean of those that have a score; null with nothing left. */
function mean(parts: readonly { readonly score: number | null; readonly weight: number }[]): number | null {
  const there = parts.filter(({ score }) => score !== null);
  const total = sum(there.map(({ weight }) => weight));
  return total === 0 ? null : sum(there.map(({ score, weight }) => Number(score) * weight)) / total;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
