import { ControlError, type FieldChange } from '../../../src/sandbox/index.ts';
import { customFieldRow, deleteCustomField } from './custom-fields.ts';
import type { Org } from './org.ts';
import {
  field,
  isNumeric,
  isText,
  type SfField,
  type SfObject,
  type SfType,
  type SfValue,
} from './schema.ts';
import type { State } from './state.ts';

const RETYPES: readonly SfType[] = [
  'string',
  'textarea',
  'double',
  'currency',
  'percent',
  'boolean',
  'date',
  'datetime',
];

/** What an administrator does to a field while clients are at work. Only custom fields can be removed, renamed or
 *  retyped; any field with field-level security can be hidden. Throws `ControlError`. */
export function changeField(state: State, object: SfObject, change: FieldChange): void {
  const { org } = state;
  if (change.action === 'hide' || change.action === 'show') {
    setFieldSecurity(state, { field: `${object.name}.${change.field}`, readable: change.action === 'show' });
    return;
  }
  const known = object.fields.get(change.field.toLowerCase());
  if (known === undefined) throw new ControlError(`${object.name} has no field ${change.field}.`);
  if (!known.custom) throw new ControlError(`${known.name} is a standard field; it can only be hidden.`);
  if (change.action === 'remove') remove(org, object, known);
  else if (change.action === 'rename') rename(org, object, known, change.to!);
  else retype(org, object, known, change.to!);
  org.touch(object.name);
}

function remove(org: Org, object: SfObject, known: SfField): void {
  const row = customFieldRow(org, object, known.name);
  if (row !== null) {
    deleteCustomField(org, row);
    return;
  }
  org.removeField(object, known);
  for (const record of org.table(object.name).rows.values()) delete record[known.name];
}

function rename(org: Org, object: SfObject, known: SfField, to: string): void {
  if (!/^[A-Za-z](?:_?[A-Za-z0-9])*__c$/.test(to))
    throw new ControlError(`"${to}" is no API name of a custom field.`);
  if (object.fields.has(to.toLowerCase()))
    throw new ControlError(`${object.name} has a field ${to} already.`);
  org.removeField(object, known);
  org.addField(object, { ...known, name: to });
  for (const record of org.table(object.name).rows.values()) {
    record[to] = record[known.name] ?? null;
    delete record[known.name];
  }
  const fullName = `${object.name}.${to}`;
  for (const permission of org.table('FieldPermissions').rows.values()) {
    if (permission['Field'] === `${object.name}.${known.name}`) permission['Field'] = fullName;
  }
  org.touch('FieldPermissions');
  const row = customFieldRow(org, object, known.name);
  if (row === null) return;
  Object.assign(row, { FullName: fullName, DeveloperName: to.replace(/__c$/, '') });
  org.touch('CustomField');
}

/** Values that the new type cannot hold are lost, as in the vendor's own conversion. */
function retype(org: Org, object: SfObject, known: SfField, to: string): void {
  const type = RETYPES.find((one) => one === to);
  if (type === undefined)
    throw new ControlError(`"${to}" is no type to change to; use ${RETYPES.join(', ')}.`);
  const { name, label, permissionable } = known;
  const made = field(name, type, { label, permissionable, nillable: type !== 'boolean' });
  org.addField(object, made);
  for (const record of org.table(object.name).rows.values())
    record[name] = converted(record[name] ?? null, known.type, type);
}

function converted(value: SfValue, from: SfType, to: SfType): SfValue {
  if (to === 'boolean') return value === true || value === 'true';
  if (value === null) return null;
  if (isText(to)) return from === 'datetime' ? new Date(Number(value)).toISOString() : String(value);
  if (isNumeric(to) && (isNumeric(from) || isText(from))) {
    const number = Number(value);
    return Number.isFinite(number) ? number : null;
  }
  if (to === 'date' && from === 'datetime') return new Date(Number(value)).toISOString().slice(0, 10);
  if (to === 'datetime' && from === 'date') return Date.parse(`${String(value)}T00:00:00.000Z`);
  return null;
}

/** Gives or takes the integration user's right to a field, by the org's permission sets alone. `input.field` is
 *  `Contact.Phone`. Throws `ControlError`. */
export function setFieldSecurity(
  state: State,
  input: { readonly field: string; readonly readable: boolean; readonly editable?: boolean | undefined },
): void {
  const { org } = state;
  const matches = [...org.table('FieldPermissions').rows.values()].filter(
    (row) => String(row['Field']).toLowerCase() === input.field.toLowerCase(),
  );
  const [objectName = '', name = ''] = input.field.split('.');
  const field = org.object(objectName)?.fields.get(name.toLowerCase());
  if (field === undefined || !field.permissionable) {
    throw new ControlError(`${input.field} is no field that field-level security applies to.`);
  }
  for (const row of matches) org.remove('FieldPermissions', String(row['Id']));
  if (!input.readable) return;
  const profile = [...org.table('PermissionSet').rows.values()].find(
    (row) => row['IsOwnedByProfile'] === true,
  );
  const at = state.time.now();
  org.insert('FieldPermissions', {
    Id: org.newId('01k'),
    ParentId: profile?.['Id'] ?? null,
    SobjectType: org.object(objectName)!.name,
    Field: `${org.object(objectName)!.name}.${field.name}`,
    PermissionsRead: true,
    PermissionsEdit: input.editable ?? true,
    CreatedDate: at,
    LastModifiedDate: at,
    SystemModstamp: at,
  });
}
