import { derive, rollUpActivity } from './derive.ts';
import { RowError } from './errors.ts';
import {
  createdHistory,
  fieldHistory,
  movesOpportunity,
  nameHistory,
  opportunityHistory,
} from './history.ts';
import { fullId } from './ids.ts';
import { readFields } from './input.ts';
import { applyRefusal, assignedOwner, checkDuplicate, checkRecord, type Refusals } from './rules.ts';
import type { Row, SfObject, SfValue } from './schema.ts';
import type { Transaction } from './tx.ts';

/** How a write is to be judged. */
export interface WriteOptions {
  readonly refusals: Refusals;
  /** `Sforce-Duplicate-Rule-Header: allowSave=true`, or a person who confirmed. */
  readonly allowDuplicates: boolean;
  /** Field-level security applies: the API, not a person with all rights. */
  readonly secured: boolean;
  /** Active assignment rules run: the API's default, until `Sforce-Auto-Assign: FALSE` says otherwise. */
  readonly assign: boolean;
}

/** Values a new record gets when nothing is said. */
function defaults(tx: Transaction, object: SfObject): Row {
  const row: Row = {};
  for (const field of object.fields.values()) row[field.name] = field.defaultValue;
  row['Id'] = tx.org.newId(object.keyPrefix);
  if (object.fields.has('ownerid')) row['OwnerId'] = tx.actor.userId;
  row['CreatedDate'] = tx.actor.at;
  row['CreatedById'] = tx.actor.userId;
  if (object.name === 'Case') {
    let last = 1000;
    for (const other of tx.org.table('Case').rows.values())
      last = Math.max(last, Number(other['CaseNumber']));
    row['CaseNumber'] = String(last + 1).padStart(8, '0');
  }
  return row;
}

/** Creates a record; answers its id. Throws `RowError` or `UnknownColumn`. */
export function createRow(
  tx: Transaction,
  object: SfObject,
  input: ReadonlyMap<string, unknown>,
  options: WriteOptions,
): string {
  if (!object.createable) {
    throw new RowError(
      'CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY',
      `entity type cannot be inserted: ${object.label}`,
    );
  }
  const values = readFields(tx.org, object, input, 'create', options.secured);
  if (!options.allowDuplicates) checkDuplicate(tx.org, object, values, null);
  const row = defaults(tx, object);
  for (const [name, value] of Object.entries(values)) if (value !== null) row[name] = value;
  Object.assign(row, derive(tx.org, object.name, row, new Set(Object.keys(values)), tx.actor.at));
  const assigned = options.assign ? assignedOwner(tx.org, object) : null;
  if (assigned !== null) row['OwnerId'] = assigned;
  checkRecord(tx.org, object, row, true);
  tx.insert(object.name, row);
  tx.stamp(object.name, row);
  for (const name of Object.keys(values)) tx.note(object.name, row, name, null, values[name] ?? null);
  finishInsert(tx, object, row);
  return String(row['Id']);
}

function finishInsert(tx: Transaction, object: SfObject, row: Row): void {
  const { at, userId } = tx.actor;
  const id = String(row['Id']);
  const created = createdHistory(tx.org, object.name, id, at, userId);
  if (created !== null) tx.insert(created.object, created.row);
  if (object.name === 'Opportunity') {
    const line = opportunityHistory(tx.org, row, at, userId);
    tx.insert(line.object, line.row);
  }
  if (object.name === 'Task' || object.name === 'Event') {
    const activity = object.name;
    tx.onCommit(() => rollUpActivity(tx.org, activity, row, at));
  }
  if (object.name === 'OpportunityContactRole' && row['IsPrimary'] === true) demoteOthers(tx, row);
}

