import type { ListName, SubjectKind } from '../model/facts.ts';
import { listOf, nearest, type Problems } from './problems.ts';
import type { BoolNode, ListRef, Node } from './tree.ts';
import type { FactName, FactType, Position } from './types.ts';
import type { Zone } from './zone.ts';

/** Budgets of one condition with its `define:`s expanded (J10). */
export const RULE_LIMITS = { nodes: 2_000, depth: 40, nestedLists: 3 } as const;

/** A rule's mention of another journey, for the checks across files (J2, J7). */
export interface Reference {
  readonly of: 'self' | 'account' | 'people';
  readonly journey: string;
  /** `journeys.<name>` or `health.<name>`. */
  readonly what: 'journey' | 'health';
  readonly position: Position;
  /** A stage or band the rule compares it with. */
  readonly value: { readonly kind: 'stage' | 'band'; readonly name: string } | null;
}

/** What the rules of one mapping may mention, and where their mistakes go. */
export interface RuleScope {
  readonly subject: SubjectKind;
  readonly journey: string;
  readonly zone: Zone;
  readonly problems: Problems;
  readonly types: Readonly<Record<string, FactType>>;
  /** Fields of their own that are money, by `account.arr` (J5). */
  readonly amounts: ReadonlySet<string>;
  readonly stages: readonly string[];
  /** Names that stages had before (`renamed_from`), with the ones they have now (J16). */
  readonly renamed: ReadonlyMap<string, string>;
  readonly bands: readonly string[];
  readonly defineNames: readonly string[];
  readonly references: Reference[];
  /** Null while segments themselves are read: they cannot mention each other. */
  readonly segments: () => readonly string[] | null;
  define(name: string, pos: Position): BoolNode | null;
  /** The words a text field can have; null when anything goes. */
  words(fact: FactName, field: string): readonly string[] | null;
  nextSlot(): number;
}

/** An item that a list operation stands at while its `where` is read. */
export interface Item {
  readonly slot: number;
  readonly list: ListRef;
  /** The variable's name in `expr:`; null in the structured spelling. */
  readonly name: string | null;
}

/** Items in reach, outermost first. */
export type Env = readonly Item[];

export function opened(
  scope: RuleScope,
  env: Env,
  list: ListRef,
  name: string | null,
  pos: Position,
): Item | null {
  if (env.length >= RULE_LIMITS.nestedLists) {
    scope.problems.error(
      pos,
      `Lists nested ${env.length + 1} deep; at most ${RULE_LIMITS.nestedLists} are allowed. Split the rule with define:.`,
    );
    return null;
  }
  return { slot: scope.nextSlot(), list, name };
}

/** Size and height of a node above `children`, refused past the budgets. */
export function sized(
  scope: RuleScope,
  pos: Position,
  children: readonly Node[],
): { readonly pos: Position; readonly size: number; readonly depth: number } | null {
  let size = 1;
  let depth = 0;
  for (const child of children) {
    size += child.size;
    depth = Math.max(depth, child.depth);
  }
  depth += 1;
  if (size > RULE_LIMITS.nodes || depth > RULE_LIMITS.depth) {
    scope.problems.error(
      pos,
      `The rule has ${size} parts, ${depth} deep, with every define: written out; at most ${RULE_LIMITS.nodes} parts, ${RULE_LIMITS.depth} deep, are allowed. Split it over several stages or segments.`,
    );
    return null;
  }
  return { pos, size, depth };
}

/** "Unknown field …; expected …" with the nearest right name. */
export function unknown(
  scope: RuleScope,
  pos: Position,
  what: string,
  found: string,
  candidates: readonly string[],
  extra = '',
): null {
  const expected = candidates.length === 0 ? 'There is none.' : `Expected ${listOf(candidates)}.`;
  scope.problems.error(pos, `Unknown ${what} \`${found}\`. ${expected}${extra}`, nearest(found, candidates));
  return null;
}

/** One of them, for texts: "some deal". */
export const SINGULAR: Readonly<Record<ListName, string>> = {
  people: 'person',
  deals: 'deal',
  tickets: 'ticket',
  touchpoints: 'touchpoint',
  surveys: 'survey',
};
