import type { Coverage } from '../facts/index.ts';
import type { ConnectionId, FieldValue, RecordKey } from '../model/record.ts';
import { shareOf } from './look/replay.ts';
import type { Drop } from './place/guard.ts';
import {
  type ConnectionCounts,
  countsOf,
  type HistoryReport,
  type Reconciled,
  type RunProblem,
  type Session,
} from './session.ts';
import type { ResolvedSubjects } from './subjects/resolve.ts';
import type { ApplySummary } from './write/saved-plan.ts';
import type { WriteTotals } from './write/write-totals.ts';

/** The run summary of the command line's contract. */
export interface RunSummary {
  readonly run: string;
  readonly seconds: number;
  readonly connections: Readonly<Record<string, ConnectionCounts>>;
  readonly subjects: { readonly person: number; readonly account: number; readonly ambiguous: number };
  /** Subjects per stage, by journey; `none` counts those in no stage. */
  readonly stages: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly bands: Readonly<Record<string, number>>;
  readonly transitions: number;
  /** Visits that a late fact corrected. */
  readonly corrected: number;
  /** Of a backfill, by journey: how much of what its rules read of the past is on record; null: they read nothing. */
  readonly backfilled?: Readonly<Record<string, number | null>>;
  readonly writes: {
    readonly records: number;
    readonly fields: number;
    readonly unchanged: number;
    readonly failed: number;
    /** Output fields a person changed in the CRM. */
    readonly manualEdits: number;
    /** Output fields the CRM does not show: not provisioned or no permission. */
    readonly unreadable: number;
    /** Records that wait because the CRM refused them for good and nothing about them changed since. */
    readonly parked: number;
    /** Fields that somebody else keeps changing back: left alone for a day. */
    readonly frozen: number;
  };
  /** Overrides that came from edits in the CRM: adopted, and ended by emptying the field; absent without any. */
  readonly overrides?: { readonly adopted: number; readonly ended: number };
  /** What full readings found, by connection; empty when none was made. */
  readonly reconciled: Readonly<Record<string, Reconciled>>;
  /** What was read of the CRMs' own histories, by connection; absent when none was asked for. */
  readonly history?: Readonly<Record<string, HistoryReport>>;
  /** What the guard found, when it stopped the run. */
  readonly guard: GuardSummary | null;
  /** Connections whose writing is stopped (`waystage pause`). */
  readonly paused: readonly string[];
  /** Daily quotas, by connection; a connection whose CRM tells of none is absent. */
  readonly budgets: Readonly<Record<string, BudgetSummary>>;
  readonly problems: readonly RunProblem[];
  /** Why nothing was judged or written, when that is so. */
  readonly held: string | null;
  /** Rules that changed: they took over with this run, or wait in the files for a plan; absent: neither. */
  readonly rules?: {
    readonly activated: boolean;
    readonly waiting: { readonly set: string; readonly rolledBack: boolean } | null;
  };
  /** What became of a saved plan, under `apply`. */
  readonly applied?: ApplySummary;
  /** What was undone, under `rollback`. */
  readonly rolledBack?: RollbackSummary;
}

/** A field that a rollback left alone. */
export interface Spared extends RecordKey {
  readonly field: string;
  readonly wrote: FieldValue;
  readonly holds: FieldValue;
  /** `edited` by somebody · `rewritten` by a later run · `gone`: the record is live no more. */
  readonly why: 'edited' | 'rewritten' | 'gone';
  /** Who edited it, where the CRM tells; the run that wrote it again. */
  readonly by: string | null;
}

export interface RollbackSummary {
  readonly run: string;
  /** Fields and records that hold again what they held; under `--plan` that would. */
  readonly fields: number;
  readonly records: number;
  /** Fields that did already. */
  readonly already: number;
  readonly spared: readonly Spared[];
  /** The activation that was taken back; null: the run had made none. */
  readonly activation: { readonly from: string; readonly to: string } | null;
  /** Connections whose writing is stopped until `resume`. */
  readonly paused: readonly string[];
}

/** What a run did with rules and plans. */
export interface RuleWork {
  readonly activated: boolean;
  readonly applied: ApplySummary | null;
  readonly rolledBack: RollbackSummary | null;
}

export interface GuardSummary {
  /** Subjects whose stage or band would have changed, of how many. */
  readonly changed: number;
  readonly subjects: number;
  readonly drops: readonly Drop[];
}

