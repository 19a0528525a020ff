import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type HubspotSandboxOptions, startHubspotSandbox } from '../../connectors/hubspot/sandbox/index.ts';
import {
  type SalesforceSandboxOptions,
  startSalesforceSandbox,
} from '../../connectors/salesforce/sandbox/index.ts';
import { type App, openApp, type RunRequest } from '../../src/app/app.ts';
import { EXAMPLE_MAPPINGS, packageRoot } from '../../src/app/package-root.ts';
import { provisionConnection } from '../../src/commands/provision.ts';
import { finish, type ResolvedConfig } from '../../src/config/resolve.ts';
import { Config } from '../../src/config/schema.ts';
import type { Clock } from '../../src/model/clock.ts';
import type { ManualEdits } from '../../src/model/manual-edits.ts';
import type { Sandbox, SandboxWrite } from '../../src/sandbox/port.ts';
import { createStory } from '../../src/story/index.ts';
import type { Story } from '../../src/story/types.ts';
import type { SyncResult } from '../../src/sync/run.ts';
import { silentProgress } from '../../src/sync/session.ts';
import { type SharedTime, sharedClock } from './shared-clock.ts';

/** When the story ends and the sandboxes' time begins. */
export const STORY_END = Date.UTC(2026, 10, 20, 15);
/** The instant rules are evaluated at, after anything a test does in the CRMs. */
export const NOW = STORY_END + 6 * 3_600_000;

export type Crm = 'hubspot' | 'salesforce';

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers freely
type Json = any;

const quietLog = { debug: () => undefined, info: () => undefined, warn: () => undefined };
const stories = new Map<string, Story>();

function storyOf(seed: number, contacts: number): Story {
  const key = `${seed}/${contacts}`;
  const story = stories.get(key) ?? createStory({ seed, contacts, now: STORY_END });
  stories.set(key, story);
  return story;
}

export interface CompanyOptions {
  readonly contacts?: number;
  readonly seed?: number;
  readonly hubspot?: Partial<HubspotSandboxOptions>;
  readonly salesforce?: Partial<SalesforceSandboxOptions>;
  /** Default true. */
  readonly provision?: boolean;
  readonly mappings?: readonly string[];
  readonly manualEdits?: ManualEdits;
  /** `connections[].auth.token` of a CRM instead of the good one. */
  readonly tokens?: Partial<Record<Crm, string>>;
  readonly factor?: number;
  /** `write.activation`. */
  readonly activation?: 'plan' | 'auto';
  /** `write.guard`. */
  readonly guard?: unknown;
  /** `identity.unlink`. */
  readonly unlink?: readonly (readonly [string, string])[];
  /** Further keys of a connection: `reconcile`, `budget`. */
  readonly connections?: Partial<Record<Crm, Readonly<Record<string, unknown>>>>;
}

/** Both CRMs with one story, and Waystage on a database file: real servers, time that runs fast. */
export interface Company {
  readonly time: SharedTime;
  readonly clock: Clock;
  readonly sandboxes: Readonly<Record<Crm, Sandbox>>;
  readonly folder: string;
  /** The one that is open. */
  readonly app: App;
  config(changes?: Partial<CompanyOptions>): ResolvedConfig;
  sync(request?: Partial<RunRequest>): Promise<SyncResult>;
  /** Closes the app and opens one with these changes on the same database. */
  reopen(changes?: Partial<CompanyOptions>): Promise<App>;
  provision(): Promise<void>;
  /** `POST /__sandbox/<name>`. */
  control(crm: Crm, name: string, body: unknown): Promise<Json>;
  /** The CRM's own records of a type, whatever the API shows. */
  records(crm: Crm, type: string): Promise<readonly Json[]>;
  record(crm: Crm, type: string, id: string): Promise<Json>;
  writes(crm: Crm): Promise<readonly SandboxWrite[]>;
  /** Until HubSpot's search sees what was changed. */
  indexed(): Promise<void>;
  close(): Promise<void>;
}

export async function startCompany(options: CompanyOptions = {}): Promise<Company> {
  const time: SharedTime = { factor: options.factor ?? 20, start: STORY_END, epoch: Date.now() };
  const clock = sharedClock(time);
  const story = storyOf(options.seed ?? 7, options.contacts ?? 60);
  const sandboxes: Record<Crm, Sandbox> = {
    hubspot: await startHubspotSandbox({
      story,
      clock,
      port: 0,
      requestsPerTenSeconds: 100_000,
      ...options.hubspot,
    }),
    salesforce: await startSalesforceSandbox({ story, clock, port: 0, ...options.salesforce }),
  };
  const folder = mkdtempSync(join(tmpdir(), 'waystage-test-'));
  const config: Company['config'] = (changes = {}) => configOf({ ...options, ...changes }, sandboxes, folder);
  const open = (changes: Partial<CompanyOptions> = {}): Promise<App> =>
    openApp({ config: config(changes), clock, random: () => 0.5, log: quietLog });
  const stop = (): Promise<unknown> =>
    Promise.all(Object.values(sandboxes).map((sandbox) => sandbox.close()));
  let app = await open().catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  const fetched = async (crm: Crm, path: string, body?: unknown): Promise<Json> => {
    const answer = await fetch(`${sandboxes[crm].url}/__sandbox/${path}`, {
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
      headers: { 'content-type': 'application/json' },
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${crm} ${path} answered ${answer.status}: ${text}`);
    return JSON.parse(text);
  };
  const company: Company = {
    time,
    clock,
    sandboxes,
    folder,
    get app() {
      return app;
    },
    config,
    sync: (request = {}) =>
      app.run({
        kind: 'sync',
        now: NOW,
        progress: silentProgress,
        signal: new AbortController().signal,
        ...request,
      }),
    async reopen(changes) {
      await app.close();
      app = await open(changes);
      return app;
    },
    async provision() {
      for (const connection of app.connections) {
        const { results } = await provisionConnection(app, connection, false, new AbortController().signal);
        const failed = results?.find((result) => !result.ok);
        if (failed !== undefined) throw new Error(`${connection.id}: ${failed.id}: ${failed.message}`);
      }
    },
    control: (crm, name, body) => fetched(crm, name, body),
    records: async (crm, type) => (await fetched(crm, `records?type=${type}`)).records,
    record: (crm, type, id) => fetched(crm, `records?type=${type}&id=${id}`),
    writes: async (crm) => (await fetched(crm, 'writes')).writes,
    indexed: () => clock.sleep(1_500),
    async close() {
      await app.close();
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  if (options.provision ?? true) await company.provision();
  return company;
}

function configOf(
  options: CompanyOptions,
  sandboxes: Readonly<Record<Crm, Sandbox>>,
  folder: string,
): ResolvedConfig {
  const config = Config.parse({
    database: `sqlite:${join(folder, 'waystage.db')}`,
    connections: (['hubspot', 'salesforce'] as const).map((id) => ({
      id,
      connector: id,
      auth: { kind: 'token', token: options.tokens?.[id] ?? sandboxes[id].token },
      baseUrl: sandboxes[id].url,
      sandbox: true,
      ...options.connections?.[id],
    })),
    mappings: options.mappings ?? EXAMPLE_MAPPINGS,
    ...(options.unlink === undefined ? {} : { identity: { unlink: options.unlink } }),
    write: {
      manualEdits: options.manualEdits ?? 'ask',
      ...(options.activation === undefined ? {} : { activation: options.activation }),
      ...(options.guard === undefined ? {} : { guard: options.guard }),
    },
  });
  return finish(config, null, packageRoot(), {});
}
