import { START_FIELD } from '../mapping/catalogue.ts';
import type { FactName } from '../mapping/types.ts';
import type { Fact, ListName } from '../model/facts.ts';
import type { DatedRecord, Past } from '../model/record.ts';
import type { FactReader } from './reader.ts';
import type { PersonGroup, RecordGroup } from './types.ts';
import { bornAt, type FactVersions, lastAt } from './versions.ts';

/**
 * The versions of one fact as the CRMs knew it (J4): at each instant only what was recorded by then, whatever date it
 * bears. A judgement of then cannot have seen more, so that nothing added later, however far it is dated back, changes
 * what is told of an instant before. A value of which it is not kept since when it is there counts from the first
 * instant at which it surely was.
 */
export function knownVersions(reader: FactReader, name: FactName, group: RecordGroup): FactVersions {
  const roles = (group as PersonGroup).roles ?? [];
  const records = [...group.records, ...(name === 'people' ? roles : [])];
  const changes = [...recordedAt(reader, name, records)].sort((a, b) => a - b);
  const start = name === 'person' || name === 'account' ? null : START_FIELD[name as ListName];
  const made = new Map<number, Fact | null>();
  const make = (instant: number): Fact | null => {
    const then = (record: DatedRecord): readonly DatedRecord[] => {
      const was = recordKnownAt(record, instant);
      return was === null ? [] : [was];
    };
    const past = { ...group, records: group.records.flatMap(then), roles: roles.flatMap(then) };
    const fact = past.records.length === 0 ? null : reader.past(name, past);
    // Nobody knows yet when it was: no rule may count it.
    if (fact !== null && start !== null && reader.wants(name, start) && fact.values[start] === undefined)
      return null;
    return fact;
  };
  const at = (instant: number): Fact | null => {
    const position = lastAt(changes, instant);
    if (position < 0) return null;
    const point = changes[position] as number;
    const known = made.get(position);
    if (known !== undefined) return known;
    const fact = make(point);
    made.set(position, fact);
    return fact;
  };
  return { changes, at, unknownUntil: unknownUntil(reader, name, records) };
}

/** Everything of a record that was recorded by an instant; null: not there, or not any more. */
export function recordKnownAt(record: DatedRecord, instant: number): DatedRecord | null {
  const born = bornAt(record);
  if (born > instant) return null;
  if (record.state !== 'live' && record.modified <= instant) return null;
  const since = knownSince(record);
  const fields: Record<string, DatedRecord['fields'][string]> = Object.create(null);
  const values: Record<string, Past['values'][string]> = Object.create(null);
  let modified = born;
  for (const field in record.fields) {
    const kept = record.past?.values[field];
    if (kept === undefined || kept.length === 0) {
      if (since > instant) continue;
      fields[field] = record.fields[field] ?? null;
      if (since > modified) modified = since;
      continue;
    }
    const until = kept.filter((value) => value.since <= instant);
    const last = until.at(-1);
    if (last === undefined) continue;
    fields[field] = last.value;
    values[field] = until;
    if (last.since > modified) modified = last.since;
  }
  return {
    ...record,
    state: 'live',
    modified,
    fields,
    past: { knownSince: Math.min(since, instant), values },
  };
}

function knownSince(record: DatedRecord): number {
  return record.past?.knownSince ?? record.modified;
}

/** Instants at which something about these records was recorded. */
function recordedAt(
  reader: FactReader,
  name: FactName,
  records: readonly DatedRecord[],
): ReadonlySet<number> {
  const points = new Set<number>();
  for (const record of records) {
    const born = bornAt(record);
    points.add(born);
    if (record.state !== 'live') points.add(record.modified);
    for (const field of reader.rawFields(name, record)) {
      if (!Object.hasOwn(record.fields, field)) continue;
      const kept = record.past?.values[field] ?? [];
      if (kept.length === 0) points.add(Math.max(born, knownSince(record)));
      for (const { since } of kept) points.add(Math.max(born, since));
    }
  }
  return points;
}

/** Fields of which nothing is kept from before an instant although the record was there (J8), as the fields of the
 *  CRM tell it. */
function unknownUntil(
  reader: FactReader,
  name: FactName,
  records: readonly DatedRecord[],
): Readonly<Record<string, number>> {
  const until: Record<string, number> = Object.create(null);
  for (const record of records) {
    const born = bornAt(record);
    for (const [field, raw] of reader.sources(name, record)) {
      for (const one of raw) {
        if (!Object.hasOwn(record.fields, one) || record.fields[one] === null) continue;
        const first = record.past?.values[one]?.[0]?.since ?? knownSince(record);
        if (first > born && first > (until[field] ?? Number.NEGATIVE_INFINITY)) until[field] = first;
      }
    }
  }
  return until;
}
