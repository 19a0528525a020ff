import type { FactGraph, GraphEpochs } from '../../facts/index.ts';
import {
  type HealthStep,
  NO_VIEWS,
  resultView,
  type StepContext,
  stateAt,
  type ViewTimeline,
} from '../../journey/index.ts';
import type { Mapping } from '../../mapping/types.ts';
import type { HealthState, JourneyState, ResultView, SubjectId, SubjectKind } from '../../model/facts.ts';

/** What a journey said of one subject, up to now. */
export interface JourneyResult {
  readonly state: JourneyState;
  readonly health: HealthState;
  /** How health moved on the way here, and what it was before. */
  readonly course?: readonly HealthStep[];
  readonly healthBefore?: HealthState;
}

type Views = Readonly<Record<string, ResultView>>;

/** Results of journeys, for the journeys that read them (J2), at the present instant and on the way to it. */
export class Results {
  readonly #results = new Map<string, Map<SubjectId, JourneyResult>>();

  set(journey: string, subject: SubjectId, result: JourneyResult): void {
    const known = this.#results.get(journey);
    if (known === undefined) this.#results.set(journey, new Map([[subject, result]]));
    else known.set(subject, result);
  }

  has(journey: string, subject: SubjectId): boolean {
    return this.#results.get(journey)?.has(subject) === true;
  }

  get(journey: string, subject: SubjectId): JourneyResult | undefined {
    return this.#results.get(journey)?.get(subject);
  }

  /** `instant` null: now. */
  of(subject: SubjectId, journeys: readonly string[], instant: number | null): Views {
    const views: Record<string, ResultView> = Object.create(null);
    for (const journey of journeys) {
      const result = this.#results.get(journey)?.get(subject);
      if (result !== undefined) views[journey] = viewAt(result, instant);
    }
    return views;
  }

  /** Instants in (from, to] at which these results became others. */
  *changes(subject: SubjectId, journeys: readonly string[], from: number, to: number): Generator<number> {
    for (const journey of journeys) {
      const result = this.#results.get(journey)?.get(subject);
      if (result === undefined) continue;
      const points = [
        ...result.state.visits.flatMap(({ entered, left }) => (left === null ? [entered] : [entered, left])),
        ...(result.course ?? []).map(({ at }) => at),
      ];
      for (const point of points) if (point > from && point <= to) yield point;
    }
  }
}

function viewAt(
  { state, health, course = [], healthBefore }: JourneyResult,
  instant: number | null,
): ResultView {
  if (instant === null) return resultView(state, health);
  const then = course.findLast(({ at }) => at <= instant);
  return resultView(
    stateAt(state, instant),
    then ?? (course.length === 0 ? health : (healthBefore ?? health)),
  );
}

/** Results of other journeys over time. */
export type JourneyViews = ViewTimeline;

/**
 * What a step of this mapping may see besides its own state and the facts.
 * @param epochs who belonged to whom at earlier instants; without it as now
 */
export function resultsOf(
  mapping: Mapping,
  kind: SubjectKind,
  subject: SubjectId,
  graph: FactGraph,
  results: Results,
  epochs: () => GraphEpochs = () => [],
): { readonly now: Omit<StepContext, 'facts'>; readonly views: ViewTimeline } {
  if (mapping.dependsOn.length === 0)
    return { now: { results: {}, accountResults: {}, peopleResults: {} }, views: NO_VIEWS };
  const journeys = (of: 'self' | 'account' | 'people'): readonly string[] =>
    mapping.dependsOn.filter((dependency) => dependency.of === of).map((dependency) => dependency.journey);
  const [ofSelf, ofAccount, ofPeople] = [journeys('self'), journeys('account'), journeys('people')];
  const nearIn = (then: FactGraph): Near => {
    const account = kind === 'account' ? subject : (then.accountOf(subject) as SubjectId | null);
    const people = ofPeople.length === 0 || account === null ? [] : (then.peopleOf(account) as SubjectId[]);
    return { graph: then, account, people };
  };
  const at = ({ graph: then, account, people }: Near, instant: number | null): Omit<StepContext, 'facts'> => {
    const peopleResults: Record<string, Views> = Object.create(null);
    for (const person of people) {
      const key = then.input('person', person, person)?.person?.key;
      if (key !== undefined) peopleResults[key] = results.of(person, ofPeople, instant);
    }
    return {
      results: results.of(subject, ofSelf, instant),
      accountResults: account === null ? {} : results.of(account, ofAccount, instant),
      peopleResults,
    };
  };
  const present = nearIn(graph);
  let course: readonly (Near & { readonly from: number })[] | null = null;
  /** Who was near, each from its instant on. */
  const nears = (): readonly (Near & { readonly from: number })[] => {
    if (course !== null) return course;
    const found: (Near & { readonly from: number })[] = [];
    const all = ofAccount.length + ofPeople.length === 0 ? [] : epochs();
    for (const { from, graph: then } of all) {
      const near = nearIn(then);
      const last = found.at(-1);
      if (last === undefined || nearText(last) !== nearText(near)) found.push({ ...near, from });
    }
    course = found.length === 0 ? [{ ...present, from: Number.NEGATIVE_INFINITY }] : found;
    return course;
  };
  return {
    now: at(present, null),
    views: {
      at: (instant) => at(nears().findLast(({ from }) => from <= instant) ?? present, instant),
      changes(from, to) {
        const points = new Set(results.changes(subject, ofSelf, from, to));
        for (const near of nears()) {
          if (near.from > from && near.from <= to) points.add(near.from);
          if (near.account !== null)
            for (const point of results.changes(near.account, ofAccount, from, to)) points.add(point);
          for (const person of near.people)
            for (const point of results.changes(person, ofPeople, from, to)) points.add(point);
        }
        return [...points].sort((a, b) => a - b);
      },
    },
  };
}

/** Whose results a subject sees. */
interface Near {
  readonly graph: FactGraph;
  readonly account: SubjectId | null;
  readonly people: readonly SubjectId[];
}

function nearText({ account, people }: Near): string {
  return JSON.stringify([account, [...people].sort()]);
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
