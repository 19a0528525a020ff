import type { Session } from '../session.ts';
import { accountsOf, followTouched } from './affected.ts';
import { basisOf } from './basis.ts';
import { sightOf } from './sight.ts';

/** Whom a run looks at. */
export interface Selection {
  /** All there are; else those that wait. */
  readonly everybody: boolean;
  /** What they are judged by. */
  readonly basis: string;
  /** The instant up to which everybody else, and everybody who is not `asleep`, was judged; null: never. */
  readonly until: number | null;
}

/**
 * Decides whom the run looks at (J15): everybody when it was asked for or when anything changed that every answer
 * depends on; else the subjects about which something changed, those that are due, and those whose records do not
 * hold yet what they should. Until the run is settled they all go on waiting.
 */
export async function select(session: Session): Promise<Selection> {
  const { store, mappings, kind, full, reconcile, now, ruleSpan } = session.options;
  const basis = await basisOf(session);
  const last = await store.pending.last();
  // Rules that take over or come back decide about everybody, and a saved plan is about whoever it was about.
  const rules = kind === 'apply' || kind === 'rollback' || ruleSpan === 'backfill';
  const everybody = full || reconcile === true || rules || last.basis !== basis;
  if (!everybody) {
    await followTouched(session);
    await store.pending.addDue(
      mappings.map(({ name }) => name),
      now,
      session.fence,
    );
    // Accounts of which rules read what a journey says of their people are judged together with them.
    if (sightOf(mappings).people) {
      for await (const people of store.pending.scan('person')) {
        const accounts = await accountsOf(
          session.options,
          people.map(({ id }) => id),
        );
        await store.pending.add(accounts, session.fence);
      }
    }
  } else if (kind !== 'plan') await store.pending.everybody(session.fence);
  return { everybody, basis, until: last.until };
}
