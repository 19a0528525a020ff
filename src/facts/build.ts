import type { FactName } from '../mapping/types.ts';
import type { Fact, FactLists, ListName, Origin, Scalar, SubjectFacts } from '../model/facts.ts';
import { bare } from './merge.ts';
import type { FactReader } from './reader.ts';
import type { GroupLists, PersonGroup, RecordGroup, SubjectInput } from './types.ts';

/** Builds the facts of subjects; lists of an account are built once for all its people. */
export interface FactBuilder {
  readonly reader: FactReader;
  readonly lists: WeakMap<GroupLists, FactLists>;
  readonly accounts: WeakMap<RecordGroup, { readonly of: GroupLists | null; readonly fact: Fact | null }>;
}

export function createFactBuilder(reader: FactReader): FactBuilder {
  return { reader, lists: new WeakMap(), accounts: new WeakMap() };
}

const NO_FACTS: FactLists = { people: [], deals: [], tickets: [], touchpoints: [], surveys: [] };

/**
 * All that a rule about one subject may see (J1, J2), out of its records and neighbours. Groups without a live record
 * are left out, a group that comes twice counts once. `last_activity` is the newest of what the CRM says and of the
 * touchpoints.
 */
export function buildFacts(builder: FactBuilder, input: SubjectInput): SubjectFacts {
  const accountLists = input.accountLists === null ? NO_FACTS : listsOf(builder, input.accountLists);
  const own = input.lists === input.accountLists ? accountLists : listsOf(builder, input.lists);
  return {
    subject: input.subject,
    kind: input.kind,
    person: personOf(builder, input, own),
    account: accountOf(builder, input, accountLists),
    ...own,
    accountLists,
  };
}

function personOf({ reader }: FactBuilder, input: SubjectInput, own: FactLists): Fact | null {
  if (input.kind !== 'person' || input.person === null) return null;
  const fact = reader.fact('person', input.person);
  return fact === null ? null : withLastActivity(reader, 'person', fact, own.touchpoints);
}

function accountOf(builder: FactBuilder, input: SubjectInput, lists: FactLists): Fact | null {
  const group = input.account;
  if (group === null) return null;
  const known = builder.accounts.get(group);
  if (known !== undefined && known.of === input.accountLists) return known.fact;
  const plain = builder.reader.fact('account', group);
  const fact = plain && withLastActivity(builder.reader, 'account', plain, lists.touchpoints);
  builder.accounts.set(group, { of: input.accountLists, fact });
  return fact;
}

function listsOf(builder: FactBuilder, groups: GroupLists): FactLists {
  const known = builder.lists.get(groups);
  if (known !== undefined) return known;
  const { reader } = builder;
  const lists: FactLists = {
    people: people(reader, groups.people),
    deals: list(reader, 'deals', groups.deals),
    tickets: list(reader, 'tickets', groups.tickets),
    touchpoints: list(reader, 'touchpoints', groups.touchpoints),
    surveys: list(reader, 'surveys', groups.surveys),
  };
  builder.lists.set(groups, lists);
  return lists;
}

function list(reader: FactReader, name: ListName, groups: readonly RecordGroup[]): readonly Fact[] {
  const facts: Fact[] = [];
  for (const group of groups) {
    const fact = reader.fact(name, group);
    if (fact !== null) facts.push(fact);
  }
  return sortedOnce(facts);
}

function people(reader: FactReader, groups: readonly PersonGroup[]): readonly Fact[] {
  const facts: Fact[] = [];
  for (const group of groups) {
    const fact = reader.fact('people', group);
    if (fact === null) continue;
    const touchpoints =
      group.touchpoints === undefined || !reader.wants('people', 'last_activity')
        ? []
        : list(reader, 'touchpoints', group.touchpoints);
    facts.push(withLastActivity(reader, 'people', fact, touchpoints));
  }
  return sortedOnce(facts);
}

/** By key, each key once. */
function sortedOnce(facts: Fact[]): readonly Fact[] {
  if (facts.length < 2) return facts;
  facts.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return facts.filter((fact, i) => i === 0 || fact.key !== (facts[i - 1] as Fact).key);
}

/** A planned touchpoint (dated after it was last recorded, or after `until`) is not yet an activity. */
export function withLastActivity(
  reader: FactReader,
  name: FactName,
  fact: Fact,
  touchpoints: readonly Fact[],
  until = Number.POSITIVE_INFINITY,
): Fact {
  if (touchpoints.length === 0 || !reader.wants(name, 'last_activity')) return fact;
  let newest: Origin | null = null;
  let value = (fact.values['last_activity'] ?? Number.NEGATIVE_INFINITY) as number;
  for (const touchpoint of touchpoints) {
    const at = touchpoint.values['at'];
    const origin = touchpoint.origins['at'];
    const recorded = Math.min(touchpoint.recorded ?? Number.POSITIVE_INFINITY, until);
    if (typeof at !== 'number' || origin === undefined || at <= value || at > recorded) continue;
    value = at;
    newest = origin;
  }
  if (newest === null) return fact;
  const values: Record<string, Scalar> = Object.assign(bare<Scalar>(), fact.values);
  const origins: Record<string, Origin> = Object.assign(bare<Origin>(), fact.origins);
  const { rejected: _, ...origin } = newest;
  values['last_activity'] = value;
  origins['last_activity'] = { ...origin, field: `${origin.field} of the newest touchpoint` };
  return { ...fact, values, origins };
}
