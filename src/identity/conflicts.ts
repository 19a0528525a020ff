import type { DisjointSet } from './disjoint-set.ts';
import type { Nodes } from './nodes.ts';

/** Pairs of nodes that must not end in one set. */
export type Forbidden = readonly (readonly [number, number])[];

/** Roots of sets that hold two live records of one slot, or both ends of a forbidden pair. */
export function conflictingRoots(nodes: Nodes, sets: DisjointSet, forbidden: Forbidden): ReadonlySet<number> {
  const seen = new Set<number>();
  const roots = new Set<number>();
  for (let i = 0; i < nodes.records.length; i++) {
    if (nodes.live[i] === 0) continue;
    const root = sets.find(i);
    const place = root * nodes.slotCount + nodes.slots[i]!;
    if (seen.has(place)) roots.add(root);
    else seen.add(place);
  }
  for (const [a, b] of forbidden) {
    const root = sets.find(a);
    if (root === sets.find(b)) roots.add(root);
  }
  return roots;
}

/** Members of the named roots, by root. */
export function membersOf(
  nodes: Nodes,
  sets: DisjointSet,
  roots: ReadonlySet<number>,
): ReadonlyMap<number, readonly number[]> {
  const members = new Map<number, number[]>();
  if (roots.size === 0) return members;
  for (let i = 0; i < nodes.records.length; i++) {
    const root = sets.find(i);
    if (!roots.has(root)) continue;
    const list = members.get(root);
    if (list === undefined) members.set(root, [i]);
    else list.push(i);
  }
  return members;
}
