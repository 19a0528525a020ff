import { expect } from '@jest/globals';
import type { Connection } from '../../src/connector/port.ts';
import { runSync, type SyncResult } from '../../src/sync/run.ts';
import { type SyncConnection, type SyncOptions, silentProgress } from '../../src/sync/session.ts';
import type { RunSummary } from '../../src/sync/summary.ts';
import { type Company, type Crm, NOW } from '../helpers/company.ts';

// biome-ignore lint/suspicious/noExplicitAny: a sandbox's own records
export type Json = any;

/** seen = applied + all of ignored + failed, in every connection of a run. */
export function expectAccounted(summary: RunSummary): void {
  for (const [id, { seen, applied, ignored, failed }] of Object.entries(summary.connections)) {
    const sum = applied + failed + Object.values(ignored).reduce((total, n) => total + n, 0);
    expect({ id, seen }).toEqual({ id, seen: sum });
  }
}

let ids = 0;

/** A run with parts of it exchanged: a connection that loses answers, another holder of the lease. */
export function runWith(
  company: Company,
  changes: Partial<SyncOptions> = {},
  wrap: (connection: Connection, config: SyncConnection) => Connection = (connection) => connection,
): Promise<SyncResult> {
  const { app } = company;
  return runSync({
    kind: 'sync',
    store: app.store,
    connections: app.connections.map((config) => ({
      ...config,
      open: (signal) => wrap(config.open(signal), config),
    })),
    mappings: app.mappings.mappings,
    mappingTexts: app.mappings.texts,
    now: NOW,
    clock: company.clock,
    newId: () => `id-${ids++}`,
    holder: `here/${process.pid}/test`,
    holderAlive: () => true,
    signal: new AbortController().signal,
    progress: silentProgress,
    full: false,
    manualEdits: 'ask',
    unlink: [],
    ...changes,
  });
}

/** A connection that behaves like another but for some methods. */
export function but(connection: Connection, changes: Partial<Connection>): Connection {
  return new Proxy(connection, {
    get(target, name) {
      if (Object.hasOwn(changes, name)) return changes[name as keyof Connection];
      const value = Reflect.get(target, name, target) as unknown;
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

export function notices(
  company: Company,
  result: SyncResult,
): ReturnType<Company['app']['store']['runs']['notices']> {
  return company.app.store.runs.notices(result.summary.run);
}

/** Records of a type that carry a stage of ours, by id. */
export async function staged(company: Company, crm: Crm, type: string): Promise<readonly Json[]> {
  const name = crm === 'hubspot' ? 'waystage_stage' : 'Waystage_Stage__c';
  return (await company.records(crm, type))
    .filter((one) => one.archived !== true && one.IsDeleted !== true && one.IsConverted !== true)
    .map((one) => ({ ...one, id: one.id ?? one.Id, stage: (one.properties ?? one)[name] ?? null }))
    .filter((one) => one.stage !== null);
}
