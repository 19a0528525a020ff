import type { PastChange } from '../../connector/port.ts';
import type { Mapping } from '../../mapping/types.ts';
import type { SubjectId } from '../../model/facts.ts';
import { type CrmRecord, type FieldValue, recordKeyText } from '../../model/record.ts';
import type { LedgerEntry, StoredOverride } from '../../store/port.ts';
import { insistOnBudget } from '../budget.ts';
import { isFatal, noteProblem } from '../problems.ts';
import type { OpenConnection, Session } from '../session.ts';
import type { Neighbourhood } from '../subjects/neighbourhood.ts';
import { byType } from '../subjects/record-cache.ts';
import { fieldNameOf, kindOfType } from '../write/outputs.ts';
import { holds, readBack } from '../write/settle.ts';
import { isValid } from './overrides.ts';

/** A stage or band that a person put into its field in the CRM, or took out of it. */
export interface Edit extends Candidate {
  /** When, epoch milliseconds; never after the run's instant. */
  readonly at: number;
  /** Who, where the CRM tells. */
  readonly owner: string | null;
}

interface Candidate {
  readonly subject: SubjectId;
  readonly record: CrmRecord;
  readonly mapping: Mapping;
  readonly kind: StoredOverride['kind'];
  readonly output: 'stage' | 'health_band';
  readonly field: string;
  readonly value: string | null;
  /** What we knew to be there; undefined: the ledger knows nothing of the field. */
  readonly ours: FieldValue;
  readonly unknown: boolean;
  /** Name of the CRM. */
  readonly label: string;
}

const KINDS = { stage: 'stage', health_band: 'band' } as const;

/**
 * Edits that may be adopted, of all open CRMs. Left out, and so kept and reported as under `ask`: values that are no
 * stage or band; values that the ledger knows nothing of, unless the CRM says that a person put them there (a database
 * that was lost must not turn every value of ours into an override); what a write of ours may have put there late;
 * and everything for this run when the CRM's history cannot be asked.
 */
export async function editsOf(
  session: Session,
  opens: readonly OpenConnection[],
  subjects: readonly SubjectId[],
  neighbourhood: Neighbourhood,
): Promise<readonly Edit[]> {
  const edits: Edit[] = [];
  for (const open of opens) {
    const records = new Map<string, { readonly subject: SubjectId; readonly record: CrmRecord }>();
    for (const subject of subjects) {
      for (const key of neighbourhood.recordsOf(subject)) {
        const record = key.connection === open.config.id ? neighbourhood.record(key) : undefined;
        if (record !== undefined) records.set(recordKeyText(key), { subject, record });
      }
    }
    for (const { type, ids } of byType([...records.values()].map(({ record }) => record))) {
      const written = await session.options.store.ledger.lastWritten(open.config.id, type, ids);
      const candidates = ids.flatMap((id) => {
        const known = records.get(recordKeyText({ connection: open.config.id, type, id }));
        if (known === undefined) return [];
        const inherited = neighbourhood
          .recordsOf(known.subject)
          .flatMap((key) => (key.connection === open.config.id && key.type === type ? [key.id] : []))
          .filter(
            (other) =>
              other !== id &&
              records.get(recordKeyText({ ...known.record, id: other }))?.record.state !== 'live',
          );
        return candidatesOf(session, open, known.subject, known.record, {
          ours: written.get(id),
          inherited: inherited.flatMap((other): readonly Fields[] => {
            const values = written.get(other);
            return values === undefined ? [] : [values];
          }),
        });
      });
      edits.push(...(await dated(session, open, type, candidates)));
    }
  }
  return edits;
}

type Fields = Readonly<Record<string, FieldValue>>;

function candidatesOf(
  { options }: Session,
  { config, discovery }: OpenConnection,
  subject: SubjectId,
  record: CrmRecord,
  written: { readonly ours: Fields | undefined; readonly inherited: readonly Fields[] },
): readonly Candidate[] {
  const { connector } = config;
  const kindOfSubject = kindOfType(connector, record.type);
  if (record.state !== 'live' || kindOfSubject === null) return [];
  const found: Candidate[] = [];
  for (const mapping of options.mappings) {
    if (mapping.subject !== kindOfSubject) continue;
    for (const choice of mapping.outputs) {
      const { output } = choice;
      if (output !== 'stage' && output !== 'health_band') continue;
      const field = fieldNameOf(choice, connector);
      if (!Object.hasOwn(record.fields, field)) continue;
      if (discovery.objects[record.type]?.fields[field]?.writable !== true) continue;
      const value = record.fields[field] ?? null;
      const ours = written.ours?.[field];
      if (Object.is(value, ours) || (value === null && ours == null)) continue;
      if (written.inherited.some((values) => Object.is(values[field], value))) continue;
      if (value !== null && (typeof value !== 'string' || !isValid(mapping, { kind: KINDS[output], value })))
        continue;
      found.push({
        ...{ subject, record, mapping, kind: KINDS[output], output, field, value },
        ...{ ours: ours ?? null, unknown: ours === undefined, label: connector.label },
      });
    }
  }
  return found;
}

