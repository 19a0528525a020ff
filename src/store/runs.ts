import type { RecordKey } from '../model/record.ts';
import type { Fence } from './fence.ts';

export type Fate = 'applied' | 'ignored' | 'failed';

/** What happened to one record in a run; `reason` is a short word (`unchanged`, `own_write`, `refused`). */
export interface RecordFate extends RecordKey {
  readonly fate: Fate;
  readonly reason: string | null;
  readonly message: string | null;
}

export type RunStatus = 'running' | 'done' | 'partial' | 'failed' | 'interrupted';

export interface StoredRun {
  readonly id: string;
  readonly kind: string;
  readonly status: RunStatus;
  readonly started: number;
  readonly ended: number | null;
  /** The instant the run evaluated at. */
  readonly now: number;
  /** The run summary of the contract, as JSON; null while it runs. */
  readonly summary: unknown;
  readonly error: string | null;
}

export interface RunNotice {
  readonly kind: string;
  readonly subject: string | null;
  readonly text: string;
}

export interface RunStore {
  /** Also marks runs left `running` by a killed process as `interrupted`. */
  start(
    run: { readonly id: string; readonly kind: string; readonly started: number; readonly now: number },
    fence: Fence,
  ): Promise<void>;
  finish(
    id: string,
    end: {
      readonly status: RunStatus;
      readonly ended: number;
      readonly summary: unknown;
      readonly error: string | null;
    },
  ): Promise<void>;
  /** What people should know of a run: human edits kept, ambiguous records, bad values. */
  notice(run: string, notices: readonly RunNotice[]): Promise<void>;
  notices(run: string): Promise<readonly RunNotice[]>;
  get(id: string): Promise<StoredRun | null>;
  list(limit: number): Promise<readonly StoredRun[]>;
  fates(
    run: string,
    filter: { readonly fate?: Fate; readonly limit: number },
  ): Promise<readonly RecordFate[]>;
}