export interface BudgetSummary {
  readonly dailyLimit: number | null;
  readonly dailyRemaining: number | null;
  /** Requests this run was allowed to make, and was expected to make (null: no run to go by). */
  readonly allowed: number;
  readonly forecast: number | null;
}

export interface PlacedTotals {
  transitions: number;
  corrected: number;
  readonly stages: Record<string, Record<string, number>>;
  readonly bands: Record<string, number>;
  unchanged: number;
  manualEdits: number;
  adopted: number;
  overridesEnded: number;
  unreadable: number;
  /** By journey that was backfilled. */
  readonly coverage: Record<string, Coverage>;
}

export function noPlaced(): PlacedTotals {
  return {
    transitions: 0,
    corrected: 0,
    stages: Object.create(null),
    bands: Object.create(null),
    unchanged: 0,
    manualEdits: 0,
    adopted: 0,
    overridesEnded: 0,
    unreadable: 0,
    coverage: Object.create(null),
  };
}

function sharesOf(coverage: PlacedTotals['coverage']): Readonly<Record<string, number | null>> {
  return Object.fromEntries(Object.entries(coverage).map(([journey, sum]) => [journey, shareOf(sum)]));
}

export function summarise(
  session: Session,
  seconds: number,
  subjects: ResolvedSubjects | null,
  placed: PlacedTotals,
  writes: WriteTotals,
  held: string | null,
  guard: GuardSummary | null,
  { activated, applied, rolledBack }: RuleWork,
): RunSummary {
  const waiting = session.options.rules?.waiting ?? null;
  const connections: Record<string, ConnectionCounts> = {};
  const { connections: all, only } = session.options;
  for (const { id } of all) if (only === undefined || id === only) connections[id] = countsOf(session, id);
  return {
    run: session.run,
    seconds: Math.round(seconds * 1000) / 1000,
    connections,
    subjects: {
      person: subjects?.person ?? 0,
      account: subjects?.account ?? 0,
      ambiguous: subjects?.ambiguous ?? 0,
    },
    stages: placed.stages,
    bands: placed.bands,
    transitions: placed.transitions,
    corrected: placed.corrected,
    ...(Object.keys(placed.coverage).length === 0 ? {} : { backfilled: sharesOf(placed.coverage) }),
    writes: {
      records: writes.records,
      fields: writes.fields,
      unchanged: placed.unchanged,
      failed: writes.failed,
      manualEdits: placed.manualEdits,
      unreadable: placed.unreadable,
      parked: writes.parked,
      frozen: writes.frozen,
    },
    ...(placed.adopted + placed.overridesEnded === 0
      ? {}
      : { overrides: { adopted: placed.adopted, ended: placed.overridesEnded } }),
    reconciled: inOrder(session.reconciled, connections),
    ...(session.options.history === true ? { history: inOrder(session.history, connections) } : {}),
    guard,
    paused: [...session.paused].filter((id) => Object.hasOwn(connections, id)),
    budgets: budgetsOf(session),
    problems: session.problems,
    held,
    ...(activated || waiting !== null ? { rules: { activated, waiting } } : {}),
    ...(applied === null ? {} : { applied }),
    ...(rolledBack === null ? {} : { rolledBack }),
  };
}

/** By connection, in the order of the configuration. */
function inOrder<T>(
  found: ReadonlyMap<ConnectionId, T>,
  connections: Readonly<Record<string, unknown>>,
): Readonly<Record<string, T>> {
  const ordered: Record<string, T> = {};
  for (const id of Object.keys(connections)) {
    const one = found.get(id as ConnectionId);
    if (one !== undefined) ordered[id] = one;
  }
  return ordered;
}

function budgetsOf(session: Session): RunSummary['budgets'] {
  const budgets: Record<string, BudgetSummary> = {};
  for (const [id, { dailyLimit, dailyRemaining, allowed, forecast }] of session.budgets)
    if (allowed !== null) budgets[id] = { dailyLimit, dailyRemaining, allowed, forecast };
  return budgets;
}

/** 0 all well · 1 some records or checks failed · 2 configuration · 3 a CRM cannot be reached or refuses us. */
export function exitStatus(summary: RunSummary): 0 | 1 | 2 | 3 {
  const worst = summary.problems.reduce((exit, problem) => Math.max(exit, problem.exit), 0);
  const failed =
    summary.writes.failed > 0 || Object.values(summary.connections).some((counts) => counts.failed > 0);
  const left = (summary.applied?.leftOut.length ?? 0) > 0;
  return Math.max(worst, failed || left ? 1 : 0) as 0 | 1 | 2 | 3;
}
