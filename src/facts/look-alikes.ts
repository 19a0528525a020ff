import type { Zone } from '../mapping/zone.ts';
import type { Fact, Scalar, SubjectFacts } from '../model/facts.ts';

type PairedList = 'deals' | 'tickets' | 'touchpoints' | 'surveys';

/** What makes two facts look like one: the day of the first of these fields that has a value … */
const DAY_FIELDS: Readonly<Record<PairedList, readonly string[]>> = {
  deals: ['close_date', 'created'],
  tickets: ['created'],
  touchpoints: ['at'],
  surveys: ['at'],
};
/** … and one of these, title or amount. */
const MARK_FIELDS: Readonly<Record<PairedList, readonly string[]>> = {
  deals: ['name', 'amount'],
  tickets: ['subject'],
  touchpoints: ['subject'],
  surveys: ['score'],
};

/**
 * Facts of one subject that look like the second copy of another CRM's (J32): same list, same day, same title or
 * amount, no connection in common. They are counted and shown, never joined.
 * @returns keys of the surplus facts: if what looks alike is one thing, that many are counted too often
 */
export function lookAlikes(facts: SubjectFacts, zone: Zone): readonly string[] {
  const surplus: string[] = [];
  for (const list of Object.keys(DAY_FIELDS) as PairedList[])
    surplus.push(...surplusOf(facts[list], list, zone));
  return surplus;
}

/** The number of facts that look like a copy, over any subjects; a deal seen under a person and under its account
 *  counts once. */
export function countLookAlikes(subjects: Iterable<SubjectFacts>, zone: Zone): number {
  const keys = new Set<string>();
  for (const facts of subjects) for (const key of lookAlikes(facts, zone)) keys.add(key);
  return keys.size;
}

function surplusOf(facts: readonly Fact[], list: PairedList, zone: Zone): readonly string[] {
  if (facts.length < 2) return [];
  const buckets = new Map<string, Map<string, Fact[]>>();
  for (const fact of facts) {
    const day = dayOf(fact, list, zone);
    const connections = connectionsOf(fact);
    if (day === null || connections.length !== 1) continue;
    for (const field of MARK_FIELDS[list]) {
      const mark = markOf(fact.values[field]);
      if (mark === null) continue;
      const name = `${day}\n${field}\n${mark}`;
      const bucket = buckets.get(name) ?? new Map<string, Fact[]>();
      buckets.set(name, bucket);
      const own = connections[0] as string;
      const side = bucket.get(own);
      if (side === undefined) bucket.set(own, [fact]);
      else side.push(fact);
    }
  }
  const surplus = new Set<string>();
  for (const bucket of buckets.values()) {
    if (bucket.size < 2) continue;
    // The connection with most of them is taken as the whole; the others' are the possible copies.
    const sides = [...bucket].sort(([a, x], [b, y]) => y.length - x.length || (a < b ? -1 : 1));
    for (const [, copies] of sides.slice(1)) for (const fact of copies) surplus.add(fact.key);
  }
  return [...surplus];
}

function dayOf(fact: Fact, list: PairedList, zone: Zone): number | null {
  for (const field of DAY_FIELDS[list]) {
    const value = fact.values[field];
    if (typeof value === 'number') return zone.dayNumber(value);
  }
  return null;
}

/** A fact with values of two connections is already a pair; it is no copy of anything. */
function connectionsOf(fact: Fact): readonly string[] {
  const connections = new Set<string>();
  for (const { connection, rejected } of Object.values(fact.origins)) {
    connections.add(connection);
    if (rejected !== undefined) connections.add(rejected.connection);
  }
  return [...connections];
}

function markOf(value: Scalar | undefined): string | null {
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string') return null;
  const text = value.trim().toLowerCase();
  return text === '' ? null : text;
}
