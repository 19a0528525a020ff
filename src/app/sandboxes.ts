import { CONNECTORS } from '../../connectors/index.ts';
import type { Clock } from '../model/clock.ts';
import type { Sandbox } from '../sandbox/port.ts';
import { createStory } from '../story/index.ts';
import type { Story } from '../story/types.ts';

export interface SandboxesOptions {
  readonly seed: number;
  readonly contacts: number;
  readonly clock: Clock;
  readonly latencyMs: number;
  /** By connector id; 0 or absent: any free port. */
  readonly ports: Readonly<Record<string, number>>;
}

export interface Sandboxes {
  readonly story: Story;
  /** By connector id. */
  readonly all: Readonly<Record<string, Sandbox>>;
  close(): Promise<void>;
}

/** Starts the stand-in of every connector, filled from one story, so that the same people are in all. */
export async function startSandboxes(options: SandboxesOptions): Promise<Sandboxes> {
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
      });
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { story, all, close };
}
