import type { Fact, SubjectFacts } from '../model/facts.ts';
import { createCompiler } from './compile.ts';
import { createExplainer } from './explain.ts';
import { createInstants } from './instants.ts';
import type { Frame, Test } from './ops.ts';
import { textOf } from './text.ts';
import type { BoolNode, ValueNode } from './tree.ts';
import type { Condition, EvalContext, NumberValue } from './types.ts';
import type { Zone } from './zone.ts';

const NONE: Fact = Object.freeze({ key: '', values: {}, origins: {} });

/** Makes the conditions and values of one mapping. They share one frame, which is safe because an evaluation never
 *  starts another one. */
/** A condition of a loaded mapping, with the tree it was compiled from: for rule builders, see `writeCondition`. */
export interface TreeCondition extends Condition {
  readonly tree: BoolNode;
}
export interface TreeValue extends NumberValue {
  readonly tree: ValueNode;
}

/** The tree of a condition; null for one that no mapping file made. */
export function treeOf(condition: Condition): BoolNode | null {
  return (condition as Partial<TreeCondition>).tree ?? null;
}

/** The tree of a value; null for one that no mapping file made. */
export function valueTreeOf(value: NumberValue): ValueNode | null {
  return (value as Partial<TreeValue>).tree ?? null;
}

export interface ConditionMaker {
  condition(node: BoolNode): TreeCondition;
  number(node: ValueNode): TreeValue;
}

export function createConditions(zone: Zone): ConditionMaker {
  const present = createCompiler(zone, 'present');
  const past = createCompiler(zone, 'past');
  const explainer = createExplainer(zone);
  const instants = createInstants(zone);
  const frame: Frame = {
    context: undefined as unknown as EvalContext,
    facts: undefined as unknown as SubjectFacts,
    now: 0,
    vars: [],
    work: 0,
  };
  const enter = (context: EvalContext, now: number): Frame => {
    frame.context = context;
    frame.facts = context.facts;
    frame.now = now;
    frame.work = 0;
    return frame;
  };

  return {
    condition: (node) => {
      const test = present.test(node, -1);
      let earlier: Test | null = null;
      let text: string | null = null;
      return {
        position: node.pos,
        tree: node,
        get text() {
          text ??= textOf(node);
          return text;
        },
        test: (context) => test(enter(context, context.now), NONE),
        explain: (context) => explainer.trace(node, enter(context, context.now)),
        testAt: (context, instant) => {
          earlier ??= past.test(node, -1);
          return earlier(enter(context, instant), NONE);
        },
        instants: (context, from, to) => instants(node, enter(context, context.now), from, to),
      };
    },
    number: (node) => {
      const read = present.read(node, -1);
      let text: string | null = null;
      const value = (context: EvalContext): number | null => {
        const found = read(enter(context, context.now), NONE);
        return typeof found === 'number' ? found : null;
      };
      return {
        position: node.pos,
        tree: node,
        get text() {
          text ??= textOf(node);
          return text;
        },
        value,
        explain: (context) => ({
          value: value(context),
          seen: explainer.seen(node, enter(context, context.now)),
        }),
      };
    },
  };
}
