import type {
  AggregateNode,
  BoolNode,
  Comparator,
  GroupNode,
  LiteralNode,
  QuantNode,
  ValueNode,
} from './tree.ts';
import { exprOf, listText, resultPath } from './write-expr.ts';

/** Plain data that is YAML and JSON alike: what a rule builder shows, changes and saves (J6). */
export type RuleData = boolean | number | string | readonly RuleData[] | { readonly [key: string]: RuleData };

/**
 * A condition of a loaded mapping in the structured spelling. Read again it is the same tree: what has no structured
 * form (arithmetic, a field compared with a field, lists inside lists) stands as `expr:`, each in its own place.
 * A number comes back in its shortest form, and variables may be called otherwise.
 */
export function writeCondition(node: BoolNode): RuleData {
  switch (node.op) {
    case 'const':
      return node.value;
    case 'named':
      return node.name;
    case 'segment':
      return { segment: node.name };
    case 'not':
      return { not: writeCondition(node.item) };
    case 'any':
      return { any: node.items.map(writeCondition) };
    case 'all':
      return together(node) ?? { all: node.items.map(writeCondition) };
    case 'quant':
      return quantified(node) ?? { expr: exprOf(node) };
    default: {
      const tested = predicateOf(node, topPath);
      if (tested !== null) return { [tested.path]: shortest(tested.tests) };
      return aggregateTest(node) ?? { expr: exprOf(node) };
    }
  }
}

/** A value of a measure, as `value:`, `since:` and the parts of `ratio:` take it. */
export function writeValue(node: ValueNode): RuleData {
  if (node.op === 'field' || node.op === 'result') return topPath(node) ?? { expr: exprOf(node) };
  if (node.op === 'aggregate') return aggregate(node) ?? { expr: exprOf(node) };
  if (node.op === 'days_since') return { days_since: writeValue(node.of) };
  if (node.op === 'arith' && node.fn === '/') {
    const parts = [node.left, node.right];
    if (parts.every(({ op }) => op !== 'literal')) return { ratio: parts.map(writeValue) };
  }
  return { expr: exprOf(node) };
}

/** Tests of one value, by their key: `{ gte: 2, lt: 5 }`. */
interface Tested {
  readonly path: string;
  readonly tests: Readonly<Record<string, RuleData>>;
  /** Absent: the test does not ask about case. */
  readonly sensitive?: boolean;
}

type PathOf = (node: ValueNode) => string | null;

const topPath: PathOf = (node) => {
  if (node.op === 'field') return typeof node.scope === 'string' ? `${node.scope}.${node.field}` : null;
  return node.op === 'result' && typeof node.of !== 'object' ? node.path : null;
};

function itemPath(slot: number): PathOf {
  return (node) => {
    if (node.op === 'field')
      return typeof node.scope === 'object' && node.scope.slot === slot ? node.field : null;
    if (node.op !== 'result' || typeof node.of !== 'object' || node.of.slot !== slot) return null;
    return resultPath(node);
  };
}

/** One test, or several tests of one value, without a form for its left side when that has no path. */
function predicateOf(node: BoolNode, pathOf: PathOf): Tested | null {
  if (node.op === 'all') {
    const parts = node.items.map((item) => (item.op === 'all' ? null : predicateOf(item, pathOf)));
    return parts.includes(null) ? null : joined(parts as readonly Tested[]);
  }
  const left = leftOf(node);
  const path = left === null ? null : pathOf(left);
  const tests = testsOf(node);
  if (path === null || tests === null) return null;
  return 'sensitive' in node ? { path, tests, sensitive: node.sensitive } : { path, tests };
}

/** `{ gt: 1 }` and `{ not: 5 }` of one value are `{ gt: 1, not: 5 }`. */
function joined(parts: readonly Tested[]): Tested | null {
  const [first] = parts;
  if (first === undefined || parts.some(({ path }) => path !== first.path)) return null;
  const keys = parts.flatMap(({ tests }) => Object.keys(tests).filter((key) => key !== 'case'));
  const asking = parts.filter(({ sensitive }) => sensitive !== undefined);
  if (new Set(keys).size !== keys.length) return null;
  if (new Set(asking.map(({ sensitive }) => sensitive)).size > 1) return null;
  return { path: first.path, tests: Object.assign({}, ...parts.map(({ tests }) => tests)) };
}

