import type { Connection as Jsforce } from 'jsforce';
import type { ProvisionResult, ProvisionStep } from '../../src/connector/port.ts';
import { isWaystageError } from '../../src/model/errors.ts';
import type { OutputField } from '../../src/model/outputs.ts';
import type { SalesforceClient } from './client.ts';
import { customFieldMetadata, type PicklistValue, picklistValue } from './custom-field.ts';
import { crmErrorOf } from './errors.ts';
import {
  developerName,
  PERMISSION_SET,
  permissionSetId,
  runningUserId,
  type StepPayload,
} from './provision-plan.ts';
import { select, text } from './soql.ts';
import { jsforceOver } from './vendor.ts';

/** These say that the thing is there already: somebody was quicker, which is as good. */
const EXISTS = new Set(['DUPLICATE_DEVELOPER_NAME', 'DUPLICATE_VALUE', 'DUPLICATE_FIELD_NAME']);

interface Work {
  readonly client: SalesforceClient;
  readonly jsforce: Jsforce;
  /** Fields that could not be created, as `Contact.Waystage_Stage__c`: their grants cannot work. */
  readonly missing: Set<string>;
  permissionSet: string | null;
}

/** Carries out steps of `planProvision` one after the other; a failed one is named and the rest go on. Throws
 *  only when the credentials or the org as a whole fail. */
export async function provision(
  client: SalesforceClient,
  steps: readonly ProvisionStep[],
): Promise<readonly ProvisionResult[]> {
  if (steps.length === 0) return [];
  const work: Work = { client, jsforce: await jsforceOver(client), missing: new Set(), permissionSet: null };
  const results: ProvisionResult[] = [];
  for (const { id, payload } of steps) {
    const message = await carryOut(work, payload as StepPayload);
    results.push({ id, ok: message === null, message });
  }
  return results;
}

/** Null when done, else why not. */
async function carryOut(work: Work, step: StepPayload): Promise<string | null> {
  try {
    switch (step.kind) {
      case 'blocked':
        return step.message;
      case 'field':
        return await createField(work, step.type, step.field);
      case 'options':
        return await addOptions(work, step.type, step.field);
      case 'permission-set':
        return await createPermissionSet(work);
      case 'assignment':
        return await assign(work);
      case 'grant':
        return await grant(work, step.type, step.name);
    }
  } catch (error) {
    if (EXISTS.has(crmErrorOf(error)?.code ?? '')) return null;
    if (step.kind === 'field') work.missing.add(`${step.type}.${step.field.name}`);
    if (!isWaystageError(error) || error.exitStatus === 3 || error.code === 'stopped') throw error;
    return error.message;
  }
}

async function createField({ jsforce }: Work, type: string, field: OutputField): Promise<null> {
  const record = { FullName: `${type}.${field.name}`, Metadata: customFieldMetadata(field) };
  await jsforce.tooling.create('CustomField', record);
  return null;
}

/** Adds options to a picklist; those that are there stay, whatever the mapping says. */
async function addOptions(
  { client, jsforce }: Work,
  type: string,
  field: OutputField,
): Promise<string | null> {
  const where = `TableEnumOrId = ${text(type)} AND DeveloperName = ${text(developerName(field.name))}`;
  const query = select({ fields: ['Id'], from: 'CustomField', where });
  const id = (await client.queryRows(query, 'tooling/query', 'meta'))[0]?.['Id'];
  if (typeof id !== 'string') return `${field.name} on ${type} is gone; plan again`;
  const found = (await jsforce.tooling.retrieve('CustomField', id)) as { Metadata?: PicklistMetadata };
  const definition = found.Metadata?.valueSet?.valueSetDefinition;
  if (found.Metadata === undefined || definition === undefined || definition === null) {
    return `${field.name} on ${type} takes its values from a shared value set; add them there`;
  }
  const known = new Set(definition.value.map(({ fullName }) => fullName));
  const added = (field.options ?? []).filter(({ value }) => !known.has(value)).map(picklistValue);
  const value = [...definition.value, ...added];
  const Metadata = {
    ...found.Metadata,
    valueSet: { ...found.Metadata.valueSet, valueSetDefinition: { ...definition, value } },
  };
  await jsforce.tooling.update('CustomField', { Id: id, Metadata });
  return null;
}

interface PicklistMetadata {
  readonly valueSet?: {
    readonly valueSetDefinition?: { readonly value: readonly PicklistValue[] } | null;
  } | null;
}

async function createPermissionSet(work: Work): Promise<null> {
  const created = await work.jsforce.create('PermissionSet', {
    Name: PERMISSION_SET,
    Label: PERMISSION_SET,
    Description: 'Read and edit access to the fields that Waystage keeps up to date.',
  });
  work.permissionSet = created.success ? created.id : null;
  return null;
}

async function assign(work: Work): Promise<string | null> {
  const set = await knownPermissionSet(work);
  if (set === null) return NO_SET;
  const user = await runningUserId(work.client);
  await work.jsforce.create('PermissionSetAssignment', { AssigneeId: user, PermissionSetId: set });
  return null;
}

async function grant(work: Work, type: string, name: string): Promise<string | null> {
  const field = `${type}.${name}`;
  if (work.missing.has(field)) return `not tried, because ${field} could not be created`;
  const set = await knownPermissionSet(work);
  if (set === null) return NO_SET;
  const permissions = { PermissionsRead: true, PermissionsEdit: true };
  try {
    await work.jsforce.create('FieldPermissions', {
      ParentId: set,
      SobjectType: type,
      Field: field,
      ...permissions,
    });
  } catch (error) {
    if (!EXISTS.has(crmErrorOf(error)?.code ?? '')) throw error;
    // There is a grant already, perhaps one to read only.
    const where = `ParentId = ${text(set)} AND Field = ${text(field)}`;
    const query = select({ fields: ['Id'], from: 'FieldPermissions', where });
    const id = (await work.client.queryRows(query, 'query', 'meta'))[0]?.['Id'];
    if (typeof id !== 'string') throw error;
    await work.jsforce.update('FieldPermissions', { Id: id, ...permissions });
  }
  return null;
}

const NO_SET = `not tried, because permission set ${PERMISSION_SET} could not be created`;

async function knownPermissionSet(work: Work): Promise<string | null> {
  work.permissionSet ??= await permissionSetId(work.client);
  return work.permissionSet;
}
