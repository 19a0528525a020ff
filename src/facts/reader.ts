import { FACTS_OF_ENTITY, fieldSpec } from '../mapping/catalogue.ts';
import { amountsOf, isMoney } from '../mapping/rates.ts';
import type { FactName, FactType, FieldMap, ObjectMap } from '../mapping/types.ts';
import type { Fact } from '../model/facts.ts';
import type { CrmRecord } from '../model/record.ts';
import { mergeRecords, type RankedRecord } from './merge.ts';
import { inHomeCurrency } from './money.ts';
import { compileSource, type FieldReader } from './source.ts';
import type { FactConnection, FactSettings, PersonGroup, RecordGroup } from './types.ts';

/** Makes facts of records by the field maps. Keeps what it made as long as the group it was made of lives. */
export interface FactReader {
  readonly settings: FactSettings;
  /** Null when no record of the group is live: archived, merged and converted ones say nothing. */
  fact(name: FactName, group: RecordGroup): Fact | null;
  /** The same of records as they once were; nothing of it is kept, and what cannot be read is not reported. */
  past(name: FactName, group: RecordGroup): Fact | null;
  /** CRM fields that a fact of this record is made of. */
  rawFields(name: FactName, record: CrmRecord): ReadonlySet<string>;
  /** Fact fields of this record with the CRM fields that each is made of. */
  sources(name: FactName, record: CrmRecord): ReadonlyMap<string, readonly string[]>;
  /** Do the field maps and the wanted fields ask for this one? */
  wants(name: FactName, field: string): boolean;
}

export function createFactReader(settings: FactSettings): FactReader {
  const maps = new Map(settings.fieldMaps.map((map) => [map.connector, map]));
  const ranks = new Map<string, number>();
  const readers = new Map<string, Map<string, ReadonlyMap<FactName, readonly FieldReader[]>>>();
  for (const [rank, connection] of settings.connections.entries()) {
    ranks.set(connection.id, rank);
    const map = maps.get(connection.connector);
    const byType = new Map<string, ReadonlyMap<FactName, readonly FieldReader[]>>();
    readers.set(connection.id, byType);
    for (const object of map?.objects ?? []) {
      byType.set(object.type, compileObject(settings, connection, map as FieldMap, object));
    }
  }
  const kept = new Map<FactName, WeakMap<RecordGroup, { readonly fact: Fact | null }>>();

  const ranked = (name: FactName, record: CrmRecord): RankedRecord | null => {
    const fields = readers.get(record.connection)?.get(record.type)?.get(name);
    return fields === undefined ? null : { record, fields, rank: ranks.get(record.connection) ?? ranks.size };
  };
  const raw = new WeakMap<readonly FieldReader[], ReadonlySet<string>>();
  const bySource = new WeakMap<readonly FieldReader[], ReadonlyMap<string, readonly string[]>>();
  const make = (name: FactName, group: RecordGroup, issue: FactSettings['issue']): Fact | null => {
    const records: RankedRecord[] = [];
    for (const record of group.records) {
      const known = record.state === 'live' ? ranked(name, record) : null;
      if (known !== null) records.push(known);
    }
    if (records.length === 0) return null;
    if (name === 'people') {
      for (const role of (group as PersonGroup).roles ?? []) {
        const known = role.state === 'live' ? ranked(name, role) : null;
        if (known !== null) records.push(known);
      }
    }
    return mergeRecords(group.key, records, issue);
  };

  return {
    settings,
    fact(name, group) {
      const facts = kept.get(name) ?? new WeakMap<RecordGroup, { readonly fact: Fact | null }>();
      kept.set(name, facts);
      const known = facts.get(group);
      if (known !== undefined) return known.fact;
      const fact = make(name, group, settings.issue);
      facts.set(group, { fact });
      return fact;
    },
    past: (name, group) => make(name, group, undefined),
    rawFields(name, record) {
      const fields = readers.get(record.connection)?.get(record.type)?.get(name);
      if (fields === undefined) return NO_FIELDS;
      const known = raw.get(fields) ?? new Set(fields.flatMap((field) => field.reads));
      raw.set(fields, known);
      return known;
    },
    sources(name, record) {
      const fields = readers.get(record.connection)?.get(record.type)?.get(name);
      if (fields === undefined) return NO_SOURCES;
      const known = bySource.get(fields) ?? new Map(fields.map((field) => [field.name, field.reads]));
      bySource.set(fields, known);
      return known;
    },
    wants: (name, field) => settings.reads === undefined || (settings.reads[name]?.includes(field) ?? false),
  };
}

const NO_FIELDS: ReadonlySet<string> = new Set();
const NO_SOURCES: ReadonlyMap<string, readonly string[]> = new Map();

function compileObject(
  settings: FactSettings,
  connection: FactConnection,
  map: FieldMap,
  object: ObjectMap,
): ReadonlyMap<FactName, readonly FieldReader[]> {
  const compiled = new Map<FactName, readonly FieldReader[]>();
  const amounts = amountsOf(settings.fieldMaps);
  for (const fact of FACTS_OF_ENTITY[object.entity]) {
    const wanted = settings.reads === undefined ? null : (settings.reads[fact] ?? []);
    const readers = Object.entries(object.fields)
      .filter(([name]) => wanted?.includes(name) ?? true)
      .map(([name, source]): FieldReader => {
        const money = isMoney(fact, name, amounts);
        // A field without a declared type is a custom text: what the CRM says, as it says it.
        const type: FactType = fieldSpec(fact, name, map.types)?.type ?? 'text';
        const plain = compileSource(source, type, connection, object.type, settings.zone);
        const reader = money ? inHomeCurrency(plain, settings.rates, connection) : plain;
        const instant = type === 'date' || type === 'datetime';
        return { ...reader, name, path: `${fact}.${name}`, prefer: preferred(settings, fact, name), instant };
      });
    // Constants come last: they are true from the record's first known instant, which the others tell.
    readers.sort((a, b) => Number(a.constant) - Number(b.constant));
    compiled.set(fact, readers);
  }
  return compiled;
}

/** What is said of a person's field holds for the people of an account too. */
function preferred(settings: FactSettings, fact: FactName, name: string): readonly string[] | null {
  const { prefer } = settings;
  if (prefer === undefined) return null;
  const path =
    fact === 'people' && !Object.hasOwn(prefer, `people.${name}`) ? `person.${name}` : `${fact}.${name}`;
  return Object.hasOwn(prefer, path) ? (prefer[path] ?? null) : null;
}
