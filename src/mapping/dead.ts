import type { StageRules } from './load-stages.ts';
import type { Problems } from './problems.ts';
import { fullTextOf } from './text.ts';
import type { BoolNode, Literal, ValueNode } from './tree.ts';

/** Finds rules that can never hold and stages that nobody can enter (J7). Only what is certain is said: constants
 *  that contradict each other about one value, and stages that no `enter`, `from` or `exit` leads to. */
export function checkStages(stages: readonly StageRules[], problems: Problems): void {
  const reached = new Set<string>();
  const never = new Map<string, string>();
  for (const { enter, stage } of stages) {
    const why = enter === null ? null : impossible(enter);
    if (why !== null) never.set(stage.name, why);
  }
  for (let before = -1; before !== reached.size; ) {
    before = reached.size;
    for (const { enter, exits, stage } of stages) {
      const from = stage.from;
      const open =
        enter !== null && !never.has(stage.name) && (from === null || from.some((name) => reached.has(name)));
      if (stage.isDefault || open) reached.add(stage.name);
      if (!reached.has(stage.name)) continue;
      for (const { to, when } of exits) if (to !== null && impossible(when) === null) reached.add(to);
    }
  }
  for (const { enter, exits, stage, stay } of stages) {
    const { name, position } = stage;
    for (const { when } of exits) {
      const why = impossible(when);
      if (why !== null) problems.error(when.pos, `This exit can never be taken: ${why}.`);
    }
    if (!reached.has(name)) {
      const why = never.get(name);
      problems.error(
        position,
        why !== undefined
          ? `Nobody can ever enter \`${name}\`: ${why}.`
          : enter === null
            ? `Nobody can ever enter \`${name}\`: it has no enter:, is not the default, and no exit: of a reachable stage leads to it.`
            : `Nobody can ever enter \`${name}\`: from: names only stages that nobody can enter, and no exit: leads to it.`,
      );
    } else if (enter === null && stay === null && !stage.isDefault && !stage.terminal) {
      problems.error(
        position,
        `Nobody can stay in \`${name}\`: without enter: it needs stay:, terminal: true or default: true.`,
      );
    }
    const unlivable = stay === null ? null : impossible(stay);
    if (unlivable !== null)
      problems.error(stay?.pos ?? position, `Nobody can stay in \`${name}\`: ${unlivable}.`);
  }
}

/** Why a condition can never hold, or null when it may. */
export function impossible(node: BoolNode): string | null {
  switch (node.op) {
    case 'const':
      return node.value ? null : 'its condition is never true';
    case 'named':
      return impossible(node.item);
    case 'any': {
      const reasons = node.items.map(impossible);
      return reasons.includes(null) ? null : (reasons[0] ?? null);
    }
    case 'quant':
      return node.quant === 'some' && node.where !== null ? impossible(node.where) : null;
    case 'not':
      return node.item.op === 'const' && node.item.value ? 'its condition is never true' : null;
    case 'all':
    case 'compare':
    case 'in':
    case 'window':
    case 'exists':
      return contradiction(node);
    default:
      return null;
  }
}

function atoms(node: BoolNode): readonly BoolNode[] {
  if (node.op === 'all') return node.items.flatMap(atoms);
  if (node.op === 'named') return atoms(node.item);
  return [node];
}

/** A condition that is asked for and ruled out in one breath. */
function opposed(node: BoolNode): string | null {
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
  walk(node);
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

function contradiction(node: BoolNode): string | null {
  const both = opposed(node);
  if (both !== null) return `it asks for "${both}" and rules it out`;
  const parts = atoms(node);
  const demands = new Map<string, Demand>();
  for (const part of parts) {
    if (part.op === 'any' || part.op === 'quant' || part.op === 'const') {
      const why = impossible(part);
      if (why !== null) return why;
    }
    const why = demand(part, demands);
    if (why !== null) return why;
  }
  return null;
}

function demand(part: BoolNode, demands: Map<string, Demand>): string | null {
  const of = (node: ValueNode): Demand => {
    const text = fullTextOf(node);
    const scope = node.op === 'field' && typeof node.scope === 'object' ? `${node.scope.slot}:` : '';
    let found = demands.get(scope + text);
    if (found === undefined) {
      found = {
        text,
        allowed: null,
        forbidden: new Set(),
        low: Number.NEGATIVE_INFINITY,
        lowOpen: false,
        high: Number.POSITIVE_INFINITY,
        highOpen: false,
        youngest: Number.NEGATIVE_INFINITY,
        oldest: Number.POSITIVE_INFINITY,
        present: false,
        missing: false,
      };
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
  if (allowed === null) return null;
  const left = [...allowed].filter(
    (value) =>
      !forbidden.has(value) &&
      (typeof value !== 'number' ||
        ((value > low || (value === low && !lowOpen)) && (value < high || (value === high && !highOpen)))),
  );
  return left.length === 0 ? clash : null;
}

/** Texts are compared without case; a `case: sensitive` pair that differs by case only is rare and merely unseen. */
function folded(value: Literal): Literal {
  return typeof value === 'string' ? value.toLowerCase() : value;
}
