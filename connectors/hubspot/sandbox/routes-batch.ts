import { z } from 'zod';
import type { KitAnswer } from '../../../src/sandbox/index.ts';
import { AssociationInputs, linkInputs } from './association-inputs.ts';
import type { Call, Endpoint } from './endpoint.ts';
import { HubspotError, invalid } from './errors.ts';
import { findLive, type Portal, schemaOf, upperName } from './portal.ts';
import type { StoredRecord } from './record.ts';
import { render, select } from './render.ts';
import { checkWritable, findBy, Id, Properties } from './routes-objects.ts';
import { applyChange, archiveRecord, insertNew, planChange, planCreate } from './rules.ts';
import { errorList, type Row, settle } from './settle.ts';
import { isoText, type RawValue } from './values.ts';

const MAX_BATCH = 100;
const MAX_BATCH_WITH_HISTORY = 50;

const reads: Endpoint['scopes'] = (call) => [call.type.readScopes];
const writes: Endpoint['scopes'] = (call) => [call.type.writeScopes];
const names = z.array(z.string());

const ReadBatch = z.strictObject({
  inputs: z.array(z.strictObject({ id: Id })),
  properties: names.optional(),
  propertiesWithHistory: names.optional(),
  idProperty: z.string().optional(),
});
const UpdateBatch = z.strictObject({
  inputs: z.array(
    z.strictObject({
      id: Id,
      idProperty: z.string().optional(),
      properties: Properties,
      objectWriteTraceId: z.string().optional(),
    }),
  ),
});
const CreateBatch = z.strictObject({
  inputs: z.array(
    z.strictObject({
      properties: Properties,
      associations: AssociationInputs.optional(),
      objectWriteTraceId: z.string().optional(),
    }),
  ),
});
const ArchiveBatch = z.strictObject({ inputs: z.array(z.strictObject({ id: Id })) });

export const BATCH_ENDPOINTS: readonly Endpoint[] = [
  {
    method: 'POST',
    legacy: '/crm/v3/objects/:type/batch/read',
    dated: '/crm/objects/:version/:type/batch/read',
    query: ['archived'],
    scopes: reads,
    handle: readBatch,
  },
  {
    method: 'POST',
    legacy: '/crm/v3/objects/:type/batch/update',
    dated: '/crm/objects/:version/:type/batch/update',
    scopes: writes,
    handle: (call) => {
      const { portal, type } = call;
      const { inputs } = batch(call, UpdateBatch);
      noDuplicates(inputs.map((input) => `${input.idProperty ?? ''}:${input.id}`));
      const rows = inputs.map(
        (input): Row => ({
          id: input.id,
          objectWriteTraceId: input.objectWriteTraceId,
          properties: input.properties,
          plan: () => {
            const record = updated(portal, call, input.id, input.idProperty);
            const change = planChange(portal, type.name, record, input.properties, 'integration');
            return () => {
              applyChange(portal, record, change, 'integration');
              return render(portal, record, select(portal, type, Object.keys(input.properties)));
            };
          },
        }),
      );
      return settle(call, rows, 200);
    },
  },
  {
    method: 'POST',
    legacy: '/crm/v3/objects/:type/batch/create',
    dated: '/crm/objects/:version/:type/batch/create',
    scopes: writes,
    handle: (call) => {
      const { portal, type } = call;
      const { inputs } = batch(call, CreateBatch);
      const traces = inputs.flatMap((input) => input.objectWriteTraceId ?? []);
      if (new Set(traces).size < traces.length)
        throw invalid('Every objectWriteTraceId of a batch must be unique.');
      const rows = inputs.map(
        (input): Row => ({
          id: null,
          objectWriteTraceId: input.objectWriteTraceId,
          properties: input.properties,
          plan: () => {
            const change = planCreate(portal, type.name, input.properties, 'integration');
            const link = linkInputs(portal, type, input.associations ?? []);
            return () => {
              const record = insertNew(portal, type.name, change, 'integration');
              link(record.id);
              return render(portal, record, select(portal, type, Object.keys(input.properties)));
            };
          },
        }),
      );
      return settle(call, rows, 201);
    },
  },
  {
    method: 'POST',
    legacy: '/crm/v3/objects/:type/batch/upsert',
    dated: '/crm/objects/:version/:type/batch/upsert',
    scopes: writes,
    handle: (call) => {
      const { inputs } = batch(call, UpdateBatch);
      noDuplicates(inputs.map((input) => input.id));
      return settle(
        call,
        inputs.map((input) => upsertRow(call, input)),
        200,
      );
    },
  },
  {
    method: 'POST',
    legacy: '/crm/v3/objects/:type/batch/archive',
    dated: '/crm/objects/:version/:type/batch/archive',
    scopes: writes,
    handle: (call) => {
      const { inputs } = batch(call, ArchiveBatch);
      for (const { id } of inputs) {
        const record = findLive(call.portal, call.type.name, id);
        if (record !== undefined) archiveRecord(call.portal, record, 'integration');
      }
      return { status: 204 };
    },
  },
];

