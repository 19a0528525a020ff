import type { IdentityFields } from '../mapping/types.ts';
import type { ConnectionId, CrmRecord, Entity, FieldValue } from '../model/record.ts';
import type { CrossId, IdentityRecord } from './types.ts';

/**
 * Picks the identity keys out of a record by the field map.
 * @param fields the field map's keys of this object type; undefined: it has none (merges still count)
 * @param connectionsOf the configured connections of a connector: a cross-id names a connector, not a connection
 */
export function identityRecord(
  record: CrmRecord,
  entity: Entity,
  fields: IdentityFields | undefined,
  connectionsOf: (connector: string) => readonly ConnectionId[],
): IdentityRecord {
  const crossIds: CrossId[] = [];
  for (const cross of fields?.crossIds ?? []) {
    const id = textOf(fieldOf(record, cross.field));
    if (id === '') continue;
    crossIds.push({
      field: cross.field,
      connections: connectionsOf(cross.connector),
      types: cross.types,
      id,
    });
  }
  return {
    key: { connection: record.connection, type: record.type, id: record.id },
    entity,
    created: record.created,
    state: record.state,
    successor: record.successor,
    mergedIds: record.mergedIds,
    emails: keysOf(record, fields?.emails ?? []),
    domains: keysOf(record, fields?.domains ?? []),
    crossIds,
  };
}

/** Values of the fields, the first field's first value in front ('' when empty). A field may hold several,
 *  separated by `;` or `,` (HubSpot's additional e-mails and domains). */
function keysOf(record: CrmRecord, fields: readonly string[]): readonly string[] {
  const keys: string[] = [];
  for (const [index, field] of fields.entries()) {
    const parts = textOf(fieldOf(record, field)).split(/[;,]/);
    if (index === 0) keys.push(parts[0]!.trim());
    for (const part of index === 0 ? parts.slice(1) : parts) {
      const key = part.trim();
      if (key !== '') keys.push(key);
    }
  }
  return keys.length === 1 && keys[0] === '' ? [] : keys;
}

function fieldOf(record: CrmRecord, field: string): FieldValue | undefined {
  return Object.hasOwn(record.fields, field) ? record.fields[field] : undefined;
}

function textOf(value: FieldValue | undefined): string {
  return typeof value === 'string' ? value.trim() : typeof value === 'number' ? String(value) : '';
}
