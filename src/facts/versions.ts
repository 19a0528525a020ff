import { START_FIELD } from '../mapping/catalogue.ts';
import type { FactName } from '../mapping/types.ts';
import type { Fact, ListName, Origin, Scalar } from '../model/facts.ts';
import type { DatedRecord } from '../model/record.ts';
import { bare } from './merge.ts';
import type { FactReader } from './reader.ts';
import type { PersonGroup, RecordGroup } from './types.ts';

/** One fact over time (J13, J14). */
export interface FactVersions {
  /** Instants at which it becomes another one, sorted; before the first it is not there. */
  readonly changes: readonly number[];
  /** The fact as it was; null: not there. */
  at(instant: number): Fact | null;
  /** Fields of which nothing is known before an instant although the fact was there (J8). */
  readonly unknownUntil: Readonly<Record<string, number>>;
}

/** A value a field took on, and the instant from which it counts. */
interface Entry {
  readonly from: number;
  readonly value: Scalar;
  readonly origin: Origin | null;
}

/** The fact as the records say it from an instant on; null: no record of it was live. */
interface Raw {
  readonly from: number;
  readonly fact: Fact | null;
}

/**
 * The versions of one fact. A value counts from when it was true (`at`), or from when it was known where it was known
 * before: a date that lies ahead is a plan until then. Of several values the last one recorded counts.
 */
export function factVersions(reader: FactReader, name: FactName, group: RecordGroup): FactVersions {
  const raws = rawVersions(reader, name, group);
  const courses = coursesOf(raws);
  const start = startOf(name, raws, courses, group);
  const gaps = raws.filter(({ fact }) => fact === null).map(({ from }) => from);
  const points = new Set<number>([start, ...gaps]);
  for (const { from } of raws) if (from > start && gaps.length > 0) points.add(from);
  for (const entries of courses.values()) for (const { from } of entries) if (from > start) points.add(from);
  // What was planned takes place: then it counts as an activity.
  if (name === 'touchpoints')
    for (const { origin } of courses.get(START_FIELD.touchpoints) ?? [])
      if (origin !== null && origin.at > start) points.add(origin.at);
  const changes = [...points].filter((point) => point >= start).sort((a, b) => a - b);
  const made = new Map<number, Fact | null>();

  const make = (position: number): Fact | null => {
    const instant = changes[position] as number;
    const raw = raws.findLast(({ from }) => from <= instant) ?? raws[0];
    if (raw === undefined || raw.fact === null) return null;
    const values = bare<Scalar>();
    const origins = bare<Origin>();
    let whole = raw === raws.at(-1);
    for (const [field, entries] of courses) {
      const entry = entries.findLast(({ from }) => from <= instant);
      if (entry !== entries.at(-1)) whole = false;
      if (entry === undefined || entry.origin === null) continue;
      values[field] = entry.value;
      origins[field] = entry.origin;
    }
    if (whole) return raw.fact;
    const { recorded } = raw.fact;
    return { key: group.key, values, origins, ...(recorded === undefined ? {} : { recorded }) };
  };

  return {
    changes,
    unknownUntil: unknownUntil(courses, start),
    at(instant) {
      const position = lastAt(changes, instant);
      if (position < 0) return null;
      const known = made.get(position);
      if (known !== undefined) return known;
      const fact = make(position);
      made.set(position, fact);
      return fact;
    },
  };
}

