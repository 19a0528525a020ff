import type { ConditionTrace, SeenValue } from '../mapping/types.ts';
import type { Zone } from '../mapping/zone.ts';
import type { Fact, Origin, SubjectFacts } from '../model/facts.ts';
import type { NotTaken, RuleTrace, SeenInWords, Source } from './explain-types.ts';
import { fieldOf, seenType, valueWords } from './words.ts';

/** A rule's trace as plain data, every value with the records it came from. */
export function ruleTrace(trace: ConditionTrace, zone: Zone): RuleTrace {
  return {
    text: trace.text,
    name: trace.name ?? null,
    kind: trace.kind,
    holds: trace.holds,
    distance: trace.distance,
    position: trace.position,
    seen: trace.seen.map((seen) => seenInWords(seen, zone)),
    children: trace.children.map((child) => ruleTrace(child, zone)),
  };
}

export function seenInWords(seen: SeenValue, zone: Zone): SeenInWords {
  return {
    path: seen.path,
    value: seen.value,
    words: valueWords(seen.value, seenType(seen), zone),
    sources: seen.fact === null ? [] : sourcesOf(seen.fact, fieldOf(seen.path)),
  };
}

/** The record a field's value came from; for a field without a value, the records it was looked for in. */
function sourcesOf(fact: Fact, field: string): readonly Source[] {
  if (Object.hasOwn(fact.origins, field)) return [sourceOf(fact.origins[field]!)];
  const records = new Map<string, Source>();
  for (const name of Object.keys(fact.origins).sort()) {
    const { connection, type, id } = fact.origins[name]!;
    const key = `${connection}:${type}:${id}`;
    if (!records.has(key)) records.set(key, { connection, type, id, field, at: null, known: null });
  }
  return [...records.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, source]) => source);
}

function sourceOf(origin: Origin): Source {
  const { connection, type, id, field, at, known } = origin;
  return { connection, type, id, field, at, known };
}

/** Every value of the subject's facts on which the CRMs differ, with the one that was not taken (J5). */
export function valuesNotTaken(facts: SubjectFacts, zone: Zone): readonly NotTaken[] {
  const found: NotTaken[] = [];
  const seen = new Set<Fact>();
  const look = (owner: string, fact: Fact | null): void => {
    if (fact === null || seen.has(fact)) return;
    seen.add(fact);
    for (const field of Object.keys(fact.origins).sort()) {
      const origin = fact.origins[field]!;
      if (origin.rejected === undefined) continue;
      const path = `${owner}.${field}`;
      const taken = fact.values[field] ?? null;
      const type = seenType({ path, value: taken, fact });
      found.push({
        ...origin.rejected,
        path,
        words: valueWords(origin.rejected.value, type, zone),
        taken,
        takenWords: valueWords(taken, type, zone),
        takenFrom: sourceOf(origin),
      });
    }
  };
  look('person', facts.person);
  look('account', facts.account);
  for (const lists of [facts, facts.accountLists]) {
    for (const name of ['people', 'deals', 'tickets', 'touchpoints', 'surveys'] as const) {
      for (const fact of lists[name]) look(name, fact);
    }
  }
  return found;
}
