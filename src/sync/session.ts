import type { AccountInfo, Connection, Connector, Discovery } from '../connector/port.ts';
import type { FieldMap, Mapping } from '../mapping/types.ts';
import type { Clock } from '../model/clock.ts';
import type { ManualEdits } from '../model/manual-edits.ts';
import type { ConnectionId } from '../model/record.ts';
import type { Fence, RunNotice, Store } from '../store/port.ts';
import type { Budget, BudgetConfig } from './budget.ts';
import type { Approval, Drop, Guard } from './place/guard.ts';
import type { ApplyRequest, LeftOut, RuleSpan } from './write/saved-plan.ts';

/** One configured connection as a run needs it. */
export interface SyncConnection {
  readonly id: ConnectionId;
  readonly connector: Connector;
  readonly fieldMap: FieldMap;
  /** `plan-only`: nothing is written to this CRM. */
  readonly writeMode: 'apply' | 'plan-only';
  /** Written to once a first plan was applied (J23). */
  readonly opensByPlan?: boolean;
  /** Object types to read; null: all the mappings need. */
  readonly objects: readonly string[] | null;
  /** How often a run reads everything again and compares, in milliseconds; null or absent: only when asked. */
  readonly reconcileEvery?: number | null;
  /** How often calculated fields are read again, in milliseconds; null or absent: only with everything else. */
  readonly refreshCalculatedEvery?: number | null;
  readonly budget?: BudgetConfig;
  /** For forecasts; absent: no limit is known. */
  readonly requestsPer10s?: number;
  open(signal: AbortSignal): Connection;
}

/** Rules with the connections as their field maps read them. */
export interface RuleView {
  readonly mappings: readonly Mapping[];
  readonly connections: readonly Pick<SyncConnection, 'id' | 'connector' | 'fieldMap'>[];
}

/** What is known of the rules of a run beside the mappings themselves (J23). */
export interface Rules {
  /** Names the journeys in their versions together. */
  readonly set: string;
  /** All that is needed to load them again. */
  readonly source: string;
  /** Others whose fields are read too: the candidate's beside the active rules, and the other way round. */
  readonly others: readonly RuleView[];
  /** Under `plan`: the rules in force, when those planned with are a candidate. */
  readonly baseline: (RuleView & { readonly connections: readonly SyncConnection[] }) | null;
  /** Rules in the files that wait for a plan while others decide. */
  readonly waiting: { readonly set: string; readonly rolledBack: boolean } | null;
}

/** What is to be undone. */
export interface RollbackRequest {
  readonly run: string;
  /** Only look what would be done. */
  readonly onlyPlan: boolean;
}

/** Told how far a run is; a progress bar on a terminal, nothing in tests. */
export interface Progress {
  phase(name: 'connect' | 'pull' | 'resolve' | 'place' | 'write'): void;
  /** `total` null: not known. `what` names the part: `hubspot contacts`. */
  advance(what: string, done: number, total: number | null): void;
}

export const silentProgress: Progress = { phase: () => undefined, advance: () => undefined };

/** Points in a run at which a test may kill the process; nothing listens in production. */
export type Failpoint =
  | 'run-started'
  | 'page-fetched'
  | 'page-stored'
  | 'history-fetched'
  | 'history-stored'
  | 'pulled'
  | 'resolved'
  | 'placed-chunk'
  | 'placed'
  | 'settled'
  | 'rules-restored'
  | 'write-begun'
  | 'write-sent'
  | 'write-settled';

export interface SyncOptions {
  readonly kind: 'sync' | 'pull' | 'plan' | 'apply' | 'rollback';
  readonly store: Store;
  /** All there are: identity and rules look at every CRM, also when only one is read and written. */
  readonly connections: readonly SyncConnection[];
  /** Read and write this one only; absent: all. */
  readonly only?: ConnectionId;
  readonly mappings: readonly Mapping[];
  /** Texts of the mappings by journey, kept with the version that decided. */
  readonly mappingTexts: Readonly<Record<string, string>>;
  /** What is known of these mappings as the rules in force or a candidate; absent: they take over at once. */
  readonly rules?: Rules;
  /** Under `plan`: from when on the rules of a candidate count; absent: from now on. */
  readonly ruleSpan?: RuleSpan;
  /** The plan to apply, with `kind: apply`. */
  readonly apply?: ApplyRequest;
  /** What to roll back, with `kind: rollback`. */
  readonly rollback?: RollbackRequest;
  /** The instant every rule is evaluated at, epoch milliseconds. */
  readonly now: number;
  readonly clock: Clock;
  /** A new unique text: run ids, ledger entries, lease holders. */
  readonly newId: () => string;
  /** Names this process in the lease; `holderAlive` tells whether the process named there still runs. */
  readonly holder: string;
  readonly holderAlive: (holder: string) => boolean;
  readonly signal: AbortSignal;
  readonly progress: Progress;
  /** Read everything again instead of what changed. */
  readonly full: boolean;
  /** Read everything beside the increments and compare, due or not. */
  readonly reconcile?: boolean;
  /** Read, after everything else, what fields held before, as the CRMs remember it. */
  readonly history?: boolean;
  /** Let pass what the last run kept for approval. */
  readonly approve?: boolean;
  /** Try again what a CRM refused for good. */
  readonly retryRefused?: boolean;
  /** Null: off. Absent: the default. */
  readonly guard?: Guard | null;
  readonly manualEdits: ManualEdits;
  /** Pairs of records (`connection:type:id`) that must never be joined. */
  readonly unlink: readonly (readonly [string, string])[];
  readonly failpoint?: (point: Failpoint) => Promise<void> | void;
}

