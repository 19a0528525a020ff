import { z } from 'zod';
import { type Route, readInput } from '../../../../src/sandbox/index.ts';
import { limitAnswer } from '../access.ts';
import { type Call, checkScope, type Endpoint } from '../endpoint.ts';
import { HubspotError, invalid, notFound } from '../errors.ts';
import { Filter } from '../filter.ts';
import { type ObjectType, objectType } from '../object-types.ts';
import { type Portal, schemaOf } from '../portal.ts';
import { matcher } from '../search.ts';
import { isoText } from '../values.ts';
import { EXPORT_FATES, type ExportJob } from './jobs.ts';
import { exportedType, tableOf } from './table.ts';

const LANGUAGES = 'EN DE ES FR JA NL PT_BR IT PL SV FI ZH_TW DA_DK NO KO_KR TH ZH_CN'.split(' ');
const MAX_ASSOCIATED = 4;
const MAX_GROUPS = 3;
const MAX_FILTERS_IN_GROUP = 3;
const FILE_PATH = '/exports/files';

const Filters = z.array(Filter).max(MAX_FILTERS_IN_GROUP);
const ExportInput = z.strictObject({
  exportType: z.enum(['VIEW', 'LIST']),
  format: z.enum(['CSV', 'XLSX', 'XLS']),
  exportName: z.string().min(1),
  language: z.enum(LANGUAGES as [string, ...string[]]),
  objectType: z.string().min(1),
  objectProperties: z.array(z.string().min(1)).min(1),
  associatedObjectType: z.array(z.string().min(1)),
  includeLabeledAssociations: z.boolean(),
  includePrimaryDisplayPropertyForAssociatedObjects: z.boolean(),
  exportInternalValuesOptions: z.array(z.enum(['NAMES', 'VALUES'])),
  overrideAssociatedObjectsPerDefinitionPerRowLimit: z.boolean(),
  listId: z.string().optional(),
  publicCrmSearchRequest: z
    .strictObject({
      filters: Filters.optional(),
      filterGroups: z
        .array(z.strictObject({ filters: Filters }))
        .max(MAX_GROUPS)
        .optional(),
      query: z.string().optional(),
    })
    .optional(),
});

export const EXPORT_ENDPOINTS: readonly Endpoint[] = [
  {
    method: 'POST',
    legacy: '/crm/v3/exports/export/async',
    dated: '/crm/exports/:version/export/async',
    scopes: () => [['crm.export']],
    handle: start,
  },
  {
    method: 'GET',
    legacy: '/crm/v3/exports/export/async/tasks/:id/status',
    dated: '/crm/exports/:version/export/async/tasks/:id/status',
    scopes: () => [['crm.export']],
    handle: (call) => {
      const { exports, time } = call.portal;
      const job = found(call);
      const state = exports.state(job, time.now());
      const over = state === 'COMPLETE' || state === 'CANCELED';
      return {
        status: 200,
        body: {
          status: state,
          requestedAt: isoText(job.requested),
          startedAt: isoText(Math.min(job.started, time.now())),
          completedAt: isoText(over ? job.ended : time.now()),
          ...(state === 'COMPLETE' ? { result: addressOf(call, job) } : {}),
          ...(state === 'CANCELED'
            ? { numErrors: 1, errors: [{ status: 'error', message: 'Canceled.' }] }
            : {}),
        },
      };
    },
  },
  {
    method: 'GET',
    legacy: '/crm/v3/exports/export/:id',
    dated: '/crm/exports/:version/export/:id',
    scopes: () => [['crm.export']],
    handle: (call) => {
      const { exports, time } = call.portal;
      const job = found(call);
      const state = exports.state(job, time.now());
      return {
        status: 200,
        body: {
          id: job.id,
          exportName: job.name,
          exportType: 'VIEW',
          exportState: {
            PENDING: 'ENQUEUED',
            PROCESSING: 'PROCESSING',
            COMPLETE: 'DONE',
            CANCELED: 'CANCELED',
          }[state],
          objectType: job.typeId,
          objectProperties: job.properties,
          createdAt: isoText(job.requested),
          updatedAt: isoText(Math.min(time.now(), state === 'COMPLETE' ? job.ended : job.started)),
          ...(state === 'COMPLETE' ? { recordCount: job.rows.length } : {}),
        },
      };
    },
  },
];

