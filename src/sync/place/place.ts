import { setImmediate as pause } from 'node:timers/promises';
import { createIssueLog } from '../../facts/index.ts';
import type { Mapping } from '../../mapping/types.ts';
import type { VersionSpan } from '../../store/port.ts';
import { type OpenConnection, reach, type Session } from '../session.ts';
import { createFactMaker } from '../subjects/facts.ts';
import { createFingerprints } from '../subjects/fingerprints.ts';
import { evaluationLevels } from '../subjects/results.ts';
import { subjectChunks, waitingChunks } from '../subjects/subject-chunks.ts';
import { noPlaced, type PlacedTotals } from '../summary.ts';
import { type PlanSink, reportUnreadable, startPlanning } from '../write/planning.ts';
import { takingOver, versionsOf } from './activation.ts';
import { type PlanEffects, planEffects } from './effects.ts';
import { type PlaceWork, placeChunk, tally } from './place-chunk.ts';
import { type Selection, select } from './selection.ts';
import { sightOf } from './sight.ts';

export interface Placed {
  readonly totals: PlacedTotals;
  /** Subjects that count for the guard. */
  readonly changed: number;
  /** Fields left out because somebody else keeps changing them back. */
  readonly frozen: number;
  /** Whom the run looked at; with it the run is settled. */
  readonly selection: Selection;
  /** What a plan does; empty of anything else. */
  readonly effects: PlanEffects;
}

/**
 * Takes the subjects that have to be looked at (J15) from their last step to the run's instant and plans what their
 * records should hold. Accounts are judged together with their people, a chunk at a time; each chunk is committed
 * before the next is loaded. Under `plan` nothing is committed. The totals are those of all subjects.
 * @param subjects how many there are, for the progress
 * @param sink takes what is planned, chunk by chunk
 */
export async function placeSubjects(
  session: Session,
  opens: readonly OpenConnection[],
  subjects: number,
  sink: PlanSink,
): Promise<Placed> {
  const { store, connections, mappings } = session.options;
  const issues = createIssueLog();
  const discoveries = new Map(
    (await store.connections.list()).map((stored) => [stored.id, stored.discovery]),
  );
  const totals = noPlaced();
  const closed = connections.flatMap((config) => {
    const discovery = discoveries.get(config.id) ?? null;
    const isOpen = opens.some((open) => open.config.id === config.id);
    return isOpen || discovery === null ? [] : [{ config, discovery }];
  });
  const planning = startPlanning(session, opens, totals, sink, closed);
  const versions = new Map<string, readonly VersionSpan[]>();
  // Also what was set or ended by hand while the last run was under way.
  await store.overrides.wake(session.fence);
  const selection = await select(session);
  const work: PlaceWork = {
    session,
    selection,
    maker: createFactMaker(connections, (id) => discoveries.get(id) ?? null, mappings, issues.add),
    totals,
    planning,
    effects: await planEffects(session),
    mappings: evaluationLevels(mappings).flat(),
    versions,
    judged: createFingerprints(),
    takingOver: await takingOver(session),
  };
  for (const mapping of mappings) {
    versions.set(mapping.name, await versionsOf(session, mapping));
    countEmptyStages(work.totals, mapping);
  }
  if (!selection.everybody) await countStored(session, totals);
  const source = { store, connections };
  const all = selection.everybody ? subjects : await store.pending.count();
  let done = 0;
  for await (const chunk of selection.everybody
    ? subjectChunks(source)
    : waitingChunks(source, sightOf(mappings), work.judged)) {
    await placeChunk(work, chunk);
    done += chunk.chosen?.size ?? chunk.accounts.length + chunk.people.length;
    session.options.progress.advance('subjects', done, all);
    // The store answers at once: without a pause no signal gets in, nor does what collects the garbage.
    await pause();
    await reach(session, 'placed-chunk');
  }
  reportUnreadable(work.planning);
  for (const issue of issues.list()) {
    session.notices.push({
      kind: 'value',
      subject: null,
      text: `${issue.key} ${issue.field}: ${issue.message}`,
    });
  }
  const { changed, frozen } = planning;
  return { totals, changed, frozen, selection, effects: work.effects.result() };
}

/** Every stage of the mapping has a number, so that an empty one is seen to be empty. */
function countEmptyStages(totals: PlacedTotals, mapping: Mapping): void {
  const counts: Record<string, number> = Object.create(null);
  for (const stage of mapping.stages) counts[stage.name] = 0;
  totals.stages[mapping.name] = counts;
}

/** How everybody stood before this run; whoever is judged is counted anew. */
async function countStored({ options: { store, mappings } }: Session, totals: PlacedTotals): Promise<void> {
  const known = new Map(mappings.map((mapping) => [mapping.name, mapping]));
  for (const { journey, stage, n } of await store.journeys.stageCounts()) {
    const mapping = known.get(journey);
    if (mapping === undefined) continue;
    tally(totals, mapping, { state: { stage }, health: { score: null, band: null, coverage: null } }, n);
  }
  for (const { journey, band, n } of await store.journeys.bandCounts()) {
    if (band !== null && known.has(journey)) totals.bands[band] = (totals.bands[band] ?? 0) + n;
  }
}
