import type { Fact } from '../model/facts.ts';
import { START_FIELD } from './catalogue.ts';
import { type Compiler, chargeWork, type Frame, presentFrom, type Read, type Test } from './ops.ts';
import { type AggregateNode, type ListRef, type Node, type QuantNode, visit } from './tree.ts';

type Items = (frame: Frame) => readonly Fact[];

/** The items of a list: all of them, or in the past those that had begun. */
export function itemsOf({ list, of }: ListRef, mode: Compiler['mode']): Items {
  const all: Items =
    of === 'account' ? (frame) => frame.facts.accountLists[list] : (frame) => frame.facts[list];
  if (mode === 'present') return all;
  return (frame) => all(frame).filter((fact) => presentFrom(fact, list) <= frame.now);
}

/** Only operations that hold another list operation must leave their item where that one finds it. */
function holdsList(node: Node | null): boolean {
  let found = false;
  if (node !== null) {
    visit(node, ({ op }) => {
      if (op === 'quant' || op === 'aggregate') found = true;
    });
  }
  return found;
}

export function compileQuant(compiler: Compiler, node: QuantNode): Test {
  const { quant, slot, where } = node;
  const items = itemsOf(node.list, compiler.mode);
  if (where === null) {
    return quant === 'none' ? (frame) => items(frame).length === 0 : (frame) => items(frame).length > 0;
  }
  const keep = holdsList(where);
  const passes = compiler.test(where, slot);
  // some: one that passes · none: none that passes · every: none that fails.
  const wanted = quant !== 'every';
  const found = quant === 'some';
  return (frame) => {
    const list = items(frame);
    chargeWork(frame, list.length);
    for (let index = 0; index < list.length; index++) {
      const item = list[index] as Fact;
      if (keep) frame.vars[slot] = item;
      if (passes(frame, item) === wanted) return found;
    }
    return !found;
  };
}

export function compileAggregate(compiler: Compiler, node: AggregateNode): Read {
  const { fn, of, slot, where } = node;
  const items = itemsOf(node.list, compiler.mode);
  const keep = holdsList(where) || holdsList(of);
  const passes = where === null ? null : compiler.test(where, slot);
  if (fn === 'count' || of === null) {
    if (passes === null) return (frame) => items(frame).length;
    return (frame) => {
      const list = items(frame);
      chargeWork(frame, list.length);
      let count = 0;
      for (let index = 0; index < list.length; index++) {
        const item = list[index] as Fact;
        if (keep) frame.vars[slot] = item;
        if (passes(frame, item)) count += 1;
      }
      return count;
    };
  }
  const value = compiler.read(of, slot);
  if (fn === 'latest') {
    const start = START_FIELD[node.list.list];
    return (frame) => {
      const list = items(frame);
      chargeWork(frame, list.length);
      let latest: ReturnType<Read> = null;
      let last = Number.NEGATIVE_INFINITY;
      for (let index = 0; index < list.length; index++) {
        const item = list[index] as Fact;
        if (keep) frame.vars[slot] = item;
        if (passes !== null && !passes(frame, item)) continue;
        const seen = value(frame, item);
        const at = item.values[start];
        if (seen === null || typeof at !== 'number' || at < last) continue;
        latest = seen;
        last = at;
      }
      return latest;
    };
  }
  return (frame) => {
    const list = items(frame);
    chargeWork(frame, list.length);
    let count = 0;
    let sum = 0;
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    for (let index = 0; index < list.length; index++) {
      const item = list[index] as Fact;
      if (keep) frame.vars[slot] = item;
      if (passes !== null && !passes(frame, item)) continue;
      const seen = value(frame, item);
      if (typeof seen !== 'number') continue;
      count += 1;
      sum += seen;
      if (seen < low) low = seen;
      if (seen > high) high = seen;
    }
    if (fn === 'sum') return sum;
    if (count === 0) return null;
    return fn === 'min' ? low : fn === 'max' ? high : sum / count;
  };
}
