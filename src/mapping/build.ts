import type { ZonedDuration } from './duration.ts';
import { listOf, nearest, quote } from './problems.ts';
import { type RuleScope, sized } from './scope.ts';
import {
  type BoolNode,
  type Comparator,
  type FieldNode,
  type LiteralNode,
  type Node,
  type ResultNode,
  readsClock,
  type ValueNode,
  type ValueType,
} from './tree.ts';
import type { Position } from './types.ts';

/** The checker: both spellings build the tree through these functions only, so a rule means the same in both. Each
 *  returns null after it has reported what is wrong; a null operand was reported before and is passed on. */

/** A literal as written, before the type it is compared with is known. */
export interface RawLiteral {
  readonly raw: true;
  readonly value: string | number | boolean | null;
  readonly source: string;
  readonly pos: Position;
}
export type Operand = ValueNode | RawLiteral | null;

export function isRaw(operand: Operand): operand is RawLiteral {
  return operand !== null && 'raw' in operand;
}

const TYPE_WORDS: Readonly<Record<ValueType, string>> = {
  text: 'a text',
  number: 'a number',
  boolean: 'true or false',
  instant: 'a date such as 2026-01-31 or a date and time',
};

/** A literal as the type beside it wants it (J9). */
export function literal(scope: RuleScope, raw: RawLiteral, type: ValueType): LiteralNode | null {
  const { pos, source, value } = raw;
  const node = (made: string | number | boolean): LiteralNode => ({
    op: 'literal',
    pos,
    size: 1,
    depth: 1,
    type,
    value: made,
    source,
  });
  if (value === null) {
    scope.problems.error(pos, 'Found no value. Expected exists: true or missing: true to ask for one.');
    return null;
  }
  // A bare number or true beside a text is its source text: `zip: 01234`, `version: 1.10`.
  if (type === 'text') return node(source);
  if (type === 'number' && typeof value === 'number') return node(value);
  if (type === 'boolean' && typeof value === 'boolean') return node(value);
  if (type === 'instant' && typeof value === 'string') {
    const instant = scope.zone.parseInstant(value);
    if (instant !== null) return node(instant);
    const hint = /^\d+[hdw]$/.test(value) ? ' For a span of time use within: or older_than:.' : '';
    scope.problems.error(pos, `Found ${quote(source)}; expected ${TYPE_WORDS.instant}.${hint}`);
    return null;
  }
  scope.problems.error(pos, `Found ${quote(source)}; expected ${TYPE_WORDS[type]}.`);
  return null;
}

/** A literal that stands alone: its own type. */
export function plainLiteral(scope: RuleScope, raw: RawLiteral): LiteralNode | null {
  const type = typeof raw.value === 'number' ? 'number' : typeof raw.value === 'boolean' ? 'boolean' : 'text';
  return literal(scope, raw, type);
}

/** `left cmp right`; at least one side is not a literal. */
export function compare(
  scope: RuleScope,
  pos: Position,
  cmp: Comparator,
  left: Operand,
  right: Operand,
  sensitive = false,
): BoolNode | null {
  if (left === null || right === null) return null;
  let a: ValueNode | null;
  let b: ValueNode | null;
  if (isRaw(left)) {
    b = isRaw(right) ? plainLiteral(scope, right) : right;
    a = b === null ? null : literal(scope, left, b.type);
  } else {
    a = left;
    b = isRaw(right) ? literal(scope, right, left.type) : right;
  }
  if (a === null || b === null) return null;
  if (a.type !== b.type) {
    scope.problems.error(
      pos,
      `Compares ${TYPE_WORDS[a.type]} with ${TYPE_WORDS[b.type]}. Both sides must be of one type.`,
    );
    return null;
  }
  if (cmp !== 'eq' && cmp !== 'ne' && (a.type === 'text' || a.type === 'boolean')) {
    scope.problems.error(
      pos,
      `Found an order (${cmp}) of ${TYPE_WORDS[a.type]}; expected a number or a date.`,
    );
    return null;
  }
  if (readsClock(a) && readsClock(b)) {
    scope.problems.error(
      pos,
      'Both sides depend on the time. ago() and days_since() may stand on one side of a comparison whose other side does not.',
    );
    return null;
  }
  checkWord(scope, a, b);
  checkWord(scope, b, a);
  const base = sized(scope, pos, [a, b]);
  return base && { op: 'compare', ...base, cmp, left: a, right: b, sensitive };
}

export function isIn(
  scope: RuleScope,
  pos: Position,
  left: ValueNode | null,
  values: readonly RawLiteral[],
  negated: boolean,
  sensitive = false,
): BoolNode | null {
  if (left === null) return null;
  if (values.length === 0) {
    scope.problems.error(pos, 'The list of values is empty. Expected at least one value.');
    return null;
  }
  const nodes = values.map((raw) => literal(scope, raw, left.type));
  for (const node of nodes) if (node !== null) checkWord(scope, left, node);
  if (nodes.includes(null)) return null;
  const base = sized(scope, pos, [left]);
  return base && { op: 'in', ...base, left, values: nodes as LiteralNode[], negated, sensitive };
}

export function textTest(
  scope: RuleScope,
  pos: Position,
  test: 'contains' | 'starts_with' | 'ends_with',
  left: ValueNode | null,
  value: RawLiteral | null,
  sensitive = false,
): BoolNode | null {
  if (left === null || value === null) return null;
  if (left.type !== 'text') {
    scope.problems.error(pos, `\`${test}\` tests a text, but this is ${TYPE_WORDS[left.type]}.`);
    return null;
  }
  const text = literal(scope, value, 'text');
  const base = sized(scope, pos, [left]);
  return text && base && { op: 'text', ...base, test, left, value: String(text.value), sensitive };
}

