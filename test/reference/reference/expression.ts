import { span } from './local-time.ts';
import type { Compared, Items, Rule, Value } from './rule.ts';
import { constant, listAt, type Reach, type Scope, valueAt } from './scope.ts';
import { parse, type Syntax } from './syntax.ts';

/** The spelling `expr:` (J6), to the same rules as the structured one. */
export function readExpression(scope: Scope, text: string): Rule {
  return reader(scope).rule(parse(text), []);
}

export function readExpressionValue(scope: Scope, text: string): Value {
  return reader(scope).value(parse(text), []);
}

interface Reader {
  rule(node: Syntax, reach: readonly Reach[]): Rule;
  value(node: Syntax, reach: readonly Reach[]): Value;
}

const TEXT_TESTS: Readonly<Record<string, 'contains' | 'starts_with' | 'ends_with'>> = {
  contains: 'contains',
  startsWith: 'starts_with',
  endsWith: 'ends_with',
};
const SIGNS = ['==', '!=', '<', '<=', '>', '>='];

function reader(scope: Scope): Reader {
  /** A list, filtered, and what each of its items is mapped to. */
  const items = (
    node: Syntax,
    reach: readonly Reach[],
  ): { readonly items: Items; readonly of: Value | null } => {
    if (node.is === 'path') return { items: { ...listAt(scope, node.path), where: null }, of: null };
    if (node.is !== 'method') throw new Error(`No list: ${node.is}.`);
    const { items: before } = items(node.on, reach);
    const inside = entered(node, before, reach);
    if (node.name === 'map') return { items: before, of: value(node.args[1] as Syntax, inside) };
    return { items: narrowed(before, rule(node.args[1] as Syntax, inside)), of: null };
  };
  const entered = (
    { args }: Extract<Syntax, { is: 'method' }>,
    { item, list }: Items,
    reach: readonly Reach[],
  ): readonly Reach[] => {
    const variable = args[0] as Extract<Syntax, { is: 'path' }>;
    return [...reach, { name: variable.path, list, item }];
  };

  const rule = (node: Syntax, reach: readonly Reach[]): Rule => {
    switch (node.is) {
      case 'literal':
        return { is: 'always', value: node.value === true };
      case 'unary':
        return { is: 'not', rule: rule(node.of, reach) };
      case 'binary':
        if (node.sign === '&&' || node.sign === '||') {
          const rules = [rule(node.left, reach), rule(node.right, reach)];
          return { is: node.sign === '&&' ? 'all' : 'any', rules };
        }
        return node.sign === 'in' ? member(node.left, node.right, reach) : compare(node, reach);
      case 'call':
        return { is: 'exists', value: value(node.args[0] as Syntax, reach) };
      case 'method': {
        const test = TEXT_TESTS[node.name];
        if (test !== undefined) {
          const [wanted] = node.args as [Extract<Syntax, { is: 'literal' }>];
          return { is: test, left: value(node.on, reach), text: wanted.source, sensitive: false };
        }
        const { items: before } = items(node.on, reach);
        const inner = rule(node.args[1] as Syntax, entered(node, before, reach));
        if (node.name === 'exists') return { is: 'some', items: narrowed(before, inner) };
        return { is: 'none', items: narrowed(before, { is: 'not', rule: inner }) };
      }
      case 'path': {
        const defined = reach.some(({ name }) => name === node.path) ? null : scope.define(node.path);
        if (defined !== null) return defined;
        const yes: Value = { is: 'constant', kind: 'boolean', value: true };
        return { is: 'compare', sign: '==', left: value(node, reach), right: yes, sensitive: false };
      }
      default:
        throw new Error(`No condition: ${node.is}.`);
    }
  };

  const compare = (
    { left, right, sign }: Extract<Syntax, { is: 'binary' }>,
    reach: readonly Reach[],
  ): Rule => {
    if (!SIGNS.includes(sign)) throw new Error(`No comparison: ${sign}.`);
    if (right.is === 'literal' && right.value === null) {
      const exists: Rule = { is: 'exists', value: value(left, reach) };
      return sign === '!=' ? exists : { is: 'not', rule: exists };
    }
    const [a, b] = pair(left, right, reach);
    return { is: 'compare', sign: sign as Compared, left: a, right: b, sensitive: false };
  };
  /** Two sides; a literal is read as the kind of the other side wants it. */
  const pair = (left: Syntax, right: Syntax, reach: readonly Reach[]): readonly [Value, Value] => {
    if (left.is === 'literal' && right.is !== 'literal') {
      const b = value(right, reach);
      return [constant(scope, b.kind, left), b];
    }
    const a = value(left, reach);
    return [a, right.is === 'literal' ? constant(scope, a.kind, right) : value(right, reach)];
  };
  const member = (left: Syntax, right: Syntax, reach: readonly Reach[]): Rule => {
    if (right.is === 'path' && right.path === 'segments') {
      return { is: 'segment', name: (left as Extract<Syntax, { is: 'literal' }>).source };
    }
    if (right.is === 'list') {
      const rules = right.items.map((item): Rule => {
        const [a, b] = pair(left, item, reach);
        return { is: 'compare', sign: '==', left: a, right: b, sensitive: false };
      });
      return { is: 'any', rules };
    }
    const { items: among, of } = items(right, reach);
    if (of === null) throw new Error('A list of items has no values.');
    const wanted = left.is === 'literal' ? constant(scope, of.kind, left) : value(left, reach);
    const same: Rule = { is: 'compare', sign: '==', left: of, right: wanted, sensitive: false };
    return { is: 'some', items: narrowed(among, same) };
  };

  const value = (node: Syntax, reach: readonly Reach[]): Value => {
    switch (node.is) {
      case 'literal': {
        const kind = typeof node.value === 'string' ? 'text' : (typeof node.value as 'number' | 'boolean');
        return constant(scope, kind, node);
      }
      case 'path':
        return valueAt(node.path, reach);
      case 'unary': {
        const zero: Value = { is: 'constant', kind: 'number', value: 0 };
        return { is: 'arithmetic', kind: 'number', sign: '-', left: zero, right: value(node.of, reach) };
      }
      case 'binary': {
        const [left, right] = [value(node.left, reach), value(node.right, reach)];
        return { is: 'arithmetic', kind: 'number', sign: node.sign, left, right };
      }
      case 'call': {
        const [only] = node.args as [Syntax];
        if (node.name === 'ago') {
          return { is: 'ago', kind: 'instant', span: span((only as { source: string }).source) };
        }
        if (node.name === 'days_since') return { is: 'days since', kind: 'number', of: value(only, reach) };
        return over(node.name, only, reach);
      }
      case 'method':
        return over(node.name, node.on, reach);
      case 'list':
        throw new Error('No value: a list.');
    }
  };
  const over = (name: string, node: Syntax, reach: readonly Reach[]): Value => {
    const { items: among, of } = items(node, reach);
    if (name === 'size') return { is: 'over', kind: 'number', fn: 'count', items: among, of: null };
    const fn = name as 'sum' | 'min' | 'max' | 'avg';
    return { is: 'over', kind: of?.kind ?? 'number', fn, items: among, of };
  };
  return { rule, value };
}

function narrowed(items: Items, rule: Rule): Items {
  return { ...items, where: items.where === null ? rule : { is: 'all', rules: [items.where, rule] } };
}
