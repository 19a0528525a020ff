import type { EvalContext, Mapping, Measure } from '../mapping/types.ts';
import type { Zone } from '../mapping/zone.ts';
import { UNKNOWN_BAND } from './bands.ts';
import type { HealthResult, MeasureResult } from './health.ts';
import { seenBy } from './measure.ts';
import { byHandWords, isAge, principal } from './stage-reason.ts';
import { dateWords, isInstantType, numberWords, seenType, zoneOf } from './words.ts';

/** Less than half a point moves no whole number. */
const LEAST = 0.5;
const DRAGS = 3;
const LIFTS = 2;

/** What moved a score, in words with its numbers (J21). */
export interface HealthReason {
  readonly measure: string;
  readonly group: string;
  /** Points that it moved the score away from `neutral`; negative pulls down. */
  readonly points: number;
  /** `Last meeting: 12 Oct 2026`, `Open tickets: 4`; dates and values, never ages. */
  readonly text: string;
}

export interface HealthReasons {
  /** What pulls down most first. */
  readonly drags: readonly HealthReason[];
  /** What lifts most first. */
  readonly lifts: readonly HealthReason[];
}

/** All drags and lifts of at least half a point, by size, then by the mapping's order. */
export function healthReasons(mapping: Mapping, health: HealthResult, context: EvalContext): HealthReasons {
  const { drags, lifts } = ranked(mapping, health);
  const zone = zoneOf(mapping);
  const inWords = ({ group, measure, result }: MeasureOf): HealthReason => ({
    measure: measure.name,
    group,
    points: result.contribution,
    text: measureWords(measure, result, context, zone),
  });
  return { drags: drags.map(inWords), lifts: lifts.map(inWords) };
}

/** The reason of a health in one line, for a CRM field (J22). Points are left out: with decay they change daily. */
export function healthReasonWords(mapping: Mapping, health: HealthResult, context: EvalContext): string {
  const { drags, lifts } = ranked(mapping, health);
  const zone = zoneOf(mapping);
  const texts = (measures: readonly MeasureOf[]): string =>
    measures.map(({ measure, result }) => measureWords(measure, result, context, zone)).join('; ');
  const parts: string[] = [];
  if (health.byHand !== null) parts.push(`Band ${byHandWords(health.byHand, zone)}`);
  if (health.band === UNKNOWN_BAND) parts.push(unknownWords(mapping, health));
  if (health.cap?.lowered === true) parts.push(`At most ${numberWords(health.cap.max)}: ${health.cap.label}`);
  if (drags.length > 0) parts.push(`Down: ${texts(drags.slice(0, DRAGS))}`);
  if (lifts.length > 0) parts.push(`Up: ${texts(lifts.slice(0, LIFTS))}`);
  return parts.length > 0 ? `${parts.join('. ')}.` : 'Nothing moves it.';
}

function ranked(
  mapping: Mapping,
  health: HealthResult,
): { readonly drags: readonly MeasureOf[]; readonly lifts: readonly MeasureOf[] } {
  const all = measuresOf(mapping, health);
  const by = (a: MeasureOf, b: MeasureOf): number => a.result.contribution - b.result.contribution;
  return {
    drags: all.filter(({ result }) => result.contribution <= -LEAST).sort(by),
    lifts: all.filter(({ result }) => result.contribution >= LEAST).sort((a, b) => by(b, a)),
  };
}

function unknownWords(mapping: Mapping, health: HealthResult): string {
  if (health.score === null) return 'No data';
  const needed = numberWords((mapping.health?.minCoverage ?? 0) * 100);
  return `Too little data: ${numberWords(health.coverage * 100)} % of the weight, ${needed} % needed`;
}

interface MeasureOf {
  readonly group: string;
  readonly measure: Measure;
  readonly result: MeasureResult;
}

/** A health's measures with what the mapping says of them. */
export function measuresOf(mapping: Mapping, health: HealthResult): readonly MeasureOf[] {
  return (mapping.health?.groups ?? []).flatMap((group, g) =>
    group.measures.flatMap((measure, m) => {
      const result = health.groups[g]?.measures[m];
      return result === undefined ? [] : [{ group: group.name, measure, result }];
    }),
  );
}

/** What a measure saw, in words. */
export function measureWords(
  measure: Measure,
  result: MeasureResult,
  context: EvalContext,
  zone: Zone,
): string {
  const from = result.since === null ? '' : ` (from ${dateWords(result.since, zone)})`;
  return `${measure.label}: ${readingWords(measure, result, context, zone)}${from}`;
}

function readingWords(measure: Measure, result: MeasureResult, context: EvalContext, zone: Zone): string {
  if (!result.hasData) return 'no data';
  if (measure.cases !== null) {
    const matched = result.matched === null ? undefined : measure.cases[result.matched];
    return matched?.when?.text ?? 'none of its other cases';
  }
  const seen = principal(seenBy(measure, context, result.matched));
  const dates = new Set<string>();
  for (const one of seen) {
    if (typeof one.value === 'number' && isInstantType(seenType(one))) dates.add(dateWords(one.value, zone));
  }
  // A value made from dates is an age: the dates are said instead.
  const [date] = dates;
  if (date !== undefined && dates.size === 1) return date;
  if (dates.size > 1 || seen.some(isAge) || /days[_ ]since/.test(measure.value?.text ?? '')) {
    return measure.value?.text ?? '';
  }
  return numberWords(result.value ?? 0);
}
