import { type RuleScope, sized, unknown } from './scope.ts';
import type { AggregateNode, BoolNode, QuantNode } from './tree.ts';
import type { Position } from './types.ts';

/** The checker's part about lists and segments; see `build.ts`. */

export function quant(
  scope: RuleScope,
  pos: Position,
  parts: Pick<QuantNode, 'quant' | 'list' | 'slot'>,
  where: BoolNode | null,
): BoolNode | null {
  const base = sized(scope, pos, where === null ? [] : [where]);
  return base && { op: 'quant', ...base, ...parts, where };
}

/** `latest` takes any type: it is the value of the item that began last. */
export function aggregateNode(
  scope: RuleScope,
  pos: Position,
  parts: Pick<AggregateNode, 'fn' | 'list' | 'slot' | 'where' | 'of'>,
): AggregateNode | null {
  const { fn, of, where } = parts;
  const wanted = fn === 'sum' || fn === 'avg' ? ['number'] : ['number', 'instant'];
  if (of !== null && fn !== 'latest' && !wanted.includes(of.type)) {
    scope.problems.error(
      pos,
      `\`${fn}\` needs ${wanted.length === 1 ? 'numbers' : 'numbers or dates'}, but this is ${of.type}.`,
    );
    return null;
  }
  const base = sized(
    scope,
    pos,
    [where, of].filter((child) => child !== null),
  );
  return base && { op: 'aggregate', ...base, ...parts, type: of === null ? 'number' : of.type };
}

export function segmentNode(scope: RuleScope, pos: Position, name: string): BoolNode | null {
  const segments = scope.segments();
  if (segments === null) {
    scope.problems.error(
      pos,
      'A segment cannot ask for another segment. Share the condition through define:.',
    );
    return null;
  }
  if (!segments.includes(name)) return unknown(scope, pos, 'segment', name, segments);
  return { op: 'segment', pos, size: 1, depth: 1, name };
}
