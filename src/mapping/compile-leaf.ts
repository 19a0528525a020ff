import { type Test, textAmong, textEquals } from './ops.ts';
import type { CompareNode, InNode, WindowNode } from './tree.ts';

/** The tests that rules are full of, a field of the present item against a constant, as one closure without a call
 *  in between; null for everything else. Twice as fast as the general form, and of one meaning with it. */
export function compileLeaf(node: CompareNode | InNode | WindowNode, slot: number): Test | null {
  const { left } = node;
  if (
    left.op !== 'field' ||
    left.scope === 'person' ||
    left.scope === 'account' ||
    left.scope.slot !== slot
  ) {
    return null;
  }
  const { field } = left;
  if (node.op === 'window') {
    const { duration } = node;
    switch (node.test) {
      case 'within':
        return (frame, item) => {
          const value = item.values[field];
          return typeof value === 'number' && value <= frame.now && value >= duration.before(frame.now);
        };
      case 'older_than':
        return (frame, item) => {
          const value = item.values[field];
          return typeof value === 'number' && value < duration.before(frame.now);
        };
      default:
        return null;
    }
  }
  if (node.op === 'in') {
    if (node.negated || left.type !== 'text') return null;
    const has = textAmong(
      node.values.map(({ value }) => String(value)),
      node.sensitive,
    );
    return (_frame, item) => has(item.values[field]);
  }
  const { cmp, right } = node;
  if (right.op !== 'literal') return null;
  const { value: constant } = right;
  if (typeof constant === 'boolean') {
    return cmp === 'eq' ? (_frame, item) => item.values[field] === constant : null;
  }
  if (typeof constant === 'string') {
    if (cmp !== 'eq') return null;
    const equals = textEquals(constant, node.sensitive);
    return (_frame, item) => equals(item.values[field]);
  }
  switch (cmp) {
    case 'gte':
      return (_frame, item) => {
        const value = item.values[field];
        return typeof value === 'number' && value >= constant;
      };
    case 'gt':
      return (_frame, item) => {
        const value = item.values[field];
        return typeof value === 'number' && value > constant;
      };
    case 'lte':
      return (_frame, item) => {
        const value = item.values[field];
        return typeof value === 'number' && value <= constant;
      };
    case 'lt':
      return (_frame, item) => {
        const value = item.values[field];
        return typeof value === 'number' && value < constant;
      };
    default:
      return null;
  }
}