function leftOf(node: BoolNode): ValueNode | null {
  switch (node.op) {
    case 'compare':
    case 'in':
    case 'text':
    case 'window':
      return node.left;
    case 'exists':
      return node.item;
    default:
      return null;
  }
}

const TESTS: Readonly<Record<Comparator, string>> = {
  eq: 'eq',
  ne: 'not',
  lt: 'lt',
  lte: 'lte',
  gt: 'gt',
  gte: 'gte',
};

function testsOf(node: BoolNode): Readonly<Record<string, RuleData>> | null {
  const cased = 'sensitive' in node && node.sensitive ? { case: 'sensitive' } : {};
  switch (node.op) {
    case 'compare':
      return node.right.op === 'literal' ? { [TESTS[node.cmp]]: literal(node.right), ...cased } : null;
    case 'in':
      return { [node.negated ? 'not_in' : 'in']: node.values.map(literal), ...cased };
    case 'text':
      return { [node.test]: node.value, ...cased };
    case 'window':
      return { [node.test]: node.duration.text };
    case 'exists':
      return { [node.negated ? 'missing' : 'exists']: true };
    default:
      return null;
  }
}

function literal({ source, type, value }: LiteralNode): RuleData {
  return type === 'number' || type === 'boolean' ? value : source;
}

/** `{ eq: x }` is `x`, `{ in: [a, b] }` is `[a, b]`. */
function shortest(tests: Readonly<Record<string, RuleData>>): RuleData {
  const [key, ...more] = Object.keys(tests);
  return more.length === 0 && (key === 'eq' || key === 'in') ? (tests[key] as RuleData) : tests;
}

/** Conditions about different values in one map, where nothing but paths stands in it. */
function together(node: GroupNode): RuleData | null {
  const one = predicateOf(node, topPath);
  if (one !== null) return { [one.path]: shortest(one.tests) };
  const parts = node.items.map((item) => predicateOf(item, topPath));
  return parts.includes(null)
    ? null
    : distinct((parts as readonly Tested[]).map(({ path, tests }) => [path, shortest(tests)]));
}

function distinct(
  entries: readonly (readonly [string, RuleData])[],
): { readonly [key: string]: RuleData } | null {
  return new Set(entries.map(([key]) => key)).size === entries.length ? Object.fromEntries(entries) : null;
}

function quantified({ list, quant, slot, where }: QuantNode): RuleData | null {
  if (where === null) return { [quant]: listText(list) };
  const inner = whereOf(where, slot);
  return inner && { [quant]: listText(list), where: inner };
}

function aggregate({
  fn,
  list,
  of,
  slot,
  where,
}: AggregateNode): { readonly [key: string]: RuleData } | null {
  const field = of === null ? '' : of.op === 'field' ? itemPath(slot)(of) : null;
  const inner = where === null ? null : whereOf(where, slot);
  if (field === null || (where !== null && inner === null)) return null;
  return {
    [fn]: field === '' ? listText(list) : `${listText(list)}.${field}`,
    ...(inner === null ? {} : { where: inner }),
  };
}

function aggregateTest(node: BoolNode): RuleData | null {
  const left = leftOf(node);
  if (left?.op !== 'aggregate') return null;
  const form = aggregate(left);
  const tests = testsOf(node);
  return form && tests && { ...form, ...tests };
}

type Where = { readonly [key: string]: RuleData };

/** Null: something in it is no test of the item's own fields. */
function whereOf(node: BoolNode, slot: number): Where | null {
  const one = predicateOf(node, itemPath(slot));
  if (one !== null) return { [one.path]: shortest(one.tests) };
  switch (node.op) {
    case 'not': {
      const inner = whereOf(node.item, slot);
      return inner && { not: inner };
    }
    case 'any': {
      const items = wheres(node, slot);
      return items && { any: items };
    }
    case 'all': {
      const items = wheres(node, slot);
      if (items === null) return null;
      // Fields, any: and not: may stand in one map; it is read as all of them, in order.
      const single = items.every((item) => Object.keys(item).length === 1);
      const merged = single ? distinct(items.flatMap((item) => Object.entries(item))) : null;
      return merged ?? { all: items };
    }
    default:
      return null;
  }
}

function wheres(node: GroupNode, slot: number): readonly Where[] | null {
  const items = node.items.map((item) => whereOf(item, slot));
  return items.includes(null) ? null : (items as readonly Where[]);
}
