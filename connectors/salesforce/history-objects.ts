import type { Discovery, FieldInfo } from '../../src/connector/port.ts';
import type { SalesforceClient } from './client.ts';
import { classOf } from './errors.ts';
import { BIRTH_MARKS, namesInHistory } from './field-courses.ts';
import { inTexts, select } from './soql.ts';

/** An object that holds past values of a type's records, and its field with the record's id. */
export interface HistoryObject {
  readonly object: string;
  readonly parent: string;
}

/** Objects with the changes of fields that somebody chose to track, at most 20 of a type. Kept for 18 months, by the
 *  API for 24. */
export const FIELD_HISTORIES: Readonly<Record<string, HistoryObject>> = {
  Contact: { object: 'ContactHistory', parent: 'ContactId' },
  Lead: { object: 'LeadHistory', parent: 'LeadId' },
  Account: { object: 'AccountHistory', parent: 'AccountId' },
  Opportunity: { object: 'OpportunityFieldHistory', parent: 'OpportunityId' },
  Case: { object: 'CaseHistory', parent: 'CaseId' },
};

/** Deals have a history of their own, from their creation on, whatever is tracked. */
const STATES: Readonly<Record<string, HistoryObject & { readonly fields: readonly string[] }>> = {
  Opportunity: {
    object: 'OpportunityHistory',
    parent: 'OpportunityId',
    fields: ['StageName', 'Amount', 'CloseDate', 'Probability', 'ExpectedRevenue'],
  },
};

/** Types of which Salesforce can keep histories; activities, contact roles and campaign members have none. */
export const HISTORY_TYPES: readonly string[] = Object.keys(FIELD_HISTORIES);

/** Where the past of a type's wanted fields stands. */
export interface HistoryPlan {
  readonly type: string;
  /** Wanted, shown to us, and with a past: what `states` and `changes` tell of. */
  readonly fields: readonly string[];
  readonly states: (HistoryObject & { readonly fields: readonly FieldInfo[] }) | null;
  readonly changes: (HistoryObject & { readonly fields: readonly FieldInfo[] }) | null;
}

/** Which of the fields have a past that can be read. Asks Salesforce what is tracked. */
export async function planHistory(
  client: SalesforceClient,
  type: string,
  wanted: readonly string[],
  discovery: Discovery,
): Promise<HistoryPlan> {
  const known = discovery.objects[type]?.fields ?? {};
  const infos = wanted.flatMap((name) => (Object.hasOwn(known, name) ? [known[name]!] : []));
  const states = await statesOf(client, type, infos);
  const rest = infos.filter(({ name }) => states?.fields.some((info) => info.name === name) !== true);
  const changes = rest.length === 0 ? null : await changesOf(client, type, rest);
  const fields = [...(states?.fields ?? []), ...(changes?.fields ?? [])].map(({ name }) => name);
  return { type, fields, states, changes };
}

async function statesOf(
  client: SalesforceClient,
  type: string,
  infos: readonly FieldInfo[],
): Promise<HistoryPlan['states']> {
  const source = Object.hasOwn(STATES, type) ? STATES[type] : undefined;
  const fields = infos.filter(({ name }) => source?.fields.includes(name) === true);
  if (source === undefined || fields.length === 0) return null;
  const rows = await ask(client, { fields: ['Id'], from: source.object, limit: 1 });
  return rows === null ? null : { ...source, fields };
}

async function changesOf(
  client: SalesforceClient,
  type: string,
  infos: readonly FieldInfo[],
): Promise<HistoryPlan['changes']> {
  const source = Object.hasOwn(FIELD_HISTORIES, type) ? FIELD_HISTORIES[type] : undefined;
  if (source === undefined) return null;
  const tracked = await trackedFields(client, type, source.object);
  const fields = infos.filter(({ name }) => namesInHistory(name).some((one) => tracked.has(one)));
  return fields.length === 0 ? null : { ...source, fields };
}

/** Names of the fields whose changes are kept now. Who may not look into the setup learns it from the changes that
 *  were kept; none when that is not allowed either. */
async function trackedFields(
  client: SalesforceClient,
  type: string,
  object: string,
): Promise<ReadonlySet<string>> {
  const told = await ask(client, {
    fields: ['QualifiedApiName'],
    from: 'FieldDefinition',
    where: `${inTexts('EntityDefinition.QualifiedApiName', [type])} AND IsFieldHistoryTracked = true`,
  });
  // A history that may not be read has nothing to tell, whatever is tracked.
  if (told !== null && (await ask(client, { fields: ['Id'], from: object, limit: 1 })) === null)
    return new Set();
  const rows = told ?? (await ask(client, { fields: ['Field'], from: object, groupBy: 'Field' })) ?? [];
  const names = rows.map((row) => row['QualifiedApiName'] ?? row['Field']);
  return new Set(names.filter((name) => typeof name === 'string' && !BIRTH_MARKS.includes(name)) as string[]);
}

/** Rows of a small query; null when the object is not there or not for us. */
async function ask(
  client: SalesforceClient,
  query: Parameters<typeof select>[0] & { readonly groupBy?: string },
): Promise<readonly Readonly<Record<string, unknown>>[] | null> {
  const { groupBy, ...rest } = query;
  const soql = select(rest) + (groupBy === undefined ? '' : ` GROUP BY ${groupBy}`);
  try {
    return await client.queryRows(soql, 'query', 'history');
  } catch (error) {
    if (['config', 'missing'].includes(classOf(error) ?? '')) return null;
    throw error;
  }
}
