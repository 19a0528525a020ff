import type { Fact, Scalar } from '../model/facts.ts';
import { pathOf } from './build.ts';
import { START_FIELD } from './catalogue.ts';
import { createCompiler } from './compile.ts';
import { itemsOf } from './compile-list.ts';
import { distanceOf } from './distance.ts';
import type { Frame, Read, Test } from './ops.ts';
import { textOf } from './text.ts';
import {
  type AggregateNode,
  type BoolNode,
  type FieldNode,
  type ListRef,
  type QuantNode,
  type ResultNode,
  type ValueNode,
  visit,
} from './tree.ts';
import type { ConditionTrace, FactType, SeenValue } from './types.ts';
import type { Zone } from './zone.ts';

/** Items of a list that an explanation names, and that it looks at to find the nearest one. */
const SHOWN = 5;
const SEARCHED = 25;
/** The item handed to closures that read their item from the frame. */
const NONE: Fact = Object.freeze({ key: '', values: {}, origins: {} });

export interface Explainer {
  /** Same truth as the compiled condition: its leaves are decided by the same closures. */
  trace(node: BoolNode, frame: Frame): ConditionTrace;
  seen(node: ValueNode, frame: Frame): readonly SeenValue[];
}

export function createExplainer(zone: Zone): Explainer {
  const compiler = createCompiler(zone, 'present');
  const tests = new Map<BoolNode, Test>();
  const reads = new Map<ValueNode, Read>();
  const texts = new Map<BoolNode, string>();

  // Compiled with no item at hand: every item is read from the frame, where `at` puts it.
  const holds = (node: BoolNode, frame: Frame): boolean => {
    let test = tests.get(node);
    if (test === undefined) {
      test = compiler.test(node, -1);
      tests.set(node, test);
    }
    return test(frame, NONE);
  };
  const readValue = (node: ValueNode, frame: Frame): Scalar => {
    let read = reads.get(node);
    if (read === undefined) {
      read = compiler.read(node, -1);
      reads.set(node, read);
    }
    return read(frame, NONE);
  };
  const text = (node: BoolNode): string => {
    let line = texts.get(node);
    if (line === undefined) {
      line = textOf(node);
      texts.set(node, line);
    }
    return line;
  };

  const trace = (node: BoolNode, frame: Frame): ConditionTrace => {
    const base = { text: text(node), position: node.pos };
    switch (node.op) {
      case 'all':
      case 'any': {
        const children = node.items.map((item) => trace(item, frame));
        const every = node.op === 'all';
        const holding = every
          ? children.every((child) => child.holds)
          : children.some((child) => child.holds);
        const distances = children.map((child) => child.distance);
        const distance = every
          ? distances.reduce((sum, part) => sum + part, 0) / children.length
          : Math.min(...distances);
        return {
          ...base,
          kind: node.op,
          holds: holding,
          seen: [],
          children,
          distance: holding ? 0 : distance,
        };
      }
      case 'not': {
        const child = trace(node.item, frame);
        return {
          ...base,
          kind: 'not',
          holds: !child.holds,
          seen: [],
          children: [child],
          distance: child.holds ? 1 : 0,
        };
      }
      case 'named':
        return { ...trace(node.item, frame), name: node.name };
      case 'segment': {
        const inside = holds(node, frame);
        const seen = [{ path: 'segments', value: frame.context.segments.join(', ') || null, fact: null }];
        return { ...base, kind: 'segment', holds: inside, seen, children: [], distance: inside ? 0 : 1 };
      }
      case 'quant':
        return quantified(node, frame);
      default: {
        const holding = holds(node, frame);
        const sides =
          node.op === 'compare' ? [node.left, node.right] : node.op === 'const' ? [] : [operand(node)];
        const kinds = sides.map(({ op }) => op);
        const kind = kinds.includes('aggregate')
          ? 'list'
          : kinds.includes('arith') || kinds.includes('days_since') || kinds.includes('ago')
            ? 'expr'
            : 'compare';
        return {
          ...base,
          kind,
          holds: holding,
          seen: sides.flatMap((side) => seen(side, frame)),
          children: [],
          distance: holding ? 0 : distanceOf(node, (side) => readValue(side, frame), frame.now),
        };
      }
    }
  };

  const quantified = (node: QuantNode, frame: Frame): ConditionTrace => {
    const { quant, slot, where } = node;
    const list = itemsOf(node.list, 'present')(frame);
    const outer = frame.vars[slot];
    const at = (item: Fact): Frame => {
      frame.vars[slot] = item;
      return frame;
    };
    // The items that decide: those that pass for `some` and `none`, those that fail for `every`.
    const deciding = list.filter((item) => where === null || holds(where, at(item)) === (quant !== 'every'));
    const holding = quant === 'some' ? deciding.length > 0 : deciding.length === 0;
    const counted: SeenValue = { path: `count(${listText(node.list)})`, value: list.length, fact: null };
    const shown = deciding.slice(0, SHOWN).flatMap((item) => itemValues(node, item, at(item)));
    let children: readonly ConditionTrace[] = [];
    let distance = holding ? 0 : 1;
    if (where !== null && deciding[0] !== undefined) {
      children = [trace(where, at(deciding[0]))];
      if (quant !== 'some') distance = list.length === 0 ? 0 : deciding.length / list.length;
    } else if (where !== null && quant === 'some') {
      const near = list.slice(0, SEARCHED).map((item) => trace(where, at(item)));
      const nearest = near.sort((a, b) => a.distance - b.distance)[0];
      if (nearest !== undefined) {
        children = [nearest];
        distance = nearest.distance;
      }
    }
    if (outer !== undefined) frame.vars[slot] = outer;
    return {
      text: text(node),
      position: node.pos,
      kind: 'list',
      holds: holding,
      seen: [counted, ...shown],
      children,
      distance,
    };
  };

  /** The values of one item that a list operation looks at, its start at least. */
  const itemValues = (
    { list, of, slot, where }: { list: ListRef; of?: ValueNode | null; slot: number; where: BoolNode | null },
    item: Fact,
    frame: Frame,
  ): readonly SeenValue[] => {
    const found = new Map<string, SeenValue>();
    const note = (node: FieldNode | ResultNode): void => {
      const scope = node.op === 'field' ? node.scope : node.of;
      if (typeof scope !== 'object' || scope.slot !== slot) return;
      const path = pathOf(node);
      found.set(path, { path, value: readValue(node, frame), fact: item, type: shownAs(node) });
    };
    for (const root of [of, where]) {
      if (root) {
        visit(root, (node) => {
          if (node.op === 'field' || node.op === 'result') note(node);
        });
      }
    }
    if (found.size === 0) {
      const start = START_FIELD[list.list];
      const value = item.values[start] ?? null;
      found.set(start, { path: `${list.list}.${start}`, value, fact: item, type: 'datetime' });
    }
    return [...found.values()];
  };

  const seen = (node: ValueNode, frame: Frame): readonly SeenValue[] => {
    switch (node.op) {
      case 'field':
        return [
          {
            path: pathOf(node),
            value: readValue(node, frame),
            fact: holderFact(node, frame),
            type: shownAs(node),
          },
        ];
      case 'result':
        return [{ path: node.path, value: readValue(node, frame), fact: null, type: shownAs(node) }];
      case 'arith':
        return [...seen(node.left, frame), ...seen(node.right, frame)];
      case 'days_since': {
        // The date, not the age: what an explanation shows must not change from day to day by itself.
        return seen(node.of, frame);
      }
      case 'aggregate':
        return aggregated(node, frame);
      default:
        return [];
    }
  };

  const aggregated = (node: AggregateNode, frame: Frame): readonly SeenValue[] => {
    const { slot, where } = node;
    const value = readValue(node, frame);
    const total: SeenValue = { path: aggregatePath(node), value, fact: null, type: shownAs(node) };
    const outer = frame.vars[slot];
    const values: SeenValue[] = [];
    let shown = 0;
    for (const item of itemsOf(node.list, 'present')(frame)) {
      frame.vars[slot] = item;
      if (where !== null && !holds(where, frame)) continue;
      values.push(...itemValues(node, item, frame));
      shown += 1;
      if (shown === SHOWN) break;
    }
    if (outer !== undefined) frame.vars[slot] = outer;
    return [total, ...values];
  };

  return { trace, seen };
}

function operand(
  node: Exclude<
    BoolNode,
    { op: 'all' | 'any' | 'not' | 'named' | 'segment' | 'quant' | 'const' | 'compare' }
  >,
): ValueNode {
  return node.op === 'exists' ? node.item : node.left;
}

function holderFact({ scope }: FieldNode, frame: Frame): Fact | null {
  if (scope === 'person') return frame.facts.person;
  if (scope === 'account') return frame.facts.account;
  return frame.vars[scope.slot] ?? null;
}

/** Custom fields are in no catalogue, so each value says itself that it is a date. */
function shownAs({ type }: ValueNode): FactType {
  return type === 'instant' ? 'datetime' : type;
}

function listText({ list, of }: ListRef): string {
  return of === 'account' ? `account.${list}` : list;
}

/** `count(touchpoints)`, `sum(deals.amount)`. */
export function aggregatePath({ fn, list, of }: AggregateNode): string {
  const field = of?.op === 'field' ? `.${of.field}` : '';
  return `${fn}(${listText(list)}${field})`;
}
