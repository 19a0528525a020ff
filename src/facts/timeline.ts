import type { FactName, ReadSet } from '../mapping/types.ts';
import type { Fact, FactLists, FactTimeline, ListName, SubjectFacts, SubjectId } from '../model/facts.ts';
import { withLastActivity } from './build.ts';
import type { FactGraph } from './graph.ts';
import type { FactReader } from './reader.ts';
import type { GroupLists, PersonGroup, RecordGroup, SubjectInput } from './types.ts';
import { type FactVersions, factVersions, lastAt } from './versions.ts';

/** Who belonged to whom: each graph from its instant on, until the next one; the first from the beginning. */
export type GraphEpochs = readonly { readonly from: number; readonly graph: FactGraph }[];

/** Makes time lines out of one chunk of records; keeps what subjects have in common. */
export interface TimelineMaker {
  readonly reader: FactReader;
  /** How the versions of one fact are told. */
  readonly tell: typeof factVersions;
  readonly versions: Map<FactName, WeakMap<RecordGroup, FactVersions>>;
  readonly lists: WeakMap<GroupLists, ListsOverTime>;
}

/** @param tell as it was (`factVersions`, the default), or as it was known then (`knownVersions`) */
export function createTimelineMaker(
  reader: FactReader,
  tell: typeof factVersions = factVersions,
): TimelineMaker {
  return { reader, tell, versions: new Map(), lists: new WeakMap() };
}

/** Of the time that the facts of a subject were there, how much of what rules read is told by the records (J14). */
export interface Coverage {
  /** Milliseconds times fields of which the value is known, having no value included. */
  readonly known: number;
  /** Milliseconds times fields read. */
  readonly asked: number;
}

/** A time line that also tells how much of it is known. */
export interface CoveredTimeline extends FactTimeline {
  coverage(from: number, to: number): Coverage;
}

/** Lists of one group over time. */
interface ListsOverTime {
  readonly changes: readonly number[];
  at(instant: number): FactLists;
  readonly versions: readonly FactVersions[];
}

const LISTS: readonly ListName[] = ['people', 'deals', 'tickets', 'touchpoints', 'surveys'];
const NO_FACTS: FactLists = { people: [], deals: [], tickets: [], touchpoints: [], surveys: [] };

interface Span {
  readonly from: number;
  readonly input: SubjectInput | undefined;
}

/**
 * The facts of one subject over time (J13, J14), or undefined when nothing of it is in the last graph.
 * @param reads fields of the mapping that asks: what else is unknown does not make a step uncertain
 */
export function subjectTimeline(
  maker: TimelineMaker,
  epochs: GraphEpochs,
  subject: Pick<SubjectFacts, 'subject' | 'kind'>,
  reads: ReadSet,
): CoveredTimeline | undefined {
  const spans = spansOf(epochs, subject);
  const present = spans.at(-1)?.input;
  if (present === undefined) return undefined;
  const starts = spans.map(({ from }) => from);
  const made = new Map<Span, SpanFacts>();
  const factsOf = (span: Span): SpanFacts => {
    const known = made.get(span) ?? spanFacts(maker, span.input);
    made.set(span, known);
    return known;
  };
  let all: readonly number[] | null = null;
  const changes = (): readonly number[] => {
    if (all !== null) return all;
    const points = new Set<number>(starts.slice(1));
    for (const [position, span] of spans.entries()) {
      const end = starts[position + 1] ?? Number.POSITIVE_INFINITY;
      for (const point of factsOf(span).changes())
        if (point < end && (position === 0 || point >= span.from)) points.add(point);
    }
    all = [...points].sort((a, b) => a - b);
    return all;
  };
  let last: { readonly position: number; readonly facts: SubjectFacts } | null = null;
  return {
    at(instant) {
      const position = lastAt(changes(), instant);
      if (last?.position === position) return last.facts;
      const span = spans[Math.max(0, lastAt(starts, instant))] as Span;
      const facts = { ...subject, ...factsOf(span).at(instant) };
      last = { position, facts };
      return facts;
    },
    changes(from, to) {
      const known = changes();
      return known.slice(lastAt(known, from) + 1, lastAt(known, to) + 1);
    },
    unknownAt: (instant) =>
      factsOf(spans[Math.max(0, lastAt(starts, instant))] as Span).unknownAt(instant, reads),
    coverage(from, to) {
      let known = 0;
      let asked = 0;
      for (const [name, one] of factsOf(spans.at(-1) as Span).versions()) {
        const start = Math.max(from, one.changes[0] ?? to);
        if (start >= to) continue;
        for (const field of reads[name] ?? []) {
          asked += to - start;
          known += to - Math.min(to, Math.max(start, one.unknownUntil[field] ?? start));
        }
      }
      return { known, asked };
    },
  };
}

