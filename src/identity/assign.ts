import type { SubjectId } from '../model/facts.ts';
import type { Group, GroupRecord } from './types.ts';

/** A group with the subject id it has over runs. */
export interface AssignedSubject extends Group {
  readonly id: SubjectId;
  /** The id was given in this run. */
  readonly fresh: boolean;
}

export interface Assignment {
  /** In the order of the groups. */
  readonly subjects: readonly AssignedSubject[];
  /** Two old subjects became one: the older id goes on. */
  readonly merged: readonly { readonly from: SubjectId; readonly into: SubjectId }[];
  /** One old subject became several: `to` starts new, by replay, cause `identity` (J31). */
  readonly split: readonly { readonly from: SubjectId; readonly to: SubjectId }[];
}

/**
 * Keeps subject ids over runs (J31): an id stays with the group of the oldest of its records; where two old subjects
 * join, the older goes on. Groups without live records return to the subject they were part of (archived records
 * keep their link).
 * @param groups of any entities, as `resolveIdentities` gives them
 * @param previous subject by record key (`connection:type:id`) after the last run
 * @param used tells whether an id was ever given; ids in `previous` need not be told
 */
export function assignSubjectIds(
  groups: readonly Group[],
  previous: ReadonlyMap<string, SubjectId>,
  used: (id: SubjectId) => boolean = () => false,
): Assignment {
  const whole = previous.size === 0 ? groups : returnArchived(groups, previous);
  const claims = previous.size === 0 ? new Map<SubjectId, Claim>() : claimIds(whole, previous);
  const won = new Map<Group, Claim[]>();
  for (const claim of claims.values()) {
    const list = won.get(claim.group);
    if (list === undefined) won.set(claim.group, [claim]);
    else list.push(claim);
  }
  const taken = new Set(claims.keys());
  const subjects: AssignedSubject[] = [];
  const merged: { from: SubjectId; into: SubjectId }[] = [];
  const split: { from: SubjectId; to: SubjectId }[] = [];
  for (const group of whole) {
    const own = (won.get(group) ?? []).sort((a, b) => byAge(a.oldest, b.oldest));
    const kept = own[0];
    const id = kept?.id ?? freshId(group, (wanted) => taken.has(wanted) || used(wanted));
    taken.add(id);
    subjects.push({ ...group, id, fresh: kept === undefined });
    for (const loser of own.slice(1)) merged.push({ from: loser.id, into: id });
    if (kept === undefined && previous.size > 0) {
      const before = new Set(group.records.map((record) => previous.get(record.text)));
      for (const from of before) if (from !== undefined) split.push({ from, to: id });
    }
  }
  return { subjects, merged, split };
}

interface Claim {
  readonly id: SubjectId;
  readonly group: Group;
  /** The oldest record of the old subject. */
  readonly oldest: GroupRecord;
}

/** For each old id the group of the oldest of its records; live records go before others, because an archived
 *  one does not decide which of two living halves goes on. */
function claimIds(groups: readonly Group[], previous: ReadonlyMap<string, SubjectId>): Map<SubjectId, Claim> {
  const claims = new Map<SubjectId, Claim>();
  for (const group of groups) {
    for (const record of group.records) {
      const id = previous.get(record.text);
      if (id === undefined) continue;
      const claim = claims.get(id);
      if (claim === undefined || before(record, claim.oldest)) claims.set(id, { id, group, oldest: record });
    }
  }
  return claims;
}

function before(a: GroupRecord, b: GroupRecord): boolean {
  const alive = Number(b.state === 'live') - Number(a.state === 'live');
  return (alive === 0 ? byAge(a, b) : alive) < 0;
}

/** Puts groups without live records back to the living group of their old subject. */
function returnArchived(
  groups: readonly Group[],
  previous: ReadonlyMap<string, SubjectId>,
): readonly Group[] {
  const living = claimIds(
    groups.filter((group) => !group.gone),
    previous,
  );
  const returned = new Map<Group, Group[]>();
  const rest: Group[] = [];
  for (const group of groups) {
    const home = group.gone ? living.get(oldId(group, previous) as SubjectId)?.group : undefined;
    if (home === undefined || home.entity !== group.entity) rest.push(group);
    else returned.set(home, [...(returned.get(home) ?? []), group]);
  }
  if (returned.size === 0) return groups;
  return rest.map((group) => {
    const archived = returned.get(group);
    return archived === undefined ? group : withArchived(group, archived);
  });
}

function oldId(group: Group, previous: ReadonlyMap<string, SubjectId>): SubjectId | undefined {
  return [...group.records]
    .sort(byAge)
    .map((record) => previous.get(record.text))
    .find((id) => id !== undefined);
}

function withArchived(group: Group, archived: readonly Group[]): Group {
  const back = archived.flatMap(({ records }) =>
    records.map((record) => ({ ...record, reason: 'archived; kept where it was' })),
  );
  const records = [...group.records, ...back].sort((a, b) => (a.text < b.text ? -1 : 1));
  const oldest = records.reduce((best, record) => (byAge(record, best) < 0 ? record : best));
  return { ...group, key: records[0]!.text, oldest: oldest.text, records };
}

/** Derived from the oldest record; a number is added where that id already means somebody else. */
function freshId(group: Group, isTaken: (id: SubjectId) => boolean): SubjectId {
  const base = `${group.entity}:${group.oldest}`;
  let id = base as SubjectId;
  for (let n = 2; isTaken(id); n++) id = `${base}~${n}` as SubjectId;
  return id;
}

function byAge(a: GroupRecord, b: GroupRecord): number {
  const left = a.created ?? Number.POSITIVE_INFINITY;
  const right = b.created ?? Number.POSITIVE_INFINITY;
  return left < right ? -1 : left > right ? 1 : a.text < b.text ? -1 : a.text > b.text ? 1 : 0;
}
