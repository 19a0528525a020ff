import type { ResolvedConfig } from '../config/resolve.ts';
import { WaystageError } from '../model/errors.ts';
import type { Streams } from '../terminal/streams.ts';
import { wrap } from '../terminal/text.ts';

export type ExitStatus = 0 | 1 | 2 | 3;

/** What every command gets. */
export interface CommandContext {
  readonly streams: Streams;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly folder: string;
  readonly json: boolean;
  readonly quiet: boolean;
  /** `--config`. */
  readonly configFile: string | undefined;
  /** Aborted by SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  /** Read and checked at the first call. */
  config(): ResolvedConfig;
}

/** Prints a result: the lines, or with `--json` the document. */
export function print(context: CommandContext, document: unknown, lines: () => readonly string[]): void {
  if (context.json) context.streams.out(`${JSON.stringify(document)}\n`);
  else for (const line of lines()) context.streams.out(`${line}\n`);
}

/** A remark for people; silent with `--quiet`. */
export function remark(context: CommandContext, text: string): void {
  if (context.quiet) return;
  for (const line of wrap(text, context.streams.width)) context.streams.err(`${line}\n`);
}

/** A number option such as `--limit 10`; throws `usage`. */
export function wholeNumber(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new WaystageError(
      'usage',
      `${name} is \`${text}\`; expected a whole number from ${min} to ${max}.`,
    );
  }
  return value;
}
