import { randomUUID } from 'node:crypto';
import { startHubspotSandbox } from '../../connectors/hubspot/sandbox/index.ts';
import { startSalesforceSandbox } from '../../connectors/salesforce/sandbox/index.ts';
import { type App, openApp } from '../../src/app/app.ts';
import { packageRoot } from '../../src/app/package-root.ts';
import { finish } from '../../src/config/resolve.ts';
import { Config } from '../../src/config/schema.ts';
import type { AccountInfo, Connection, Discovery, ProvisionStep } from '../../src/connector/port.ts';
import { WaystageError } from '../../src/model/errors.ts';
import type { Sandbox, SandboxWrite } from '../../src/sandbox/port.ts';
import type { Store } from '../../src/store/port.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { createStory } from '../../src/story/index.ts';
import { runSync, type SyncResult } from '../../src/sync/run.ts';
import {
  type Failpoint,
  type SyncConnection,
  type SyncOptions,
  silentProgress,
} from '../../src/sync/session.ts';
import { outputFieldsOf } from '../../src/sync/write/outputs.ts';
import type { Crm } from '../helpers/company.ts';
import { createJumpClock, type JumpClock } from '../helpers/jump-clock.ts';
import { but } from '../sync/kit.ts';

export const STORY_END = Date.UTC(2026, 10, 20, 15);
export const CRMS = ['hubspot', 'salesforce'] as const;
/** Object types of each CRM that take part; few, so that hundreds of sequences are quick. */
export const TYPES: Readonly<Record<Crm, readonly string[]>> = {
  hubspot: ['contacts', 'companies', 'deals', 'tickets'],
  salesforce: ['Account', 'Contact', 'Lead', 'Opportunity', 'OpportunityContactRole', 'Case'],
};

// biome-ignore lint/suspicious/noExplicitAny: a sandbox's own records
export type Json = any;

/** Both CRMs and Waystage in one process, begun anew for each sequence. */
export interface World {
  readonly clock: JumpClock;
  readonly app: App;
  readonly manualEdits: 'ask' | 'revert';
  /** The store the runs work on. */
  readonly store: Store;
  /** Story data, provisioned fields, an empty store. */
  begin(): Promise<void>;
  /** `POST /__sandbox/<name>`; null when the CRM refuses it. */
  control(crm: Crm, name: string, body: unknown): Promise<Json>;
  records(crm: Crm, type: string): Promise<readonly Json[]>;
  writes(crm: Crm): Promise<readonly SandboxWrite[]>;
  sync(changes?: Partial<SyncOptions>, wrap?: Wrap): Promise<SyncResult>;
  /** A sync that dies when it reaches the point for the `hit`th time: nothing is stored any more, the lease stays.
   *  False when the run ended before. */
  killedSync(point: Failpoint, hit: number): Promise<boolean>;
  close(): Promise<void>;
}

export type Wrap = (connection: Connection, config: SyncConnection) => Connection;

const QUIET = { debug: () => undefined, info: () => undefined, warn: () => undefined };

/** What a CRM tells of itself: the same in every sequence, so it is asked once. */
interface Known {
  account?: AccountInfo;
  discovery?: Discovery;
  steps?: readonly ProvisionStep[];
}

