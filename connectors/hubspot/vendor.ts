import * as pipelines from '@hubspot/api-client/lib/codegen/crm/pipelines/index.js';
import * as properties from '@hubspot/api-client/lib/codegen/crm/properties/index.js';
import { WaystageError } from '../../src/model/errors.ts';
import type { HttpAnswer, HttpRequest } from '../../src/transport/port.ts';
import { type HubspotClient, hasResults } from './client.ts';
import { datedPath } from './paths.ts';

/** HubSpot's own client for the descriptions of things: property groups, properties and pipelines. */
export interface VendorClient {
  readonly properties: properties.CoreApi;
  readonly groups: properties.GroupsApi;
  readonly pipelines: pipelines.PipelinesApi;
}

/** Properties, groups and pipelines of a type; below them are single ones. */
const LIST = /^\/crm\/v3\/(properties|pipelines)\/[^/]+(\/groups)?\/?$/;

/** The parts of a request context that every generated package has under a class of its own. */
interface VendorRequest {
  getUrl(): string;
  getHttpMethod(): string;
  getBody(): unknown;
}

/**
 * The vendor's generated clients without their wrapper: the wrapper's limiter and retries are one per process, its
 * transport has no deadlines and its paths are the legacy ones. Here every request goes through our transport
 * instead, on dated paths, so failures are our own errors and never carry bodies or headers into logs.
 */
export function createVendorClient(client: HubspotClient): VendorClient {
  const carry = (request: VendorRequest): Promise<HttpAnswer> => {
    const url = new URL(request.getUrl());
    const path = datedPath(url.pathname);
    if (path === null) {
      throw new WaystageError(
        'internal',
        `no dated path is known for ${url.pathname} of HubSpot's own client`,
      );
    }
    const body = request.getBody();
    const method = request.getHttpMethod() as HttpRequest['method'];
    return client.carry(
      method,
      `${path}${url.search}`,
      typeof body === 'string' ? body : undefined,
      // A list that is not there must not look empty.
      method === 'GET' && LIST.test(url.pathname) ? hasResults : undefined,
    );
  };
  // The address is replaced in `carry`; the generated code only needs one that parses.
  const base = 'https://api.hubapi.com';
  const forProperties = properties.createConfiguration({
    baseServer: new properties.ServerConfiguration(base, {}),
    httpApi: properties.wrapHttpLibrary({
      send: async (request) => {
        const { status, headers, text } = await carry(request);
        return new properties.ResponseContext(status, { ...headers }, bodyOf(text));
      },
    }),
  });
  const forPipelines = pipelines.createConfiguration({
    baseServer: new pipelines.ServerConfiguration(base, {}),
    httpApi: pipelines.wrapHttpLibrary({
      send: async (request) => {
        const { status, headers, text } = await carry(request);
        return new pipelines.ResponseContext(status, { ...headers }, bodyOf(text));
      },
    }),
  });
  return {
    properties: new properties.CoreApi(forProperties),
    groups: new properties.GroupsApi(forProperties),
    pipelines: new pipelines.PipelinesApi(forPipelines),
  };
}

function bodyOf(text: string): { text(): Promise<string>; binary(): Promise<Buffer> } {
  return { text: async () => text, binary: async () => Buffer.from(text) };
}
