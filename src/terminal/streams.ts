import { createInterface } from 'node:readline/promises';
import type { Streams } from '../commands/context.ts';

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

async function ask(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await lines.question(question)).trim();
  } finally {
    lines.close();
  }
}
