import { WaystageError } from '../model/errors.ts';
import type { Fact, ListName, Origin, Scalar } from '../model/facts.ts';
import { START_FIELD } from './catalogue.ts';
import type { BoolNode, Comparator, ValueNode } from './tree.ts';
import type { EvalContext, SubjectFacts } from './types.ts';

/** What compiled closures work on: one per mapping, filled before each evaluation, so that nothing is allocated. */
export interface Frame {
  context: EvalContext;
  facts: SubjectFacts;
  /** The instant of the evaluation: `context.now`, or an earlier one in `testAt`. */
  now: number;
  /** Items of enclosing list operations, by slot. */
  readonly vars: Fact[];
  /** List items looked at so far (J10). */
  work: number;
}

/** `item` is the item of the innermost list operation; outside of one it is not looked at. */
export type Test = (frame: Frame, item: Fact) => boolean;
export type Read = (frame: Frame, item: Fact) => Scalar;

/** `past` hides what was not yet true at the instant (J11.5); it is compiled only when it is asked for. */
export type Mode = 'present' | 'past';

export interface Compiler {
  readonly mode: Mode;
  test(node: BoolNode, slot: number): Test;
  read(node: ValueNode, slot: number): Read;
}

/** List items that one evaluation of one condition may look at (J10): a second's work at most. */
export const MAX_LIST_WORK = 5_000_000;

export function chargeWork(frame: Frame, items: number): void {
  frame.work += items;
  if (frame.work > MAX_LIST_WORK) {
    throw new WaystageError(
      'mapping_invalid',
      `A rule looks at more than ${MAX_LIST_WORK} list items for one subject; nest fewer lists inside each other.`,
    );
  }
}

/** When a value began to show: a date that lies ahead was known as a plan before it came true (J4). */
export function visibleFrom({ at, known }: Origin): number {
  return at < known ? at : known;
}

/** From when a fact counts as an item of its list: from its own start, else from its first known value. */
export function presentFrom(fact: Fact, list: ListName): number {
  const start = fact.origins[START_FIELD[list]];
  if (start !== undefined) return visibleFrom(start);
  let first = Number.POSITIVE_INFINITY;
  for (const field in fact.origins) {
    const origin = fact.origins[field];
    if (origin !== undefined) first = Math.min(first, visibleFrom(origin));
  }
  // A fact without any origin is not from a CRM; it was always there.
  return first === Number.POSITIVE_INFINITY ? Number.NEGATIVE_INFINITY : first;
}

/** The rule of J8 and J9 for two values: false without a value or over two types, text by `fold`. */
export function compareValues(
  cmp: Comparator,
  a: Scalar | undefined,
  b: Scalar | undefined,
  sensitive: boolean,
): boolean {
  if (a === null || b === null || a === undefined || b === undefined || typeof a !== typeof b) return false;
  switch (cmp) {
    case 'eq':
      return a === b || (!sensitive && typeof a === 'string' && fold(a) === fold(b as string));
    case 'ne':
      return a !== b && (sensitive || typeof a !== 'string' || fold(a) !== fold(b as string));
    case 'lt':
      return a < b;
    case 'lte':
      return a <= b;
    case 'gt':
      return a > b;
    case 'gte':
      return a >= b;
  }
}

/** Text without case, for comparing. */
export function fold(text: string): string {
  return text.toLowerCase();
}

const ASCII = /^[\x20-\x7e]*$/;

/** Equality with a constant text. For ASCII constants a different length settles it without folding: no letter
 *  outside ASCII folds to a different number of ASCII letters. */
export function textEquals(constant: string, sensitive: boolean): (value: Scalar | undefined) => boolean {
  if (sensitive) return (value) => value === constant;
  const folded = fold(constant);
  const length = ASCII.test(constant) ? constant.length : -1;
  return (value) =>
    value === folded ||
    (typeof value === 'string' && (length < 0 || value.length === length) && fold(value) === folded);
}

/** Membership among constant texts. CRM options are few and come again and again, so answers are kept. */
export function textAmong(
  constants: readonly string[],
  sensitive: boolean,
): (value: Scalar | undefined) => boolean {
  const set = new Set(sensitive ? constants : constants.map(fold));
  if (sensitive) return (value) => typeof value === 'string' && set.has(value);
  return (value) => typeof value === 'string' && (set.has(value) || set.has(fold(value)));
}

export function textTester(
  test: 'contains' | 'starts_with' | 'ends_with',
  constant: string,
  sensitive: boolean,
): (value: Scalar | undefined) => boolean {
  const wanted = sensitive ? constant : fold(constant);
  const seen = sensitive ? (text: string) => text : fold;
  if (test === 'contains') return (value) => typeof value === 'string' && seen(value).includes(wanted);
  if (test === 'starts_with') return (value) => typeof value === 'string' && seen(value).startsWith(wanted);
  return (value) => typeof value === 'string' && seen(value).endsWith(wanted);
}

/** No value in, no value out; a division by zero has none (J18). */
export function calculate(fn: '+' | '-' | '*' | '/' | '%', a: Scalar, b: Scalar): number | null {
  if (typeof a !== 'number' || typeof b !== 'number') return null;
  let result: number;
  if (fn === '+') result = a + b;
  else if (fn === '-') result = a - b;
  else if (fn === '*') result = a * b;
  else if (b === 0) return null;
  else result = fn === '/' ? a / b : a % b;
  return Number.isFinite(result) ? result : null;
}
