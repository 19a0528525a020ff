import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from '@jest/globals';
import type { Company } from './company.ts';
import type { KillOrder } from './run-until-killed.ts';

/** A run in a process of its own that is killed at the point it is told. */
export async function killedRun(company: Company, what: Omit<KillOrder, 'config' | 'time'>): Promise<void> {
  const script = fileURLToPath(new URL('./run-until-killed.ts', import.meta.url));
  const order: KillOrder = { ...what, config: company.config(), time: company.time };
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', script, JSON.stringify(order)],
    {
      // Parsed once, not twenty times.
      env: {
        ...process.env,
        NODE_OPTIONS: '',
        NODE_COMPILE_CACHE: join(tmpdir(), 'waystage-test-compile-cache'),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (part) => {
      said += part;
    });
  const signal = await new Promise<NodeJS.Signals | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (_code, by) => resolve(by));
  });
  expect({ signal, said }).toEqual({ signal: 'SIGKILL', said: '' });
}
