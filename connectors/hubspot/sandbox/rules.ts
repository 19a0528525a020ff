import { conflict, HubspotError, invalid, invalidValues, type ValueProblem } from './errors.ts';
import { knownType } from './object-types.ts';
import { findStage, PIPELINE_FIELDS, pipelineOfStage } from './pipelines.ts';
import { type Portal, schemaOf, upperName } from './portal.ts';
import { type Actor, newRecord, type StoredRecord } from './record.ts';
import type { Schema } from './schema.ts';
import { isoText, normalise, type RawValue } from './values.ts';

export type Properties = Readonly<Record<string, RawValue>>;
/** Checked values in stored form, ready to be applied. */
export type Change = ReadonlyMap<string, string | null>;

/** Checks what is to be written to a record (null: a new one) and says all that is wrong with it. People are not
 *  bound by what only binds the API: read-only values and the one-way lifecycle. */
export function planChange(
  portal: Portal,
  type: string,
  record: StoredRecord | null,
  properties: Properties,
  by: Actor,
): Change {
  const schema = schemaOf(portal, type);
  const names = Object.keys(properties);
  if (names.length === 0)
    throw invalid('No properties found to update, please provide at least one.', {
      context: { properties: ['{}'] },
    });
  if (record !== null && by === 'integration') checkRefusal(portal, record);
  const change = new Map<string, string | null>();
  const problems: ValueProblem[] = [];
  for (const name of names) {
    const definition = schema.get(name);
    if (definition === undefined) {
      problems.push({ name, error: 'PROPERTY_DOESNT_EXIST', message: `Property "${name}" does not exist` });
      continue;
    }
    if (definition.calculated || (definition.readOnlyValue && by === 'integration')) {
      const message = `"${name}" is a read only property; its value cannot be set.`;
      problems.push({ name, error: 'READ_ONLY_VALUE', message });
      continue;
    }
    const result = normalise(
      definition,
      properties[name]!,
      record?.properties[name] ?? null,
      portal.ownerIds,
    );
    if (result.ok) change.set(name, result.value);
    else problems.push(result.problem);
  }
  checkStage(type, record, change, problems);
  if (problems.length > 0) throw invalidValues(problems, portal.id);
  if (by === 'integration') keepLifecycleForward(schema, record, change);
  checkUnique(portal, schema, record, change);
  return change;
}

/** Applies a planned change: history, write log, modification stamp (also when no value differs), search index. */
export function applyChange(portal: Portal, record: StoredRecord, change: Change, by: Actor): void {
  const { store } = portal;
  const stageField = PIPELINE_FIELDS[record.type]?.stage;
  const stageBefore = stageField === undefined ? undefined : record.properties[stageField];
  store.before(record);
  for (const [name, value] of change) store.set(record, name, value, by);
  if (stageField !== undefined && record.properties[stageField] !== stageBefore)
    closeDate(portal, record, change);
  store.touch(record);
}

export function createRecord(portal: Portal, type: string, properties: Properties, by: Actor): StoredRecord {
  return insertNew(portal, type, planCreate(portal, type, properties, by), by);
}

/** Like `planChange`, plus what a new record must have. */
export function planCreate(portal: Portal, type: string, properties: Properties, by: Actor): Change {
  const { required, anyOf } = knownType(type);
  const change = new Map(planChange(portal, type, null, properties, by));
  const missing = required.filter((name) => (change.get(name) ?? null) === null);
  if (missing.length > 0)
    throw invalid(`Error creating ${upperName(type)}. Some required properties were not set.`, {
      context: { properties: missing },
    });
  if (anyOf.length > 0 && anyOf.every((name) => (change.get(name) ?? null) === null))
    throw invalid(`Error creating ${upperName(type)}. At least one of ${anyOf.join(', ')} must be set.`, {
      context: { properties: anyOf },
    });
  const fields = PIPELINE_FIELDS[type];
  if (fields !== undefined && (change.get(fields.pipeline) ?? null) === null)
    change.set(fields.pipeline, pipelineOfStage(type, change.get(fields.stage)!)!.id);
  return change;
}

export function insertNew(portal: Portal, type: string, change: Change, by: Actor): StoredRecord {
  const { store, time } = portal;
  const now = time.now();
  const empty = Object.create(null) as Record<string, string>;
  const record = newRecord(type, store.newId(type), empty, now, now);
  store.insert(record);
  store.before(record, true);
  for (const [name, value] of change) if (value !== null) store.set(record, name, value, by);
  store.touch(record);
  return record;
}

export function archiveRecord(portal: Portal, record: StoredRecord, by: Actor): void {
  const { store, time, writes } = portal;
  store.before(record);
  record.archivedAt = time.now();
  store.touch(record);
  writes.add({
    at: record.archivedAt,
    by,
    type: record.type,
    id: record.id,
    field: 'archived',
    old: false,
    new: true,
  });
}

/** The opposite of `archiveRecord`. */
export function restoreRecord(portal: Portal, record: StoredRecord, by: Actor): void {
  const { store, time, writes } = portal;
  store.before(record);
  record.archivedAt = null;
  store.touch(record);
  writes.add({
    at: time.now(),
    by,
    type: record.type,
    id: record.id,
    field: 'archived',
    old: true,
    new: false,
  });
}

/** Privacy deletion: nothing of the record stays, not even among the archived ones. */
export function purgeRecord(portal: Portal, record: StoredRecord): void {
  portal.associations.removeAll(record.type, record.id);
  portal.store.remove(record);
}

