import type { KitAnswer, KitRequest, Route } from '../../../src/sandbox/index.ts';
import { visibleField } from './access.ts';
import { asObject, objectBody, onlyEntries, rowProblems, takeEntry } from './body.ts';
import { createRow, updateRow, type WriteOptions } from './dml.ts';
import { RowError, type RowProblem, refuse } from './errors.ts';
import { fullId } from './ids.ts';
import { UnknownColumn } from './input.ts';
import { deleteRow } from './lifecycle.ts';
import { BASE, objectOf, onlyParameters } from './routes-data.ts';
import { externalField, namedFields, rowsByExternalId, showRow } from './routes-sobjects.ts';
import type { SfField, SfObject } from './schema.ts';
import { apiOptions, integration, type State } from './state.ts';
import { Transaction } from './tx.ts';

const MAX_ROWS = 200;
const MAX_CHUNKS = 10;
const MAX_RETRIEVE = 2000;

interface InputRow {
  readonly object: SfObject;
  readonly id: unknown;
  readonly fields: Map<string, unknown>;
}

interface RowDone {
  readonly id: string;
  readonly created?: boolean;
}

interface Batch {
  readonly allOrNone: boolean;
  readonly rows: readonly InputRow[];
}

function tooMany(): Error {
  return refuse(
    400,
    'EXCEEDED_ID_LIMIT',
    `record limit reached. cannot submit more than ${MAX_ROWS} records into this call`,
  );
}

function readBatch(state: State, request: KitRequest): Batch {
  const body = objectBody(request);
  onlyEntries(body, ['allOrNone', 'records']);
  const allOrNone = body.get('allOrNone') ?? false;
  const records = body.get('records');
  if (typeof allOrNone !== 'boolean' || !Array.isArray(records)) {
    throw refuse(
      400,
      'JSON_PARSER_ERROR',
      'The body needs "records", a list, and may have "allOrNone", a boolean',
    );
  }
  if (records.length > MAX_ROWS) throw tooMany();
  const rows = records.map((record) => readRow(state, asObject(record)));
  let chunks = 0;
  rows.forEach((row, index) => {
    if (row.object !== rows[index - 1]?.object) chunks += 1;
  });
  if (chunks > MAX_CHUNKS) {
    throw refuse(
      400,
      'LIMIT_EXCEEDED',
      `Cannot have more than ${MAX_CHUNKS} chunks in a single operation. Please rearrange the data to reduce chunking.`,
    );
  }
  if (state.unknownField === 'request') for (const row of rows) refuseUnknown(state, row);
  return { allOrNone, rows };
}

function readRow(state: State, record: Map<string, unknown>): InputRow {
  const attributes = takeEntry(record, 'attributes');
  const type = attributes === undefined ? undefined : asObject(attributes).get('type');
  if (typeof type !== 'string') {
    throw refuse(400, 'INVALID_TYPE', 'Must specify "attributes.type" for every record');
  }
  const object = state.org.object(type);
  if (object === null || object.tooling) {
    throw refuse(400, 'INVALID_TYPE', `sObject type '${type}' is not supported.`);
  }
  return { object, id: takeEntry(record, 'Id'), fields: record };
}

function refuseUnknown(state: State, row: InputRow): void {
  for (const name of row.fields.keys()) {
    if (visibleField(state.org, row.object, name) === null) {
      throw refuse(400, 'INVALID_FIELD', new UnknownColumn(name, row.object.name).message);
    }
  }
}

const ROLLED_BACK: RowProblem = {
  statusCode: 'ALL_OR_NONE_OPERATION_ROLLED_BACK',
  message: 'Record rolled back because not all records were valid and the request was using AllOrNone header',
  fields: [],
};

/** Runs rows one by one; a refused row leaves the others alone, or takes all back with `allOrNone`. */
function runRows<Item>(
  state: State,
  items: readonly Item[],
  allOrNone: boolean,
  act: (tx: Transaction, item: Item) => RowDone,
): KitAnswer {
  const tx = new Transaction(state.org, integration(state));
  const results: (RowDone | readonly RowProblem[])[] = [];
  let failed = false;
  for (const item of items) {
    const mark = tx.mark();
    try {
      results.push(act(tx, item));
    } catch (error) {
      tx.rollbackTo(mark);
      results.push(rowProblems(error));
      failed = true;
    }
  }
  if (failed && allOrNone) tx.rollback();
  else tx.commit((write) => state.writes.add(write));
  const body = results.map((result) => {
    if (!('id' in result)) return { success: false, errors: result };
    if (failed && allOrNone) return { success: false, errors: [ROLLED_BACK] };
    const { id, created } = result;
    return { id, success: true, errors: [], ...(created === undefined ? {} : { created }) };
  });
  return { status: 200, body };
}

function createMany(state: State, request: KitRequest): KitAnswer {
  const { rows, allOrNone } = readBatch(state, request);
  const options = apiOptions(state, request);
  return runRows(state, rows, allOrNone, (tx, row) => {
    if (row.id !== undefined) {
      throw new RowError('INVALID_FIELD_FOR_INSERT_UPDATE', 'cannot specify Id in an insert call', ['Id']);
    }
    return { id: createRow(tx, row.object, row.fields, options) };
  });
}