/** The subject's place in each graph, as far as it differs from the one before. */
function spansOf(
  epochs: GraphEpochs,
  { subject, kind }: Pick<SubjectFacts, 'subject' | 'kind'>,
): readonly Span[] {
  const spans: Span[] = [];
  let before: string | null = null;
  let last: SubjectInput | undefined | null = null;
  for (const { from, graph } of epochs) {
    const input = graph.input(kind, subject, subject as SubjectId);
    if (epochs.length === 1) return [{ from, input }];
    if (input === last) continue;
    last = input;
    const text = inputText(input);
    if (text === before) continue;
    before = text;
    spans.push({ from, input });
  }
  return spans;
}

function inputText(input: SubjectInput | undefined): string {
  if (input === undefined) return '';
  const lists = (of: GroupLists | null): unknown =>
    of === null ? null : LISTS.map((name) => of[name].map(groupText).sort());
  const own = input.lists === input.accountLists ? null : lists(input.lists);
  return JSON.stringify([
    input.person && groupText(input.person),
    input.account?.key,
    own,
    lists(input.accountLists),
  ]);
}

function groupText(group: RecordGroup | PersonGroup): unknown {
  const { roles = [], touchpoints = [] } = group as PersonGroup;
  return [group.key, roles.map(({ id }) => id).sort(), touchpoints.map(({ key }) => key).sort()].join('\n');
}

interface SpanFacts {
  changes(): Iterable<number>;
  at(instant: number): Omit<SubjectFacts, 'subject' | 'kind'>;
  unknownAt(instant: number, reads: ReadSet): boolean;
  versions(): Iterable<readonly [FactName, FactVersions]>;
}

const NOTHING: SpanFacts = {
  changes: () => [],
  at: () => ({ person: null, account: null, ...NO_FACTS, accountLists: NO_FACTS }),
  unknownAt: () => false,
  versions: () => [],
};

function spanFacts(maker: TimelineMaker, input: SubjectInput | undefined): SpanFacts {
  if (input === undefined) return NOTHING;
  const { reader } = maker;
  const accountLists = input.accountLists === null ? null : listsOverTime(maker, input.accountLists);
  const own =
    input.lists === input.accountLists && accountLists !== null
      ? accountLists
      : listsOverTime(maker, input.lists);
  const person = input.person === null ? null : versionsOf(maker, 'person', input.person);
  const account = input.account === null ? null : versionsOf(maker, 'account', input.account);
  const selves = [person, account].filter((one) => one !== null);
  const active = (
    name: 'person' | 'account',
    fact: Fact | null,
    lists: FactLists,
    instant: number,
  ): Fact | null => (fact === null ? null : withLastActivity(reader, name, fact, lists.touchpoints, instant));
  return {
    *changes() {
      for (const one of selves) yield* one.changes;
      yield* own.changes;
      if (accountLists !== null && accountLists !== own) yield* accountLists.changes;
    },
    at(instant) {
      const lists = own.at(instant);
      const ofAccount =
        accountLists === null ? NO_FACTS : accountLists === own ? lists : accountLists.at(instant);
      return {
        person: active('person', person?.at(instant) ?? null, lists, instant),
        account: active('account', account?.at(instant) ?? null, ofAccount, instant),
        ...lists,
        accountLists: ofAccount,
      };
    },
    unknownAt(instant, reads) {
      if (person !== null && unknown(person, instant, reads.person)) return true;
      if (account !== null && unknown(account, instant, reads.account)) return true;
      for (const lists of accountLists === null || accountLists === own ? [own] : [own, accountLists]) {
        for (const one of lists.versions)
          if (unknown(one, instant, reads[listOf.get(one) as ListName])) return true;
      }
      return false;
    },
    *versions() {
      if (person !== null) yield ['person', person];
      if (account !== null) yield ['account', account];
      for (const lists of accountLists === null || accountLists === own ? [own] : [own, accountLists])
        for (const one of lists.versions) yield [listOf.get(one) as ListName, one];
    },
  };
}

