import type { Fact, Scalar } from '../model/facts.ts';
import { createCompiler, holderOf } from './compile.ts';
import type { ZonedDuration } from './duration.ts';
import { type Frame, presentFrom, type Read, visibleFrom } from './ops.ts';
import { type BoolNode, childrenOf, type FieldNode, type Node, type ValueNode, visit } from './tree.ts';
import type { Zone } from './zone.ts';

const NONE: Fact = Object.freeze({ key: '', values: {}, origins: {} });

/** Instants in (from, to] at which the truth of a condition may change: when a value it reads began to show, and the
 *  edges of its time conditions. A superset is right, a missing one is not, so filters are not looked at. */
export function createInstants(
  zone: Zone,
): (root: BoolNode, frame: Frame, from: number, to: number) => readonly number[] {
  const compiler = createCompiler(zone, 'present');
  const reads = new Map<ValueNode, Read>();
  const readValue = (node: ValueNode, frame: Frame): Scalar => {
    let read = reads.get(node);
    if (read === undefined) {
      read = compiler.read(node, -1);
      reads.set(node, read);
    }
    return read(frame, NONE);
  };

  return (root, frame, from, to) => {
    const found = new Set<number>();
    const add = (instant: number): void => {
      if (instant > from && instant <= to) found.add(instant);
    };

    const walk = (node: Node): void => {
      switch (node.op) {
        case 'field':
          shown(node, frame, add);
          return;
        case 'window':
          leaves(node.left, (value) => windowEdges(node.test, node.duration, value, add));
          break;
        case 'compare':
          timeSide(node.left, node.right);
          timeSide(node.right, node.left);
          break;
        case 'quant':
        case 'aggregate': {
          const { list, of: whose } = node.list;
          const items = whose === 'account' ? frame.facts.accountLists[list] : frame.facts[list];
          const outer = frame.vars[node.slot];
          for (const item of items) {
            frame.vars[node.slot] = item;
            add(presentFrom(item, list));
            for (const child of childrenOf(node)) walk(child);
          }
          if (outer !== undefined) frame.vars[node.slot] = outer;
          return;
        }
        default:
      }
      for (const child of childrenOf(node)) walk(child);
    };

    /** Every instant that a value may be: of a field, of a journey's state, of any item of a list. */
    const leaves = (node: ValueNode, see: (value: number) => void): void => {
      if (node.op === 'aggregate') {
        const { list, of: whose } = node.list;
        const items = whose === 'account' ? frame.facts.accountLists[list] : frame.facts[list];
        const outer = frame.vars[node.slot];
        for (const item of items) {
          frame.vars[node.slot] = item;
          if (node.of !== null) leaves(node.of, see);
        }
        if (outer !== undefined) frame.vars[node.slot] = outer;
        return;
      }
      const value = readValue(node, frame);
      if (typeof value === 'number') see(value);
    };

    const timeSide = (side: ValueNode, other: ValueNode): void => {
      if (side.op === 'ago') {
        leaves(other, (value) => windowEdges('within', side.duration, value, add));
        return;
      }
      if (!asksDays(side)) return;
      if (side.op === 'days_since' && other.op === 'literal' && typeof other.value === 'number') {
        const limit = Math.floor(other.value);
        leaves(side.of, (value) => {
          for (const days of [limit, limit + 1]) add(zone.dayStart(zone.dayNumber(value) + days));
        });
        return;
      }
      // Anything computed from days since: it may change at every midnight.
      for (let day = zone.dayNumber(from); zone.dayStart(day) <= to; day += 1) add(zone.dayStart(day));
    };

    walk(root);
    return [...found].sort((a, b) => a - b);
  };
}

function asksDays(node: ValueNode): boolean {
  let found = false;
  visit(node, ({ op }) => {
    if (op === 'days_since') found = true;
  });
  return found;
}

function shown(node: FieldNode, frame: Frame, add: (instant: number) => void): void {
  const fact = holderOf(node.scope, -1)(frame, NONE);
  const origin = fact?.origins[node.field];
  if (origin !== undefined) add(visibleFrom(origin));
}

/** Around the instants at which `value` enters and leaves the window, one millisecond to each side: bounds are
 *  inclusive here and exclusive there, and a duration may not fit the calendar exactly. */
function windowEdges(
  test: 'within' | 'within_next' | 'older_than',
  duration: ZonedDuration,
  value: number,
  add: (instant: number) => void,
): void {
  const around = (instant: number): void => {
    add(instant);
    add(instant + 1);
  };
  around(value);
  for (const edge of test === 'within_next' ? duration.edgesBefore(value) : duration.edgesAfter(value)) {
    around(edge);
  }
}
