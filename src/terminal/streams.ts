import { createInterface } from 'node:readline/promises';
import { WaystageError } from '../model/errors.ts';

/** Where a command reads from and writes to; tests hand over their own. */
export interface Streams {
  /** The result: text, or with `--json` exactly one JSON document. */
  out(text: string): void;
  /** Progress and logs. */
  err(text: string): void;
  /** Asks a question on a terminal; null when there is nobody to ask. */
  readonly ask: ((question: string) => Promise<string>) | null;
  /** Standard error is a terminal: a progress bar may be drawn. */
  readonly terminal: boolean;
  readonly width: number;
}

/** The process's own streams. */
export function processStreams(): Streams {
  return {
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    ask: process.stdin.isTTY && process.stdout.isTTY ? ask : null,
    terminal: process.stderr.isTTY === true,
    width: Math.max(40, process.stdout.columns ?? process.stderr.columns ?? 80),
  };
}

/** One question. Ctrl-C and Ctrl-D throw `stopped`: waiting on would end the process without a word. */
async function ask(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const gone = new AbortController();
  lines.on('SIGINT', () => gone.abort());
  lines.on('close', () => gone.abort());
  try {
    return (await lines.question(question, { signal: gone.signal })).trim();
  } catch (error) {
    if (!gone.signal.aborted) throw error;
    process.stderr.write('\n');
    throw new WaystageError('stopped', 'Stopped. Nothing was written.', { cause: error });
  } finally {
    lines.close();
  }
}
