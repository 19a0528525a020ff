import type { ListName } from '../model/facts.ts';
import { CATALOGUE, fieldNames, fieldSpec, LIST_NAMES, RESULT_FIELDS } from './catalogue.ts';
import { listOf } from './problems.ts';
import { isMoney } from './rates.ts';
import { type Env, type Item, type RuleScope, unknown } from './scope.ts';
import type { FieldNode, ListRef, ResultKey, ResultNode, Scope, ValueNode, ValueType } from './tree.ts';
import type { FactName, FactType, Position } from './types.ts';

export function valueType(type: FactType): ValueType {
  return type === 'date' || type === 'datetime' ? 'instant' : type;
}

/** `deals`, `account.deals`; null after the mistake was reported. */
export function resolveList(scope: RuleScope, pos: Position, path: readonly string[]): ListRef | null {
  const [head, tail, ...rest] = path;
  const ofAccount = head === 'account' && tail !== undefined;
  const name = ofAccount ? tail : (head ?? '');
  if (rest.length > 0 || (!ofAccount && tail !== undefined) || !isList(name)) {
    const candidates = [...LIST_NAMES, ...LIST_NAMES.map((list) => `account.${list}`)];
    return unknown(scope, pos, 'list', path.join('.'), candidates);
  }
  if (scope.subject === 'person' && name === 'people' && !ofAccount) {
    scope.problems.error(
      pos,
      'A person journey has no list `people`. Expected the people of the account.',
      'account.people',
    );
    return null;
  }
  return { list: name, of: ofAccount && scope.subject === 'person' ? 'account' : 'self' };
}

export function isList(name: string): name is ListName {
  return (LIST_NAMES as readonly string[]).includes(name);
}

/** A dotted path of the structured spelling inside `where`: a field of the item, `journeys.x.stage` of a person. */
export function resolveItemPath(
  scope: RuleScope,
  pos: Position,
  path: readonly string[],
  item: Item,
): ValueNode | null {
  const [head, ...rest] = path;
  if ((head === 'journeys' || head === 'health') && item.list.list === 'people') {
    return resultNode(scope, pos, head, rest, { slot: item.slot, name: item.name }, itemLabel(item));
  }
  if (rest.length > 0) {
    return unknown(
      scope,
      pos,
      `field of ${item.list.list}`,
      path.join('.'),
      fieldNames(item.list.list, scope.types),
    );
  }
  return fieldNode(scope, pos, item.list.list, head ?? '', { slot: item.slot, name: item.name });
}

/** A dotted path from the top: `person.email`, `journey.stage`, `account.journeys.x.stage`, in `expr:` also
 *  `d.amount` of a variable. Null after the mistake was reported. */
export function resolvePath(
  scope: RuleScope,
  pos: Position,
  path: readonly string[],
  env: Env,
): ValueNode | null {
  const [head = '', ...rest] = path;
  const item = env.findLast(({ name }) => name === head);
  if (item !== undefined) {
    if (rest.length === 0) {
      scope.problems.error(
        pos,
        `\`${head}\` is a whole ${item.list.list} item. Expected one of its fields: ${listOf(fieldNames(item.list.list, scope.types))}.`,
      );
      return null;
    }
    return resolveItemPath(scope, pos, rest, item);
  }
  switch (head) {
    case 'person':
      if (scope.subject === 'account') {
        scope.problems.error(
          pos,
          'An account journey has no `person`. Use the list `people`, for example some: people with where:.',
          'people',
        );
        return null;
      }
      return oneField(scope, pos, 'person', rest);
    case 'account':
      if (rest[0] === 'journeys' || rest[0] === 'health') {
        if (scope.subject === 'account') {
          scope.problems.error(
            pos,
            `The account is the subject itself here. Expected ${path.slice(1).join('.')}.`,
            path.slice(1).join('.'),
          );
          return null;
        }
        return resultNode(scope, pos, rest[0], rest.slice(1), 'account', 'account.');
      }
      if (rest[0] !== undefined && isList(rest[0])) return listAsValue(scope, pos, path.join('.'));
      return oneField(scope, pos, 'account', rest);
    case 'journey':
      return ownJourney(scope, pos, rest);
    case 'journeys':
    case 'health':
      return resultNode(scope, pos, head, rest, 'self', '');
    default:
      if (isList(head)) return listAsValue(scope, pos, head);
      return unknown(scope, pos, 'fact', path.join('.'), topNames(scope, env), misplaced(scope, head));
  }
}

