import type { Fact, ResultView, Scalar } from '../model/facts.ts';
import { compileLeaf } from './compile-leaf.ts';
import { compileAggregate, compileQuant } from './compile-list.ts';
import {
  type Compiler,
  calculate,
  compareValues,
  type Frame,
  type Mode,
  type Read,
  type Test,
  textAmong,
  textTester,
  visibleFrom,
} from './ops.ts';
import type { BoolNode, CompareNode, FieldNode, InNode, ResultNode, ValueNode, WindowNode } from './tree.ts';
import type { Zone } from './zone.ts';

/** The typed tree to closures, each specialised by what is known at load. `slot` is that of the innermost list
 *  operation around the node, -1 outside of one. */
export function createCompiler(zone: Zone, mode: Mode): Compiler {
  const compiler: Compiler = {
    mode,
    test: (node, slot) => test(node, slot),
    read: (node, slot) => read(node, slot),
  };

  const test = (node: BoolNode, slot: number): Test => {
    switch (node.op) {
      case 'const': {
        const { value } = node;
        return () => value;
      }
      case 'all':
        return conjunction(node.items.map((item) => test(item, slot)));
      case 'any':
        return disjunction(node.items.map((item) => test(item, slot)));
      case 'not': {
        const inner = test(node.item, slot);
        return (frame, item) => !inner(frame, item);
      }
      case 'named':
        return test(node.item, slot);
      case 'segment': {
        const { name } = node;
        return (frame) => frame.context.segments.includes(name);
      }
      case 'exists': {
        const inner = read(node.item, slot);
        const { negated } = node;
        return (frame, item) => (inner(frame, item) === null) === negated;
      }
      case 'quant':
        return compileQuant(compiler, node);
      case 'compare':
        return (mode === 'present' ? compileLeaf(node, slot) : null) ?? compared(node, slot);
      case 'in':
        return (mode === 'present' ? compileLeaf(node, slot) : null) ?? among(node, slot);
      case 'window':
        return (mode === 'present' ? compileLeaf(node, slot) : null) ?? windowed(node, slot);
      case 'text': {
        const inner = read(node.left, slot);
        const passes = textTester(node.test, node.value, node.sensitive);
        return (frame, item) => passes(inner(frame, item));
      }
    }
  };

  const compared = ({ cmp, left, right, sensitive }: CompareNode, slot: number): Test => {
    const a = read(left, slot);
    if (right.op === 'literal') {
      const { value } = right;
      return (frame, item) => compareValues(cmp, a(frame, item), value, sensitive);
    }
    const b = read(right, slot);
    return (frame, item) => compareValues(cmp, a(frame, item), b(frame, item), sensitive);
  };

  const among = ({ left, negated, sensitive, values }: InNode, slot: number): Test => {
    const inner = read(left, slot);
    const set = new Set(values.map(({ value }) => value));
    const has =
      left.type === 'text'
        ? textAmong([...set].map(String), sensitive)
        : (value: Scalar) => value !== null && set.has(value);
    if (!negated) return (frame, item) => has(inner(frame, item));
    return (frame, item) => {
      const value = inner(frame, item);
      return value !== null && !has(value);
    };
  };

  const windowed = ({ duration, left, test: kind }: WindowNode, slot: number): Test => {
    const inner = read(left, slot);
    if (kind === 'within') {
      return (frame, item) => {
        const value = inner(frame, item);
        return typeof value === 'number' && value <= frame.now && value >= duration.before(frame.now);
      };
    }
    if (kind === 'within_next') {
      return (frame, item) => {
        const value = inner(frame, item);
        return typeof value === 'number' && value >= frame.now && value <= duration.after(frame.now);
      };
    }
    return (frame, item) => {
      const value = inner(frame, item);
      return typeof value === 'number' && value < duration.before(frame.now);
    };
  };

  const read = (node: ValueNode, slot: number): Read => {
    switch (node.op) {
      case 'literal': {
        const { value } = node;
        return () => value;
      }
      case 'field':
        return readField(node, slot, mode);
      case 'result':
        return readResult(node, slot);
      case 'arith': {
        const a = read(node.left, slot);
        const b = read(node.right, slot);
        const { fn } = node;
        return (frame, item) => calculate(fn, a(frame, item), b(frame, item));
      }
      case 'aggregate':
        return compileAggregate(compiler, node);
      case 'days_since': {
        const inner = read(node.of, slot);
        return (frame, item) => {
          const value = inner(frame, item);
          return typeof value === 'number' ? zone.dayNumber(frame.now) - zone.dayNumber(value) : null;
        };
      }
      case 'ago': {
        const { duration } = node;
        return (frame) => duration.before(frame.now);
      }
    }
  };
  return compiler;
}

function conjunction(tests: readonly Test[]): Test {
  const [a, b, c, ...rest] = tests;
  if (a === undefined) return () => true;
  if (b === undefined) return a;
  if (c === undefined) return (frame, item) => a(frame, item) && b(frame, item);
  if (rest.length === 0) return (frame, item) => a(frame, item) && b(frame, item) && c(frame, item);
  return (frame, item) => {
    for (let index = 0; index < tests.length; index++) {
      if (!(tests[index] as Test)(frame, item)) return false;
    }
    return true;
  };
}

function disjunction(tests: readonly Test[]): Test {
  const [a, b, ...rest] = tests;
  if (a === undefined) return () => false;
  if (b === undefined) return a;
  if (rest.length === 0) return (frame, item) => a(frame, item) || b(frame, item);
  return (frame, item) => {
    for (let index = 0; index < tests.length; index++) {
      if ((tests[index] as Test)(frame, item)) return true;
    }
    return false;
  };
}

/** The fact a field is read from. */
export function holderOf(scope: FieldNode['scope'], slot: number): (frame: Frame, item: Fact) => Fact | null {
  if (scope === 'person') return (frame) => frame.facts.person;
  if (scope === 'account') return (frame) => frame.facts.account;
  const own = scope.slot;
  if (own === slot) return (_frame, item) => item;
  return (frame) => frame.vars[own] ?? null;
}

function readField({ field, scope }: FieldNode, slot: number, mode: Mode): Read {
  const holder = holderOf(scope, slot);
  if (mode === 'past') {
    return (frame, item) => {
      const fact = holder(frame, item);
      const value = fact?.values[field] ?? null;
      if (value === null) return null;
      const origin = fact?.origins[field];
      return origin !== undefined && visibleFrom(origin) > frame.now ? null : value;
    };
  }
  if (scope !== 'person' && scope !== 'account' && scope.slot === slot) {
    return (_frame, item) => {
      const value = item.values[field];
      return value === undefined ? null : value;
    };
  }
  return (frame, item) => holder(frame, item)?.values[field] ?? null;
}

function readResult({ journey, key, of }: ResultNode, slot: number): Read {
  const pick = (view: ResultView | undefined): Scalar => (view === undefined ? null : view[key]);
  if (of === 'own') return (frame) => pick(frame.context.journey);
  if (of === 'self') return (frame) => pick(frame.context.results[journey]);
  if (of === 'account') return (frame) => pick(frame.context.accountResults[journey]);
  const holder = holderOf(of, slot);
  return (frame, item) => {
    const person = holder(frame, item);
    return person === null ? null : pick(frame.context.peopleResults[person.key]?.[journey]);
  };
}
