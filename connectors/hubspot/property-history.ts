import type { FieldCourse, FieldInfo, PastValue } from '../../src/connector/port.ts';
import { arrayOf, isObject, textOf } from './errors.ts';
import { decodeValue, instantOf } from './mapper.ts';
import type { HubspotType } from './schema.ts';

/** Values HubSpot keeps of one property of one record: with fewer than that nothing was dropped. */
const KEPT = 20;
const KEPT_OF_CONTACTS = 45;

/** A record and its first values are not stamped in the same moment. */
const BIRTH_MS = 60_000;

export type RowCourses =
  | { readonly courses: readonly FieldCourse[]; readonly unfit: readonly string[] }
  | { readonly failed: { readonly id: string; readonly message: string } };

/**
 * A row with `propertiesWithHistory` as courses of its properties. A property without any history has been empty since
 * the record was made; where it holds a value all the same, HubSpot keeps no history of it and there is no course.
 * A past value that does not fit the property's type cuts the course: what was before it is not told (`unfit`).
 */
export function coursesOfRow(
  row: unknown,
  type: HubspotType,
  fields: ReadonlyMap<string, FieldInfo | null>,
): RowCourses {
  const id = isObject(row) ? (textOf(row['id']) ?? '') : '';
  if (!isObject(row) || id === '') return { failed: { id: '', message: 'a row without an id' } };
  const { properties, propertiesWithHistory: histories } = row;
  if (!isObject(properties) || !isObject(histories))
    return { failed: { id, message: 'a row without properties or their history' } };
  const created = instantOf(row['createdAt']);
  const modified = instantOf(properties[type.modified]) ?? instantOf(row['updatedAt']);
  if (created === null || modified === null)
    return { failed: { id, message: 'a row that does not say when it was made or modified' } };
  const record: RowFrame = { created, modified, most: type.name === 'contacts' ? KEPT_OF_CONTACTS : KEPT };
  const courses: FieldCourse[] = [];
  const unfit: string[] = [];
  for (const [field, info] of fields) {
    // Not shown to us: neither what it holds nor what it held.
    if (!Object.hasOwn(properties, field)) continue;
    const read = valuesOf(arrayOf(histories[field]), properties[field], info, record);
    if (read === null || read.unfit) unfit.push(field);
    if (read !== null && read.values.length > 0)
      courses.push({ id, field, values: read.values, complete: read.complete });
  }
  return { courses, unfit };
}

interface RowFrame {
  readonly created: number;
  readonly modified: number;
  /** Entries HubSpot keeps of a property. */
  readonly most: number;
}

interface ReadValues {
  readonly values: readonly PastValue[];
  readonly complete: boolean;
  readonly unfit: boolean;
}

/** Null: what the property holds now cannot be understood. */
function valuesOf(
  entries: readonly unknown[],
  raw: unknown,
  info: FieldInfo | null,
  { created, modified, most }: RowFrame,
): ReadValues | null {
  const present = decodeValue(raw, info);
  if (present === undefined) return null;
  if (entries.length === 0) {
    const never = present === null && info?.calculated !== true;
    return { values: never ? [{ value: null, at: created }] : [], complete: true, unfit: false };
  }
  let values: PastValue[] = [];
  let unfit = false;
  for (const { value, at } of inOrder(entries, info)) {
    if (value === undefined) {
      values = [];
      unfit = true;
    } else add(values, { value, at });
  }
  const first = values[0];
  const whole = !unfit && (entries.length < most || (first !== undefined && first.at <= created));
  if (whole && first !== undefined && first.at > created) {
    if (first.at - created <= BIRTH_MS) values[0] = { ...first, at: created };
    else if (first.value !== null) values.unshift({ value: null, at: created });
    else values[0] = { value: null, at: created };
  }
  const last = values.at(-1);
  if (last === undefined || last.value !== present)
    add(values, { value: present, at: Math.max(modified, last === undefined ? created : last.at + 1) });
  return { values, complete: whole, unfit };
}

/** Oldest first; HubSpot gives the newest first. An undefined value does not fit the property's type. */
function inOrder(
  entries: readonly unknown[],
  info: FieldInfo | null,
): readonly { readonly value: PastValue['value'] | undefined; readonly at: number }[] {
  const read = entries.flatMap((entry) => {
    const at = isObject(entry) ? instantOf(entry['timestamp']) : null;
    return isObject(entry) && at !== null ? [{ value: decodeValue(entry['value'] ?? null, info), at }] : [];
  });
  return read.reverse().sort((a, b) => a.at - b.at);
}

/** Of two values of one instant the later holds; a value that only repeats the one before is left out. */
function add(values: PastValue[], next: PastValue): void {
  if (values.at(-1)?.at === next.at) values.pop();
  if (values.length === 0 || values.at(-1)?.value !== next.value) values.push(next);
}
