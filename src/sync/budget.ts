import type { AccountInfo, Connection } from '../connector/port.ts';
import { WaystageError } from '../model/errors.ts';
import type { ConnectionId } from '../model/record.ts';
import type { RunStore, StoredRun } from '../store/port.ts';

/** Shares of the CRM's daily quota, in [0,1]. */
export interface BudgetConfig {
  /** What Waystage may use in 24 hours; absent: all but the reserve. */
  readonly dailyShare?: number;
  /** What is never touched; absent: `RESERVE`. */
  readonly reserve?: number;
}

/** Kept for signing in, webhooks, and the other tools of the account. */
export const RESERVE = 0.05;

const DAY = 24 * 3_600_000;
/** More runs in a day than any schedule makes. */
const MOST_RUNS = 2_000;
/** Among so many there is one of each kind. */
const FEW_RUNS = 20;

/** What a connection may still use of its CRM's daily quota in this run. */
export interface Budget {
  readonly dailyLimit: number | null;
  readonly dailyRemaining: number | null;
  /** Requests this run may make; null: the CRM tells of no quota. */
  readonly allowed: number | null;
  /** Requests the last run of this kind made; null: there was none. */
  readonly forecast: number | null;
  /** Requests left of `allowed`; infinite without a quota. */
  left(): number;
}

/**
 * Works the budget out once the account has been asked: the smaller of the share not used in the last 24 hours and
 * what the CRM has left above the reserve.
 */
export async function budgetOf(
  connection: Connection,
  account: AccountInfo,
  config: BudgetConfig,
  runs: RunStore,
  kind: string,
  now: number,
): Promise<Budget> {
  const { dailyLimit, dailyRemaining } = account;
  const began = connection.usage.requests;
  const unknown = dailyLimit === null && dailyRemaining === null;
  const recent = unknown ? [] : await runs.list(config.dailyShare === undefined ? FEW_RUNS : MOST_RUNS);
  const limits: number[] = [];
  if (dailyLimit !== null && config.dailyShare !== undefined) {
    const used = recent
      .filter((run) => run.started > now - DAY)
      .reduce((sum, run) => sum + requestsOf(run, connection.id), 0);
    limits.push(config.dailyShare * dailyLimit - used);
  }
  if (dailyRemaining !== null)
    limits.push(dailyRemaining - (config.reserve ?? RESERVE) * (dailyLimit ?? dailyRemaining));
  const allowed = limits.length === 0 ? null : Math.max(0, Math.floor(Math.min(...limits)));
  const last = recent.find((run) => run.kind === kind && requestsOf(run, connection.id) > 0);
  return {
    dailyLimit,
    dailyRemaining,
    allowed,
    forecast: last === undefined ? null : requestsOf(last, connection.id),
    left: () => (allowed === null ? Number.POSITIVE_INFINITY : began + allowed - connection.usage.requests),
  };
}

/** Throws `crm_quota` when nothing is left: what was stored stays, and the next run goes on from there. */
export function insistOnBudget(connection: ConnectionId, budget: Budget): void {
  if (budget.left() > 0) return;
  throw new WaystageError(
    'crm_quota',
    `The ${budget.allowed} requests this run may make of the daily quota of ${connection} (${budget.dailyLimit ?? 'unknown'}, ${budget.dailyRemaining ?? 'unknown'} left when it began) are used. The next run goes on from here; \`budget.dailyShare\` and \`budget.reserve\` of the connection set the limit.`,
  );
}

function requestsOf(run: StoredRun, connection: ConnectionId): number {
  const summary = run.summary as { connections?: Record<string, { requests?: unknown }> } | null;
  const requests = summary?.connections?.[connection]?.requests;
  return typeof requests === 'number' ? requests : 0;
}
