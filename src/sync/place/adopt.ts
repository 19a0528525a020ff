import { parseSpan, zonedDuration } from '../../mapping/duration.ts';
import type { Mapping } from '../../mapping/types.ts';
import { createZone } from '../../mapping/zone.ts';
import type { SubjectId } from '../../model/facts.ts';
import { adoptedFor, isAdopting } from '../../model/manual-edits.ts';
import { type FieldValue, recordKeyText } from '../../model/record.ts';
import type { LedgerEntry, OverrideEnd, StoredOverride } from '../../store/port.ts';
import type { OpenConnection, Session } from '../session.ts';
import type { SubjectChunk } from '../subjects/subject-chunks.ts';
import type { PlacedTotals } from '../summary.ts';
import { type Edit, editsOf } from './edits.ts';
import { currentOverride, overridesOf, spansOf } from './overrides.ts';

/** What is set by hand for a chunk of subjects, with what was adopted just now. */
export interface ByHand {
  of(subject: SubjectId): readonly StoredOverride[];
  /** Values of people's that are known from now on, by record and field. */
  readonly adopted: ReadonlyMap<string, Readonly<Record<string, FieldValue>>>;
}

/**
 * The overrides of these subjects. Under `adopt` what people did to stage and band in the CRM comes first (J29): a
 * stage or band they put into the field becomes an override, an emptied field ends the one in force. Both are reported;
 * under `plan` nothing is stored.
 */
export async function byHandOf(
  session: Session,
  opens: readonly OpenConnection[],
  { accounts, people, chosen, neighbourhood }: SubjectChunk,
  totals: PlacedTotals,
): Promise<ByHand> {
  const { store, manualEdits, kind } = session.options;
  const all = [...accounts, ...people];
  const known = new Map(await overridesOf(store, neighbourhood.recordsOf, all));
  const adopted = new Map<string, Record<string, FieldValue>>();
  const result: ByHand = { of: (subject) => known.get(subject) ?? [], adopted };
  if (!isAdopting(manualEdits)) return result;
  const edits = await editsOf(
    session,
    opens,
    all.filter((subject) => chosen?.has(subject) ?? true),
    neighbourhood,
  );
  if (edits.length === 0) return result;
  const set: { readonly edit: Edit; readonly override: StoredOverride }[] = [];
  const ended: { readonly edit: Edit; readonly override: string; readonly end: OverrideEnd }[] = [];
  const entries: LedgerEntry[] = [];
  for (const edit of [...edits].sort((a, b) => a.at - b.at)) {
    const { subject, mapping } = edit;
    const before = known.get(subject) ?? [];
    if (edit.value === null) {
      const current = currentOverride(before, mapping, edit.kind, session.options.now);
      // Emptied before the override was set, or without one: the field is only filled again.
      if (current === null || current.at > edit.at) continue;
      const end = { at: edit.at, known: session.options.now, by: edit.owner };
      ended.push({ edit, override: current.override, end });
      known.set(
        subject,
        before.map((one) => (one.override === current.override ? { ...one, ended: end } : one)),
      );
      totals.overridesEnded += 1;
    } else {
      const override = overrideOf(session, edit);
      set.push({ edit, override });
      known.set(subject, [...before, override]);
      totals.adopted += 1;
    }
    totals.manualEdits += 1;
    entries.push(entryOf(session, edit));
    const key = recordKeyText(edit.record);
    adopted.set(key, { ...adopted.get(key), [edit.field]: edit.value });
  }
  const overrides = set.map(({ override }) => override);
  if (kind !== 'plan') await store.overrides.adopt({ overrides, ended, entries }, session.fence);
  for (const { edit, override } of set)
    report(session, edit, adoptedText(edit, override, known.get(edit.subject) ?? []));
  for (const { edit } of ended)
    report(
      session,
      edit,
      `${nameOf(edit)} was emptied${by(edit)}: the ${edit.kind} set by hand has ended, the rules decide again.`,
    );
  return result;
}

function overrideOf(session: Session, edit: Edit): StoredOverride {
  const { connection, type, id } = edit.record;
  const { now } = session.options;
  return {
    ...{ override: session.options.newId(), connection, type, id },
    ...{ journey: edit.mapping.name, kind: edit.kind, value: edit.value },
    ...{ owner: edit.owner, reason: `edited in ${edit.label}`, at: edit.at, known: now },
    until: expiry(session, edit.mapping),
    ended: null,
    source: 'crm',
  };
}

/** Counted from when Waystage learnt of it: an edit that waited long must not have ended before it was seen. */
function expiry({ options }: Session, mapping: Mapping): number | null {
  const text = adoptedFor(options.manualEdits);
  const span = text === null ? null : parseSpan(text);
  return span === null ? null : zonedDuration(span, createZone(mapping.timezone)).after(options.now);
}

/** Nothing was written; from now on the value is one that the ledger knows, so that it is an edit only once. */
function entryOf(session: Session, edit: Edit): LedgerEntry {
  const { connection, type, id } = edit.record;
  return {
    ...{ entry: session.options.newId(), run: session.run, connection, type, id, subject: edit.subject },
    ...{ journey: edit.mapping.name, output: edit.output, field: edit.field },
    ...{ old: edit.ours, new: edit.value, state: 'adopted', code: null, message: null },
    at: session.options.clock.now(),
  };
}

function adoptedText(edit: Edit, override: StoredOverride, all: readonly StoredOverride[]): string {
  const { until } = override;
  const when = until === null ? '' : ` until ${createZone(edit.mapping.timezone).dateText(until - 1)}`;
  const spans = spansOf(all, edit.mapping);
  const own = (edit.kind === 'stage' ? spans.stages : spans.bands).find(({ from }) => from === override.at);
  const later =
    own === undefined || own.until !== until
      ? ' A later edit of the same person or account counts instead.'
      : '';
  return `${nameOf(edit)} was set to ${JSON.stringify(edit.value)}${by(edit)}: it is kept as an override${when}. Its other records follow; \`waystage override end ${recordKeyText(edit.record)}\` ends it.${later}`;
}

function nameOf(edit: Edit): string {
  return `${recordKeyText(edit.record)} ${edit.field}`;
}

function by({ owner, label }: Edit): string {
  return owner === null ? ` in ${label}` : ` by ${owner} in ${label}`;
}

function report(session: Session, edit: Edit, text: string): void {
  session.notices.push({ kind: 'adopted', subject: edit.subject, text });
}
