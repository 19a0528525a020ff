import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type App, openApp } from '../app/app.ts';
import { createLog } from '../app/log.ts';
import { EXAMPLE_MAPPINGS, packageRoot } from '../app/package-root.ts';
import { type Sandboxes, startSandboxes } from '../app/sandboxes.ts';
import { startStatus } from '../app/web.ts';
import { finish, type ResolvedConfig } from '../config/resolve.ts';
import { Config } from '../config/schema.ts';
import { systemClock } from '../model/clock.ts';
import { WaystageError } from '../model/errors.ts';
import type { RunSummary } from '../sync/summary.ts';
import { summaryLines } from '../terminal/summary.ts';
import { pad, plural, wrap } from '../terminal/text.ts';
import { type CommandContext, type ExitStatus, print, remark } from './context.ts';
import { type Matches, matchLines, readMatches } from './matches.ts';
import { provisionConnection } from './provision.ts';
import { untilAborted } from './sandbox.ts';
import { journeyLabels, runWithProgress } from './sync.ts';

export interface DemoOptions {
  readonly once: boolean;
  readonly contacts: number;
  readonly seed: number;
  /** Of the status page; undefined: 4000, or any free one when that is taken. */
  readonly port: number | undefined;
}

/**
 * `demo`: both sandboxes with an invented company, the fields provisioned, two syncs at one instant, the status page
 * until Ctrl-C. The second sync shows that nothing is left to do.
 */
export async function demo(context: CommandContext, options: DemoOptions): Promise<ExitStatus> {
  const folder = mkdtempSync(join(tmpdir(), 'waystage-demo-'));
  const closing: (() => Promise<void>)[] = [async () => rmSync(folder, { recursive: true, force: true })];
  try {
    remark(
      context,
      `Starting a HubSpot and a Salesforce sandbox with ${plural(options.contacts, 'contact')} of an invented company.`,
    );
    const sandboxes = await startSandboxes({ ...options, clock: systemClock, latencyMs: 0, ports: {} });
    closing.unshift(() => sandboxes.close());
    const config = demoConfig(sandboxes, folder, options, context);
    const app = await openApp({
      config,
      clock: systemClock,
      random: Math.random,
      log: createLog(context.env, 'warn'),
    });
    closing.unshift(() => app.close());
    for (const connection of app.connections) {
      const { steps } = await provisionConnection(app, connection, false, context.signal);
      remark(context, `Provisioned ${connection.connector.label}: ${plural(steps.length, 'step')}.`);
    }
    const now = systemClock.now();
    const first = await runWithProgress(context, app, 'sync', { full: false, connection: undefined, now });
    remark(context, 'Once more at the same instant: nothing should be left to do.');
    const second = await runWithProgress(context, app, 'sync', { full: false, connection: undefined, now });
    const web = await startStatus(app, { port: options.port ?? 4000, orAnyFree: options.port === undefined });
    closing.unshift(() => web.close());
    const matches = await readMatches(app.store, app.connections);
    const document = {
      url: web.url,
      sandboxes: addresses(sandboxes),
      first: first.summary,
      second: second.summary,
      ...matches,
    };
    print(context, document, () => [
      ...story(context, app, first.summary, second.summary, matches),
      '',
      ...(options.once ? [] : addressLines(app, web.url, sandboxes)),
    ]);
    if (!options.once) {
      remark(context, 'Ctrl-C ends the demo; nothing of it is kept.');
      await untilAborted(context.signal);
    }
    return Math.max(first.exit, second.exit) as ExitStatus;
  } catch (error) {
    if (!context.signal.aborted) throw error;
    throw new WaystageError('stopped', 'Stopped. Nothing of the demo is kept.', { cause: error });
  } finally {
    for (const close of closing) await close();
  }
}

function demoConfig(
  sandboxes: Sandboxes,
  folder: string,
  options: DemoOptions,
  context: CommandContext,
): ResolvedConfig {
  const config = Config.parse({
    database: `sqlite:${join(folder, 'demo.db')}`,
    connections: Object.entries(sandboxes.all).map(([id, { url, token }]) => ({
      id,
      connector: id,
      auth: { kind: 'token', token },
      baseUrl: url,
      sandbox: true,
    })),
    mappings: EXAMPLE_MAPPINGS,
    server: { port: options.port ?? 4000 },
  });
  // The demo never touches the database or the port of a real installation.
  const { WAYSTAGE_DATABASE_URL: _, PORT: __, ...env } = context.env;
  return finish(config, null, packageRoot(), env);
}

function addressLines(app: App, url: string, sandboxes: Sandboxes): readonly string[] {
  const rows = Object.entries(sandboxes.all).map(([id, sandbox]) => [
    `${app.connections.find((connection) => connection.id === id)?.connector.label ?? id} sandbox`,
    sandbox.url,
  ]);
  const all = [['Status page', url], ...rows, ['All that was written', '/__sandbox/writes of each sandbox']];
  return all.map(([name = '', where = '']) => `${pad(name, 20)}  ${where}`);
}

function addresses(sandboxes: Sandboxes): Readonly<Record<string, { url: string; token: string }>> {
  return Object.fromEntries(
    Object.entries(sandboxes.all).map(([id, { url, token }]) => [id, { url, token }]),
  );
}

function story(
  context: CommandContext,
  app: App,
  first: RunSummary,
  second: RunSummary,
  matches: Matches,
): readonly string[] {
  const { width } = context.streams;
  const again =
    second.writes.fields === 0 && second.transitions === 0
      ? 'The second sync found everything as it should be: no field written, no stage changed.'
      : `The second sync still wrote ${plural(second.writes.fields, 'field')} and changed ${plural(second.transitions, 'stage')}: that should not be. Please report it.`;
  return [
    ...summaryLines(first, 'sync', journeyLabels(app), width),
    '',
    ...wrap(again, width),
    ...matchLines(matches, width, 5),
  ];
}
