import type { ConditionMaker } from './condition.ts';
import { listOf, nearest, quote } from './problems.ts';
import { readCondition } from './read-condition.ts';
import { readDuration } from './read-predicate.ts';
import { readInstant, readNumber } from './read-value.ts';
import type { RuleScope } from './scope.ts';
import { labelOf, named, record, type Shape } from './shape.ts';
import type { YamlEntry, YamlMap, YamlNode } from './source.ts';
import type { Node } from './tree.ts';
import type { HealthGroup, Measure, Position } from './types.ts';

/** One group with its measures; null after its mistakes were reported. */
export function readGroup(
  shape: Shape,
  scope: RuleScope,
  { key: name, keyPos, value }: YamlEntry,
  make: ConditionMaker,
  nodes: Node[],
): HealthGroup | null {
  const map = shape.map(value, `The group ${name}`);
  if (map === null) return null;
  shape.keys(map, ['label', 'weight', 'weights', 'measures'], `the group ${name}`);
  const measuresMap = shape.map(map.get('measures')?.value, 'measures');
  if (measuresMap === null || measuresMap.entries.length === 0) {
    shape.problems.error(keyPos, `The group ${name} has no measures. Expected measures: with at least one.`);
  }
  const measures = named(shape, measuresMap, 'measure').flatMap(
    (measure) => readMeasure(shape, scope, measure, make, nodes) ?? [],
  );
  if (measures.length > 0 && measures.every(({ weight }) => weight === 0)) {
    shape.problems.error(
      keyPos,
      `Every measure of ${name} has the weight 0. Give at least one a weight above 0.`,
    );
  }
  return { name, ...common(shape, scope, map, name), measures };
}

function common(
  shape: Shape,
  scope: RuleScope,
  map: YamlMap,
  name: string,
): Pick<HealthGroup, 'label' | 'weight' | 'segmentWeights'> {
  const labelNode = map.get('label')?.value;
  const weightNode = map.get('weight')?.value;
  const weights: [string, number][] = [];
  for (const { key, keyPos, value } of shape.map(map.get('weights')?.value, 'weights')?.entries ?? []) {
    const segments = scope.segments() ?? [];
    if (!segments.includes(key)) {
      shape.problems.error(
        keyPos,
        `No segment ${quote(key)}. Expected ${segments.length === 0 ? 'segments: to name one' : listOf(segments)}.`,
        nearest(key, segments),
      );
      continue;
    }
    const weight = shape.number(value, 'A weight', 0, 1_000_000);
    if (weight !== null) weights.push([key, weight]);
  }
  return {
    label: (labelNode === undefined ? null : shape.text(labelNode, 'label')) ?? labelOf(name),
    weight: weightNode === undefined ? 1 : (shape.number(weightNode, 'weight', 0, 1_000_000) ?? 1),
    segmentWeights: record(weights),
  };
}

function readMeasure(
  shape: Shape,
  scope: RuleScope,
  { key: name, keyPos, value: node }: YamlEntry,
  make: ConditionMaker,
  nodes: Node[],
): Measure | null {
  const { problems } = shape;
  const map = shape.map(node, `The measure ${name}`);
  if (map === null) return null;
  shape.keys(
    map,
    ['label', 'weight', 'weights', 'value', 'scale', 'cases', 'missing', 'half_life'],
    `the measure ${name}`,
  );
  const valueNode = map.get('value')?.value;
  const scaleNode = map.get('scale')?.value;
  const casesNode = map.get('cases')?.value;
  if ((valueNode === undefined) === (casesNode === undefined)) {
    problems.error(keyPos, `The measure ${name} needs either value: with scale:, or cases:.`);
    return null;
  }
  if ((valueNode === undefined) !== (scaleNode === undefined)) {
    problems.error(
      scaleNode?.pos ?? keyPos,
      '`value` and `scale` belong together: the scale brings the value to 0-100.',
    );
    return null;
  }
  const value = valueNode === undefined ? null : readNumber(scope, valueNode);
  if (value !== null) nodes.push(value);
  const lifeNode = map.get('half_life')?.value;
  return {
    name,
    position: keyPos,
    ...common(shape, scope, map, name),
    missing: readMissing(shape, map.get('missing')?.value),
    value: value && make.number(value),
    scale: scaleNode === undefined ? null : readScale(shape, scaleNode),
    cases: casesNode === undefined ? null : readCases(shape, scope, casesNode, make, nodes),
    halfLife: lifeNode === undefined ? null : readHalfLife(shape, scope, lifeNode, make, nodes),
  };
}