/** When each was made and by whom: out of the CRM's own history where it keeps one, else by the record's stamp, which
 *  is read for it, because what is stored has the stamp of the last change of something else. */
async function dated(
  session: Session,
  open: OpenConnection,
  type: string,
  candidates: readonly Candidate[],
): Promise<readonly Edit[]> {
  if (candidates.length === 0) return [];
  const { store, now, signal } = session.options;
  const { id: connection } = open.config;
  const ids = [...new Set(candidates.map(({ record }) => record.id))];
  const tried = await store.ledger.attempts(connection, type, ids);
  const isOf =
    ({ record, field }: Candidate) =>
    (one: { readonly id: string; readonly field: string }): boolean =>
      one.id === record.id && one.field === field;
  try {
    const changes = await pastChanges(open, type, candidates);
    const known = candidates.map((candidate) => ({
      candidate,
      attempts: tried.filter(isOf(candidate)),
      change: changeOf(candidate, changes.filter(isOf(candidate)), tried.filter(isOf(candidate))),
    }));
    const untold = known.filter(({ change }) => change === undefined);
    const fresh = await freshRecords(
      open,
      type,
      untold.map(({ candidate }) => ({ id: candidate.record.id, field: candidate.field })),
    );
    return known.flatMap(({ candidate, attempts, change }): Edit[] => {
      if (change === null) return [];
      if (change !== undefined) return [{ ...candidate, at: Math.min(change.at, now), owner: change.by }];
      const record = fresh.get(candidate.record.id);
      // Edited again meanwhile: the next run sees it.
      if (!holds(record, candidate.field, candidate.value)) return [];
      const stamp = record?.modified ?? now;
      const last = attempts.at(-1)?.at ?? Number.NEGATIVE_INFINITY;
      return [{ ...candidate, at: stamp > last ? Math.min(stamp, now) : now, owner: null }];
    });
  } catch (error) {
    signal.throwIfAborted();
    if (isFatal(error)) throw error;
    noteProblem(session, connection, error, `Asking ${connection} who edited fields of ours failed`);
    return [];
  }
}

async function pastChanges(
  open: OpenConnection,
  type: string,
  candidates: readonly Candidate[],
): Promise<readonly PastChange[]> {
  if (open.connection.pastChanges === undefined) return [];
  insistOnBudget(open.config.id, open.budget);
  return open.connection.pastChanges({
    type,
    ids: [...new Set(candidates.map(({ record }) => record.id))],
    fields: [...new Set(candidates.map(({ field }) => field))],
    discovery: open.discovery,
  });
}

async function freshRecords(
  open: OpenConnection,
  type: string,
  fields: readonly { readonly id: string; readonly field: string }[],
): Promise<ReadonlyMap<string, CrmRecord>> {
  if (fields.length === 0) return new Map();
  insistOnBudget(open.config.id, open.budget);
  return readBack(open, type, fields);
}

/**
 * The change that put the value there; undefined: the CRM does not tell; null: it may have been us.
 * @param changes of this field, newest first
 * @param tried our writes of it, oldest first
 */
export function changeOf(
  { value, unknown }: Pick<Candidate, 'value' | 'unknown'>,
  changes: readonly PastChange[],
  tried: readonly LedgerEntry[],
): PastChange | undefined | null {
  const own = changes.filter(({ to }) => Object.is(to, value));
  const last = tried.at(-1);
  // We put it back after we had overwritten it: the person's own change lies before that.
  if (last?.state === 'returned' && Object.is(last.new, value)) return own[1] ?? own[0];
  const change = own[0];
  if (unknown) return change === undefined || change.own ? null : change;
  if (change !== undefined && !change.own) return change;
  const settled = tried.findLastIndex(({ state }) => state === 'written' || state === 'adopted');
  const late = tried
    .slice(settled + 1)
    .some(({ state, new: sent }) => ['pending', 'unknown', 'lost'].includes(state) && Object.is(sent, value));
  return late ? null : change;
}
