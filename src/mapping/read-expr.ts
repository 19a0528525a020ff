import {
  compare,
  conjoin,
  exists,
  group,
  isIn,
  isRaw,
  not,
  type Operand,
  plainLiteral,
  type RawLiteral,
  textTest,
} from './build.ts';
import { aggregateNode, quant, segmentNode } from './build-list.ts';
import { type CelNode, parseCel, pathOf } from './cel.ts';
import { DURATION_FORM, parseSpan, zonedDuration } from './duration.ts';
import { listOf, nearest, quote } from './problems.ts';
import { type ExprReader, type ListReader, listReader, type Pipeline } from './read-expr-list.ts';
import { durationHint, guess } from './read-predicate.ts';
import { resolvePath, topNames } from './resolve.ts';
import { type Env, type RuleScope, sized } from './scope.ts';
import type { YamlNode, YamlScalar } from './source.ts';
import type { ArithNode, BoolNode, Comparator, ValueNode } from './tree.ts';
import type { Position } from './types.ts';

/* The spelling `expr:` (J6): a subset of CEL.
 *
 *   literals         'text', 12, 1.5, true, false, null (only beside == and !=)
 *   fields           person.email, account.arr, journey.stage, journeys.x.stage, health.x.band, d.amount
 *   comparison       == != < <= > >=    x == null: has no value · x != null, has(x): has one
 *   logic            && || !            and the names of define:
 *   arithmetic       + - * / %          numbers only; no value in, no value out; a division by 0 has no value
 *   membership       x in ['a', 'b'] · 'enterprise' in segments · 'x' in list.map(d, d.field)
 *   lists            deals, account.tickets, … with .filter(v, …) .map(v, …) .exists(v, …) .all(v, …) .size()
 *   functions        size(list) sum(list) min(list) max(list) avg(list) ago('90d') days_since(date)
 *   text             x.contains('y') x.startsWith('y') x.endsWith('y'), ignoring case like == and in
 *
 * Not in it: now, duration, timestamp, matches, the ternary ?:, indexing, maps. */

const COMPARATORS: Readonly<Record<string, Comparator>> = {
  '==': 'eq',
  '!=': 'ne',
  '<': 'lt',
  '<=': 'lte',
  '>': 'gt',
  '>=': 'gte',
};
const MIRRORED: Readonly<Record<Comparator, Comparator>> = {
  eq: 'eq',
  ne: 'ne',
  lt: 'gt',
  lte: 'gte',
  gt: 'lt',
  gte: 'lte',
};
const TEXT_TESTS: Readonly<Record<string, 'contains' | 'starts_with' | 'ends_with'>> = {
  contains: 'contains',
  startsWith: 'starts_with',
  endsWith: 'ends_with',
};
export const EXPR_FUNCTIONS = ['size', 'sum', 'min', 'max', 'avg', 'ago', 'days_since', 'has'] as const;
const FUNCTIONS: readonly string[] = EXPR_FUNCTIONS;
export const EXPR_METHODS = [
  'filter',
  'map',
  'exists',
  'all',
  'size',
  'contains',
  'startsWith',
  'endsWith',
] as const;
const METHODS: readonly string[] = EXPR_METHODS;

export function readExprCondition(scope: RuleScope, node: YamlNode): BoolNode | null {
  const parsed = parsedScalar(scope, node);
  return parsed && exprReader(scope, parsed.scalar).bool(parsed.ast, []);
}

export function readExprValue(scope: RuleScope, node: YamlNode): ValueNode | null {
  const parsed = parsedScalar(scope, node);
  if (parsed === null) return null;
  const operand = exprReader(scope, parsed.scalar).value(parsed.ast, []);
  return isRaw(operand) ? plainLiteral(scope, operand) : operand;
}

function parsedScalar(
  scope: RuleScope,
  node: YamlNode,
): { readonly scalar: YamlScalar; readonly ast: CelNode } | null {
  if (node.kind !== 'scalar' || node.value === null) {
    scope.problems.error(node.pos, 'Expected an expression as text, for example expr: size(deals) > 2.');
    return null;
  }
  const result = parseCel(node.source);
  if (result.ok) return { scalar: node, ast: result.ast };
  const at = result.offset >= node.source.length ? ' at the end' : '';
  scope.problems.error(node.at(result.offset), `The expression cannot be read: ${result.message}${at}.`);
  return null;
}

