import { group, not } from './build.ts';
import { aggregateNode, quant, segmentNode } from './build-list.ts';
import { quote } from './problems.ts';
import { readExprCondition } from './read-expr.ts';
import { readPredicate, readTests } from './read-predicate.ts';
import { isList, resolveItemPath, resolveList, resolvePath } from './resolve.ts';
import { type Env, opened, type RuleScope, unknown } from './scope.ts';
import type { YamlEntry, YamlMap, YamlNode } from './source.ts';
import type { AggregateName, AggregateNode, BoolNode, ListRef, ValueNode } from './tree.ts';
import type { Position } from './types.ts';

/* The structured spelling (J6). A rule builder reads and writes it without loss: every form below stands for exactly
 * one node of the tree, in the order written, and nothing else is allowed.
 *
 *   condition  = true | false
 *              | name                                 a condition from define:, short for {is: name}
 *              | { all: [condition…] } | { any: [condition…] } | { not: condition }
 *              | { some|none|every: list, where?: where }
 *              | { count: list, where?: where, …tests }
 *              | { sum|min|max|avg|latest: list.field, where?: where, …tests }
 *              | { is: name } | { segment: name } | { segment: [name…] }
 *              | { expr: text }
 *              | { path: predicate, … }               person.email, account.arr, journey.stage,
 *                                                      journeys.x.stage, health.x.band; several must all hold
 *   where      = { field: predicate, … }              fields of the item; several must all hold
 *              | { all|any: [where…] } | { not: where }
 *   predicate  = value                                equals
 *              | [value…]                             one of
 *              | { eq, not, in, not_in, gt, gte, lt, lte, between: [a, b], contains, starts_with, ends_with,
 *                  within, within_next, older_than, before, after, exists: true, missing: true,
 *                  case: sensitive }                  several must all hold
 *   list       = people | deals | tickets | touchpoints | surveys | account.<list> in a person journey
 *
 * A comparison of something without a value is false (J8). `every` of an empty list is true, `some` of one false.
 * Operators and paths do not stand in one map: what belongs together is then always said by all: or any:. */

const QUANTIFIERS = ['some', 'none', 'every'] as const;
export const AGGREGATES = ['count', 'sum', 'min', 'max', 'avg', 'latest'] as const;
export const OPERATORS = [
  'all',
  'any',
  'not',
  ...QUANTIFIERS,
  ...AGGREGATES,
  'is',
  'segment',
  'expr',
] as const;
type Operator = (typeof OPERATORS)[number];

export function readCondition(scope: RuleScope, node: YamlNode): BoolNode | null {
  if (node.kind === 'scalar') {
    if (typeof node.value === 'boolean') {
      return { op: 'const', pos: node.pos, size: 1, depth: 1, value: node.value };
    }
    if (node.value === null) {
      scope.problems.error(node.pos, 'Found nothing; expected a condition.');
      return null;
    }
    return scope.define(node.source, node.pos);
  }
  if (node.kind === 'list') {
    scope.problems.error(node.pos, 'Found a list; expected a condition. Write all: or any: before the list.');
    return null;
  }
  const operator = node.entries.find(({ key }) => (OPERATORS as readonly string[]).includes(key));
  if (operator !== undefined) return readOperator(scope, node, operator);
  if (node.entries.length === 0) {
    scope.problems.error(node.pos, 'Found an empty map; expected a condition.');
    return null;
  }
  return group(
    scope,
    node.pos,
    'all',
    node.entries.map(({ key, keyPos, value }) => readPredicate(scope, resolveKey(scope, keyPos, key), value)),
  );
}

function resolveKey(scope: RuleScope, pos: Position, key: string): ValueNode | null {
  if (!key.includes('.') && !isList(key) && key !== 'person' && key !== 'account') {
    // A lone word is more often a mistyped operator than a fact.
    return unknown(scope, pos, 'condition', key, [
      ...OPERATORS,
      'person.<field>',
      'account.<field>',
      'journey.stage',
    ]);
  }
  return resolvePath(scope, pos, key.split('.'), []);
}

function readOperator(scope: RuleScope, map: YamlMap, operator: YamlEntry): BoolNode | null {
  const { keyPos, value } = operator;
  const key = operator.key as Operator;
  const rest = map.entries.filter((entry) => entry !== operator);
  const alone = (): void => {
    for (const entry of rest) {
      scope.problems.error(
        entry.keyPos,
        `\`${entry.key}\` stands beside \`${key}\`. Expected one condition per map: put both into a list under all: or any:.`,
      );
    }
  };
  switch (key) {
    case 'all':
    case 'any':
      alone();
      return readList(scope, keyPos, key, value, (item) => readCondition(scope, item));
    case 'not':
      alone();
      return not(scope, keyPos, readCondition(scope, value));
    case 'is':
      alone();
      if (value.kind === 'scalar') return scope.define(value.source, value.pos);
      scope.problems.error(value.pos, `Found a ${value.kind}; expected a name from define:.`);
      return null;
    case 'segment':
      alone();
      return readSegment(scope, keyPos, value);
    case 'expr':
      alone();
      return readExprCondition(scope, value);
    case 'some':
    case 'none':
    case 'every':
      return readQuantifier(scope, map, operator, key);
    default: {
      const aggregate = readAggregate(scope, map, operator);
      const tests = rest.filter((entry) => entry.key !== 'where');
      if (tests.length === 0) {
        scope.problems.error(keyPos, `\`${key}\` gives a value. Expected a test beside it, such as gte: 2.`);
        return null;
      }
      return readTests(scope, aggregate, tests, keyPos);
    }
  }
}

