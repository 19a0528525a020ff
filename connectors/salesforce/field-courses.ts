import type { FieldCourse, FieldInfo, PastValue } from '../../src/connector/port.ts';
import type { CrmRecord, FieldValue } from '../../src/model/record.ts';
import type { Row } from './client.ts';
import { id18, isId } from './ids.ts';
import { decode, milliseconds } from './mapper.ts';

/** A record and the first line of its history are not stamped in the same moment. */
const BIRTH_MS = 60_000;

/** Lines that tell how a record came to be: before them there was nothing. */
export const BIRTH_MARKS: readonly string[] = [
  'created',
  'accountCreatedFromLead',
  'contactCreatedFromLead',
  'opportunityCreatedFromLead',
];

/** One change as a field history tells it (`ContactHistory`, `OpportunityFieldHistory`). */
export interface HistoryLine {
  readonly parent: string;
  readonly field: string;
  readonly from: unknown;
  readonly to: unknown;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly dataType: string | null;
}

/** How a record stood from an instant on, as `OpportunityHistory` tells it. */
export interface HistoryState {
  readonly parent: string;
  readonly at: number;
  readonly row: Row;
}

/** A row of a field history; null when it is not what the API promises. */
export function lineOf(row: Row, parentField: string): HistoryLine | null {
  const [parent, field, at] = [row[parentField], row['Field'], stampOf(row)];
  if (typeof parent !== 'string' || !isId(parent) || typeof field !== 'string' || at === null) return null;
  const dataType = typeof row['DataType'] === 'string' ? row['DataType'] : null;
  return { parent: id18(parent), field, from: row['OldValue'], to: row['NewValue'], at, dataType };
}

/** A row of `OpportunityHistory`; null when it is not what the API promises. */
export function stateOf(row: Row, parentField: string): HistoryState | null {
  const [parent, at] = [row[parentField], stampOf(row)];
  if (typeof parent !== 'string' || !isId(parent) || at === null) return null;
  return { parent: id18(parent), at, row };
}

/** Names under which a field's changes are told: lookups of the standard objects go by their relationship. */
export function namesInHistory(field: string): readonly string[] {
  return field.endsWith('Id') && field.length > 2 ? [field, field.slice(0, -2)] : [field];
}

/**
 * The course of a field whose changes are tracked.
 * @param lines those of this record and field, in the order of their time
 * @param born the history begins with the record itself
 * @param horizon what is older may have been dropped, epoch milliseconds
 */
export function courseOfLines(
  record: CrmRecord,
  info: FieldInfo,
  lines: readonly HistoryLine[],
  born: boolean,
  horizon: number,
): FieldCourse | null {
  const present = presentOf(record, info);
  if (present === undefined) return null;
  const created = record.created ?? record.modified;
  const young = created >= horizon;
  let values: PastValue[] = [];
  let complete = born;
  // Before the first line nothing was changed, as far as history reaches back.
  let since: number | null = young || born ? created : horizon;
  for (const line of chained(withIds(lines), info)) {
    const from = canonical(line.from, info);
    const to = canonical(line.to, info);
    // Of long texts and lists of options only that they changed is told.
    const untold = from === undefined || to === undefined || (from === null && to === null);
    if (untold) {
      values = [];
      complete = false;
      since = line.at;
      if (to !== undefined && !(from === null && to === null)) {
        add(values, { value: to, at: line.at });
        since = null;
      }
      continue;
    }
    if (values.length === 0) {
      // Older than what is surely kept: another change may lie between.
      if (since !== null && line.at > since) add(values, { value: from, at: since });
    } else if (values.at(-1)?.value !== from) complete = false;
    add(values, { value: to, at: line.at });
    since = null;
  }
  return closed(record, info.name, values, present, { since: since ?? created, complete });
}

