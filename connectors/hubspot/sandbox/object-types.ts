/** What differs between object types, as data. */
export interface ObjectType {
  /** Plural name, used in paths and by the control routes. */
  readonly name: string;
  /** `0-1`: accepted in paths and returned by association writes. */
  readonly typeId: string;
  /** `contact`: in association names, messages and search's pseudo property. */
  readonly singular: string;
  readonly label: string;
  readonly pluralLabel: string;
  readonly createdProperty: 'createdate' | 'hs_createdate';
  readonly modifiedProperty: 'lastmodifieddate' | 'hs_lastmodifieddate';
  /** Returned when a request names no properties. */
  readonly defaults: readonly string[];
  /** Searched by the `query` of a search. */
  readonly searchable: readonly string[];
  /** Without these a create is refused; `anyOf`: at least one of them. */
  readonly required: readonly string[];
  readonly anyOf: readonly string[];
  readonly readOnly: boolean;
  readonly merges: boolean;
  /** Any one of the scopes in each list is enough. */
  readonly readScopes: readonly string[];
  readonly writeScopes: readonly string[];
}

function engagement(
  name: string,
  typeId: string,
  singular: string,
  searchable: readonly string[],
): ObjectType {
  const label = singular[0]!.toUpperCase() + singular.slice(1);
  return {
    name,
    typeId,
    singular,
    label,
    pluralLabel: `${label}s`,
    createdProperty: 'hs_createdate',
    modifiedProperty: 'hs_lastmodifieddate',
    defaults: [],
    searchable,
    required: ['hs_timestamp'],
    anyOf: [],
    readOnly: false,
    merges: false,
    readScopes: name === 'emails' ? ['sales-email-read'] : ['crm.objects.contacts.read'],
    writeScopes: ['crm.objects.contacts.write'],
  };
}

const TYPES: readonly ObjectType[] = [
  {
    name: 'contacts',
    typeId: '0-1',
    singular: 'contact',
    label: 'Contact',
    pluralLabel: 'Contacts',
    createdProperty: 'createdate',
    modifiedProperty: 'lastmodifieddate',
    defaults: ['firstname', 'lastname', 'email'],
    searchable: ['firstname', 'lastname', 'email', 'phone', 'hs_additional_emails'],
    required: [],
    anyOf: ['email', 'firstname', 'lastname'],
    readOnly: false,
    merges: true,
    readScopes: ['crm.objects.contacts.read'],
    writeScopes: ['crm.objects.contacts.write'],
  },
  {
    name: 'companies',
    typeId: '0-2',
    singular: 'company',
    label: 'Company',
    pluralLabel: 'Companies',
    createdProperty: 'createdate',
    modifiedProperty: 'hs_lastmodifieddate',
    defaults: ['name', 'domain'],
    searchable: ['name', 'domain'],
    required: [],
    anyOf: ['name', 'domain'],
    readOnly: false,
    merges: true,
    readScopes: ['crm.objects.companies.read'],
    writeScopes: ['crm.objects.companies.write'],
  },
  {
    name: 'deals',
    typeId: '0-3',
    singular: 'deal',
    label: 'Deal',
    pluralLabel: 'Deals',
    createdProperty: 'createdate',
    modifiedProperty: 'hs_lastmodifieddate',
    defaults: ['dealname', 'amount', 'closedate', 'pipeline', 'dealstage'],
    searchable: ['dealname'],
    required: ['dealname', 'dealstage'],
    anyOf: [],
    readOnly: false,
    merges: true,
    readScopes: ['crm.objects.deals.read'],
    writeScopes: ['crm.objects.deals.write'],
  },
  {
    name: 'tickets',
    typeId: '0-5',
    singular: 'ticket',
    label: 'Ticket',
    pluralLabel: 'Tickets',
    createdProperty: 'createdate',
    modifiedProperty: 'hs_lastmodifieddate',
    defaults: [
      'subject',
      'content',
      'hs_pipeline',
      'hs_pipeline_stage',
      'hs_ticket_priority',
      'hs_ticket_category',
    ],
    searchable: ['subject', 'content'],
    required: ['subject', 'hs_pipeline_stage'],
    anyOf: [],
    readOnly: false,
    merges: true,
    readScopes: ['tickets'],
    writeScopes: ['tickets'],
  },
  engagement('emails', '0-49', 'email', ['hs_email_subject']),
  engagement('calls', '0-48', 'call', ['hs_call_title']),
  engagement('meetings', '0-47', 'meeting', ['hs_meeting_title']),
  engagement('notes', '0-46', 'note', ['hs_note_body']),
  engagement('tasks', '0-27', 'task', ['hs_task_subject']),
  engagement('communications', '0-18', 'communication', ['hs_communication_body']),
  {
    ...engagement('feedback_submissions', '0-19', 'feedback_submission', ['hs_content']),
    label: 'Feedback submission',
    pluralLabel: 'Feedback submissions',
    required: [],
    readOnly: true,
    readScopes: ['crm.objects.feedback_submissions.read', 'crm.objects.contacts.read'],
    writeScopes: [],
  },
];

const BY_NAME = new Map<string, ObjectType>(
  TYPES.flatMap((type) => [type.name, type.typeId, type.singular].map((key) => [key, type] as const)),
);

export const OBJECT_TYPES: readonly ObjectType[] = TYPES;

/** By plural name, singular name or `objectTypeId`, as in paths. */
export function objectType(name: string): ObjectType | undefined {
  return BY_NAME.get(name);
}

/** For names the sandbox itself uses. */
export function knownType(name: string): ObjectType {
  const type = BY_NAME.get(name);
  if (type === undefined) throw new Error(`The sandbox has no object type "${name}".`);
  return type;
}
