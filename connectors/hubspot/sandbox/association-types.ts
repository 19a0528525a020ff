import { OBJECT_TYPES } from './object-types.ts';

export type AssociationCategory = 'HUBSPOT_DEFINED' | 'USER_DEFINED';

/** One way an object of `from` can be associated with one of `to`. */
export interface AssociationType {
  readonly from: string;
  readonly to: string;
  readonly typeId: number;
  readonly category: AssociationCategory;
  /** `contact_to_company_unlabeled`: the name inline associations carry. */
  readonly name: string;
  /** Null: the unlabeled association that every association has. */
  readonly label: string | null;
  readonly primary: boolean;
  /** The type id seen from the other side. */
  readonly inverse: number;
}

/** from, to, unlabeled there and back, and where there is one the primary company's there and back. */
const PAIRS: readonly (readonly [string, string, number, number, number?, number?])[] = [
  ['contacts', 'companies', 279, 280, 1, 2],
  ['deals', 'contacts', 3, 4],
  ['deals', 'companies', 341, 342, 5, 6],
  ['tickets', 'contacts', 16, 15],
  ['tickets', 'companies', 339, 340, 26, 25],
  ['tickets', 'deals', 28, 27],
  ['emails', 'contacts', 198, 197],
  ['emails', 'companies', 186, 185],
  ['emails', 'deals', 210, 209],
  ['emails', 'tickets', 224, 223],
  ['calls', 'contacts', 194, 193],
  ['calls', 'companies', 182, 181],
  ['calls', 'deals', 206, 205],
  ['calls', 'tickets', 220, 219],
  ['meetings', 'contacts', 200, 199],
  ['meetings', 'companies', 188, 187],
  ['meetings', 'deals', 212, 211],
  ['meetings', 'tickets', 226, 225],
  ['notes', 'contacts', 202, 201],
  ['notes', 'companies', 190, 189],
  ['notes', 'deals', 214, 213],
  ['notes', 'tickets', 228, 227],
  ['tasks', 'contacts', 204, 203],
  ['tasks', 'companies', 192, 191],
  ['tasks', 'deals', 216, 215],
  ['tasks', 'tickets', 230, 229],
  ['communications', 'contacts', 81, 82],
  ['communications', 'companies', 87, 88],
  ['communications', 'deals', 85, 86],
  ['communications', 'tickets', 83, 84],
  ['feedback_submissions', 'contacts', 98, 97],
];

const NONE: readonly AssociationType[] = [];
/** Labels an account can define itself start here. */
const FIRST_USER_TYPE = 1001;

export interface AssociationTypes {
  /** Every type between two object types, unlabeled first; empty when they cannot be associated. */
  between(from: string, to: string): readonly AssociationType[];
  byId(from: string, to: string, typeId: number): AssociationType | undefined;
  /** The account's own label, defined on first use in both directions. */
  label(from: string, to: string, label: string): AssociationType;
}

export function createAssociationTypes(): AssociationTypes {
  // from -> to -> types
  const pairs = new Map<string, Map<string, AssociationType[]>>();
  const singular = new Map(OBJECT_TYPES.map((type) => [type.name, type.singular]));
  let nextUserType = FIRST_USER_TYPE;
  const add = (type: AssociationType): void => {
    const targets = pairs.get(type.from) ?? new Map<string, AssociationType[]>();
    pairs.set(type.from, targets);
    const list = targets.get(type.to) ?? [];
    targets.set(type.to, list);
    list.push(type);
  };
  const addBoth = (
    from: string,
    to: string,
    there: number,
    back: number,
    shape: Pick<AssociationType, 'category' | 'label' | 'primary'> & { readonly suffix: string },
  ): void => {
    const { suffix, ...rest } = shape;
    const forth = `${singular.get(from)}_to_${singular.get(to)}${suffix}`;
    const reverse = `${singular.get(to)}_to_${singular.get(from)}${suffix}`;
    add({ from, to, typeId: there, inverse: back, name: forth, ...rest });
    add({ from: to, to: from, typeId: back, inverse: there, name: reverse, ...rest });
  };
  for (const [from, to, there, back, primaryThere, primaryBack] of PAIRS) {
    const hasPrimary = primaryThere !== undefined && primaryBack !== undefined;
    const own = { category: 'HUBSPOT_DEFINED', label: null, primary: false } as const;
    addBoth(from, to, there, back, { ...own, suffix: hasPrimary ? '_unlabeled' : '' });
    if (hasPrimary)
      addBoth(from, to, primaryThere, primaryBack, { ...own, label: 'Primary', primary: true, suffix: '' });
  }
  const between = (from: string, to: string): readonly AssociationType[] => pairs.get(from)?.get(to) ?? NONE;
  return {
    between,
    byId: (from, to, typeId) => between(from, to).find((type) => type.typeId === typeId),
    label: (from, to, label) => {
      const known = between(from, to).find(
        (type) => type.category === 'USER_DEFINED' && type.label === label,
      );
      if (known !== undefined) return known;
      const there = nextUserType;
      nextUserType += 2;
      const suffix = `_${label.toLowerCase().replace(/[^a-z0-9]+/g, '_')}`;
      addBoth(from, to, there, there + 1, { category: 'USER_DEFINED', label, primary: false, suffix });
      return between(from, to).at(-1)!;
    },
  };
}
