import { isWaystageError, WaystageError } from '../model/errors.ts';
import type { SubjectId } from '../model/facts.ts';
import type { ConnectionId } from '../model/record.ts';
import type { Fence, RunStatus } from '../store/port.ts';
import { connect } from './connect.ts';
import { withLease } from './lease.ts';
import { insistOnSameRules, pendingActivation } from './place/activation.ts';
import type { PlanEffects } from './place/effects.ts';
import { approvalOf, NOTHING_APPROVED } from './place/guard.ts';
import {
  checkChanges,
  checkDrops,
  noteGoodRun,
  reportHidden,
  stopForChanges,
  stopForDrops,
} from './place/guarded.ts';
import { placeSubjects } from './place/place.ts';
import { isFatal, noteProblem, together } from './problems.ts';
import { refreshCalculated } from './read/calculated.ts';
import { pullHistory } from './read/history.ts';
import { neverComplete, pullConnection } from './read/pull.ts';
import { reconcileConnection, reconcileNow } from './read/reconcile.ts';
import {
  countsOf,
  mayWrite,
  type OpenConnection,
  reach,
  type Session,
  type SyncConnection,
  type SyncOptions,
} from './session.ts';
import { type ResolvedSubjects, resolveSubjects } from './subjects/resolve.ts';
import {
  exitStatus,
  type GuardSummary,
  noPlaced,
  type PlacedTotals,
  type RollbackSummary,
  type RunSummary,
  summarise,
} from './summary.ts';
import { type Applier, createApplier, leftOutText } from './write/apply.ts';
import { lookBack } from './write/overwritten.ts';
import type { PlannedWrite } from './write/plan.ts';
import type { Planned, PlanSink } from './write/planning.ts';
import { rollBack } from './write/rollback.ts';
import { settleOpenWrites } from './write/settle.ts';
import { writeConnection } from './write/write.ts';
import type { WriteTotals } from './write/write-totals.ts';

export interface SyncResult {
  readonly summary: RunSummary;
  /** Exit status of the command line. */
  readonly exit: 0 | 1 | 2 | 3;
  /** What would be written, under `plan`; what a sync has written is in the ledger. */
  readonly writes: readonly PlannedWrite[];
  /** What a plan does; of nothing else. */
  readonly effects: PlanEffects | null;
  /** Under `plan`: what decided about the subjects of its writes. */
  readonly decided: ReadonlyMap<SubjectId, Planned>;
  /** The instant rules were evaluated at. */
  readonly now: number;
}

interface Work {
  subjects: ResolvedSubjects | null;
  placed: PlacedTotals;
  writes: PlannedWrite[];
  readonly written: WriteTotals;
  held: string | null;
  guard: GuardSummary | null;
  applier: Applier | null;
  /** The rules of this run have taken over from others. */
  activated: boolean;
  rolledBack: RollbackSummary | null;
  effects: PlanEffects | null;
  /** Under `plan`: what decided about the subjects of its writes. */
  readonly decided: Map<SubjectId, Planned>;
}

/**
 * One run: pull, resolve, place, plan, write. Each step commits as it goes, so that a killed run is taken up by the
 * next one. Throws `busy` when another run is under way and `stopped` when the signal fires; everything else that
 * goes wrong is named in the summary while the rest goes on.
 */
export async function runSync(options: SyncOptions): Promise<SyncResult> {
  return withLease(options, (fence) => leased(options, fence));
}

async function leased(options: SyncOptions, fence: Fence): Promise<SyncResult> {
  const { store, clock } = options;
  const started = clock.now();
  const session: Session = {
    options,
    run: options.newId(),
    fence,
    counts: new Map(),
    problems: [],
    notices: [],
    reconciled: new Map(),
    history: new Map(),
    budgets: new Map(),
    paused: await pausedFor(options),
    opened: new Set(
      (await store.connections.states()).filter(({ openedAt }) => openedAt !== undefined).map(({ id }) => id),
    ),
    approval: options.approve === true ? await approved(options) : NOTHING_APPROVED,
    stale: [],
    drops: [],
  };
  await store.runs.start({ id: session.run, kind: options.kind, started, now: options.now }, fence);
  const work: Work = {
    subjects: null,
    placed: noPlaced(),
    writes: [],
    written: { records: 0, fields: 0, failed: 0, parked: 0, frozen: 0, refused: [] },
    held: null,
    guard: null,
    applier: null,
    activated: false,
    rolledBack: null,
    effects: null,
    decided: new Map(),
  };
  try {
    await tidyPlans(session);
    await reach(session, 'run-started');
    await insistOnSameRules(session);
    await perform(session, work);
  } catch (error) {
    await finish(session, work, started, error);
    throw options.signal.aborted
      ? new WaystageError('stopped', 'The run was stopped; the next one goes on from here.')
      : error;
  }
  return finish(session, work, started, null);
}

