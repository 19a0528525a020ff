import type { DisjointSet } from './disjoint-set.ts';
import type { Nodes } from './nodes.ts';
import { type AmbiguousRecord, MAX_CANDIDATES } from './types.ts';

/** Collects why records were left apart; one entry a record comes out, whatever the order they went in. */
export interface Ambiguities {
  /** Every one of `members` could be the same as those of the others that it is not joined with in the end. */
  add(members: readonly number[], reason: string): void;
  list(sets: DisjointSet): readonly AmbiguousRecord[];
}

export function collectAmbiguities(nodes: Nodes): Ambiguities {
  const byNode = new Map<number, { readonly reasons: Set<string>; readonly candidates: Set<string> }>();
  return {
    add(members, reason) {
      // A sorted head is shared by all members: a shared mailbox on 10,000 records stays linear.
      const shown = members
        .map((i) => nodes.keys[i]!)
        .sort()
        .slice(0, MAX_CANDIDATES + 1);
      for (const member of members) {
        const entry = byNode.get(member) ?? { reasons: new Set(), candidates: new Set() };
        byNode.set(member, entry);
        entry.reasons.add(reason);
        for (const key of shown) if (key !== nodes.keys[member]) entry.candidates.add(key);
      }
    },
    list(sets) {
      const joined = (i: number, key: string): boolean => sets.find(i) === sets.find(nodes.exact(key) ?? i);
      const list = [...byNode].map(([i, entry]) => ({
        key: nodes.records[i]!.key,
        entity: nodes.records[i]!.entity,
        text: nodes.keys[i]!,
        reason: [...entry.reasons].sort().join('; '),
        candidates: [...entry.candidates]
          .filter((key) => !joined(i, key))
          .sort()
          .slice(0, MAX_CANDIDATES),
      }));
      list.sort((a, b) => (a.text < b.text ? -1 : 1));
      return list
        .filter(({ candidates }) => candidates.length > 0)
        .map(({ key, entity, reason, candidates }) => ({ key, entity, reason, candidates }));
    },
  };
}