export function topNames(scope: RuleScope, env: Env): readonly string[] {
  const facts = scope.subject === 'person' ? ['person', 'account'] : ['account', 'people'];
  const variables = env.flatMap(({ name }) => (name === null ? [] : [name]));
  return [...variables, ...facts, ...LIST_NAMES.slice(1), 'journey', 'journeys', 'health', 'segment'];
}

/** A bare field name at the top: say whose field it could be. */
function misplaced(scope: RuleScope, name: string): string {
  const owners = (Object.keys(CATALOGUE) as FactName[]).filter(
    (fact) =>
      fieldSpec(fact, name, scope.types) !== null && (fact !== 'person' || scope.subject === 'person'),
  );
  if (owners.length === 0) return '';
  return ` \`${name}\` is a field of ${listOf(owners)}: write \`${owners[0]}.${name}\`, or put it under where:.`;
}

function listAsValue(scope: RuleScope, pos: Position, list: string): null {
  scope.problems.error(
    pos,
    `\`${list}\` is a list and has no single value. Expected some:, none:, every:, count:, sum:, min:, max: or avg: over it.`,
  );
  return null;
}

function oneField(
  scope: RuleScope,
  pos: Position,
  fact: 'person' | 'account',
  rest: readonly string[],
): ValueNode | null {
  const [field, ...more] = rest;
  if (field === undefined || more.length > 0) {
    return unknown(scope, pos, `field of ${fact}`, rest.join('.'), fieldNames(fact, scope.types));
  }
  return fieldNode(scope, pos, fact, field, fact);
}

function fieldNode(
  scope: RuleScope,
  pos: Position,
  fact: FactName,
  field: string,
  of: Scope,
): FieldNode | null {
  const spec = fieldSpec(fact, field, scope.types);
  if (spec === null) {
    return unknown(scope, pos, `field of ${fact}`, field, fieldNames(fact, scope.types));
  }
  // A person journey's account may be missing as a whole.
  const nullable = spec.always !== true || (of === 'account' && scope.subject === 'person');
  return {
    op: 'field',
    pos,
    size: 1,
    depth: 1,
    type: valueType(spec.type),
    scope: of,
    fact,
    field,
    nullable,
    money: isMoney(fact, field, scope.amounts),
  };
}

function ownJourney(scope: RuleScope, pos: Position, rest: readonly string[]): ResultNode | null {
  const [key = '', ...more] = rest;
  const fields = RESULT_FIELDS.journey;
  if (more.length > 0 || !Object.hasOwn(fields, key)) {
    return unknown(scope, pos, 'field of journey', rest.join('.'), Object.keys(fields));
  }
  const type = valueType(fields[key as keyof typeof fields]);
  return {
    op: 'result',
    pos,
    size: 1,
    depth: 1,
    type,
    of: 'own',
    journey: scope.journey,
    key: key as ResultKey,
    path: `journey.${key}`,
  };
}

function resultNode(
  scope: RuleScope,
  pos: Position,
  what: 'journeys' | 'health',
  rest: readonly string[],
  of: ResultNode['of'],
  prefix: string,
): ResultNode | null {
  const [journey = '', key = '', ...more] = rest;
  const fields: Readonly<Record<string, FactType>> =
    what === 'journeys' ? RESULT_FIELDS.journey : RESULT_FIELDS.health;
  if (journey === '' || key === '' || more.length > 0) {
    scope.problems.error(
      pos,
      `Found \`${prefix}${[what, ...rest].join('.')}\`. Expected ${prefix}${what}.<journey>.<field> with one of ${listOf(Object.keys(fields))}.`,
    );
    return null;
  }
  if (!Object.hasOwn(fields, key)) {
    return unknown(scope, pos, `field of ${what}`, key, Object.keys(fields));
  }
  if (of === 'self' && journey === scope.journey) {
    const instead = what === 'journeys' ? `journey.${key}` : null;
    scope.problems.error(
      pos,
      instead === null
        ? `The health of \`${journey}\` is computed after its stage, so its own rules cannot read it. Move the condition into health: caps, or into another journey.`
        : `\`${journey}\` is this journey itself. Expected ${instead}, its state before the step.`,
      instead,
    );
    return null;
  }
  const holder = typeof of === 'object' ? 'people' : of === 'account' ? 'account' : 'self';
  scope.references.push({
    of: holder,
    journey,
    what: what === 'journeys' ? 'journey' : 'health',
    position: pos,
    value: null,
  });
  return {
    op: 'result',
    pos,
    size: 1,
    depth: 1,
    type: valueType(fields[key] as FactType),
    of,
    journey,
    key: key as ResultKey,
    path: `${prefix}${what}.${journey}.${key}`,
  };
}

function itemLabel(item: Item): string {
  return item.name === null ? '' : `${item.name}.`;
}
