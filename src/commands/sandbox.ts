import { resolve } from 'node:path';
import { startSandboxes } from '../app/sandboxes.ts';
import { systemClock } from '../model/clock.ts';
import { WaystageError } from '../model/errors.ts';
import { type CommandContext, type ExitStatus, remark } from './context.ts';

export interface SandboxCommandOptions {
  readonly contacts: number;
  readonly seed: number;
  readonly latencyMs: number;
  readonly ports: Readonly<Record<string, number>>;
  /** A plan of faults, relative to the present folder. */
  readonly faults: string | undefined;
}

/** `sandbox`: starts the stand-ins only; one JSON line when they are ready, then until Ctrl-C. */
export async function sandbox(context: CommandContext, options: SandboxCommandOptions): Promise<ExitStatus> {
  const sandboxes = await start(context, options);
  const line: Record<string, unknown> = {};
  for (const [id, one] of Object.entries(sandboxes.all)) {
    const { close: _, ...address } = one;
    line[id] = address;
  }
  context.streams.out(`${JSON.stringify(line)}\n`);
  remark(context, 'The sandboxes are running. Ctrl-C ends them.');
  await untilAborted(context.signal);
  await sandboxes.close();
  return 0;
}

async function start(
  context: CommandContext,
  { faults, ...options }: SandboxCommandOptions,
): Promise<Awaited<ReturnType<typeof startSandboxes>>> {
  try {
    return await startSandboxes({
      ...options,
      clock: systemClock,
      ...(faults === undefined ? {} : { faultsFile: resolve(context.folder, faults) }),
    });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error;
    throw new WaystageError(
      'usage',
      'The port of a sandbox is taken or not allowed. Choose others with --hubspot-port and --salesforce-port.',
      {
        cause: error,
      },
    );
  }
}

/** Resolves when the signal fires. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
