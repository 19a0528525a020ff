import { createInterface } from 'node:readline/promises';
import type { Streams } from '../commands/context.ts';
import { WaystageError } from '../model/errors.ts';

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
