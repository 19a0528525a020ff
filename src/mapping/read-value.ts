import { AGGREGATES, readAggregate } from './read-condition.ts';
import { readExprValue } from './read-expr.ts';
import { resolvePath } from './resolve.ts';
import { type RuleScope, sized, unknown } from './scope.ts';
import type { YamlMap, YamlNode } from './source.ts';
import type { ValueNode } from './tree.ts';
import type { Position } from './types.ts';

/* Values of health measures and of `since:` (J18):
 *
 *   value = path                                     account.employees
 *         | { count: list, where? }
 *         | { sum|min|max|avg|latest: list.field, where? }
 *         | { days_since: path | value }             whole calendar days, moving at midnight
 *         | { ratio: [value, value] }                the first divided by the second; missing when that is 0
 *         | { expr: text }
 */

const FORMS = [...AGGREGATES, 'days_since', 'ratio', 'expr'] as const;

export function readNumber(scope: RuleScope, node: YamlNode): ValueNode | null {
  const value = readValue(scope, node);
  if (value === null || value.type === 'number') return value;
  const hint = value.type === 'instant' ? ' For a date use days_since:.' : '';
  scope.problems.error(node.pos, `This is ${value.type}; expected a number.${hint}`);
  return null;
}

export function readInstant(scope: RuleScope, node: YamlNode): ValueNode | null {
  const value = readValue(scope, node);
  if (value === null || (value.type === 'instant' && value.op !== 'ago')) return value;
  scope.problems.error(
    node.pos,
    `This is ${value.op === 'ago' ? 'always the same age' : value.type}; expected a date.`,
  );
  return null;
}

function readValue(scope: RuleScope, node: YamlNode): ValueNode | null {
  if (node.kind === 'scalar' && typeof node.value === 'string') {
    return resolvePath(scope, node.pos, node.source.split('.'), []);
  }
  if (node.kind !== 'map') {
    scope.problems.error(
      node.pos,
      'Expected a value: a field such as account.employees, or count:, sum:, days_since:, ratio: or expr:.',
    );
    return null;
  }
  const form = node.entries.find(({ key }) => (FORMS as readonly string[]).includes(key));
  if (form === undefined) {
    const [first] = node.entries;
    return unknown(scope, first?.keyPos ?? node.pos, 'value', first?.key ?? '', FORMS);
  }
  const key = form.key as (typeof FORMS)[number];
  const aggregate = (AGGREGATES as readonly string[]).includes(key);
  for (const entry of node.entries) {
    if (entry === form || (aggregate && entry.key === 'where')) continue;
    unknown(scope, entry.keyPos, `key beside ${key}`, entry.key, aggregate ? ['where'] : []);
  }
  if (key === 'expr') return readExprValue(scope, form.value);
  if (key === 'days_since') return daysSince(scope, form.keyPos, readInstant(scope, form.value));
  if (key === 'ratio') return ratio(scope, form.keyPos, form.value);
  return readAggregate(scope, node as YamlMap, form);
}

function daysSince(scope: RuleScope, pos: Position, of: ValueNode | null): ValueNode | null {
  const base = of && sized(scope, pos, [of]);
  return base && { op: 'days_since', type: 'number', ...base, of: of as ValueNode };
}

function ratio(scope: RuleScope, pos: Position, node: YamlNode): ValueNode | null {
  const items = node.kind === 'list' ? node.items : [];
  if (items.length !== 2) {
    scope.problems.error(node.pos, 'Expected ratio: [part, whole].');
    return null;
  }
  const [left, right] = items.map((item) => readNumber(scope, item));
  if (!left || !right) return null;
  const base = sized(scope, pos, [left, right]);
  return base && { op: 'arith', type: 'number', ...base, fn: '/', left, right };
}