function readMissing(shape: Shape, node: YamlNode | undefined): Measure['missing'] {
  if (node === undefined) return 'skip';
  if (node.kind === 'scalar') {
    if (node.source === 'skip' || node.source === 'zero') return node.source;
    if (typeof node.value === 'number' && node.value >= 0 && node.value <= 100) return node.value;
  }
  shape.problems.error(node.pos, 'missing: expected skip (default), zero, or a number from 0 to 100.');
  return 'skip';
}

function readScale(shape: Shape, node: YamlNode): Measure['scale'] {
  const points: { readonly at: number; readonly score: number; readonly pos: Position }[] = [];
  const point = (at: number | null, scoreNode: YamlNode | undefined, pos: Position): void => {
    const score =
      scoreNode === undefined ? null : shape.number(scoreNode, 'The score of a scale point', 0, 100);
    if (at !== null && score !== null) points.push({ at, score, pos });
  };
  if (node.kind === 'map') {
    for (const { key, keyPos, value } of node.entries) {
      const at = key.trim() === '' ? Number.NaN : Number(key);
      if (!Number.isFinite(at))
        shape.problems.error(keyPos, `Found ${quote(key)}; expected a number: value: score.`);
      else point(at, value, keyPos);
    }
  } else {
    for (const item of shape.list(node, 'scale')) {
      const [at, score, ...more] = item.kind === 'list' ? item.items : [];
      if (at === undefined || score === undefined || more.length > 0) {
        shape.problems.error(item.pos, 'A point of a scale: expected [value, score].');
      } else
        point(
          shape.number(at, 'The value of a scale point', -Number.MAX_VALUE, Number.MAX_VALUE),
          score,
          item.pos,
        );
    }
  }
  points.sort((a, b) => a.at - b.at);
  for (const [index, { at, pos }] of points.entries()) {
    if (index > 0 && points[index - 1]?.at === at)
      shape.problems.error(pos, `Two points at ${at}. Keep one.`);
  }
  if (points.length === 1)
    shape.problems.error(node.pos, 'A scale needs at least two points, such as { 0: 0, 5: 100 }.');
  return points.map(({ at, score }) => ({ at, score }));
}

function readCases(
  shape: Shape,
  scope: RuleScope,
  node: YamlNode,
  make: ConditionMaker,
  nodes: Node[],
): Measure['cases'] {
  const items = shape.list(node, 'cases');
  if (items.length === 0)
    shape.problems.error(node.pos, 'cases: expected at least one { when: …, score: … }.');
  return items.flatMap((item, index) => {
    const map = shape.map(item, 'A case');
    if (map === null) return [];
    shape.keys(map, ['when', 'score', 'else'], 'a case');
    const otherwise = map.get('else')?.value;
    const when = map.get('when')?.value;
    const scoreNode = otherwise ?? map.get('score')?.value;
    if (scoreNode === undefined || (otherwise === undefined) === (when === undefined)) {
      shape.problems.error(
        map.pos,
        'A case is { when: condition, score: 0-100 }, the last may be { else: 0-100 }.',
      );
      return [];
    }
    if (otherwise !== undefined && index < items.length - 1) {
      shape.problems.error(map.pos, 'Cases after else: are never looked at. Put it last.');
    }
    const score = shape.number(scoreNode, 'The score of a case', 0, 100);
    const rule = when === undefined ? null : readCondition(scope, when);
    if (score === null || (when !== undefined && rule === null)) return [];
    if (rule !== null) nodes.push(rule);
    return [{ when: rule && make.condition(rule), score }];
  });
}

function readHalfLife(
  shape: Shape,
  scope: RuleScope,
  node: YamlNode,
  make: ConditionMaker,
  nodes: Node[],
): Measure['halfLife'] {
  const map = shape.map(node, 'half_life');
  if (map === null) return null;
  shape.keys(map, ['after', 'since'], 'half_life');
  const after = map.get('after')?.value;
  const sinceNode = map.get('since')?.value;
  if (after === undefined || sinceNode === undefined) {
    shape.problems.error(
      map.pos,
      'half_life needs after: (a duration) and since: (a date), for example { after: 90d, since: { max: surveys.at } }.',
    );
    return null;
  }
  const duration = readDuration(scope, after);
  const since = readInstant(scope, sinceNode);
  if (duration === null || since === null) return null;
  nodes.push(since);
  return { duration, since: make.number(since) };
}
