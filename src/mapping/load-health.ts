import type { ConditionMaker } from './condition.ts';
import { listOf, nearest, quote } from './problems.ts';
import { readCondition } from './read-condition.ts';
import { readDuration } from './read-predicate.ts';
import { readInstant, readNumber } from './read-value.ts';
import type { RuleScope } from './scope.ts';
import { labelOf, named, record, type Shape } from './shape.ts';
import type { YamlEntry, YamlMap, YamlNode } from './source.ts';
import type { Node } from './tree.ts';
import type { HealthGroup, HealthModel, Measure, Position } from './types.ts';

/* Health (J18-J21):
 *
 *   health:
 *     min_coverage: 50%       share of weight that must have data      (default 50%)
 *     neutral: 50             what drags and lifts are measured from   (default 50)
 *     hysteresis: 3           points past a bound before a band is left (default 0)
 *     write_step: 5           the score is written when it differs by this much (default 5)
 *     bands: { green: 70, yellow: 40, red: 0 }         lower bounds; or { green: { from: 70, label: Healthy } }
 *     caps: [{ max: 60, when: condition, label: outage open }]
 *     groups:
 *       support:
 *         weight: 30
 *         weights: { enterprise: 40 }                   by segment
 *         measures:
 *           open_tickets:
 *             value: { count: tickets, where: { open: true } }
 *             scale: { 0: 100, 3: 50, 8: 0 }            linear between the points, level beyond them
 *             missing: skip                             skip | zero | a number from 0 to 100
 *             half_life: { after: 90d, since: { max: tickets.created } }
 *           mood:
 *             cases: [{ when: condition, score: 100 }, { else: 50 }] */

export interface HealthReading {
  readonly model: HealthModel;
  /** Every rule and value in it, for the read set. */
  readonly nodes: readonly Node[];
}

export function bandNames(node: YamlNode | undefined): readonly string[] {
  const bands = node?.kind === 'map' ? node.get('bands')?.value : undefined;
  return bands?.kind === 'map' ? bands.entries.map(({ key }) => key) : [];
}

export function readHealth(
  shape: Shape,
  scope: RuleScope,
  entry: YamlEntry,
  make: ConditionMaker,
): HealthReading | null {
  const map = shape.map(entry.value, 'health');
  if (map === null) return null;
  shape.keys(
    map,
    ['min_coverage', 'neutral', 'hysteresis', 'write_step', 'bands', 'caps', 'groups'],
    'health',
  );
  const nodes: Node[] = [];
  const number = (key: string, fallback: number, min: number, max: number): number => {
    const node = map.get(key)?.value;
    return node === undefined ? fallback : (shape.number(node, key, min, max) ?? fallback);
  };
  const bands = readBands(shape, map);
  const groupsMap = shape.map(map.get('groups')?.value, 'groups');
  if (groupsMap === null || groupsMap.entries.length === 0) {
    shape.problems.error(map.pos, 'Health without groups. Expected groups: with measures.');
  }
  const groups = named(shape, groupsMap, 'group').flatMap(
    (group) => readGroup(shape, scope, group, make, nodes) ?? [],
  );
  if (groups.length > 0 && groups.every(({ weight }) => weight === 0)) {
    shape.problems.error(
      groupsMap?.pos ?? map.pos,
      'Every group has the weight 0. Give at least one a weight above 0.',
    );
  }
  const hysteresis = number('hysteresis', 0, 0, 50);
  const widths = bands.slice(1).map((band, index) => (bands[index]?.from ?? 100) - band.from);
  const narrow = Math.min(...widths);
  if (bands.length > 1 && hysteresis >= narrow) {
    shape.problems.error(
      map.get('hysteresis')?.value.pos ?? map.pos,
      `hysteresis: ${hysteresis} is as wide as a band (${narrow} points), so that band could be skipped for good. Expected less.`,
    );
  }
  return {
    nodes,
    model: {
      groups,
      minCoverage: readShare(shape, map.get('min_coverage')?.value) ?? 0.5,
      neutral: number('neutral', 50, 0, 100),
      caps: readCaps(shape, scope, map.get('caps')?.value, make, nodes),
      bands,
      hysteresis,
      writeStep: number('write_step', 5, 1, 100),
      position: entry.keyPos,
    },
  };
}

