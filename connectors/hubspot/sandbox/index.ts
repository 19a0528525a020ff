import {
  createSandboxTime,
  createWriteLog,
  type Sandbox,
  type SandboxOptions,
  type StartSandbox,
  startServer,
  type Vendor,
} from '../../../src/sandbox/index.ts';
import { createAccess } from './access.ts';
import { createControl } from './control.ts';
import { type Endpoint, endpointRoutes } from './endpoint.ts';
import { errorBody, HubspotError } from './errors.ts';
import { ExportJobs, type ExportOptions, exportLimit } from './export/jobs.ts';
import { EXPORT_ENDPOINTS, exportFileRoute, TOKEN_INFO } from './export/routes.ts';
import { hubspotFaults } from './faults.ts';
import { loadStory } from './load.ts';
import { type AppKind, createPortal, type Portal } from './portal.ts';
import { ACCOUNT_ENDPOINTS, OWNERS_WITH_SLASH } from './routes-account.ts';
import { ASSOCIATION_ENDPOINTS } from './routes-associations.ts';
import { BATCH_ENDPOINTS } from './routes-batch.ts';
import { OBJECT_ENDPOINTS } from './routes-objects.ts';
import { PROPERTY_ENDPOINTS } from './routes-properties.ts';

export type { AppKind } from './portal.ts';

export interface HubspotSandboxOptions extends SandboxOptions {
  /** Decides the limits: requests in 10 seconds and a day. Default `professional`: 190 and 625,000. */
  readonly app?: AppKind;
  /** Search sees changes this much later. Default 500 ms, for the vendor's "a few moments"; 0: at once. */
  readonly indexingLagMs?: number;
  /** Instead of the app kind's. */
  readonly requestsPerTenSeconds?: number;
  readonly requestsPerDay?: number;
  /** Scopes the token has; default all there are. */
  readonly scopes?: readonly string[];
  /** Custom properties per object type; default 1,000, for `free` 10. */
  readonly customPropertyLimit?: number;
  /** Associations of one record in one answer; default 500. Small values make clients page. */
  readonly associationPage?: number;
  /** IANA zone of the account; the daily limit starts again at its midnight. Default America/New_York. */
  readonly timeZone?: string;
  /** How exports are made and handed out; default as HubSpot documents it. */
  readonly exports?: ExportOptions;
  /** Compress answers; default false. */
  readonly gzip?: boolean;
}

const TOKEN = 'pat-na1-5a4d0c0f-7a3e-4a51-9d0b-sandbox00001';
const CLIENT_ID = 'a7e1d1b2-0c7f-4f43-8d57-sandbox00001';
const CLIENT_SECRET = '3b8e5f60-91b4-4c3e-a1de-sandbox00001';
const MAX_URL = 8_192;
const DEFAULT_LAG = 500;

const ENDPOINTS: readonly Endpoint[] = [
  ...OBJECT_ENDPOINTS,
  ...BATCH_ENDPOINTS,
  ...ASSOCIATION_ENDPOINTS,
  ...PROPERTY_ENDPOINTS,
  ...ACCOUNT_ENDPOINTS,
  ...EXPORT_ENDPOINTS,
  TOKEN_INFO,
  OWNERS_WITH_SLASH,
];

const ALL_SCOPES: ReadonlySet<string> = new Set([
  'oauth',
  'tickets',
  'sales-email-read',
  'crm.export',
  'crm.objects.owners.read',
  'crm.objects.feedback_submissions.read',
  ...['contacts', 'companies', 'deals'].flatMap((type) =>
    ['objects', 'schemas'].flatMap((kind) => [`crm.${kind}.${type}.read`, `crm.${kind}.${type}.write`]),
  ),
]);

/** Starts a HubSpot account on the loopback address, filled from a story: dated paths 2026-03 and 2026-09, the
 *  legacy v3 and v4 ones, their limits and refusals. What it does not know it refuses. */
