import { createHubspot, type HubspotOptions } from '../../../connectors/hubspot/index.ts';
import {
  type HubspotSandboxOptions,
  startHubspotSandbox,
} from '../../../connectors/hubspot/sandbox/index.ts';
import type { Connection, Discovery, Page } from '../../../src/connector/port.ts';
import type { Clock } from '../../../src/model/clock.ts';
import type { CrmRecord } from '../../../src/model/record.ts';
import type { Sandbox } from '../../../src/sandbox/index.ts';
import { createStory, type Story } from '../../../src/story/index.ts';
import { hubspotConfig } from '../../helpers/hubspot.ts';

export const NOW = Date.UTC(2026, 10, 20, 15);
export const STORY: Story = createStory({ seed: 7, contacts: 140, now: NOW });
export const EXPORT = 'POST /crm/exports/:version/export/async';
export const LOOK = 'GET /crm/exports/:version/export/async/tasks/:id/status';
export const DETAILS = 'GET /crm/exports/:version/export/:id';
export const FILE = 'GET /exports/files/:id';
export const LIST = 'GET /crm/objects/:version/:type';

/** Waits take no time and deadlines never strike; the time between them stands still. */
function leapingClock(): Clock {
  let now = NOW;
  return {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const abort = (): void => reject(signal?.reason);
        if (signal?.aborted === true) abort();
        signal?.addEventListener('abort', abort, { once: true });
        if (ms > 50_000) return;
        setImmediate(() => {
          now += ms;
          resolve();
        });
      }),
  };
}

export interface Rig {
  readonly sandbox: Sandbox;
  readonly connection: Connection;
  readonly types: readonly string[];
  /** What was logged as a warning: text and fields. */
  readonly warnings: string[];
  readonly stop: AbortController;
  /** Closes the connection and opens one with these settings; default: everything is exported. */
  open(options?: HubspotOptions): Promise<void>;
  control(name: string, body?: unknown): Promise<unknown>;
  /** Requests by method and route. */
  counts(): Promise<Readonly<Record<string, number>>>;
  /** All properties there are, unless others are named. */
  pull(type: string, cursor?: string | null, fields?: readonly string[]): AsyncIterable<Page>;
  /** What lists give. */
  listed(type: string): Promise<ReadonlyMap<string, CrmRecord>>;
  close(): Promise<void>;
}

const EVERYTHING: HubspotOptions = { from: 1 };

export async function startRig(options: Partial<HubspotSandboxOptions> = {}): Promise<Rig> {
  const clock = leapingClock();
  const sandbox = await startHubspotSandbox({
    story: STORY,
    clock,
    port: 0,
    indexingLagMs: 0,
    requestsPerTenSeconds: 100_000,
    ...options,
  });
  let connection: Connection;
  let discovery: Discovery | null = null;
  let warnings: string[] = [];
  let stop = new AbortController();
  const types = createHubspot().capabilities.objectTypes.map((type) => type.name);
  const control: Rig['control'] = async (name, body) => {
    const answer = await fetch(`${sandbox.url}/__sandbox/${name}`, {
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
      headers: { 'content-type': 'application/json' },
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${name}: ${text}`);
    return text === '' ? null : JSON.parse(text);
  };
  const open: Rig['open'] = async (settings = EVERYTHING) => {
    await connection?.close();
    const lines: string[] = [];
    warnings = lines;
    stop = new AbortController();
    const config = hubspotConfig({ baseUrl: sandbox.url, auth: { kind: 'token', token: sandbox.token } });
    connection = createHubspot(settings).open(config, {
      clock,
      random: () => 0.5,
      signal: stop.signal,
      log: {
        debug: () => undefined,
        info: () => undefined,
        warn: (fields, text) => lines.push(`${text}: ${JSON.stringify(fields)}`),
      },
    });
    discovery ??= await connection.discover(types);
  };
  const pull: Rig['pull'] = (type, cursor = null, fields) =>
    connection.pull({
      type,
      fields: fields ?? Object.keys(discovery!.objects[type]?.fields ?? {}),
      cursor,
      discovery: discovery!,
    });
  await open();
  return {
    sandbox,
    types,
    get connection() {
      return connection;
    },
    get warnings() {
      return warnings;
    },
    get stop() {
      return stop;
    },
    open,
    control,
    pull,
    counts: async () => ((await control('requests')) as { routes: Record<string, number> }).routes,
    listed: async (type) => {
      await open({ from: Number.POSITIVE_INFINITY });
      const found = byId(await drain(pull(type)));
      await open();
      return found;
    },
    close: async () => {
      await connection.close();
      await sandbox.close();
    },
  };
}

export async function drain(
  pages: AsyncIterable<Page>,
  limit = Number.POSITIVE_INFINITY,
): Promise<readonly Page[]> {
  const seen: Page[] = [];
  for await (const page of pages) {
    seen.push(page);
    if (seen.length >= limit) break;
  }
  return seen;
}

export const recordsOf = (pages: readonly Page[]): readonly CrmRecord[] =>
  pages.flatMap((page) => page.records);
export const byId = (pages: readonly Page[]): ReadonlyMap<string, CrmRecord> =>
  new Map(recordsOf(pages).map((record) => [record.id, record]));
