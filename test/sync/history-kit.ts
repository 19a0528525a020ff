import type { ConnectionId, FieldValue } from '../../src/model/record.ts';
import type { RunSummary } from '../../src/sync/summary.ts';
import type { Company, Crm } from '../helpers/company.ts';

/** Values of one field of one record: `[value, since]`, oldest first. */
export type Course = readonly (readonly [FieldValue, number])[];

/** Everything the store keeps of the past of these types, by `type id field`. */
export async function keptHistory(
  company: Company,
  crm: Crm,
  types: readonly string[],
): Promise<Readonly<Record<string, Course>>> {
  const { store } = company.app;
  const kept: Record<string, Course> = {};
  for (const type of types) {
    for await (const chunk of store.records.scan(crm as ConnectionId, type)) {
      const pasts = await store.history.of(
        crm as ConnectionId,
        type,
        chunk.map(({ id }) => id),
      );
      for (const [id, past] of pasts)
        for (const [field, values] of Object.entries(past.values))
          kept[`${type} ${id} ${field}`] = values.map(({ value, since }) => [value, since]);
    }
  }
  return kept;
}

export async function courseOf(
  company: Company,
  crm: Crm,
  type: string,
  id: string,
  field: string,
): Promise<Course> {
  const pasts = await company.app.store.history.of(crm as ConnectionId, type, [id]);
  return (pasts.get(id)?.values[field] ?? []).map(({ value, since }) => [value, since] as const);
}

/** Sums over all types of a connection. */
export function historySums(
  summary: RunSummary,
  crm: Crm,
): { readonly records: number; readonly values: number; readonly read: readonly string[] } {
  const types = Object.values(summary.history?.[crm]?.types ?? {});
  return {
    records: types.reduce((sum, one) => sum + one.records, 0),
    values: types.reduce((sum, one) => sum + one.values, 0),
    read: [...new Set(types.map(({ read }) => read))],
  };
}

export const HUBSPOT_TYPES = ['contacts', 'companies', 'deals', 'tickets', 'meetings', 'tasks'];
export const SALESFORCE_TYPES = ['Contact', 'Lead', 'Account', 'Opportunity', 'Case'];
