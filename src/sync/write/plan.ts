import type { Connector, FieldInfo } from '../../connector/port.ts';
import type { Mapping } from '../../mapping/types.ts';
import type { Cause, OutputValues, SubjectId } from '../../model/facts.ts';
import { isAdopting, type ManualEdits } from '../../model/manual-edits.ts';
import type { Output } from '../../model/outputs.ts';
import {
  type ConnectionId,
  type CrmRecord,
  type FieldValue,
  type RecordKey,
  recordKeyText,
} from '../../model/record.ts';
import type { PlannedChange, PlannedWrite } from '../../store/plans.ts';
import { isValid } from '../place/overrides.ts';
import { fieldNameOf, isText, kindOfType, TEXT_LENGTH } from './outputs.ts';

export type { PlannedChange, PlannedWrite } from '../../store/plans.ts';

/** Why a mapping's outputs are what they are. */
export interface Reasons {
  /** Of the move that this run makes; null when the stage stays. */
  readonly cause: Cause | null;
  /** Outputs that would be others under the rules in force. */
  readonly byRule: ReadonlySet<Output>;
  readonly stage: string | null;
  readonly health: string | null;
}

/** An output field a person changed in the CRM since we wrote it, or filled before we ever did. */
export interface ManualEdit extends RecordKey {
  readonly subject: SubjectId;
  readonly field: string;
  readonly edited: FieldValue;
  readonly ours: FieldValue;
  readonly kept: boolean;
  /** Why it was not adopted although it is a stage's or band's field; null: it need not be, or there is no need to say. */
  readonly unfit: string | null;
}

export interface RecordPlan {
  readonly write: PlannedWrite | null;
  /** Fields that already hold what they should. */
  readonly unchanged: number;
  readonly edits: readonly ManualEdit[];
  /** Output fields the CRM does not show us or lets us edit: not provisioned, or no permission. */
  readonly unreadable: readonly string[];
}

export interface PlanInput {
  readonly subject: SubjectId;
  readonly record: CrmRecord;
  readonly connector: Connector;
  /** Fields the CRM shows of this type today: what is stored of another is no longer known. */
  readonly shown: Readonly<Record<string, Pick<FieldInfo, 'writable'>>>;
  /** Mappings of the subject's kind with what each wants written. */
  readonly wanted: readonly {
    readonly mapping: Mapping;
    readonly outputs: OutputValues;
    readonly reasons?: Reasons | null;
  }[];
  readonly lastWritten: Readonly<Record<string, FieldValue>> | undefined;
  /** What we last wrote to records that were merged or converted into this one: it may have taken these values over. */
  readonly inherited: readonly Readonly<Record<string, FieldValue>>[];
  readonly manualEdits: ManualEdits;
}

/**
 * What has to change on one record so that it holds the outputs of its subject (J22). Only declared outputs, only
 * live records, only fields whose value differs. A value that neither we wrote nor want is a person's: it is kept
 * and reported, or under `revert` replaced and reported; never overwritten in silence.
 */
export function planRecord(input: PlanInput): RecordPlan {
  const { record, connector } = input;
  const nothing: RecordPlan = { write: null, unchanged: 0, edits: [], unreadable: [] };
  if (record.state !== 'live' || kindOfType(connector, record.type) === null) return nothing;
  const changes: PlannedChange[] = [];
  const edits: ManualEdit[] = [];
  const unreadable: string[] = [];
  let unchanged = 0;
  for (const { mapping, outputs, reasons } of input.wanted) {
    for (const choice of mapping.outputs) {
      // Nothing known of an output (a trend before its first window) is not the same as an empty one.
      if (!Object.hasOwn(outputs, choice.output)) continue;
      const field = fieldNameOf(choice, connector);
      if (!Object.hasOwn(record.fields, field) || !isWritable(input, field)) {
        unreadable.push(field);
        continue;
      }
      const present = record.fields[field] ?? null;
      const value = storable(choice.output, outputs[choice.output] ?? null);
      if (
        Object.is(present, value) ||
        withinStep(choice.output, present, value, mapping, outputs, record, connector)
      ) {
        unchanged += 1;
        continue;
      }
      const ours = input.lastWritten?.[field];
      const edited =
        ours === undefined
          ? present !== null && !input.inherited.some((values) => Object.is(values[field], present))
          : !Object.is(present, ours);
      if (edited) {
        // An emptied field holds nothing of a person's: it is how one hands the field back to Waystage.
        const kept = input.manualEdits !== 'revert' && present !== null;
        const unfit = kept ? unfitText(input.manualEdits, mapping, choice.output, present) : null;
        edits.push({
          ...keyOf(record),
          subject: input.subject,
          field,
          edited: present,
          ours: value,
          kept,
          unfit,
        });
        if (kept) continue;
      }
      changes.push({
        journey: mapping.name,
        output: choice.output,
        field,
        old: present,
        new: value,
        reason: reasons == null ? null : reasonOf(choice.output, reasons),
        ...(reasons == null ? {} : { cause: reasons.byRule.has(choice.output) ? 'rule' : reasons.cause }),
      });
    }
  }
  const write =
    changes.length === 0
      ? null
      : { ...keyOf(record), subject: input.subject, parent: parentOf(record, connector), changes };
  return { write, unchanged, edits, unreadable };
}

