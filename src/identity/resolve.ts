import { collectAmbiguities } from './ambiguity.ts';
import type { DisjointSet } from './disjoint-set.ts';
import { joinExplicit } from './explicit.ts';
import { isFreeMail } from './free-mail.ts';
import { indexNodes, type Nodes } from './nodes.ts';
import { normaliseDomain, normaliseEmail } from './normalise.ts';
import { joinSharedKeys, type NodeKeys } from './shared-keys.ts';
import {
  type Group,
  type GroupRecord,
  type IdentityRecord,
  LINK_KINDS,
  type Link,
  type Resolution,
  type ResolveOptions,
} from './types.ts';

/**
 * Which records of several CRMs are one person, account, deal, ticket, touchpoint or survey (J30-J32). Any order of
 * the same records gives the same result. Archived records join by ids only; `assignSubjectIds` keeps them where
 * they were. Throws `internal` when a record is handed over twice.
 */
export function resolveIdentities(
  records: readonly IdentityRecord[],
  options: ResolveOptions = {},
): Resolution {
  const nodes = indexNodes(records);
  const ambiguities = collectAmbiguities(nodes);
  const { links, ...joins } = joinExplicit(nodes, options.unlinked ?? [], ambiguities);
  const freeMail = new Set((options.freeMail ?? []).map((domain) => normaliseDomain(domain) ?? ''));
  const emails = joinSharedKeys(
    nodes,
    joins,
    {
      entity: 'person',
      kind: 'email',
      word: 'e-mail',
      keysOf: (i) => nodeKeys(records[i]!.emails, normaliseEmail),
    },
    ambiguities,
  );
  const companyDomain = (raw: string): string | null => {
    const host = normaliseDomain(raw);
    return host === null || isFreeMail(host) || freeMail.has(host) ? null : host;
  };
  const domains = joinSharedKeys(
    nodes,
    joins,
    {
      entity: 'account',
      kind: 'domain',
      word: 'domain',
      keysOf: (i) => nodeKeys(records[i]!.domains, companyDomain),
    },
    ambiguities,
  );
  const sorted = sortLinks([...links, ...emails, ...domains]);
  return {
    subjects: groups(nodes, joins.sets, sorted),
    links: sorted,
    ambiguous: ambiguities.list(joins.sets),
  };
}

function nodeKeys(raw: readonly string[], normalise: (text: string) => string | null): NodeKeys {
  const first = raw[0];
  if (first === undefined) return NO_KEYS;
  const primary = normalise(first);
  if (raw.length === 1) return primary === null ? NO_KEYS : { primary, all: [primary] };
  const all = new Set<string>(primary === null ? [] : [primary]);
  for (const text of raw.slice(1)) {
    const key = normalise(text);
    if (key !== null) all.add(key);
  }
  return { primary, all: [...all] };
}

const NO_KEYS: NodeKeys = { primary: null, all: [] };

/** By kind, then ends; the same pair and kind once (both sides may name each other). */
function sortLinks(links: readonly Link[]): readonly Link[] {
  const sorted = links.map((link) => ({ link, rank: LINK_KINDS.indexOf(link.kind) }));
  sorted.sort(
    (a, b) =>
      a.rank - b.rank ||
      compare(a.link.from, b.link.from) ||
      compare(a.link.to, b.link.to) ||
      compare(a.link.reason, b.link.reason),
  );
  return sorted
    .map(({ link }) => link)
    .filter(
      (link, i, all) =>
        i === 0 ||
        link.from !== all[i - 1]!.from ||
        link.to !== all[i - 1]!.to ||
        link.kind !== all[i - 1]!.kind,
    );
}

/** Groups, oldest first; the records of each by key. */
function groups(nodes: Nodes, sets: DisjointSet, links: readonly Link[]): readonly Group[] {
  const reasons = new Map<string, string>();
  for (const link of links) {
    // Sorted by strength: the first link that touches a record is its strongest.
    if (!reasons.has(link.from)) reasons.set(link.from, link.reason);
    if (!reasons.has(link.to)) reasons.set(link.to, link.reason);
  }
  const members = new Map<number, number[]>();
  for (let i = 0; i < nodes.records.length; i++) {
    const root = sets.find(i);
    const list = members.get(root);
    if (list === undefined) members.set(root, [i]);
    else list.push(i);
  }
  const all = [...members.values()].map((list) => {
    list.sort(nodes.byAge);
    return { oldest: list[0]!, list };
  });
  all.sort((a, b) => nodes.byAge(a.oldest, b.oldest));
  return all.map(({ oldest, list }) => {
    const records = list.map((i): GroupRecord => {
      const { key, created, state } = nodes.records[i]!;
      const text = nodes.keys[i]!;
      return { key, text, created, state, reason: reasons.get(text) ?? 'only record' };
    });
    records.sort((a, b) => compare(a.text, b.text));
    return {
      entity: nodes.records[oldest]!.entity,
      key: records[0]!.text,
      oldest: nodes.keys[oldest]!,
      records,
      gone: !list.some((i) => nodes.live[i] === 1),
    };
  });
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
