import type { Ambiguities } from './ambiguity.ts';
import { conflictingRoots, type Forbidden, membersOf } from './conflicts.ts';
import { type DisjointSet, disjointSet } from './disjoint-set.ts';
import type { Nodes } from './nodes.ts';
import type { CrossId, Link, LinkKind } from './types.ts';

interface Edge {
  readonly from: number;
  readonly to: number;
  readonly kind: LinkKind;
  readonly reason: string;
}

export interface ExplicitJoins {
  readonly sets: DisjointSet;
  readonly links: readonly Link[];
  /** Forbidden pairs that count: those that no merge or conversion of the CRM itself overrules. */
  readonly forbidden: Forbidden;
  /** 1: in an ambiguous chain. Weaker evidence must not choose where ids contradict each other. */
  readonly ambiguous: Uint8Array;
}

/**
 * First phase (J30): merges, conversions and cross-ids join without condition, except that a chain may not join two
 * live records of one connection and type. Such a chain is ambiguous as a whole: none of its cross-ids joins, since
 * any choice between them would be a guess and would depend on which record came first.
 */
export function joinExplicit(
  nodes: Nodes,
  unlinked: readonly (readonly [string, string])[],
  ambiguities: Ambiguities,
): ExplicitJoins {
  const own = crmEdges(nodes);
  const merged = disjointSet(nodes.records.length);
  const broken = unite(nodes, merged, own, []);
  const forbidden: [number, number][] = [];
  for (const [left, right] of unlinked) {
    const a = nodes.find(left);
    const b = nodes.find(right);
    // What the CRM itself merged or converted is one record; nobody can take it apart here.
    if (a !== undefined && b !== undefined && merged.find(a) !== merged.find(b)) forbidden.push([a, b]);
  }
  const apart = new Set(forbidden.map(([a, b]) => pairKey(merged.find(a), merged.find(b))));
  const cross = crossEdges(nodes, ambiguities).filter(
    ({ from, to }) => !apart.has(pairKey(merged.find(from), merged.find(to))),
  );
  const sets = broken.sets.copy();
  const joined = unite(nodes, sets, cross, forbidden);
  const ambiguous = new Uint8Array(nodes.records.length);
  for (const members of [...broken.conflicts, ...joined.conflicts]) {
    const alive = members.filter((i) => nodes.live[i] === 1);
    for (const i of members) ambiguous[i] = 1;
    ambiguities.add(alive, `ids lead from one record to another of ${describe(nodes, alive)}`);
  }
  const links = [...broken.kept, ...joined.kept].map((edge) => link(nodes, edge));
  return { sets: joined.sets, links, forbidden, ambiguous };
}

/** Adds the edges to the sets, except those of sets that would hold a conflict. */
function unite(
  nodes: Nodes,
  base: DisjointSet,
  edges: readonly Edge[],
  forbidden: Forbidden,
): {
  readonly sets: DisjointSet;
  readonly kept: readonly Edge[];
  readonly conflicts: readonly (readonly number[])[];
} {
  const trial = base.copy();
  for (const { from, to } of edges) trial.union(from, to);
  const roots = conflictingRoots(nodes, trial, forbidden);
  if (roots.size === 0) {
    for (const { from, to } of edges) base.union(from, to);
    return { sets: base, kept: edges, conflicts: [] };
  }
  const kept = edges.filter(({ from }) => !roots.has(trial.find(from)));
  for (const { from, to } of kept) base.union(from, to);
  return { sets: base, kept, conflicts: [...membersOf(nodes, trial, roots).values()] };
}

/** What the CRMs themselves say is one record: merges and conversions. */
function crmEdges(nodes: Nodes): readonly Edge[] {
  const edges: Edge[] = [];
  for (const [i, record] of nodes.records.entries()) {
    const { connection, type } = record.key;
    if (record.successor !== null) {
      const to = nodes.find(`${connection}:${record.successor.type}:${record.successor.id}`);
      const kind = record.state === 'converted' ? 'conversion' : 'merge';
      if (to !== undefined) add(i, to, kind);
    }
    for (const id of record.mergedIds) {
      const from = nodes.exact(`${connection}:${type}:${id}`);
      if (from !== undefined) add(from, i, 'merge');
    }
  }
  return edges;

  function add(from: number, to: number, kind: 'merge' | 'conversion'): void {
    if (from === to || nodes.records[from]!.entity !== nodes.records[to]!.entity) return;
    const verb = kind === 'merge' ? 'was merged into' : 'was converted into';
    edges.push({ from, to, kind, reason: `${nodes.keys[from]} ${verb} ${nodes.keys[to]}` });
  }
}

function crossEdges(nodes: Nodes, ambiguities: Ambiguities): readonly Edge[] {
  const edges: Edge[] = [];
  for (const [from, record] of nodes.records.entries()) {
    // The survivor of a merge speaks for what was merged into it.
    if (record.state === 'merged') continue;
    for (const cross of record.crossIds) {
      const found = targets(nodes, from, cross);
      const named = found.length > 1 ? namingBack(nodes, from, found) : found;
      if (named.length === 1) {
        const to = named[0]!;
        const reason = `${cross.field} of ${nodes.keys[from]} names ${nodes.keys[to]}`;
        edges.push({ from, to, kind: 'cross-id', reason });
      } else if (found.length > 1) {
        const reason = `${cross.field} of ${nodes.keys[from]} is an id that ${found.length} records have`;
        ambiguities.add([from, ...found], reason);
      }
    }
  }
  return edges;
}

/** Records that a cross-id may mean: of its connections, types and our entity. */
function targets(nodes: Nodes, from: number, cross: CrossId): readonly number[] {
  const found = new Set<number>();
  for (const connection of cross.connections) {
    for (const type of cross.types) {
      const to = nodes.find(`${connection}:${type}:${cross.id}`);
      if (to === undefined || to === from) continue;
      if (nodes.records[to]!.entity === nodes.records[from]!.entity) found.add(to);
    }
  }
  return [...found];
}

/** Where several connections have the id (small numbers in two portals), the record that names us back is meant. */
function namingBack(nodes: Nodes, from: number, found: readonly number[]): readonly number[] {
  return found.filter((to) =>
    nodes.records[to]!.crossIds.some((cross) => targets(nodes, to, cross).includes(from)),
  );
}

function link(nodes: Nodes, edge: Edge): Link {
  return {
    entity: nodes.records[edge.from]!.entity,
    kind: edge.kind,
    from: nodes.keys[edge.from]!,
    to: nodes.keys[edge.to]!,
    reason: edge.reason,
  };
}

function pairKey(a: number, b: number): string {
  return a < b ? `${a}|${b}` : `${b}|${a}`;
}

/** `hubspot contacts (2), salesforce Contact (1)`, for a reason. */
export function describe(nodes: Nodes, members: readonly number[]): string {
  const counts = new Map<string, number>();
  for (const i of members) {
    const { connection, type } = nodes.records[i]!.key;
    const name = `${connection} ${type}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, n]) => `${name} (${n})`)
    .join(', ');
}
