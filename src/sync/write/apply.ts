import type { SubjectId } from '../../model/facts.ts';
import { type CrmRecord, type FieldValue, type RecordKey, recordKeyText } from '../../model/record.ts';
import type { PlannedChange, PlannedWrite } from '../../store/plans.ts';
import type { PlanEffect } from '../../store/port.ts';
import { stale } from '../place/activation.ts';
import { mayWrite, type Session } from '../session.ts';
import { byType } from '../subjects/record-cache.ts';
import type { Planned, PlanSink } from './planning.ts';
import type { ApplyRequest, ApplySummary, LeftOut } from './saved-plan.ts';

/** Applies a saved plan while its run plans anew: only what both say is written (J26). */
export interface Applier {
  /** Takes what the run would write of a chunk, and passes on what the plan says as well. */
  readonly sink: PlanSink;
  /**
   * After the last chunk. Throws `plan_stale` when identity links changed, or under `strict` when anything would be
   * left out; nothing was written then.
   */
  finish(): Promise<void>;
  /** What was found out only while writing: fresh reads showed another value. */
  leaveOut(left: readonly LeftOut[]): void;
  summary(activated: boolean): ApplySummary;
  /** What applying means for the connections. */
  effect(): PlanEffect;
}

/** @param pass takes the writes that will be made */
export function createApplier(
  session: Session,
  request: ApplyRequest,
  pass: (writes: readonly PlannedWrite[]) => Promise<void>,
): Applier {
  const { plan, limit, segment } = request;
  const bySubject = new Map<string, PlannedWrite[]>();
  for (const write of plan.changes) {
    const known = bySubject.get(write.subject);
    if (known === undefined) bySubject.set(write.subject, [write]);
    else known.push(write);
  }
  const seen = new Set<string>();
  const regrouped: string[] = [];
  const leftOut: LeftOut[] = [];
  /** The run would write nothing to these. */
  const quiet: { readonly write: PlannedWrite; readonly planned: Planned }[] = [];
  let accepted = 0;
  let done = 0;
  let waiting = 0;

  /** The fresh write of a planned record, or null when it is left out or waits. */
  const judge = (
    write: PlannedWrite,
    fresh: PlannedWrite | undefined,
    planned: Planned,
  ): PlannedWrite | null => {
    if (!mayWrite(session, write.connection) || (segment !== null && !planned.segments.includes(segment))) {
      waiting += 1;
      return null;
    }
    if (fresh === undefined) {
      quiet.push({ write, planned });
      return null;
    }
    const differing = differences(write, fresh);
    const why =
      differing.length > 0 ? differing : otherFacts(plan.subjects[write.subject]?.facts, planned, write);
    if (why.length > 0) {
      leftOut.push(...why);
      return null;
    }
    if (limit !== null && accepted >= limit) {
      waiting += 1;
      return null;
    }
    accepted += 1;
    return fresh;
  };

  return {
    async sink(writes, wanted) {
      const fresh = new Map(writes.map((write) => [recordKeyText(write), write]));
      const passed: PlannedWrite[] = [];
      for (const [subject, planned] of wanted) {
        const own = bySubject.get(subject);
        if (own === undefined) continue;
        seen.add(subject);
        if (plan.subjects[subject]?.identity !== planned.identity) regrouped.push(subject);
        for (const write of own) {
          const one = judge(write, fresh.get(recordKeyText(write)), planned);
          if (one !== null) passed.push(one);
        }
      }
      await pass(passed);
    },
    async finish() {
      for (const [subject, writes] of bySubject) {
        if (seen.has(subject)) continue;
        if ((await session.options.store.subjects.get(subject)) === null) regrouped.push(subject);
        else for (const write of writes) leftOut.push(...all(write, null, 'gone'));
      }
      if (regrouped.length > 0)
        throw stale(
          `which records belong together changed for ${regrouped.slice(0, 5).join(', ')}${regrouped.length > 5 ? ` and ${regrouped.length - 5} more` : ''}. Make a new one with \`waystage plan --out FILE\`.`,
        );
      const settled = await holding(session, quiet);
      done += settled.done;
      leftOut.push(...settled.leftOut);
      leftOut.splice(0, leftOut.length, ...(await withPresent(session, plan.changes, leftOut)));
      if (request.strict && leftOut.length > 0)
        throw stale(
          `${leftOut.length} of its values would be left out, the first of ${recordKeyText(leftOut[0]!)} (${leftOut[0]!.field}), and --strict asks for all or nothing. Leave it out, or make a new plan.`,
        );
    },
    leaveOut(left) {
      leftOut.push(...left);
      accepted -= new Set(left.map(recordKeyText)).size;
    },
    summary: (activated) => ({
      plan: plan.id,
      activated,
      records: accepted,
      done,
      waiting,
      leftOut,
    }),
    effect() {
      const { options, run } = session;
      const partly = limit !== null || segment !== null;
      const mine = options.connections.filter(
        ({ id }) => (options.only === undefined || id === options.only) && mayWrite(session, id),
      );
      const ids = mine.map(({ id }) => id);
      return {
        plan: plan.id,
        run,
        at: options.clock.now(),
        opens: mine.filter(({ opensByPlan }) => opensByPlan === true).map(({ id }) => id),
        holds: partly && waiting > 0 ? ids : [],
        frees: partly && waiting > 0 ? [] : ids,
      };
    },
  };
}

