import type { ConnectionId } from '../../model/record.ts';
import type { Figures } from '../read/figures.ts';
import { neededFields, typesNeeded } from '../read/pull.ts';
import type { OpenConnection, Session } from '../session.ts';
import type { GuardSummary } from '../summary.ts';
import { ownFieldNames } from '../write/outputs.ts';
import { DEFAULT_GUARD, type Drop, dropText, exceeds, findDrops, type GuardedPlan } from './guard.ts';

const HOW_ON =
  'Look at it with `waystage plan`; `waystage sync --approve` lets exactly this pass, and `write.guard` sets the limit.';

/** Records or values that are gone in numbers nobody has approved; null: nothing to stop for (J24). */
export async function checkDrops(session: Session, figures: Figures): Promise<readonly Drop[] | null> {
  const { guard = DEFAULT_GUARD, store } = session.options;
  if (guard === null) return null;
  const found = [...session.drops];
  for (const drop of findDrops(guard, await store.holds.baselines(), figures, session.approval)) {
    const known = found.some(
      ({ connection, type, field }) =>
        connection === drop.connection && type === drop.type && field === drop.field,
    );
    if (!known) found.push(drop);
  }
  return found.length === 0 ? null : found;
}

/** Stops the run before anything is judged: what is gone must not look like cold customers. */
export async function stopForDrops(session: Session, drops: readonly Drop[]): Promise<string> {
  const reason = `Nothing was judged or written: ${drops.map(dropText).join('; ')}. If a permission or a scope was taken away, give it back and sync again. ${HOW_ON}`;
  await keep(session, reason, { drops: [...session.approval.drops, ...drops] });
  return reason;
}

/** What the planned writes would change, against what may change without being asked. */
export function checkChanges(session: Session, changed: number, subjects: number): GuardSummary | null {
  const { guard = DEFAULT_GUARD } = session.options;
  return guard !== null && exceeds(guard, changed, subjects) ? { changed, subjects, drops: [] } : null;
}

/** Stops the run before its first write, with its plan kept for approval. */
export async function stopForChanges(session: Session, found: GuardSummary): Promise<void> {
  const reason = `Nothing was written: the stage or health band of ${found.changed.toLocaleString('en-US')} of ${found.subjects.toLocaleString('en-US')} people and accounts would change at once. ${HOW_ON}`;
  session.problems.push({ connection: null, code: 'guard', exit: 1, message: reason });
  await keep(session, reason, { drops: session.approval.drops });
}

async function keep(session: Session, reason: string, plan: GuardedPlan): Promise<void> {
  const { store, clock } = session.options;
  await store.holds.keepPlan({ run: session.run, at: clock.now(), reason, plan }, session.fence);
}

/** After a run that went through: the measure of the next one. A plan that waited is done or out of date. */
export async function noteGoodRun(session: Session, figures: Figures): Promise<void> {
  const { store, only } = session.options;
  await store.holds.setBaselines(figures.list(), session.fence);
  if (only === undefined && (await store.holds.keptPlan()) !== null)
    await store.holds.keepPlan(null, session.fence);
}

/** Fields that rules read, that records had values in, and that the CRM does not show any more: what was known stays
 *  in use, and somebody should know. */
export function reportHidden(session: Session, opens: readonly OpenConnection[], figures: Figures): void {
  for (const { config, discovery } of opens) {
    for (const type of typesNeeded(config)) {
      const shown = discovery.objects[type]?.fields ?? {};
      const own = new Set(ownFieldNames(session.options.mappings, config.connector, type));
      const hidden = neededFields(session, config, type).filter(
        (field) =>
          !own.has(field) && !Object.hasOwn(shown, field) && (figures.count(config.id, type, field) ?? 0) > 0,
      );
      if (hidden.length === 0) continue;
      session.problems.push({
        connection: config.id as ConnectionId,
        code: 'crm_permission',
        exit: 1,
        message: `${config.id} ${type}: ${hidden.join(', ')} cannot be read any more. Rules go on with the values last known. Give this connection the right to read ${hidden.length === 1 ? 'it' : 'them'}; if it was deleted on purpose, take it out of the field map.`,
      });
    }
  }
}
