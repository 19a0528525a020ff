import { SINGULAR } from './scope.ts';
import type {
  AggregateNode,
  BoolNode,
  Comparator,
  CompareNode,
  FieldNode,
  ListRef,
  LiteralNode,
  Node,
  ValueNode,
} from './tree.ts';
import { isValue } from './tree.ts';

const MOST = 400;

/** One readable line for a node: "some deal with won and closed within 365d" (J33). Dates and limits, never ages,
 *  so that the text of a rule is the same at every run. */
export function textOf(node: Node): string {
  const text = fullTextOf(node);
  return text.length > MOST ? `${text.slice(0, MOST - 1)}…` : text;
}

/** The same without an end, so that equal texts are equal conditions. */
export function fullTextOf(node: Node): string {
  return isValue(node) ? value(node, NO_ITEM) : bool(node, NO_ITEM);
}

/** `inner` is the slot of the innermost list operation: its item's fields go without a name before them. */
const NO_ITEM = -1;

function bool(node: BoolNode, inner: number): string {
  switch (node.op) {
    case 'const':
      return node.value ? 'always' : 'never';
    case 'all':
      return node.items.map((item) => grouped(item, 'any', inner)).join(' and ');
    case 'any':
      return node.items.map((item) => grouped(item, 'all', inner)).join(' or ');
    case 'not':
      return `not (${bool(node.item, inner)})`;
    case 'named':
      return node.name.replaceAll('_', ' ');
    case 'segment':
      return `in segment ${node.name}`;
    case 'exists':
      return `${node.negated ? 'no' : 'has'} ${value(node.item, inner)}`;
    case 'in': {
      const values = node.values.map(({ source }) => source);
      const list =
        values.length < 2 ? values.join('') : `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`;
      return `${value(node.left, inner)}${link(inner)} ${node.negated ? 'not ' : ''}${list}${cased(node.sensitive)}`;
    }
    case 'text':
      return `${value(node.left, inner)} ${node.test.replace('_', ' ')} "${node.value}"${cased(node.sensitive)}`;
    case 'window': {
      const { text } = node.duration;
      if (node.test === 'within') return `${value(node.left, inner)} within ${text}`;
      if (node.test === 'within_next') return `${value(node.left, inner)} within the next ${text}`;
      return `${value(node.left, inner)} more than ${text} ago`;
    }
    case 'quant': {
      const word = node.quant === 'none' ? 'no' : node.quant;
      return `${word} ${SINGULAR[node.list.list]}${holder(node.list)}${node.where === null ? '' : ` with ${bool(node.where, node.slot)}`}`;
    }
    case 'compare':
      return compared(node, inner);
  }
}

function grouped(node: BoolNode, op: 'all' | 'any', inner: number): string {
  return node.op === op ? `(${bool(node, inner)})` : bool(node, inner);
}

const NUMBER_WORDS: Readonly<Record<Comparator, string>> = {
  eq: '',
  ne: 'not ',
  lt: 'below ',
  lte: 'at most ',
  gt: 'more than ',
  gte: 'at least ',
};
const DATE_WORDS: Readonly<Record<Comparator, string>> = {
  eq: 'on ',
  ne: 'not on ',
  lt: 'before ',
  lte: 'not after ',
  gt: 'after ',
  gte: 'not before ',
};

function compared({ cmp, left, right, sensitive }: CompareNode, inner: number): string {
  if (right.op === 'literal' && right.type === 'boolean') {
    const yes = (right.value === true) === (cmp === 'eq');
    return yes ? value(left, inner) : `not ${value(left, inner)}`;
  }
  if (left.op === 'aggregate' && left.fn === 'count' && right.op === 'literal') {
    const amount = cmp === 'eq' ? 'exactly ' : NUMBER_WORDS[cmp];
    const { list, slot, where } = left;
    const what = right.value === 1 ? SINGULAR[list.list] : list.list;
    return `${amount}${right.source} ${what}${holder(list)}${where === null ? '' : ` with ${bool(where, slot)}`}`;
  }
  const words = right.type === 'instant' ? DATE_WORDS : NUMBER_WORDS;
  return `${value(left, inner)}${link(inner)} ${words[cmp]}${value(right, inner)}${cased(sensitive)}`;
}

function value(node: ValueNode, inner: number): string {
  switch (node.op) {
    case 'literal':
      return literalText(node);
    case 'field':
      return fieldText(node, inner);
    case 'result':
      return node.path;
    case 'arith':
      return `(${value(node.left, inner)} ${node.fn} ${value(node.right, inner)})`;
    case 'aggregate':
      return aggregateText(node);
    case 'days_since':
      return `days since ${value(node.of, inner)}`;
    case 'ago':
      return `${node.duration.text} ago`;
  }
}

function literalText({ source, type }: LiteralNode): string {
  return type === 'text' && /[\s,]/.test(source) ? `"${source}"` : source;
}

function fieldText({ fact, field, scope }: FieldNode, inner: number): string {
  if (scope === 'person' || scope === 'account') return `${scope}.${field}`;
  return scope.slot === inner ? field : `${scope.name ?? fact}.${field}`;
}

const AGGREGATE_WORDS = {
  count: 'number of',
  sum: 'sum of',
  min: 'lowest',
  max: 'highest',
  avg: 'average',
  latest: 'latest',
} as const;

function aggregateText({ fn, list, of, slot, type, where }: AggregateNode): string {
  const word =
    type === 'instant' && fn !== 'latest' ? (fn === 'min' ? 'first' : 'last') : AGGREGATE_WORDS[fn];
  const what = of === null ? list.list : `${list.list}.${value(of, slot)}`;
  return `${word} ${what}${holder(list)}${where === null ? '' : ` with (${bool(where, slot)})`}`;
}

function holder({ of }: ListRef): string {
  return of === 'account' ? ' of the account' : '';
}

/** "account.type is customer", but "some deal with kind renewal". */
function link(inner: number): string {
  return inner === NO_ITEM ? ' is' : '';
}

function cased(sensitive: boolean): string {
  return sensitive ? ' (case counts)' : '';
}
