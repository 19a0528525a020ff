import { PassThrough } from 'node:stream';
import type { Connection } from 'jsforce';
import { WaystageError } from '../../src/model/errors.ts';
import { API_VERSION, type Call, type SalesforceClient } from './client.ts';

type JsforceTransport = Connection['_transport'];
type JsforceRequest = Parameters<JsforceTransport['httpRequest']>[0];

/**
 * Salesforce's community client over our own HTTP: it builds the requests of describe, sObject and Tooling calls
 * and reads their answers; session, limits, deadlines, retries and the choice of host stay with `client`. So it
 * can neither refresh a session by itself (it drops rotated tokens and loops on a lasting 401) nor retry, follow
 * redirects or pass our rate limit by. It is loaded when first needed: pulls and writes do without it.
 */
export async function jsforceOver(client: SalesforceClient): Promise<Connection> {
  const [{ Connection: JsforceConnection }, instanceUrl] = await Promise.all([
    import('jsforce'),
    client.instanceUrl(),
  ]);
  const connection = new JsforceConnection({
    instanceUrl,
    // The client puts the real token in; this one only keeps jsforce from thinking it is not logged in.
    accessToken: 'set-by-waystage',
    version: API_VERSION,
    logLevel: 'NONE',
  });
  connection._transport = {
    // jsforce wants a promise that can be read as a stream too; nobody here does.
    httpRequest: (request: JsforceRequest) =>
      Object.assign(forward(client, request), { stream: () => new PassThrough() }),
  } as unknown as JsforceTransport;
  return connection;
}

async function forward(
  client: SalesforceClient,
  request: JsforceRequest,
): Promise<{ statusCode: number; headers: Record<string, string>; body: string }> {
  const url = new URL(request.url);
  if (request.body !== undefined && request.body !== null && typeof request.body !== 'string')
    throw new WaystageError('internal', 'jsforce wants to send a body that is no text');
  const method = request.method as Call['method'];
  const answer = await client.send({
    method,
    path: url.pathname + url.search,
    ...(typeof request.body === 'string'
      ? { body: request.body, headers: { 'content-type': 'application/json' } }
      : {}),
    purpose: 'meta',
    idempotent: method === 'GET',
    ...(url.pathname.endsWith('/describe') ? { check: describes } : {}),
  });
  return { statusCode: answer.status, headers: { ...answer.headers }, body: answer.text };
}

/** A description without fields must not look like an object without fields. */
function describes(body: unknown): string | null {
  const fields = (body as Readonly<Record<string, unknown>> | null | undefined)?.['fields'];
  return Array.isArray(fields) ? null : 'no list of fields';
}
