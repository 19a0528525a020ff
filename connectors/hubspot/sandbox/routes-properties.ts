import { z } from 'zod';
import type { Call, Endpoint } from './endpoint.ts';
import { invalid, notFound } from './errors.ts';
import { schemaOf } from './portal.ts';
import type { PropertyDefinition, PropertyDraft, Schema } from './schema.ts';
import { isoText } from './values.ts';

const Option = z.strictObject({
  label: z.string(),
  value: z.string(),
  hidden: z.boolean().default(false),
  displayOrder: z.number().int().default(-1),
  description: z.string().optional(),
});
const common = {
  description: z.string().optional(),
  options: z.array(Option).optional(),
  displayOrder: z.number().int().optional(),
  hidden: z.boolean().optional(),
  formField: z.boolean().optional(),
};
const PropertyCreate = z.strictObject({
  name: z.string(),
  label: z.string().min(1),
  groupName: z.string().min(1),
  type: z.string(),
  fieldType: z.string(),
  hasUniqueValue: z.boolean().optional(),
  externalOptions: z.literal(false).optional(),
  ...common,
});
const PropertyUpdate = z.strictObject({
  label: z.string().min(1).optional(),
  groupName: z.string().min(1).optional(),
  type: z.string().optional(),
  fieldType: z.string().optional(),
  ...common,
});
const GroupCreate = z.strictObject({
  name: z.string(),
  label: z.string().min(1),
  displayOrder: z.number().int().optional(),
});
const GroupUpdate = z.strictObject({
  label: z.string().min(1).optional(),
  displayOrder: z.number().int().optional(),
});
const Names = z.array(z.strictObject({ name: z.string() }));

const LIST = ['archived', 'properties', 'dataSensitivity', 'locale'];

/** Reading needs the object's or the schema's read scope, changing the schema's write scope. */
const reads: Endpoint['scopes'] = (call) => [[...call.type.readScopes, `crm.schemas.${call.type.name}.read`]];
const writes: Endpoint['scopes'] = (call) => [
  ['tickets', 'contacts', 'companies', 'deals'].includes(call.type.name)
    ? [call.type.name === 'tickets' ? 'tickets' : `crm.schemas.${call.type.name}.write`]
    : ['crm.schemas.contacts.write'],
];

function path(rest: string): Pick<Endpoint, 'legacy' | 'dated'> {
  return { legacy: `/crm/v3/properties/:type${rest}`, dated: `/crm/properties/:version/:type${rest}` };
}

