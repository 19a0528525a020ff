import type { Fact, Origin, Scalar } from '../model/facts.ts';
import { type CrmRecord, type DatedRecord, recordKeyText } from '../model/record.ts';
import type { FieldReader } from './source.ts';
import type { FactSettings } from './types.ts';

export interface RankedRecord {
  readonly record: DatedRecord;
  readonly fields: readonly FieldReader[];
  /** Place of its connection in the configuration. */
  readonly rank: number;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * One fact of the records of one thing (J5): each field from the newest record (`known`, its modification stamp) that
 * has a value, then connection order, then record id; `prefer` names connections that go first. A null never beats a
 * value, not even the newest record's: the stamp is of the record, not of the field, so a null says that this CRM
 * never had or was never given the value at least as often as that somebody cleared it. The first differing value
 * that was not taken stays in the origin.
 */
export function mergeRecords(
  key: string,
  records: readonly RankedRecord[],
  issue: FactSettings['issue'],
): Fact {
  const values = bare<Scalar>();
  const origins = bare<Origin>();
  const ordered = records.length === 1 ? records : [...records].sort(newestFirst);
  let from: CrmRecord | undefined;
  let path = '';
  const complain = (message: string): void => {
    if (from !== undefined) issue?.({ key: recordKeyText(from), field: path, message });
  };
  let recorded = Number.NEGATIVE_INFINITY;
  for (const { record, fields } of ordered) {
    if (record.modified > recorded) recorded = record.modified;
    let first = record.created ?? record.modified;
    from = record;
    for (const field of fields) {
      path = field.path;
      const value = field.read(record, complain);
      if (value === undefined || value === null) continue;
      const known = knownFrom(record, field);
      const at = field.constant ? first : instantOf(field, value, known);
      if (at < first) first = at;
      const taken = origins[field.name];
      if (taken === undefined) {
        values[field.name] = value;
        origins[field.name] = originOf(record, field, at, known);
      } else if (field.prefer !== null && goesBefore(record, taken, field.prefer)) {
        const before = values[field.name] as Scalar;
        values[field.name] = value;
        origins[field.name] = withRejected(originOf(record, field, at, known), value, before, taken);
      } else if (value !== values[field.name] && taken.rejected === undefined) {
        origins[field.name] = withRejected(taken, values[field.name] as Scalar, value, record);
      }
    }
  }
  return { key, values, origins, recorded };
}

/** An object without prototype. Not `Object.create(null)`: that makes a hash table, which rules read twenty times
 *  slower than a plain object and which takes twice as long to fill. */
export function bare<T>(): Record<string, T> {
  return Object.setPrototypeOf({}, null) as Record<string, T>;
}

function newestFirst(a: RankedRecord, b: RankedRecord): number {
  if (a.record.modified !== b.record.modified) return b.record.modified - a.record.modified;
  if (a.rank !== b.rank) return a.rank - b.rank;
  if (a.record.id !== b.record.id) return a.record.id < b.record.id ? -1 : 1;
  return a.record.type < b.record.type ? -1 : 1;
}

/** J4: a date is true from its own day, also one that lies ahead; anything else from the modification stamp. */
function instantOf(field: FieldReader, value: Scalar, known: number): number {
  return field.instant ? (value as number) : known;
}

/** Is this record's connection preferred to that of the value already taken? Equal ones keep the newest. */
function goesBefore(record: CrmRecord, taken: Origin, prefer: readonly string[]): boolean {
  const mine = prefer.indexOf(record.connection);
  if (mine < 0) return false;
  const theirs = prefer.indexOf(taken.connection);
  return theirs < 0 || mine < theirs;
}

/** When the CRM recorded the value: as the record's past tells, else the record's own stamp. The date of creation,
 *  and what is true of every such record, was there from the beginning. */
function knownFrom(record: DatedRecord, { reads, field: name }: FieldReader): number {
  const { past } = record;
  if (past === undefined) return record.modified;
  if (reads.length === 0) return name === 'modified' ? record.modified : (record.created ?? past.knownSince);
  let known = Number.NEGATIVE_INFINITY;
  for (const field of reads) {
    if (!Object.hasOwn(record.fields, field)) continue;
    const since = past.values[field]?.at(-1)?.since ?? past.knownSince;
    if (since > known) known = since;
  }
  return known === Number.NEGATIVE_INFINITY ? past.knownSince : known;
}

function originOf(record: CrmRecord, field: FieldReader, at: number, known: number): Origin {
  return {
    connection: record.connection,
    type: record.type,
    id: record.id,
    field: field.field,
    at,
    known,
  };
}

/** The origin with the value that was not taken; a value that equals the taken one is no difference. */
function withRejected(
  origin: Origin,
  taken: Scalar,
  value: Scalar,
  source: Pick<Origin, 'connection' | 'type' | 'id'> & { readonly rejected?: Origin['rejected'] },
): Origin {
  const rest: Writable<Origin> = { ...origin };
  if (value !== taken) {
    rest.rejected = { value, connection: source.connection, type: source.type, id: source.id };
  } else if (source.rejected !== undefined && source.rejected.value !== taken) {
    rest.rejected = source.rejected;
  }
  return rest;
}
