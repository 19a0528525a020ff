import type {
  Fact,
  ListName,
  Origin,
  Scalar,
  SubjectFacts,
  SubjectId,
  SubjectKind,
} from '../../../src/model/facts.ts';
import type { ConnectionId } from '../../../src/model/record.ts';
import { beginsBy, FIELDS } from '../reference/fields.ts';
import { DAY, HOUR, localTime } from '../reference/local-time.ts';
import type { Dice } from './dice.ts';
import { NUMBERS, type Owner, textsOf } from './pools.ts';

/** One value of a field from some instant on; null clears it. */
export interface Revision {
  readonly value: Scalar;
  readonly at: number;
  readonly known: number;
}

export interface TimedFact {
  readonly key: string;
  readonly fields: Readonly<Record<string, readonly Revision[]>>;
}

/** A subject over time: every value a fact ever had. */
export interface Timeline {
  readonly kind: SubjectKind;
  readonly person: TimedFact | null;
  readonly account: TimedFact | null;
  readonly lists: Readonly<Record<ListName, readonly TimedFact[]>>;
  /** Of the account of a person. */
  readonly accountLists: Readonly<Record<ListName, readonly TimedFact[]>>;
}

export const FIRST = Date.UTC(2025, 9, 1);
export const LAST = Date.UTC(2026, 5, 30);

export function randomTimeline(dice: Dice, kind: SubjectKind, zone: string): Timeline {
  const local = localTime(zone);
  let records = 0;
  const instant = (): number => {
    const whole = FIRST + dice.int(0, (LAST - FIRST) / HOUR) * HOUR;
    return dice.weighted([
      [4, () => whole],
      [1, () => whole + 1],
      [1, () => whole - 1],
      // Where Berlin, New York and Lord Howe change their clocks, half an hour apart.
      [2, () => Date.UTC(2026, 2, 28, 0) + dice.int(0, 96) * 30 * 60_000],
      [1, () => local.midnight(local.day(whole))],
    ]);
  };
  const value = (owner: Owner, field: string): Scalar => {
    switch (FIELDS[owner][field]) {
      case 'text':
        return dice.pick(textsOf(owner, field));
      case 'number':
        return field === 'score' ? dice.pick([0, 30, 70, 100]) : dice.pick(NUMBERS);
      case 'boolean':
        return dice.chance(0.6);
      default: {
        const found = instant();
        return field === 'renewal' ? local.midnight(local.day(found)) : found;
      }
    }
  };
  const fact = (owner: Owner, fill: number): TimedFact => {
    const start = owner === 'person' || owner === 'account' ? 'created' : beginsBy(owner);
    const began = dice.chance(0.7) ? FIRST + dice.int(0, 120) * DAY + dice.int(0, 23) * HOUR : instant();
    const lag = (): number => dice.pick([0, 0, 0, HOUR, 3 * DAY]);
    const fields: Record<string, readonly Revision[]> = {};
    for (const [field, type] of Object.entries(FIELDS[owner])) {
      if (field === start) {
        if (dice.chance(0.95)) fields[field] = [{ value: began, at: began, known: began + lag() }];
        continue;
      }
      if (!dice.chance(fill)) continue;
      const changes = dice.weighted([
        [5, () => 1],
        [2, () => 2],
        [0.5, () => 3],
      ]);
      let from = dice.chance(0.6) ? began : Math.max(began, instant());
      const revisions: Revision[] = [];
      for (let index = 0; index < changes; index += 1) {
        const found = index > 0 && dice.chance(0.2) ? null : value(owner, field);
        // A date is true at its own time (J4); one that lies ahead is known before.
        const dated = type === 'instant' && typeof found === 'number';
        revisions.push({
          value: found,
          at: dated ? found : from,
          known: Math.max(from, dated ? -1 : from) + lag(),
        });
        from += dice.int(0, 90) * DAY + dice.int(0, 3) * HOUR;
      }
      fields[field] = revisions;
    }
    records += 1;
    return { key: `crm:${owner}:${String(records).padStart(3, '0')}`, fields };
  };
  // Some subjects are known by next to nothing.
  const sparse = dice.chance(0.12);
  const filled = sparse ? 0.15 : 0.8;
  const many = (owner: ListName, most: number): readonly TimedFact[] =>
    Array.from({ length: sparse ? dice.int(0, 1) : dice.int(0, most) }, () => fact(owner, 0.75));
  const lists = (people: number): Readonly<Record<ListName, readonly TimedFact[]>> => ({
    people: many('people', people),
    deals: many('deals', 3),
    tickets: many('tickets', 2),
    touchpoints: many('touchpoints', 4),
    surveys: many('surveys', 2),
  });
  if (kind === 'account') {
    const own = lists(2);
    return { kind, person: null, account: fact('account', filled), lists: own, accountLists: own };
  }
  return {
    kind,
    person: fact('person', filled),
    account: dice.chance(0.85) ? fact('account', filled) : null,
    lists: lists(0),
    accountLists: lists(2),
  };
}

