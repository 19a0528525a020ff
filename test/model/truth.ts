import type { CrmRecord, FieldValue } from '../../src/model/record.ts';
import { CRMS, type Json, TYPES, type World } from './world.ts';

/** A live record as the CRM itself keeps it. */
export interface TrueRecord {
  readonly id: string;
  readonly state: 'live' | 'converted';
  readonly fields: Readonly<Record<string, unknown>>;
  /** HubSpot only: ids by type, primary ones marked. */
  readonly associations: Readonly<Record<string, readonly string[]>> | null;
}

export interface Difference {
  readonly record: string;
  readonly what: string;
}

/** What of the truth the store has to show: increments do not show associations, deletions and calculated values. */
export type Depth = 'increments' | 'everything';

/** Where the store differs from the CRMs' own records. */
export async function differences(world: World, depth: Depth): Promise<readonly Difference[]> {
  const found: Difference[] = [];
  for (const crm of CRMS) {
    const calculated = new Map<string, ReadonlySet<string>>();
    for (const stored of await world.store.connections.list()) {
      if (stored.id !== (crm as string)) continue;
      for (const [type, { fields }] of Object.entries(stored.discovery?.objects ?? {}))
        calculated.set(
          type,
          new Set(Object.values(fields).flatMap((field) => (field.calculated ? [field.name] : []))),
        );
    }
    for (const type of TYPES[crm]) {
      const truth = new Map((await world.records(crm, type)).flatMap((raw) => trueRecord(raw)));
      const stored = new Map<string, CrmRecord>();
      for await (const chunk of world.store.records.scan(crm as never, type))
        for (const record of chunk) stored.set(record.id, record);
      for (const [id, real] of truth) {
        const record = `${crm}:${type}:${id}`;
        const kept = stored.get(id);
        if (kept === undefined) found.push({ record, what: 'is missing in the store' });
        else {
          const skipped = depth === 'increments' ? calculated.get(type) : undefined;
          for (const what of compare(real, kept, depth, skipped ?? new Set())) found.push({ record, what });
        }
      }
      if (depth === 'increments') continue;
      for (const kept of stored.values()) {
        const alive = kept.state === 'live' || kept.state === 'converted';
        if (alive && !truth.has(kept.id))
          found.push({ record: `${crm}:${type}:${kept.id}`, what: `is ${kept.state}, but gone in the CRM` });
      }
    }
  }
  return found;
}

function trueRecord(raw: Json): readonly (readonly [string, TrueRecord])[] {
  if (raw.properties !== undefined) {
    if (raw.archived) return [];
    const associations: Record<string, readonly string[]> = {};
    for (const [type, list] of Object.entries(raw.associations as Json))
      associations[type] = (list as Json[]).map((one) => `${one.id}${one.primary ? ' primary' : ''}`).sort();
    return [[raw.id, { id: raw.id, state: 'live', fields: raw.properties, associations }]];
  }
  if (raw.IsDeleted) return [];
  const state = raw.IsConverted === true ? 'converted' : 'live';
  return [[raw.Id, { id: raw.Id, state, fields: raw, associations: null }]];
}

function compare(real: TrueRecord, kept: CrmRecord, depth: Depth, skipped: ReadonlySet<string>): string[] {
  const wrong: string[] = [];
  if (kept.state !== real.state) wrong.push(`is ${real.state}, stored as ${kept.state}`);
  for (const [name, value] of Object.entries(kept.fields)) {
    if (name.includes('.') || skipped.has(name)) continue;
    if (!same(value, real.fields[name]))
      wrong.push(`${name} is ${JSON.stringify(real.fields[name])}, stored as ${JSON.stringify(value)}`);
  }
  if (depth === 'everything' && real.associations !== null) {
    for (const [type, list] of Object.entries(kept.associations)) {
      const stored = list.map((one) => `${one.id}${one.primary ? ' primary' : ''}`).sort();
      const wanted = real.associations[type] ?? [];
      if (stored.join() !== wanted.join())
        wrong.push(`${type} are [${wanted.join()}], stored as [${stored.join()}]`);
    }
  }
  return wrong;
}

/** A CRM's raw value against a decoded one, whatever the notation. */
function same(stored: FieldValue, raw: unknown): boolean {
  if (stored === null) return raw === null || raw === undefined || raw === '';
  if (raw === null || raw === undefined) return false;
  if (typeof stored === 'number') return Number(raw) === stored;
  if (String(raw) === String(stored)) return true;
  if (typeof stored !== 'string') return false;
  const at = /^\d{11,}$/.test(String(raw)) ? Number(raw) : Date.parse(String(raw));
  return !Number.isNaN(at) && at === Date.parse(stored);
}
