import { z } from 'zod';
import type { KitAnswer } from '../../../src/sandbox/index.ts';
import { AssociationSpec, pairType } from './association-inputs.ts';
import type { AssociationType } from './association-types.ts';
import { type Call, type Endpoint, pageLimit } from './endpoint.ts';
import { HubspotError, invalid } from './errors.ts';
import type { ObjectType } from './object-types.ts';
import { findLive, liveLinks, type Portal } from './portal.ts';
import { compareIds, type StoredRecord } from './record.ts';
import { missing } from './routes-objects.ts';
import { isoText } from './values.ts';

const Id = z.union([z.string().min(1), z.number().int()]).transform(String);
const Ref = z.strictObject({ id: Id });
const ReadInputs = z.strictObject({
  inputs: z.array(z.strictObject({ id: Id, after: z.string().optional() })),
});
const PairInputs = z.strictObject({
  inputs: z.array(z.strictObject({ from: Ref, to: Ref, types: z.array(AssociationSpec).min(1) })),
});
const DefaultInputs = z.strictObject({ inputs: z.array(z.strictObject({ from: Ref, to: Ref })) });
const ArchiveInputs = z.strictObject({
  inputs: z.array(z.strictObject({ from: Ref, to: z.array(Ref).min(1) })),
});

const MAX_READ = 1_000;
const MAX_WRITE = 2_000;
const MAX_LIST = 500;

const reads: Endpoint['scopes'] = (call) => [call.type.readScopes, call.to.readScopes];
const writes: Endpoint['scopes'] = (call) => [
  call.type.writeScopes.length > 0 ? call.type.writeScopes : call.type.readScopes,
];

function batchPath(name: string): Pick<Endpoint, 'method' | 'legacy' | 'dated' | 'charge'> {
  return {
    method: 'POST',
    legacy: `/crm/v4/associations/:from/:to/${name}`,
    dated: `/crm/associations/:version/:from/:to/${name}`,
    charge: 'associations',
  };
}

function objectPath(
  method: Endpoint['method'],
  rest: string,
): Pick<Endpoint, 'method' | 'legacy' | 'dated' | 'charge'> {
  return {
    method,
    legacy: `/crm/v4/objects/:type/:id/associations/${rest}`,
    dated: `/crm/objects/:version/:type/:id/associations/${rest}`,
    charge: 'associations',
  };
}

