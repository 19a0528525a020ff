import { parseSpan, zonedDuration } from './duration.ts';
import { listOf, nearest, quote } from './problems.ts';
import { readDuration } from './read-predicate.ts';
import type { RuleScope } from './scope.ts';
import type { Shape } from './shape.ts';
import type { YamlEntry, YamlMap, YamlNode } from './source.ts';
import type { Kpi, KpiMeasure, Stage } from './types.ts';

/* `kpis:` says what a stage is to reach (J35), by stage, one or a list:
 *
 *   kpis:
 *     decision:
 *       - { measure: conversion, target: 40%, window: 90d }   at least 40 % move on within 90 days
 *       - { measure: median_time, target: 30d }               half of them leave it within 30 days
 *     retention: { measure: sentiment, target: 70, window: 180d }
 */

export const KPI_MEASURES: readonly KpiMeasure[] = [
  'conversion',
  'median_time',
  'drop_off',
  'sentiment',
  'health',
];
const KEYS = ['measure', 'target', 'window'];
const DAY = 86_400_000;

/** Reads `kpis:`; every mistake is reported at its place. */
export function readKpis(
  shape: Shape,
  scope: RuleScope,
  node: YamlNode | undefined,
  stages: readonly Stage[],
  hasHealth: boolean,
): readonly Kpi[] {
  const found: Kpi[] = [];
  for (const entry of shape.map(node, 'kpis')?.entries ?? []) {
    const stage = stages.find(({ name }) => name === entry.key);
    if (stage === undefined) {
      const names = stages.map(({ name }) => name);
      // Stages whose rules could not be read are named there.
      if (scope.stages.includes(entry.key)) continue;
      shape.problems.error(
        entry.keyPos,
        `This journey has no stage ${quote(entry.key)}. Expected ${listOf(names)}.`,
        nearest(entry.key, names),
      );
      continue;
    }
    for (const kpi of kpisOf(shape, scope, entry, stage, stages, hasHealth)) {
      if (found.some((other) => other.stage === kpi.stage && other.measure === kpi.measure)) {
        shape.problems.error(
          kpi.position,
          `\`${kpi.stage}\` has a second target for ${kpi.measure}. Keep one.`,
        );
      } else found.push(kpi);
    }
  }
  return found;
}

function kpisOf(
  shape: Shape,
  scope: RuleScope,
  { key, value }: YamlEntry,
  stage: Stage,
  stages: readonly Stage[],
  hasHealth: boolean,
): readonly Kpi[] {
  const items = value.kind === 'list' ? value.items : [value];
  return items.flatMap((item) => {
    const map = shape.map(item, `A target of ${key}`);
    const kpi = map === null ? null : readKpi(shape, scope, map, stage, stages, hasHealth);
    return kpi === null ? [] : [kpi];
  });
}

function readKpi(
  shape: Shape,
  scope: RuleScope,
  map: YamlMap,
  stage: Stage,
  stages: readonly Stage[],
  hasHealth: boolean,
): Kpi | null {
  const { problems } = shape;
  shape.keys(map, KEYS, `a target of ${stage.name}`);
  const measureNode = map.get('measure')?.value;
  const targetNode = map.get('target')?.value;
  if (measureNode === undefined || targetNode === undefined) {
    problems.error(map.pos, 'A KPI needs measure: and target:.');
    return null;
  }
  const measure = shape.text(measureNode, 'measure') as KpiMeasure | null;
  if (measure === null) return null;
  if (!KPI_MEASURES.includes(measure)) {
    problems.error(
      measureNode.pos,
      `Unknown measure ${quote(measure)}. Expected ${listOf(KPI_MEASURES)}.`,
      nearest(measure, KPI_MEASURES),
    );
    return null;
  }
  if (measure === 'conversion') {
    const path = stages.filter(({ offPath }) => !offPath);
    if (stage.offPath || path.at(-1) === stage) {
      problems.error(
        measureNode.pos,
        `\`${stage.name}\` has no stage after it on the ideal path; nobody can convert from it.`,
      );
      return null;
    }
  }
  if (measure === 'health' && !hasHealth) {
    problems.error(measureNode.pos, 'The measure `health` needs health:, which this mapping does not have.');
    return null;
  }
  const windowNode = map.get('window')?.value;
  if (windowNode !== undefined && measure === 'health') {
    problems.error(windowNode.pos, 'Health is that of today; it takes no window:.');
    return null;
  }
  const window = windowNode === undefined ? null : readDuration(scope, windowNode);
  const target = readTarget(shape, scope, measure, targetNode);
  return target === null ? null : { stage: stage.name, measure, target, window, position: map.pos };
}

/** Shares as `40%` or `0.4`, times as a duration, the rest from 0 to 100. */
function readTarget(shape: Shape, scope: RuleScope, measure: KpiMeasure, node: YamlNode): number | null {
  if (measure === 'median_time') {
    const span = node.kind === 'scalar' ? parseSpan(node.source) : null;
    if (span !== null) return zonedDuration(span, scope.zone).roughMs / DAY;
    readDuration(scope, node);
    return null;
  }
  if (measure === 'conversion' || measure === 'drop_off') {
    const share = shareOf(node);
    if (share !== null) return share;
    shape.problems.error(node.pos, 'target: expected a share from 0 to 1, or a percentage such as 40%.');
    return null;
  }
  return shape.number(node, 'target', 0, 100);
}

function shareOf(node: YamlNode): number | null {
  if (node.kind !== 'scalar') return null;
  const percent = /^(\d{1,3}(?:\.\d+)?)\s*%$/.exec(node.source);
  const value = percent === null ? node.value : Number(percent[1]) / 100;
  return typeof value === 'number' && value >= 0 && value <= 1 ? value : null;
}
