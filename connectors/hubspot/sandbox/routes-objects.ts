import { z } from 'zod';
import { FieldValues } from '../../../src/sandbox/index.ts';
import { AssociationInputs, linkInputs } from './association-inputs.ts';
import { type Call, type Endpoint, pageLimit } from './endpoint.ts';
import { HubspotError, invalid, notFound } from './errors.ts';
import { type ObjectType, objectType } from './object-types.ts';
import { findLive, type Portal, schemaOf } from './portal.ts';
import type { StoredRecord } from './record.ts';
import { inlineAssociations, render, select } from './render.ts';
import {
  applyChange,
  archiveRecord,
  insertNew,
  mergeRecords,
  planChange,
  planCreate,
  purgeRecord,
} from './rules.ts';
import { MAX_SEARCH_BODY, SearchRequest, search } from './search.ts';

export const Properties = FieldValues;
export const Id = z.union([z.string().min(1), z.number().int()]).transform(String);

const ONE = ['properties', 'propertiesWithHistory', 'associations', 'archived', 'idProperty'];
const MAX_PAGE = 100;
const MAX_PAGE_WITH_HISTORY = 50;

const reads = (call: Call): readonly (readonly string[])[] => [call.type.readScopes];
const writes = (call: Call): readonly (readonly string[])[] => [call.type.writeScopes];

/** Feedback submissions can only be read. */
export function checkWritable(type: ObjectType): void {
  if (type.readOnly)
    throw new HubspotError(405, 'VALIDATION_ERROR', `Objects of type ${type.singular} are read only.`);
}

export const OBJECT_ENDPOINTS: readonly Endpoint[] = [
  {
    method: 'GET',
    legacy: '/crm/v3/objects/:type',
    dated: '/crm/objects/:version/:type',
    query: ['limit', 'after', 'properties', 'propertiesWithHistory', 'associations', 'archived'],
    scopes: reads,
    handle: (call) => ({ status: 200, body: list(call) }),
  },
  {
    method: 'POST',
    legacy: '/crm/v3/objects/:type',
    dated: '/crm/objects/:version/:type',
    scopes: writes,
    handle: (call) => {
      const { portal, type } = call;
      checkWritable(type);
      const input = call.body(
        z.strictObject({
          properties: Properties,
          associations: AssociationInputs.optional(),
          objectWriteTraceId: z.string().optional(),
        }),
      );
      const change = planCreate(portal, type.name, input.properties, 'integration');
      const link = linkInputs(portal, type, input.associations ?? []);
      const record = insertNew(portal, type.name, change, 'integration');
      link(record.id);
      return {
        status: 201,
        body: render(portal, record, select(portal, type, Object.keys(input.properties))),
      };
    },
  },
  {
    method: 'GET',
    legacy: '/crm/v3/objects/:type/:id',
    dated: '/crm/objects/:version/:type/:id',
    query: ONE,
    scopes: reads,
    handle: (call) => {
      const { portal, type } = call;
      const record = call.flag('archived') ? findArchived(call) : one(call);
      const history = call.list('propertiesWithHistory');
      const named = call.query('properties') === null ? null : call.list('properties');
      const body = render(portal, record, select(portal, type, named, history));
      return { status: 200, body: { ...body, ...inline(call, record) } };
    },
  },
  {
    method: 'PATCH',
    legacy: '/crm/v3/objects/:type/:id',
    dated: '/crm/objects/:version/:type/:id',
    query: ['idProperty'],
    scopes: writes,
    handle: (call) => {
      const { portal, type } = call;
      checkWritable(type);
      const record = one(call);
      const { properties } = call.body(
        z.strictObject({ properties: Properties, objectWriteTraceId: z.string().optional() }),
      );
      applyChange(
        portal,
        record,
        planChange(portal, type.name, record, properties, 'integration'),
        'integration',
      );
      return { status: 200, body: render(portal, record, select(portal, type, Object.keys(properties))) };
    },
  },
  {
    method: 'DELETE',
    legacy: '/crm/v3/objects/:type/:id',
    dated: '/crm/objects/:version/:type/:id',
    scopes: writes,
    handle: (call) => {
      const { portal, type } = call;
      checkWritable(type);
      const id = call.param('id');
      const record = findLive(portal, type.name, id);
      if (record !== undefined) archiveRecord(portal, record, 'integration');
      // Deleting what is already archived changes nothing and is no error.
      else if (portal.store.get(type.name, id) === undefined) throw missing(type, id);
      return { status: 204 };
    },
  },
  {
    method: 'POST',
    legacy: '/crm/v3/objects/:type/search',
    dated: '/crm/objects/:version/:type/search',
    charge: 'search',
    scopes: reads,
    handle: (call) => {
      const size = call.request.body.toString('utf8').length;
      if (size > MAX_SEARCH_BODY)
        throw invalid(`The body of a search has at most ${MAX_SEARCH_BODY} characters; found ${size}.`);
      return { status: 200, body: search(call.portal, call.type, call.body(SearchRequest)) };
    },
  },
  {
    method: 'POST',
    legacy: '/crm/v3/objects/:type/merge',
    dated: '/crm/objects/:version/:type/merge',
    scopes: writes,
    handle: (call) => {
      const { portal, type } = call;
      if (!type.merges) throw invalid(`Objects of type ${type.singular} cannot be merged.`);
      const input = call.body(z.strictObject({ primaryObjectId: Id, objectIdToMerge: Id }));
      const [primary, other] = [input.primaryObjectId, input.objectIdToMerge].map((id) => {
        const record = findLive(portal, type.name, id);
        if (record === undefined) throw missing(type, id);
        return record;
      });
      const merged = mergeRecords(portal, primary!, other!, 'integration');
      return { status: 200, body: render(portal, merged, select(portal, type, null)) };
    },
  },
  {
    method: 'POST',
    legacy: '/crm/v3/objects/:type/gdpr-delete',
    dated: '/crm/objects/:version/:type/gdpr-delete',
    scopes: writes,
    handle: (call) => {
      const { portal, type } = call;
      if (type.name !== 'contacts')
        throw invalid(`Privacy deletion is for contacts only, not for ${type.name}.`);
      const input = call.body(z.strictObject({ objectId: Id, idProperty: z.string().optional() }));
      const record = findBy(portal, type, input.objectId, input.idProperty ?? null);
      if (record === undefined) throw missing(type, input.objectId);
      purgeRecord(portal, record);
      return { status: 204 };
    },
  },
];