export const ASSOCIATION_ENDPOINTS: readonly Endpoint[] = [
  {
    ...objectPath('GET', ':to'),
    query: ['after', 'limit'],
    scopes: reads,
    handle: (call) => {
      const { page, paging } = linkPage(call);
      return { status: 200, body: { results: page.map((link) => target(call, link)), ...paging } };
    },
  },
  {
    method: 'GET',
    legacy: '/crm/v3/objects/:type/:id/associations/:to',
    charge: 'associations',
    query: ['after', 'limit'],
    scopes: reads,
    handle: (call) => {
      const { page, paging } = linkPage(call);
      const names = new Map(typesOf(call).map((type) => [type.typeId, type.name]));
      const results = page.flatMap((link) =>
        link.typeIds.map((typeId) => ({ id: link.id, type: names.get(typeId) })),
      );
      return { status: 200, body: { results, ...paging } };
    },
  },
  {
    ...objectPath('PUT', 'default/:to/:toId'),
    scopes: writes,
    handle: (call) => {
      const type = typesOf(call)[0]!;
      const [from, to] = ends(call);
      call.portal.associations.add(type, from.id, to.id);
      return { status: 200, body: complete(call, defaultResults(type, from.id, to.id)) };
    },
  },
  {
    ...objectPath('PUT', ':to/:toId'),
    scopes: writes,
    handle: (call) => {
      const types = call
        .body(z.array(AssociationSpec).min(1))
        .map((spec) => pairType(call.portal, call.type, call.to, spec));
      const [from, to] = ends(call);
      for (const type of types) call.portal.associations.add(type, from.id, to.id);
      return { status: 201, body: labelled(call, from.id, to.id, types) };
    },
  },
  {
    ...objectPath('DELETE', ':to/:toId'),
    scopes: writes,
    handle: (call) => {
      typesOf(call);
      const [from, to] = ends(call);
      call.portal.associations.remove(call.type.name, from.id, call.to.name, to.id);
      return { status: 204 };
    },
  },
  {
    method: 'GET',
    legacy: '/crm/v4/associations/:from/:to/labels',
    dated: '/crm/associations/:version/:from/:to/labels',
    charge: 'associations',
    scopes: reads,
    handle: (call) => ({ status: 200, body: { results: typesOf(call).map(shownType) } }),
  },
  { ...batchPath('batch/read'), scopes: reads, handle: readBatch },
  {
    ...batchPath('batch/create'),
    scopes: writes,
    handle: (call) => {
      typesOf(call);
      const { inputs } = call.body(PairInputs);
      checkSize(inputs.length, MAX_WRITE);
      const planned = inputs.map((input) => ({
        from: end(call.portal, call.type, input.from.id),
        to: end(call.portal, call.to, input.to.id),
        types: input.types.map((spec) => pairType(call.portal, call.type, call.to, spec)),
      }));
      for (const { from, to, types } of planned)
        for (const type of types) call.portal.associations.add(type, from.id, to.id);
      const results = planned.map(({ from, to, types }) => labelled(call, from.id, to.id, types));
      return { status: 201, body: complete(call, results) };
    },
  },
  {
    ...batchPath('batch/associate/default'),
    scopes: writes,
    handle: (call) => {
      const type = typesOf(call)[0]!;
      const { inputs } = call.body(DefaultInputs);
      checkSize(inputs.length, MAX_WRITE);
      const planned = inputs.map((input) => ({
        from: end(call.portal, call.type, input.from.id),
        to: end(call.portal, call.to, input.to.id),
      }));
      for (const { from, to } of planned) call.portal.associations.add(type, from.id, to.id);
      const results = planned.flatMap(({ from, to }) => defaultResults(type, from.id, to.id));
      return { status: 200, body: complete(call, results) };
    },
  },
  {
    ...batchPath('batch/archive'),
    scopes: writes,
    handle: (call) => {
      typesOf(call);
      const { inputs } = call.body(ArchiveInputs);
      checkSize(inputs.length, MAX_WRITE);
      for (const { from, to } of inputs)
        for (const { id } of to) call.portal.associations.remove(call.type.name, from.id, call.to.name, id);
      return archived(call);
    },
  },
  {
    ...batchPath('batch/labels/archive'),
    scopes: writes,
    handle: (call) => {
      const { inputs } = call.body(PairInputs);
      checkSize(inputs.length, MAX_WRITE);
      const planned = inputs.flatMap(({ from, to, types }) =>
        types.map((spec) => ({ from, to, type: pairType(call.portal, call.type, call.to, spec) })),
      );
      for (const { from, to, type } of planned) call.portal.associations.removeType(type, from.id, to.id);
      return archived(call);
    },
  },
];

/** v4 answers an archive with 204, the dated paths with 200. */
function archived(call: Call): KitAnswer {
  return call.version === 'v4' ? { status: 204 } : { status: 200, body: complete(call, []) };
}

function complete(call: Call, results: readonly unknown[]): Record<string, unknown> {
  const now = isoText(call.portal.time.now());
  return { status: 'COMPLETE', results, startedAt: now, completedAt: now };
}

/** Types between the path's two object types; refuses pairs that cannot be associated. */
function typesOf(call: Call): readonly AssociationType[] {
  const types = call.portal.associationTypes.between(call.type.name, call.to.name);
  if (types.length === 0) throw invalid(`${call.type.name} cannot be associated with ${call.to.name}.`);
  return types;
}

function shownType(type: AssociationType): Record<string, unknown> {
  return { category: type.category, typeId: type.typeId, label: type.label };
}

interface LinkOf {
  readonly id: string;
  readonly typeIds: readonly number[];
}

function target(call: Call, link: LinkOf): Record<string, unknown> {
  const types = typesOf(call);
  return {
    // A number in v4, text since the dated versions.
    toObjectId: call.version === 'v4' ? Number(link.id) : link.id,
    associationTypes: link.typeIds.map((typeId) => shownType(types.find((type) => type.typeId === typeId)!)),
  };
}