function start(call: Call): ReturnType<Endpoint['handle']> {
  const { portal } = call;
  const input = call.body(ExportInput);
  if (input.exportType === 'LIST') throw invalid('There is no list with this id in this account.');
  if (input.format !== 'CSV') throw invalid(`Exports to ${input.format} are not available in this account.`);
  const typeOf = (name: string): ObjectType => {
    const type = exportedType(name, objectType);
    if (type === undefined) throw invalid(`Unable to infer object type from: ${name}`);
    checkScope(type.readScopes, call.scopes);
    return type;
  };
  const type = typeOf(input.objectType);
  if (input.associatedObjectType.length > MAX_ASSOCIATED)
    throw invalid(
      `At most ${MAX_ASSOCIATED} associated object types are allowed; found ${input.associatedObjectType.length}.`,
    );
  const associated = input.associatedObjectType.map((name) => {
    const to = typeOf(name);
    if (portal.associationTypes.between(type.name, to.name).length === 0)
      throw invalid(`${type.name} cannot be associated with ${to.name}.`);
    return to;
  });
  const schema = schemaOf(portal, type.name);
  const unknown = input.objectProperties.find((name) => schema.get(name) === undefined);
  if (unknown !== undefined) throw invalid(`Property "${unknown}" does not exist on ${type.name}.`);
  const matches = matcher(portal, type, input.publicCrmSearchRequest ?? {});
  const { exports, time } = portal;
  const now = time.now();
  if (!exports.limit.take(now).allowed)
    return limitAnswer(
      'EXPORTS',
      `At most ${exports.limit.limit} exports are allowed in 24 hours.`,
      () => 'exports',
    );
  const fate = exports.takeFate();
  if (fate === 'refuse') throw invalid(`Exports of ${type.name} are not possible for the moment.`);
  const asked = input.exportInternalValuesOptions;
  const { header, rows } = tableOf(
    portal,
    {
      type,
      properties: [...new Set(input.objectProperties)],
      associated: fate === 'no-associations' ? [] : associated,
      labelled: input.includeLabeledAssociations,
      display: input.includePrimaryDisplayPropertyForAssociatedObjects,
      names: asked.includes('NAMES'),
      values: asked.includes('VALUES') && fate !== 'labels',
      most: input.overrideAssociatedObjectsPerDefinitionPerRowLimit
        ? Number.POSITIVE_INFINITY
        : (exports.options.associations ?? 1_000),
      rounded: fate === 'rounded',
    },
    matches,
  );
  const job = exports.add({
    name: input.exportName,
    typeId: type.typeId,
    properties: input.objectProperties,
    requested: now,
    header,
    rows,
    fate,
  });
  return { status: 202, body: { id: job.id, links: {} } };
}

function found(call: Call): ExportJob {
  const id = call.param('id');
  const job = call.portal.exports.get(id, call.portal.time.now());
  if (job === null) throw notFound(`No export with id ${id} exists.`, { id: [id] });
  return job;
}

/** Valid for five minutes and without a token; every look gives a new one. */
function addressOf(call: Call, job: ExportJob): string {
  const { exports, time } = call.portal;
  const host =
    job.fate === 'foreign-url' ? 'https://exports.example.com' : `http://${call.request.headers.host ?? ''}`;
  return `${host}${FILE_PATH}/${job.id}?signature=${exports.sign(job, time.now())}`;
}

/** The files themselves, which HubSpot keeps elsewhere: neither token nor limits. */
export function exportFileRoute(portal: () => Portal): Route {
  return {
    method: 'GET',
    pattern: `${FILE_PATH}/:id`,
    tags: ['open'],
    handle: (request) => {
      const { exports, time } = portal();
      const file = exports.file(request.query.get('signature') ?? '', time.now());
      if (file === null) {
        return {
          status: 403,
          headers: { 'Content-Type': 'application/xml' },
          body: '<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>',
        };
      }
      return {
        status: 200,
        headers: {
          'Content-Type': 'application/octet-stream',
          'Content-Disposition': `attachment; filename="${file.name.replace(/[^\w.-]/g, '_')}"`,
        },
        body: file.bytes,
      };
    },
  };
}

const FateInput = z.strictObject({
  next: z.enum(EXPORT_FATES),
  /** How many exports meet it; default 1. */
  count: z.number().int().positive().optional(),
});

/** `POST /__sandbox/export {next, count?}`: what becomes of the next exports. */
export function exportControl(portal: () => Portal): Route {
  return {
    method: 'POST',
    pattern: '/__sandbox/export',
    handle: (request) => {
      const { next, count } = readInput(FateInput, request);
      portal().exports.ordain(next, count ?? 1);
      return { status: 200, body: { ok: true } };
    },
  };
}

/** What a token may do, for whoever holds it. */
export const TOKEN_INFO: Endpoint = {
  method: 'POST',
  legacy: '/oauth/v2/private-apps/get/access-token-info',
  scopes: () => [],
  handle: (call) => {
    const { tokenKey } = call.body(z.strictObject({ tokenKey: z.string().min(1) }));
    if (call.request.headers.authorization !== `Bearer ${tokenKey}`)
      throw new HubspotError(404, 'OBJECT_NOT_FOUND', 'The token is not known.');
    return {
      status: 200,
      body: {
        userId: call.portal.owners[0]?.userId ?? 1,
        hubId: call.portal.id,
        appId: call.portal.appId,
        scopes: [...call.scopes],
      },
    };
  },
};
