import type { Association, CrmRecord, FieldValue } from '../../model/record.ts';
import type { RecordFate } from '../../store/port.ts';

/** What became of one pulled record, and what is to be stored of it. */
export interface Judgement {
  readonly fate: RecordFate;
  /** Null: what is stored stays as it is. */
  readonly store: CrmRecord | null;
}

/**
 * Compares a pulled record with the stored one.
 * `applied`: new, or something a rule may read moved. `ignored: unchanged`: nothing but the stamp. `ignored:
 * own_write`: only fields of ours moved, to the values we wrote (the echo of our own write). `ignored: older`: a
 * page that was read before the record we already have.
 *
 * A stamp that moved alone is not kept: stamps date the values and decide between two CRMs (J4, J5), and neither our
 * own write nor an edit of a pipeline, which stamps all its deals, says anything new about the customer.
 */
export function judge(
  stored: CrmRecord | undefined,
  incoming: CrmRecord,
  ownFields: ReadonlySet<string>,
  lastWritten: Readonly<Record<string, FieldValue>> | undefined,
): Judgement {
  const fate = (kind: RecordFate['fate'], reason: string | null): RecordFate => ({
    connection: incoming.connection,
    type: incoming.type,
    id: incoming.id,
    fate: kind,
    reason,
    message: null,
  });
  if (stored === undefined) return { fate: fate('applied', null), store: incoming };
  if (incoming.modified < stored.modified && incoming.state === stored.state) {
    return { fate: fate('ignored', 'older'), store: null };
  }
  const changed = changedFields(stored, incoming);
  const moved = changed.some((name) => !ownFields.has(name)) || !sameShape(stored, incoming);
  if (moved) return { fate: fate('applied', null), store: incoming };
  if (changed.length === 0) return { fate: fate('ignored', 'unchanged'), store: null };
  const echo = changed.every(
    (name) => lastWritten !== undefined && Object.is(lastWritten[name], incoming.fields[name]),
  );
  return {
    fate: echo ? fate('ignored', 'own_write') : fate('applied', null),
    store: { ...incoming, modified: stored.modified },
  };
}

/** Whether a pulled record holds other values in fields of ours than the stored one: then what we wrote decides. */
export function touches(
  stored: CrmRecord | undefined,
  incoming: CrmRecord,
  ownFields: ReadonlySet<string>,
): boolean {
  if (stored === undefined) return false;
  for (const name of ownFields) if (!Object.is(own(stored, name), own(incoming, name))) return true;
  return false;
}

/** Whether a field of ours holds something else than what we know to have written: an edit, or a row that was read
 *  from an index which has not seen our write yet. */
export function contradicts(
  stored: CrmRecord | undefined,
  incoming: CrmRecord,
  ownFields: ReadonlySet<string>,
  lastWritten: Readonly<Record<string, FieldValue>> | undefined,
): boolean {
  if (stored === undefined || lastWritten === undefined) return false;
  return [...ownFields].some((name) => {
    const value = own(incoming, name);
    if (value === undefined || !Object.hasOwn(lastWritten, name)) return false;
    return !Object.is(value, own(stored, name)) && !Object.is(value, lastWritten[name]);
  });
}

/** Names of the fields whose value, or presence, differs. */
export function changedFields(stored: CrmRecord, incoming: CrmRecord): readonly string[] {
  const names = new Set([...Object.keys(stored.fields), ...Object.keys(incoming.fields)]);
  return [...names].filter((name) => !Object.is(own(stored, name), own(incoming, name)));
}

function own(record: CrmRecord, name: string): FieldValue | undefined {
  return Object.hasOwn(record.fields, name) ? record.fields[name] : undefined;
}

function sameShape(stored: CrmRecord, incoming: CrmRecord): boolean {
  return (
    stored.state === incoming.state &&
    stored.created === incoming.created &&
    stored.successor?.type === incoming.successor?.type &&
    stored.successor?.id === incoming.successor?.id &&
    sameSet(stored.mergedIds, incoming.mergedIds) &&
    Object.entries(incoming.associations).every(([type, list]) =>
      sameSet((stored.associations[type] ?? []).map(associationText), list.map(associationText)),
    )
  );
}

function associationText(association: Association): string {
  return JSON.stringify([association.id, association.primary, association.label]);
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  const known = new Set(a);
  return known.size === new Set(b).size && b.every((item) => known.has(item));
}