function exprReader(scope: RuleScope, scalar: YamlScalar): ExprReader {
  const { problems } = scope;
  const at = (node: CelNode): Position => scalar.at(node.start);
  const fail = (node: CelNode, message: string, suggestion?: string | null): null => {
    problems.error(at(node), message, suggestion);
    return null;
  };
  let lists: ListReader;

  const bool = (node: CelNode, env: Env): BoolNode | null => {
    switch (node.op) {
      case 'value':
        if (typeof node.args === 'boolean') {
          return { op: 'const', pos: at(node), size: 1, depth: 1, value: node.args };
        }
        return fail(node, `Found ${quote(String(node.args))}; expected something that is true or false.`);
      case '&&':
      case '||': {
        const items = flat(node, node.op).map((item) => bool(item, env));
        return group(scope, at(node), node.op === '&&' ? 'all' : 'any', items);
      }
      case '!_':
        return not(scope, at(node), bool(node.args, env));
      case '==':
      case '!=':
      case '<':
      case '<=':
      case '>':
      case '>=':
        return comparison(node, COMPARATORS[node.op] as Comparator, node.args, env);
      case 'in':
        return membership(node, node.args, env);
      case 'call': {
        const [name, args] = node.args;
        const [only, ...more] = args;
        if (name !== 'has' || only === undefined || more.length > 0) break;
        return exists(scope, at(node), valueNode(only, env), false);
      }
      case 'rcall': {
        const [name, receiver, args] = node.args;
        if (name === 'exists' || name === 'all') return lists.quantifier(node, name, receiver, args, env);
        const test = TEXT_TESTS[name];
        const [only, ...more] = args;
        if (test === undefined) break;
        if (only?.op !== 'value' || typeof only.args !== 'string' || more.length > 0) {
          return fail(node, `\`${name}\` takes one text, for example name.${name}('Ltd').`);
        }
        return textTest(scope, at(node), test, valueNode(receiver, env), rawOf(only));
      }
      case 'id':
        if (scope.defineNames.includes(node.args) && !env.some(({ name }) => name === node.args)) {
          return scope.define(node.args, at(node));
        }
    }
    const operand = valueNode(node, env);
    if (operand === null) return null;
    if (operand.type !== 'boolean') return fail(node, `This is ${operand.type}; expected a condition.`);
    const yes: RawLiteral = { raw: true, value: true, source: 'true', pos: at(node) };
    return compare(scope, at(node), 'eq', operand, yes);
  };

  const comparison = (
    node: CelNode,
    cmp: Comparator,
    [left, right]: readonly [CelNode, CelNode],
    env: Env,
  ): BoolNode | null => {
    const nothing = isNull(right) ? left : isNull(left) ? right : null;
    if (nothing !== null) {
      if (cmp !== 'eq' && cmp !== 'ne') return fail(node, 'null may stand beside == and != only.');
      return exists(scope, at(node), valueNode(nothing, env), cmp === 'eq');
    }
    const a = value(left, env);
    const b = value(right, env);
    // The literal to the right, so that texts of conditions read alike in both spellings.
    if (isRaw(a) && !isRaw(b)) return compare(scope, at(node), MIRRORED[cmp], b, a);
    return compare(scope, at(node), cmp, isRaw(a) ? plainLiteral(scope, a) : a, b);
  };

  const membership = (
    node: CelNode,
    [left, right]: readonly [CelNode, CelNode],
    env: Env,
  ): BoolNode | null => {
    if (right.op === 'id' && right.args === 'segments') {
      if (left.op === 'value' && typeof left.args === 'string')
        return segmentNode(scope, at(left), left.args);
      return fail(left, "Expected the name of a segment, for example 'enterprise' in segments.");
    }
    if (right.op === 'list') {
      const values: RawLiteral[] = [];
      for (const item of right.args) {
        const raw = value(item, env);
        if (!isRaw(raw)) return raw === null ? null : fail(item, 'A list after `in` holds literals only.');
        values.push(raw);
      }
      return isIn(scope, at(node), valueNode(left, env), values, false);
    }
    const pipeline = lists.pipeline(right, env);
    if (pipeline === null) return null;
    if (pipeline.of === null) return fail(right, 'Expected values, for example people.map(p, p.role).');
    const same = compare(scope, at(node), 'eq', pipeline.of, value(left, env));
    if (same === null) return null;
    const where = pipeline.where === null ? same : conjoin(scope, at(node), [pipeline.where, same]);
    return (
      where && quant(scope, at(node), { quant: 'some', list: pipeline.list, slot: pipeline.slot }, where)
    );
  };

  const value = (node: CelNode, env: Env): Operand => {
    switch (node.op) {
      case 'value':
        return rawOf(node);
      case 'id':
      case '.': {
        const path = pathOf(node);
        if (path === null) return fail(node, 'Only facts and variables have fields.');
        return resolvePath(scope, at(node), path, env);
      }
      case '-_': {
        const inner = value(node.args, env);
        if (isRaw(inner) && typeof inner.value === 'number') {
          return { ...inner, value: -inner.value, source: `-${inner.source}`, pos: at(node) };
        }
        const zero: RawLiteral = { raw: true, value: 0, source: '0', pos: at(node) };
        return arithmetic(node, '-', zero, inner);
      }
      case '+':
      case '-':
      case '*':
      case '/':
      case '%':
        return arithmetic(node, node.op, value(node.args[0], env), value(node.args[1], env));
      case 'call':
        return call(node, node.args[0], node.args[1], env);
      case 'rcall': {
        const [name, receiver, args] = node.args;
        if (name === 'size' && args.length === 0)
          return aggregate(node, 'size', lists.pipeline(receiver, env));
        if (METHODS.includes(name)) return fail(node, `\`${name}\` gives no single value here.`);
        return fail(node, `Unknown method \`${name}\`. Expected ${listOf(METHODS)}.`, nearest(name, METHODS));
      }
      case '?:':
      case '[]':
      case 'map':
      case 'list':
        return fail(
          node,
          `\`${node.op}\` is not part of expressions here. Use cases:, define: or several conditions.`,
        );
      default:
        return fail(node, 'Found a condition; expected a value.');
    }
  };

  const valueNode = (node: CelNode, env: Env): ValueNode | null => {
    const operand = value(node, env);
    return isRaw(operand) ? plainLiteral(scope, operand) : operand;
  };

  const arithmetic = (
    node: CelNode,
    fn: ArithNode['fn'],
    left: Operand,
    right: Operand,
  ): ValueNode | null => {
    const sides = [left, right].map((side) => (isRaw(side) ? plainLiteral(scope, side) : side));
    const [a, b] = sides;
    if (!a || !b) return null;
    if (a.type !== 'number' || b.type !== 'number') {
      const wrong = a.type === 'number' ? b.type : a.type;
      const hint = wrong === 'instant' ? ' For dates use days_since() and ago().' : '';
      return fail(node, `\`${fn}\` needs numbers, but one side is ${wrong}.${hint}`);
    }
    const base = sized(scope, at(node), [a, b]);
    return base && { op: 'arith', type: 'number', ...base, fn, left: a, right: b };
  };

  const aggregate = (node: CelNode, name: string, pipeline: Pipeline | null): ValueNode | null => {
    if (pipeline === null) return null;
    if (name !== 'size' && pipeline.of === null) {
      return fail(node, `\`${name}\` needs values. Expected for example ${name}(deals.map(d, d.amount)).`);
    }
    const fn = name === 'size' ? 'count' : (name as 'sum' | 'min' | 'max' | 'avg');
    const { list, of, slot, where } = pipeline;
    return aggregateNode(scope, at(node), { fn, list, slot, where, of: fn === 'count' ? null : of });
  };

  const call = (node: CelNode, name: string, args: readonly CelNode[], env: Env): ValueNode | null => {
    const [only, ...more] = args;
    if (!FUNCTIONS.includes(name)) {
      const out =
        name === 'duration' || name === 'timestamp' ? " Use ago('90d') and days_since(date) for time." : '';
      return fail(
        node,
        `Unknown function \`${name}\`. Expected ${listOf(FUNCTIONS)}.${out}`,
        nearest(name, FUNCTIONS),
      );
    }
    if (only === undefined || more.length > 0) return fail(node, `\`${name}\` takes one argument.`);
    if (name === 'has') return fail(node, '`has` gives true or false; expected a value.');
    if (name === 'ago') {
      const text = only.op === 'value' && typeof only.args === 'string' ? only.args : '';
      const span = parseSpan(text);
      if (span === null) {
        return fail(
          only,
          `Bad duration: expected ${DURATION_FORM} in quotes, found ${quote(text)}.${durationHint(text)}`,
          guess(text),
        );
      }
      return {
        op: 'ago',
        type: 'instant',
        pos: at(node),
        size: 1,
        depth: 1,
        duration: zonedDuration(span, scope.zone),
      };
    }
    if (name === 'days_since') {
      const of = valueNode(only, env);
      if (of === null) return null;
      if (of.type !== 'instant' || of.op === 'ago')
        return fail(only, '`days_since` needs a date, such as person.created.');
      const base = sized(scope, at(node), [of]);
      return base && { op: 'days_since', type: 'number', ...base, of };
    }
    return aggregate(node, name, lists.pipeline(only, env));
  };

  const rawOf = (node: CelNode & { op: 'value' }): RawLiteral => {
    const found = node.args;
    const pos = at(node);
    if (typeof found === 'bigint') return { raw: true, value: Number(found), source: String(found), pos };
    if (
      found === null ||
      typeof found === 'boolean' ||
      typeof found === 'number' ||
      typeof found === 'string'
    ) {
      const source = typeof found === 'number' ? node.input.slice(node.start, node.end) : String(found);
      return { raw: true, value: found, source, pos };
    }
    problems.error(pos, 'Found a bytes or unsigned literal; expected a text or a number.');
    return { raw: true, value: 0, source: '0', pos };
  };

  const reader: ExprReader = { scope, at, bool, value };
  lists = listReader(reader, (env) => topNames(scope, env));
  return reader;
}

function isNull(node: CelNode): boolean {
  return node.op === 'value' && node.args === null;
}

/** `a && b && c` is parsed to the left; one list of items reads and explains better. */
function flat(node: CelNode, op: '&&' | '||'): readonly CelNode[] {
  if (node.op !== op) return [node];
  return [...flat(node.args[0], op), ...flat(node.args[1], op)];
}
