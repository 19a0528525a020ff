import {
  createFactReader,
  type FactIssue,
  type FactReader,
  type FactSettings,
  type RecordGroup,
  type StageInfo,
} from '../../src/facts/index.ts';
import type { FactName, FieldMap, FieldSource } from '../../src/mapping/types.ts';
import { createZone } from '../../src/mapping/zone.ts';
import type { Fact } from '../../src/model/facts.ts';
import {
  type Association,
  type ConnectionId,
  type CrmRecord,
  type Entity,
  type FieldValue,
  recordKeyText,
} from '../../src/model/record.ts';

export const HUBSPOT = 'hubspot' as ConnectionId;
export const SALESFORCE = 'salesforce' as ConnectionId;
export const DAY = 86_400_000;

export function field(...fields: readonly string[]): FieldSource {
  return { kind: 'field', fields, values: null, scale: null };
}

export function words(name: string, values: Readonly<Record<string, string>>): FieldSource {
  return { kind: 'field', fields: [name], values, scale: null };
}

type Overrides = Partial<Omit<CrmRecord, 'connection' | 'type' | 'id' | 'associations'>> & {
  /** `{companies: '9'}`, `{companies: ['9', '10*']}`: a star marks the primary one. */
  readonly links?: Readonly<Record<string, string | readonly string[]>>;
};

/** `hubspot:contacts:1` with what the test cares about. */
export function crm(key: string, { links = {}, ...overrides }: Overrides = {}): CrmRecord {
  const [connection = '', type = '', ...id] = key.split(':');
  const associations = Object.entries(links).map(([target, ids]): [string, readonly Association[]] => [
    target,
    [ids].flat().map((text) => ({
      type: target,
      id: text.replace('*', ''),
      primary: text.endsWith('*'),
      label: null,
    })),
  ]);
  return {
    connection: connection as ConnectionId,
    type,
    id: id.join(':'),
    fields: {},
    created: 0,
    modified: 1_000,
    state: 'live',
    successor: null,
    mergedIds: [],
    associations: Object.fromEntries(associations),
    ...overrides,
  };
}

export function group(...records: readonly CrmRecord[]): RecordGroup {
  return { key: records.map(recordKeyText).sort()[0] ?? '', records };
}

type Fields = Readonly<Record<string, FieldSource>>;

/** A field map of `{contacts: {email: field('email')}}`. */
export function fieldMap(
  connector: string,
  objects: Readonly<Record<string, Fields>>,
  types: FieldMap['types'] = {},
): FieldMap {
  return {
    connector,
    objects: Object.entries(objects).map(([type, fields]) => ({ type, entity: entityOf(type), fields })),
    identity: {},
    types,
  };
}

export function entityOf(type: string): Entity {
  const entities: Readonly<Record<string, Entity>> = {
    contacts: 'person',
    Contact: 'person',
    Lead: 'person',
    companies: 'account',
    Account: 'account',
    deals: 'deal',
    Opportunity: 'deal',
    OpportunityContactRole: 'role',
    tickets: 'ticket',
    Case: 'ticket',
    feedback_submissions: 'survey',
  };
  return entities[type] ?? 'touchpoint';
}

interface ReaderOptions {
  readonly hubspot?: Readonly<Record<string, Fields>>;
  readonly salesforce?: Readonly<Record<string, Fields>>;
  readonly stages?: readonly StageInfo[];
  readonly zone?: string;
  readonly types?: FieldMap['types'];
  readonly reads?: FactSettings['reads'];
  readonly prefer?: FactSettings['prefer'];
}

/** A reader over one portal and one org, with the issues it reports. */
export function reader(options: ReaderOptions): FactReader & { readonly issues: readonly FactIssue[] } {
  const issues: FactIssue[] = [];
  const stages = options.stages ?? [];
  const made = createFactReader({
    zone: createZone(options.zone ?? 'UTC'),
    connections: [
      { id: HUBSPOT, connector: 'hubspot', stages },
      { id: SALESFORCE, connector: 'salesforce', stages },
    ],
    fieldMaps: [
      fieldMap('hubspot', options.hubspot ?? {}, options.types),
      fieldMap('salesforce', options.salesforce ?? {}, options.types),
    ],
    ...(options.reads === undefined ? {} : { reads: options.reads }),
    ...(options.prefer === undefined ? {} : { prefer: options.prefer }),
    issue: (issue) => issues.push(issue),
  });
  return { ...made, issues };
}

/** Reads one field of one HubSpot record. */
export function readOne(
  fact: FactName,
  name: string,
  source: FieldSource,
  fields: Readonly<Record<string, FieldValue>>,
  options: ReaderOptions & { readonly type?: string } = {},
): { readonly fact: Fact; readonly issues: readonly FactIssue[] } {
  const type =
    options.type ??
    {
      person: 'contacts',
      people: 'contacts',
      account: 'companies',
      deals: 'deals',
      tickets: 'tickets',
      touchpoints: 'meetings',
      surveys: 'feedback_submissions',
    }[fact];
  const own = reader({ ...options, hubspot: { [type]: { [name]: source } } });
  const made = own.fact(
    fact,
    group(crm(`hubspot:${type}:1`, { fields, modified: Date.UTC(2026, 0, 31, 12) })),
  );
  if (made === null) throw new Error('no fact');
  return { fact: made, issues: own.issues };
}
