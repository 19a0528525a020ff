import type { FactType, FieldSource } from '../mapping/types.ts';
import type { Zone } from '../mapping/zone.ts';
import type { Scalar } from '../model/facts.ts';
import type { CrmRecord, FieldValue } from '../model/record.ts';
import { EXPECTED, type Parse, parserOf, readNumber } from './parse.ts';
import { stageGives, stageLookup } from './stage.ts';
import type { FactConnection } from './types.ts';

/** What reading one fact field of one record found. `undefined`: the record does not say (not read, no permission);
 *  null: the CRM holds no value. */
export type Reading = Scalar | undefined;

/** Told why a value cannot be read. */
export type Complain = (message: string) => void;

/** Reads one fact field out of records of one object type. */
export interface SourceReader {
  /** For origins: `amount`, `firstname + lastname`, `dealstage via pipeline`, `constant`. */
  readonly field: string;
  readonly constant: boolean;
  /** CRM fields that it reads; none for constants and stamps. */
  readonly reads: readonly string[];
  read(record: CrmRecord, complain: Complain): Reading;
}

/** A fact field of one object type, compiled. */
export interface FieldReader extends SourceReader {
  readonly name: string;
  /** `deals.amount`, for issues. */
  readonly path: string;
  /** Connections whose value goes first, whatever is newest (J5); null: the newest. */
  readonly prefer: readonly string[] | null;
  /** The value is an instant: it is true from its own date (J4). */
  readonly instant: boolean;
}

/** Compiles a field map entry (J3) for one connection and object type. */
export function compileSource(
  source: FieldSource,
  type: FactType,
  connection: FactConnection,
  objectType: string,
  zone: Zone,
): SourceReader {
  const parse = parserOf(type, zone);
  const convert: Convert = (value, field, complain) => {
    const parsed = parse(value);
    if (parsed === undefined) complain(`${field} does not hold ${EXPECTED[type]}; it counts as no value`);
    return parsed ?? null;
  };
  switch (source.kind) {
    case 'field':
      return fieldReader(source, convert);
    case 'stage':
      return stageReader(source, type, convert, connection, objectType);
    case 'stamp':
      return {
        field: source.stamp,
        constant: false,
        reads: [],
        read: (record) => stampOf(source.stamp === 'created' ? record.created : record.modified, type, parse),
      };
    case 'constant':
      return { field: 'constant', constant: true, reads: [], read: () => source.value };
  }
}

type Convert = (value: Exclude<FieldValue, null>, field: string, complain: Complain) => Scalar;

function stampOf(instant: number | null, type: FactType, parse: Parse): Reading {
  if (instant === null) return null;
  return type === 'datetime' ? instant : (parse(new Date(instant).toISOString()) ?? null);
}

function fieldReader(source: Extract<FieldSource, { kind: 'field' }>, convert: Convert): SourceReader {
  const name = source.fields.join(' + ');
  const words = source.values === null ? null : wordMap(source.values);
  const mapped = (value: FieldValue | undefined): FieldValue | undefined =>
    words === null || value === null || value === undefined ? value : toWord(words, value);
  if (source.scale !== null) return scaleReader(source.fields[0] ?? '', source.scale, convert);
  const only = source.fields.length === 1 ? source.fields[0] : undefined;
  if (only !== undefined) {
    return {
      field: name,
      constant: false,
      reads: source.fields,
      read: (record, complain) => {
        const value = mapped(fieldOf(record, only));
        return value === undefined || value === null ? value : convert(value, only, complain);
      },
    };
  }
  return {
    field: name,
    constant: false,
    reads: source.fields,
    read: (record, complain) => {
      const value = mapped(joinFields(record, source.fields));
      return value === undefined || value === null ? value : convert(value, name, complain);
    },
  };
}

/** First and last name and the like: what is there, with spaces; undefined only when no part was read. */
function joinFields(record: CrmRecord, fields: readonly string[]): string | null | undefined {
  let known = false;
  const parts: string[] = [];
  for (const field of fields) {
    const value = fieldOf(record, field);
    if (value !== undefined) known = true;
    const text = value === undefined || value === null ? '' : String(value).trim();
    if (text !== '') parts.push(text);
  }
  return parts.length > 0 ? parts.join(' ') : known ? null : undefined;
}

/** `CRM option -> our word`, ignoring case; an option without a word stays as the CRM spells it, so that rules can
 *  still name it (the missing word is a warning of `check`). */
function toWord(words: ReadonlyMap<string, string>, value: string | number | boolean): FieldValue {
  const text = String(value);
  const word = words.get(text.toLowerCase());
  if (word !== undefined) return word;
  if (!text.includes(';')) return value;
  return text
    .split(';')
    .map((part) => words.get(part.toLowerCase()) ?? part)
    .join(';');
}

function wordMap(values: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  return new Map(Object.entries(values).map(([option, word]) => [option.toLowerCase(), word]));
}

function scaleReader(
  field: string,
  scale: NonNullable<Extract<FieldSource, { kind: 'field' }>['scale']>,
  convert: Convert,
): SourceReader {
  const { by } = scale;
  const ranges = new Map(Object.entries(scale.ranges).map(([kind, range]) => [kind.toLowerCase(), range]));
  const only = by === null ? [...ranges.values()][0] : undefined;
  return {
    field,
    constant: false,
    reads: by === null ? [field] : [field, by],
    read: (record, complain) => {
      const raw = fieldOf(record, field);
      if (raw === undefined || raw === null) return raw;
      const value = readNumber(raw);
      if (value === undefined) {
        complain(`${field} does not hold a number; it counts as no value`);
        return null;
      }
      const range = by === null ? only : ranges.get(String(fieldOf(record, by) ?? '').toLowerCase());
      if (range === undefined) {
        complain(`${field} has no range for this ${by ?? 'record'} in the field map; it counts as no value`);
        return null;
      }
      const [low, high] = range;
      const share = low === high ? Number.NaN : (value - low) / (high - low);
      if (!(share >= 0 && share <= 1)) {
        complain(`${field} is outside its range ${low} to ${high}; it counts as no value`);
        return null;
      }
      return convert(share * 100, field, complain);
    },
  };
}

function stageReader(
  source: Extract<FieldSource, { kind: 'stage' }>,
  type: FactType,
  convert: Convert,
  connection: FactConnection,
  objectType: string,
): SourceReader {
  const { field, pipeline, gives, date } = source;
  const lookup = stageLookup(connection, objectType, field);
  const read = (record: CrmRecord, complain: Complain): Reading => {
    const value = fieldOf(record, field);
    if (value === undefined || value === null) return value;
    const where = pipeline === null ? null : (fieldOf(record, pipeline) ?? null);
    const stage = lookup(String(value), where === null ? null : String(where));
    if (stage === undefined) {
      complain(`${field} holds a stage that the CRM's pipelines do not list; it counts as no value`);
      return null;
    }
    if (gives === 'closed' && date !== undefined) {
      if (stage.open) return null;
      const day = fieldOf(record, date);
      return day === undefined || day === null ? day : convert(day, date, complain);
    }
    const given = stageGives(stage, gives);
    return given === null || type === typeof given ? given : convert(given, field, complain);
  };
  return {
    field: date === undefined ? `${field} via pipeline` : `${date} via pipeline`,
    constant: false,
    reads: [field, pipeline, date].filter((name) => name !== null && name !== undefined),
    read,
  };
}

/** Own properties only: a field called `constructor` is not there unless the CRM sent it. */
function fieldOf(record: CrmRecord, field: string): FieldValue | undefined {
  return Object.hasOwn(record.fields, field) ? record.fields[field] : undefined;
}