function updateMany(state: State, request: KitRequest): KitAnswer {
  const { rows, allOrNone } = readBatch(state, request);
  const options = apiOptions(state, request);
  return runRows(state, rows, allOrNone, (tx, row) => {
    if (row.id === undefined || row.id === null) {
      throw new RowError('MISSING_ARGUMENT', 'Id not specified in an update call');
    }
    return { id: updateRow(tx, row.object, row.id, row.fields, options) };
  });
}

function upsertMany(state: State, request: KitRequest): KitAnswer {
  const object = objectOf(state, request);
  const name = request.params['field'] ?? '';
  const field = name.toLowerCase() === 'id' ? null : externalField(state, object, name);
  const { rows, allOrNone } = readBatch(state, request);
  const options = apiOptions(state, request);
  return runRows(state, rows, allOrNone, (tx, row) => upsertOne(state, tx, object, field, row, options));
}

function upsertOne(
  state: State,
  tx: Transaction,
  object: SfObject,
  field: SfField | null,
  row: InputRow,
  options: WriteOptions,
): RowDone {
  if (row.object !== object) {
    throw new RowError('INVALID_TYPE', `Record of type ${row.object.name} in an upsert of ${object.name}`);
  }
  if (field === null) {
    return row.id === undefined || row.id === null
      ? { id: createRow(tx, object, row.fields, options), created: true }
      : { id: updateRow(tx, object, row.id, row.fields, options), created: false };
  }
  if (row.id !== undefined) {
    throw new RowError('INVALID_FIELD_FOR_INSERT_UPDATE', 'cannot specify Id in an upsert by external id', [
      'Id',
    ]);
  }
  const value = takeEntry(row.fields, field.name);
  if (typeof value !== 'string' || value === '') {
    throw new RowError('MISSING_ARGUMENT', `${field.name} not specified`);
  }
  const found = rowsByExternalId(state, object, field, value);
  if (found.length > 1) {
    throw new RowError(
      'DUPLICATE_EXTERNAL_ID',
      `${field.name}: more than one record found for external id field: [${found.map((one) => String(one['Id'])).join(', ')}]`,
    );
  }
  const [target] = found;
  if (target !== undefined)
    return { id: updateRow(tx, object, target['Id'], row.fields, options), created: false };
  row.fields.set(field.name, value);
  return { id: createRow(tx, object, row.fields, options), created: true };
}

function deleteMany(state: State, request: KitRequest): KitAnswer {
  onlyParameters(request, ['ids', 'allOrNone']);
  const ids = (request.query.get('ids') ?? '').split(',').filter((id) => id !== '');
  if (ids.length === 0) throw refuse(400, 'MISSING_ARGUMENT', 'The "ids" parameter is required');
  if (ids.length > MAX_ROWS) throw tooMany();
  const options = apiOptions(state, request);
  return runRows(state, ids, request.query.get('allOrNone') === 'true', (tx, text) => {
    const id = fullId(text);
    const object = id === null ? null : state.org.objectOfId(id);
    if (id === null || object === null || object.tooling) {
      throw new RowError('MALFORMED_ID', `malformed id ${text}`);
    }
    return { id: deleteRow(tx, object, id, options, state.deletions) };
  });
}

function retrieve(state: State, request: KitRequest, ids: unknown, fields: unknown): KitAnswer {
  const object = objectOf(state, request);
  if (!Array.isArray(ids) || !Array.isArray(fields) || fields.length === 0) {
    throw refuse(400, 'MISSING_ARGUMENT', 'Both "ids" and "fields" are required');
  }
  if (ids.length > MAX_RETRIEVE) {
    throw refuse(400, 'EXCEEDED_ID_LIMIT', `cannot retrieve more than ${MAX_RETRIEVE} records in one call`);
  }
  const wanted = namedFields(state, object, fields.map(String));
  const body = ids.map((text) => {
    const id = fullId(text);
    if (id === null || !id.startsWith(object.keyPrefix)) {
      throw refuse(400, 'MALFORMED_ID', `malformed id ${String(text)}`);
    }
    const row = state.org.row(object.name, id);
    return row === null || row['IsDeleted'] === true ? null : showRow(request, object, row, wanted);
  });
  return { status: 200, body };
}

/** sObject collections: up to 200 rows created, updated, upserted or deleted in one request. */
export function collectionRoutes(state: State): readonly Route[] {
  const many = `${BASE}/composite/sobjects`;
  return [
    { method: 'POST', pattern: many, handle: (request) => createMany(state, request) },
    { method: 'PATCH', pattern: many, handle: (request) => updateMany(state, request) },
    { method: 'DELETE', pattern: many, handle: (request) => deleteMany(state, request) },
    { method: 'PATCH', pattern: `${many}/:type/:field`, handle: (request) => upsertMany(state, request) },
    {
      method: 'GET',
      pattern: `${many}/:type`,
      handle: (request) => {
        onlyParameters(request, ['ids', 'fields']);
        const list = (name: string) => (request.query.get(name) ?? '').split(',').filter((one) => one !== '');
        return retrieve(state, request, list('ids'), list('fields'));
      },
    },
    {
      method: 'POST',
      pattern: `${many}/:type`,
      handle: (request) => {
        const body = objectBody(request);
        onlyEntries(body, ['ids', 'fields']);
        return retrieve(state, request, body.get('ids'), body.get('fields'));
      },
    },
  ];
}
