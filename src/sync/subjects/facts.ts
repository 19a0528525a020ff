import { createHash } from 'node:crypto';
import type { Discovery } from '../../connector/port.ts';
import {
  buildFacts,
  type CoveredTimeline,
  createFactBuilder,
  createFactReader,
  createTimelineMaker,
  type FactBuilder,
  type FactIssue,
  knownVersions,
  subjectTimeline,
  type TimelineMaker,
} from '../../facts/index.ts';
import { moneyProblems } from '../../mapping/index.ts';
import type { FactName, Mapping, ReadSet } from '../../mapping/types.ts';
import { createZone } from '../../mapping/zone.ts';
import { WaystageError } from '../../model/errors.ts';
import type { Fact, SubjectFacts, SubjectId, SubjectKind } from '../../model/facts.ts';
import type { ConnectionId } from '../../model/record.ts';
import type { SyncConnection } from '../session.ts';
import type { Neighbourhood } from './neighbourhood.ts';

/** Facts from when they were true, or from when they were recorded. */
export type Told = 'true' | 'known';

/** Builds the facts of subjects as the rules of one mapping see them, and tells when they changed. */
export interface FactMaker {
  facts(
    neighbourhood: Neighbourhood,
    mapping: Mapping,
    kind: SubjectKind,
    subject: SubjectId,
  ): SubjectFacts | null;
  /** The facts of a subject as they were since an instant; null: nothing of it is here.
   *  @param told `known`: as the CRMs knew them at each instant (J4), for a backtest */
  timeline(
    neighbourhood: Neighbourhood,
    mapping: Mapping,
    subject: SubjectId,
    since: number,
    told?: Told,
  ): CoveredTimeline | null;
  hash(facts: SubjectFacts): string;
}

/**
 * One builder a time zone, preference and rates: days begin at different instants (J9), a mapping may trust one CRM
 * more than another for a field and count money in a currency of its choice (J5).
 * Throws `mapping_invalid` when money of two home currencies would be added up.
 * @param discoveryOf what a connection told of its pipelines; null before it was ever read
 */
export function createFactMaker(
  connections: readonly SyncConnection[],
  discoveryOf: (connection: ConnectionId) => Discovery | null,
  mappings: readonly Mapping[],
  issue: (issue: FactIssue) => void,
): FactMaker {
  const builders = new Map<string, FactBuilder>();
  const hashes = new WeakMap<Fact, string>();
  insistOnOneCurrency(connections, discoveryOf, mappings);
  const builderOf = ({ timezone, prefer, rates }: Mapping): FactBuilder => {
    const name = builderName({ timezone, prefer, rates });
    const known = builders.get(name);
    if (known !== undefined) return known;
    const reader = createFactReader({
      zone: createZone(timezone),
      connections: connections.map(({ id, connector }) => ({
        id,
        connector: connector.id,
        stages: discoveryOf(id)?.stages ?? [],
        homeCurrency: discoveryOf(id)?.homeCurrency ?? null,
      })),
      fieldMaps: [...new Map(connections.map(({ fieldMap }) => [fieldMap.connector, fieldMap])).values()],
      reads: unionOfReads(mappings.filter((mapping) => builderName(mapping) === name)),
      issue,
      ...(prefer === undefined ? {} : { prefer }),
      ...(rates === undefined || rates === null ? {} : { rates }),
    });
    const builder = createFactBuilder(reader);
    builders.set(name, builder);
    return builder;
  };
  const hashOf = (fact: Fact): string => {
    const known = hashes.get(fact);
    if (known !== undefined) return known;
    const hash = createHash('sha1')
      .update(JSON.stringify([fact.key, Object.entries(fact.values).sort(([a], [b]) => (a < b ? -1 : 1))]))
      .digest('base64');
    hashes.set(fact, hash);
    return hash;
  };
  // Time lines share what subjects of one neighbourhood have in common.
  const makers: Readonly<Record<Told, WeakMap<Neighbourhood, Map<FactBuilder, TimelineMaker>>>> = {
    true: new WeakMap(),
    known: new WeakMap(),
  };
  const makerOf = (neighbourhood: Neighbourhood, builder: FactBuilder, told: Told): TimelineMaker => {
    const known = makers[told].get(neighbourhood) ?? new Map<FactBuilder, TimelineMaker>();
    makers[told].set(neighbourhood, known);
    const maker =
      known.get(builder) ?? createTimelineMaker(builder.reader, told === 'known' ? knownVersions : undefined);
    known.set(builder, maker);
    return maker;
  };
  return {
    timeline(neighbourhood, mapping, subject, since, told = 'true') {
      const maker = makerOf(neighbourhood, builderOf(mapping), told);
      const timeline = subjectTimeline(
        maker,
        neighbourhood.epochs(since, mapping.subject === 'person' ? mapping.readsOfAccount : undefined),
        { subject, kind: mapping.subject },
        mapping.reads,
      );
      return timeline ?? null;
    },
    facts(neighbourhood, mapping, kind, subject) {
      const input = neighbourhood.graph.input(kind, subject, subject);
      return input === undefined ? null : buildFacts(builderOf(mapping), input);
    },
    hash(facts) {
      const hash = createHash('sha1');
      for (const list of factLists(facts)) {
        hash.update('|');
        for (const fact of list) hash.update(hashOf(fact));
      }
      return hash.digest('base64');
    },
  };
}

/** `check` says it with a position once the CRMs are known; the very first run learns it only after reading them. */
function insistOnOneCurrency(
  connections: readonly SyncConnection[],
  discoveryOf: (connection: ConnectionId) => Discovery | null,
  mappings: readonly Mapping[],
): void {
  const known = connections.flatMap(({ id, connector }) => {
    const crm = discoveryOf(id);
    return crm === null ? [] : [{ connection: id, connector: connector.id, crm }];
  });
  const fieldMaps = [...new Map(connections.map(({ fieldMap }) => [fieldMap.connector, fieldMap])).values()];
  for (const mapping of mappings) {
    const [problem] = moneyProblems(mapping, fieldMaps, known);
    if (problem !== undefined)
      throw new WaystageError('mapping_invalid', `${mapping.file}: ${problem.message}`);
  }
}

function builderName(mapping: {
  readonly timezone: string;
  readonly prefer?: Mapping['prefer'] | undefined;
  readonly rates?: Mapping['rates'] | undefined;
}): string {
  return JSON.stringify([mapping.timezone, mapping.prefer ?? {}, mapping.rates ?? null]);
}

function factLists(facts: SubjectFacts): readonly (readonly Fact[])[] {
  const { person, account, people, deals, tickets, touchpoints, surveys, accountLists } = facts;
  const own = [
    person === null ? [] : [person],
    account === null ? [] : [account],
    people,
    deals,
    tickets,
    touchpoints,
    surveys,
  ];
  return facts.kind === 'account' ? own : [...own, ...Object.values(accountLists)];
}

function unionOfReads(mappings: readonly Mapping[]): ReadSet {
  const union = new Map<FactName, Set<string>>();
  for (const mapping of mappings) {
    for (const [fact, fields] of Object.entries(mapping.reads) as [FactName, readonly string[]][]) {
      const known = union.get(fact);
      if (known === undefined) union.set(fact, new Set(fields));
      else for (const field of fields) known.add(field);
    }
  }
  return Object.fromEntries([...union].map(([fact, fields]) => [fact, [...fields]]));
}
