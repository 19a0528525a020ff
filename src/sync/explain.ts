import type { Discovery } from '../connector/port.ts';
import { contextAt, EMPTY_STATE, type Explanation, explainSubject, scoreHealth } from '../journey/index.ts';
import type { Mapping } from '../mapping/types.ts';
import type { SubjectId } from '../model/facts.ts';
import type { Placement, Store, StoredSubject } from '../store/port.ts';
import { createFactMaker } from './facts.ts';
import { type FactSource, loadNeighbourhood } from './neighbourhood.ts';
import { Results, resultsOf } from './results.ts';
import type { SyncConnection } from './session.ts';

export interface SubjectExplanation {
  readonly subject: StoredSubject;
  readonly records: readonly {
    readonly record: string;
    readonly reason: string;
    readonly url: string | null;
  }[];
  readonly journeys: readonly Explanation[];
}

/** Explains a subject on every journey of its kind, out of what is stored; `instant` is the moment judged (J33). */
export async function explain(
  store: Store,
  connections: readonly SyncConnection[],
  mappings: readonly Mapping[],
  subject: StoredSubject,
  instant: number,
): Promise<SubjectExplanation> {
  const source: FactSource = { store, connections };
  const stored = await store.connections.list();
  const discoveries = new Map(stored.map((connection) => [connection.id, connection.discovery]));
  const maker = createFactMaker(
    connections,
    (id) => discoveries.get(id) ?? null,
    mappings,
    () => undefined,
  );
  const first =
    subject.kind === 'account'
      ? await loadNeighbourhood(source, [subject.id], [])
      : await loadNeighbourhood(source, [], [subject.id]);
  const account = subject.kind === 'person' ? (first.graph.accountOf(subject.id) as SubjectId | null) : null;
  // Rules about a person may read all of its account: load that neighbourhood too.
  const neighbourhood = account === null ? first : await loadNeighbourhood(source, [account], [subject.id]);
  const own = mappings.filter((mapping) => mapping.subject === subject.kind);
  const results = await storedResults(store, mappings, [
    subject.id,
    ...(account === null ? [] : [account]),
    ...(neighbourhood.graph.peopleOf(account ?? subject.id) as SubjectId[]),
  ]);
  const journeys: Explanation[] = [];
  for (const mapping of own) {
    const facts = maker.facts(neighbourhood, mapping, subject.kind, subject.id);
    if (facts === null) continue;
    const placement = (await store.journeys.get(mapping.name, [subject.id])).get(subject.id);
    const state = placement?.state ?? EMPTY_STATE;
    const at = Math.max(instant, state.lastStep ?? instant);
    const { now: seen } = resultsOf(mapping, subject.kind, subject.id, neighbourhood.graph, results);
    const context = { facts, ...seen };
    journeys.push(
      explainSubject({
        mapping,
        context,
        state,
        health: scoreHealth(
          mapping,
          contextAt(mapping, context, state, at),
          placement?.health ?? { score: null, band: null },
        ),
        instant: at,
      }),
    );
  }
  return {
    subject,
    records: (await store.subjects.membersOf([subject.id])).map((member) => ({
      record: `${member.connection}:${member.type}:${member.id}`,
      reason: member.reason,
      url: recordUrl(discoveries.get(member.connection) ?? null, member.type, member.id),
    })),
    journeys,
  };
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
