import type { ListName } from '../model/facts.ts';
import type { ZonedDuration } from './duration.ts';
import type { FactName, Position } from './types.ts';

/** The one typed tree of rules (J6). Structured conditions and `expr:` both become it; the compiler, the explainer,
 *  the text and the read set are made from it. Every node has been checked: types fit, names exist. */
export type Node = BoolNode | ValueNode;

/** Types as rules see them: a date and a datetime are both an instant in epoch milliseconds. */
export type ValueType = 'text' | 'number' | 'boolean' | 'instant';

interface Base {
  readonly pos: Position;
  /** Nodes in this subtree with every `define:` expanded, and its height: what the budgets count (J10). */
  readonly size: number;
  readonly depth: number;
}

/** Where a field is read from: the subject's own person or account, or the item a list operation stands at. */
export type Scope = 'person' | 'account' | { readonly slot: number; readonly name: string | null };

/** A list of the subject, or of the person's account (J2). */
export interface ListRef {
  readonly list: ListName;
  readonly of: 'self' | 'account';
}

export type Comparator = 'eq' | 'ne' | 'lt' | 'lte' | 'gt' | 'gte';
export type Literal = string | number | boolean;
export type AggregateName = 'count' | 'sum' | 'min' | 'max' | 'avg' | 'latest';

export interface LiteralNode extends Base {
  readonly op: 'literal';
  readonly type: ValueType;
  readonly value: Literal;
  /** As written, for the text of the condition. */
  readonly source: string;
}
export interface FieldNode extends Base {
  readonly op: 'field';
  readonly type: ValueType;
  readonly scope: Scope;
  readonly fact: FactName;
  readonly field: string;
  readonly nullable: boolean;
  readonly money: boolean;
}
export type ResultKey = 'stage' | 'entered' | 'previous' | 'visits' | 'score' | 'band';
/** State of a journey or health: `own` is `journey`, `self` is `journeys.<name>` of the same subject. */
export interface ResultNode extends Base {
  readonly op: 'result';
  readonly type: ValueType;
  readonly of: 'own' | 'self' | 'account' | { readonly slot: number; readonly name: string | null };
  readonly journey: string;
  readonly key: ResultKey;
  /** As the user names it: `journeys.onboarding.stage`. */
  readonly path: string;
}
export interface ArithNode extends Base {
  readonly op: 'arith';
  readonly type: 'number';
  readonly fn: '+' | '-' | '*' | '/' | '%';
  readonly left: ValueNode;
  readonly right: ValueNode;
}
export interface AggregateNode extends Base {
  readonly op: 'aggregate';
  readonly type: ValueType;
  readonly fn: AggregateName;
  readonly list: ListRef;
  readonly slot: number;
  readonly where: BoolNode | null;
  /** What is summed; null for `count`. */
  readonly of: ValueNode | null;
}
/** Whole calendar days from the instant's local date to today's; moves at midnight only. */
export interface DaysSinceNode extends Base {
  readonly op: 'days_since';
  readonly type: 'number';
  readonly of: ValueNode;
}
export interface AgoNode extends Base {
  readonly op: 'ago';
  readonly type: 'instant';
  readonly duration: ZonedDuration;
}
export type ValueNode =
  | LiteralNode
  | FieldNode
  | ResultNode
  | ArithNode
  | AggregateNode
  | DaysSinceNode
  | AgoNode;

export interface ConstNode extends Base {
  readonly op: 'const';
  readonly value: boolean;
}
export interface GroupNode extends Base {
  readonly op: 'all' | 'any';
  readonly items: readonly BoolNode[];
}
export interface NotNode extends Base {
  readonly op: 'not';
  readonly item: BoolNode;
}
/** Both sides of one type. False when a side has no value (J8); text ignores case unless `sensitive` (J9). */
export interface CompareNode extends Base {
  readonly op: 'compare';
  readonly cmp: Comparator;
  readonly left: ValueNode;
  readonly right: ValueNode;
  readonly sensitive: boolean;
}
export interface InNode extends Base {
  readonly op: 'in';
  readonly left: ValueNode;
  readonly values: readonly LiteralNode[];
  readonly negated: boolean;
  readonly sensitive: boolean;
}
export interface TextNode extends Base {
  readonly op: 'text';
  readonly test: 'contains' | 'starts_with' | 'ends_with';
  readonly left: ValueNode;
  readonly value: string;
  readonly sensitive: boolean;
}
export interface WindowNode extends Base {
  readonly op: 'window';
  readonly test: 'within' | 'within_next' | 'older_than';
  readonly left: ValueNode;
  readonly duration: ZonedDuration;
}
export interface ExistsNode extends Base {
  readonly op: 'exists';
  readonly item: ValueNode;
  /** `missing`. */
  readonly negated: boolean;
}
export interface QuantNode extends Base {
  readonly op: 'quant';
  readonly quant: 'some' | 'none' | 'every';
  readonly list: ListRef;
  readonly slot: number;
  readonly where: BoolNode | null;
}
export interface SegmentNode extends Base {
  readonly op: 'segment';
  readonly name: string;
}
/** A condition from `define:`; explanations show its name. */
export interface NamedNode extends Base {
  readonly op: 'named';
  readonly name: string;
  readonly item: BoolNode;
}
export type BoolNode =
  | ConstNode
  | GroupNode
  | NotNode
  | CompareNode
  | InNode
  | TextNode
  | WindowNode
  | ExistsNode
  | QuantNode
  | SegmentNode
  | NamedNode;

const VALUE_OPS = new Set<Node['op']>([
  'literal',
  'field',
  'result',
  'arith',
  'aggregate',
  'days_since',
  'ago',
]);

export function isValue(node: Node): node is ValueNode {
  return VALUE_OPS.has(node.op);
}

/** The nodes right below one, in the order they are evaluated. */
export function childrenOf(node: Node): readonly Node[] {
  switch (node.op) {
    case 'arith':
    case 'compare':
      return [node.left, node.right];
    case 'aggregate':
      return [node.where, node.of].filter((child) => child !== null);
    case 'days_since':
      return [node.of];
    case 'all':
    case 'any':
      return node.items;
    case 'not':
    case 'named':
    case 'exists':
      return [node.item];
    case 'in':
    case 'text':
    case 'window':
      return [node.left];
    case 'quant':
      return node.where === null ? [] : [node.where];
    default:
      return [];
  }
}

/** Every node, parents first. Shared `define:`s are visited once per use. */
export function visit(node: Node, see: (node: Node) => void): void {
  see(node);
  for (const child of childrenOf(node)) visit(child, see);
}

/** Does the truth or value move by the clock alone? */
export function readsClock(node: Node): boolean {
  let found = false;
  visit(node, ({ op }) => {
    if (op === 'ago' || op === 'days_since' || op === 'window') found = true;
  });
  return found;
}
