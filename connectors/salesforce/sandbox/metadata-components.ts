import {
  createCustomField,
  customFieldRow,
  deleteCustomField,
  splitFullName,
  updateCustomField,
} from './custom-fields.ts';
import { createRow, updateRow, type WriteOptions } from './dml.ts';
import { RowError } from './errors.ts';
import { deleteRow } from './lifecycle.ts';
import type { Org } from './org.ts';
import type { Row } from './schema.ts';
import { integration, type State, transact } from './state.ts';

/** Components the Metadata API of this org knows. */
export const COMPONENT_TYPES = ['CustomField', 'PermissionSet'] as const;
export type ComponentType = (typeof COMPONENT_TYPES)[number];
export type Intent = 'create' | 'update' | 'upsert';
export type Component = Map<string, unknown>;

/** Setup work is not subject to field-level security or duplicate rules. */
const SETUP: WriteOptions = { refusals: new Map(), allowDuplicates: true, secured: false, assign: false };

function missing(type: string, name: string): RowError {
  return new RowError('INVALID_CROSS_REFERENCE_KEY', `no ${type} named ${name} found`);
}

/** Creates or changes a component; answers whether it is new. Throws `RowError`. */
export function saveComponent(
  state: State,
  type: ComponentType,
  component: Component,
  intent: Intent,
): boolean {
  const body = new Map(component);
  const fullName = body.get('fullName');
  body.delete('fullName');
  return type === 'CustomField'
    ? saveField(state, fullName, body, intent)
    : savePermissionSet(state, fullName, body, intent);
}

function saveField(state: State, fullName: unknown, body: Component, intent: Intent): boolean {
  const { object, name } = splitFullName(state.org, fullName);
  const row = customFieldRow(state.org, object, name);
  const at = state.time.now();
  if (row === null || intent === 'create') {
    if (intent === 'update') throw missing('CustomField', String(fullName));
    createCustomField(state.org, fullName, body, at);
    return true;
  }
  updateCustomField(state.org, row, body, at);
  return false;
}

function permissionSetRow(org: Org, name: string): Row | null {
  for (const row of org.table('PermissionSet').rows.values()) {
    if (String(row['Name']).toLowerCase() === name.toLowerCase()) return row;
  }
  return null;
}

function isTrue(value: unknown): boolean {
  return value === true || value === 'true';
}

function maps(value: unknown): readonly Component[] {
  const all = Array.isArray(value) ? value : value === undefined ? [] : [value];
  return all.map((one) => {
    if (one instanceof Map) return one as Component;
    throw new RowError('FIELD_INTEGRITY_EXCEPTION', 'A permission needs elements of its own');
  });
}

function savePermissionSet(state: State, fullName: unknown, body: Component, intent: Intent): boolean {
  const known = ['label', 'description', 'fieldPermissions', 'objectPermissions', 'hasActivationRequired'];
  for (const key of body.keys()) {
    if (!known.includes(key))
      throw new RowError('INVALID_FIELD', `${key} is not supported in a PermissionSet`, [key]);
  }
  if (typeof fullName !== 'string' || fullName === '') {
    throw new RowError('REQUIRED_FIELD_MISSING', 'Required fields are missing: [FullName]', ['FullName']);
  }
  const { org } = state;
  for (const one of maps(body.get('objectPermissions'))) {
    // Every object is open to the integration user; only the name is checked.
    const name = String(one.get('object'));
    if (org.object(name) === null) throw missing('CustomObject', name);
  }
  const row = permissionSetRow(org, fullName);
  if (row === null && intent === 'update') throw missing('PermissionSet', fullName);
  if (row !== null && intent === 'create') {
    throw new RowError(
      'DUPLICATE_DEVELOPER_NAME',
      `The name "${fullName}" is already used on component type: Permission Set. Please rename existing component.`,
      ['Name'],
    );
  }
  transact(state, integration(state), (tx) => {
    const object = org.object('PermissionSet')!;
    const values = new Map<string, unknown>([['Label', body.get('label') ?? fullName]]);
    if (body.has('description')) values.set('Description', body.get('description'));
    const id =
      row === null
        ? createRow(tx, object, new Map([...values, ['Name', fullName]]), SETUP)
        : updateRow(tx, object, row['Id'], values, SETUP);
    const permissions = org.object('FieldPermissions')!;
    for (const one of maps(body.get('fieldPermissions'))) {
      const field = String(one.get('field'));
      const present = [...org.table('FieldPermissions').rows.values()].find(
        (other) => other['ParentId'] === id && other['Field'] === field,
      );
      const [objectName = '', name = ''] = field.split('.');
      if (org.object(objectName)?.fields.has(name.toLowerCase()) !== true) {
        throw new RowError(
          'INVALID_CROSS_REFERENCE_KEY',
          `In field: field - no CustomField named ${field} found`,
        );
      }
      const rights = new Map<string, unknown>([
        ['PermissionsRead', isTrue(one.get('readable'))],
        ['PermissionsEdit', isTrue(one.get('editable'))],
      ]);
      if (present !== undefined) {
        if (rights.get('PermissionsRead') === false)
          deleteRow(tx, permissions, present['Id'], SETUP, state.deletions);
        else updateRow(tx, permissions, present['Id'], rights, SETUP);
      } else if (rights.get('PermissionsRead') === true) {
        createRow(
          tx,
          permissions,
          new Map([...rights, ['ParentId', id], ['SobjectType', objectName], ['Field', field]]),
          SETUP,
        );
      }
    }
  });
  return row === null;
}

/** A component as data, or null when there is none. */
export function readComponent(state: State, type: ComponentType, fullName: string): Component | null {
  const { org } = state;
  if (type === 'CustomField') {
    const [objectName = '', name = ''] = fullName.split('.');
    const object = org.object(objectName);
    const row = object === null ? null : customFieldRow(org, object, name);
    if (row === null) return null;
    return new Map([['fullName', row['FullName']], ...Object.entries(JSON.parse(String(row['Metadata'])))]);
  }
  const row = permissionSetRow(org, fullName);
  if (row === null) return null;
  const fieldPermissions = org.children('FieldPermissions', 'ParentId', row['Id']).map((one) => ({
    editable: one['PermissionsEdit'],
    field: one['Field'],
    readable: one['PermissionsRead'],
  }));
  return new Map<string, unknown>([
    ['fullName', row['Name']],
    ['description', row['Description'] ?? null],
    ['fieldPermissions', fieldPermissions],
    ['hasActivationRequired', false],
    ['label', row['Label']],
  ]);
}

/** Deletes a component. Throws `RowError`. */
export function deleteComponent(state: State, type: ComponentType, fullName: string): void {
  const { org } = state;
  if (type === 'CustomField') {
    const { object, name } = splitFullName(org, fullName);
    const row = customFieldRow(org, object, name);
    if (row === null) throw missing(type, fullName);
    deleteCustomField(org, row);
    return;
  }
  const row = permissionSetRow(org, fullName);
  if (row === null) throw missing(type, fullName);
  transact(state, integration(state), (tx) =>
    deleteRow(tx, org.object('PermissionSet')!, row['Id'], SETUP, state.deletions),
  );
}

/** Full names and ids of all components of a type. */
export function listComponents(
  state: State,
  type: ComponentType,
): readonly { readonly fullName: string; readonly id: string; readonly row: Row }[] {
  return [...state.org.table(type).rows.values()].map((row) => ({
    fullName: String(type === 'CustomField' ? row['FullName'] : row['Name']),
    id: String(row['Id']),
    row,
  }));
}