/** The list each item's versions belong to. */
const listOf = new WeakMap<FactVersions, ListName>();

function unknown(versions: FactVersions, instant: number, fields: readonly string[] | undefined): boolean {
  const start = versions.changes[0];
  if (fields === undefined || start === undefined || start > instant) return false;
  return fields.some((field) => (versions.unknownUntil[field] ?? instant) > instant);
}

function versionsOf(maker: TimelineMaker, name: FactName, group: RecordGroup): FactVersions {
  const byGroup = maker.versions.get(name) ?? new WeakMap<RecordGroup, FactVersions>();
  maker.versions.set(name, byGroup);
  const known = byGroup.get(group);
  if (known !== undefined) return known;
  const versions = maker.tell(maker.reader, name, group);
  byGroup.set(group, versions);
  return versions;
}

/** Items by key, so that lists are sorted as they are now; an item that is not there at an instant is left out. */
function listsOverTime(maker: TimelineMaker, groups: GroupLists): ListsOverTime {
  const known = maker.lists.get(groups);
  if (known !== undefined) return known;
  const points = new Set<number>();
  const versions: FactVersions[] = [];
  const items = {} as Record<ListName, readonly Item[]>;
  for (const name of LISTS) {
    const found = new Map<string, Item>();
    for (const group of groups[name]) {
      const one = versionsOf(maker, name, group);
      found.set(group.key, { versions: one, group });
      listOf.set(one, name);
      versions.push(one);
      for (const point of one.changes) points.add(point);
    }
    items[name] = [...found.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item);
  }
  const changes = [...points].sort((a, b) => a - b);
  let last: { readonly position: number; readonly lists: FactLists } | null = null;
  const lists: ListsOverTime = {
    changes,
    versions,
    at(instant) {
      const position = lastAt(changes, instant);
      if (last?.position === position) return last.lists;
      const then = {} as Record<ListName, readonly Fact[]>;
      for (const name of LISTS) then[name] = listAt(maker, name, items[name], instant);
      last = { position, lists: then };
      return then;
    },
  };
  maker.lists.set(groups, lists);
  return lists;
}

interface Item {
  readonly versions: FactVersions;
  readonly group: RecordGroup | PersonGroup;
}

function listAt(
  maker: TimelineMaker,
  name: ListName,
  items: readonly Item[],
  instant: number,
): readonly Fact[] {
  const facts: Fact[] = [];
  for (const { versions, group } of items) {
    const fact = versions.at(instant);
    if (fact !== null) facts.push(name === 'people' ? activePerson(maker, fact, group, instant) : fact);
  }
  return facts;
}

function activePerson(
  maker: TimelineMaker,
  fact: Fact,
  group: RecordGroup | PersonGroup,
  instant: number,
): Fact {
  const { touchpoints = [] } = group as PersonGroup;
  if (touchpoints.length === 0 || !maker.reader.wants('people', 'last_activity')) return fact;
  const facts = touchpoints.flatMap((one) => versionsOf(maker, 'touchpoints', one).at(instant) ?? []);
  return withLastActivity(maker.reader, 'people', fact, facts, instant);
}
