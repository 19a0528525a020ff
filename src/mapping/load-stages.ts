import { noStage } from './build.ts';
import type { ConditionMaker } from './condition.ts';
import { quote } from './problems.ts';
import { readCondition } from './read-condition.ts';
import { readDuration } from './read-predicate.ts';
import type { RuleScope } from './scope.ts';
import { labelOf, NAME, type Shape } from './shape.ts';
import type { YamlEntry, YamlMap, YamlNode } from './source.ts';
import type { BoolNode } from './tree.ts';
import type { Position, Segment, Stage } from './types.ts';

/** A stage with the trees of its rules, for the checks that look into them. */
export interface StageRules {
  readonly stage: Stage;
  readonly enter: BoolNode | null;
  readonly stay: BoolNode | null;
  readonly exits: readonly { readonly to: string | null; readonly when: BoolNode }[];
}

const KEYS = [
  'label',
  'enter',
  'stay',
  'from',
  'for',
  'min_stay',
  'exit',
  'terminal',
  'urgent',
  'default',
  'off_path',
  'renamed_from',
];

export function readStages(
  shape: Shape,
  scope: RuleScope,
  entries: readonly YamlEntry[],
  make: ConditionMaker,
): readonly StageRules[] {
  const stages = entries.flatMap((entry) => {
    const { value } = entry;
    // `awareness:` with nothing under it is a stage to be reached by an exit; the checks say what it lacks.
    const empty = value.kind === 'scalar' && value.value === null;
    const map = empty ? emptyMap(entry.keyPos) : shape.map(value, `The stage ${entry.key}`);
    return map === null ? [] : [readStage(shape, scope, entry, map, make)];
  });
  const owner = new Map<string, string>();
  for (const { stage } of stages) {
    for (const old of stage.renamedFrom) {
      const other = owner.get(old);
      owner.set(old, stage.name);
      if (other === undefined) continue;
      shape.problems.error(
        stage.position,
        `\`${other}\` and \`${stage.name}\` both say they were \`${old}\`. Its visits can go to one of them only.`,
      );
    }
  }
  const defaults = stages.filter(({ stage }) => stage.isDefault);
  for (const { stage } of defaults.slice(1)) {
    shape.problems.error(
      stage.position,
      `A second default stage, \`${stage.name}\`; \`${defaults[0]?.stage.name}\` is one. Keep one.`,
    );
  }
  return stages;
}

/** What `renamed_from:` says before the stages themselves are read (J16). */
export function renamedStages(entries: readonly YamlEntry[]): ReadonlyMap<string, string> {
  const renamed = new Map<string, string>();
  for (const { key, value } of entries) {
    const node = value.kind === 'map' ? value.get('renamed_from')?.value : undefined;
    for (const item of node === undefined ? [] : node.kind === 'list' ? node.items : [node]) {
      if (item.kind === 'scalar' && !renamed.has(item.source)) renamed.set(item.source, key);
    }
  }
  return renamed;
}

function emptyMap(pos: Position): YamlMap {
  return { kind: 'map', pos, entries: [], get: () => undefined };
}

