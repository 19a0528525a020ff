import type { ViewTimeline } from '../journey/index.ts';
import { fieldSpec } from '../mapping/catalogue.ts';
import type { FactType, FieldMap, Mapping } from '../mapping/types.ts';
import type {
  Fact,
  FactLists,
  FactTimeline,
  ListName,
  Origin,
  ResultView,
  Scalar,
  SubjectFacts,
  SubjectId,
} from '../model/facts.ts';
import type { ConnectionId } from '../model/record.ts';
import type { Change, Place, TestCase, ViewChange } from './types.ts';

const SUBJECT = 'test' as SubjectId;
const CONNECTION = 'test' as ConnectionId;
const LISTS: readonly ListName[] = ['people', 'deals', 'tickets', 'touchpoints', 'surveys'];

/** The facts of a case over time. What a case says counts from the instant at which it says it. */
export function timelineOf(
  test: TestCase,
  mapping: Pick<Mapping, 'subject'>,
  fieldMaps: readonly FieldMap[],
): FactTimeline {
  const changes = [...test.changes].sort((a, b) => a.at - b.at);
  const instants = [...new Set(changes.map(({ at }) => at))];
  const types: Record<string, FactType> = Object.create(null);
  for (const map of fieldMaps) Object.assign(types, map.types);
  const made = new Map<number, SubjectFacts>();
  return {
    at(instant) {
      const position = instants.filter((at) => at <= instant).length;
      const known = made.get(position);
      if (known !== undefined) return known;
      const facts = factsAt(changes, instant, mapping.subject, types);
      made.set(position, facts);
      return facts;
    },
    changes: (from, to) => instants.filter((at) => at > from && at <= to),
    unknownAt: () => false,
  };
}

function factsAt(
  changes: readonly Change[],
  instant: number,
  kind: SubjectFacts['kind'],
  types: Readonly<Record<string, FactType>>,
): SubjectFacts {
  const things = new Map<Place, Fact>();
  for (const { at, place, values } of changes) {
    if (at > instant) break;
    if (values === null) {
      things.delete(place);
      continue;
    }
    const before = things.get(place);
    const held: Record<string, Scalar> = Object.assign(Object.create(null), before?.values);
    const origins: Record<string, Origin> = Object.assign(Object.create(null), before?.origins);
    for (const [field, value] of Object.entries(values)) {
      delete held[field];
      delete origins[field];
      if (value === null) continue;
      held[field] = value;
      origins[field] = originOf(place, field, value, at, types);
    }
    things.set(place, { key: place, values: held, origins });
  }
  const lists = (prefix: string): FactLists => {
    const of = (list: ListName): readonly Fact[] =>
      [...things]
        .filter(([place]) => place.startsWith(`${prefix}${list}/`))
        .map(([, fact]) => fact)
        .sort((a, b) => (a.key < b.key ? -1 : 1));
    return Object.fromEntries(LISTS.map((list) => [list, of(list)])) as unknown as FactLists;
  };
  const own = lists('');
  return {
    subject: SUBJECT,
    kind,
    person: things.get('person') ?? null,
    account: things.get('account') ?? null,
    ...own,
    accountLists: kind === 'account' ? own : lists('account/'),
  };
}

/** J4: a date is true from its own day, everything else from when it was said. */
function originOf(
  place: Place,
  field: string,
  value: Scalar,
  at: number,
  types: Readonly<Record<string, FactType>>,
): Origin {
  const list = place.replace('account/', '').split('/')[0] as ListName | 'person' | 'account';
  const type = fieldSpec(list, field, types)?.type;
  const instant = (type === 'date' || type === 'datetime') && typeof value === 'number' ? value : at;
  return { connection: CONNECTION, type: list, id: place, field, at: instant, known: at };
}

const NOTHING: ResultView = {
  stage: null,
  entered: null,
  previous: null,
  visits: 0,
  score: null,
  band: null,
};

/** What other journeys say in a case. */
export function viewsOf(test: TestCase): ViewTimeline {
  const views = [...test.views].sort((a, b) => a.at - b.at);
  return {
    changes: (from, to) => [...new Set(views.map(({ at }) => at))].filter((at) => at > from && at <= to),
    at(instant) {
      const at = (of: ViewChange['of']): Record<string, ResultView> => {
        const found: Record<string, ResultView> = Object.create(null);
        for (const view of views) {
          if (view.at > instant || view.of !== of) continue;
          found[view.journey] = { ...(found[view.journey] ?? NOTHING), ...view.view };
        }
        return found;
      };
      const people = [...new Set(views.map(({ of }) => of))].filter((of) => of.includes('people/'));
      return {
        results: at('self'),
        accountResults: at('account'),
        peopleResults: Object.fromEntries(people.map((of) => [of, at(of)])),
      };
    },
  };
}
