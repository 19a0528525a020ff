import type { ConnectionId } from '../../model/record.ts';
import type { Baseline, KeptPlan } from '../../store/holds.ts';
import type { PlannedWrite } from '../../store/plans.ts';
import type { Figures } from '../read/figures.ts';

/** J24: above both, a run writes nothing until somebody has approved it. */
export interface Guard {
  /** Share in [0,1]. */
  readonly share: number;
  readonly atLeast: number;
}

export const DEFAULT_GUARD: Guard = { share: 0.05, atLeast: 50 };

/** Records of a type, or values of one of its fields, that are there no more. */
export interface Drop {
  readonly connection: ConnectionId;
  readonly type: string;
  /** Empty: the records themselves. */
  readonly field: string;
  readonly was: number;
  readonly is: number;
}

/** What a stopped run keeps, beside the writes it planned. */
export interface GuardedPlan {
  readonly drops: readonly Drop[];
}

/** What somebody has approved: the plan of the run that was stopped, and nothing else. */
export interface Approval {
  /** The run whose planned writes may be made; null: none. */
  readonly run: string | null;
  readonly drops: readonly Drop[];
  covers(drop: Pick<Drop, 'connection' | 'type' | 'field'>): boolean;
}

export const NOTHING_APPROVED: Approval = { run: null, drops: [], covers: () => false };

/** Everything that is in the kept plan. */
export function approvalOf(kept: KeptPlan): Approval {
  const { drops } = kept.plan as GuardedPlan;
  const dropped = new Set(drops.map(dropKey));
  return { run: kept.run, drops, covers: (drop) => dropped.has(dropKey(drop)) };
}

export function exceeds(guard: Guard, n: number, of: number): boolean {
  return n >= guard.atLeast && n > guard.share * of;
}

/**
 * What there is less of than at the last good run, by more than the guard lets pass. A record that is gone takes its
 * values with it: only what those that stayed have lost counts as values gone.
 */
export function findDrops(
  guard: Guard,
  baselines: readonly Baseline[],
  figures: Figures,
  approval: Approval,
): readonly Drop[] {
  const lost = new Map<string, number>();
  for (const { connection, type, field, n } of baselines)
    if (field === '')
      lost.set(`${connection}\n${type}`, Math.max(0, n - (figures.count(connection, type, '') ?? n)));
  return baselines.flatMap(({ connection, type, field, n: was }) => {
    const is = figures.count(connection, type, field);
    if (is === null) return [];
    const withRecords = field === '' ? 0 : (lost.get(`${connection}\n${type}`) ?? 0);
    const drop = { connection, type, field, was, is };
    return exceeds(guard, was - is - withRecords, was) && !approval.covers(drop) ? [drop] : [];
  });
}

/**
 * Subjects whose stage or band would change in a CRM. A field that held nothing is filled, not changed, so a first
 * load counts nothing; what an approved plan says is left out.
 * @param approved what somebody has approved for the record of a write
 */
export function changedSubjects(
  writes: readonly PlannedWrite[],
  approved: (write: PlannedWrite) => PlannedWrite | undefined,
): number {
  const subjects = new Set<string>();
  for (const write of writes) {
    for (const { output, field, old, new: value } of write.changes) {
      if ((output !== 'stage' && output !== 'health_band') || old === null) continue;
      const known = approved(write)?.changes.find((change) => change.field === field);
      if (known === undefined || !Object.is(known.new, value)) subjects.add(write.subject);
    }
  }
  return subjects.size;
}

/** For people: "hubspot contacts: 9,000 of 40,000 records are gone". */
export function dropText({ connection, type, field, was, is }: Drop): string {
  const gone = (was - is).toLocaleString('en-US');
  const all = was.toLocaleString('en-US');
  return field === ''
    ? `${connection} ${type}: ${gone} of ${all} records are gone`
    : `${connection} ${type}: ${gone} of ${all} records have no value in ${field} any more`;
}

function dropKey({ connection, type, field }: Pick<Drop, 'connection' | 'type' | 'field'>): string {
  return JSON.stringify([connection, type, field]);
}
