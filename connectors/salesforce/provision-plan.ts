import type { ProvisionStep, ProvisionTarget } from '../../src/connector/port.ts';
import type { OutputField } from '../../src/model/outputs.ts';
import type { SalesforceClient } from './client.ts';
import { conflict, missingOptions } from './custom-field.ts';
import { type Described, describer } from './discover.ts';
import { classOf } from './errors.ts';
import { inTexts, isFieldName, select, text } from './soql.ts';

/** The permission set through which fields become visible; whoever is to see them gets it. */
export const PERMISSION_SET = 'Waystage';

/** What one step does. */
export type StepPayload =
  | { readonly kind: 'field'; readonly type: string; readonly field: OutputField }
  | { readonly kind: 'options'; readonly type: string; readonly field: OutputField }
  | { readonly kind: 'permission-set' }
  | { readonly kind: 'assignment' }
  | { readonly kind: 'grant'; readonly type: string; readonly name: string }
  /** Cannot be done by us: the message says what somebody has to do. */
  | { readonly kind: 'blocked'; readonly message: string };

/**
 * What is missing in the org for these outputs. A field that was made by API is invisible to everybody, to its
 * maker and to describe too, until a permission set grants it: so fields come first, then the permission set, its
 * assignment to our user, then the grants. Empty when every field can be written already, by whatever permission.
 */
export async function planProvision(
  client: SalesforceClient,
  wanted: readonly ProvisionTarget[],
): Promise<readonly ProvisionStep[]> {
  const describe = await describer(client);
  const described = await Promise.all(
    wanted.map(async (target) => ({ target, description: await describe(target.type) })),
  );
  const needs = described.map(({ target, description }) => needsOf(target, description));
  const hidden = needs.flatMap(({ type, hidden: fields }) => fields.map((field) => ({ type, field })));
  const readOnly = needs.flatMap(({ type, readOnly: fields }) => fields.map((field) => ({ type, field })));
  const existing = await existingFields(client, hidden);
  const grants = [...hidden, ...readOnly];
  return [
    ...needs.flatMap(({ blocked }) => blocked),
    ...hidden.filter(({ type, field }) => !existing.has(`${type}.${field.name}`)).map(fieldStep),
    ...needs.flatMap(({ options }) => options),
    ...(grants.length === 0 ? [] : await permissionSteps(client, grants)),
  ];
}

interface Needs {
  readonly type: string;
  /** Not in describe: does not exist, or nobody may see it. */
  readonly hidden: OutputField[];
  /** Visible, but not ours to write. */
  readonly readOnly: OutputField[];
  readonly options: ProvisionStep[];
  readonly blocked: ProvisionStep[];
}

function needsOf({ type, fields }: ProvisionTarget, description: Described | null): Needs {
  const needs: Needs = { type, hidden: [], readOnly: [], options: [], blocked: [] };
  if (description === null) {
    const message = `Salesforce does not let this user see ${type}; give its permission set read and edit access to the object`;
    needs.blocked.push(blockedStep(type, null, message));
    return needs;
  }
  const byName = new Map(description.fields.map((field) => [field.name.toLowerCase(), field]));
  for (const field of fields) {
    const found = byName.get(field.name.toLowerCase());
    if (found === undefined) {
      if (isCustomName(field.name)) needs.hidden.push(field);
      else {
        const message = `Salesforce has no field ${field.name} on ${type}; only fields whose name ends in __c can be created`;
        needs.blocked.push(blockedStep(type, field.name, message));
      }
      continue;
    }
    const problem = conflict(field, found);
    if (problem !== null)
      needs.blocked.push(blockedStep(type, field.name, `${field.name} on ${type} ${problem}`));
    else if (!found.updateable) needs.readOnly.push(field);
    const missing = problem === null ? missingOptions(field, found) : [];
    if (missing.length > 0) needs.options.push(optionsStep(type, field, missing));
  }
  return needs;
}

