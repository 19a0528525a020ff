import type { Org } from './org.ts';
import type { SfField, SfObject } from './schema.ts';

/** Works out what the integration user may read and edit: the union of the field permissions of all permission
 *  sets (its profile's own included) that are assigned to it. */
function access(org: Org): { readonly read: Set<string>; readonly edit: Set<string> } {
  const permissions = org.table('FieldPermissions');
  const assignments = org.table('PermissionSetAssignment');
  const key = `${permissions.version}/${assignments.version}`;
  if (org.accessCache !== null && org.accessCache.key === key) return org.accessCache;
  const sets = new Set<string>();
  for (const row of assignments.rows.values()) {
    if (row['AssigneeId'] === org.integrationUserId) sets.add(String(row['PermissionSetId']));
  }
  const read = new Set<string>();
  const edit = new Set<string>();
  for (const row of permissions.rows.values()) {
    if (!sets.has(String(row['ParentId']))) continue;
    const name = String(row['Field']).toLowerCase();
    if (row['PermissionsRead'] === true) read.add(name);
    if (row['PermissionsEdit'] === true) edit.add(name);
  }
  org.accessCache = { key, read, edit };
  return org.accessCache;
}

/** A field the user may not read does not exist for it, neither in describe nor in SOQL. */
export function canRead(org: Org, object: SfObject, field: SfField): boolean {
  return (
    !field.permissionable || access(org).read.has(`${object.name.toLowerCase()}.${field.name.toLowerCase()}`)
  );
}

export function canEdit(org: Org, object: SfObject, field: SfField): boolean {
  return (
    !field.permissionable || access(org).edit.has(`${object.name.toLowerCase()}.${field.name.toLowerCase()}`)
  );
}

/** The field with this name in any case, when the user may read it. */
export function visibleField(org: Org, object: SfObject, name: string): SfField | null {
  const field = object.fields.get(name.toLowerCase());
  return field !== undefined && canRead(org, object, field) ? field : null;
}

export function visibleFields(org: Org, object: SfObject): readonly SfField[] {
  return [...object.fields.values()].filter((field) => canRead(org, object, field));
}
