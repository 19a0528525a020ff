import type { App } from '../app/app.ts';
import { startStatus } from '../app/web.ts';
import type { ConnectorLog } from '../connector/port.ts';
import { createZone } from '../mapping/index.ts';
import { WaystageError } from '../model/errors.ts';
import { type Cron, parseCron } from '../queue/cron.ts';
import { runSchedules, type Scheduled } from '../queue/scheduler.ts';
import { silentProgress } from '../sync/session.ts';
import { exitStatus } from '../sync/summary.ts';
import { type CommandContext, type ExitStatus, print, remark } from './context.ts';
import { untilAborted } from './sandbox.ts';

/** How often changed mapping files are looked for. */
const RELOAD_MS = 2_000;

export interface ServeOptions {
  readonly port: number | undefined;
}

/** `serve`: the status page, the health checks, and the schedules of the connections, until SIGINT or SIGTERM. */
export async function serve(
  context: CommandContext,
  app: App,
  log: ConnectorLog,
  options: ServeOptions,
): Promise<ExitStatus> {
  const state: { problem: string | null } = { problem: null };
  const web = await startStatus(app, {
    port: options.port ?? app.config.server.port,
    orAnyFree: false,
    mappings: () => app.mappings.mappings,
    mappingProblem: () => state.problem,
  });
  const jobs = scheduledSyncs(app, log, context.signal);
  print(context, { url: web.url, schedules: jobs.map(({ name }) => name) }, () => [
    `Waystage serves on ${web.url}`,
  ]);
  if (jobs.length === 0) remark(context, 'No connection has a `schedule`; nothing is synced by itself.');
  await Promise.all([
    runSchedules(jobs, app.store.schedules, app.clock, context.signal),
    watchMappings(app, log, state, context.signal),
    untilAborted(context.signal),
  ]);
  await web.close();
  return 0;
}

/** One job a connection; a failure is in the run log and never ends the server. */
function scheduledSyncs(app: App, log: ConnectorLog, signal: AbortSignal): readonly Scheduled[] {
  const zone = createZone(app.config.timezone);
  return app.config.connections.flatMap((connection) => {
    if (connection.schedule === undefined) return [];
    const cron = cronOf(connection.schedule);
    const run = async (): Promise<void> => {
      try {
        const result = await app.run({ kind: 'sync', progress: silentProgress, signal });
        log.info({ run: result.summary.run, exit: exitStatus(result.summary) }, 'scheduled sync ended');
      } catch (error) {
        log.warn({ code: (error as { code?: unknown }).code ?? 'unknown' }, 'scheduled sync failed');
      }
    };
    return [{ name: `sync ${connection.id}`, cron, zone, run }];
  });
}

function cronOf(text: string): Cron {
  const parsed = parseCron(text);
  if ('cron' in parsed) return parsed.cron;
  throw new WaystageError('config_invalid', parsed.problem);
}

/** A changed mapping is taken when it is good; a wrong one is shown, and the last good one stays in use. */
async function watchMappings(
  app: App,
  log: ConnectorLog,
  state: { problem: string | null },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await app.clock.sleep(RELOAD_MS, signal);
    } catch {
      return;
    }
    const problem = await app.reload();
    if (problem !== null && problem !== state.problem)
      log.warn({ problem }, 'mappings have errors; the last good ones stay in use');
    state.problem = problem;
  }
}
