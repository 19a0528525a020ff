import type { ControlActions, KitAnswer, KitRequest, Route, Vendor } from '../../../src/sandbox/index.ts';
import { errorAnswer } from './body.ts';
import { bulkIngestRoutes, settleIngest } from './bulk/ingest-routes.ts';
import { bulkQueryRoutes } from './bulk/query-routes.ts';
import { notFound, refuse } from './errors.ts';
import { salesforceFaults } from './faults.ts';
import { collectionRoutes } from './routes-collections.ts';
import { checkVersion, dataRoutes } from './routes-data.ts';
import { bearer, oauthRoutes } from './routes-oauth.ts';
import { soapRoutes } from './routes-soap.ts';
import { sobjectRoutes } from './routes-sobjects.ts';
import { toolingRoutes } from './routes-tooling.ts';
import { charge, type State } from './state.ts';

/** Request line and headers together; the URL alone is capped by the server. */
const MAX_HEAD = 32_768;

function headSize(request: KitRequest): number {
  let size = request.url.length;
  for (const [name, value] of Object.entries(request.headers)) size += name.length + String(value).length + 4;
  return size;
}

/** Bodies of everything but uploads are at most this large. */
const MAX_BODY = 16 * 1024 * 1024;
const TOO_LARGE: KitAnswer = { status: 413, body: 'Request Entity Too Large' };

/** The version segment of a REST path that needs a session; null for all other paths: the list of versions is
 *  public, SOAP calls carry their session inside. */
function restVersion(path: string): string | null {
  return /^\/services\/data\/([^/]+)/.exec(path)?.[1] ?? null;
}

function authorize(state: State, request: KitRequest): KitAnswer | null {
  const version = restVersion(request.path);
  if (version === null) return null;
  checkVersion(version);
  const header = request.headers.authorization;
  if (header !== undefined && bearer(request) === null) {
    throw refuse(401, 'INVALID_AUTH_HEADER', 'INVALID_HEADER_TYPE');
  }
  const token = bearer(request);
  if (token === null || !state.sessions.isValid(token, state.time.now())) {
    throw refuse(401, 'INVALID_SESSION_ID', 'Session expired or invalid');
  }
  charge(state);
  settleIngest(state);
  return null;
}

/** The Salesforce side of the server: routes, session check, limits, error shapes. */
export function createVendor(state: State, control: ControlActions): Vendor {
  const routes: readonly Route[] = [
    ...oauthRoutes(state),
    ...dataRoutes(state),
    ...sobjectRoutes(state),
    ...collectionRoutes(state),
    ...bulkQueryRoutes(state),
    ...bulkIngestRoutes(state),
    ...toolingRoutes(state),
    ...soapRoutes(state),
  ];
  return {
    routes,
    limits: [state.daily, state.arrivals],
    faults: salesforceFaults(state),
    control,
    before: (request, route) => {
      state.arrivals.take(request.at);
      if (headSize(request) > MAX_HEAD) return { status: 431, body: 'Request Header Fields Too Large' };
      if (request.body.length > MAX_BODY && route?.tags?.includes('upload') !== true) return TOO_LARGE;
      return authorize(state, request);
    },
    notFound: () => errorAnswer(notFound()),
    wrongMethod: (request, allowed) =>
      errorAnswer(
        refuse(
          405,
          'METHOD_NOT_ALLOWED',
          `HTTP Method '${request.method}' not allowed. Allowed are ${allowed.join(',')}`,
        ),
      ),
    urlTooLong: () => ({
      status: 414,
      headers: { 'content-type': 'text/html' },
      body: '<h1>Bad Message 414</h1><pre>reason: URI Too Long</pre>',
    }),
    bodyTooLarge: () => TOO_LARGE,
    failed: (error) => errorAnswer(error),
    finish: (request, answer) => {
      if (restVersion(request.path) === null || answer.status === 401) return answer;
      const used = state.daily.limit - state.daily.remaining(state.time.now());
      return {
        ...answer,
        headers: { ...answer.headers, 'Sforce-Limit-Info': `api-usage=${used}/${state.daily.limit}` },
      };
    },
  };
}
