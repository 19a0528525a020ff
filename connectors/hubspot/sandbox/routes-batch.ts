import { z } from 'zod';
import type { KitAnswer } from '../../../src/sandbox/index.ts';
import { AssociationInputs, linkInputs } from './association-inputs.ts';
import type { Call, Endpoint, Version } from './endpoint.ts';
import { HubspotError, invalid } from './errors.ts';
import { findLive, type Portal, schemaOf, upperName } from './portal.ts';
import type { StoredRecord } from './record.ts';
import { render, select } from './render.ts';
import { checkWritable, findBy, Id, Properties } from './routes-objects.ts';
import { applyChange, archiveRecord, insertNew, planChange, planCreate } from './rules.ts';
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

interface Row {
  readonly id: string | null;
  readonly objectWriteTraceId: string | undefined;
  /** Checks the row and gives what carries it out. */
  plan(): () => Record<string, unknown>;
}

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

/** What becomes of bad rows differs by version, and clients have to live with all of it: 2026-03 settles each row
 *  and answers 207; 2026-09 refuses the whole batch; v3 answers 207 for records that are not there and refuses the
 *  whole batch for values that are not valid. */
function settle(call: Call, rows: readonly Row[], success: 200 | 201): KitAnswer {
  const startedAt = isoText(call.portal.time.now());
  const results: Record<string, unknown>[] = [];
  const failed: { row: Row; error: HubspotError }[] = [];
  const run = (row: Row, act: () => Record<string, unknown>): void => {
    const result = act();
    if (row.objectWriteTraceId !== undefined) result['objectWriteTraceId'] = row.objectWriteTraceId;
    results.push(result);
  };
  if (call.version === '2026-03') {
    for (const row of rows) {
      const act = attempt(row.plan, (error) => failed.push({ row, error }));
      if (act !== null) run(row, act);
    }
  } else {
    const acts = rows.map((row) => attempt(row.plan, (error) => failed.push({ row, error })));
    const fatal = failed.find(({ error }) => isFatal(call.version, error));
    if (fatal !== undefined) throw wholeBatch(fatal.error);
    for (const [index, act] of acts.entries()) if (act !== null) run(rows[index]!, act);
  }
  // In order of id, not of the request: results have to be told apart by id or trace id.
  if (success === 200) results.sort((a, b) => Number(a['id']) - Number(b['id']));
  return {
    status: failed.length > 0 ? 207 : success,
    body: {
      status: 'COMPLETE',
      results,
      ...(failed.length > 0 ? errorList(failed) : {}),
      startedAt,
      completedAt: isoText(call.portal.time.now()),
    },
  };
}

function isFatal(version: Version, error: HubspotError): boolean {
  return version === '2026-09' || error.category !== 'OBJECT_NOT_FOUND';
}

/** The refusal of a whole batch does not say which rows were good, nor which one was bad. */
function wholeBatch(error: HubspotError): HubspotError {
  return new HubspotError(
    error.status === 409 ? 409 : 400,
    error.status === 409 ? 'CONFLICT' : 'VALIDATION_ERROR',
    error.message,
    error.errors === undefined ? {} : { errors: error.errors },
  );
}

function attempt<Result>(act: () => Result, failed: (error: HubspotError) => void): Result | null {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof HubspotError)) throw error;
    failed(error);
    return null;
  }
}

function errorList(failed: readonly { row: Row; error: HubspotError }[]): Record<string, unknown> {
  const errors: Record<string, unknown>[] = [];
  // Missing records are named together in one entry.
  const absent = failed.filter(({ error }) => error.category === 'OBJECT_NOT_FOUND');
  if (absent.length > 0)
    errors.push({
      status: 'error',
      category: 'OBJECT_NOT_FOUND',
      message: absent[0]!.error.message,
      context: { ids: absent.map(({ row }) => row.id), ...traces(absent.map(({ row }) => row)) },
    });
  for (const { row, error } of failed) {
    if (error.category === 'OBJECT_NOT_FOUND') continue;
    errors.push({
      status: 'error',
      category: error.category,
      message: error.message,
      ...(error.errors === undefined ? {} : { errors: error.errors }),
      context: { ...error.context, ...(row.id === null ? {} : { ids: [row.id] }), ...traces([row]) },
    });
  }
  return { numErrors: errors.length, errors };
}

function traces(rows: readonly Row[]): Record<string, readonly string[]> {
  const ids = rows.flatMap((row) => row.objectWriteTraceId ?? []);
  return ids.length > 0 ? { objectWriteTraceId: ids } : {};
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
    row: { id, objectWriteTraceId: undefined, plan: () => () => ({}) },
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
