import type { FieldInfo } from '../../src/connector/port.ts';
import { canonicalInstant } from '../../src/model/instant.ts';
import type { Association, ConnectionId, CrmRecord, FieldValue } from '../../src/model/record.ts';
import { arrayOf, isObject, textOf } from './errors.ts';
import type { HubspotType } from './schema.ts';

/** What a row is read against: one per pull or read. */
export interface Mapping {
  readonly connection: ConnectionId;
  readonly type: HubspotType;
  /** By property name; null where the portal's description is not known. */
  readonly fields: ReadonlyMap<string, FieldInfo | null>;
  /** Told once per row and field whose value does not fit the field's type. */
  unfit(field: string, id: string): void;
}

export type Mapped =
  | { readonly record: CrmRecord }
  | { readonly failed: { readonly id: string; readonly message: string } };

/** A row of list, search or batch read as a record, or why it is none. */
export function mapRow(
  row: unknown,
  mapping: Mapping,
  associations: Readonly<Record<string, readonly Association[]>>,
): Mapped {
  const id = isObject(row) ? (textOf(row['id']) ?? '') : '';
  if (!isObject(row) || id === '') return { failed: { id: '', message: 'a row without an id' } };
  const properties = isObject(row['properties']) ? row['properties'] : null;
  if (properties === null) return { failed: { id, message: 'a row without properties' } };
  const modified = instantOf(properties[mapping.type.modified]) ?? instantOf(row['updatedAt']);
  if (modified === null)
    return { failed: { id, message: `no modification stamp in ${mapping.type.modified}` } };
  const archived = row['archived'] === true;
  // An ordinary object, for objects without a prototype are several times slower to fill and to write as text.
  const fields: Record<string, FieldValue> = {};
  for (const [name, info] of mapping.fields) {
    const raw = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (raw === undefined) continue;
    const value = decodeValue(raw, info);
    if (value === undefined) mapping.unfit(name, id);
    else if (name !== '__proto__') fields[name] = value;
    else Object.defineProperty(fields, name, { value, enumerable: true, writable: true, configurable: true });
  }
  return {
    record: {
      connection: mapping.connection,
      type: mapping.type.name,
      id,
      fields,
      created: instantOf(row['createdAt']) ?? null,
      modified: archived ? Math.max(modified, instantOf(row['archivedAt']) ?? 0) : modified,
      state: archived ? 'archived' : 'live',
      successor: null,
      mergedIds: mapping.type.merges ? idsOf(properties['hs_merged_object_ids']) : NONE,
      associations,
    },
  };
}

/** HubSpot's text as a canonical value; undefined when it does not fit the field's type. Numbers, dates and
 *  booleans come as text; older answers give instants as epoch milliseconds. */
export function decodeValue(raw: unknown, info: FieldInfo | null): FieldValue | undefined {
  if (raw === null || raw === '') return null;
  const text =
    typeof raw === 'string' ? raw : typeof raw === 'number' || typeof raw === 'boolean' ? String(raw) : null;
  if (text === null) return undefined;
  switch (info?.type) {
    case 'number': {
      const value = Number(text);
      return text.trim() !== '' && Number.isFinite(value) ? value : undefined;
    }
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : undefined;
    case 'date': {
      if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return text;
      const instant = instantOf(text);
      return instant === null ? undefined : new Date(instant).toISOString().slice(0, 10);
    }
    case 'datetime': {
      const instant = instantOf(text);
      return instant === null ? undefined : new Date(instant).toISOString();
    }
    case 'multi':
      return (
        text
          .split(';')
          .filter((option) => option !== '')
          .join(';') || null
      );
    default:
      return text;
  }
}

/** A canonical value as HubSpot takes it: text, and the empty text to clear. */
export function encodeValue(value: FieldValue): string {
  return value === null ? '' : String(value);
}

const NONE: readonly string[] = [];

const LATEST = 8.64e15;

/** An ISO text or epoch milliseconds (as text or number) as epoch milliseconds; null when it is neither. */
export function instantOf(value: unknown): number | null {
  if (typeof value !== 'string' && typeof value !== 'number') return null;
  const text = String(value);
  const canonical = canonicalInstant(text);
  if (canonical !== null) return canonical;
  const instant = /^-?\d{1,16}$/.test(text)
    ? Number(text)
    : /^\d{4}-/.test(text)
      ? Date.parse(text)
      : Number.NaN;
  return Number.isNaN(instant) || Math.abs(instant) > LATEST ? null : instant;
}

/** `hs_merged_object_ids`: ids joined with `;`. */
function idsOf(value: unknown): readonly string[] {
  return typeof value === 'string' && value !== '' ? value.split(';').filter((id) => id !== '') : NONE;
}

/** Associations that came with a listed row, and the types for which they do not tell all: lists carry the first
 *  part of long ones only, and name the portal's own labels by a code instead of their text. */
export function inlineAssociations(
  row: unknown,
  type: HubspotType,
): {
  readonly associations: Readonly<Record<string, readonly Association[]>>;
  readonly cut: readonly string[];
} {
  const found = isObject(row) && isObject(row['associations']) ? row['associations'] : {};
  const associations: Record<string, readonly Association[]> = {};
  const cut: string[] = [];
  for (const other of type.associations) {
    const list = isObject(found[other]) ? found[other] : {};
    const byId = new Map<string, Association>();
    let whole = !(isObject(list['paging']) && isObject(list['paging']['next']));
    for (const entry of arrayOf(list['results'])) {
      if (!isObject(entry)) continue;
      const id = String(entry['id'] ?? '');
      if (id === '') continue;
      const kind = textOf(entry['type']) ?? '';
      const primary = byId.get(id)?.primary === true || isPrimaryName(kind, type, other);
      byId.set(id, { type: other, id, primary, label: null });
      if (!PLAIN_NAME.test(kind)) whole = false;
    }
    if (whole) associations[other] = inOrder(byId.values());
    else cut.push(other);
  }
  return { associations, cut };
}

/** Lists name the primary company `contact_to_company` and every company `contact_to_company_unlabeled`. */
function isPrimaryName(kind: string, type: HubspotType, other: string): boolean {
  return other === 'companies' && type.merges && kind === `${type.singular}_to_company`;
}

/** HubSpot's own names: `contact_to_company`, `meeting_event_to_deal`, `deal_to_contact_unlabeled`. */
const PLAIN_NAME = /^$|^[a-z]+(_[a-z]+)?_to_(contact|company|deal|ticket)(_unlabeled)?$/;

/** The primary one first, then by id: the same list whichever way it was read. */
export function inOrder(associations: Iterable<Association>): readonly Association[] {
  return [...associations].sort((a, b) =>
    a.primary !== b.primary
      ? a.primary
        ? -1
        : 1
      : a.id.length - b.id.length || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0),
  );
}
