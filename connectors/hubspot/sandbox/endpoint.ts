import type { z } from 'zod';
import { jsonBody, type KitAnswer, type KitRequest, type Route } from '../../../src/sandbox/index.ts';
import { HubspotError, invalid } from './errors.ts';
import { type ObjectType, objectType } from './object-types.ts';
import type { Portal } from './portal.ts';

/** The versions whose paths are served. */
export const DATED_VERSIONS = ['2026-03', '2026-09'] as const;
export type Version = 'v3' | 'v4' | (typeof DATED_VERSIONS)[number];

/** Which limits a request is charged to; all count for the day. */
export type Charge = 'general' | 'search' | 'associations';

/** One call with everything the wrapper has already checked. */
export interface Call {
  readonly portal: Portal;
  readonly version: Version;
  readonly request: KitRequest;
  /** Of the path's `:type`, `:from` and `:to`. */
  readonly type: ObjectType;
  readonly to: ObjectType;
  /** What the token may do. */
  readonly scopes: ReadonlySet<string>;
  param(name: string): string;
  /** First value of a query parameter, or null. */
  query(name: string): string | null;
  /** Comma-separated and repeated values of a query parameter. */
  list(name: string): readonly string[];
  flag(name: string): boolean;
  body<Schema extends z.ZodType>(schema: Schema): z.infer<Schema>;
}

export interface Endpoint {
  readonly method: Route['method'];
  /** Complete legacy path. */
  readonly legacy?: string;
  /** Complete dated path with `:version`. */
  readonly dated?: string;
  readonly charge?: Charge;
  /** Query parameters that exist; any other is refused. */
  readonly query?: readonly string[];
  /** The call needs at least one scope of each list. */
  readonly scopes: (call: Call) => readonly (readonly string[])[];
  handle(call: Call): KitAnswer;
}

export interface EndpointContext {
  portal(): Portal;
  readonly scopes: ReadonlySet<string>;
}

/** Routes of an endpoint under its legacy and its dated path. */
export function endpointRoutes(endpoint: Endpoint, context: EndpointContext): readonly Route[] {
  const tags = [endpoint.charge ?? 'general'];
  const route = (pattern: string, fixed: Version | null): Route => ({
    method: endpoint.method,
    pattern,
    tags,
    handle: (request) => {
      const version = fixed ?? DATED_VERSIONS.find((one) => one === request.params['version']);
      if (version === undefined)
        throw new HubspotError(
          404,
          'OBJECT_NOT_FOUND',
          `There is no API version ${request.params['version']}.`,
        );
      const call = createCall(context, version, request);
      checkQuery(request, endpoint.query ?? []);
      for (const anyOf of endpoint.scopes(call)) checkScope(anyOf, context.scopes);
      return endpoint.handle(call);
    },
  });
  return [
    ...(endpoint.legacy === undefined
      ? []
      : [route(endpoint.legacy, endpoint.legacy.startsWith('/crm/v4/') ? 'v4' : 'v3')]),
    ...(endpoint.dated === undefined ? [] : [route(endpoint.dated, null)]),
  ];
}

function createCall(context: EndpointContext, version: Version, request: KitRequest): Call {
  const param = (name: string): string => {
    const value = request.params[name];
    if (value === undefined) throw new Error(`The path of ${request.route} has no :${name}.`);
    return value;
  };
  const typeOf = (name: string): ObjectType => {
    const type = objectType(param(name));
    if (type === undefined) throw invalid(`Unable to infer object type from: ${param(name)}`);
    return type;
  };
  const list = (name: string): readonly string[] =>
    request.query
      .getAll(name)
      .flatMap((value) => value.split(','))
      .map((value) => value.trim())
      .filter((value) => value !== '');
  return {
    portal: context.portal(),
    scopes: context.scopes,
    version,
    request,
    get type() {
      return typeOf(request.params['type'] === undefined ? 'from' : 'type');
    },
    get to() {
      return typeOf('to');
    },
    param,
    query: (name) => request.query.get(name),
    list,
    flag: (name) => {
      const value = request.query.get(name);
      if (value === null || value === 'false') return false;
      if (value === 'true') return true;
      throw invalid(`"${name}" must be true or false; found "${value}".`);
    },
    body: (schema) => readBody(request, schema),
  };
}

function readBody<Schema extends z.ZodType>(request: KitRequest, schema: Schema): z.infer<Schema> {
  const contentType = request.headers['content-type'] ?? '';
  if (!/^application\/json\b/i.test(contentType))
    throw new HubspotError(
      415,
      'VALIDATION_ERROR',
      `Content type ${contentType || '(none)'} is not supported; send application/json.`,
    );
  let json: unknown;
  try {
    json = jsonBody(request);
  } catch {
    throw invalid('Invalid input JSON: the body cannot be read as JSON.');
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`);
  throw invalid(`Invalid input JSON: ${problems.join('; ')}`, {
    errors: problems.map((message) => ({ message, in: 'body' })),
  });
}

function checkQuery(request: KitRequest, known: readonly string[]): void {
  for (const name of request.query.keys()) {
    if (!known.includes(name))
      throw invalid(`Unknown query parameter "${name}" for ${request.route}.`, {
        context: { parameter: [name] },
      });
  }
}

/** Throws the vendor's refusal when none of the scopes is granted. */
export function checkScope(anyOf: readonly string[], granted: ReadonlySet<string>): void {
  if (anyOf.length === 0 || anyOf.some((scope) => granted.has(scope))) return;
  throw new HubspotError(
    403,
    'MISSING_SCOPES',
    "This app hasn't been granted all required scopes to make this call. Read more about required scopes here: https://developers.hubspot.com/scopes.",
    {
      errors: [
        {
          message: 'One or more of the following scopes are required.',
          context: { requiredGranularScopes: anyOf },
        },
      ],
    },
  );
}

/** `limit` of a list, within the vendor's bounds. */
export function pageLimit(call: Call, fallback: number, most: number): number {
  const text = call.query('limit');
  if (text === null) return fallback;
  if (!/^\d{1,9}$/.test(text) || Number(text) < 1 || Number(text) > most)
    throw invalid(`"limit" must be a whole number between 1 and ${most}; found "${text}".`);
  return Number(text);
}
