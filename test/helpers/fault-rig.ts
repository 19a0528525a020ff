import { randomUUID } from 'node:crypto';
import { type App, openApp } from '../../src/app/app.ts';
import { EXAMPLE_MAPPINGS, packageRoot } from '../../src/app/package-root.ts';
import { finish } from '../../src/config/resolve.ts';
import { Config } from '../../src/config/schema.ts';
import type { AuthConfig, Connection, Connector } from '../../src/connector/port.ts';
import type { Clock } from '../../src/model/clock.ts';
import type { ConnectionId } from '../../src/model/record.ts';
import type { RequestReport, Sandbox, StartSandbox } from '../../src/sandbox/port.ts';
import { createStory, type Story } from '../../src/story/index.ts';
import { runSync, type SyncResult } from '../../src/sync/run.ts';
import { silentProgress } from '../../src/sync/session.ts';
import { createFastClock } from './fast-clock.ts';

const NOW = Date.UTC(2026, 10, 20, 15);
const CONTACTS = 130;

const stories = new Map<number, Story>();

function storyOf(contacts: number): Story {
  const story = stories.get(contacts) ?? createStory({ seed: 11, contacts, now: NOW });
  stories.set(contacts, story);
  return story;
}

/** 60 times faster: a deadline of 60 s is one of ours, which still leaves a busy machine time to answer. */
const FACTOR = 60;

/** One CRM's sandbox and Waystage's own run against it, on a store in memory. */
export interface FaultRig {
  readonly sandbox: Sandbox;
  readonly app: App;
  readonly clock: Clock;
  /** Milliseconds of every wait that was asked for so far, deadlines included. */
  readonly waits: readonly number[];
  /** A run of kind `pull`, with checkpoints, from where the store stands. */
  pull(): Promise<SyncResult>;
  /** `POST /__sandbox/fault`. */
  fault(body: Readonly<Record<string, unknown>>): Promise<void>;
  /** Requests that faults did something to. */
  hits(): Promise<number>;
  heal(): Promise<void>;
  control(name: string, body: unknown): Promise<unknown>;
  requests(): Promise<RequestReport>;
  /** All records of the store, by `type id`. */
  stored(): Promise<Readonly<Record<string, unknown>>>;
  open(): Connection;
  close(): Promise<void>;
}

export interface FaultRigOptions {
  readonly connector: Connector;
  readonly startSandbox: StartSandbox;
  readonly sandbox?: Readonly<Record<string, unknown>>;
  /** Size of the story; default 130. */
  readonly contacts?: number;
  readonly auth?: (sandbox: Sandbox) => AuthConfig;
  /** How far Waystage's clock is ahead of the CRM's, in milliseconds. */
  readonly skewMs?: number;
  /** Where the connection goes instead of the sandbox, such as a proxy in front of it. */
  readonly baseUrl?: (sandbox: Sandbox) => Promise<string>;
}

export async function startFaultRig(options: FaultRigOptions): Promise<FaultRig> {
  const { connector } = options;
  const story = storyOf(options.contacts ?? CONTACTS);
  const fast = createFastClock(FACTOR, NOW);
  const waits: number[] = [];
  const clock: Clock = {
    now: () => fast.now() + (options.skewMs ?? 0),
    sleep: (ms, signal) => {
      waits.push(ms);
      return fast.sleep(ms, signal);
    },
  };
  const sandbox = await options.startSandbox({ story, clock: fast, port: 0, ...options.sandbox });
  const baseUrl = (await options.baseUrl?.(sandbox)) ?? sandbox.url;
  const auth = options.auth?.(sandbox) ?? { kind: 'token' as const, token: sandbox.token };
  const config = {
    id: connector.id as ConnectionId,
    connector: connector.id,
    auth,
    baseUrl,
    sandbox: true,
  };
  const app = await openApp({
    config: finish(
      Config.parse({
        database: 'sqlite::memory:',
        connections: [config, unused(connector.id)],
        mappings: EXAMPLE_MAPPINGS,
      }),
      null,
      packageRoot(),
      {},
    ),
    clock,
    random: () => 0.5,
    log: QUIET,
  });
  const open = (signal = new AbortController().signal): Connection =>
    connector.open(config, { clock, random: () => 0.5, signal, log: QUIET });
  const call = async (method: string, name: string, body?: unknown): Promise<unknown> => {
    const answer = await fetch(`${sandbox.url}/__sandbox/${name}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const json: unknown = await answer.json();
    if (!answer.ok) throw new Error(`${name}: ${JSON.stringify(json)}`);
    return json;
  };
  return {
    sandbox,
    app,
    clock,
    waits,
    open: () => open(),
    pull: () =>
      runSync({
        kind: 'pull',
        store: app.store,
        connections: app.connections
          .filter(({ id }) => id === config.id)
          .map((connection) => ({ ...connection, connector, open })),
        mappings: app.mappings.mappings,
        mappingTexts: app.mappings.texts,
        now: NOW,
        clock,
        newId: randomUUID,
        holder: 'test',
        holderAlive: () => false,
        signal: new AbortController().signal,
        progress: silentProgress,
        full: false,
        manualEdits: 'ask',
        unlink: [],
      }),
    fault: async (body) => {
      await call('POST', 'fault', body);
    },
    hits: async () => {
      const { faults } = (await call('GET', 'faults')) as { readonly faults: readonly { hits: number }[] };
      return faults.reduce((sum, fault) => sum + fault.hits, 0);
    },
    heal: async () => {
      await call('POST', 'fault', { clear: true });
    },
    control: (name, body) => call('POST', name, body),
    requests: async () => (await call('GET', 'requests')) as RequestReport,
    stored: async () => {
      const records: Record<string, unknown> = {};
      for (const { name } of connector.capabilities.objectTypes) {
        for await (const chunk of app.store.records.scan(config.id, name))
          for (const record of chunk) records[`${name} ${record.id}`] = record;
      }
      return records;
    },
    close: async () => {
      await app.close();
      await sandbox.close();
    },
  };
}

/** The shipped mappings read fields of both CRMs; the other one is configured and never called. */
function unused(id: string): Readonly<Record<string, unknown>> {
  const other = id === 'hubspot' ? 'salesforce' : 'hubspot';
  return {
    id: other,
    connector: other,
    auth: { kind: 'token', token: 'unused' },
    baseUrl: 'http://127.0.0.1:9',
    sandbox: true,
  };
}

const QUIET = { debug: () => undefined, info: () => undefined, warn: () => undefined };
