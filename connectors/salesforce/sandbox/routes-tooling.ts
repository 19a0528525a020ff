import type { KitAnswer, KitRequest, Route } from '../../../src/sandbox/index.ts';
import { asObject, objectBody, onlyEntries, singleError } from './body.ts';
import { createCustomField, deleteCustomField, updateCustomField } from './custom-fields.ts';
import { describeBrief, describeObject } from './describe.ts';
import { notFound, refuse } from './errors.ts';
import { fullId } from './ids.ts';
import { BASE, baseOf, objectOf, query, slashed, versionOf } from './routes-data.ts';
import type { Row } from './schema.ts';
import { attributes, type Rendered } from './soql/select.ts';
import type { State } from './state.ts';
import { toJson } from './values.ts';

const TOOLING = `${BASE}/tooling`;

function attempt<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw singleError(error);
  }
}

function create(state: State, request: KitRequest): KitAnswer {
  objectOf(state, request, true);
  const body = objectBody(request);
  onlyEntries(body, ['FullName', 'Metadata']);
  const id = attempt(() =>
    createCustomField(
      state.org,
      body.get('FullName'),
      asObject(body.get('Metadata') ?? {}),
      state.time.now(),
    ),
  );
  return { status: 201, body: { id, success: true, errors: [], warnings: [], infos: [] } };
}

function rowOf(state: State, request: KitRequest): Row {
  const object = objectOf(state, request, true);
  const id = fullId(request.params['id']);
  const row = id === null ? null : state.org.row(object.name, id);
  if (row === null) throw notFound();
  return row;
}

function show(state: State, request: KitRequest): KitAnswer {
  const object = objectOf(state, request, true);
  const row = rowOf(state, request);
  const out: Rendered = { attributes: attributes(versionOf(request), object.name, row) };
  for (const field of object.fields.values()) out[field.name] = toJson(field, row[field.name]);
  return { status: 200, body: unpack(out) };
}

/** `Metadata` is kept as text and shown as an object. */
function unpack(record: Rendered): Rendered {
  const metadata = record['Metadata'];
  return typeof metadata === 'string' ? { ...record, Metadata: JSON.parse(metadata) } : record;
}

function toolingQuery(state: State, request: KitRequest): KitAnswer {
  const answer = query(state, request, { includeDeleted: false, tooling: true });
  const page = answer.body as { readonly totalSize: number; readonly records: readonly Rendered[] };
  const heavy = page.records.some((record) => 'Metadata' in record || 'FullName' in record);
  if (heavy && page.totalSize > 1) {
    throw refuse(
      400,
      'MALFORMED_QUERY',
      `When retrieving results with Metadata or FullName fields, the query qualifications must specify no more than one row for retrieval. Result size: ${page.totalSize}`,
    );
  }
  return { ...answer, body: { ...page, records: page.records.map(unpack) } };
}

/** Tooling API: custom fields by query, describe, create, read, change and delete. */
export function toolingRoutes(state: State): readonly Route[] {
  const one = `${TOOLING}/sobjects/:type/:id`;
  return [
    ...slashed({
      method: 'GET',
      pattern: `${TOOLING}/query`,
      handle: (request) => toolingQuery(state, request),
    }),
    {
      method: 'GET',
      pattern: `${TOOLING}/query/:locator`,
      handle: (request) => ({
        status: 200,
        body: state.cursors.next(
          request.params['locator'] ?? '',
          `${baseOf(request)}/tooling/query`,
          state.time.now(),
        ),
      }),
    },
    {
      method: 'GET',
      pattern: `${TOOLING}/sobjects`,
      handle: (request) => ({
        status: 200,
        body: {
          encoding: 'UTF-8',
          maxBatchSize: 200,
          sobjects: state.org
            .objects()
            .filter((object) => object.tooling)
            .map((object) => describeBrief(object, `${baseOf(request)}/tooling`)),
        },
      }),
    },
    {
      method: 'GET',
      pattern: `${TOOLING}/sobjects/:type/describe`,
      handle: (request) => ({
        status: 200,
        body: describeObject(state.org, objectOf(state, request, true), `${baseOf(request)}/tooling`),
      }),
    },
    ...slashed({
      method: 'POST',
      pattern: `${TOOLING}/sobjects/:type`,
      handle: (request) => create(state, request),
    }),
    { method: 'GET', pattern: one, handle: (request) => show(state, request) },
    {
      method: 'PATCH',
      pattern: one,
      handle: (request) => {
        const row = rowOf(state, request);
        const body = objectBody(request);
        onlyEntries(body, ['FullName', 'Metadata']);
        attempt(() =>
          updateCustomField(state.org, row, asObject(body.get('Metadata') ?? {}), state.time.now()),
        );
        return { status: 204 };
      },
    },
    {
      method: 'DELETE',
      pattern: one,
      handle: (request) => {
        deleteCustomField(state.org, rowOf(state, request));
        return { status: 204 };
      },
    },
  ];
}
