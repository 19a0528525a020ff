import type { Command } from 'commander';
import { type App, openApp, openStore } from '../app/app.ts';
import { createLog } from '../app/log.ts';
import { systemClock } from '../model/clock.ts';
import type { Store } from '../store/port.ts';
import { insistOnConfig } from './check.ts';
import { type CommandContext, type ExitStatus, wholeNumber } from './context.ts';

export type CommandOptions = Readonly<Record<string, string | boolean | undefined>>;

/** One command of the command line. */
export interface CommandSpec {
  /** The name and its arguments: `explain <subject>`. */
  readonly usage: string;
  readonly text: string;
  /** Adds the options only this command has. */
  shape(command: Command): Command;
  action(context: CommandContext, args: readonly string[], options: CommandOptions): Promise<ExitStatus>;
}

export function command(
  usage: string,
  text: string,
  shape: CommandSpec['shape'],
  action: CommandSpec['action'],
): CommandSpec {
  return { usage, text, shape, action };
}

export async function withStore(
  context: CommandContext,
  work: (store: Store) => Promise<ExitStatus>,
): Promise<ExitStatus> {
  const store = await openStore(context.config());
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

export async function withApp(
  context: CommandContext,
  work: (app: App) => Promise<ExitStatus>,
): Promise<ExitStatus> {
  const log = createLog(context.env, 'warn');
  insistOnConfig(context.config());
  const app = await openApp({ config: context.config(), clock: systemClock, random: Math.random, log });
  try {
    return await work(app);
  } finally {
    await app.close();
  }
}

export function number(
  options: CommandOptions,
  key: string,
  flag: string,
  min: number,
  max: number,
): number | undefined {
  const value = options[key];
  return typeof value === 'string' ? wholeNumber(flag, value, min, max) : undefined;
}

export function text(value: string | boolean | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export function same(command: Command): Command {
  return command;
}

export function pulling(command: Command): Command {
  return command
    .option('--full', 'read everything again instead of what changed')
    .option('--connection <id>', 'only this connection');
}
