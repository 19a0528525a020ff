import type { Discovery } from '../../connector/port.ts';
import {
  contextAt,
  EMPTY_STATE,
  type Explanation,
  explainSubject,
  healthInstant,
  inForce,
  NO_HEALTH,
  type PreviousHealth,
  type StepContext,
  scoreHealth,
} from '../../journey/index.ts';
import type { Mapping } from '../../mapping/types.ts';
import type { JourneyState, SubjectId } from '../../model/facts.ts';
import type { Placement, Store, StoredSubject } from '../../store/port.ts';
import { type HandSpans, NOTHING_BY_HAND, overridesOf, spansOf } from '../place/overrides.ts';
import type { SyncConnection } from '../session.ts';
import { Results, resultsOf } from '../subjects/results.ts';
import { surroundingsOf, thenOf } from './then.ts';

export interface SubjectExplanation {
  readonly subject: StoredSubject;
  readonly records: readonly {
    readonly record: string;
    readonly reason: string;
    readonly url: string | null;
  }[];
  readonly journeys: readonly Explanation[];
  /** Of an earlier instant: which version decided, and since when; `replayed`: none did yet, the present one tells. */
  readonly then?: readonly {
    readonly journey: string;
    readonly version: string;
    readonly since: number | null;
    readonly replayed: boolean;
  }[];
}

/** Health is judged as of an instant of this day at the earliest. */
const TWO_DAYS = 2 * 86_400_000;

/** Explains a subject on every journey of its kind, out of what is stored; `instant` is the moment judged (J33). */
export async function explain(
  store: Store,
  connections: readonly SyncConnection[],
  mappings: readonly Mapping[],
  subject: StoredSubject,
  instant: number,
): Promise<SubjectExplanation> {
  const { maker, neighbourhood, chunk } = await surroundingsOf({ store, connections }, mappings, subject);
  const results = await storedResults(store, mappings, [...chunk.accounts, subject.id, ...chunk.people]);
  const overrides = await overridesOf(store, neighbourhood.recordsOf, [subject.id]);
  const journeys: Explanation[] = [];
  for (const mapping of mappings.filter((one) => one.subject === subject.kind)) {
    const facts = maker.facts(neighbourhood, mapping, subject.kind, subject.id);
    if (facts === null) continue;
    const placement = (await store.journeys.get(mapping.name, [subject.id])).get(subject.id);
    const state = placement?.state ?? EMPTY_STATE;
    const at = Math.max(instant, state.lastStep ?? instant);
    const byHand = spansOf(overrides.get(subject.id) ?? [], mapping);
    const { now: seen, views } = resultsOf(mapping, subject.kind, subject.id, neighbourhood.graph, results);
    const health = { ...(placement?.health ?? NO_HEALTH), overridden: placement?.byHand?.band === true };
    const timeline = maker.timeline(neighbourhood, mapping, subject.id, at - TWO_DAYS);
    const active = (await store.journeys.versions(mapping.name)).at(-1);
    const since = active?.version === mapping.version ? active.since : at;
    const hands = [...byHand.stages, ...byHand.bands];
    const judgedAt =
      timeline === null
        ? at
        : healthInstant({ mapping, timeline, views, byHand: hands, state, since, instant: at });
    journeys.push(explained(mapping, { facts, ...seen }, state, health, at, byHand, judgedAt));
  }
  return { subject, records: await recordsOf(store, subject), journeys };
}

/**
 * Explains a subject as of an earlier instant (J33): with the facts, the stage and the health of then, by the version
 * that decided then. Where none did yet, the present one is replayed up to then.
 */
export async function explainThen(
  store: Store,
  connections: readonly SyncConnection[],
  mappings: readonly Mapping[],
  subject: StoredSubject,
  instant: number,
): Promise<SubjectExplanation> {
  const then = await thenOf({ store, connections }, mappings, subject, instant);
  return {
    subject,
    records: await recordsOf(store, subject),
    journeys: then.flatMap(({ mapping, context, state, course, byHand }) => {
      if (context === null) return [];
      // The last change of health was a step of its own; the one before it tells what hysteresis saw.
      const last = course.findLast(({ at }) => at <= instant);
      const byHandThen = last !== undefined && inForce(byHand.bands, last.at) !== null;
      const before = { ...(last ?? NO_HEALTH), overridden: byHandThen };
      return [explained(mapping, context, state, before, instant, byHand)];
    }),
    // biome-ignore lint/suspicious/noThenProperty: a list is no function, so nothing takes it for a promise
    then: then.map(({ mapping, since, replayed }) => ({
      journey: mapping.name,
      version: mapping.version,
      since,
      replayed,
    })),
  };
}

function explained(
  mapping: Mapping,
  context: StepContext,
  state: JourneyState,
  health: PreviousHealth,
  instant: number,
  byHand: HandSpans = NOTHING_BY_HAND,
  /** As of when health was judged (J20). */
  judgedAt: number = instant,
): Explanation {
  return explainSubject({
    mapping,
    context,
    state,
    health: scoreHealth(
      mapping,
      contextAt(mapping, context, state, judgedAt),
      health,
      inForce(byHand.bands, instant),
    ),
    instant,
    override: inForce(byHand.stages, instant),
  });
}

async function recordsOf(store: Store, subject: StoredSubject): Promise<SubjectExplanation['records']> {
  const discoveries = new Map((await store.connections.list()).map(({ id, discovery }) => [id, discovery]));
  return (await store.subjects.membersOf([subject.id])).map((member) => ({
    record: `${member.connection}:${member.type}:${member.id}`,
    reason: member.reason,
    url: recordUrl(discoveries.get(member.connection) ?? null, member.type, member.id),
  }));
}

function recordUrl(discovery: Discovery | null, type: string, id: string): string | null {
  if (discovery?.recordUrl === null || discovery === null) return null;
  const linkType = discovery.objects[type]?.linkType ?? type;
  return discovery.recordUrl
    .replace('{type}', encodeURIComponent(linkType))
    .replace('{id}', encodeURIComponent(id));
}

/** What other journeys said at the last run. */
async function storedResults(
  store: Store,
  mappings: readonly Mapping[],
  subjects: readonly SubjectId[],
): Promise<Results> {
  const results = new Results();
  const read = new Set(mappings.flatMap((mapping) => mapping.dependsOn.map(({ journey }) => journey)));
  for (const journey of read) {
    const placements: ReadonlyMap<string, Placement> = await store.journeys.get(journey, subjects);
    for (const [subject, placement] of placements) {
      results.set(journey, subject as SubjectId, { state: placement.state, health: placement.health });
    }
  }
  return results;
}