/** The vendor's cap on ids that one record may have swallowed. */
const MAX_MERGES = 250;

/** Two records become one with a new id, under which both old ids are found; the first one's values win. */
export function mergeRecords(
  portal: Portal,
  primary: StoredRecord,
  other: StoredRecord,
  by: Actor,
): StoredRecord {
  const { store, time, associations, writes } = portal;
  const { type } = primary;
  if (primary === other) throw invalid('A record cannot be merged with itself.');
  const mergedIds = [primary.id, other.id, ...primary.mergedIds, ...other.mergedIds];
  if (mergedIds.length > MAX_MERGES)
    throw new HubspotError(
      414,
      'VALIDATION_ERROR',
      `A record can take part in at most ${MAX_MERGES} merges.`,
    );
  const properties = Object.create(null) as Record<string, string>;
  Object.assign(properties, other.properties, primary.properties);
  keepOtherAddresses(primary, other, properties);
  const now = time.now();
  const created = Math.min(primary.created, other.created);
  const merged = newRecord(type, store.newId(type), properties, created, now);
  merged.mergedIds = mergedIds;
  merged.history = new Map([...(other.history ?? []), ...(primary.history ?? [])]);
  for (const lost of [primary, other]) {
    associations.move(type, lost.id, merged.id);
    store.remove(lost);
  }
  store.insert(merged);
  store.before(merged, true);
  for (const id of mergedIds) store.alias(type, id, merged.id);
  store.touch(merged);
  const field = 'hs_merged_object_ids';
  writes.add({ at: now, by, type, id: merged.id, field, old: null, new: mergedIds.join(';') });
  return merged;
}

function keepOtherAddresses(
  primary: StoredRecord,
  other: StoredRecord,
  properties: Record<string, string>,
): void {
  const [main, more] =
    primary.type === 'contacts'
      ? ['email', 'hs_additional_emails']
      : primary.type === 'companies'
        ? ['domain', 'hs_additional_domains']
        : [null, null];
  if (main === null || more === null) return;
  const all = [primary, other].flatMap((one) => [
    one.properties[main] ?? '',
    ...(one.properties[more] ?? '').split(';'),
  ]);
  const rest = [...new Set(all)].filter((one) => one !== '' && one !== properties[main]);
  if (rest.length > 0) properties[more] = rest.join(';');
}

function checkRefusal(portal: Portal, record: StoredRecord): void {
  const key = `${record.type}/${record.id}`;
  const refusal = portal.refusals.get(key);
  if (refusal === undefined) return;
  refusal.times -= 1;
  if (refusal.times <= 0) portal.refusals.delete(key);
  throw invalid(refusal.message);
}

function checkStage(
  type: string,
  record: StoredRecord | null,
  change: Map<string, string | null>,
  problems: ValueProblem[],
): void {
  const fields = PIPELINE_FIELDS[type];
  if (fields === undefined || (!change.has(fields.stage) && !change.has(fields.pipeline))) return;
  const after = (name: string): string | null =>
    change.has(name) ? change.get(name)! : (record?.properties[name] ?? null);
  const stage = after(fields.stage);
  if (stage === null) return;
  const pipeline = after(fields.pipeline);
  // A new record without a pipeline goes into the account's first one.
  const expected = pipeline ?? (record === null ? pipelineOfStage(type, stage)?.id : null);
  if (pipelineOfStage(type, stage)?.id === expected) return;
  problems.push({
    name: fields.stage,
    error: 'INVALID_OPTION',
    message: `Stage ${stage} does not belong to pipeline ${pipeline ?? '(none)'}.`,
  });
}

/** The API moves `lifecyclestage` forward only: an earlier stage is answered like a success and not set. To go
 *  back it has to be cleared first, by a request of its own. */
function keepLifecycleForward(
  schema: Schema,
  record: StoredRecord | null,
  change: Map<string, string | null>,
): void {
  const wanted = change.get('lifecyclestage');
  const held = record?.properties['lifecyclestage'];
  if (wanted === undefined || wanted === null || held === undefined) return;
  const order = (value: string): number =>
    schema.get('lifecyclestage')?.options.find((option) => option.value === value)?.displayOrder ?? -1;
  if (order(wanted) < order(held)) change.delete('lifecyclestage');
}

function checkUnique(portal: Portal, schema: Schema, record: StoredRecord | null, change: Change): void {
  for (const [name, value] of change) {
    if (value === null || schema.get(name)?.hasUniqueValue !== true) continue;
    const held =
      name === 'email'
        ? portal.store.byEmail(value)
        : portal.store
            .all(schema.type.name)
            .find((one) => one.archivedAt === null && one.properties[name] === value)?.id;
    if (held === undefined || held === record?.id) continue;
    if (name === 'email' && record === null) throw conflict(`Contact already exists. Existing ID: ${held}`);
    throw conflict(`A ${schema.type.singular} with the ${name} '${value}' already exists.`);
  }
}

/** The CRM itself stamps deals and tickets as closed when their stage says so. */
function closeDate(portal: Portal, record: StoredRecord, change: Change): void {
  const field = record.type === 'deals' ? 'closedate' : 'closed_date';
  if (change.has(field)) return;
  const stage = findStage(record.type, record.properties[PIPELINE_FIELDS[record.type]!.stage] ?? '');
  if (stage?.metadata['isClosed'] === 'true')
    portal.store.set(record, field, isoText(portal.time.now()), 'crm');
}