/** Connections whose writing is stopped; what waits for the rest of a plan does not wait when that is applied. */
async function pausedFor({ store, apply, rollback }: SyncOptions): Promise<ReadonlySet<ConnectionId>> {
  const own = new Set(apply === undefined ? [] : await store.activations.runsOf(apply.plan.id));
  const states = await store.connections.states();
  return new Set(
    states
      .filter(({ pausedAt }) => pausedAt !== null)
      .filter(({ pausedBy }) => pausedBy === undefined || !(rollback !== undefined || own.has(pausedBy)))
      .map(({ id }) => id),
  );
}

async function approved({ store }: SyncOptions): Promise<Session['approval']> {
  const kept = await store.holds.keptPlan();
  if (kept !== null) return approvalOf(kept);
  throw new WaystageError(
    'not_found',
    'No plan waits for approval. `waystage sync` without --approve writes what there is to write.',
  );
}

async function perform(session: Session, work: Work): Promise<void> {
  const { options } = session;
  const opens: OpenConnection[] = [];
  const chosen = options.connections.filter(({ id }) => options.only === undefined || id === options.only);
  try {
    options.progress.phase('connect');
    await together(
      chosen.map(async (config) => {
        const open = await connect(session, config);
        if (open !== null) opens.push(open);
      }),
    );
    opens.sort((a, b) => order(options.connections, a.config) - order(options.connections, b.config));
    options.progress.phase('pull');
    await together(opens.map((open) => pullOne(session, open)));
    await reach(session, 'pulled');
    if (options.kind === 'pull') return;
    const missing = await neverComplete(session);
    if (missing.length > 0) {
      work.held = `Nothing was judged or written: ${missing.join(', ')} has not been read completely yet, and rules must not judge on half the facts. Mend what is named above and sync again.`;
      return;
    }
    if (options.rollback !== undefined)
      work.rolledBack = await rollBack(session, opens, options.rollback, work.written);
    if (
      options.rollback?.onlyPlan === true ||
      (work.rolledBack !== null && work.rolledBack.activation === null)
    )
      return;
    options.progress.phase('resolve');
    // What a killed run had judged was never approved nor stopped: it is judged anew.
    if (options.kind !== 'plan') await options.store.journeys.takeBack(session.fence);
    work.subjects = await resolveSubjects(session);
    await reach(session, 'resolved');
    const { figures } = work.subjects;
    reportHidden(session, opens, figures);
    const drops = await checkDrops(session, figures);
    if (drops !== null) work.guard = { changed: 0, subjects: subjectsOf(work), drops };
    if (drops !== null && options.kind !== 'plan') {
      work.held = await stopForDrops(session, drops);
      return;
    }
    options.progress.phase('place');
    if (options.apply !== undefined) work.applier = createApplier(session, options.apply, keeperOf(session));
    const { totals, changed, frozen, effects, selection } = await placeSubjects(
      session,
      opens,
      subjectsOf(work),
      sinkOf(session, work),
    );
    work.placed = totals;
    work.effects = effects;
    work.written.frozen = frozen;
    await reach(session, 'placed');
    const guard =
      options.kind === 'apply' || options.kind === 'rollback'
        ? null
        : checkChanges(session, changed, subjectsOf(work));
    work.guard ??= guard;
    if (options.kind === 'plan') return;
    if (guard !== null) {
      await takeBack(session, work);
      await stopForChanges(session, guard);
      return;
    }
    await settle(session, work);
    const until = Math.max(selection.until ?? options.now, options.now);
    await options.store.pending.settle(session.run, { until, basis: selection.basis }, session.fence);
    await reach(session, 'settled');
    options.progress.phase('write');
    const writable = opens.filter(({ config }) => mayWrite(session, config.id));
    await together(writable.map((open) => writeOne(session, open, work)));
    // What an applied plan did not say goes on waiting.
    if (options.kind !== 'apply') await options.store.pending.written(session.run, session.fence);
    noteLeftOut(session, work);
    await noteGoodRun(session, figures);
    await tidyPlans(session);
  } finally {
    for (const open of opens) {
      const counts = countsOf(session, open.config.id);
      counts.requests = open.connection.usage.requests;
      counts.rateLimited = open.connection.usage.rateLimited;
    }
    await Promise.allSettled(opens.map((open) => open.connection.close()));
  }
}

