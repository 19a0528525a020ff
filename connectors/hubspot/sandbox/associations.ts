import type { AssociationType, AssociationTypes } from './association-types.ts';
import { compareIds } from './record.ts';

/** What a record is associated with on one other object type. */
export interface Link {
  readonly id: string;
  /** Sorted; the unlabeled type of the pair is always among them. */
  readonly typeIds: readonly number[];
}

/** All associations, kept in both directions. It knows ids only: whether a record is archived is the reader's matter. */
export interface AssociationStore {
  /** In order of id. */
  links(from: string, fromId: string, to: string): readonly Link[];
  primary(from: string, fromId: string, to: string): string | null;
  /** Adds types to an association, made when it is new. The first company of a record becomes its primary one, and
   *  a new primary takes the mark from the old one. */
  add(type: AssociationType, fromId: string, toId: string): void;
  /** The association with all its labels; false when there was none. */
  remove(from: string, fromId: string, to: string, toId: string): boolean;
  /** One label; the unlabeled type takes the whole association away. */
  removeType(type: AssociationType, fromId: string, toId: string): boolean;
  /** Hands everything that belongs to one record on to another. */
  move(objectType: string, fromId: string, toId: string): void;
  removeAll(objectType: string, id: string): void;
}

interface MutableLink {
  id: string;
  typeIds: readonly number[];
}

const EMPTY: readonly Link[] = [];

export function createAssociations(types: AssociationTypes): AssociationStore {
  // from type -> to type -> from id -> links
  const pairs = new Map<string, Map<string, Map<string, MutableLink[]>>>();
  // Most links carry the same few lists of types; sharing them keeps 100,000 associations small.
  const shared = new Map<string, readonly number[]>();
  const share = (ids: readonly number[]): readonly number[] => {
    const sorted = [...new Set(ids)].sort((a, b) => a - b);
    const key = sorted.join(',');
    const known = shared.get(key);
    if (known !== undefined) return known;
    shared.set(key, sorted);
    return sorted;
  };
  const mapOf = (from: string, to: string): Map<string, MutableLink[]> => {
    let byTarget = pairs.get(from);
    if (byTarget === undefined) {
      byTarget = new Map();
      pairs.set(from, byTarget);
    }
    let bySource = byTarget.get(to);
    if (bySource === undefined) {
      bySource = new Map();
      byTarget.set(to, bySource);
    }
    return bySource;
  };
  const put = (from: string, fromId: string, to: string, toId: string, typeIds: readonly number[]): void => {
    const map = mapOf(from, to);
    const list = map.get(fromId);
    if (list === undefined) {
      map.set(fromId, [{ id: toId, typeIds }]);
      return;
    }
    const known = list.find((link) => link.id === toId);
    if (known !== undefined) {
      known.typeIds = typeIds;
      return;
    }
    list.push({ id: toId, typeIds });
    if (list.length > 1 && compareIds(list.at(-2)!.id, toId) > 0) list.sort((a, b) => compareIds(a.id, b.id));
  };
  const take = (from: string, fromId: string, to: string, toId: string): boolean => {
    const map = mapOf(from, to);
    const list = map.get(fromId);
    const index = list?.findIndex((link) => link.id === toId) ?? -1;
    if (list === undefined || index < 0) return false;
    list.splice(index, 1);
    if (list.length === 0) map.delete(fromId);
    return true;
  };
  const typeIdsOf = (from: string, fromId: string, to: string, toId: string): readonly number[] =>
    mapOf(from, to)
      .get(fromId)
      ?.find((link) => link.id === toId)?.typeIds ?? [];
  /** Lists of types seen from both ends, by the types themselves: most associations carry one of a few lists. */
  const ends = new Map<string, readonly [there: readonly number[], back: readonly number[]]>();
  const bothEnds = (from: string, to: string, typeIds: readonly number[]) => {
    const key = `${from}>${to}:${typeIds.join(',')}`;
    const known = ends.get(key);
    if (known !== undefined) return known;
    const inverse = typeIds.map((typeId) => types.byId(from, to, typeId)!.inverse);
    const made = [share(typeIds), share(inverse)] as const;
    ends.set(key, made);
    return made;
  };
  const write = (
    from: string,
    fromId: string,
    to: string,
    toId: string,
    typeIds: readonly number[],
  ): void => {
    const [there, back] = bothEnds(from, to, typeIds);
    put(from, fromId, to, toId, there);
    put(to, toId, from, fromId, back);
  };
  /** The primary type of a pair, seen from the side that may have only one of it. */
  const owner = (type: AssociationType): AssociationType | undefined =>
    types.between(type.from, type.to).find((one) => one.primary && one.to === 'companies');
  const links = (from: string, fromId: string, to: string): readonly Link[] =>
    mapOf(from, to).get(fromId) ?? EMPTY;
  const primary = (from: string, fromId: string, to: string): string | null => {
    const primaryType = types.between(from, to).find((one) => one.primary);
    if (primaryType === undefined) return null;
    return links(from, fromId, to).find((link) => link.typeIds.includes(primaryType.typeId))?.id ?? null;
  };
  const add = (type: AssociationType, fromId: string, toId: string): void => {
    const singleSide = owner(type);
    if (
      singleSide === undefined &&
      type.from === 'companies' &&
      types.between(type.to, type.from).some((t) => t.primary)
    ) {
      // Seen from the company: do it from the side that can have only one primary company.
      add(types.byId(type.to, type.from, type.inverse)!, toId, fromId);
      return;
    }
    const unlabeled = types.between(type.from, type.to)[0]!;
    const typeIds = [...typeIdsOf(type.from, fromId, type.to, toId), unlabeled.typeId, type.typeId];
    if (singleSide !== undefined) {
      const held = primary(type.from, fromId, type.to);
      if (held === null) typeIds.push(singleSide.typeId);
      else if (type.primary && held !== toId) {
        const rest = typeIdsOf(type.from, fromId, type.to, held).filter((one) => one !== singleSide.typeId);
        write(type.from, fromId, type.to, held, rest);
      }
    }
    write(type.from, fromId, type.to, toId, typeIds);
  };
  const remove = (from: string, fromId: string, to: string, toId: string): boolean => {
    const there = take(from, fromId, to, toId);
    take(to, toId, from, fromId);
    return there;
  };
  const linked = (objectType: string, id: string): { to: string; link: MutableLink }[] =>
    [...(pairs.get(objectType) ?? [])].flatMap(([to, map]) =>
      (map.get(id) ?? []).map((link) => ({ to, link })),
    );

  return {
    links,
    primary,
    add,
    remove,
    removeType: (type, fromId, toId) => {
      const typeIds = typeIdsOf(type.from, fromId, type.to, toId);
      if (!typeIds.includes(type.typeId)) return false;
      if (types.between(type.from, type.to)[0] === type) return remove(type.from, fromId, type.to, toId);
      write(
        type.from,
        fromId,
        type.to,
        toId,
        typeIds.filter((one) => one !== type.typeId),
      );
      return true;
    },
    move: (objectType, fromId, toId) => {
      for (const { to, link } of linked(objectType, fromId)) {
        remove(objectType, fromId, to, link.id);
        const primaryType = types.between(objectType, to).find((one) => one.primary);
        for (const typeId of link.typeIds) {
          // The mark of the surviving record's own primary company stays where it is.
          if (typeId === primaryType?.typeId && primary(objectType, toId, to) !== null) continue;
          add(types.byId(objectType, to, typeId)!, toId, link.id);
        }
      }
    },
    removeAll: (objectType, id) => {
      for (const { to, link } of linked(objectType, id)) remove(objectType, id, to, link.id);
    },
  };
}
