import {
  createSandboxTime,
  createWindowLimit,
  type SandboxOptions,
  type StartSandbox,
  startServer,
} from '../../../src/sandbox/index.ts';
import type { BulkOptions } from './bulk/jobs.ts';
import { createControl } from './control.ts';
import { makeId } from './ids.ts';
import { Sessions } from './sessions.ts';
import { createState, resetState } from './state.ts';
import { createVendor } from './vendor.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

export interface SalesforceSandboxOptions extends SandboxOptions {
  /** API calls in any 24 hours; default 100,000. */
  readonly dailyLimit?: number;
  /** Life of a token from the token endpoint, in milliseconds of sandbox time; default 2 hours. The fixed token
   *  lasts until `POST /__sandbox/expire {sessions: true}`. */
  readonly sessionMs?: number;
  /** Life of a query cursor, in milliseconds of sandbox time; default 2 days. */
  readonly cursorMs?: number;
  /** Fields (`Contact.Phone`) hidden from the integration user by field-level security; default none. */
  readonly hiddenFields?: readonly string[];
  /** What one unknown field does to a collection: fails its row, or refuses the whole request with 400 (default).
   *  Which of the two Salesforce does is not documented; a client should stand both. */
  readonly unknownField?: 'row' | 'request';
  /** Sizes and allowances of the Bulk API. */
  readonly bulk?: BulkOptions;
}

/** Starts a Salesforce org with the story's data on a loopback port: OAuth, REST (v31.0 to v67.0), Tooling and
 *  SOAP metadata. Rejects when the port is taken. */
export const startSalesforceSandbox: StartSandbox<SalesforceSandboxOptions> = async (options) => {
  const time = createSandboxTime(options.clock);
  const sessions = new Sessions(options.story.options.seed, makeId('00D', 1), options.sessionMs ?? 2 * HOUR);
  const daily = createWindowLimit({ name: 'daily', windowMs: DAY, limit: options.dailyLimit ?? 100_000 });
  const arrivals = createWindowLimit({
    name: 'ten-seconds',
    windowMs: 10_000,
    limit: Number.MAX_SAFE_INTEGER,
  });
  const parts = {
    story: options.story,
    hidden: options.hiddenFields ?? [],
    time,
    daily,
    arrivals,
    sessions,
    cursorMs: options.cursorMs ?? 2 * DAY,
    bulk: options.bulk ?? {},
    unknownField: options.unknownField ?? 'request',
  } as const;
  const state = createState(parts);
  const control = createControl(state, () => resetState(state, parts));
  const server = await startServer({
    vendor: createVendor(state, control),
    time,
    clock: options.clock,
    port: options.port,
    // Uploads of the Bulk API are larger than anything else; the vendor part holds other bodies to less.
    maxBodyBytes: Math.max(16 * 1024 * 1024, state.bulk.uploadBytes + 1),
    ...(options.latencyMs === undefined ? {} : { latencyMs: options.latencyMs }),
    ...(options.faults === undefined ? {} : { faults: options.faults }),
  });
  state.instanceUrl = server.url;
  return {
    url: server.url,
    token: sessions.fixedToken,
    clientId: sessions.clientId,
    clientSecret: sessions.clientSecret,
    close: () => server.close(),
  };
};
