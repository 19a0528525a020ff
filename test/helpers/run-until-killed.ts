// A process of its own that runs a sync and is killed by the system at a point of it: no `finally` runs, nothing is
// flushed, the lease stays. Argument: a `KillOrder` as JSON.
import { openApp } from '../../src/app/app.ts';
import type { ResolvedConfig } from '../../src/config/resolve.ts';
import { type Failpoint, type RollbackRequest, silentProgress } from '../../src/sync/session.ts';
import type { ApplyRequest } from '../../src/sync/write/saved-plan.ts';
import { type SharedTime, sharedClock } from './shared-clock.ts';

export interface KillOrder {
  readonly config: ResolvedConfig;
  readonly time: SharedTime;
  readonly now: number;
  /** Default: a sync. */
  readonly kind?: 'sync' | 'pull' | 'apply' | 'rollback';
  readonly apply?: ApplyRequest;
  readonly rollback?: RollbackRequest;
  readonly history?: boolean;
  readonly point: Failpoint;
  /** The how-manieth time the point is reached. */
  readonly hit: number;
}

const order = JSON.parse(process.argv[2] ?? '') as KillOrder;
const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined };
const app = await openApp({
  config: order.config,
  clock: sharedClock(order.time),
  random: () => 0.5,
  log: quiet,
});
let hits = 0;
await app.run({
  kind: order.kind ?? 'sync',
  history: order.history ?? false,
  ...(order.apply === undefined ? {} : { apply: order.apply }),
  ...(order.rollback === undefined ? {} : { rollback: order.rollback }),
  now: order.now,
  progress: silentProgress,
  signal: new AbortController().signal,
  failpoint: (point) => {
    if (point === order.point) hits += 1;
    if (hits === order.hit) process.kill(process.pid, 'SIGKILL');
  },
});
await app.close();
process.stdout.write(`the run ended; ${order.point} was reached ${hits} times\n`);
