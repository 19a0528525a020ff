import { Command, CommanderError, Option } from 'commander';
import type { CommandContext, ExitStatus } from './commands/context.ts';
import { COMMANDS } from './commands/index.ts';
import { type ResolvedConfig, resolveConfig } from './config/resolve.ts';
import { isWaystageError } from './model/errors.ts';
import { keepHeapSmall } from './terminal/heap.ts';
import { outliveReaders, STOPPED, stopBySignal } from './terminal/signals.ts';
import { processStreams } from './terminal/streams.ts';

/** Runs one command line; resolves with the exit status. */
export async function main(argv: readonly string[], signal: AbortSignal): Promise<ExitStatus> {
  const streams = processStreams();
  const output = { writeOut: streams.out, writeErr: streams.err };
  let status: ExitStatus = 0;
  const program = new Command('waystage')
    .description('Journey stage and customer health as code, kept true in HubSpot and Salesforce.')
    .option('--config <file>', 'configuration file (default: config/waystage.yaml)')
    .option('--json', 'print one JSON document as the result')
    .option('--quiet', 'no progress and no remarks')
    .showHelpAfterError('(waystage --help lists the commands)')
    .exitOverride()
    .configureOutput(output);

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
  for (const spec of COMMANDS) {
    const [name, ...args] = spec.usage.split(' ');
    // The options of all commands are understood behind the command's name too.
    const command = spec
      .shape(new Command(name).description(spec.text))
      .addOption(new Option('--config <file>').hideHelp())
      .addOption(new Option('--json').hideHelp())
      .addOption(new Option('--quiet').hideHelp())
      .exitOverride()
      .configureOutput(output);
    for (const argument of args) command.argument(argument);
    command.action(async (...given: unknown[]) => {
      const self = given[given.length - 1] as Command;
      status = await spec.action(contextOf(self), self.args, self.opts());
    });
    program.addCommand(command);
  }

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

keepHeapSmall();
outliveReaders();
process.exitCode = await main(process.argv.slice(2), stopBySignal());
