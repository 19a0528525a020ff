import type { Kysely, Transaction } from 'kysely';
import { WaystageError } from '../../model/errors.ts';
import type { Activation, ActivationStore, NewActivation, PlanEffect, VersionSpan } from '../port.ts';
import type { Bulk } from './bulk.ts';
import { forgetStanding } from './earlier.ts';
import { fenced } from './fence.ts';
import { PLACED_BASIS, PLACED_UNTIL } from './pending.ts';
import { standAsBefore } from './rolled-back.ts';
import type { Tables } from './tables.ts';

/** Activations whose standings are kept: so many can be rolled back, one after the other. */
const KEPT = 3;

type Spans = Readonly<Record<string, readonly VersionSpan[]>>;

/** Which rules decide, and which did before. */
export function activationStore(db: Kysely<Tables>, bulk: Bulk): ActivationStore {
  return {
    async active() {
      const row = await rows(db).where('rolled_back', 'is', null).limit(1).executeTakeFirst();
      return row === undefined ? null : toActivation(row);
    },
    list: async () => (await rows(db).execute()).map(toActivation),
    async source(set) {
      const row = await db.selectFrom('rule_sets').select('source').where('id', '=', set).executeTakeFirst();
      return row?.source ?? null;
    },
    async settle(activation, effect, fence) {
      await fenced(db, fence, async (trx) => {
        if (activation !== null) await activate(trx, activation);
        if (effect !== null) await takeEffect(trx, effect);
        await keepForRollback(trx);
        await forgetStanding(trx);
      });
    },
    async runsOf(plan) {
      const found = await db
        .selectFrom('applied_plans')
        .select('run')
        .where('plan', '=', plan)
        .orderBy('run')
        .execute();
      return found.map(({ run }) => run);
    },
    async rollBack(seq, run, at, fence) {
      await fenced(db, fence, async (trx) => {
        const row = await rows(trx).where('rolled_back', 'is', null).limit(1).executeTakeFirst();
        if (row === undefined || Number(row.seq) !== seq || row.previous === null)
          throw new WaystageError(
            'not_found',
            'There is no activation in force that could be taken back; `waystage runs` lists the runs.',
          );
        const before = JSON.parse(row.spans) as Spans;
        for (const [journey, spans] of Object.entries(before)) await setSpans(trx, journey, spans);
        await standAsBefore(trx, bulk, { seq, since: Number(row.since), at, before });
        await trx
          .updateTable('activations')
          .set({ rolled_back: at, rolled_back_by: run })
          .where('seq', '=', seq)
          .execute();
        // Everybody is judged anew, each from where it stands.
        await trx.deleteFrom('meta').where('key', 'in', [PLACED_BASIS, PLACED_UNTIL]).execute();
        const runs = row.plan === null ? [] : await runsOfPlan(trx, row.plan);
        await trx
          .updateTable('connection_states')
          .set({ paused_at: null, paused_by: null })
          .where('paused_by', 'in', [row.run, ...runs])
          .execute();
      });
    },
  };
}

function rows(db: Kysely<Tables>) {
  return db.selectFrom('activations').selectAll().orderBy('seq', 'desc');
}

async function activate(trx: Transaction<Tables>, next: NewActivation): Promise<void> {
  const newest = await rows(trx).limit(1).executeTakeFirst();
  const active = await rows(trx).where('rolled_back', 'is', null).limit(1).executeTakeFirst();
  const { set, source, since, run, plan } = next;
  await trx
    .insertInto('rule_sets')
    .values({ id: set, source })
    .onConflict((conflict) => conflict.column('id').doUpdateSet({ source }))
    .execute();
  const before: Record<string, readonly VersionSpan[]> = {};
  for (const { journey, version, file, text, spans } of next.journeys) {
    before[journey] = await spansOf(trx, journey);
    await trx
      .insertInto('mapping_versions')
      .values({ journey, version, file, text, since })
      .onConflict((conflict) => conflict.columns(['journey', 'version']).doNothing())
      .execute();
    await setSpans(trx, journey, spans);
  }
  const seq = Number(newest?.seq ?? -1) + 1;
  await trx
    .insertInto('activations')
    .values({
      ...{ seq, rule_set: set, since, run, plan, previous: active === undefined ? null : Number(active.seq) },
      ...{ spans: JSON.stringify(before), rolled_back: null, rolled_back_by: null },
    })
    .execute();
  await trx
    .deleteFrom('activation_standings')
    .where('activation', '<=', seq - KEPT)
    .execute();
}