function readStage(
  shape: Shape,
  scope: RuleScope,
  { key: name, keyPos }: YamlEntry,
  map: YamlMap,
  make: ConditionMaker,
): StageRules {
  const { problems } = shape;
  shape.keys(map, KEYS, `the stage ${name}`);
  const get = (key: string): YamlNode | undefined => map.get(key)?.value;
  const flag = (key: string): boolean => {
    const node = get(key);
    return node !== undefined && shape.flag(node, key) === true;
  };
  const rule = (key: string): BoolNode | null => {
    const node = get(key);
    return node === undefined ? null : readCondition(scope, node);
  };
  const duration = (key: string): ReturnType<typeof readDuration> => {
    const node = get(key);
    return node === undefined ? null : readDuration(scope, node);
  };
  const enter = rule('enter');
  const stay = rule('stay');
  const fromNode = get('from');
  const from =
    fromNode === undefined
      ? null
      : shape.texts(fromNode, 'from').flatMap(({ text, pos }) => (isStage(scope, text, pos) ? [text] : []));
  const isDefault = flag('default');
  const exits = readExits(shape, scope, get('exit'), name);
  const labelNode = get('label');
  const renamedNode = get('renamed_from');
  const stage: Stage = {
    name,
    label: (labelNode === undefined ? null : shape.text(labelNode, 'label')) ?? labelOf(name),
    position: keyPos,
    offPath: flag('off_path'),
    isDefault,
    terminal: flag('terminal'),
    urgent: flag('urgent'),
    enter: enter && make.condition(enter),
    stay: stay && make.condition(stay),
    from,
    for: duration('for'),
    minStay: duration('min_stay'),
    exit: exits.map(({ to, when }) => ({ to, when: make.condition(when) })),
    renamedFrom: renamedNode === undefined ? [] : readRenamed(shape, scope, renamedNode),
  };
  if (isDefault) {
    for (const key of ['enter', 'from', 'for']) {
      const entry = map.get(key);
      if (entry === undefined) continue;
      problems.error(
        entry.keyPos,
        `A default stage is open to everybody; it takes no ${key}:. Take it out, or take default: out.`,
      );
    }
  } else if (get('for') !== undefined && get('enter') === undefined) {
    problems.error(
      map.get('for')?.keyPos ?? keyPos,
      '`for` says how long `enter` must have held. Expected enter: beside it.',
    );
  }
  return { stage, enter, stay, exits };
}

function readExits(
  shape: Shape,
  scope: RuleScope,
  node: YamlNode | undefined,
  stage: string,
): readonly { readonly to: string | null; readonly when: BoolNode }[] {
  if (node === undefined) return [];
  return shape.list(node, 'exit').flatMap((item) => {
    const map = shape.map(item, 'An exit');
    if (map === null) return [];
    shape.keys(map, ['to', 'when'], 'an exit');
    const to = map.get('to');
    const when = map.get('when');
    if (to === undefined || when === undefined) {
      shape.problems.error(map.pos, 'An exit needs to: (a stage, or none) and when: (a condition).');
      return [];
    }
    const target = shape.text(to.value, 'to');
    const condition = readCondition(scope, when.value);
    if (target === stage) {
      shape.problems.error(to.value.pos, 'An exit leads to another stage, or to none.');
      return [];
    }
    if (target === null || condition === null) return [];
    if (target !== 'none' && !isStage(scope, target, to.value.pos)) return [];
    return [{ to: target === 'none' ? null : target, when: condition }];
  });
}

function isStage(scope: RuleScope, name: string, pos: Position): boolean {
  if (scope.stages.includes(name)) return true;
  noStage(scope, name, pos);
  return false;
}

function readRenamed(shape: Shape, scope: RuleScope, node: YamlNode): readonly string[] {
  return shape.texts(node, 'renamed_from').flatMap(({ text, pos }) => {
    if (scope.stages.includes(text)) {
      shape.problems.error(pos, `\`${text}\` is still a stage of this journey. An old name must be gone.`);
      return [];
    }
    if (NAME.test(text)) return [text];
    shape.problems.error(pos, `Bad name ${quote(text)} of a stage.`);
    return [];
  });
}

/** `segments:` names conditions (J17); the short form `name: condition` has the name as its label. */
export function readSegments(
  shape: Shape,
  scope: RuleScope,
  entries: readonly YamlEntry[],
  make: ConditionMaker,
): readonly { readonly segment: Segment; readonly when: BoolNode }[] {
  return entries.flatMap(({ key: name, value }) => {
    let label = labelOf(name);
    let rule = value;
    const when = value.kind === 'map' ? value.get('when') : undefined;
    if (value.kind === 'map' && when !== undefined) {
      shape.keys(value, ['label', 'when'], `the segment ${name}`);
      const labelNode = value.get('label');
      label = (labelNode === undefined ? null : shape.text(labelNode.value, 'label')) ?? label;
      rule = when.value;
    }
    const node = readCondition(scope, rule);
    return node === null ? [] : [{ segment: { name, label, when: make.condition(node) }, when: node }];
  });
}