/** `Waystage_Stage__c`: a custom field without another package's namespace. */
function isCustomName(name: string): boolean {
  return isFieldName(name) && /^[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*__c$/.test(name);
}

/** Custom fields that exist although describe does not show them, as `Contact.Waystage_Stage__c`. */
async function existingFields(
  client: SalesforceClient,
  fields: readonly { readonly type: string; readonly field: OutputField }[],
): Promise<ReadonlySet<string>> {
  if (fields.length === 0) return new Set();
  const types = [...new Set(fields.map(({ type }) => type))];
  const names = [...new Set(fields.map(({ field }) => developerName(field.name)))];
  const query = select({
    fields: ['Id', 'DeveloperName', 'TableEnumOrId'],
    from: 'CustomField',
    where: `${inTexts('TableEnumOrId', types)} AND ${inTexts('DeveloperName', names)}`,
  });
  try {
    const rows = await client.queryRows(query, 'tooling/query', 'meta');
    return new Set(rows.map((row) => `${String(row['TableEnumOrId'])}.${String(row['DeveloperName'])}__c`));
  } catch (error) {
    // Without the right to see the setup the fields count as missing; creating them then says what is wrong.
    if (classOf(error) === 'config') return new Set();
    throw error;
  }
}

/** A custom field's name without `__c`, as the Tooling API keeps it. */
export function developerName(name: string): string {
  return name.replace(/__c$/i, '');
}

async function permissionSteps(
  client: SalesforceClient,
  grants: readonly { readonly type: string; readonly field: OutputField }[],
): Promise<readonly ProvisionStep[]> {
  const id = await permissionSetId(client);
  const granted = id === null ? new Set<string>() : await grantedFields(client, id);
  const assigned = id !== null && (await isAssigned(client, id, await runningUserId(client)));
  const steps: ProvisionStep[] = [];
  if (id === null) {
    const text = `create permission set ${PERMISSION_SET}`;
    steps.push(step('permission-set', text, null, null, { kind: 'permission-set' }));
  }
  if (!assigned) {
    const text = `assign permission set ${PERMISSION_SET} to the user of this connection`;
    steps.push(step('assignment', text, null, null, { kind: 'assignment' }));
  }
  for (const { type, field } of grants) {
    const name = `${type}.${field.name}`;
    if (granted.has(name)) continue;
    const text = `let permission set ${PERMISSION_SET} read and edit ${field.name} on ${type}`;
    steps.push(step(`grant:${name}`, text, type, field.name, { kind: 'grant', type, name: field.name }));
  }
  return steps;
}

/** Id of our permission set; null when there is none. */
export async function permissionSetId(client: SalesforceClient): Promise<string | null> {
  const where = `Name = ${text(PERMISSION_SET)}`;
  const rows = await client.queryRows(
    select({ fields: ['Id'], from: 'PermissionSet', where }),
    'query',
    'meta',
  );
  const id = rows[0]?.['Id'];
  return typeof id === 'string' ? id : null;
}

/** The user this connection runs as. */
export async function runningUserId(client: SalesforceClient): Promise<string> {
  const path = '/services/oauth2/userinfo';
  const body = await client.json({ method: 'GET', path, purpose: 'meta', idempotent: true });
  const id = (body as Readonly<Record<string, unknown>> | undefined)?.['user_id'];
  return typeof id === 'string' ? id : '';
}

async function grantedFields(client: SalesforceClient, permissionSet: string): Promise<ReadonlySet<string>> {
  const query = select({
    fields: ['Field', 'PermissionsEdit'],
    from: 'FieldPermissions',
    where: `ParentId = ${text(permissionSet)} AND PermissionsEdit = true`,
  });
  const rows = await client.queryRows(query, 'query', 'meta');
  return new Set(rows.map((row) => String(row['Field'])));
}

async function isAssigned(client: SalesforceClient, permissionSet: string, user: string): Promise<boolean> {
  const query = select({
    fields: ['Id'],
    from: 'PermissionSetAssignment',
    where: `AssigneeId = ${text(user)} AND PermissionSetId = ${text(permissionSet)}`,
  });
  return (await client.queryRows(query, 'query', 'meta')).length > 0;
}

function fieldStep({ type, field }: { readonly type: string; readonly field: OutputField }): ProvisionStep {
  const id = `field:${type}.${field.name}`;
  return step(id, `create field ${field.name} on ${type}`, type, field.name, { kind: 'field', type, field });
}

function optionsStep(type: string, field: OutputField, missing: readonly string[]): ProvisionStep {
  const text = `add ${missing.length} value${missing.length === 1 ? '' : 's'} to ${field.name} on ${type}: ${missing.join(', ')}`;
  return step(`options:${type}.${field.name}`, text, type, field.name, { kind: 'options', type, field });
}

function blockedStep(type: string, field: string | null, message: string): ProvisionStep {
  return step(`blocked:${type}.${field ?? '*'}`, message, type, field, { kind: 'blocked', message });
}

function step(
  id: string,
  text: string,
  type: string | null,
  field: string | null,
  payload: StepPayload,
): ProvisionStep {
  return { id, text, type, field, payload };
}
