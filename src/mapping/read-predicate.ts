import { compare, exists, group, isIn, not, type RawLiteral, textTest, window } from './build.ts';
import { DURATION_FORM, parseSpan, type ZonedDuration, zonedDuration } from './duration.ts';
import { quote } from './problems.ts';
import { type RuleScope, unknown } from './scope.ts';
import type { YamlEntry, YamlNode, YamlScalar } from './source.ts';
import type { BoolNode, Comparator, ValueNode } from './tree.ts';
import type { Position } from './types.ts';

/** The tests of a predicate (see the grammar in `read-condition.ts`). */
export const TESTS = [
  'eq',
  'not',
  'in',
  'not_in',
  'gt',
  'gte',
  'lt',
  'lte',
  'between',
  'contains',
  'starts_with',
  'ends_with',
  'within',
  'within_next',
  'older_than',
  'before',
  'after',
  'exists',
  'missing',
  'case',
] as const;
type Test = (typeof TESTS)[number];

const ORDER: Readonly<Partial<Record<Test, Comparator>>> = {
  eq: 'eq',
  gt: 'gt',
  gte: 'gte',
  lt: 'lt',
  lte: 'lte',
  before: 'lt',
  after: 'gt',
};

/** A scalar (equals), a list (one of), or a map of tests that must all hold. */
export function readPredicate(scope: RuleScope, left: ValueNode | null, node: YamlNode): BoolNode | null {
  if (node.kind === 'scalar') {
    return left && compare(scope, node.pos, 'eq', left, rawOf(node));
  }
  if (node.kind === 'list') {
    return left && isIn(scope, node.pos, left, scalars(scope, node.items), false);
  }
  return readTests(scope, left, node.entries, node.pos);
}

export function readTests(
  scope: RuleScope,
  left: ValueNode | null,
  entries: readonly YamlEntry[],
  pos: Position,
): BoolNode | null {
  let sensitive = false;
  const mode = entries.find(({ key }) => key === 'case');
  if (mode !== undefined) {
    const text = mode.value.kind === 'scalar' ? mode.value.source : '';
    if (text !== 'sensitive' && text !== 'ignore') {
      scope.problems.error(mode.value.pos, `Found ${quote(text)}; expected case: sensitive or case: ignore.`);
    }
    sensitive = text === 'sensitive';
  }
  const tests = entries.filter(({ key }) => key !== 'case');
  if (tests.length === 0) {
    scope.problems.error(pos, 'Found no test. Expected a value, a list of values or tests such as gte: 2.');
    return null;
  }
  return group(
    scope,
    pos,
    'all',
    tests.map((entry) => readTest(scope, left, entry, sensitive)),
  );
}

