import { listOf } from './problems.ts';
import { fullTextOf } from './text.ts';
import type { BoolNode, Literal, ValueNode } from './tree.ts';

/** Finds conditions that can never hold (J7). Only what is certain is said: constants that contradict each other about
 *  one value, and conditions that are asked for and ruled out at once. */

/** What is known before a condition is read. */
export interface Given {
  /** The stages a subject can come from. */
  readonly stages: readonly string[];
}

/** Ways to fulfil an `any` that are tried together, and nodes looked at for it; past them nothing is certain (J10). */
const MAX_BRANCHES = 256;
const MAX_WORK = 100_000;

/** Why a condition can never hold, or null when it may. */
export function impossible(node: BoolNode, given: Given | null = null): string | null {
  return conflictOf([node], given, { left: Math.min(MAX_BRANCHES, Math.floor(MAX_WORK / node.size)) });
}

/** Why these cannot hold all together. */
function conflictOf(
  parts: readonly BoolNode[],
  given: Given | null,
  branches: { left: number },
): string | null {
  const both = opposed(parts);
  if (both !== null) return `it asks for "${both}" and rules it out`;
  const all = parts.flatMap(atoms);
  const demands = new Map<string, Demand>();
  if (given !== null) {
    const stages = new Set<Literal>(given.stages.map((name) => name.toLowerCase()));
    demands.set(OWN_STAGE, { ...anything(OWN_STAGE), allowed: stages });
  }
  for (const part of all) {
    const why = alone(part, branches) ?? demand(part, demands);
    if (why === null) continue;
    return given !== null && why.includes(`\`${OWN_STAGE}\``)
      ? `\`${OWN_STAGE}\`, the stage before, can only be ${listOf(given.stages) || 'none'}`
      : why;
  }
  const choice = all.findIndex(({ op }) => op === 'any');
  const any = all[choice];
  if (any?.op !== 'any') return null;
  const rest = all.filter((_, index) => index !== choice);
  let first: string | null = null;
  for (const item of any.items) {
    branches.left -= 1;
    const why = branches.left < 0 ? null : conflictOf([...rest, item], given, branches);
    if (why === null) return null;
    first ??= why;
  }
  return first;
}

const OWN_STAGE = 'journey.stage';

/** What makes a part impossible whatever stands beside it. */
function alone(part: BoolNode, branches: { left: number }): string | null {
  if (part.op === 'const' && !part.value) return 'its condition is never true';
  if (part.op === 'not' && part.item.op === 'const' && part.item.value) return 'its condition is never true';
  if (part.op === 'quant' && part.quant === 'some' && part.where !== null) {
    return conflictOf([part.where], null, branches);
  }
  return null;
}

function atoms(node: BoolNode): readonly BoolNode[] {
  if (node.op === 'all') return node.items.flatMap(atoms);
  if (node.op === 'named') return atoms(node.item);
  return [node];
}

/** A condition that is asked for and ruled out in one breath. */
function opposed(parts: readonly BoolNode[]): string | null {
  const said = new Map<string, boolean>();
  let found: string | null = null;
  const say = (text: string, positive: boolean): void => {
    const before = said.get(text);
    if (before !== undefined && before !== positive) found ??= text;
    said.set(text, positive);
  };
  const walk = (part: BoolNode): void => {
    if (part.op === 'named') walk(part.item);
    else if (part.op === 'not') say(fullTextOf(unnamed(part.item)), false);
    else if (part.op === 'quant' && part.quant === 'none') say(fullTextOf({ ...part, quant: 'some' }), false);
    else {
      say(fullTextOf(part), true);
      if (part.op === 'all') for (const item of part.items) walk(item);
    }
  };
  for (const part of parts) walk(part);
  return found;
}

function unnamed(node: BoolNode): BoolNode {
  return node.op === 'named' ? unnamed(node.item) : node;
}

/** What is demanded of one value so far. */
interface Demand {
  readonly text: string;
  allowed: Set<Literal> | null;
  readonly forbidden: Set<Literal>;
  /** Text tests that the value must pass. */
  readonly passes: ((text: string) => boolean)[];
  low: number;
  lowOpen: boolean;
  high: number;
  highOpen: boolean;
  /** Age windows in milliseconds, roughly. */
  youngest: number;
  oldest: number;
  present: boolean;
  missing: boolean;
}

