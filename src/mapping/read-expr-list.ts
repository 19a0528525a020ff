import { conjoin, isRaw, type Operand } from './build.ts';
import { quant } from './build-list.ts';
import { type CelNode, pathOf } from './cel.ts';
import { listOf, quote } from './problems.ts';
import { resolveList } from './resolve.ts';
import { type Env, type Item, opened, type RuleScope } from './scope.ts';
import type { BoolNode, ListRef, ValueNode } from './tree.ts';
import type { Position } from './types.ts';

/** The half of the expression reader that reads single conditions and values. */
export interface ExprReader {
  readonly scope: RuleScope;
  at(node: CelNode): Position;
  bool(node: CelNode, env: Env): BoolNode | null;
  value(node: CelNode, env: Env): Operand;
}

/** `deals.filter(d, …).filter(x, …).map(y, …)`: one pass over one list, whatever its variables are called. */
export interface Pipeline {
  readonly list: ListRef;
  readonly slot: number;
  readonly where: BoolNode | null;
  readonly of: ValueNode | null;
}

export interface ListReader {
  pipeline(node: CelNode, env: Env): Pipeline | null;
  quantifier(
    node: CelNode,
    name: 'exists' | 'all',
    receiver: CelNode,
    args: readonly CelNode[],
    env: Env,
  ): BoolNode | null;
}

export function listReader(reader: ExprReader, names: (env: Env) => readonly string[]): ListReader {
  const { scope } = reader;
  const fail = (node: CelNode, message: string): null => {
    scope.problems.error(reader.at(node), message);
    return null;
  };

  /** `(v, body)` of a list operation: the environment in which the body is read. */
  const opening = (
    node: CelNode,
    name: string,
    args: readonly CelNode[],
    item: Item,
    env: Env,
  ): { readonly body: CelNode; readonly env: Env } | null => {
    const [variable, body, ...more] = args;
    if (variable?.op !== 'id' || body === undefined || more.length > 0) {
      return fail(node, `\`${name}\` takes a variable and an expression, for example .${name}(d, d.won).`);
    }
    if (names(env).includes(variable.args)) {
      return fail(
        variable,
        `The name ${quote(variable.args)} is taken. Expected a new one, not ${listOf(names(env))}.`,
      );
    }
    return { body, env: [...env, { ...item, name: variable.args }] };
  };

  const pipeline = (node: CelNode, env: Env): Pipeline | null => {
    const path = pathOf(node);
    if (path !== null) {
      const list = resolveList(scope, reader.at(node), path);
      const item = list && opened(scope, env, list, null, reader.at(node));
      return item && { list: item.list, slot: item.slot, where: null, of: null };
    }
    if (node.op !== 'rcall' || (node.args[0] !== 'filter' && node.args[0] !== 'map')) {
      return fail(node, 'Expected a list: deals, tickets.filter(t, t.open), people.map(p, p.role).');
    }
    const [name, receiver, args] = node.args;
    const before = pipeline(receiver, env);
    if (before === null) return null;
    if (before.of !== null) return fail(node, `\`${name}\` after map. Filter first, then map once.`);
    const inner = opening(node, name, args, { slot: before.slot, list: before.list, name: null }, env);
    if (inner === null) return null;
    if (name === 'map') {
      const of = reader.value(inner.body, inner.env);
      if (of === null) return null;
      if (isRaw(of)) return fail(inner.body, 'Expected a value of the item, for example d.amount.');
      return { ...before, of };
    }
    const condition = reader.bool(inner.body, inner.env);
    if (condition === null) return null;
    const where =
      before.where === null ? condition : conjoin(scope, reader.at(node), [before.where, condition]);
    return where && { ...before, where };
  };

  const quantifier: ListReader['quantifier'] = (node, name, receiver, args, env) => {
    const before = pipeline(receiver, env);
    if (before === null) return null;
    if (before.of !== null) return fail(node, `\`${name}\` after map. Test the items themselves.`);
    const inner = opening(node, name, args, { slot: before.slot, list: before.list, name: null }, env);
    const condition = inner && reader.bool(inner.body, inner.env);
    if (condition === null) return null;
    const pos = reader.at(node);
    const { list, slot, where } = before;
    if (name === 'exists') {
      const both = where === null ? condition : conjoin(scope, pos, [where, condition]);
      return both && quant(scope, pos, { quant: 'some', list, slot }, both);
    }
    if (where === null) return quant(scope, pos, { quant: 'every', list, slot }, condition);
    // Every item that passes the filter: none that passes it fails the condition. No warning for this `not`.
    const fails: BoolNode = {
      op: 'not',
      pos,
      size: condition.size + 1,
      depth: condition.depth + 1,
      item: condition,
    };
    const both = conjoin(scope, pos, [where, fails]);
    return both && quant(scope, pos, { quant: 'none', list, slot }, both);
  };

  return { pipeline, quantifier };
}
