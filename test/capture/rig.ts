import { randomUUID } from 'node:crypto';
import { openApp } from '../../src/app/app.ts';
import { packageRoot } from '../../src/app/package-root.ts';
import { finish } from '../../src/config/resolve.ts';
import { Config } from '../../src/config/schema.ts';
import type { Connector } from '../../src/connector/port.ts';
import type { CrmRecord } from '../../src/model/record.ts';
import type { Sandbox, StartSandbox } from '../../src/sandbox/port.ts';
import type { Story } from '../../src/story/index.ts';
import { runSync } from '../../src/sync/run.ts';
import { type ConnectionCounts, silentProgress } from '../../src/sync/session.ts';
import { createJumpClock, type JumpClock } from '../helpers/jump-clock.ts';
import { NOW } from './crowd.ts';

const QUIET = { debug: () => undefined, info: () => undefined, warn: () => undefined };

/** A sandbox with a story made for a test, and runs that read some of its types into a store in memory. */
export interface CaptureRig {
  readonly sandbox: Sandbox;
  readonly clock: JumpClock;
  /** One run of kind `pull`; throws when anything went wrong in it. */
  pull(reconcile?: boolean): Promise<ConnectionCounts>;
  stored(type: string): Promise<ReadonlyMap<string, CrmRecord>>;
  control(name: string, body: unknown): Promise<unknown>;
  close(): Promise<void>;
}

export interface CaptureOptions {
  readonly connector: Connector;
  readonly startSandbox: StartSandbox;
  readonly story: Story;
  readonly objects: readonly string[];
  readonly sandbox?: Readonly<Record<string, unknown>>;
  /** Where the connection goes instead of the sandbox. */
  readonly baseUrl?: (sandbox: Sandbox) => Promise<string>;
}

export async function startCaptureRig(options: CaptureOptions): Promise<CaptureRig> {
  const { connector } = options;
  const clock = createJumpClock(NOW);
  const sandbox = await options.startSandbox({ story: options.story, clock, port: 0, ...options.sandbox });
  const other = connector.id === 'hubspot' ? 'salesforce' : 'hubspot';
  const app = await openApp({
    config: finish(
      Config.parse({
        database: 'sqlite::memory:',
        connections: [
          {
            id: connector.id,
            connector: connector.id,
            auth: { kind: 'token', token: sandbox.token },
            baseUrl: (await options.baseUrl?.(sandbox)) ?? sandbox.url,
            sandbox: true,
            objects: options.objects,
          },
          // The mappings read fields of both CRMs; this one is never called.
          {
            id: other,
            connector: other,
            auth: { kind: 'token', token: 'unused' },
            baseUrl: 'http://127.0.0.1:9',
            sandbox: true,
          },
        ],
        mappings: ['test/model/journeys/accounts.yaml', 'test/model/journeys/people.yaml'],
      }),
      null,
      packageRoot(),
      {},
    ),
    clock,
    random: () => 0.5,
    log: QUIET,
  });
  const connection = app.connections.find(({ id }) => id === (connector.id as string))!;
  return {
    sandbox,
    clock,
    async pull(reconcile = false) {
      const { summary, exit } = await runSync({
        kind: 'pull',
        store: app.store,
        connections: [connection],
        mappings: app.mappings.mappings,
        mappingTexts: app.mappings.texts,
        now: clock.now(),
        clock,
        newId: randomUUID,
        holder: 'test',
        holderAlive: () => false,
        signal: new AbortController().signal,
        progress: silentProgress,
        full: false,
        reconcile,
        manualEdits: 'ask',
        unlink: [],
      });
      if (exit !== 0) throw new Error(JSON.stringify(summary.problems));
      return summary.connections[connector.id]!;
    },
    async stored(type) {
      const records = new Map<string, CrmRecord>();
      for await (const chunk of app.store.records.scan(connection.id, type))
        for (const record of chunk) records.set(record.id, record);
      return records;
    },
    async control(name, body) {
      const answer = await fetch(`${sandbox.url}/__sandbox/${name}`, {
        method: 'POST',
        body: JSON.stringify(body),
      });
      const json: unknown = await answer.json();
      if (!answer.ok) throw new Error(`${name}: ${JSON.stringify(json)}`);
      return json;
    },
    async close() {
      await app.close();
      await sandbox.close();
    },
  };
}