function readList(
  scope: RuleScope,
  pos: Position,
  op: 'all' | 'any',
  value: YamlNode,
  read: (item: YamlNode) => BoolNode | null,
): BoolNode | null {
  if (value.kind !== 'list' || value.items.length === 0) {
    scope.problems.error(value.pos, `Expected a list of at least one condition under ${op}:.`);
    return null;
  }
  return group(scope, pos, op, value.items.map(read));
}

export function readSegment(scope: RuleScope, pos: Position, value: YamlNode): BoolNode | null {
  if (value.kind === 'list' && value.items.length > 0) {
    return group(
      scope,
      pos,
      'any',
      value.items.map((item) => readSegment(scope, item.pos, item)),
    );
  }
  if (value.kind !== 'scalar') {
    scope.problems.error(
      value.pos,
      `Found a ${value.kind}; expected the name of a segment, or a list of them.`,
    );
    return null;
  }
  return segmentNode(scope, value.pos, value.source);
}

function readQuantifier(
  scope: RuleScope,
  map: YamlMap,
  operator: YamlEntry,
  key: (typeof QUANTIFIERS)[number],
): BoolNode | null {
  const rest = map.entries.filter((entry) => entry !== operator && entry.key !== 'where');
  for (const entry of rest) {
    if (entry.key in { gte: 0, gt: 0, lte: 0, lt: 0, eq: 0 }) {
      scope.problems.error(
        entry.keyPos,
        `\`${entry.key}\` stands beside \`${key}\`. To ask how many, use count:.`,
        'count',
      );
    } else unknown(scope, entry.keyPos, `key beside ${key}`, entry.key, ['where'], fieldHint(entry.key));
  }
  const list = listName(scope, operator);
  if (list === null) return null;
  if (key === 'every' && map.get('where') === undefined) {
    scope.problems.error(operator.keyPos, '`every` needs where: to say what every item must be.');
    return null;
  }
  const item = opened(scope, [], list, null, operator.keyPos);
  if (item === null) return null;
  const where = readWhere(scope, map.get('where'), [item]);
  if (where === undefined) return null;
  return quant(scope, operator.keyPos, { quant: key, list, slot: item.slot }, where);
}

function fieldHint(key: string): string {
  return ` If \`${key}\` is a field of the items, put it under where:.`;
}

function listName(scope: RuleScope, { value }: YamlEntry): ListRef | null {
  if (value.kind === 'scalar' && typeof value.value === 'string') {
    return resolveList(scope, value.pos, value.source.split('.'));
  }
  scope.problems.error(value.pos, 'Expected the name of a list, such as deals or account.tickets.');
  return null;
}

/** `{count: list}`, `{sum: list.field}` with an optional `where`; the tests beside it are left to the caller. */
export function readAggregate(scope: RuleScope, map: YamlMap, operator: YamlEntry): AggregateNode | null {
  const fn = operator.key as AggregateName;
  const { value, keyPos } = operator;
  const path = value.kind === 'scalar' && typeof value.value === 'string' ? value.source.split('.') : [];
  if (path.length === 0) {
    const form = fn === 'count' ? 'a list, such as touchpoints' : 'a field of a list, such as deals.amount';
    scope.problems.error(
      value.pos,
      `Found ${quote(value.kind === 'scalar' ? value.source : value.kind)}; expected ${form}.`,
    );
    return null;
  }
  const field = fn === 'count' ? null : path.at(-1);
  const list = resolveList(scope, value.pos, fn === 'count' ? path : path.slice(0, -1));
  if (list === null) return null;
  const item = opened(scope, [], list, null, keyPos);
  if (item === null) return null;
  const of = field === null || field === undefined ? null : resolveItemPath(scope, value.pos, [field], item);
  const where = readWhere(scope, map.get('where'), [item]);
  if (where === undefined || (field !== null && of === null)) return null;
  return aggregateNode(scope, keyPos, { fn, list, slot: item.slot, where, of });
}

/** Null: there is no `where`; undefined: it is wrong, and reported. */
function readWhere(scope: RuleScope, entry: YamlEntry | undefined, env: Env): BoolNode | null | undefined {
  if (entry === undefined) return null;
  return whereOf(scope, entry.value, env) ?? undefined;
}

function whereOf(scope: RuleScope, node: YamlNode, env: Env): BoolNode | null {
  const item = env.at(-1);
  if (node.kind !== 'map' || node.entries.length === 0 || item === undefined) {
    scope.problems.error(
      node.pos,
      'Expected fields of the item with their predicates, such as { won: true }.',
    );
    return null;
  }
  return group(
    scope,
    node.pos,
    'all',
    node.entries.map(({ key, keyPos, value }) => {
      if (key === 'all' || key === 'any') {
        return readList(scope, keyPos, key, value, (inner) => whereOf(scope, inner, env));
      }
      if (key === 'not') return not(scope, keyPos, whereOf(scope, value, env));
      return readPredicate(scope, resolveItemPath(scope, keyPos, key.split('.'), item), value);
    }),
  );
}
