import type { Entity } from '../model/record.ts';
import type { Ambiguities } from './ambiguity.ts';
import { conflictingRoots, type Forbidden, membersOf } from './conflicts.ts';
import type { DisjointSet } from './disjoint-set.ts';
import { describe, type ExplicitJoins } from './explicit.ts';
import type { Nodes } from './nodes.ts';
import type { Link } from './types.ts';

/** The e-mails or domains of one record, normalised, each once. */
export interface NodeKeys {
  readonly primary: string | null;
  readonly all: readonly string[];
}

export interface SharedKeyPhase {
  readonly entity: Entity;
  readonly kind: 'email' | 'domain';
  /** For reasons: `e-mail`, `domain`. */
  readonly word: string;
  readonly keysOf: (node: number) => NodeKeys;
}

type Joins = Pick<ExplicitJoins, 'sets' | 'forbidden' | 'ambiguous'>;

/**
 * Second phase (J30): live records with one e-mail (or domain) join their groups if per connection and type only one
 * group has it. Primary ones decide first, then additional ones join what is left. Where keys together would chain
 * two live records of one connection and type, none of that chain's keys joins. Changes `joins.sets`.
 */
export function joinSharedKeys(
  nodes: Nodes,
  joins: Joins,
  phase: SharedKeyPhase,
  ambiguities: Ambiguities,
): readonly Link[] {
  const links: Link[] = [];
  const keys = new Map<number, NodeKeys>();
  for (let i = 0; i < nodes.records.length; i++) {
    if (nodes.live[i] === 0 || nodes.records[i]!.entity !== phase.entity) continue;
    const own = phase.keysOf(i);
    if (own.all.length > 0) keys.set(i, own);
  }
  const primary = holders(keys, (own) => (own.primary === null ? [] : [own.primary]));
  round(nodes, joins, phase, primary, links, null);
  // The second round sees the first one's keys too: whoever is still apart then is ambiguous.
  round(
    nodes,
    joins,
    phase,
    holders(keys, (own) => own.all),
    links,
    ambiguities,
  );
  return links;
}

/** Nodes by key; only keys that two nodes or more have. */
function holders(
  keys: ReadonlyMap<number, NodeKeys>,
  choose: (own: NodeKeys) => readonly string[],
): readonly (readonly number[])[] {
  const byKey = new Map<string, number | number[]>();
  const shared: number[][] = [];
  for (const [i, own] of keys) {
    for (const key of choose(own)) {
      const before = byKey.get(key);
      if (before === undefined) byKey.set(key, i);
      else if (typeof before !== 'number') before.push(i);
      else {
        const list = [before, i];
        byKey.set(key, list);
        shared.push(list);
      }
    }
  }
  return shared;
}

function round(
  nodes: Nodes,
  { sets, forbidden, ambiguous }: Joins,
  phase: SharedKeyPhase,
  shared: readonly (readonly number[])[],
  links: Link[],
  ambiguities: Ambiguities | null,
): void {
  const slotsOf = slotsByRoot(nodes, sets, shared);
  const apart = apartByRoot(sets, forbidden);
  const trial = sets.copy();
  const joining: { readonly members: readonly number[]; readonly centres: readonly number[] }[] = [];
  for (const members of shared) {
    const centres = firstOfEachGroup(nodes, sets, members);
    if (centres.length < 2) continue;
    const roots = centres.map((i) => sets.find(i));
    const single = oneGroupPerSlot(roots, slotsOf) && !members.some((i) => ambiguous[i] === 1);
    if (single && !takenApart(roots, apart)) {
      for (const root of roots) trial.union(root, roots[0]!);
      joining.push({ members, centres });
    } else if (ambiguities !== null && !(single && roots.length === 2)) {
      // Two groups that somebody took apart are settled, not ambiguous; a third one beside them is.
      ambiguities.add(members, `same ${phase.word} in ${describe(nodes, members)}`);
    }
  }
  const conflicts = joining.length === 0 ? new Set<number>() : conflictingRoots(nodes, trial, forbidden);
  for (const { members, centres } of joining) {
    if (conflicts.has(trial.find(members[0]!))) continue;
    for (const other of centres.slice(1)) {
      sets.union(centres[0]!, other);
      links.push(sharedLink(nodes, phase, centres[0]!, other));
    }
  }
  if (ambiguities === null || conflicts.size === 0) return;
  for (const chain of membersOf(nodes, trial, conflicts).values()) {
    const alive = chain.filter((i) => nodes.live[i] === 1);
    ambiguities.add(alive, `shared ${phase.word}s lead from one to another of ${describe(nodes, alive)}`);
  }
}

/** The oldest holder of each group that has the key, oldest first. */
function firstOfEachGroup(nodes: Nodes, sets: DisjointSet, members: readonly number[]): readonly number[] {
  const centres = new Map<number, number>();
  for (const i of [...members].sort(nodes.byAge)) {
    const root = sets.find(i);
    if (!centres.has(root)) centres.set(root, i);
  }
  return [...centres.values()];
}

/** Slots of the live records of each group that has a shared key. */
function slotsByRoot(
  nodes: Nodes,
  sets: DisjointSet,
  shared: readonly (readonly number[])[],
): ReadonlyMap<number, readonly number[]> {
  const slots = new Map<number, number[]>();
  for (const members of shared) for (const i of members) slots.set(sets.find(i), []);
  if (slots.size === 0) return slots;
  for (let i = 0; i < nodes.records.length; i++) {
    if (nodes.live[i] === 1) slots.get(sets.find(i))?.push(nodes.slots[i]!);
  }
  return slots;
}

function oneGroupPerSlot(roots: readonly number[], slotsOf: ReadonlyMap<number, readonly number[]>): boolean {
  const seen = new Set<number>();
  for (const root of roots) {
    for (const slot of slotsOf.get(root)!) {
      if (seen.has(slot)) return false;
      seen.add(slot);
    }
  }
  return true;
}

/** Roots that must stay apart, by root. */
function apartByRoot(sets: DisjointSet, forbidden: Forbidden): ReadonlyMap<number, readonly number[]> {
  const apart = new Map<number, number[]>();
  for (const [a, b] of forbidden) {
    const root = sets.find(a);
    apart.set(root, [...(apart.get(root) ?? []), sets.find(b)]);
  }
  return apart;
}

function takenApart(roots: readonly number[], apart: ReadonlyMap<number, readonly number[]>): boolean {
  return (
    apart.size > 0 && roots.some((root) => apart.get(root)?.some((other) => roots.includes(other)) === true)
  );
}

function sharedLink(nodes: Nodes, phase: SharedKeyPhase, from: number, to: number): Link {
  return {
    entity: phase.entity,
    kind: phase.kind,
    from: nodes.keys[from]!,
    to: nodes.keys[to]!,
    reason: `same ${phase.word} in ${nodes.keys[from]} and ${nodes.keys[to]}`,
  };
}