function batch<Schema extends z.ZodType<{ readonly inputs: readonly unknown[] }>>(
  call: Call,
  schema: Schema,
  most = MAX_BATCH,
): z.infer<Schema> {
  if (most === MAX_BATCH) checkWritable(call.type);
  const body = call.body(schema);
  checkSize(body.inputs.length, most);
  return body;
}

function checkSize(size: number, most: number): void {
  if (size === 0) throw invalid('The batch has no inputs.');
  if (size > most) throw invalid(`A batch has at most ${most} inputs; found ${size}.`);
}

function noDuplicates(ids: readonly string[]): void {
  const seen = new Set<string>();
  const twice = ids.filter((id) => seen.size === seen.add(id).size);
  if (twice.length > 0)
    throw invalid(`Duplicate IDs found in batch input: [${twice.join(', ')}]. IDs must be unique`);
}

/** A batch update takes the present id only: ids that were merged away are rejected. */
function updated(portal: Portal, call: Call, id: string, idProperty: string | undefined): StoredRecord {
  const { type } = call;
  let record: StoredRecord | undefined;
  if (idProperty === undefined) record = portal.store.get(type.name, id);
  else if (idProperty === 'email' || schemaOf(portal, type.name).get(idProperty)?.hasUniqueValue !== true)
    throw invalid(`Unable to perform update/upsert by non-unique ${type.typeId} property ${idProperty}`);
  else record = findBy(portal, type, id, idProperty);
  if (record === undefined || record.archivedAt !== null) throw gone(type.name, id);
  return record;
}

function gone(type: string, id: string): HubspotError {
  return new HubspotError(
    404,
    'OBJECT_NOT_FOUND',
    `Could not get some ${upperName(type)} objects, they may be deleted or not exist. Check that ids are valid.`,
    { context: { ids: [id] } },
  );
}

function upsertRow(call: Call, input: z.infer<typeof UpdateBatch>['inputs'][number]): Row {
  const { portal, type } = call;
  const { idProperty } = input;
  return {
    id: input.id,
    objectWriteTraceId: input.objectWriteTraceId,
    properties: input.properties,
    plan: () => {
      if (idProperty === undefined) throw invalid('An upsert needs an idProperty.');
      if (schemaOf(portal, type.name).get(idProperty)?.hasUniqueValue !== true)
        throw invalid(`Unable to perform update/upsert by non-unique ${type.typeId} property ${idProperty}`);
      if (idProperty === 'email' && input.properties['email'] === undefined)
        throw invalid('A partial upsert by email is not supported: the properties must hold the email too.');
      const record = findBy(portal, type, input.id, idProperty);
      const properties = Object.assign(Object.create(null), input.properties) as Record<string, RawValue>;
      properties[idProperty] ??= input.id;
      const shown = select(portal, type, Object.keys(properties));
      if (record === undefined) {
        const change = planCreate(portal, type.name, properties, 'integration');
        return () => ({
          ...render(portal, insertNew(portal, type.name, change, 'integration'), shown),
          new: true,
        });
      }
      const change = planChange(portal, type.name, record, properties, 'integration');
      return () => {
        applyChange(portal, record, change, 'integration');
        return { ...render(portal, record, shown), new: false };
      };
    },
  };
}

/** Found records once each, by present id; a merged id is followed. What is not there: 207, or on 2026-09 absent. */
function readBatch(call: Call): KitAnswer {
  const { portal, type } = call;
  const input = batch(call, ReadBatch, Number.MAX_SAFE_INTEGER);
  const history = input.propertiesWithHistory ?? [];
  checkSize(input.inputs.length, history.length > 0 ? MAX_BATCH_WITH_HISTORY : MAX_BATCH);
  const archived = call.flag('archived');
  const startedAt = isoText(portal.time.now());
  const selection = select(portal, type, input.properties ?? null, history);
  const found = new Map<string, StoredRecord>();
  const absent: string[] = [];
  for (const { id } of input.inputs) {
    let record: StoredRecord | undefined;
    if (archived) {
      record = portal.store.get(type.name, id);
      if (record?.archivedAt === null) record = undefined;
    } else record = findBy(portal, type, id, input.idProperty ?? null);
    if (record === undefined) absent.push(id);
    else found.set(record.id, record);
  }
  const results = [...found.values()].map((record) => render(portal, record, selection));
  const told = absent.length > 0 && call.version !== '2026-09';
  const errors = absent.map((id) => ({
    row: { id, objectWriteTraceId: undefined, properties: {}, plan: () => () => ({}) },
    error: gone(type.name, id),
  }));
  return {
    status: told ? 207 : 200,
    body: {
      status: 'COMPLETE',
      results: results.sort((a, b) => Number(a['id']) - Number(b['id'])),
      ...(told ? errorList(errors) : {}),
      startedAt,
      completedAt: isoText(portal.time.now()),
    },
  };
}