/** Position of the last of these sorted instants that is not after `instant`; -1: none. */
export function lastAt(instants: readonly number[], instant: number): number {
  let low = 0;
  let high = instants.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((instants[middle] as number) <= instant) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function rawVersions(reader: FactReader, name: FactName, group: RecordGroup): readonly Raw[] {
  const roles = (group as PersonGroup).roles ?? [];
  const records = [...group.records, ...(name === 'people' ? roles : [])];
  const points = new Set<number>();
  let moves = false;
  for (const record of records) {
    points.add(bornAt(record));
    if (record.state !== 'live') {
      moves = true;
      points.add(record.modified);
    }
    for (const field of reader.rawFields(name, record)) {
      for (const { since } of record.past?.values[field] ?? []) {
        moves = true;
        if (since > bornAt(record)) points.add(since);
      }
    }
  }
  const present = reader.fact(name, group);
  // Records of which one thing is all that is known: each value dates itself.
  if (!moves) return [{ from: Math.min(...points), fact: present }];
  const sorted = [...points].sort((a, b) => a - b);
  return sorted.map((from, position) => {
    if (position === sorted.length - 1) return { from, fact: present };
    const then = (record: DatedRecord): readonly DatedRecord[] => {
      const was = recordAt(record, from);
      return was === null ? [] : [was];
    };
    const past = { ...group, records: group.records.flatMap(then), roles: roles.flatMap(then) };
    return { from, fact: reader.past(name, past) };
  });
}

/** When a record came to be. */
export function bornAt(record: DatedRecord): number {
  const known = record.past?.knownSince ?? record.modified;
  // Nothing is known before it came to be, however the CRM's clock stood then.
  return record.created === null ? known : Math.min(record.created, known);
}

/** A record as it was at an instant; null: not there. A field whose earlier values are not kept has its present one,
 *  which dates itself. */
function recordAt(record: DatedRecord, instant: number): DatedRecord | null {
  if (bornAt(record) > instant) return null;
  if (record.state !== 'live' && record.modified <= instant) return null;
  const past = record.past;
  if (past === undefined) return { ...record, state: 'live' };
  const fields = { ...record.fields };
  const values: Record<string, NonNullable<DatedRecord['past']>['values'][string]> = Object.create(null);
  let modified = past.knownSince;
  for (const field in past.values) {
    const kept = (past.values[field] ?? []).filter(({ since }) => since <= instant);
    const last = kept.at(-1);
    if (last === undefined) delete fields[field];
    else {
      fields[field] = last.value;
      values[field] = kept;
      if (last.since > modified) modified = last.since;
    }
  }
  return { ...record, state: 'live', modified, fields, past: { knownSince: past.knownSince, values } };
}

/** Each field's values in the order in which they were recorded. */
function coursesOf(raws: readonly Raw[]): ReadonlyMap<string, readonly Entry[]> {
  const fields = new Set<string>();
  for (const { fact } of raws) for (const field in fact?.origins) fields.add(field);
  const courses = new Map<string, readonly Entry[]>();
  for (const field of fields) {
    const entries: Entry[] = [];
    for (const { from, fact } of raws) {
      if (fact === null) continue;
      const origin = fact.origins[field] ?? null;
      const last = entries.at(-1);
      if (origin === null) {
        if (last !== undefined && last.origin !== null) entries.push({ from, value: null, origin: null });
        continue;
      }
      const value = fact.values[field] ?? null;
      if (last?.origin != null && last.value === value && last.origin.at === origin.at) {
        // The same value; only the record it is read from, or what was not taken, is another one.
        entries[entries.length - 1] = { ...last, origin };
        continue;
      }
      entries.push({ from: Math.min(origin.at, origin.known), value, origin });
    }
    courses.set(field, entries);
  }
  return courses;
}

/** When a fact began: a list item with its own start, everything else with its first record. */
function startOf(
  name: FactName,
  raws: readonly Raw[],
  courses: ReadonlyMap<string, readonly Entry[]>,
  group: RecordGroup,
): number {
  if (name !== 'person' && name !== 'account') {
    const first = courses.get(START_FIELD[name as ListName])?.[0];
    if (first !== undefined) return first.from;
  }
  const born = raws[0]?.from;
  if (born !== undefined) return born;
  return Math.min(...group.records.map(bornAt));
}

/** A value that is dated by its recording alone, later than the fact began, may have been there before. */
function unknownUntil(
  courses: ReadonlyMap<string, readonly Entry[]>,
  start: number,
): Readonly<Record<string, number>> {
  const until: Record<string, number> = Object.create(null);
  for (const [field, [first]] of courses) {
    if (first?.origin == null || first.from <= start) continue;
    if (first.from === first.origin.known && first.origin.at >= first.origin.known) until[field] = first.from;
  }
  return until;
}
