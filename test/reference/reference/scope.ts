import type { ListName, SubjectKind } from '../../../src/model/facts.ts';
import { FIELDS, kindOf, STATE_KINDS } from './fields.ts';
import type { LocalTime } from './local-time.ts';
import type { Items, Rule, Value } from './rule.ts';
import type { Word } from './yaml.ts';

/** What the readers of both spellings need to know. */
export interface Scope {
  readonly subject: SubjectKind;
  readonly local: LocalTime;
  /** A condition of `define:`. */
  define(name: string): Rule | null;
  nextItem(): number;
}

/** An item in reach: its variable (`''` in the structured spelling), its list, its number. */
export interface Reach {
  readonly name: string;
  readonly list: ListName;
  readonly item: number;
}

/** `deals`, `account.deals`. */
export function listAt(scope: Scope, path: string): Omit<Items, 'where'> {
  const parts = path.split('.');
  return {
    list: parts.at(-1) as ListName,
    // In an account journey the lists are the account's own.
    ofAccount: parts.length > 1 && scope.subject === 'person',
    item: scope.nextItem(),
  };
}

/** A field of the item a list operation stands at, or the result of a journey of one of the people. */
export function itemValue(path: string, { item, list }: Reach): Value {
  const parts = path.split('.');
  if (parts.length === 3) return state(item, parts[1], parts[2]);
  return { is: 'field', kind: kindOf(list, path), of: item, field: path };
}

/** `account.type`, `journey.stage`, `journeys.x.stage`, `account.health.x.band`; in an expression `d.amount`. */
export function valueAt(path: string, reach: readonly Reach[]): Value {
  const [head = '', ...rest] = path.split('.');
  const item = reach.findLast(({ name }) => name !== '' && name === head);
  if (item !== undefined) return itemValue(rest.join('.'), item);
  if (head === 'journey') return state('own', '', rest[0]);
  if (head === 'journeys' || head === 'health') return state('self', rest[0], rest[1]);
  if (rest[0] === 'journeys' || rest[0] === 'health') return state('account', rest[1], rest[2]);
  const owner = head as 'person' | 'account';
  return { is: 'field', kind: kindOf(owner, rest[0] ?? ''), of: owner, field: rest[0] ?? '' };
}

function state(
  of: 'own' | 'self' | 'account' | number,
  journey: string | undefined,
  key: string | undefined,
): Value {
  const known = key as keyof typeof STATE_KINDS;
  return { is: 'state', kind: STATE_KINDS[known], of, journey: journey ?? '', key: known };
}

/** What a written word means beside a value of some kind (J9). */
export function literal(
  scope: Scope,
  kind: Value['kind'],
  { source, value }: Word,
): string | number | boolean {
  if (kind === 'text') return source;
  if (kind === 'instant') return scope.local.parse(source);
  return value as number | boolean;
}

export function constant(scope: Scope, kind: Value['kind'], word: Word): Value {
  return { is: 'constant', kind, value: literal(scope, kind, word) };
}

export function isListName(name: string): name is ListName {
  return name in FIELDS && name !== 'person' && name !== 'account';
}
