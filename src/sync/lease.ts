import { WaystageError } from '../model/errors.ts';
import type { Fence } from '../store/port.ts';
import type { SyncOptions } from './session.ts';

const LEASE = 'sync';
/** Long enough for a slow commit, short enough that work goes on soon after a machine is lost. */
const TTL_MS = 15_000;
const RENEW_MS = 5_000;

/**
 * Runs `work` as the only run on this database. A lease left by a dead process is taken over at once; one of a live
 * process means `busy`. The lease is renewed while the work goes on.
 */
export async function withLease<T>(options: SyncOptions, work: (fence: Fence) => Promise<T>): Promise<T> {
  // Two runs of one process (a schedule, a request) must not take each other for the same holder.
  const fence = await acquire(options, `${options.holder}/${options.newId()}`);
  const stop = new AbortController();
  const heartbeat = renew(options, fence, stop.signal);
  try {
    return await work(fence);
  } finally {
    stop.abort();
    await heartbeat;
    await options.store.leases.release(fence);
  }
}

async function acquire(options: SyncOptions, own: string): Promise<Fence> {
  const { leases } = options.store;
  const take = (): Promise<Fence | null> => leases.acquire(LEASE, own, options.clock.now(), TTL_MS);
  const first = await take();
  if (first !== null) return first;
  const holder = await leases.holder(LEASE, options.clock.now());
  if (holder !== null && !options.holderAlive(holder)) await leases.evict(LEASE, holder);
  const second = await take();
  if (second !== null) return second;
  throw new WaystageError(
    'busy',
    'Another run is under way on this database (a schedule of `waystage serve`, or another terminal). ' +
      'Wait until it ends; `waystage runs` shows it.',
  );
}

/** Never rejects: a renewal that fails is found out by the fence at the next commit. */
async function renew(options: SyncOptions, fence: Fence, signal: AbortSignal): Promise<void> {
  try {
    for (;;) {
      await options.clock.sleep(RENEW_MS, signal);
      await options.store.leases.renew(fence, options.clock.now(), TTL_MS);
    }
  } catch {
    // The run ended, or the database is busy; either way the fence decides.
  }
}
