import { RowError } from './errors.ts';
import type { Org } from './org.ts';
import type { Row, SfObject, SfValue } from './schema.ts';

/** A refusal set up by a control route: a validation rule or a lock on one record. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly fields: readonly string[];
  /** Writes still to be refused; null: every one. */
  times: number | null;
}

/** Refusals by the 15-character id of the record. */
export type Refusals = Map<string, Refusal>;

/** Throws when a refusal is set for this record, and counts it down. */
export function applyRefusal(refusals: Refusals, id: string): void {
  const refusal = refusals.get(id.slice(0, 15));
  if (refusal === undefined) return;
  if (refusal.times !== null) {
    refusal.times -= 1;
    if (refusal.times <= 0) refusals.delete(id.slice(0, 15));
  }
  throw new RowError(refusal.code, refusal.message, refusal.fields);
}

/** The active duplicate rule: two contacts, or two leads, with one e-mail address. */
export function checkDuplicate(
  org: Org,
  object: SfObject,
  values: Readonly<Record<string, SfValue>>,
  id: string | null,
): void {
  if (object.name !== 'Contact' && object.name !== 'Lead') return;
  const email = values['Email'];
  if (typeof email !== 'string') return;
  const wanted = email.toLowerCase();
  for (const row of org.table(object.name).rows.values()) {
    if (row['IsDeleted'] === true || row['IsConverted'] === true || row['Id'] === id) continue;
    if (typeof row['Email'] === 'string' && row['Email'].toLowerCase() === wanted) {
      throw new RowError('DUPLICATES_DETECTED', 'Use one of these records?');
    }
  }
}

/** The org's active assignment rules give every lead and case they see to one desk: whoever forgets
 *  `Sforce-Auto-Assign: FALSE` takes records from their owners (DS, REST headers: auto assign). */
export function assignedOwner(org: Org, object: SfObject): SfValue {
  if (object.name !== 'Lead' && object.name !== 'Case') return null;
  const users = [...org.table('User').rows.values()];
  return users[users.length - 1]?.['Id'] ?? null;
}

/** Rules of setup objects and of fields that depend on each other. `row` already holds the new values. */
export function checkRecord(org: Org, object: SfObject, row: Row, created: boolean): void {
  if (object.name === 'FieldPermissions') checkFieldPermission(org, row, created);
  else if (object.name === 'PermissionSetAssignment' && created) checkAssignment(org, row);
  else if (object.name === 'PermissionSet') checkPermissionSet(org, row);
  else if (object.name === 'CampaignMember' && created) checkMember(org, row);
  else if (object.name === 'Event') {
    if (row['StartDateTime'] === null || row['StartDateTime'] === undefined) {
      throw new RowError('REQUIRED_FIELD_MISSING', 'Required fields are missing: [StartDateTime]', [
        'StartDateTime',
      ]);
    }
    if (Number(row['DurationInMinutes']) < 0) {
      throw new RowError('FIELD_INTEGRITY_EXCEPTION', 'End date time must be after the start date time', [
        'EndDateTime',
      ]);
    }
  }
}

function checkFieldPermission(org: Org, row: Row, created: boolean): void {
  const [objectName, fieldName] = String(row['Field']).split('.') as [string, string | undefined];
  const object = org.object(objectName);
  const field = fieldName === undefined ? undefined : object?.fields.get(fieldName.toLowerCase());
  if (object === null || field === undefined || !field.permissionable || object.name !== row['SobjectType']) {
    throw new RowError(
      'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST',
      `Field Name: bad value for restricted picklist field: ${String(row['Field'])}`,
      ['Field'],
    );
  }
  if (row['PermissionsEdit'] === true && row['PermissionsRead'] !== true) {
    throw new RowError('FIELD_INTEGRITY_EXCEPTION', 'Field permission Edit depends on permission Read', [
      'PermissionsEdit',
    ]);
  }
  if (row['PermissionsEdit'] === true && (field.calculated || field.autoNumber)) {
    throw new RowError('FIELD_INTEGRITY_EXCEPTION', `Field ${String(row['Field'])} is read only`, [
      'PermissionsEdit',
    ]);
  }
  if (!created) return;
  for (const other of org.table('FieldPermissions').rows.values()) {
    if (other['ParentId'] === row['ParentId'] && other['Field'] === row['Field']) {
      throw new RowError(
        'DUPLICATE_VALUE',
        `duplicate value found: <unknown> duplicates value on record with id: ${String(other['Id'])}`,
      );
    }
  }
}

function checkAssignment(org: Org, row: Row): void {
  for (const other of org.table('PermissionSetAssignment').rows.values()) {
    if (other['PermissionSetId'] === row['PermissionSetId'] && other['AssigneeId'] === row['AssigneeId']) {
      throw new RowError(
        'DUPLICATE_VALUE',
        `Duplicate PermissionSetAssignment. Assignee: ${String(row['AssigneeId'])}; Permission Set: ${String(row['PermissionSetId'])}`,
        ['AssigneeId', 'PermissionSetId'],
      );
    }
  }
}

function checkPermissionSet(org: Org, row: Row): void {
  const name = String(row['Name']);
  if (!/^[A-Za-z](?:_?[A-Za-z0-9])*$/.test(name)) {
    throw new RowError(
      'FIELD_INTEGRITY_EXCEPTION',
      'The API Name can only contain underscores and alphanumeric characters. It must be unique, begin with a letter, not include spaces, not end with an underscore, and not contain two consecutive underscores.',
      ['Name'],
    );
  }
  for (const other of org.table('PermissionSet').rows.values()) {
    if (other['Id'] !== row['Id'] && String(other['Name']).toLowerCase() === name.toLowerCase()) {
      throw new RowError(
        'DUPLICATE_DEVELOPER_NAME',
        `The name "${name}" is already used on component type: Permission Set. Please rename existing component.`,
        ['Name'],
      );
    }
  }
}

function checkMember(org: Org, row: Row): void {
  const lead = row['LeadId'] ?? null;
  const contact = row['ContactId'] ?? null;
  if ((lead === null) === (contact === null)) {
    throw new RowError('FIELD_INTEGRITY_EXCEPTION', 'Either a lead or a contact is required, not both', [
      'ContactId',
      'LeadId',
    ]);
  }
  const siblings = org.children('CampaignMember', 'CampaignId', row['CampaignId']);
  const same = siblings.some(
    (one) =>
      one['IsDeleted'] !== true && (contact === null ? one['LeadId'] === lead : one['ContactId'] === contact),
  );
  if (same) throw new RowError('DUPLICATE_VALUE', 'Already a campaign member.');
}
