import type { Connection as Jsforce, SaveResult } from 'jsforce';
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

/** Rows of one request. */
const MAX_GRANTS = 200;
const READ_AND_EDIT = { PermissionsRead: true, PermissionsEdit: true };

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
  for (const group of grouped(steps)) {
    const messages = await carryOut(work, group);
    for (const [index, { id }] of group.entries()) {
      const message = messages[index] ?? null;
      results.push({ id, ok: message === null, message });
    }
  }
  return results;
}

/** Grants that follow each other go together in one request; every other step alone. */
function grouped(steps: readonly ProvisionStep[]): readonly (readonly ProvisionStep[])[] {
  const groups: ProvisionStep[][] = [];
  for (const step of steps) {
    const last = groups.at(-1) ?? [];
    const joins = isGrant(step) && last.length > 0 && last.length < MAX_GRANTS && last.every(isGrant);
    if (joins) last.push(step);
    else groups.push([step]);
  }
  return groups;
}

function isGrant(step: ProvisionStep): boolean {
  return (step.payload as StepPayload).kind === 'grant';
}

/** For each step null when it is done, else why not. */
async function carryOut(work: Work, group: readonly ProvisionStep[]): Promise<readonly (string | null)[]> {
  const payloads = group.map(({ payload }) => payload as StepPayload);
  const first = payloads[0]!;
  try {
    if (first.kind !== 'grant') return [await carryOutOne(work, first)];
    return await grantAll(
      work,
      payloads.filter((payload) => payload.kind === 'grant'),
    );
  } catch (error) {
    if (EXISTS.has(crmErrorOf(error)?.code ?? '')) return [];
    if (first.kind === 'field') work.missing.add(fullName(first.type, first.field.name));
    if (!isWaystageError(error) || error.exitStatus === 3 || error.code === 'stopped') throw error;
    return group.map(() => error.message);
  }
}

async function carryOutOne(work: Work, step: Exclude<StepPayload, Grant>): Promise<string | null> {
  switch (step.kind) {
    case 'blocked':
      return step.message;
    case 'field':
      return createField(work, step.type, step.field);
    case 'options':
      return addOptions(work, step.type, step.field);
    case 'permission-set':
      return createPermissionSet(work);
    case 'assignment':
      return assign(work);
  }
}

type Grant = Extract<StepPayload, { readonly kind: 'grant' }>;

function fullName(type: string, field: string): string {
  return `${type}.${field}`;
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

async function grantAll(work: Work, grants: readonly Grant[]): Promise<readonly (string | null)[]> {
  const set = await knownPermissionSet(work);
  if (set === null) return grants.map(() => NO_SET);
  const possible = grants.filter(({ type, name }) => !work.missing.has(fullName(type, name)));
  const records = possible.map(({ type, name }) => ({
    ParentId: set,
    SobjectType: type,
    Field: fullName(type, name),
    ...READ_AND_EDIT,
  }));
  const saved = records.length === 0 ? [] : await work.jsforce.create('FieldPermissions', records);
  const messages: (string | null)[] = [];
  for (const grant of grants) {
    const index = possible.indexOf(grant);
    const field = fullName(grant.type, grant.name);
    if (index < 0) messages.push(`not tried, because ${field} could not be created`);
    else messages.push(await grantMessage(work, set, field, saved[index]));
  }
  return messages;
}

/** What became of one grant. A grant that exists may be one to read only, so it is updated. */
async function grantMessage(
  work: Work,
  set: string,
  field: string,
  saved: SaveResult | undefined,
): Promise<string | null> {
  if (saved?.success === true) return null;
  const { errorCode, message } = statedIn(saved);
  const where = `ParentId = ${text(set)} AND Field = ${text(field)}`;
  const query = select({ fields: ['Id'], from: 'FieldPermissions', where });
  const id = EXISTS.has(errorCode) ? (await work.client.queryRows(query, 'query', 'meta'))[0]?.['Id'] : null;
  if (typeof id !== 'string') return `Salesforce refused to grant ${field}: ${errorCode} "${message}"`;
  await work.jsforce.update('FieldPermissions', { Id: id, ...READ_AND_EDIT });
  return null;
}

/** Rows of a collection name their code `statusCode`, whatever jsforce's types say. */
function statedIn(saved: SaveResult | undefined): { readonly errorCode: string; readonly message: string } {
  const error = (saved?.errors[0] ?? {}) as Readonly<Record<string, unknown>>;
  const code = error['statusCode'] ?? error['errorCode'];
  return {
    errorCode: typeof code === 'string' ? code : 'UNKNOWN_ERROR',
    message: String(error['message'] ?? ''),
  };
}

const NO_SET = `not tried, because permission set ${PERMISSION_SET} could not be created`;

async function knownPermissionSet(work: Work): Promise<string | null> {
  work.permissionSet ??= await permissionSetId(work.client);
  return work.permissionSet;
}