export const PROPERTY_ENDPOINTS: readonly Endpoint[] = [
  {
    method: 'GET',
    ...path(''),
    query: LIST,
    scopes: reads,
    handle: (call) => ({
      status: 200,
      body: { results: schema(call).list(call.flag('archived')).map(shown) },
    }),
  },
  {
    method: 'POST',
    ...path(''),
    scopes: writes,
    handle: (call) => ({
      status: 201,
      body: shown(schema(call).create(draft(call.body(PropertyCreate)), call.portal.time.now())),
    }),
  },
  {
    method: 'GET',
    ...path('/:name'),
    query: LIST,
    scopes: reads,
    handle: (call) => {
      const name = call.param('name');
      const found = call.flag('archived') ? schema(call).getArchived(name) : schema(call).get(name);
      if (found === undefined) throw notFound(`Property ${name} does not exist on ${call.type.name}.`);
      return { status: 200, body: shown(found) };
    },
  },
  {
    method: 'PATCH',
    ...path('/:name'),
    scopes: writes,
    handle: (call) => ({
      status: 200,
      body: shown(schema(call).update(call.param('name'), call.body(PropertyUpdate), call.portal.time.now())),
    }),
  },
  {
    method: 'DELETE',
    ...path('/:name'),
    scopes: writes,
    handle: (call) => {
      schema(call).archive(call.param('name'), call.portal.time.now());
      return { status: 204 };
    },
  },
  {
    method: 'POST',
    ...path('/batch/read'),
    scopes: reads,
    handle: (call) => {
      const input = call.body(
        z.strictObject({
          inputs: Names,
          archived: z.boolean().optional(),
          dataSensitivity: z.string().optional(),
        }),
      );
      const get = input.archived === true ? schema(call).getArchived : schema(call).get;
      const found = input.inputs.map(({ name }) => ({ name, property: get(name) }));
      const missing = found.filter(({ property }) => property === undefined).map(({ name }) => name);
      return {
        status: missing.length > 0 ? 207 : 200,
        body: {
          ...complete(
            call,
            found.flatMap(({ property }) => (property === undefined ? [] : [shown(property)])),
          ),
          ...(missing.length > 0
            ? {
                numErrors: 1,
                errors: [
                  {
                    status: 'error',
                    category: 'OBJECT_NOT_FOUND',
                    message: 'Some properties do not exist.',
                    context: { names: missing },
                  },
                ],
              }
            : {}),
        },
      };
    },
  },
  {
    method: 'POST',
    ...path('/batch/create'),
    scopes: writes,
    handle: (call) => {
      const { inputs } = call.body(z.strictObject({ inputs: z.array(PropertyCreate).min(1).max(100) }));
      const names = inputs.map((input) => input.name);
      if (new Set(names).size < names.length) throw invalid('A property name is there twice in the batch.');
      const now = call.portal.time.now();
      const results = inputs.map((input) => shown(schema(call).create(draft(input), now)));
      return { status: 201, body: complete(call, results) };
    },
  },
  {
    method: 'POST',
    ...path('/batch/archive'),
    scopes: writes,
    handle: (call) => {
      const { inputs } = call.body(z.strictObject({ inputs: Names }));
      for (const { name } of inputs) schema(call).archive(name, call.portal.time.now());
      return { status: 204 };
    },
  },
  {
    method: 'GET',
    ...path('/groups'),
    query: ['locale'],
    scopes: reads,
    handle: (call) => ({ status: 200, body: { results: schema(call).groups() } }),
  },
  {
    method: 'POST',
    ...path('/groups'),
    scopes: writes,
    handle: (call) => {
      const input = call.body(GroupCreate);
      return {
        status: 201,
        body: schema(call).createGroup(input.name, input.label, input.displayOrder ?? -1),
      };
    },
  },
  {
    method: 'GET',
    ...path('/groups/:group'),
    query: ['locale'],
    scopes: reads,
    handle: (call) => {
      const found = schema(call).group(call.param('group'));
      if (found === undefined)
        throw notFound(`Property group ${call.param('group')} does not exist on ${call.type.name}.`);
      return { status: 200, body: found };
    },
  },
  {
    method: 'PATCH',
    ...path('/groups/:group'),
    scopes: writes,
    handle: (call) => ({
      status: 200,
      body: schema(call).updateGroup(call.param('group'), call.body(GroupUpdate)),
    }),
  },
  {
    method: 'DELETE',
    ...path('/groups/:group'),
    scopes: writes,
    handle: (call) => {
      schema(call).archiveGroup(call.param('group'));
      return { status: 204 };
    },
  },
];

function schema(call: Call): Schema {
  return schemaOf(call.portal, call.type.name);
}

function draft(input: z.infer<typeof PropertyCreate>): PropertyDraft {
  const { externalOptions: _none, ...rest } = input;
  return rest;
}

function complete(call: Call, results: readonly unknown[]): Record<string, unknown> {
  const now = isoText(call.portal.time.now());
  return { status: 'COMPLETE', results, startedAt: now, completedAt: now };
}

function shown(property: PropertyDefinition): Record<string, unknown> {
  const { readOnlyValue, createdAt, updatedAt, archivedAt, ...rest } = property;
  return {
    ...rest,
    createdAt: isoText(createdAt),
    updatedAt: isoText(updatedAt),
    archived: archivedAt !== null,
    ...(archivedAt === null ? {} : { archivedAt: isoText(archivedAt) }),
    modificationMetadata: {
      archivable: !property.hubspotDefined,
      readOnlyDefinition: property.hubspotDefined,
      readOnlyValue,
      readOnlyOptions: property.hubspotDefined && property.options.length === 0,
    },
  };
}
