import { z } from 'zod';
import { type ControlActions, ControlError, type Route, readInput } from '../../../src/sandbox/index.ts';
import { HubspotError } from './errors.ts';
import { exportControl } from './export/routes.ts';
import { changeField } from './field-changes.ts';
import { OBJECT_TYPES, type ObjectType, objectType } from './object-types.ts';
import { findLive, liveLinks, type Portal, propertyValue, schemaOf, viewOf } from './portal.ts';
import type { StoredRecord } from './record.ts';
import {
  applyChange,
  archiveRecord,
  createRecord,
  mergeRecords,
  planChange,
  purgeRecord,
  restoreRecord,
} from './rules.ts';
import { isoText } from './values.ts';

const RefuseInput = z.strictObject({
  type: z.string().min(1),
  id: z.string().min(1),
  message: z.string().min(1),
  /** How many writes are refused; without it all until a reset. */
  times: z.number().int().positive().optional(),
});

const RestoreInput = z.strictObject({ type: z.string().min(1), id: z.string().min(1) });

/** What people do in the CRM itself, and looking behind the API. */
export function createControl(portal: () => Portal, reset: () => void): ControlActions {
  const person = <Result>(act: () => Result): Result => {
    try {
      return act();
    } catch (error) {
      if (error instanceof HubspotError) throw new ControlError(error.message);
      throw error;
    }
  };
  return {
    reset,
    edit: ({ type, id, properties }) =>
      person(() => {
        const record = live(portal(), type, id);
        applyChange(
          portal(),
          record,
          planChange(portal(), record.type, record, properties, 'person'),
          'person',
        );
        return dump(portal(), record);
      }),
    create: ({ type, properties, associations }) =>
      person(() => {
        const known = typeOf(type);
        const targets = (associations ?? []).map((one) => ({
          ...one,
          to: live(portal(), one.toType, one.toId),
        }));
        const record = createRecord(portal(), known.name, properties, 'person');
        for (const { to, primary, label } of targets)
          associate(portal(), record, to, primary === true, label ?? null);
        return dump(portal(), record);
      }),
    merge: ({ type, id, mergeId }) =>
      person(() => {
        const known = typeOf(type);
        if (!known.merges) throw new ControlError(`${known.pluralLabel} cannot be merged.`);
        return dump(
          portal(),
          mergeRecords(portal(), live(portal(), type, id), live(portal(), type, mergeId), 'person'),
        );
      }),
    delete: ({ type, id, purge }) =>
      person(() => {
        if (purge === true) {
          const known = typeOf(type);
          const { store } = portal();
          const record = store.get(known.name, store.follow(known.name, id));
          if (record === undefined) throw new ControlError(`There is no ${known.singular} with id ${id}.`);
          purgeRecord(portal(), record);
        } else archiveRecord(portal(), live(portal(), type, id), 'person');
        return { ok: true };
      }),
    associate: ({ type, id, toType, toId, primary, label, remove }) =>
      person(() => {
        const from = live(portal(), type, id);
        const to = live(portal(), toType, toId);
        if (remove === true) portal().associations.remove(from.type, from.id, to.type, to.id);
        else associate(portal(), from, to, primary === true, label ?? null);
        return dump(portal(), from);
      }),
    field: (change) => person(() => changeField(portal(), typeOf(change.object).name, change)),
    writes: () => portal().writes.all(),
    records: (type, id) => {
      const known = typeOf(type);
      const { store } = portal();
      if (id === null) return { records: store.all(known.name).map((record) => dump(portal(), record)) };
      const record = store.get(known.name, store.follow(known.name, id));
      return record === undefined ? null : dump(portal(), record);
    },
    extra: [refuseRoute(portal), restoreRoute(portal), exportControl(portal)],
  };
}

/** `POST /__sandbox/refuse`: the API refuses the next writes of one record with a validation error. */
function refuseRoute(portal: () => Portal): Route {
  return {
    method: 'POST',
    pattern: '/__sandbox/refuse',
    handle: (request) => {
      const { type, id, message, times } = readInput(RefuseInput, request);
      const record = live(portal(), type, id);
      portal().refusals.set(`${record.type}/${record.id}`, {
        message,
        times: times ?? Number.POSITIVE_INFINITY,
      });
      return { status: 200, body: { ok: true } };
    },
  };
}

/** `POST /__sandbox/restore`: a person takes an archived record back, with the associations it had. */
function restoreRoute(portal: () => Portal): Route {
  return {
    method: 'POST',
    pattern: '/__sandbox/restore',
    handle: (request) => {
      const { type, id } = readInput(RestoreInput, request);
      const record = portal().store.get(typeOf(type).name, id);
      if (record === undefined || record.archivedAt === null)
        throw new ControlError(`There is no archived ${typeOf(type).singular} with id ${id}.`);
      restoreRecord(portal(), record, 'person');
      return { status: 200, body: dump(portal(), record) };
    },
  };
}

function typeOf(name: string): ObjectType {
  const type = objectType(name);
  if (type === undefined)
    throw new ControlError(
      `There is no object type "${name}"; use ${OBJECT_TYPES.map((one) => one.name).join(', ')}.`,
    );
  return type;
}

function live(portal: Portal, type: string, id: string): StoredRecord {
  const known = typeOf(type);
  const record = findLive(portal, known.name, id);
  if (record === undefined) throw new ControlError(`There is no live ${known.singular} with id ${id}.`);
  return record;
}

function associate(
  portal: Portal,
  from: StoredRecord,
  to: StoredRecord,
  primary: boolean,
  label: string | null,
): void {
  const types = portal.associationTypes.between(from.type, to.type);
  const plain = types[0];
  if (plain === undefined) throw new ControlError(`${from.type} cannot be associated with ${to.type}.`);
  const marked = types.find((type) => type.primary);
  if (primary && marked === undefined)
    throw new ControlError(`${from.type} have no primary association with ${to.type}.`);
  const type = label !== null ? portal.associationTypes.label(from.type, to.type, label) : plain;
  portal.associations.add(type, from.id, to.id);
  if (primary) portal.associations.add(marked!, from.id, to.id);
}

/** The sandbox's own record: all values and associations, whatever the API would show. */
function dump(portal: Portal, record: StoredRecord): Record<string, unknown> {
  const view = viewOf(record);
  const properties = Object.create(null) as Record<string, string | null>;
  for (const { name } of schemaOf(portal, record.type).list(false))
    properties[name] = propertyValue(portal, view, name);
  const associations: Record<string, unknown> = {};
  for (const to of OBJECT_TYPES) {
    const types = portal.associationTypes.between(record.type, to.name);
    const links = types.length === 0 ? [] : liveLinks(portal, record.type, record.id, to.name);
    if (links.length === 0) continue;
    associations[to.name] = links.map((link) => {
      const held = types.filter((type) => link.typeIds.includes(type.typeId));
      return {
        id: link.id,
        primary: held.some((type) => type.primary),
        labels: held.flatMap((type) => (type.label === null || type.primary ? [] : [type.label])),
      };
    });
  }
  return {
    type: record.type,
    id: record.id,
    properties,
    associations,
    created: isoText(record.created),
    modified: isoText(record.modified),
    archived: record.archivedAt !== null,
    mergedIds: record.mergedIds,
  };
}
