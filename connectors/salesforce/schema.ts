import type { DiscoveredObject, FieldInfo, FieldType, ObjectType } from '../../src/connector/port.ts';
import { WaystageError } from '../../src/model/errors.ts';
import { isFieldName, isFieldPath } from './soql.ts';

/** A reference field that becomes an association. */
export interface Link {
  readonly field: string;
  /** Object types it can point at; others are ignored. */
  readonly to: readonly string[];
}

interface TypeSpec extends ObjectType {
  readonly links: readonly Link[];
  /** Parents whose fields can be asked for with a dot (`Campaign.Name`): relationship name -> object type. */
  readonly parents: Readonly<Record<string, string>>;
}

const ACTIVITY_LINKS: readonly Link[] = [
  { field: 'WhoId', to: ['Contact', 'Lead'] },
  { field: 'WhatId', to: ['Account', 'Opportunity', 'Case'] },
  { field: 'AccountId', to: ['Account'] },
];
const ACTIVITY_ASSOCIATIONS = ['Contact', 'Lead', 'Account', 'Opportunity', 'Case'];

const TYPES: readonly TypeSpec[] = [
  {
    name: 'Contact',
    label: 'Contacts',
    entity: 'person',
    outputs: true,
    associations: ['Account'],
    links: [{ field: 'AccountId', to: ['Account'] }],
    parents: {},
  },
  { name: 'Lead', label: 'Leads', entity: 'person', outputs: true, associations: [], links: [], parents: {} },
  {
    name: 'Account',
    label: 'Accounts',
    entity: 'account',
    outputs: true,
    associations: [],
    links: [],
    parents: {},
  },
  {
    name: 'Opportunity',
    label: 'Opportunities',
    entity: 'deal',
    outputs: false,
    associations: ['Account'],
    links: [{ field: 'AccountId', to: ['Account'] }],
    parents: {},
  },
  {
    name: 'OpportunityContactRole',
    label: 'Opportunity contact roles',
    entity: 'role',
    outputs: false,
    associations: ['Opportunity', 'Contact'],
    links: [
      { field: 'OpportunityId', to: ['Opportunity'] },
      { field: 'ContactId', to: ['Contact'] },
    ],
    parents: {},
  },
  {
    name: 'Case',
    label: 'Cases',
    entity: 'ticket',
    outputs: false,
    associations: ['Contact', 'Account'],
    links: [
      { field: 'ContactId', to: ['Contact'] },
      { field: 'AccountId', to: ['Account'] },
    ],
    parents: {},
  },
  {
    name: 'Task',
    label: 'Tasks',
    entity: 'touchpoint',
    outputs: false,
    associations: ACTIVITY_ASSOCIATIONS,
    links: ACTIVITY_LINKS,
    parents: {},
  },
  {
    name: 'Event',
    label: 'Meetings',
    entity: 'touchpoint',
    outputs: false,
    associations: ACTIVITY_ASSOCIATIONS,
    links: ACTIVITY_LINKS,
    parents: {},
  },
  {
    name: 'CampaignMember',
    label: 'Campaign members',
    entity: 'touchpoint',
    outputs: false,
    associations: ['Contact', 'Lead'],
    links: [
      { field: 'ContactId', to: ['Contact'] },
      { field: 'LeadId', to: ['Lead'] },
    ],
    parents: { Campaign: 'Campaign' },
  },
];

/** What the core sees of them. */
export const OBJECT_TYPES: readonly ObjectType[] = TYPES.map(
  ({ name, label, entity, outputs, associations }) => ({ name, label, entity, outputs, associations }),
);

export function typeSpec(name: string): TypeSpec {
  const spec = TYPES.find((type) => type.name === name);
  if (spec === undefined) {
    throw new WaystageError(
      'internal',
      `${JSON.stringify(name)} is no object type of Salesforce that Waystage reads; expected one of ${TYPES.map((type) => type.name).join(', ')}`,
    );
  }
  return spec;
}

/** A field of a describe answer, as far as it is used. */
export interface DescribedField {
  readonly name: string;
  readonly label: string;
  readonly type: string;
  readonly updateable: boolean;
  /** Characters a text field takes. */
  readonly length?: number;
  readonly calculated: boolean;
  readonly picklistValues?:
    | readonly { readonly active: boolean; readonly value: string; readonly label?: string | null }[]
    | null;
}

