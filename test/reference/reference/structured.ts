import { readExpression, readExpressionValue } from './expression.ts';
import { span } from './local-time.ts';
import type { Items, Over, Rule, Value } from './rule.ts';
import { constant, itemValue, listAt, literal, type Reach, type Scope, valueAt } from './scope.ts';
import { type Block, block, isBlock, isList, list, text, type Word, word, words, type Yaml } from './yaml.ts';

const OVER = ['count', 'sum', 'min', 'max', 'avg', 'latest'];

/** The structured spelling of a condition (J6). */
export function readRule(scope: Scope, node: Yaml): Rule {
  if (!isBlock(node)) {
    const { source, value } = word(node);
    return typeof value === 'boolean' ? { is: 'always', value } : named(scope, source);
  }
  for (const [key, value] of node) {
    switch (key) {
      case 'all':
      case 'any':
        return { is: key, rules: list(value).map((item) => readRule(scope, item)) };
      case 'not':
        return { is: 'not', rule: readRule(scope, value) };
      case 'is':
        return named(scope, text(value));
      case 'segment':
        return { is: 'any', rules: words(value).map(({ source }) => ({ is: 'segment', name: source })) };
      case 'expr':
        return readExpression(scope, text(value));
      case 'some':
      case 'none':
      case 'every':
        return { is: key, items: readItems(scope, text(value), node.get('where')).items };
      default:
        if (OVER.includes(key)) {
          const tests = new Map([...node].filter(([name]) => name !== key && name !== 'where'));
          return readTests(scope, readOver(scope, key as Over, node), tests);
        }
    }
  }
  const rules = [...node].map(([path, predicate]) => readPredicate(scope, valueAt(path, []), predicate));
  return { is: 'all', rules };
}

function named(scope: Scope, name: string): Rule {
  const rule = scope.define(name);
  if (rule === null) throw new Error(`No condition ${name}.`);
  return rule;
}

function readItems(
  scope: Scope,
  path: string,
  where: Yaml | undefined,
): { readonly items: Items; readonly reach: Reach } {
  const found = listAt(scope, path);
  const reach: Reach = { name: '', list: found.list, item: found.item };
  const items = { ...found, where: where === undefined ? null : readWhere(scope, block(where), reach) };
  return { items, reach };
}

function readWhere(scope: Scope, where: Block, reach: Reach): Rule {
  const rules = [...where].map(([key, value]): Rule => {
    if (key === 'all' || key === 'any') {
      return { is: key, rules: list(value).map((item) => readWhere(scope, block(item), reach)) };
    }
    if (key === 'not') return { is: 'not', rule: readWhere(scope, block(value), reach) };
    return readPredicate(scope, itemValue(key, reach), value);
  });
  return { is: 'all', rules };
}

/** `{count: list}`, `{sum: list.field}`, with or without `where`. */
function readOver(scope: Scope, fn: Over, node: Block): Value {
  const path = text(node.get(fn));
  if (fn === 'count') {
    return {
      is: 'over',
      kind: 'number',
      fn,
      items: readItems(scope, path, node.get('where')).items,
      of: null,
    };
  }
  const cut = path.lastIndexOf('.');
  const { items, reach } = readItems(scope, path.slice(0, cut), node.get('where'));
  const of = itemValue(path.slice(cut + 1), reach);
  return { is: 'over', kind: of.kind, fn, items, of };
}

function readPredicate(scope: Scope, left: Value, node: Yaml): Rule {
  if (isList(node)) return oneOf(scope, left, node.map(word), false, false);
  if (isBlock(node)) return readTests(scope, left, node);
  return {
    is: 'compare',
    sign: '==',
    left,
    right: constant(scope, left.kind, node as Word),
    sensitive: false,
  };
}

function readTests(scope: Scope, left: Value, tests: Block): Rule {
  const sensitive = tests.has('case') && text(tests.get('case')) === 'sensitive';
  const rules = [...tests]
    .filter(([key]) => key !== 'case')
    .map(([key, node]) => readTest(scope, left, key, node, sensitive));
  return { is: 'all', rules };
}

const SIGNS = { eq: '==', gt: '>', gte: '>=', lt: '<', lte: '<=', before: '<', after: '>' } as const;

function readTest(scope: Scope, left: Value, key: string, node: Yaml, sensitive: boolean): Rule {
  const compared = (sign: '==' | '!=' | '<' | '<=' | '>' | '>=', to: Word): Rule => ({
    is: 'compare',
    sign,
    left,
    right: constant(scope, left.kind, to),
    sensitive,
  });
  switch (key) {
    case 'in':
      return oneOf(scope, left, words(node), false, sensitive);
    case 'not_in':
      return oneOf(scope, left, words(node), true, sensitive);
    case 'not':
      if (isBlock(node)) return { is: 'not', rule: readTests(scope, left, node) };
      if (isList(node)) return oneOf(scope, left, words(node), true, sensitive);
      return compared('!=', word(node));
    case 'between': {
      const [low, high] = words(node) as [Word, Word];
      return { is: 'all', rules: [compared('>=', low), compared('<=', high)] };
    }
    case 'contains':
    case 'starts_with':
    case 'ends_with':
      return { is: key, left, text: text(node), sensitive };
    case 'within':
    case 'within_next':
    case 'older_than':
      return { is: key, left, span: span(text(node)) };
    case 'exists':
    case 'missing': {
      const exists: Rule = { is: 'exists', value: left };
      return (key === 'exists') === word(node).value ? exists : { is: 'not', rule: exists };
    }
    default:
      return compared(SIGNS[key as keyof typeof SIGNS], word(node));
  }
}

function oneOf(
  scope: Scope,
  left: Value,
  among: readonly Word[],
  negated: boolean,
  sensitive: boolean,
): Rule {
  const values = among.map((one) => literal(scope, left.kind, one));
  return { is: 'one of', left, values, negated, sensitive };
}

/** Values of health measures and of `since:` (J18). */
export function readValue(scope: Scope, node: Yaml): Value {
  if (!isBlock(node)) return valueAt(text(node), []);
  const [key = ''] = [...node.keys()].filter((name) => name !== 'where');
  const inner = node.get(key) as Yaml;
  if (key === 'expr') return readExpressionValue(scope, text(inner));
  if (key === 'days_since') return { is: 'days since', kind: 'number', of: readValue(scope, inner) };
  if (key === 'ratio') {
    const [left, right] = list(inner).map((one) => readValue(scope, one)) as [Value, Value];
    return { is: 'arithmetic', kind: 'number', sign: '/', left, right };
  }
  return readOver(scope, key as Over, node);
}