function readShare(shape: Shape, node: YamlNode | undefined): number | null {
  if (node === undefined) return null;
  const percent = node.kind === 'scalar' ? /^(\d{1,3}(?:\.\d+)?)\s*%$/.exec(node.source) : null;
  const value = percent === null ? (node.kind === 'scalar' ? node.value : null) : Number(percent[1]) / 100;
  if (typeof value === 'number' && value >= 0 && value <= 1) return value;
  shape.problems.error(node.pos, 'min_coverage: expected a share from 0 to 1, or a percentage such as 50%.');
  return null;
}

function readBands(shape: Shape, map: YamlMap): HealthModel['bands'] {
  const node = map.get('bands')?.value;
  if (node === undefined) {
    shape.problems.error(
      map.pos,
      'Health without bands. Expected bands: such as { green: 70, yellow: 40, red: 0 }.',
    );
    return [];
  }
  const bands = named(shape, shape.map(node, 'bands'), 'band').flatMap(({ key: name, keyPos, value }) => {
    let bound: YamlNode | undefined = value;
    let label = labelOf(name);
    if (value.kind === 'map') {
      shape.keys(value, ['from', 'label'], 'a band');
      bound = value.get('from')?.value;
      const labelNode = value.get('label')?.value;
      label = (labelNode === undefined ? null : shape.text(labelNode, 'label')) ?? label;
    }
    if (name === 'unknown') {
      shape.problems.error(
        keyPos,
        '`unknown` is the band of a subject without enough data. Choose another name.',
      );
      return [];
    }
    if (bound === undefined) {
      shape.problems.error(keyPos, 'A band needs from:, its lower bound.');
      return [];
    }
    const from = shape.number(bound, 'The lower bound of a band', 0, 100);
    return from === null ? [] : [{ name, label, from, pos: bound.pos }];
  });
  bands.sort((a, b) => b.from - a.from);
  for (const [index, band] of bands.entries()) {
    if (index > 0 && bands[index - 1]?.from === band.from) {
      shape.problems.error(
        band.pos,
        `The bands ${bands[index - 1]?.name} and ${band.name} begin at ${band.from} both.`,
      );
    }
  }
  const lowest = bands.at(-1);
  if (lowest !== undefined && lowest.from > 0) {
    shape.problems.error(
      lowest.pos,
      `Scores below ${lowest.from} have no band. Expected the lowest band to begin at 0.`,
    );
  }
  return bands.map(({ from, label, name }) => ({ name, label, from }));
}

function readCaps(
  shape: Shape,
  scope: RuleScope,
  node: YamlNode | undefined,
  make: ConditionMaker,
  nodes: Node[],
): HealthModel['caps'] {
  if (node === undefined) return [];
  return shape.list(node, 'caps').flatMap((item) => {
    const map = shape.map(item, 'A cap');
    if (map === null) return [];
    shape.keys(map, ['max', 'when', 'label'], 'a cap');
    const maxNode = map.get('max')?.value;
    const whenNode = map.get('when')?.value;
    if (maxNode === undefined || whenNode === undefined) {
      shape.problems.error(map.pos, 'A cap needs max: (0 to 100) and when: (a condition).');
      return [];
    }
    const max = shape.number(maxNode, 'max', 0, 100);
    const rule = readCondition(scope, whenNode);
    const labelNode = map.get('label')?.value;
    if (max === null || rule === null) return [];
    nodes.push(rule);
    const when = make.condition(rule);
    return [
      { when, max, label: (labelNode === undefined ? null : shape.text(labelNode, 'label')) ?? when.text },
    ];
  });
}

function readGroup(
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
