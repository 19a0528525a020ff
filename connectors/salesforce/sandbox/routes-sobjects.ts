import type { KitAnswer, KitRequest, Route } from '../../../src/sandbox/index.ts';
import { visibleField, visibleFields } from './access.ts';
import { objectBody, singleError, takeEntry } from './body.ts';
import { createRow, updateRow } from './dml.ts';
import { notFound, refuse } from './errors.ts';
import { fullId } from './ids.ts';
import { deleteRow } from './lifecycle.ts';
import { BASE, baseOf, objectOf, onlyParameters, versionOf } from './routes-data.ts';
import type { Row, SfField, SfObject } from './schema.ts';
import { attributes } from './soql/select.ts';
import { apiOptions, integration, type State, transact } from './state.ts';
import { toJson } from './values.ts';

/** The external id field a path names. Throws 404 for anything that is none. */
export function externalField(state: State, object: SfObject, name: string): SfField {
  const field = visibleField(state.org, object, name);
  if (field === null || !field.externalId) {
    throw refuse(404, 'NOT_FOUND', `Provided external ID field does not exist or is not accessible: ${name}`);
  }
  return field;
}

/** Live rows with this external id; several make an upsert ambiguous. */
export function rowsByExternalId(
  state: State,
  object: SfObject,
  field: SfField,
  value: string,
): readonly Row[] {
  const wanted = value.toLowerCase();
  const found: Row[] = [];
  for (const row of state.org.table(object.name).rows.values()) {
    if (row['IsDeleted'] === true) continue;
    const own = row[field.name];
    if (typeof own === 'string' && own.toLowerCase() === wanted) found.push(row);
  }
  return found;
}

/** The live row a path names by id. Throws 404. */
function rowOf(state: State, object: SfObject, request: KitRequest): Row {
  const text = request.params['id'] ?? '';
  const id = fullId(text);
  if (id === null) {
    throw refuse(404, 'NOT_FOUND', `Provided external ID field does not exist or is not accessible: ${text}`);
  }
  const row = state.org.row(object.name, id);
  if (row === null) throw notFound();
  if (row['IsDeleted'] === true) throw refuse(404, 'ENTITY_IS_DELETED', 'entity is deleted', []);
  return row;
}

/** A record as GET shows it: the named fields, or all the user may read. */
export function showRow(request: KitRequest, object: SfObject, row: Row, fields: readonly SfField[]) {
  const out: Record<string, unknown> = { attributes: attributes(versionOf(request), object.name, row) };
  for (const field of fields) out[field.name] = toJson(field, row[field.name]);
  // A record read by id always carries its id.
  out['Id'] = row['Id'];
  return out;
}

/** `fields=A,B` or a list -> fields. Throws INVALID_FIELD. */
export function namedFields(state: State, object: SfObject, names: readonly string[]): readonly SfField[] {
  return names.map((name) => {
    const field = visibleField(state.org, object, name.trim());
    if (field === null) {
      throw refuse(400, 'INVALID_FIELD', `No such column '${name}' on sobject of type ${object.name}`);
    }
    return field;
  });
}

function stampOf(row: Row): number {
  return Math.floor(Number(row['LastModifiedDate'] ?? row['SystemModstamp']) / 1000) * 1000;
}

function headerTime(request: KitRequest, name: string): number | null {
  const at = Date.parse(String(request.headers[name] ?? ''));
  return Number.isNaN(at) ? null : at;
}

function getRow(state: State, request: KitRequest, object: SfObject, row: Row): KitAnswer {
  onlyParameters(request, ['fields']);
  const since = headerTime(request, 'if-modified-since');
  if (since !== null && stampOf(row) <= since) return { status: 304 };
  const names = request.query.get('fields');
  const fields =
    names === null
      ? visibleFields(state.org, object).filter((field) => field.type !== 'anyType')
      : namedFields(state, object, names.split(','));
  return { status: 200, body: showRow(request, object, row, fields) };
}

function create(state: State, request: KitRequest): KitAnswer {
  const object = objectOf(state, request);
  const input = objectBody(request);
  input.delete('attributes');
  const id = attempt(() => {
    if (takeEntry(input, 'Id') !== undefined) {
      throw refuse(400, 'INVALID_FIELD_FOR_INSERT_UPDATE', 'cannot specify Id in an insert call', ['Id']);
    }
    return transact(state, integration(state), (tx) =>
      createRow(tx, object, input, apiOptions(state, request)),
    );
  });
  return { status: 201, body: { id, success: true, errors: [] } };
}

