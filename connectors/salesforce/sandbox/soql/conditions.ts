import type { Row, SfObject } from '../schema.ts';
import { isText } from '../schema.ts';
import type { Condition, Operator, Path } from './ast.ts';
import { malformed, soqlError } from './errors.ts';
import { type BoundField, bindField, type Scope } from './fields.ts';
import { likeTest } from './like.ts';
import { type BoundLiteral, bindLiteral, type Comparable, comparable } from './literals.ts';

export type RowTest = (row: Row) => boolean;

export interface ConditionContext {
  readonly scope: Scope;
  readonly query: string;
  readonly object: SfObject;
  readonly alias: string | null;
  /** Runs the inner query of a semi-join; answers the ids it selects, as comparables. */
  readonly subselect: (condition: Extract<Condition, { kind: 'semi-join' }>) => ReadonlySet<Comparable>;
}

function bindFilter(context: ConditionContext, path: Path): BoundField {
  const bound = bindField(context.scope, context.query, context.object, path, context.alias);
  if (!bound.field.filterable) {
    throw soqlError(
      'INVALID_FIELD',
      context.query,
      path.at,
      `field '${bound.field.name}' can not be filtered in a query call`,
    );
  }
  return bound;
}

/** Where clause -> test. `top` is true where semi-joins may stand: alone or in the outermost AND. */
export function bindCondition(context: ConditionContext, condition: Condition, top = true): RowTest {
  switch (condition.kind) {
    case 'and': {
      const parts = condition.parts.map((part) => bindCondition(context, part, top && part.kind !== 'and'));
      return (row) => parts.every((part) => part(row));
    }
    case 'or': {
      const parts = condition.parts.map((part) => bindCondition(context, part, false));
      return (row) => parts.some((part) => part(row));
    }
    case 'not': {
      const part = bindCondition(context, condition.part, false);
      return (row) => !part(row);
    }
    case 'compare':
      return bindCompare(context, condition);
    case 'in': {
      const bound = bindFilter(context, condition.path);
      const literals = condition.literals.map((literal) =>
        bindLiteral(context.query, literal, bound.field, context.scope.now),
      );
      const spans = literals.filter((one) => one.kind === 'span');
      const values = new Set(literals.filter((one) => one.kind === 'value').map((one) => one.value));
      const norm = comparable(bound.field);
      return (row) => {
        const value = norm(bound.get(row));
        const inside = values.has(value) || spans.some((one) => compareTo('=', value, one));
        return inside !== condition.negated;
      };
    }
    case 'semi-join': {
      if (!top) {
        throw malformed(
          context.query,
          condition.path.at,
          'Semi join sub-selects are only allowed at the top level WHERE expressions and not in nested WHERE expressions.',
        );
      }
      const bound = bindFilter(context, condition.path);
      if (bound.field.type !== 'id' && bound.field.type !== 'reference') {
        throw malformed(
          context.query,
          condition.path.at,
          `The left operand field in the where expression for outer query should be an id field, cannot use: '${bound.field.name}'`,
        );
      }
      const ids = context.subselect(condition);
      const norm = comparable(bound.field);
      return (row) => ids.has(norm(bound.get(row))) !== condition.negated;
    }
  }
}

function bindCompare(context: ConditionContext, condition: Extract<Condition, { kind: 'compare' }>): RowTest {
  const bound = bindFilter(context, condition.path);
  const { field } = bound;
  const { operator } = condition;
  const refuse = (what: string): Error =>
    soqlError(
      'INVALID_QUERY_FILTER_OPERATOR',
      context.query,
      condition.path.at,
      `invalid operator on ${what} field`,
    );
  if (operator === 'LIKE' && !isText(field.type))
    throw refuse(field.type === 'reference' ? 'id' : field.type);
  if (field.type === 'boolean' && operator !== '=' && operator !== '!=') throw refuse('boolean');
  const literal = bindLiteral(context.query, condition.literal, field, context.scope.now);
  if (operator === 'LIKE') {
    if (literal.kind !== 'value' || condition.literal.kind !== 'string') {
      throw soqlError(
        'INVALID_FIELD',
        context.query,
        condition.literal.at,
        `value of filter criterion for field '${field.name}' must be of type string and should be enclosed in quotes`,
      );
    }
    const test = likeTest(literal.pattern);
    return (row) => {
      const value = bound.get(row);
      return typeof value === 'string' && test(value);
    };
  }
  const norm = comparable(field);
  return (row) => compareTo(operator, norm(bound.get(row)), literal);
}

/** `!=` is true for an empty field unless it is compared with null; the orders are false for one. */
function compareTo(operator: Operator, value: Comparable, literal: BoundLiteral): boolean {
  if (literal.kind === 'span') {
    if (value === null) return operator === '!=';
    switch (operator) {
      case '=':
        return !less(value, literal.from) && less(value, literal.to);
      case '!=':
        return less(value, literal.from) || !less(value, literal.to);
      case '<':
        return less(value, literal.from);
      case '<=':
        return less(value, literal.to);
      case '>':
        return !less(value, literal.to);
      default:
        return !less(value, literal.from);
    }
  }
  const other = literal.value;
  if (operator === '=') return value === other;
  if (operator === '!=') return value !== other;
  if (value === null || other === null) return false;
  switch (operator) {
    case '<':
      return less(value, other);
    case '<=':
      return !less(other, value);
    case '>':
      return less(other, value);
    default:
      return !less(value, other);
  }
}

function less(a: Comparable, b: Comparable): boolean {
  return a !== null && b !== null && a < b;
}

/** Order of two comparables for ORDER BY; nulls are equal to each other and apart from the rest. */
export function compareValues(a: Comparable, b: Comparable): number {
  if (a === b || a === null || b === null) return 0;
  return a < b ? -1 : 1;
}