/** Salesforce's field types; compound and binary ones, which hold no single value, are left out of discovery. */
const FIELD_TYPES: Readonly<Record<string, FieldType>> = {
  string: 'text',
  textarea: 'text',
  email: 'text',
  phone: 'text',
  url: 'text',
  id: 'text',
  reference: 'text',
  encryptedstring: 'text',
  time: 'text',
  anyType: 'text',
  picklist: 'enum',
  combobox: 'enum',
  multipicklist: 'multi',
  boolean: 'boolean',
  int: 'number',
  long: 'number',
  double: 'number',
  currency: 'number',
  percent: 'number',
  date: 'date',
  datetime: 'datetime',
};

/**
 * Fields that Salesforce moves without a new SystemModstamp, beside formulas and roll-ups (of which describe says that
 * they are calculated): the last activity follows the tasks and meetings of a record, and is not in its change events
 * either (Change Data Capture Developer Guide, ChangeEvent fields); viewing is no change.
 */
const WITHOUT_STAMP: ReadonlySet<string> = new Set([
  'LastActivityDate',
  'LastViewedDate',
  'LastReferencedDate',
]);

/** Describe's field as the core knows fields; null for types without a single value. */
export function fieldInfo(field: DescribedField, prefix = ''): FieldInfo | null {
  const type = Object.hasOwn(FIELD_TYPES, field.type) ? FIELD_TYPES[field.type] : undefined;
  if (type === undefined || !isFieldName(field.name)) return null;
  const options = (field.picklistValues ?? [])
    .filter(({ active }) => active)
    .map(({ value, label }) => ({ value, label: label ?? value }));
  return {
    name: prefix + field.name,
    label: prefix === '' ? field.label : `${prefix.slice(0, -1)}: ${field.label}`,
    type,
    ...(options.length > 0 ? { options } : {}),
    writable: prefix === '' && field.updateable,
    // A parent's field moves with the parent, whose stamp is not the record's.
    calculated: field.calculated || prefix !== '' || WITHOUT_STAMP.has(field.name),
  };
}

/** What one query of a type asks for and how its rows are read. */
export interface FieldPlan {
  readonly type: string;
  /** Every field of the SELECT list, each once; `Id` first, then `SystemModstamp`. */
  readonly select: readonly string[];
  /** Requested and visible: what goes into `CrmRecord.fields`. */
  readonly wanted: ReadonlyMap<string, FieldType>;
  /** Reference fields that could be read. */
  readonly links: readonly Link[];
  /** Association types whose every reference field could be read: complete lists (see `CrmRecord.associations`). */
  readonly associations: readonly string[];
}

/** Read with every record whatever the mappings ask: stamps, merges, conversion, roles. */
const SYSTEM_FIELDS: readonly string[] = ['CreatedDate', 'IsDeleted', 'MasterRecordId'];
const EXTRA_FIELDS: Readonly<Record<string, readonly string[]>> = {
  Lead: ['IsConverted', 'ConvertedContactId'],
  OpportunityContactRole: ['Role', 'IsPrimary'],
};

/** The plan for `requested` fields of a type, as far as the user may see them: fields that describe does not show
 *  are left out, so that they are absent from `CrmRecord.fields` rather than null. Throws `crm_permission` when
 *  the object itself is hidden. */
export function planFields(
  type: string,
  requested: readonly string[],
  discovered: DiscoveredObject | undefined,
  hidden: ReadonlySet<string> = new Set(),
): FieldPlan {
  const spec = typeSpec(type);
  if (discovered === undefined || !discovered.readable) {
    throw new WaystageError(
      'crm_permission',
      `Salesforce does not let this user read ${type}; give its permission set read access to the object, or leave it out of the connection's objects`,
      { details: { type } },
    );
  }
  const visible = (name: string): boolean => Object.hasOwn(discovered.fields, name) && !hidden.has(name);
  const wanted = new Map<string, FieldType>();
  for (const name of requested)
    if (isFieldPath(name) && visible(name)) wanted.set(name, discovered.fields[name]!.type);
  const links = spec.links.filter(({ field }) => visible(field));
  const blocked = new Set(spec.links.filter(({ field }) => !visible(field)).flatMap(({ to }) => to));
  const own = [...SYSTEM_FIELDS, ...(EXTRA_FIELDS[type] ?? []), ...links.map(({ field }) => field)];
  return {
    type,
    select: [...new Set(['Id', 'SystemModstamp', ...own.filter(visible), ...wanted.keys()])],
    wanted,
    links,
    associations: spec.associations.filter((name) => !blocked.has(name)),
  };
}
