import { readFileSync } from 'node:fs';
import { CONNECTORS } from '../../connectors/index.ts';
import type { Clock } from '../model/clock.ts';
import { WaystageError } from '../model/errors.ts';
import { readFaultPlan } from '../sandbox/fault-plan.ts';
import type { Sandbox } from '../sandbox/port.ts';
import type { Story } from '../story/types.ts';

export interface SandboxesOptions {
  readonly seed: number;
  readonly contacts: number;
  readonly clock: Clock;
  readonly latencyMs: number;
  /** By connector id; 0 or absent: any free port. */
  readonly ports: Readonly<Record<string, number>>;
  /** A plan of faults: a YAML or JSON list of what `POST /__sandbox/fault` takes, each with an optional `sandbox`. */
  readonly faultsFile?: string;
}

export interface Sandboxes {
  readonly story: Story;
  /** By connector id. */
  readonly all: Readonly<Record<string, Sandbox>>;
  close(): Promise<void>;
}

/** Starts the stand-in of every connector, filled from one story, so that the same people are in all. Throws
 *  `usage` for a plan of faults that cannot be read or has errors. */
export async function startSandboxes(options: SandboxesOptions): Promise<Sandboxes> {
  const faults = options.faultsFile === undefined ? {} : readFaults(options.faultsFile);
  // Loaded here: commands that start no sandbox need no story.
  const { createStory } = await import('../story/index.ts');
  const story = createStory({ seed: options.seed, contacts: options.contacts, now: options.clock.now() });
  const all: Record<string, Sandbox> = {};
  const close = async (): Promise<void> => {
    await Promise.all(Object.values(all).map((sandbox) => sandbox.close()));
  };
  try {
    for (const { connector, startSandbox } of CONNECTORS) {
      if (startSandbox === undefined) continue;
      all[connector.id] = await startSandbox({
        story,
        clock: options.clock,
        port: options.ports[connector.id] ?? 0,
        latencyMs: options.latencyMs,
        faults: faults[connector.id] ?? [],
      });
    }
  } catch (error) {
    await close();
    throw isControlError(error) ? planError(options.faultsFile ?? '', error) : error;
  }
  return { story, all, close };
}

function readFaults(file: string): ReturnType<typeof readFaultPlan> {
  try {
    return readFaultPlan(
      readFileSync(file, 'utf8'),
      CONNECTORS.flatMap(({ connector, startSandbox }) => (startSandbox === undefined ? [] : [connector.id])),
    );
  } catch (error) {
    throw planError(file, error);
  }
}

function planError(file: string, error: unknown): WaystageError {
  const reason = error instanceof Error ? error.message : 'it cannot be read';
  return new WaystageError('usage', `The plan of faults ${file} is not usable. ${reason}`, { cause: error });
}

function isControlError(error: unknown): boolean {
  return error instanceof Error && error.name === 'ControlError';
}