function list(call: Call): Record<string, unknown> {
  const { portal, type } = call;
  const history = call.list('propertiesWithHistory');
  const most = history.length > 0 ? MAX_PAGE_WITH_HISTORY : MAX_PAGE;
  const limit = pageLimit(call, 10, most);
  const after = call.query('after') ?? '';
  if (after !== '' && !/^\d+$/.test(after))
    throw invalid(`"after" is not a cursor of this list: "${after}".`);
  const archived = call.flag('archived');
  const named = call.query('properties') === null ? null : call.list('properties');
  const selection = select(portal, type, named, history);
  const withTypes = associated(call);
  const all = portal.store.all(type.name);
  const page: StoredRecord[] = [];
  let more = false;
  for (let index = after === '' ? 0 : portal.store.after(type.name, after); index < all.length; index += 1) {
    const record = all[index]!;
    if ((record.archivedAt !== null) !== archived) continue;
    if (page.length === limit) {
      more = true;
      break;
    }
    page.push(record);
  }
  const last = page.at(-1)?.id;
  const link = new URLSearchParams(call.request.query);
  if (last !== undefined) link.set('after', last);
  return {
    results: page.map((record) => ({
      ...render(portal, record, selection),
      ...inlineOf(call, record, withTypes),
    })),
    ...(more ? { paging: { next: { after: last, link: `${call.request.path}?${link.toString()}` } } } : {}),
  };
}

function associated(call: Call): readonly ObjectType[] {
  return call.list('associations').map((name) => {
    const to = objectType(name);
    if (to === undefined || call.portal.associationTypes.between(call.type.name, to.name).length === 0)
      throw invalid(`${call.type.name} cannot be associated with "${name}".`);
    return to;
  });
}

function inline(call: Call, record: StoredRecord): Record<string, unknown> {
  return inlineOf(call, record, associated(call));
}

function inlineOf(call: Call, record: StoredRecord, types: readonly ObjectType[]): Record<string, unknown> {
  if (types.length === 0) return {};
  const base =
    call.version === 'v3'
      ? `/crm/v3/objects/${call.type.name}`
      : `/crm/objects/${call.version}/${call.type.name}`;
  const associations = inlineAssociations(call.portal, record, types, base);
  return associations === undefined ? {} : { associations };
}

/** The live record of the path, by id (an id that was merged is followed) or by a unique property. */
function one(call: Call): StoredRecord {
  const id = call.param('id');
  const record = findBy(call.portal, call.type, id, call.query('idProperty'));
  if (record === undefined) throw missing(call.type, id);
  return record;
}

function findArchived(call: Call): StoredRecord {
  const id = call.param('id');
  const record = call.portal.store.get(call.type.name, id);
  if (record === undefined || record.archivedAt === null) throw missing(call.type, id);
  return record;
}

export function findBy(
  portal: Portal,
  type: ObjectType,
  value: string,
  idProperty: string | null,
): StoredRecord | undefined {
  if (idProperty === null) return findLive(portal, type.name, value);
  if (schemaOf(portal, type.name).get(idProperty)?.hasUniqueValue !== true)
    throw invalid(
      `Property ${idProperty} of ${type.name} does not have unique values and cannot identify a record.`,
    );
  if (idProperty === 'email') {
    const id = portal.store.byEmail(value);
    return id === undefined ? undefined : findLive(portal, type.name, id);
  }
  return portal.store
    .all(type.name)
    .find((one) => one.archivedAt === null && one.properties[idProperty] === value);
}

export function missing(type: ObjectType, id: string): HubspotError {
  return /^\d+$/.test(id)
    ? notFound(`Object not found. No ${type.singular} with id ${id} exists in this account.`, { id: [id] })
    : notFound('Object not found.  objectId are usually numeric.', { id: [id] });
}
