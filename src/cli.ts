import { Command, CommanderError, Option } from 'commander';
import { type App, openApp, openStore } from './app/app.ts';
import { createLog } from './app/log.ts';
import { check, insistOnConfig } from './commands/check.ts';
import { connections } from './commands/connections.ts';
import { type CommandContext, type ExitStatus, wholeNumber } from './commands/context.ts';
import { demo } from './commands/demo.ts';
import { explain } from './commands/explain.ts';
import { fields } from './commands/fields.ts';
import { history } from './commands/history.ts';
import { init } from './commands/init.ts';
import { matches } from './commands/matches.ts';
import { pause } from './commands/pause.ts';
import { plan } from './commands/plan.ts';
import { provision } from './commands/provision.ts';
import { run, runs } from './commands/runs.ts';
import { sandbox } from './commands/sandbox.ts';
import { serve } from './commands/serve.ts';
import { sync } from './commands/sync.ts';
import { type ResolvedConfig, resolveConfig } from './config/resolve.ts';
import { systemClock } from './model/clock.ts';
import { isWaystageError, WaystageError } from './model/errors.ts';
import type { Fate, Store } from './store/port.ts';
import { findSubject, namedBy } from './sync/find-subject.ts';
import { outliveReaders, STOPPED, stopBySignal } from './terminal/signals.ts';
import { processStreams } from './terminal/streams.ts';

const FATES: readonly Fate[] = ['applied', 'ignored', 'failed'];

