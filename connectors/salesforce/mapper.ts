import type { FieldType } from '../../src/connector/port.ts';
import { canonicalInstant } from '../../src/model/instant.ts';
import type { Association, ConnectionId, CrmRecord, FieldValue } from '../../src/model/record.ts';
import type { Row } from './client.ts';
import { id18, isId, typeOfId } from './ids.ts';
import type { FieldPlan } from './schema.ts';

/** A row that cannot be made a record. The message names the field and what was found, never its value. */
export class RowError extends Error {}

/** A row of a query as a record: 18-character ids, canonical values, state and associations.
 *  Throws `RowError` when the row is not what the API promises. */
export function toRecord(row: Row, plan: FieldPlan, connection: ConnectionId): CrmRecord {
  const id = rowId(row);
  const fields: Record<string, FieldValue> = {};
  for (const [name, type] of plan.wanted) {
    const value = valueAt(row, name);
    if (value !== undefined) fields[name] = decode(value, type, name);
  }
  const modified = milliseconds(row['SystemModstamp'], 'SystemModstamp');
  if (modified === null) throw new RowError('SystemModstamp is empty; expected a datetime');
  const { state, successor } = fate(row, plan.type);
  return {
    connection,
    type: plan.type,
    id,
    fields,
    created: milliseconds(row['CreatedDate'], 'CreatedDate'),
    modified,
    state,
    successor,
    mergedIds: NONE,
    associations: associationsOf(row, plan),
  };
}

const NONE: readonly string[] = [];

/** The row's id in 18 characters. */
export function rowId(row: Row): string {
  const id = row['Id'];
  if (typeof id !== 'string' || !isId(id)) throw new RowError('Id is missing or no Salesforce id');
  return id18(id);
}

/** A stamp of a row as epoch milliseconds; null when empty. */
export function milliseconds(value: unknown, field: string): number | null {
  if (value === null || value === undefined) return null;
  const ms = typeof value === 'string' ? instantOf(value) : Number.NaN;
  if (Number.isNaN(ms)) throw new RowError(`${field} is ${kindOf(value)}; expected a datetime`);
  return ms;
}

/** A value of a query row in its canonical form (see `FieldValue`). */
export function decode(value: unknown, type: FieldType, field: string): FieldValue {
  if (value === null || value === '') return null;
  switch (type) {
    case 'text':
    case 'enum':
    case 'multi':
      if (typeof value === 'string') return value;
      if (typeof value === 'number' || typeof value === 'boolean') return String(value);
      break;
    case 'number':
      if (typeof value === 'number' && Number.isFinite(value)) return value;
      break;
    case 'boolean':
      if (typeof value === 'boolean') return value;
      break;
    case 'date':
      if (typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value)) return value;
      break;
    case 'datetime': {
      // The usual forms (REST, Bulk API) need no calendar: only their ends are written differently.
      if (typeof value === 'string' && USUAL.test(value))
        return value.endsWith('Z') ? value : `${value.slice(0, -5)}Z`;
      const ms = typeof value === 'string' ? instantOf(value) : Number.NaN;
      if (!Number.isNaN(ms)) return new Date(ms).toISOString();
      break;
    }
  }
  throw new RowError(`${field} holds ${kindOf(value)}; expected ${type}`);
}

const USUAL =
  /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}(\+0000|Z)$/;

/** Salesforce writes `2026-01-31T09:00:00.000+0000`; the standard wants a colon in the offset. NaN: no instant. */
function instantOf(text: string): number {
  return canonicalInstant(text) ?? Date.parse(text.replace(/([+-]\d{2})(\d{2})$/, '$1:$2'));
}

/** Follows `Campaign.Name` into the parent; undefined when the row does not have it. */
function valueAt(row: Row, name: string): unknown {
  if (!name.includes('.')) return Object.hasOwn(row, name) ? row[name] : undefined;
  let value: unknown = row;
  for (const part of name.split('.')) {
    // Without a parent its fields are empty, not unreadable.
    if (value === null) return null;
    if (typeof value !== 'object' || !Object.hasOwn(value as object, part)) return undefined;
    value = (value as Row)[part];
  }
  return value;
}

function fate(row: Row, type: string): Pick<CrmRecord, 'state' | 'successor'> {
  if (row['IsDeleted'] === true) {
    const master = successorOf(row['MasterRecordId'], type);
    return master === null ? LIVES_ON_NOWHERE.archived : { state: 'merged', successor: master };
  }
  if (type === 'Lead' && row['IsConverted'] === true)
    return { state: 'converted', successor: successorOf(row['ConvertedContactId'], 'Contact') };
  return LIVES_ON_NOWHERE.live;
}

const LIVES_ON_NOWHERE = {
  live: { state: 'live', successor: null },
  archived: { state: 'archived', successor: null },
} as const;

function successorOf(value: unknown, type: string): CrmRecord['successor'] {
  return typeof value === 'string' && isId(value) ? { type, id: id18(value) } : null;
}

function associationsOf(row: Row, plan: FieldPlan): CrmRecord['associations'] {
  const lists: Record<string, Association[]> = {};
  for (const type of plan.associations) lists[type] = [];
  const role = plan.type === 'OpportunityContactRole';
  const label = role && typeof row['Role'] === 'string' && row['Role'] !== '' ? row['Role'] : null;
  for (const { field, to } of plan.links) {
    const value = row[field];
    if (typeof value !== 'string' || !isId(value)) continue;
    const id = id18(value);
    const type = to.length === 1 ? to[0]! : typeOfId(id);
    if (type === null || !to.includes(type)) continue;
    const list = lists[type];
    // An activity names its account twice: as what it is about and as its account.
    if (list === undefined || list.some((known) => known.id === id)) continue;
    list.push({ type, id, primary: role ? row['IsPrimary'] === true : true, label });
  }
  return lists;
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  return Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