function unfitText(policy: ManualEdits, mapping: Mapping, output: Output, value: FieldValue): string | null {
  const kind = output === 'stage' ? 'stage' : output === 'health_band' ? 'band' : null;
  if (!isAdopting(policy) || kind === null) return null;
  if (typeof value === 'string' && isValid(mapping, { kind, value })) return null;
  return `${JSON.stringify(value)} is no ${kind} of ${mapping.name}`;
}

function isWritable({ shown }: PlanInput, field: string): boolean {
  return Object.hasOwn(shown, field) && shown[field]?.writable === true;
}

/** J20: a score is written when it differs from the CRM's by `write_step` or the band changes. */
function withinStep(
  output: Output,
  present: FieldValue,
  value: FieldValue,
  mapping: Mapping,
  outputs: OutputValues,
  record: CrmRecord,
  connector: Connector,
): boolean {
  if (output !== 'health_score' || mapping.health === null) return false;
  if (typeof present !== 'number' || typeof value !== 'number') return false;
  if (Math.abs(present - value) >= mapping.health.writeStep) return false;
  const band = mapping.outputs.find((choice) => choice.output === 'health_band');
  if (band === undefined) return false;
  const presentBand = record.fields[fieldNameOf(band, connector)] ?? null;
  return Object.is(presentBand, outputs.health_band ?? null);
}

/** Text is cut on a character boundary before it is compared, so that a cut text is not a change for ever. */
function storable(output: Output, value: FieldValue): FieldValue {
  if (!isText(output) || typeof value !== 'string' || value.length <= TEXT_LENGTH) return value;
  let end = TEXT_LENGTH - 1;
  const code = value.charCodeAt(end - 1);
  if (code >= 0xd800 && code <= 0xdbff) end -= 1;
  return `${value.slice(0, end).trimEnd()}…`;
}

function parentOf(record: CrmRecord, connector: Connector): string | null {
  for (const type of connector.capabilities.objectTypes) {
    if (type.entity !== 'account') continue;
    const links = record.associations[type.name] ?? [];
    const link = links.find((candidate) => candidate.primary) ?? links[0];
    if (link !== undefined) return link.id;
  }
  return null;
}

function keyOf(record: RecordKey): { connection: ConnectionId; type: string; id: string } {
  return { connection: record.connection, type: record.type, id: record.id };
}

/** What a change of an output goes back to. */
function reasonOf(output: Output, reasons: Reasons): string | null {
  if (output === 'segment') return null;
  const words = output.startsWith('health') ? reasons.health : reasons.stage;
  const cause = reasons.byRule.has(output) ? 'rule' : output.startsWith('health') ? null : reasons.cause;
  return words === null || cause === null ? words : `${words} (cause: ${cause})`;
}

/** For people: "hub:contacts:51 waystage_stage". */
export function editText(edit: ManualEdit): string {
  const what = `${recordKeyText(edit)} ${edit.field}`;
  if (edit.edited === null) return `${what} was emptied in the CRM and is filled again.`;
  return edit.kept
    ? `${what} was changed by a person in the CRM and is kept${edit.unfit === null ? '' : `; ${edit.unfit}, so it cannot be adopted`}. Clear the field there, or set \`write.manualEdits: revert\`, to let Waystage write it again.`
    : `${what} was changed by a person in the CRM and is put back to Waystage's value (write.manualEdits: revert).`;
}
