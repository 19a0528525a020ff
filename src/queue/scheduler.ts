import type { Zone } from '../mapping/zone.ts';
import type { Clock } from '../model/clock.ts';
import type { ScheduleStore } from '../store/port.ts';
import type { Cron } from './cron.ts';

/** Ticks are only a look at the stored due time, so a coarse one is enough. */
const TICK_MS = 5_000;

export interface Scheduled {
  readonly name: string;
  readonly cron: Cron;
  readonly zone: Zone;
  /** Never rejects: a failed job is in the run log, and the next tick comes all the same. */
  run(): Promise<void>;
}

/**
 * Runs jobs when their stored due time has come, one after the other, until the signal fires. After a stop of any
 * length a job is caught up once, not once per missed tick. The next due time is stored before the job runs, so a
 * crash does not run it in a loop.
 */
export async function runSchedules(
  jobs: readonly Scheduled[],
  store: ScheduleStore,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    for (const job of jobs) {
      if (signal.aborted) return;
      await tick(job, store, clock);
    }
    try {
      await clock.sleep(TICK_MS, signal);
    } catch {
      return;
    }
  }
}

async function tick(job: Scheduled, store: ScheduleStore, clock: Clock): Promise<void> {
  const now = clock.now();
  const stored = await store.get(job.name);
  const next = job.cron.next(now, job.zone);
  if (next === null) return;
  if (stored === null) {
    await store.set({ name: job.name, nextDue: next });
    return;
  }
  if (stored.nextDue > now) {
    // The expression was changed to something sooner.
    if (next < stored.nextDue) await store.set({ name: job.name, nextDue: next });
    return;
  }
  await store.set({ name: job.name, nextDue: next });
  await job.run();
}
