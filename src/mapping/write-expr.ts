import { WaystageError } from '../model/errors.ts';
import { RESULT_FIELDS } from './catalogue.ts';
import type {
  AggregateNode,
  ArithNode,
  BoolNode,
  Comparator,
  FieldNode,
  ListRef,
  LiteralNode,
  Node,
  QuantNode,
  ResultNode,
  ValueNode,
} from './tree.ts';
import { visit } from './tree.ts';

/** The tree as the text of an `expr:`; what comes back when it is read is the same tree, but for the names of its
 *  variables. Only for trees that expressions can make: windows and `none` without a filter are structured forms. */
export function exprOf(node: Node): string {
  const writer = createWriter(namesIn(node));
  return isBool(node) ? writer.bool(node) : writer.value(node);
}

const COMPARATORS: Readonly<Record<Comparator, string>> = {
  eq: '==',
  ne: '!=',
  lt: '<',
  lte: '<=',
  gt: '>',
  gte: '>=',
};
const TEXT_TESTS = { contains: 'contains', starts_with: 'startsWith', ends_with: 'endsWith' } as const;
const LETTERS = { people: 'p', deals: 'd', tickets: 't', touchpoints: 'c', surveys: 's' } as const;

function createWriter(taken: ReadonlySet<string>): {
  bool(node: BoolNode): string;
  value(node: ValueNode): string;
} {
  const variables = new Map<number, string>();
  const used = new Set(taken);
  const variable = (slot: number, { list }: ListRef): string => {
    const known = variables.get(slot);
    if (known !== undefined) return known;
    let name: string = LETTERS[list];
    for (let count = 2; used.has(name); count += 1) name = `${LETTERS[list]}${count}`;
    used.add(name);
    variables.set(slot, name);
    return name;
  };
  const inner = (node: BoolNode): string =>
    node.op === 'all' || node.op === 'any' ? `(${bool(node)})` : bool(node);

  const bool = (node: BoolNode): string => {
    switch (node.op) {
      case 'const':
        return String(node.value);
      case 'all':
        return node.items.map(inner).join(' && ');
      case 'any':
        return node.items.map(inner).join(' || ');
      case 'not':
        return `!(${bool(node.item)})`;
      case 'named':
        return node.name;
      case 'segment':
        return `${quoted(node.name)} in segments`;
      case 'exists':
        return node.negated ? `${value(node.item)} == null` : `has(${value(node.item)})`;
      case 'compare':
        if (node.sensitive) throw unwritable('case: sensitive');
        return `${value(node.left)} ${COMPARATORS[node.cmp]} ${value(node.right)}`;
      case 'in':
        if (node.negated || node.sensitive) throw unwritable('not_in');
        return `${value(node.left)} in [${node.values.map(literal).join(', ')}]`;
      case 'text':
        if (node.sensitive) throw unwritable('case: sensitive');
        return `${value(node.left)}.${TEXT_TESTS[node.test]}(${quoted(node.value)})`;
      case 'quant':
        return quantified(node);
      case 'window':
        throw unwritable(node.test);
    }
  };

  const quantified = (node: QuantNode): string => {
    const { list, quant, slot, where } = node;
    if (where === null) throw unwritable(`${quant} without where`);
    const name = variable(slot, list);
    if (quant !== 'none')
      return `${listText(list)}.${quant === 'some' ? 'exists' : 'all'}(${name}, ${bool(where)})`;
    // `filter(A).all(B)`: none that passes A fails B.
    const last = where.op === 'all' ? where.items.at(-1) : undefined;
    if (where.op !== 'all' || last?.op !== 'not') throw unwritable('none');
    const filter = where.items.slice(0, -1).map(inner).join(' && ');
    return `${listText(list)}.filter(${name}, ${filter}).all(${name}, ${bool(last.item)})`;
  };

  const value = (node: ValueNode): string => {
    switch (node.op) {
      case 'literal':
        return literal(node);
      case 'field':
        return fieldText(node);
      case 'result':
        return typeof node.of === 'object' ? `${variables.get(node.of.slot)}.${resultPath(node)}` : node.path;
      case 'arith':
        return arithText(node);
      case 'days_since':
        return `days_since(${value(node.of)})`;
      case 'ago':
        return `ago(${quoted(node.duration.text)})`;
      case 'aggregate':
        return aggregated(node);
    }
  };
  const fieldText = ({ field, scope }: FieldNode): string =>
    typeof scope === 'object' ? `${variables.get(scope.slot)}.${field}` : `${scope}.${field}`;
  const arithText = ({ fn, left, right }: ArithNode): string => `(${value(left)} ${fn} ${value(right)})`;
  const aggregated = ({ fn, list, of, slot, where }: AggregateNode): string => {
    if (fn === 'latest') throw unwritable(fn);
    const name = variable(slot, list);
    const filter = where === null ? '' : `.filter(${name}, ${bool(where)})`;
    const map = of === null ? '' : `.map(${name}, ${value(of)})`;
    return `${fn === 'count' ? 'size' : fn}(${listText(list)}${filter}${map})`;
  };
  return { bool, value };
}

/** `journeys.onboarding.stage`, `health.accounts.band`, without whose it is. */
export function resultPath({ journey, key }: ResultNode): string {
  return `${Object.hasOwn(RESULT_FIELDS.health, key) ? 'health' : 'journeys'}.${journey}.${key}`;
}

export function listText({ list, of }: ListRef): string {
  return of === 'account' ? `account.${list}` : list;
}

function literal({ source, type, value }: LiteralNode): string {
  return type === 'number' || type === 'boolean' ? String(value) : quoted(source);
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t')}'`;
}

function isBool(node: Node): node is BoolNode {
  return !['literal', 'field', 'result', 'arith', 'aggregate', 'days_since', 'ago'].includes(node.op);
}

/** Names of conditions used in the tree: no variable may hide them. */
function namesIn(node: Node): ReadonlySet<string> {
  const names = new Set<string>();
  visit(node, (one) => {
    if (one.op === 'named') names.add(one.name);
  });
  return names;
}

function unwritable(what: string): WaystageError {
  return new WaystageError(
    'internal',
    `An expression has no form for \`${what}\`; it is a structured condition.`,
  );
}
