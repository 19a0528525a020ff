import type { IncomingHttpHeaders } from 'node:http';

/** One request as a vendor's handlers see it: complete, within the size caps, matched to a route. */
export interface KitRequest {
  readonly method: string;
  /** Path without the query, still percent-encoded. */
  readonly path: string;
  /** Path and query as sent. */
  readonly url: string;
  readonly query: URLSearchParams;
  /** Values of the pattern's `:names`, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** `POST /crm/objects/:version/:type/search`; `GET (unknown path)` when nothing matched. */
  readonly route: string;
  /** Sandbox time of arrival, epoch milliseconds. */
  readonly at: number;
}

export interface KitAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object or array is sent as JSON; text and bytes as they are (set `content-type`); absent: no body. */
  readonly body?: unknown;
  /** A limit refused this request under a status other than 429. */
  readonly refused?: boolean;
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE' | 'HEAD';
  /** `/crm/v3/objects/:type/:id`; a fixed segment wins over a name at the same place. */
  readonly pattern: string;
  /** Free labels for the vendor's own hooks, such as the limits that a route is charged to. */
  readonly tags?: readonly string[];
  handle(request: KitRequest): KitAnswer | Promise<KitAnswer>;
}

/** The request's body as JSON. Throws `SyntaxError` for anything else, an empty body included. */
export function jsonBody(request: KitRequest): unknown {
  return JSON.parse(request.body.toString('utf8')) as unknown;
}