function attempt<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw singleError(error);
  }
}

function update(state: State, request: KitRequest): KitAnswer {
  const object = objectOf(state, request);
  const row = rowOf(state, object, request);
  const input = objectBody(request);
  input.delete('attributes');
  if (takeEntry(input, 'Id') !== undefined) {
    throw refuse(400, 'INVALID_FIELD', 'The Id field should not be specified in the sobject data.', ['Id']);
  }
  const unless = headerTime(request, 'if-unmodified-since');
  if (unless !== null && stampOf(row) > unless) return { status: 412 };
  attempt(() =>
    transact(state, integration(state), (tx) =>
      updateRow(tx, object, row['Id'], input, apiOptions(state, request)),
    ),
  );
  return { status: 204 };
}

function remove(state: State, request: KitRequest, object: SfObject, row: Row): KitAnswer {
  attempt(() =>
    transact(state, integration(state), (tx) =>
      deleteRow(tx, object, row['Id'], apiOptions(state, request), state.deletions),
    ),
  );
  return { status: 204 };
}

/** The one row with the external id of the path; 404 for none, the list of several as a 300. */
function byExternalId(
  state: State,
  request: KitRequest,
): { readonly object: SfObject; readonly rows: readonly Row[] } {
  const object = objectOf(state, request);
  const field = externalField(state, object, request.params['field'] ?? '');
  return { object, rows: rowsByExternalId(state, object, field, request.params['value'] ?? '') };
}

function ambiguous(request: KitRequest, object: SfObject, rows: readonly Row[]): KitAnswer {
  return {
    status: 300,
    body: rows.map((row) => `${baseOf(request)}/sobjects/${object.name}/${String(row['Id'])}`),
  };
}

function withExternalId(
  state: State,
  request: KitRequest,
  act: (object: SfObject, row: Row) => KitAnswer,
): KitAnswer {
  const { object, rows } = byExternalId(state, request);
  if (rows.length > 1) return ambiguous(request, object, rows);
  const [row] = rows;
  if (row === undefined) throw notFound();
  return act(object, row);
}

function upsert(state: State, request: KitRequest): KitAnswer {
  const { object, rows } = byExternalId(state, request);
  const field = externalField(state, object, request.params['field'] ?? '');
  if (rows.length > 1) return ambiguous(request, object, rows);
  const input = objectBody(request);
  input.delete('attributes');
  for (const name of ['Id', field.name]) {
    if (takeEntry(input, name) !== undefined) {
      throw refuse(400, 'INVALID_FIELD', `The ${name} field should not be specified in the sobject data.`, [
        name,
      ]);
    }
  }
  const options = apiOptions(state, request);
  const [row] = rows;
  const id = attempt(() =>
    transact(state, integration(state), (tx) => {
      if (row !== undefined) return updateRow(tx, object, row['Id'], input, options);
      input.set(field.name, request.params['value']);
      return createRow(tx, object, input, options);
    }),
  );
  const created = row === undefined;
  return { status: created ? 201 : 200, body: { id, success: true, errors: [], created } };
}

/** Single records: create, read, update, delete, upsert by external id. */
export function sobjectRoutes(state: State): readonly Route[] {
  const one = `${BASE}/sobjects/:type/:id`;
  const external = `${BASE}/sobjects/:type/:field/:value`;
  const onRow =
    (act: (request: KitRequest, object: SfObject, row: Row) => KitAnswer) =>
    (request: KitRequest): KitAnswer => {
      const object = objectOf(state, request);
      return act(request, object, rowOf(state, object, request));
    };
  return [
    { method: 'POST', pattern: `${BASE}/sobjects/:type`, handle: (request) => create(state, request) },
    { method: 'POST', pattern: `${BASE}/sobjects/:type/`, handle: (request) => create(state, request) },
    {
      method: 'GET',
      pattern: one,
      handle: onRow((request, object, row) => getRow(state, request, object, row)),
    },
    { method: 'PATCH', pattern: one, handle: (request) => update(state, request) },
    {
      method: 'DELETE',
      pattern: one,
      handle: onRow((request, object, row) => remove(state, request, object, row)),
    },
    {
      method: 'GET',
      pattern: external,
      handle: (request) =>
        withExternalId(state, request, (object, row) => getRow(state, request, object, row)),
    },
    { method: 'PATCH', pattern: external, handle: (request) => upsert(state, request) },
    {
      method: 'DELETE',
      pattern: external,
      handle: (request) =>
        withExternalId(state, request, (object, row) => remove(state, request, object, row)),
    },
  ];
}
