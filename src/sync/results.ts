import type { FactGraph } from '../facts/index.ts';
import type { StepContext } from '../journey/index.ts';
import type { Mapping } from '../mapping/types.ts';
import type { ResultView, SubjectFacts, SubjectId } from '../model/facts.ts';

/** Results of journeys at the present instant, for the journeys that read them (J2). */
export class Results {
  readonly #views = new Map<string, Map<SubjectId, ResultView>>();

  set(journey: string, subject: SubjectId, view: ResultView): void {
    const known = this.#views.get(journey);
    if (known === undefined) this.#views.set(journey, new Map([[subject, view]]));
    else known.set(subject, view);
  }

  of(subject: SubjectId, journeys: readonly string[]): Readonly<Record<string, ResultView>> {
    const views: Record<string, ResultView> = Object.create(null);
    for (const journey of journeys) {
      const view = this.#views.get(journey)?.get(subject);
      if (view !== undefined) views[journey] = view;
    }
    return views;
  }
}

/** What a step of this mapping may see besides its own state. */
export function stepContext(
  mapping: Mapping,
  facts: SubjectFacts,
  graph: FactGraph,
  results: Results,
): StepContext {
  const journeys = (of: 'self' | 'account' | 'people'): readonly string[] =>
    mapping.dependsOn.filter((dependency) => dependency.of === of).map((dependency) => dependency.journey);
  const account =
    facts.kind === 'account' ? facts.subject : (graph.accountOf(facts.subject) as SubjectId | null);
  const people: Record<string, Readonly<Record<string, ResultView>>> = Object.create(null);
  const ofPeople = journeys('people');
  if (ofPeople.length > 0 && account !== null) {
    for (const person of graph.peopleOf(account)) {
      const key = graph.input('person', person, person as SubjectId)?.person?.key;
      if (key !== undefined) people[key] = results.of(person as SubjectId, ofPeople);
    }
  }
  return {
    facts,
    results: results.of(facts.subject, journeys('self')),
    accountResults: account === null ? {} : results.of(account, journeys('account')),
    peopleResults: people,
  };
}

/** Mappings in the order their results depend on each other: each level reads only earlier ones. The mappings are
 *  checked: there is no cycle. */
export function evaluationLevels(mappings: readonly Mapping[]): readonly (readonly Mapping[])[] {
  const levels: Mapping[][] = [];
  const placed = new Set<string>();
  let rest = [...mappings];
  while (rest.length > 0) {
    const ready = rest.filter((mapping) =>
      mapping.dependsOn.every(
        ({ journey }) => placed.has(journey) || !mappings.some((other) => other.name === journey),
      ),
    );
    const level = ready.length > 0 ? ready : rest;
    levels.push(level);
    for (const mapping of level) placed.add(mapping.name);
    rest = rest.filter((mapping) => !level.includes(mapping));
  }
  return levels;
}
