import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hubspot } from '../../connectors/hubspot/index.ts';
import { loadMappings } from '../../src/app/mappings.ts';
import { EXAMPLE_MAPPINGS, packageRoot } from '../../src/app/package-root.ts';
import { finish } from '../../src/config/resolve.ts';
import { Config } from '../../src/config/schema.ts';
import type { Connection, Discovery, FieldInfo, PipelineStage } from '../../src/connector/port.ts';
import { requestedFields } from '../../src/mapping/index.ts';
import { systemClock } from '../../src/model/clock.ts';
import type { ConnectionId, CrmRecord, FieldValue } from '../../src/model/record.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { runSync, type SyncResult } from '../../src/sync/run.ts';
import { type Progress, type SyncConnection, silentProgress } from '../../src/sync/session.ts';
import { ownFieldNames } from '../../src/sync/write/outputs.ts';
import type { Spent } from './measure.ts';

/** A CRM without a network: it hands over what it is given and takes every write. */
export interface QuietCrm {
  /** Handed over by the next run. */
  change(records: readonly CrmRecord[]): void;
  /** A sync at this instant, how many subjects it judged, and what its placing cost: from the choice of subjects to the last planned write. */
  sync(
    now: number,
    full?: boolean,
  ): Promise<{ readonly result: SyncResult; readonly placing: Spent; readonly judged: number }>;
  close(): Promise<void>;
}

export const CRM = 'crm' as ConnectionId;
const STAGES = ['open', 'won', 'lost'] as const;

export async function openQuietCrm(): Promise<QuietCrm> {
  const folder = mkdtempSync(join(tmpdir(), 'waystage-bench-'));
  const store = await openSqliteStore(join(folder, 'bench.db'));
  const config = finish(Config.parse({ mappings: EXAMPLE_MAPPINGS }), null, packageRoot(), {});
  const { mappings, texts, fieldMaps, problems } = loadMappings(config, ['hubspot', 'salesforce']);
  const [problem] = problems.filter(({ severity }) => severity === 'error');
  if (problem !== undefined || mappings.length === 0) throw new Error(problem?.message ?? 'no mapping');
  const fieldMap = fieldMaps.get('hubspot');
  if (fieldMap === undefined) throw new Error('the field map of HubSpot could not be read');
  const discovery = discover();
  const queue = new Map<string, CrmRecord[]>();
  const written = new Map<string, Readonly<Record<string, FieldValue>>>();
  let cursors = 0;
  /** With our own fields as they were written last. */
  const shown = (record: CrmRecord): CrmRecord => {
    const own = Object.fromEntries(ownFieldNames(mappings, hubspot, record.type).map((name) => [name, null]));
    return {
      ...record,
      fields: { ...own, ...written.get(`${record.type} ${record.id}`), ...record.fields },
    };
  };
  const connection: Connection = {
    id: CRM,
    check: async () => ({
      ...{ accountId: 'bench', name: 'Bench', timezone: null, dailyRemaining: null, dailyLimit: null },
    }),
    discover: async () => discovery,
    async *pull({ type }) {
      const waiting = queue.get(type) ?? [];
      queue.delete(type);
      for (let at = 0; at === 0 || at < waiting.length; at += 500) {
        cursors += 1;
        yield {
          records: waiting.slice(at, at + 500).map(shown),
          failed: [],
          cursor: String(cursors),
          done: at + 500 >= waiting.length,
          total: null,
        };
      }
    },
    read: async () => ({ records: [], gone: [] }),
    pastChanges: async () => [],
    async push(type, writes) {
      for (const { id, fields } of writes) {
        const key = `${type} ${id}`;
        written.set(key, { ...written.get(key), ...fields });
      }
      return writes.map(({ id }) => ({ id, outcome: 'written' as const }));
    },
    planProvision: async () => [],
    provision: async () => [],
    usage: { requests: 0, rateLimited: 0, retries: 0, byPurpose: {} },
    close: async () => undefined,
  };
  const connections: readonly SyncConnection[] = [
    { id: CRM, connector: hubspot, fieldMap, writeMode: 'apply', objects: null, open: () => connection },
  ];
  let ids = 0;

  function discover(): Discovery {
    const objects = Object.fromEntries(
      hubspot.capabilities.objectTypes.map(({ name }) => {
        const own = ownFieldNames(mappings, hubspot, name);
        const names = [...requestedFields(mappings, fieldMap!, name), ...own];
        const fields = Object.fromEntries(
          names.map((field): [string, FieldInfo] => [
            field,
            { name: field, label: field, type: 'text', writable: own.includes(field), calculated: false },
          ]),
        );
        return [name, { readable: true, fields }];
      }),
    );
    const stages = STAGES.map(
      (value, order): PipelineStage => ({
        ...{ type: 'deals', field: 'dealstage', pipeline: null, pipelineLabel: null, value, label: value },
        ...{ order, open: value === 'open', won: value === 'won', lost: value === 'lost', probability: null },
      }),
    );
    return { homeCurrency: 'USD', objects, stages, recordUrl: null };
  }

  return {
    change(records) {
      for (const record of records) queue.set(record.type, [...(queue.get(record.type) ?? []), record]);
    },
    async sync(now, full = false) {
      const placing = { cpuMs: 0, wallMs: 0 };
      let begun: { readonly cpu: NodeJS.CpuUsage; readonly wall: number } | null = null;
      let judged = 0;
      const progress: Progress = {
        ...silentProgress,
        advance(what, done) {
          if (what === 'subjects') judged = done;
        },
        phase(name) {
          if (name === 'place') begun = { cpu: process.cpuUsage(), wall: performance.now() };
          if (name !== 'write' || begun === null) return;
          const { user, system } = process.cpuUsage(begun.cpu);
          Object.assign(placing, { cpuMs: (user + system) / 1000, wallMs: performance.now() - begun.wall });
        },
      };
      const result = await runSync({
        ...{ kind: 'sync', store, connections, mappings, mappingTexts: texts, now, full, progress },
        clock: { ...systemClock, now: () => now },
        newId: () => `bench-${++ids}`,
        ...{ holder: 'bench', holderAlive: () => true, signal: new AbortController().signal },
        ...{ guard: null, manualEdits: 'ask', unlink: [] },
      });
      if (result.exit !== 0) throw new Error(`a run failed: ${JSON.stringify(result.summary)}`);
      return { result, placing, judged };
    },
    async close() {
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