function readTest(
  scope: RuleScope,
  left: ValueNode | null,
  entry: YamlEntry,
  sensitive: boolean,
): BoolNode | null {
  const { key, keyPos, value } = entry;
  if (!(TESTS as readonly string[]).includes(key)) {
    return unknown(scope, keyPos, 'test', key, TESTS);
  }
  if (left === null) return null;
  const test = key as Test;
  const cmp = ORDER[test];
  if (cmp !== undefined) {
    const raw = oneScalar(scope, value, 'one value');
    if ((test === 'before' || test === 'after') && left.type !== 'instant') {
      scope.problems.error(keyPos, `\`${test}\` needs a date. For numbers use lt: or gt:.`);
      return null;
    }
    return raw && compare(scope, raw.pos, cmp, left, raw, sensitive);
  }
  switch (test) {
    case 'in':
    case 'not_in': {
      if (value.kind !== 'list') {
        scope.problems.error(value.pos, `Found one value; expected a list, such as [a, b], for ${test}:.`);
        return null;
      }
      return isIn(scope, keyPos, left, scalars(scope, value.items), test === 'not_in', sensitive);
    }
    case 'not':
      if (value.kind === 'scalar') return compare(scope, value.pos, 'ne', left, rawOf(value), sensitive);
      if (value.kind === 'list')
        return isIn(scope, keyPos, left, scalars(scope, value.items), true, sensitive);
      return not(scope, keyPos, readTests(scope, left, value.entries, value.pos));
    case 'between': {
      const [from, to, ...more] = value.kind === 'list' ? value.items : [];
      if (from?.kind !== 'scalar' || to?.kind !== 'scalar' || more.length > 0) {
        scope.problems.error(value.pos, 'Expected between: [lowest, highest]; both ends count.');
        return null;
      }
      const low = compare(scope, from.pos, 'gte', left, rawOf(from));
      const high = compare(scope, to.pos, 'lte', left, rawOf(to));
      if (
        low?.op === 'compare' &&
        high?.op === 'compare' &&
        low.right.op === 'literal' &&
        high.right.op === 'literal'
      ) {
        if (low.right.value > high.right.value) {
          scope.problems.error(
            value.pos,
            `Nothing is between ${low.right.source} and ${high.right.source}. Swap them.`,
          );
          return null;
        }
      }
      return group(scope, keyPos, 'all', [low, high]);
    }
    case 'contains':
    case 'starts_with':
    case 'ends_with':
      return textTest(scope, keyPos, test, left, oneScalar(scope, value, 'a text'), sensitive);
    case 'within':
    case 'within_next':
    case 'older_than':
      return window(scope, keyPos, test, left, readDuration(scope, value));
    default: {
      const flag = readFlag(scope, value);
      return flag === null ? null : exists(scope, keyPos, left, (test === 'missing') === flag);
    }
  }
}

export function rawOf(node: YamlScalar): RawLiteral {
  return { raw: true, value: node.value, source: node.source, pos: node.pos };
}

function oneScalar(scope: RuleScope, node: YamlNode, expected: string): RawLiteral | null {
  if (node.kind === 'scalar') return rawOf(node);
  scope.problems.error(node.pos, `Found a ${node.kind}; expected ${expected}.`);
  return null;
}

function scalars(scope: RuleScope, items: readonly YamlNode[]): readonly RawLiteral[] {
  return items.flatMap((item) => oneScalar(scope, item, 'one value') ?? []);
}

export function readFlag(scope: Pick<RuleScope, 'problems'>, node: YamlNode): boolean | null {
  if (node.kind === 'scalar' && typeof node.value === 'boolean') return node.value;
  const found = node.kind === 'scalar' ? quote(node.source) : `a ${node.kind}`;
  scope.problems.error(node.pos, `Found ${found}; expected true or false.`);
  return null;
}

/** A duration (J9); null after the mistake was reported. */
export function readDuration(
  scope: Pick<RuleScope, 'problems' | 'zone'>,
  node: YamlNode,
): ZonedDuration | null {
  const text = node.kind === 'scalar' ? node.source : '';
  const span = parseSpan(text);
  if (span !== null) return zonedDuration(span, scope.zone);
  const found = node.kind === 'scalar' ? quote(text) : `a ${node.kind}`;
  scope.problems.error(
    node.pos,
    `Bad duration: found ${found}; expected ${DURATION_FORM}.${durationHint(text)}`,
    guess(text),
  );
  return null;
}

export function durationHint(text: string): string {
  if (/^\d+\s*(m|mo|month|months)$/i.test(text)) return ' Months have no fixed length: count days.';
  if (/^\d+$/.test(text)) return ' Say the unit.';
  return '';
}

/** `30 days` -> `30d`, `2 weeks` -> `2w`. */
export function guess(text: string): string | null {
  const match = /^(\d+)\s*(h|d|w)(?:ours?|ays?|eeks?|rs?)?$/i.exec(text.trim());
  const short = match === null ? null : `${match[1]}${match[2]?.toLowerCase()}`;
  return short === null || parseSpan(short) === null ? null : short;
}
