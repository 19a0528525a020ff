import type { SandboxWrite } from './port.ts';

/** Every field change since the start or the last reset, oldest first. */
export interface WriteLog {
  add(write: SandboxWrite): void;
  all(): readonly SandboxWrite[];
  reset(): void;
}

export function createWriteLog(): WriteLog {
  let writes: SandboxWrite[] = [];
  return {
    add: (write) => {
      writes.push(write);
    },
    all: () => writes,
    reset: () => {
      writes = [];
    },
  };
}