/** An opportunity has one primary contact: a new one takes the mark from the others. */
function demoteOthers(tx: Transaction, row: Row): void {
  for (const other of tx.org.children('OpportunityContactRole', 'OpportunityId', row['OpportunityId'])) {
    if (other['Id'] === row['Id'] || other['IsPrimary'] !== true) continue;
    tx.set('OpportunityContactRole', other, { IsPrimary: false });
    tx.stamp('OpportunityContactRole', other);
  }
}

/** The live row a write names. Throws MALFORMED_ID, INVALID_CROSS_REFERENCE_KEY or ENTITY_IS_DELETED. */
export function liveRow(tx: Transaction, object: SfObject, id: unknown): Row {
  const full = fullId(id);
  if (full === null || tx.org.objectOfId(full)?.keyPrefix !== object.keyPrefix) {
    throw new RowError('MALFORMED_ID', `malformed id ${String(id)}`, ['Id']);
  }
  const row = tx.org.row(object.name, full);
  if (row === null) throw new RowError('INVALID_CROSS_REFERENCE_KEY', 'invalid cross reference id');
  if (row['IsDeleted'] === true) throw new RowError('ENTITY_IS_DELETED', 'entity is deleted');
  return row;
}

/** Updates a record. Also a write that changes nothing moves the stamps, as in a real org. */
export function updateRow(
  tx: Transaction,
  object: SfObject,
  id: unknown,
  input: ReadonlyMap<string, unknown>,
  options: WriteOptions,
): string {
  const row = liveRow(tx, object, id);
  if (!object.updateable) {
    throw new RowError(
      'CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY',
      `entity type cannot be updated: ${object.label}`,
    );
  }
  if (object.name === 'Lead' && row['IsConverted'] === true) {
    throw new RowError('CANNOT_UPDATE_CONVERTED_LEAD', 'cannot reference converted lead');
  }
  const values = readFields(tx.org, object, input, 'update', options.secured);
  applyRefusal(options.refusals, String(row['Id']));
  const changesEmail = values['Email'] !== undefined && values['Email'] !== row['Email'];
  if (!options.allowDuplicates && changesEmail) checkDuplicate(tx.org, object, values, String(row['Id']));
  const before: Row = { ...row };
  const assigned = options.assign ? assignedOwner(tx.org, object) : null;
  changeRow(tx, object, row, assigned === null ? values : { ...values, OwnerId: assigned });
  checkRecord(tx.org, object, row, false);
  if (object.name === 'OpportunityContactRole' && values['IsPrimary'] === true) demoteOthers(tx, row);
  trackChanges(tx, object, before, row);
  return String(row['Id']);
}

/** Sets values and everything that follows from them, then stamps the row. */
export function changeRow(
  tx: Transaction,
  object: SfObject,
  row: Row,
  values: Readonly<Record<string, SfValue>>,
): void {
  const changed = new Set(tx.set(object.name, row, values));
  const given = new Set(Object.keys(values).filter((name) => changed.has(name)));
  tx.set(object.name, row, derive(tx.org, object.name, row, given, tx.actor.at));
  tx.stamp(object.name, row);
  if (object.name === 'Task' || object.name === 'Event') {
    const activity = object.name;
    tx.onCommit(() => rollUpActivity(tx.org, activity, row, tx.actor.at));
  }
}

function trackChanges(tx: Transaction, object: SfObject, before: Row, row: Row): void {
  const { at, userId } = tx.actor;
  const changed = Object.keys(row).filter((name) => (before[name] ?? null) !== (row[name] ?? null));
  for (const field of changed) {
    const line = fieldHistory(tx.org, object.name, String(row['Id']), {
      field,
      old: before[field] ?? null,
      new: row[field] ?? null,
      at,
      userId,
    });
    if (line === null) continue;
    tx.insert(line.object, line.row);
    const names = nameHistory(tx.org, line);
    if (names !== null) tx.insert(names.object, names.row);
  }
  if (object.name === 'Opportunity' && movesOpportunity(changed)) {
    const line = opportunityHistory(tx.org, row, at, userId);
    tx.insert(line.object, line.row);
  }
}