function anything(text: string): Demand {
  return {
    text,
    allowed: null,
    forbidden: new Set(),
    passes: [],
    low: Number.NEGATIVE_INFINITY,
    lowOpen: false,
    high: Number.POSITIVE_INFINITY,
    highOpen: false,
    youngest: Number.NEGATIVE_INFINITY,
    oldest: Number.POSITIVE_INFINITY,
    present: false,
    missing: false,
  };
}

function demand(part: BoolNode, demands: Map<string, Demand>): string | null {
  const of = (node: ValueNode): Demand => {
    const text = fullTextOf(node);
    const scope = node.op === 'field' && typeof node.scope === 'object' ? `${node.scope.slot}:` : '';
    let found = demands.get(scope + text);
    if (found === undefined) {
      found = anything(text);
      // Nobody has less than no deal.
      if (node.op === 'aggregate' && node.fn === 'count') found.low = 0;
      demands.set(scope + text, found);
    }
    return found;
  };
  let touched: Demand;
  switch (part.op) {
    case 'exists':
      touched = of(part.item);
      if (part.negated) touched.missing = true;
      else touched.present = true;
      break;
    case 'in': {
      touched = of(part.left);
      const values = part.values.map(({ value }) => folded(value));
      if (part.negated) for (const value of values) touched.forbidden.add(value);
      else narrow(touched, values);
      touched.present = true;
      break;
    }
    case 'text': {
      touched = of(part.left);
      const wanted = part.value.toLowerCase();
      const { test } = part;
      touched.passes.push((text) =>
        test === 'contains'
          ? text.includes(wanted)
          : test === 'starts_with'
            ? text.startsWith(wanted)
            : text.endsWith(wanted),
      );
      touched.present = true;
      break;
    }
    case 'window': {
      touched = of(part.left);
      const { roughMs } = part.duration;
      const slack = 7_200_000;
      if (part.test === 'within') {
        touched.youngest = Math.max(touched.youngest, 0);
        touched.oldest = Math.min(touched.oldest, roughMs + slack);
      } else if (part.test === 'within_next') {
        touched.youngest = Math.max(touched.youngest, -roughMs - slack);
        touched.oldest = Math.min(touched.oldest, 0);
      } else touched.youngest = Math.max(touched.youngest, roughMs - slack);
      touched.present = true;
      break;
    }
    case 'compare': {
      if (part.right.op !== 'literal') return null;
      touched = of(part.left);
      touched.present = true;
      order(touched, part.cmp, folded(part.right.value));
      break;
    }
    default:
      return null;
  }
  return conflict(touched);
}

function order(demand: Demand, cmp: string, value: Literal): void {
  if (cmp === 'eq') narrow(demand, [value]);
  else if (cmp === 'ne') demand.forbidden.add(value);
  else if (typeof value === 'number') {
    const open = cmp === 'gt' || cmp === 'lt';
    if (cmp === 'gt' || cmp === 'gte') {
      if (value > demand.low || (value === demand.low && open)) {
        demand.low = value;
        demand.lowOpen = open;
      }
    } else if (value < demand.high || (value === demand.high && open)) {
      demand.high = value;
      demand.highOpen = open;
    }
  }
}

function narrow(demand: Demand, values: readonly Literal[]): void {
  const before = demand.allowed;
  demand.allowed = new Set(before === null ? values : values.filter((value) => before.has(value)));
}

function conflict(demand: Demand): string | null {
  const { allowed, forbidden, high, highOpen, low, lowOpen, missing, oldest, present, text, youngest } =
    demand;
  const clash = `\`${text}\` would have to be two things at once`;
  if (present && missing) return `\`${text}\` would have to have a value and none`;
  if (low > high || (low === high && (lowOpen || highOpen))) return clash;
  if (youngest > oldest) return clash;
  if (allowed === null || !present) return null;
  const left = [...allowed].filter(
    (value) =>
      !forbidden.has(value) &&
      (typeof value !== 'string' || demand.passes.every((passes) => passes(value))) &&
      (typeof value !== 'number' ||
        ((value > low || (value === low && !lowOpen)) && (value < high || (value === high && !highOpen)))),
  );
  return left.length === 0 ? clash : null;
}

/** Texts are compared without case; a `case: sensitive` pair that differs by case only is rare and merely unseen. */
function folded(value: Literal): Literal {
  return typeof value === 'string' ? value.toLowerCase() : value;
}