/** Fields in which the plan and the run differ. The day a stage is entered is that of the run that enters it. */
function differences(planned: PlannedWrite, fresh: PlannedWrite): readonly LeftOut[] {
  const now = new Map(fresh.changes.map((change) => [change.field, change]));
  const left: LeftOut[] = [];
  for (const change of planned.changes) {
    const other = now.get(change.field);
    now.delete(change.field);
    if (other === undefined) left.push(leave(planned, change, change.old, 'outputs'));
    else if (!Object.is(other.old, change.old)) left.push(leave(planned, change, other.old, 'edited'));
    else if (!Object.is(other.new, change.new) && change.output !== 'stage_entered')
      left.push(leave(planned, change, other.new, 'outputs'));
  }
  for (const change of now.values())
    if (change.output !== 'stage_entered')
      left.push(leave(planned, { ...change, new: change.old }, change.new, 'outputs'));
  return left;
}

function otherFacts(
  facts: Readonly<Record<string, string>> | undefined,
  planned: Planned,
  write: PlannedWrite,
): readonly LeftOut[] {
  const moved = new Set(
    Object.entries(planned.facts)
      .filter(([journey, hash]) => facts?.[journey] !== hash)
      .map(([journey]) => journey),
  );
  return write.changes
    .filter(({ journey }) => moved.has(journey))
    .map((change) => leave(write, change, change.new, 'facts'));
}

/** A value that the run would not write although it wrote others of the record: is it because somebody edited it? */
async function withPresent(
  session: Session,
  changes: readonly PlannedWrite[],
  leftOut: readonly LeftOut[],
): Promise<readonly LeftOut[]> {
  const doubtful = leftOut.filter(({ why }) => why === 'outputs');
  if (doubtful.length === 0) return leftOut;
  const planned = new Map(changes.map((write) => [recordKeyText(write), write]));
  const present = await recordsOf(session, doubtful);
  return leftOut.map((left) => {
    const old = planned.get(recordKeyText(left))?.changes.find(({ field }) => field === left.field)?.old;
    const now = present.get(recordKeyText(left))?.fields[left.field] ?? null;
    return left.why !== 'outputs' || old === undefined || Object.is(now, old)
      ? left
      : { ...left, now, why: 'edited' };
  });
}

async function recordsOf(
  { options: { store } }: Session,
  keys: readonly RecordKey[],
): Promise<ReadonlyMap<string, CrmRecord>> {
  const present = new Map<string, CrmRecord>();
  for (const { connection, type, ids } of byType(keys))
    for (const record of (await store.records.get(connection, type, ids)).values())
      present.set(recordKeyText(record), record);
  return present;
}

/** Of records that the run would not write: do they hold what was planned? */
async function holding(
  session: Session,
  quiet: readonly { readonly write: PlannedWrite; readonly planned: Planned }[],
): Promise<{ readonly done: number; readonly leftOut: readonly LeftOut[] }> {
  const present = await recordsOf(
    session,
    quiet.map(({ write }) => write),
  );
  let done = 0;
  const leftOut: LeftOut[] = [];
  for (const { write } of quiet) {
    const record = present.get(recordKeyText(write));
    if (record === undefined || record.state !== 'live') {
      leftOut.push(...all(write, null, 'gone'));
      continue;
    }
    const others = write.changes.filter(
      (change) =>
        change.output !== 'stage_entered' && !Object.is(record.fields[change.field] ?? null, change.new),
    );
    if (others.length === 0) done += 1;
    for (const change of others) {
      const now = record.fields[change.field] ?? null;
      leftOut.push(leave(write, change, now, Object.is(now, change.old) ? 'outputs' : 'edited'));
    }
  }
  return { done, leftOut };
}

function all(write: PlannedWrite, now: FieldValue, why: LeftOut['why']): readonly LeftOut[] {
  return write.changes.map((change) => leave(write, change, now, why));
}

function leave(write: PlannedWrite, change: PlannedChange, now: FieldValue, why: LeftOut['why']): LeftOut {
  const { connection, type, id } = write;
  return {
    ...{ connection, type, id, subject: write.subject as SubjectId },
    ...{ field: change.field, planned: change.new, now, why },
  };
}

/** For people: "hubspot:contacts:51 waystage_stage: planned trial, now customer (…)". */
export function leftOutText(left: LeftOut): string {
  const shown = (value: FieldValue): string => (value === null ? '(empty)' : String(value));
  const what = `${recordKeyText(left)} ${left.field}: planned ${shown(left.planned)}, now ${shown(left.now)}`;
  return `${what} (${WHY[left.why]})`;
}

const WHY: Readonly<Record<LeftOut['why'], string>> = {
  outputs: 'its rules say something else by now',
  facts: 'the facts that decided are others by now',
  edited: 'the field is another in the CRM by now',
  gone: 'the record is live no more',
};
