import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type App, openApp } from '../../src/app/app.ts';
import { createLog } from '../../src/app/log.ts';
import { packageRoot } from '../../src/app/package-root.ts';
import { provisionConnection } from '../../src/commands/provision.ts';
import { finish } from '../../src/config/resolve.ts';
import { Config } from '../../src/config/schema.ts';
import { requestedFields } from '../../src/mapping/index.ts';
import { systemClock } from '../../src/model/clock.ts';
import type { ConnectionId } from '../../src/model/record.ts';
import type { SyncResult } from '../../src/sync/run.ts';
import { type SyncOptions, silentProgress } from '../../src/sync/session.ts';
import type { Crm } from './sandbox-process.ts';

/** Types of workload W, and what the connector brings along for them. */
export const TYPES: Readonly<Record<Crm, readonly string[]>> = {
  hubspot: ['contacts', 'companies', 'deals', 'tickets'],
  salesforce: ['Contact', 'Account', 'Opportunity', 'OpportunityContactRole', 'Case'],
};

/** A journey whose stage hangs on one field, so that a benchmark decides which records are to be written. */
export const SIMPLE_MAPPING = 'bench/journey.yaml';

export interface SceneOptions {
  readonly crm: Crm;
  readonly url: string;
  readonly token: string;
  /** Relative to the project. */
  readonly mappings: readonly string[];
  /** Our own limit; absent: the connector's default. */
  readonly requestsPer10s?: number;
}

/** Waystage as users run it, with a database file of its own, against one sandbox. */
export interface Scene {
  readonly app: App;
  readonly connection: ConnectionId;
  /** Throws when anything failed: a benchmark of failures measures nothing. */
  run(kind: SyncOptions['kind']): Promise<SyncResult>;
  /** Creates the Waystage fields. */
  provision(): Promise<void>;
  /** Fields of the CRM that the mappings ask for, by type. */
  fields(): Readonly<Record<string, readonly string[]>>;
  /** Stored records by type. */
  counts(): Promise<Readonly<Record<string, number>>>;
  close(): Promise<void>;
}

/** No limit of ours that a loopback server could reach. */
export const UNLIMITED = 10_000;

export async function openScene(options: SceneOptions): Promise<Scene> {
  const folder = mkdtempSync(join(tmpdir(), 'waystage-bench-'));
  const config = Config.parse({
    database: `sqlite:${join(folder, 'bench.db')}`,
    connections: [
      {
        id: options.crm,
        connector: options.crm,
        auth: { kind: 'token', token: options.token },
        baseUrl: options.url,
        sandbox: true,
        objects: TYPES[options.crm],
        ...(options.requestsPer10s === undefined
          ? {}
          : { budget: { requestsPer10s: options.requestsPer10s } }),
      },
    ],
    mappings: options.mappings,
    // Moving hundreds of people at once is what is measured.
    write: { guard: 'off' },
    // Both, whichever is connected: the example journeys use words that only one of the CRMs has.
    fieldMaps: ['mappings/fields/hubspot.yaml', 'mappings/fields/salesforce.yaml'],
  });
  const app = await openApp({
    config: finish(config, null, packageRoot(), {}),
    clock: systemClock,
    random: Math.random,
    log: createLog({}, 'warn'),
  });
  const { signal } = new AbortController();
  const [connection] = app.connections;
  if (connection === undefined) throw new Error('the scene has no connection');
  return {
    app,
    connection: connection.id,
    async run(kind) {
      const result = await app.run({ kind, progress: silentProgress, signal });
      if (result.exit !== 0)
        throw new Error(`a ${kind} of the benchmark failed: ${JSON.stringify(result.summary)}`);
      return result;
    },
    async provision() {
      const { results } = await provisionConnection(app, connection, false, signal);
      const failed = results?.find((result) => !result.ok);
      if (failed !== undefined) throw new Error(`provisioning failed: ${failed.message}`);
    },
    fields() {
      const { mappings } = app.mappings;
      return Object.fromEntries(
        TYPES[options.crm].map((type) => [type, requestedFields(mappings, connection.fieldMap, type)]),
      );
    },
    async counts() {
      return Object.fromEntries(
        (await app.store.records.counts()).map(({ type, records }) => [type, records]),
      );
    },
    async close() {
      await app.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Fields of the CRM that these mappings ask for, by type. */
export async function fieldsOf(
  { crm, url, token }: Pick<SceneOptions, 'crm' | 'url' | 'token'>,
  mappings: readonly string[],
): Promise<Readonly<Record<string, readonly string[]>>> {
  const scene = await openScene({ crm, url, token, mappings });
  try {
    return scene.fields();
  } finally {
    await scene.close();
  }
}