/** An open connection with what it told about itself. */
export interface OpenConnection {
  readonly config: SyncConnection;
  readonly connection: Connection;
  readonly account: AccountInfo;
  readonly discovery: Discovery;
  readonly budget: Budget;
  /** When the pull of a type began, once it has ended well: what is stored of it is at least as fresh. */
  readonly readAt: Map<string, number>;
}

/** Counts of one connection in a run: `seen` = `applied` + all of `ignored` + `failed`. */
export interface ConnectionCounts {
  seen: number;
  applied: number;
  readonly ignored: Record<string, number>;
  failed: number;
  requests: number;
  rateLimited: number;
}

/** Something that went wrong and did not stop the rest. */
export interface RunProblem {
  readonly connection: ConnectionId | null;
  /** Error code of the model; decides the exit status. */
  readonly code: string;
  readonly exit: 1 | 2 | 3;
  readonly message: string;
}

/** What a full reading found that the increments had not shown. */
export interface Reconciled {
  /** Records read in full. */
  records: number;
  /** Differences by cause: `new`, `missed`, `recent`, `association`, `calculated`, `restored`, `merged`, `archived`,
   *  `purged`. */
  readonly differences: Record<string, number>;
}

/** What was read of one object type's past. */
export interface TypeHistory {
  /** `all` records · the `rest` of a reading that was cut off · the `changes` since the last one. */
  readonly read: 'all' | 'rest' | 'changes';
  /** Records of which something was told. */
  records: number;
  /** Values they had, the present ones with them. */
  values: number;
  /** Fields of records that are told from their creation on, of how many. */
  complete: number;
  fields: number;
  /** Rows that could not be understood. */
  failed: number;
  /** The earliest instant something is known of, epoch milliseconds; null: nothing was told. */
  since: number | null;
  /** Fields that rules read and of which the CRM told no past. */
  untold: readonly string[];
}

/** What a run read of a connection's past. */
export interface HistoryReport {
  requests: number;
  readonly types: Record<string, TypeHistory>;
}

/** The state of one run, shared by its steps. */
export interface Session {
  readonly options: SyncOptions;
  readonly run: string;
  readonly fence: Fence;
  readonly counts: Map<ConnectionId, ConnectionCounts>;
  readonly problems: RunProblem[];
  readonly notices: RunNotice[];
  readonly reconciled: Map<ConnectionId, Reconciled>;
  /** What was read of the CRMs' own histories; empty when none was asked for. */
  readonly history: Map<ConnectionId, HistoryReport>;
  readonly budgets: Map<ConnectionId, Budget>;
  /** Connections whose writing somebody has stopped. */
  readonly paused: ReadonlySet<ConnectionId>;
  /** Connections that a first applied plan has opened for writing. */
  readonly opened: ReadonlySet<ConnectionId>;
  readonly approval: Approval;
  /** Planned values that a fresh read showed to be others. */
  readonly stale: LeftOut[];
  /** What a full reading found gone in numbers that nobody has approved. */
  readonly drops: Drop[];
}

export function countsOf(session: Session, connection: ConnectionId): ConnectionCounts {
  const known = session.counts.get(connection);
  if (known !== undefined) return known;
  const counts: ConnectionCounts = {
    seen: 0,
    applied: 0,
    ignored: {},
    failed: 0,
    requests: 0,
    rateLimited: 0,
  };
  session.counts.set(connection, counts);
  return counts;
}

/** Whether this run writes to the connection. */
export function mayWrite({ options, paused, opened }: Session, connection: ConnectionId): boolean {
  const config = options.connections.find(({ id }) => id === connection);
  if (config === undefined || paused.has(connection)) return false;
  const opens = config.opensByPlan === true && (opened.has(connection) || options.kind === 'apply');
  return config.writeMode === 'apply' || opens;
}

export async function reach(session: Session, point: Failpoint): Promise<void> {
  session.options.signal.throwIfAborted();
  await session.options.failpoint?.(point);
}