/** `manualEdits`: what becomes of values of ours that people change. */
export async function startWorld(contacts: number, manualEdits: 'ask' | 'revert'): Promise<World> {
  const clock = createJumpClock(STORY_END);
  const story = createStory({ seed: 5, contacts, now: STORY_END });
  const sandboxes: Record<Crm, Sandbox> = {
    // Search lags for longer than a second, so that a sync often sees nothing of what was just done.
    hubspot: await startHubspotSandbox({
      story,
      clock,
      port: 0,
      requestsPerTenSeconds: 100_000,
      indexingLagMs: 20_000,
    }),
    salesforce: await startSalesforceSandbox({ story, clock, port: 0, dailyLimit: 10_000_000 }),
  };
  const config = finish(
    Config.parse({
      database: 'sqlite::memory:',
      connections: CRMS.map((id) => ({
        id,
        connector: id,
        auth: { kind: 'token', token: sandboxes[id].token },
        baseUrl: sandboxes[id].url,
        sandbox: true,
        objects: TYPES[id],
      })),
      mappings: ['test/model/journeys/accounts.yaml', 'test/model/journeys/people.yaml'],
    }),
    null,
    packageRoot(),
    {},
  );
  const app = await openApp({ config, clock, random: () => 0.5, log: QUIET });
  const known: Record<string, Known> = { hubspot: {}, salesforce: {} };
  let store = await openSqliteStore(':memory:');
  let handle = mortal(store);

  const call = async (crm: Crm, path: string, body?: unknown): Promise<Json> => {
    const answer = await fetch(`${sandboxes[crm].url}/__sandbox/${path}`, {
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (answer.status === 400 && body !== undefined) return null;
    if (!answer.ok) throw new Error(`${crm} ${path} answered ${answer.status}: ${text}`);
    return JSON.parse(text);
  };
  const remembered = (connection: Connection, config: SyncConnection): Connection => {
    const memory = known[config.id]!;
    return but(connection, {
      check: async () => {
        memory.account ??= await connection.check();
        return memory.account;
      },
      discover: async (types) => {
        memory.discovery ??= await connection.discover(types);
        return memory.discovery;
      },
    });
  };
  const provision = async (config: SyncConnection): Promise<void> => {
    const memory = known[config.id]!;
    const connection = config.open(new AbortController().signal);
    try {
      await connection.check();
      memory.steps ??= await connection.planProvision(
        config.connector.capabilities.objectTypes
          .filter((type) => type.outputs && TYPES[config.id as string as Crm].includes(type.name))
          .map(({ name }) => ({
            type: name,
            fields: outputFieldsOf(app.mappings.mappings, config.connector, name),
          }))
          .filter(({ fields }) => fields.length > 0),
      );
      const failed = (await connection.provision(memory.steps)).find((result) => !result.ok);
      if (failed !== undefined) throw new Error(`${config.id}: ${failed.id}: ${failed.message}`);
    } finally {
      await connection.close();
    }
  };
  const world: World = {
    clock,
    app,
    manualEdits,
    get store() {
      return store;
    },
    async begin() {
      clock.restart();
      await store.close();
      store = await openSqliteStore(':memory:');
      handle = mortal(store);
      await Promise.all(CRMS.map((crm) => call(crm, 'reset', {})));
      await Promise.all(app.connections.map(provision));
    },
    control: call,
    records: async (crm, type) => (await call(crm, `records?type=${type}`)).records,
    writes: async (crm) => (await call(crm, 'writes')).writes,
    sync: (changes = {}, wrap = (connection) => connection) =>
      runSync({
        kind: 'sync',
        store: handle.store,
        connections: app.connections.map((config) => ({
          ...config,
          open: (signal) => wrap(remembered(config.open(signal), config), config),
        })),
        mappings: app.mappings.mappings,
        mappingTexts: app.mappings.texts,
        now: clock.now(),
        clock,
        newId: randomUUID,
        holder: handle.name,
        holderAlive: (holder) => holder.startsWith(handle.name),
        signal: new AbortController().signal,
        progress: silentProgress,
        full: false,
        guard: null,
        manualEdits,
        unlink: [],
        ...changes,
      }),
    async killedSync(point, hit) {
      let hits = 0;
      const doomed = handle;
      try {
        await world.sync({
          failpoint: (reached) => {
            if (reached === point) hits += 1;
            if (hits >= hit) {
              doomed.kill();
              throw new WaystageError('store_unusable', 'killed');
            }
          },
        });
      } catch (error) {
        if (!doomed.dead) throw error;
      }
      handle = mortal(store);
      return doomed.dead;
    },
    async close() {
      await store.close();
      await app.close();
      await Promise.all(Object.values(sandboxes).map((sandbox) => sandbox.close()));
    },
  };
  return world;
}

interface Mortal {
  readonly name: string;
  readonly store: Store;
  readonly dead: boolean;
  kill(): void;
}

let handles = 0;

/** A process's view of the store: after `kill` nothing comes through any more. */
function mortal(store: Store): Mortal {
  let dead = false;
  handles += 1;
  const guarded = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(object, name) {
        const value = Reflect.get(object, name, object) as unknown;
        if (typeof value === 'object' && value !== null) return guarded(value);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          if (dead) throw new WaystageError('store_unusable', 'killed');
          return value.apply(object, args);
        };
      },
    });
  return {
    name: `process-${handles}`,
    store: guarded(store),
    get dead() {
      return dead;
    },
    kill: () => {
      dead = true;
    },
  };
}