export const startHubspotSandbox: StartSandbox<HubspotSandboxOptions> = async (options): Promise<Sandbox> => {
  const time = createSandboxTime(options.clock);
  const writes = createWriteLog();
  const timeZone = options.timeZone ?? 'America/New_York';
  const app = options.app ?? 'professional';
  const exportsPerDay = exportLimit(options.exports ?? {});
  const fill = (): Portal => {
    writes.reset();
    const portal = createPortal({
      time,
      writes,
      timeZone,
      seed: options.story.options.seed,
      currency: 'USD',
      indexingLagMs: options.indexingLagMs ?? DEFAULT_LAG,
      customPropertyLimit: options.customPropertyLimit ?? (app === 'free' ? 10 : 1_000),
      associationPage: options.associationPage ?? 500,
      since: options.story.options.now - 730 * 86_400_000,
      exports: new ExportJobs(options.exports, exportsPerDay),
    });
    loadStory(portal, options.story);
    return portal;
  };
  let portal = fill();

  let requests = 0;
  // Counted, not drawn: the same calls get the same ids on every run.
  const correlationId = (): string => {
    requests += 1;
    return `00000000-0000-4000-8000-${requests.toString(16).padStart(12, '0')}`;
  };
  const access = createAccess({
    app,
    token: TOKEN,
    timeZone,
    correlationId,
    ...(options.requestsPerTenSeconds === undefined
      ? {}
      : { requestsPerTenSeconds: options.requestsPerTenSeconds }),
    ...(options.requestsPerDay === undefined ? {} : { requestsPerDay: options.requestsPerDay }),
  });
  const refuse = (error: HubspotError) => ({ status: error.status, body: errorBody(error, correlationId()) });
  const context = {
    portal: () => portal,
    scopes: options.scopes === undefined ? ALL_SCOPES : new Set(options.scopes),
  };
  const vendor: Vendor = {
    routes: [
      ...ENDPOINTS.flatMap((endpoint) => endpointRoutes(endpoint, context)),
      exportFileRoute(() => portal),
    ],
    limits: [...access.limits, exportsPerDay],
    control: createControl(
      () => portal,
      () => {
        portal = fill();
        requests = 0;
      },
    ),
    faults: hubspotFaults(correlationId),
    before: (request, route) => access.check(request, route),
    notFound: (request) =>
      refuse(new HubspotError(404, 'OBJECT_NOT_FOUND', `No resource at ${request.method} ${request.path}.`)),
    wrongMethod: (request, allowed) => ({
      ...refuse(new HubspotError(405, 'VALIDATION_ERROR', `Method ${request.method} is not allowed here.`)),
      headers: { Allow: allowed.join(', ') },
    }),
    urlTooLong: () => refuse(new HubspotError(414, 'VALIDATION_ERROR', 'The URI is too long.')),
    bodyTooLarge: () => refuse(new HubspotError(413, 'VALIDATION_ERROR', 'The request body is too large.')),
    failed: (error) =>
      refuse(
        error instanceof HubspotError
          ? error
          : new HubspotError(500, 'INTERNAL_ERROR', error instanceof Error ? error.message : String(error)),
      ),
    finish: (request, answer) => ({
      ...answer,
      headers: { ...answer.headers, ...access.headers(request), 'X-HubSpot-Correlation-Id': correlationId() },
    }),
  };
  const server = await startServer({
    vendor,
    time,
    clock: options.clock,
    port: options.port,
    maxUrlLength: MAX_URL,
    ...(options.latencyMs === undefined ? {} : { latencyMs: options.latencyMs }),
    ...(options.gzip === undefined ? {} : { gzip: options.gzip }),
    ...(options.faults === undefined ? {} : { faults: options.faults }),
  });
  return {
    url: server.url,
    token: TOKEN,
    clientId: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    // HubSpot signs webhooks with the app's client secret.
    webhookSecret: CLIENT_SECRET,
    close: () => server.close(),
  };
};
