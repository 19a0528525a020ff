import type { Fact, FactLists, ListName, Origin, Scalar, SubjectFacts } from '../../../src/model/facts.ts';
import { beginsBy } from './fields.ts';

const LISTS: readonly ListName[] = ['people', 'deals', 'tickets', 'touchpoints', 'surveys'];

/** From when a value counts (J4): when it was true in the customer's world. A date that lies ahead was known as a plan
 *  before it came true, and counts from then. */
export function countsFrom({ at, known }: Origin): number {
  return Math.min(at, known);
}

/** From when a fact is an item of its list: from its own beginning, else from its first known value. */
function begins(fact: Fact, list: ListName): number {
  const start = fact.origins[beginsBy(list)];
  if (start !== undefined) return countsFrom(start);
  return Math.min(...Object.values(fact.origins).map(countsFrom));
}

/** The facts as they were at an earlier instant: what came later is not there. */
export function factsAsOf(facts: SubjectFacts, instant: number): SubjectFacts {
  const fact = (one: Fact): Fact => {
    const values: Record<string, Scalar> = {};
    for (const field in one.values) {
      const origin = one.origins[field];
      if (origin === undefined || countsFrom(origin) <= instant) values[field] = one.values[field] ?? null;
    }
    return { ...one, values };
  };
  const lists = (of: FactLists): FactLists =>
    Object.fromEntries(
      LISTS.map((list) => [list, of[list].filter((one) => begins(one, list) <= instant).map(fact)]),
    ) as unknown as FactLists;
  return {
    ...facts,
    person: facts.person && fact(facts.person),
    account: facts.account && fact(facts.account),
    ...lists(facts),
    accountLists: lists(facts.accountLists),
  };
}

/** The subject itself with its lists: a person's account is somebody else. */
function own(facts: SubjectFacts): readonly Fact[] {
  const self = facts.kind === 'person' ? facts.person : facts.account;
  return [...(self === null ? [] : [self]), ...LISTS.flatMap((list) => facts[list])];
}

/** The first known fact of J11.5; null when nothing is known. */
export function firstKnown(facts: SubjectFacts): number | null {
  const instants = own(facts).flatMap(({ origins }) => Object.values(origins).map(countsFrom));
  return instants.length === 0 ? null : Math.min(...instants);
}

/** Every instant that stands in the facts: when a value began to count, and every value that is an instant itself. */
export function instantsIn(facts: SubjectFacts): {
  readonly changes: ReadonlySet<number>;
  readonly dates: ReadonlySet<number>;
} {
  const changes = new Set<number>();
  const dates = new Set<number>();
  const account = facts.account === null ? [] : [facts.account];
  const accountItems = LISTS.flatMap((list) => facts.accountLists[list]);
  for (const { origins, values } of [...own(facts), ...account, ...accountItems]) {
    for (const origin of Object.values(origins)) changes.add(countsFrom(origin));
    // Anything as large as an instant is taken for one; a candidate too many does no harm.
    for (const value of Object.values(values))
      if (typeof value === 'number' && value > 1e11) dates.add(value);
  }
  return { changes, dates };
}