/** A run that was stopped has moved nobody; who approves its plan lets the next one do both, move and write (J24). */
async function takeBack(session: Session, work: Work): Promise<void> {
  await session.options.store.journeys.takeBack(session.fence);
  work.placed.transitions = 0;
}

async function pullOne(session: Session, open: OpenConnection): Promise<void> {
  try {
    await settleOpenWrites(session, open);
  } catch (error) {
    session.options.signal.throwIfAborted();
    if (isFatal(error)) throw error;
    return;
  }
  await pullConnection(session, open);
  if (session.options.kind === 'sync' && mayWrite(session, open.config.id)) await lookBack(session, open);
  const inFull = await reconcileNow(session, open);
  if (inFull) await reconcileConnection(session, open);
  await refreshCalculated(session, open, inFull);
  if (session.options.history === true) await pullHistory(session, open);
}

function subjectsOf({ subjects }: Work): number {
  return (subjects?.person ?? 0) + (subjects?.account ?? 0);
}

/** What was saved is final; the rules take over with it, and a plan has its effect (J23). */
async function settle(session: Session, work: Work): Promise<void> {
  const { store } = session.options;
  try {
    await work.applier?.finish();
  } catch (error) {
    await takeBack(session, work);
    throw error;
  }
  const activation = await pendingActivation(session);
  // The first rules there are have changed nothing.
  const first = session.options.kind === 'sync' && (await store.activations.active()) === null;
  await store.activations.settle(activation, work.applier?.effect() ?? null, session.fence);
  work.activated = activation !== null && !first;
}

/** What a plan says and was not written is named with both values (J26). */
function noteLeftOut(session: Session, { applier }: Work): void {
  if (applier === null) return;
  applier.leaveOut(session.stale);
  for (const left of applier.summary(false).leftOut)
    session.notices.push({ kind: 'left-out', subject: left.subject, text: leftOutText(left) });
}

/** Under `plan` the writes are the result; otherwise those that will be made are kept until they are. */
function sinkOf(session: Session, work: Work): PlanSink {
  const keep = keeperOf(session);
  if (work.applier !== null) return work.applier.sink;
  if (session.options.kind !== 'plan') return keep;
  return async (writes, planned) => {
    for (const write of writes) {
      work.writes.push(write);
      const decided = planned.get(write.subject);
      if (decided !== undefined) work.decided.set(write.subject, decided);
    }
  };
}

/** Keeps writes until they are made; those of CRMs that are not written to are none. */
function keeperOf(session: Session): (writes: readonly PlannedWrite[]) => Promise<void> {
  const { store } = session.options;
  return (writes) =>
    store.plans.add(
      session.run,
      writes.filter(({ connection }) => mayWrite(session, connection)),
      session.fence,
    );
}

async function writeOne(session: Session, open: OpenConnection, work: Work): Promise<void> {
  try {
    await writeConnection(session, open, work.written);
  } catch (error) {
    session.options.signal.throwIfAborted();
    if (isFatal(error)) throw error;
    noteProblem(session, open.config.id, error, `Writing to ${open.config.id} stopped`);
  }
}

/** Planned writes of a run that was killed, and of this one once it is over, are of no use; those that wait for
 *  approval are. */
async function tidyPlans(session: Session): Promise<void> {
  const { store } = session.options;
  const kept = await store.holds.keptPlan();
  await store.plans.keepOnly(kept === null ? [] : [kept.run], session.fence);
}

function order(connections: readonly SyncConnection[], config: SyncConnection): number {
  return connections.indexOf(config);
}

async function finish(session: Session, work: Work, started: number, error: unknown): Promise<SyncResult> {
  const { store, clock } = session.options;
  const ended = clock.now();
  const summary = summarise(
    session,
    (ended - started) / 1000,
    work.subjects,
    work.placed,
    work.written,
    work.held,
    work.guard,
    {
      activated: work.activated,
      applied: work.applier?.summary(work.activated) ?? null,
      rolledBack: work.rolledBack,
    },
  );
  const exit = exitStatus(summary);
  let status: RunStatus =
    exit === 0 && work.held === null ? 'done' : work.held === null ? 'partial' : 'failed';
  let text: string | null = work.held;
  if (error !== null) {
    status = session.options.signal.aborted ? 'interrupted' : 'failed';
    text = isWaystageError(error) ? error.message : 'An unexpected error ended the run.';
  }
  try {
    await store.runs.notice(session.run, session.notices);
    await store.runs.finish(session.run, { status, ended, summary, error: text });
  } catch (storeError) {
    if (error === null) throw storeError;
  }
  return {
    ...{ summary, exit: work.held !== null && exit === 0 ? 1 : exit, writes: work.writes },
    ...{ effects: work.effects, decided: work.decided, now: session.options.now },
  };
}