/** What follows `after`, at most `limit` of it. */
function pageOf(
  links: readonly LinkOf[],
  after: string | undefined,
  limit: number,
): { readonly page: readonly LinkOf[]; readonly more: boolean } {
  if (after !== undefined && after !== '' && !/^\d+$/.test(after))
    throw invalid(`"after" is not a cursor of these associations: "${after}".`);
  const rest =
    after === undefined || after === '' ? links : links.filter((link) => compareIds(link.id, after) > 0);
  return { page: rest.slice(0, limit), more: rest.length > limit };
}

function linkPage(call: Call): {
  readonly page: readonly LinkOf[];
  readonly paging: Record<string, unknown>;
} {
  typesOf(call);
  const record = end(call.portal, call.type, call.param('id'));
  const limit = Math.min(pageLimit(call, MAX_LIST, MAX_LIST), call.portal.associationPage);
  const links = liveLinks(call.portal, call.type.name, record.id, call.to.name);
  const { page, more } = pageOf(links, call.query('after') ?? undefined, limit);
  const after = page.at(-1)?.id;
  const link = `${call.request.path}?after=${after}`;
  return { page, paging: more ? { paging: { next: { after, link } } } : {} };
}

function end(portal: Portal, type: ObjectType, id: string): StoredRecord {
  const record = findLive(portal, type.name, id);
  if (record === undefined) throw missing(type, id);
  return record;
}

function ends(call: Call): readonly [StoredRecord, StoredRecord] {
  return [end(call.portal, call.type, call.param('id')), end(call.portal, call.to, call.param('toId'))];
}

function defaultResults(type: AssociationType, fromId: string, toId: string): readonly unknown[] {
  const spec = (typeId: number): unknown => ({
    associationCategory: type.category,
    associationTypeId: typeId,
  });
  return [
    { from: { id: fromId }, to: { id: toId }, associationSpec: spec(type.typeId) },
    { from: { id: toId }, to: { id: fromId }, associationSpec: spec(type.inverse) },
  ];
}

function labelled(
  call: Call,
  fromId: string,
  toId: string,
  types: readonly AssociationType[],
): Record<string, unknown> {
  return {
    fromObjectTypeId: call.type.typeId,
    fromObjectId: call.version === 'v4' ? Number(fromId) : fromId,
    toObjectTypeId: call.to.typeId,
    toObjectId: call.version === 'v4' ? Number(toId) : toId,
    labels: types.flatMap((type) => type.label ?? []),
  };
}

function checkSize(size: number, most: number): void {
  if (size === 0) throw invalid('The batch has no inputs.');
  if (size > most) throw invalid(`A batch has at most ${most} inputs; found ${size}.`);
}

/** Pages each parent by itself. Parents without associations are named in a 207, or on 2026-09 are absent. */
function readBatch(call: Call): KitAnswer {
  const { portal, type, to } = call;
  typesOf(call);
  const { inputs } = call.body(ReadInputs);
  checkSize(inputs.length, MAX_READ);
  const results: unknown[] = [];
  const errors: HubspotError[] = [];
  for (const { id, after } of inputs) {
    const record = findLive(portal, type.name, id);
    const links = record === undefined ? [] : liveLinks(portal, type.name, record.id, to.name);
    const { page, more } = pageOf(links, after, portal.associationPage);
    if (page.length === 0) {
      errors.push(
        new HubspotError(
          404,
          'OBJECT_NOT_FOUND',
          `No ${to.singular} is associated with ${type.singular} ${id}.`,
          {
            subCategory: 'crm.associations.NO_ASSOCIATIONS_FOUND',
            context: { fromObjectId: [id], fromObjectType: [type.singular], toObjectType: [to.singular] },
          },
        ),
      );
      continue;
    }
    const last = page.at(-1)!.id;
    const link = `/crm/v4/objects/${type.name}/${id}/associations/${to.name}?after=${last}`;
    results.push({
      from: { id },
      to: page.map((one) => target(call, one)),
      ...(more ? { paging: { next: { after: last, link } } } : {}),
    });
  }
  const told = errors.length > 0 && call.version !== '2026-09';
  const list = errors.map((error) => ({
    status: 'error',
    category: error.category,
    subCategory: error.subCategory,
    message: error.message,
    context: error.context,
  }));
  return {
    status: told ? 207 : 200,
    body: { ...complete(call, results), ...(told ? { numErrors: list.length, errors: list } : {}) },
  };
}