/** The course of a field whose state is told with each change of the record, from its creation on. */
export function courseOfStates(
  record: CrmRecord,
  info: FieldInfo,
  states: readonly HistoryState[],
): FieldCourse | null {
  const present = presentOf(record, info);
  const first = states[0];
  if (present === undefined || first === undefined) return null;
  const created = record.created ?? first.at;
  let values: PastValue[] = [];
  let complete = first.at - created <= BIRTH_MS;
  let since = complete ? Math.min(created, first.at) : first.at;
  for (const { row, at } of states) {
    const value = canonical(row[info.name], info);
    if (value === undefined) {
      values = [];
      complete = false;
      since = at;
    } else add(values, { value, at: values.length === 0 && complete ? since : at });
  }
  return closed(record, info.name, values, present, { since, complete });
}

/** Ends the course with the present value. */
function closed(
  record: CrmRecord,
  field: string,
  values: PastValue[],
  present: FieldValue,
  { since, complete }: { readonly since: number; readonly complete: boolean },
): FieldCourse {
  const last = values.at(-1);
  if (last === undefined) add(values, { value: present, at: since });
  else if (last.value !== present)
    add(values, { value: present, at: Math.max(record.modified, last.at + 1) });
  return { id: record.id, field, values, complete };
}

/** Of two values of one instant the later holds; a value that only repeats the one before is left out. */
function add(values: PastValue[], next: PastValue): void {
  if (values.at(-1)?.at === next.at) values.pop();
  if (values.length === 0 || values.at(-1)?.value !== next.value) values.push(next);
}

function presentOf(record: CrmRecord, { name }: FieldInfo): FieldValue | undefined {
  return Object.hasOwn(record.fields, name) ? (record.fields[name] ?? null) : undefined;
}

/** A lookup's change is told twice: with the ids, as records hold them, and with the names that people see. */
function withIds(lines: readonly HistoryLine[]): readonly HistoryLine[] {
  const ids = lines.filter((line) => line.dataType === 'EntityId');
  return ids.length === 0 ? lines : ids;
}

/** Stamps have whole seconds: of several changes in one, each goes on from what the one before left. */
function chained(lines: readonly HistoryLine[], info: FieldInfo): readonly HistoryLine[] {
  const ordered: HistoryLine[] = [];
  const rest = [...lines];
  while (rest.length > 0) {
    const { at } = rest[0]!;
    const last = ordered.at(-1);
    const together = rest.findIndex((line) => line.at !== at);
    const group = together < 0 ? rest : rest.slice(0, together);
    const from = group.map((line) => canonical(line.from, info));
    const to = group.map((line) => canonical(line.to, info));
    // The first of all goes on from what none of the others left.
    const fits =
      last === undefined
        ? from.findIndex((value) => !to.includes(value))
        : from.indexOf(canonical(last.to, info));
    ordered.push(...rest.splice(Math.max(0, fits), 1));
  }
  return ordered;
}

/** As records hold it; picklists may be told by their labels, and values as text. Undefined: it cannot be
 *  understood. */
export function canonical(value: unknown, info: FieldInfo): FieldValue | undefined {
  try {
    const decoded = decode(typed(value ?? null, info), info.type, info.name);
    const options = info.options ?? [];
    if (typeof decoded !== 'string' || options.some((option) => option.value === decoded)) return decoded;
    return options.find((option) => option.label === decoded)?.value ?? decoded;
  } catch {
    return undefined;
  }
}

function typed(value: unknown, { type }: FieldInfo): unknown {
  if (typeof value !== 'string' || value === '') return value;
  if (type === 'number' && value.trim() !== '' && Number.isFinite(Number(value))) return Number(value);
  if (type === 'boolean' && (value === 'true' || value === 'false')) return value === 'true';
  if (type === 'date' && /^\d{4}-\d{2}-\d{2}T00:00:00/.test(value)) return value.slice(0, 10);
  return value;
}

function stampOf(row: Row): number | null {
  try {
    return milliseconds(row['CreatedDate'], 'CreatedDate');
  } catch {
    return null;
  }
}