/** From when a revision counts: when it was true, or when a plan of it was known. */
export function from({ at, known }: Revision): number {
  return Math.min(at, known);
}

/** The facts of a timeline at an instant. */
export function factsAt(timeline: Timeline, instant: number): SubjectFacts {
  const fact = ({ fields, key }: TimedFact): Fact => {
    const values: Record<string, Scalar> = Object.create(null);
    const origins: Record<string, Origin> = Object.create(null);
    for (const [field, revisions] of Object.entries(fields)) {
      const present = revisions.filter((one) => from(one) <= instant).at(-1);
      if (present === undefined || present.value === null) continue;
      values[field] = present.value;
      const { at, known } = present;
      origins[field] = { connection: 'crm' as ConnectionId, type: 'x', id: key, field, at, known };
    }
    return { key, values, origins };
  };
  const items = (list: ListName, facts: readonly TimedFact[]): readonly Fact[] =>
    facts
      .filter(({ fields }) => {
        const start = fields[beginsBy(list)];
        const all = start ?? Object.values(fields).flat();
        return all.some((one) => from(one) <= instant);
      })
      .map(fact)
      // An item of which nothing is left says nothing.
      .filter(({ origins }) => Object.keys(origins).length > 0);
  const lists = (of: Timeline['lists']) => ({
    people: items('people', of.people),
    deals: items('deals', of.deals),
    tickets: items('tickets', of.tickets),
    touchpoints: items('touchpoints', of.touchpoints),
    surveys: items('surveys', of.surveys),
  });
  const own = lists(timeline.lists);
  return {
    subject: 's' as SubjectId,
    kind: timeline.kind,
    person: there(timeline.person && fact(timeline.person)),
    account: there(timeline.account && fact(timeline.account)),
    ...own,
    accountLists: timeline.accountLists === timeline.lists ? own : lists(timeline.accountLists),
  };
}

/** Before its first value a subject is not there. */
function there(fact: Fact | null): Fact | null {
  return fact === null || Object.keys(fact.origins).length === 0 ? null : fact;
}

/** Every fact of a timeline, each once. */
export function factsOf({ account, accountLists, lists, person }: Timeline): readonly TimedFact[] {
  const items = lists === accountLists ? [lists] : [lists, accountLists];
  return [
    ...(person === null ? [] : [person]),
    ...(account === null ? [] : [account]),
    ...items.flatMap((of) => Object.values(of).flat()),
  ];
}

/** When its values begin to count, and the dates among them. */
export function instantsOf(timeline: Timeline): {
  readonly changes: ReadonlySet<number>;
  readonly dates: ReadonlySet<number>;
} {
  const all = factsOf(timeline).flatMap(({ fields }) => Object.values(fields).flat());
  return {
    changes: new Set(all.map(from)),
    dates: new Set(all.flatMap(({ value }) => (typeof value === 'number' && value > 1e11 ? [value] : []))),
  };
}
