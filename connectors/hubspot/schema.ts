import type {
  DiscoveredObject,
  Discovery,
  FieldInfo,
  FieldType,
  ObjectType,
} from '../../src/connector/port.ts';
import { WaystageError } from '../../src/model/errors.ts';

/** What this connector has to know about one HubSpot object type beyond the port. */
export interface HubspotType extends ObjectType {
  /** HubSpot's own number for the type, as links into its interface use it. */
  readonly typeId: string;
  /** `contact`: how association names call it (`contact_to_company`). */
  readonly singular: string;
  /** The modification stamp that search can filter and sort by; contacts have a name of their own. */
  readonly modified: string;
  /** The property that says when a record was made. */
  readonly created: string;
  /** Records of this type can be merged: `hs_merged_object_ids` names the ids that live on here. */
  readonly merges: boolean;
  /** The property that holds the pipeline stage. */
  readonly stageField: string | null;
}

function engagement(name: string, label: string, singular: string, typeId: string): HubspotType {
  return {
    ...{ name, label, singular, typeId },
    entity: 'touchpoint',
    outputs: false,
    associations: ['contacts', 'companies', 'deals'],
    modified: 'hs_lastmodifieddate',
    created: 'hs_createdate',
    merges: false,
    stageField: null,
  };
}

export const HUBSPOT_TYPES: readonly HubspotType[] = [
  {
    name: 'contacts',
    label: 'Contacts',
    entity: 'person',
    outputs: true,
    associations: ['companies'],
    typeId: '0-1',
    singular: 'contact',
    modified: 'lastmodifieddate',
    created: 'createdate',
    merges: true,
    stageField: null,
  },
  {
    name: 'companies',
    label: 'Companies',
    entity: 'account',
    outputs: true,
    associations: [],
    typeId: '0-2',
    singular: 'company',
    modified: 'hs_lastmodifieddate',
    created: 'createdate',
    merges: true,
    stageField: null,
  },
  {
    name: 'deals',
    label: 'Deals',
    entity: 'deal',
    outputs: false,
    associations: ['contacts', 'companies'],
    typeId: '0-3',
    singular: 'deal',
    modified: 'hs_lastmodifieddate',
    created: 'createdate',
    merges: true,
    stageField: 'dealstage',
  },
  {
    name: 'tickets',
    label: 'Tickets',
    entity: 'ticket',
    outputs: false,
    associations: ['contacts', 'companies'],
    typeId: '0-5',
    singular: 'ticket',
    modified: 'hs_lastmodifieddate',
    created: 'createdate',
    merges: true,
    stageField: 'hs_pipeline_stage',
  },
  engagement('emails', 'E-mails', 'email', '0-49'),
  engagement('calls', 'Calls', 'call', '0-48'),
  engagement('meetings', 'Meetings', 'meeting_event', '0-47'),
  engagement('notes', 'Notes', 'note', '0-46'),
  engagement('tasks', 'Tasks', 'task', '0-27'),
  engagement('communications', 'Messages', 'communication', '0-18'),
  {
    name: 'feedback_submissions',
    label: 'Survey answers',
    entity: 'survey',
    outputs: false,
    associations: ['contacts'],
    typeId: '0-19',
    singular: 'feedback_submission',
    modified: 'hs_lastmodifieddate',
    created: 'hs_createdate',
    merges: false,
    stageField: null,
  },
];

const BY_NAME = new Map(HUBSPOT_TYPES.map((type) => [type.name, type]));

/** Throws `internal` for a type that the capabilities do not list. */
export function hubspotType(name: string): HubspotType {
  const type = BY_NAME.get(name);
  if (type === undefined) {
    const known = [...BY_NAME.keys()].join(', ');
    throw new WaystageError(
      'internal',
      `HubSpot object type ${JSON.stringify(name)} is not known; known are ${known}`,
    );
  }
  return type;
}

/** The part of a property's definition that Waystage uses. */
export interface PropertyDefinition {
  readonly name: string;
  readonly label: string;
  readonly type: string;
  readonly fieldType: string;
  readonly calculated?: boolean;
  readonly options?: readonly { readonly value: string; readonly label: string }[];
  readonly modificationMetadata?: { readonly readOnlyValue?: boolean };
}

export function fieldInfo(property: PropertyDefinition): FieldInfo {
  const type = fieldType(property.type, property.fieldType);
  const calculated = property.calculated === true || property.fieldType.startsWith('calculation');
  return {
    name: property.name,
    label: property.label,
    type,
    ...(type === 'enum' || type === 'multi'
      ? { options: (property.options ?? []).map(({ value, label }) => ({ value, label })) }
      : {}),
    writable: property.modificationMetadata?.readOnlyValue !== true && !calculated,
    calculated,
  };
}

function fieldType(type: string, shape: string): FieldType {
  switch (type) {
    case 'number':
      return 'number';
    case 'bool':
      return 'boolean';
    case 'date':
      return 'date';
    case 'datetime':
      return 'datetime';
    case 'enumeration':
      return shape === 'checkbox' ? 'multi' : 'enum';
    default:
      return 'text';
  }
}

/** The fields of a request that this portal has, each with its definition. Without a description of the type
 *  every field is taken for text. A property the portal does not have is left out: it then is absent from the
 *  record, which is not the same as empty. */
export function knownFields(
  type: HubspotType,
  fields: readonly string[],
  discovery: Discovery,
): ReadonlyMap<string, FieldInfo | null> {
  const object: DiscoveredObject | undefined = Object.hasOwn(discovery.objects, type.name)
    ? discovery.objects[type.name]
    : undefined;
  const known = new Map<string, FieldInfo | null>();
  for (const name of fields) {
    if (object === undefined) known.set(name, null);
    else if (Object.hasOwn(object.fields, name)) known.set(name, object.fields[name] ?? null);
  }
  return known;
}

/** What has to be asked for to hand over `fields`: they, and what every record needs. */
export function requestedProperties(type: HubspotType, fields: Iterable<string>): readonly string[] {
  const own = ['hs_object_id', type.modified, ...(type.merges ? ['hs_merged_object_ids'] : [])];
  return [...new Set([...own, ...fields])];
}