/** How subjects stood when they were first moved under the rules in force, as long as there are rules to go back to. */
async function keepForRollback(trx: Transaction<Tables>): Promise<void> {
  const active = await rows(trx).where('rolled_back', 'is', null).limit(1).executeTakeFirst();
  if (active === undefined || active.previous === null) return;
  await trx
    .insertInto('activation_standings')
    .columns(['activation', 'journey', 'subject', 'standing'])
    .expression((eb) =>
      eb
        .selectFrom('earlier_placements')
        .select((row) => [row.val(Number(active.seq)).as('activation'), 'journey', 'subject', 'standing'])
        .where('journey', 'is not', null),
    )
    .onConflict((conflict) => conflict.columns(['activation', 'journey', 'subject']).doNothing())
    .execute();
}

async function takeEffect(trx: Transaction<Tables>, effect: PlanEffect): Promise<void> {
  const { plan, run, at, opens, holds, frees } = effect;
  const runs = await runsOfPlan(trx, plan);
  await trx.insertInto('applied_plans').values({ run, plan }).execute();
  for (const id of opens)
    await trx
      .insertInto('connection_states')
      .values({ id, paused_at: null, reconciled_at: null, paused_by: null, opened_at: at })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ opened_at: at }))
      .execute();
  for (const id of frees)
    await trx
      .updateTable('connection_states')
      .set({ paused_at: null, paused_by: null })
      .where('id', '=', id)
      .where('paused_by', 'in', [run, ...runs])
      .execute();
  for (const id of holds)
    await trx
      .insertInto('connection_states')
      .values({ id, paused_at: at, reconciled_at: null, paused_by: run, opened_at: null })
      .onConflict((conflict) =>
        conflict
          .column('id')
          .doUpdateSet({ paused_at: at, paused_by: run })
          .where((eb) =>
            eb.or([
              eb('connection_states.paused_at', 'is', null),
              eb('connection_states.paused_by', 'is not', null),
            ]),
          ),
      )
      .execute();
}

async function runsOfPlan(db: Kysely<Tables>, plan: string): Promise<readonly string[]> {
  const found = await db.selectFrom('applied_plans').select('run').where('plan', '=', plan).execute();
  return found.map(({ run }) => run);
}

async function spansOf(db: Kysely<Tables>, journey: string): Promise<readonly VersionSpan[]> {
  const found = await db
    .selectFrom('version_spans')
    .select(['version', 'since'])
    .where('journey', '=', journey)
    .orderBy('seq')
    .execute();
  return found.map(({ version, since }) => ({ version, since: Number(since) }));
}

async function setSpans(
  trx: Transaction<Tables>,
  journey: string,
  spans: readonly VersionSpan[],
): Promise<void> {
  await trx.deleteFrom('version_spans').where('journey', '=', journey).execute();
  for (const [seq, { version, since }] of spans.entries())
    await trx.insertInto('version_spans').values({ journey, seq, version, since }).execute();
}

function toActivation(row: Tables['activations']): Activation {
  return {
    seq: Number(row.seq),
    set: row.rule_set,
    since: Number(row.since),
    run: row.run,
    plan: row.plan,
    previous: row.previous === null ? null : Number(row.previous),
    rolledBack: row.rolled_back === null ? null : Number(row.rolled_back),
  };
}
