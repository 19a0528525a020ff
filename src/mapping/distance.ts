import type { Scalar } from '../model/facts.ts';
import type { BoolNode, ValueNode } from './tree.ts';

/** The least distance of a condition that does not hold: a hair's breadth is still not there. */
const LEAST = 0.01;

/** How far a single condition that does not hold is from holding, in (0, 1], for "nearest first" (J33): numbers by
 *  their share of the limit, dates by their share of the window, everything else is all or nothing. */
export function distanceOf(node: BoolNode, readValue: (node: ValueNode) => Scalar, now: number): number {
  if (node.op === 'compare') {
    const left = readValue(node.left);
    const right = readValue(node.right);
    if (typeof left !== 'number' || typeof right !== 'number' || node.cmp === 'ne') return 1;
    if (node.left.type === 'instant') return share(Math.abs(left - right), Math.abs(now - right));
    return share(Math.abs(left - right), Math.max(Math.abs(left), Math.abs(right)));
  }
  if (node.op === 'window') {
    const value = readValue(node.left);
    if (typeof value !== 'number') return 1;
    const { duration, test } = node;
    const edge = test === 'within_next' ? duration.after(now) : duration.before(now);
    return share(Math.abs(value - edge), duration.roughMs + Math.abs(value - edge));
  }
  return 1;
}

function share(gap: number, whole: number): number {
  const distance = whole === 0 ? 1 : gap / whole;
  return Math.min(1, Math.max(LEAST, distance));
}