/** Runs one command line; resolves with the exit status. */
export async function main(argv: readonly string[], signal: AbortSignal): Promise<ExitStatus> {
  const streams = processStreams();
  let status: ExitStatus = 0;
  const program = new Command('waystage')
    .description('Journey stage and customer health as code, kept true in HubSpot and Salesforce.')
    .option('--config <file>', 'configuration file (default: config/waystage.yaml)')
    .option('--json', 'print one JSON document as the result')
    .option('--quiet', 'no progress and no remarks')
    .showHelpAfterError('(waystage --help lists the commands)')
    .exitOverride()
    .configureOutput({ writeOut: streams.out, writeErr: streams.err });

  const contextOf = (command: Command): CommandContext => {
    const options = command.optsWithGlobals<{ config?: string; json?: boolean; quiet?: boolean }>();
    let resolved: ResolvedConfig | undefined;
    return {
      streams,
      env: process.env,
      folder: process.cwd(),
      json: options.json === true,
      quiet: options.quiet === true,
      configFile: options.config,
      signal,
      config: () => {
        resolved ??= resolveConfig(options.config, process.env, process.cwd());
        return resolved;
      },
    };
  };
  const withStore = async (
    context: CommandContext,
    work: (store: Store) => Promise<ExitStatus>,
  ): Promise<ExitStatus> => {
    const store = await openStore(context.config());
    try {
      return await work(store);
    } finally {
      await store.close();
    }
  };
  const withApp = async (
    context: CommandContext,
    work: (app: App) => Promise<ExitStatus>,
  ): Promise<ExitStatus> => {
    const log = createLog(context.env, 'warn');
    insistOnConfig(context.config());
    const app = await openApp({ config: context.config(), clock: systemClock, random: Math.random, log });
    try {
      return await work(app);
    } finally {
      await app.close();
    }
  };
  /** A command with the options all have, whose action gives the exit status. */
  const add = (
    name: string,
    text: string,
    shape: (command: Command) => Command,
    action: (
      context: CommandContext,
      args: readonly string[],
      options: Record<string, string | boolean | undefined>,
    ) => Promise<ExitStatus>,
  ): void => {
    const command = shape(new Command(name.split(' ')[0]).description(text))
      .addOption(new Option('--config <file>').hideHelp())
      .addOption(new Option('--json').hideHelp())
      .addOption(new Option('--quiet').hideHelp())
      .exitOverride()
      .configureOutput({ writeOut: streams.out, writeErr: streams.err });
    for (const argument of name.split(' ').slice(1)) command.argument(argument);
    command.action(async (...given: unknown[]) => {
      const self = given[given.length - 1] as Command;
      status = await action(contextOf(self), self.args, self.opts());
    });
    program.addCommand(command);
  };
  const number = (
    options: Record<string, unknown>,
    key: string,
    flag: string,
    min: number,
    max: number,
  ): number | undefined =>
    typeof options[key] === 'string' ? wholeNumber(flag, options[key], min, max) : undefined;
  const text = (value: string | boolean | undefined): string | undefined =>
    typeof value === 'string' ? value : undefined;

  add(
    'demo',
    'try it without an account: both sandboxes, two syncs, the status page',
    (command) =>
      command
        .option('--once', 'end after the two syncs')
        .option('--contacts <n>', 'HubSpot contacts in the story', '2000')
        .option('--seed <n>', 'another story', '1')
        .option('--port <n>', 'port of the status page'),
    (context, _args, options) =>
      demo(context, {
        once: options['once'] === true,
        contacts: number(options, 'contacts', '--contacts', 1, 1_000_000) ?? 2000,
        seed: number(options, 'seed', '--seed', 0, 2 ** 31) ?? 1,
        port: number(options, 'port', '--port', 0, 65_535),
      }),
  );
  add(
    'sandbox',
    'start the HubSpot and Salesforce sandboxes only',
    (command) =>
      command
        .option('--contacts <n>', 'HubSpot contacts in the story', '2000')
        .option('--seed <n>', 'another story', '1')
        .option('--hubspot-port <n>', 'port of the HubSpot sandbox (default: any free one)')
        .option('--salesforce-port <n>', 'port of the Salesforce sandbox (default: any free one)')
        .option('--latency <ms>', 'milliseconds added to every answer', '0')
        .option('--faults <file>', 'YAML or JSON list of faults, each as `POST /__sandbox/fault` takes it'),
    (context, _args, options) =>
      sandbox(context, {
        contacts: number(options, 'contacts', '--contacts', 1, 1_000_000) ?? 2000,
        seed: number(options, 'seed', '--seed', 0, 2 ** 31) ?? 1,
        faults: text(options['faults']),
        latencyMs: number(options, 'latency', '--latency', 0, 60_000) ?? 0,
        ports: {
          hubspot: number(options, 'hubspotPort', '--hubspot-port', 0, 65_535) ?? 0,
          salesforce: number(options, 'salesforcePort', '--salesforce-port', 0, 65_535) ?? 0,
        },
      }),
  );
  add('init', 'write a commented configuration and starter mappings', same, (context) => init(context));
  add('check', 'check configuration and mappings, offline', same, (context) => check(context));
  add(
    'provision',
    'create the Waystage fields in the CRMs',
    (command) => command.option('--plan', 'only show what is missing'),
    (context, _args, options) => withApp(context, (app) => provision(context, app, options['plan'] === true)),
  );
  add('pull', 'read the CRMs, judge and write nothing', pulling, (context, _args, options) =>
    withApp(context, (app) =>
      sync(context, app, 'pull', { full: options['full'] === true, connection: text(options['connection']) }),
    ),
  );
  add(
    'plan',
    'what a sync would write, with reasons and requests',
    (command) => pulling(command).option('--out <file>', 'save the plan as JSON'),
    (context, _args, options) =>
      withApp(context, (app) =>
        plan(context, app, {
          out: text(options['out']),
          full: options['full'] === true,
          connection: text(options['connection']),
        }),
      ),
  );
  add(
    'sync',
    'pull, resolve, place, plan and write',
    (command) =>
      pulling(command)
        .option('--reconcile', 'compare with a full reading: deletes, archives, merges, associations')
        .option('--approve', 'let pass what the guard kept for approval, and nothing else')
        .option('--retry', 'try again what a CRM refused for good'),
    (context, _args, options) =>
      withApp(context, (app) =>
        sync(context, app, 'sync', {
          full: options['full'] === true,
          reconcile: options['reconcile'] === true,
          approve: options['approve'] === true,
          retry: options['retry'] === true,
          connection: text(options['connection']),
        }),
      ),
  );
  add('explain <subject>', 'why this stage, why not the next, what moved the health', same, (context, args) =>
    withApp(context, (app) => explain(context, app, args[0] ?? '')),
  );
  add('history <subject>', 'visits and health over time', same, (context, args) =>
    withApp(context, async (app) =>
      history(context, app.store, await findSubject(app.store, args[0] ?? '', namedBy(app.connections))),
    ),
  );
  add('matches', 'ambiguous and merged records with their reasons', same, (context) =>
    withApp(context, (app) => matches(context, app.store, app.connections)),
  );
  add(
    'runs',
    'the run log',
    (command) => command.option('--limit <n>', 'runs to list', '20'),
    (context, _args, options) =>
      withStore(context, (store) => runs(context, store, number(options, 'limit', '--limit', 1, 10_000))),
  );
  add(
    'run <id>',
    'one run: what you should know, and the fate of its records (`last`: the newest)',
    (command) =>
      command
        .option('--fate <fate>', `only records that were ${FATES.join(', ')}`)
        .option('--limit <n>', 'records to list', '50'),
    (context, args, options) =>
      withStore(context, (store) => {
        const fate = text(options['fate']);
        if (fate !== undefined && !FATES.includes(fate as Fate)) {
          throw new WaystageError('usage', `--fate is \`${fate}\`; expected one of ${FATES.join(', ')}.`);
        }
        const limit = number(options, 'limit', '--limit', 1, 1_000_000) ?? 50;
        return run(
          context,
          store,
          args[0] ?? '',
          fate === undefined ? { limit } : { limit, fate: fate as Fate },
        );
      }),
  );
  add('connections', 'what is connected and how it was at the last contact', same, (context) =>
    withApp(context, (app) => connections(context, app)),
  );
  add(
    'pause [connection]',
    'stop writing, to one connection or to all; reading goes on',
    same,
    (context, args) => withApp(context, (app) => pause(context, app, 'pause', args[0])),
  );
  add('resume [connection]', 'restart writing', same, (context, args) =>
    withApp(context, (app) => pause(context, app, 'resume', args[0])),
  );
  add(
    'fields <connection>',
    "the CRM's fields with fill rate, distinct values and freshness",
    (command) => command.option('--type <type>', 'only this object type'),
    (context, args, options) =>
      withApp(context, (app) => fields(context, app, args[0] ?? '', text(options['type']))),
  );
  add(
    'serve',
    'the status page, the health checks and the schedules',
    (command) => command.option('--port <n>', 'port of the status page (default: PORT or 4000)'),
    (context, _args, options) =>
      withApp(context, (app) =>
        serve(context, app, createLog(context.env, 'info'), {
          port: number(options, 'port', '--port', 0, 65_535),
        }),
      ),
  );

  try {
    await program.parseAsync([...argv], { from: 'user' });
    return status;
  } catch (error) {
    const failed = failure(error, signal);
    if (failed === null) return error instanceof CommanderError && error.exitCode === 0 ? 0 : 2;
    streams.err(`${failed.message}\n`);
    if (argv.includes('--json'))
      streams.out(`${JSON.stringify({ error: { code: failed.code, message: failed.message } })}\n`);
    return failed.status;
  }
}

function same(command: Command): Command {
  return command;
}

function pulling(command: Command): Command {
  return command
    .option('--full', 'read everything again instead of what changed')
    .option('--connection <id>', 'only this connection');
}

interface Failure {
  readonly code: string;
  readonly message: string;
  readonly status: ExitStatus;
}

/** What went wrong in words, a stack only with debug logs; null when the parser of the command line has said it. */
function failure(error: unknown, signal: AbortSignal): Failure | null {
  if (error instanceof CommanderError) return null;
  if (isWaystageError(error)) {
    return { code: error.code, message: error.message, status: error.exitStatus };
  }
  if (signal.aborted) return { code: 'stopped', message: STOPPED, status: 1 };
  const { name, message, stack } = error as Error;
  const trace = process.env['WAYSTAGE_LOG_LEVEL'] === 'debug' ? `\n${stack}` : '';
  return {
    code: 'internal',
    message: `Something went wrong that Waystage did not expect: ${name}: ${message}\nPlease report it.${trace}`,
    status: 1,
  };
}

outliveReaders();
process.exitCode = await main(process.argv.slice(2), stopBySignal());