export function window(
  scope: RuleScope,
  pos: Position,
  test: 'within' | 'within_next' | 'older_than',
  left: ValueNode | null,
  duration: ZonedDuration | null,
): BoolNode | null {
  if (left === null || duration === null) return null;
  if (left.type !== 'instant') {
    scope.problems.error(pos, `\`${test}\` needs a date, but this is ${TYPE_WORDS[left.type]}.`);
    return null;
  }
  if (readsClock(left)) {
    scope.problems.error(pos, 'Both sides depend on the time. Expected a date that does not move by itself.');
    return null;
  }
  const base = sized(scope, pos, [left]);
  return base && { op: 'window', ...base, test, left, duration };
}

export function exists(
  scope: RuleScope,
  pos: Position,
  item: ValueNode | null,
  negated: boolean,
): BoolNode | null {
  const base = item && sized(scope, pos, [item]);
  return base && { op: 'exists', ...base, item: item as ValueNode, negated };
}

export function group(
  scope: RuleScope,
  pos: Position,
  op: 'all' | 'any',
  items: readonly (BoolNode | null)[],
): BoolNode | null {
  if (items.includes(null)) return null;
  const good = items as readonly BoolNode[];
  if (good.length === 1) return good[0] as BoolNode;
  const base = sized(scope, pos, good);
  return base && { op, ...base, items: good };
}

/** Conditions that one expression asks for at the same item: flat, however many filters they came from. */
export function conjoin(scope: RuleScope, pos: Position, items: readonly BoolNode[]): BoolNode | null {
  return group(
    scope,
    pos,
    'all',
    items.flatMap((item) => (item.op === 'all' ? item.items : [item])),
  );
}

/** Warns where `not` would make a missing value true without anybody having said so (J7, J8). */
export function not(scope: RuleScope, pos: Position, item: BoolNode | null): BoolNode | null {
  if (item === null) return null;
  const field = nullableInside(item);
  if (field !== null) {
    scope.problems.warn(
      pos,
      `\`not\` around a comparison of \`${field}\`, which can have no value: without one the comparison is false, so \`not\` makes it true. If that is not meant, add exists: true, or use the predicate not: or missing: true.`,
    );
  }
  const base = sized(scope, pos, [item]);
  return base && { op: 'not', ...base, item };
}

function nullableInside(node: BoolNode): string | null {
  switch (node.op) {
    case 'all':
    case 'any':
      for (const item of node.items) {
        const found = nullableInside(item);
        if (found !== null) return found;
      }
      return null;
    case 'named':
      return nullableInside(node.item);
    case 'compare':
      return nullablePath(node.left) ?? nullablePath(node.right);
    case 'in':
    case 'text':
    case 'window':
      return nullablePath(node.left);
    default:
      return null;
  }
}

function nullablePath(node: ValueNode): string | null {
  switch (node.op) {
    case 'field':
      return node.nullable ? pathOf(node) : null;
    case 'result':
      return node.key === 'visits' ? null : node.path;
    case 'arith':
      return nullablePath(node.left) ?? nullablePath(node.right);
    case 'days_since':
      return nullablePath(node.of);
    default:
      return null;
  }
}

/** `deals.amount`, `person.email`: how explanations name a field. */
export function pathOf(node: FieldNode | ResultNode): string {
  if (node.op === 'result') return node.path;
  return node.scope === 'person' || node.scope === 'account'
    ? `${node.scope}.${node.field}`
    : `${node.fact}.${node.field}`;
}

/** An option that the field does not have, a stage or band that the journey does not have (J7). */
function checkWord(scope: RuleScope, side: ValueNode, other: Node): void {
  if (other.op !== 'literal' || other.type !== 'text') return;
  const text = String(other.value);
  if (side.op === 'field') {
    const words = scope.words(side.fact, side.field);
    if (words === null || words.some((word) => word.toLowerCase() === text.toLowerCase())) return;
    scope.problems.error(
      other.pos,
      `\`${pathOf(side)}\` is never ${quote(other.source)}. Expected ${listOf(words)}; further options of the CRM are named under values: in fields:.`,
      nearest(text, words),
    );
    return;
  }
  if (side.op !== 'result') return;
  const kind = side.key === 'band' ? 'band' : 'stage';
  if (side.key !== 'stage' && side.key !== 'previous' && side.key !== 'band') return;
  if (side.of !== 'own') {
    const of = typeof side.of === 'object' ? 'people' : side.of;
    const what = kind === 'band' ? 'health' : 'journey';
    scope.references.push({
      of,
      journey: side.journey,
      what,
      position: other.pos,
      value: { kind, name: text },
    });
    return;
  }
  if (scope.stages.includes(text)) return;
  noStage(scope, text, other.pos);
}

/** "This journey has no stage …", with the name it has now when it was renamed (J16). */
export function noStage(
  scope: Pick<RuleScope, 'problems' | 'renamed' | 'stages'>,
  name: string,
  pos: Position,
): void {
  const now = scope.renamed.get(name);
  scope.problems.error(
    pos,
    `This journey has no stage ${quote(name)}${now === undefined ? '' : `; it is called \`${now}\` now`}. Expected ${listOf(scope.stages)}.`,
    now ?? nearest(name, scope.stages),
  );
}
