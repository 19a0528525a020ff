import type { ConditionMaker } from './condition.ts';
import { zonedDuration } from './duration.ts';
import { readGroup } from './load-measures.ts';
import { readCondition } from './read-condition.ts';
import { readDuration } from './read-predicate.ts';
import type { RuleScope } from './scope.ts';
import { labelOf, named, type Shape } from './shape.ts';
import type { YamlEntry, YamlMap, YamlNode } from './source.ts';
import type { Node } from './tree.ts';
import type { HealthModel } from './types.ts';

/* Health (J18-J21):
 *
 *   health:
 *     min_coverage: 50%       share of weight that must have data      (default 50%)
 *     neutral: 50             what drags and lifts are measured from   (default 50)
 *     hysteresis: 3           points past a bound before a band is left (default 0)
 *     write_step: 5           the score is written when it differs by this much (default 5)
 *     trend: 30d              the trend compares with the score so long ago (default 30d)
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

const TREND = { text: '30d', days: 30, ms: 0 };

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
    ['min_coverage', 'neutral', 'hysteresis', 'write_step', 'trend', 'bands', 'caps', 'groups'],
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
      trend: readTrend(scope, map),
      position: entry.keyPos,
    },
  };
}

function readTrend(scope: RuleScope, map: YamlMap): HealthModel['trend'] {
  const node = map.get('trend')?.value;
  return (node === undefined ? null : readDuration(scope, node)) ?? zonedDuration(TREND, scope.zone);
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
