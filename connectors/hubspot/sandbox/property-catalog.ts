/** The properties the story's account has, before anybody adds one. */
export type PropertyType =
  | 'string'
  | 'number'
  | 'date'
  | 'datetime'
  | 'enumeration'
  | 'bool'
  | 'phone_number';

export interface PropertyOption {
  readonly label: string;
  readonly value: string;
  readonly displayOrder: number;
  readonly hidden: boolean;
  readonly description?: string | undefined;
}

export interface PropertySeed {
  readonly name: string;
  readonly label: string;
  readonly type: PropertyType;
  readonly fieldType: string;
  readonly options: readonly PropertyOption[];
  readonly readOnly: boolean;
  /** Worked out on reading; never stored. */
  readonly calculated: boolean;
  /** Made by the account, not by HubSpot. */
  readonly custom: boolean;
  readonly unique: boolean;
  /** Options are kept elsewhere (owners). */
  readonly external: boolean;
}

type Flag = 'readOnly' | 'calculated' | 'custom' | 'unique' | 'external' | 'multi';

const FIELD_TYPES: Readonly<Record<PropertyType, string>> = {
  string: 'text',
  number: 'number',
  date: 'date',
  datetime: 'date',
  enumeration: 'select',
  bool: 'booleancheckbox',
  phone_number: 'phonenumber',
};

function property(
  name: string,
  label: string,
  type: PropertyType,
  flags: readonly Flag[] = [],
  options: readonly (string | readonly [value: string, label: string])[] = [],
): PropertySeed {
  const values =
    type === 'bool'
      ? ([
          ['true', 'Yes'],
          ['false', 'No'],
        ] as const)
      : options;
  return {
    name,
    label,
    type,
    fieldType: flags.includes('multi') ? 'checkbox' : FIELD_TYPES[type],
    options: values.map((option, displayOrder) => {
      const [value, text] = typeof option === 'string' ? [option, titled(option)] : option;
      return { label: text, value, displayOrder, hidden: false };
    }),
    readOnly: flags.includes('readOnly') || flags.includes('calculated'),
    calculated: flags.includes('calculated'),
    custom: flags.includes('custom'),
    unique: flags.includes('unique'),
    external: flags.includes('external'),
  };
}

function titled(value: string): string {
  const words = value.toLowerCase().replaceAll('_', ' ');
  return words[0]!.toUpperCase() + words.slice(1);
}

const LIFECYCLE = property(
  'lifecyclestage',
  'Lifecycle Stage',
  'enumeration',
  [],
  [
    ['subscriber', 'Subscriber'],
    ['lead', 'Lead'],
    ['marketingqualifiedlead', 'Marketing Qualified Lead'],
    ['salesqualifiedlead', 'Sales Qualified Lead'],
    ['opportunity', 'Opportunity'],
    ['customer', 'Customer'],
    ['evangelist', 'Evangelist'],
    ['other', 'Other'],
  ],
);

const LANGUAGES =
  'af ar bg bn ca cs da de el en es et fa fi fr he hi hr hu id it ja ko lt lv ms nl no pl pt ro ru sk sl sr sv th tl tr uk vi zh zh-cn zh-hk zh-tw pt-br en-gb en-us'.split(
    ' ',
  );

const INDUSTRIES =
  'ACCOUNTING AIRLINES_AVIATION APPAREL_FASHION AUTOMOTIVE BANKING BIOTECHNOLOGY BUILDING_MATERIALS CHEMICALS CIVIL_ENGINEERING COMPUTER_HARDWARE COMPUTER_SOFTWARE CONSTRUCTION CONSUMER_GOODS DESIGN EDUCATION_MANAGEMENT E_LEARNING ELECTRICAL_ELECTRONIC_MANUFACTURING ENTERTAINMENT ENVIRONMENTAL_SERVICES FINANCIAL_SERVICES FOOD_BEVERAGES FOOD_PRODUCTION FURNITURE GOVERNMENT_ADMINISTRATION HEALTH_WELLNESS_AND_FITNESS HIGHER_EDUCATION HOSPITAL_HEALTH_CARE HOSPITALITY HUMAN_RESOURCES INFORMATION_TECHNOLOGY_AND_SERVICES INSURANCE INTERNET LAW_PRACTICE LEGAL_SERVICES LEISURE_TRAVEL_TOURISM LOGISTICS_AND_SUPPLY_CHAIN MACHINERY MANAGEMENT_CONSULTING MARITIME MARKETING_AND_ADVERTISING MECHANICAL_OR_INDUSTRIAL_ENGINEERING MEDIA_PRODUCTION MINING_METALS NON_PROFIT_ORGANIZATION_MANAGEMENT OIL_ENERGY PHARMACEUTICALS PUBLISHING REAL_ESTATE RENEWABLES_ENVIRONMENT RESTAURANTS RETAIL SECURITY_AND_INVESTIGATIONS SPORTS STAFFING_AND_RECRUITING TELECOMMUNICATIONS TEXTILES TRANSPORTATION_TRUCKING_RAILROAD UTILITIES VENTURE_CAPITAL_PRIVATE_EQUITY WHOLESALE WIRELESS'.split(
    ' ',
  );

/** Ids of the default call outcomes, the same in every account. */
export const CALL_DISPOSITIONS = {
  connected: 'f240bbac-87c9-4f6e-bf70-924b57d47db7',
  no_answer: '73a0d17f-1163-4015-bdd5-ec830791da20',
  left_voicemail: 'b2cf5968-551e-4856-9783-52b3da59a7d0',
  busy: '9d9162e7-6cf3-4944-bf63-4dff82258764',
} as const;

function common(created: 'createdate' | 'hs_createdate', modified: string): readonly PropertySeed[] {
  return [
    property('hs_object_id', 'Record ID', 'number', ['calculated']),
    property(created, 'Create date', 'datetime', ['calculated']),
    property(modified, 'Last modified date', 'datetime', ['calculated']),
    property('hubspot_owner_id', 'Owner', 'enumeration', ['external']),
  ];
}

const MERGED = property('hs_merged_object_ids', 'Merged record IDs', 'enumeration', [
  'calculated',
  'multi',
  'external',
]);
const ENGAGEMENT = [
  ...common('hs_createdate', 'hs_lastmodifieddate'),
  property('hs_timestamp', 'Activity date', 'datetime'),
];

export const PROPERTY_CATALOG: Readonly<Record<string, readonly PropertySeed[]>> = {
  contacts: [
    ...common('createdate', 'lastmodifieddate'),
    MERGED,
    property('firstname', 'First Name', 'string'),
    property('lastname', 'Last Name', 'string'),
    property('email', 'Email', 'string', ['unique']),
    property('hs_additional_emails', 'Additional email addresses', 'string'),
    property('jobtitle', 'Job Title', 'string'),
    property('phone', 'Phone Number', 'string'),
    property('country', 'Country/Region', 'string'),
    property(
      'hs_language',
      'Preferred language',
      'enumeration',
      [],
      LANGUAGES.map((tag) => [tag, tag] as const),
    ),
    property(
      'hs_analytics_source',
      'Original Traffic Source',
      'enumeration',
      ['readOnly'],
      [
        'ORGANIC_SEARCH',
        'PAID_SEARCH',
        'EMAIL_MARKETING',
        'SOCIAL_MEDIA',
        'REFERRALS',
        'OTHER_CAMPAIGNS',
        'DIRECT_TRAFFIC',
        'OFFLINE',
        'PAID_SOCIAL',
        'AI_REFERRALS',
      ],
    ),
    LIFECYCLE,
    property(
      'hs_lead_status',
      'Lead Status',
      'enumeration',
      [],
      [
        'NEW',
        'OPEN',
        'IN_PROGRESS',
        'OPEN_DEAL',
        'UNQUALIFIED',
        'ATTEMPTED_TO_CONTACT',
        'CONNECTED',
        'BAD_TIMING',
      ],
    ),
    property('hs_email_optout', 'Unsubscribed from all email', 'bool', ['readOnly']),
    property('notes_last_contacted', 'Last Contacted', 'datetime', ['readOnly']),
    property('hs_analytics_num_page_views', 'Number of Pageviews', 'number', ['readOnly']),
    property('num_conversion_events', 'Number of Form Submissions', 'number', ['readOnly']),
    property('recent_conversion_date', 'Recent Conversion Date', 'datetime', ['readOnly']),
    property('associatedcompanyid', 'Primary Associated Company ID', 'number', ['calculated']),
    property('salesforcecontactid', 'Salesforce Contact ID', 'string', ['readOnly']),
    property('salesforceleadid', 'Salesforce Lead ID', 'string', ['readOnly']),
  ],
  companies: [
    ...common('createdate', 'hs_lastmodifieddate'),
    MERGED,
    property('name', 'Company name', 'string'),
    property('domain', 'Company Domain Name', 'string'),
    property('hs_additional_domains', 'Additional Domains', 'string'),
    property('industry', 'Industry', 'enumeration', [], INDUSTRIES),
    property('numberofemployees', 'Number of Employees', 'number'),
    property('annualrevenue', 'Annual Revenue', 'number'),
    property('country', 'Country/Region', 'string'),
    property('city', 'City', 'string'),
    property(
      'type',
      'Type',
      'enumeration',
      [],
      ['PROSPECT', 'PARTNER', 'RESELLER', 'VENDOR', 'OTHER', 'CUSTOMER', 'FORMER_CUSTOMER'],
    ),
    LIFECYCLE,
    property('hs_parent_company_id', 'Parent Company', 'number', ['readOnly']),
    property('renewal_date', 'Renewal date', 'date', ['custom']),
    property('salesforceaccountid', 'Salesforce Account ID', 'string', ['readOnly']),
  ],
  deals: [
    ...common('createdate', 'hs_lastmodifieddate'),
    MERGED,
    property('dealname', 'Deal Name', 'string'),
    property('pipeline', 'Pipeline', 'enumeration'),
    property('dealstage', 'Deal Stage', 'enumeration'),
    property('amount', 'Amount', 'number'),
    property('deal_currency_code', 'Currency', 'enumeration', [], [['USD', 'USD']]),
    property('hs_deal_stage_probability', 'Deal probability', 'number', ['calculated']),
    property('hs_is_closed', 'Is Deal Closed?', 'bool', ['calculated']),
    property('hs_is_closed_won', 'Is Closed Won', 'bool', ['calculated']),
    property(
      'dealtype',
      'Deal Type',
      'enumeration',
      [],
      [
        ['newbusiness', 'New Business'],
        ['existingbusiness', 'Existing Business'],
        ['renewal', 'Renewal'],
      ],
    ),
    property('closedate', 'Close Date', 'datetime'),
    property('hs_salesforceopportunityid', 'Salesforce Opportunity ID', 'string', ['readOnly']),
  ],
  tickets: [
    ...common('createdate', 'hs_lastmodifieddate'),
    MERGED,
    property('subject', 'Ticket name', 'string'),
    property('content', 'Ticket description', 'string'),
    property('hs_pipeline', 'Pipeline', 'enumeration'),
    property('hs_pipeline_stage', 'Ticket status', 'enumeration'),
    property('hs_ticket_priority', 'Priority', 'enumeration', [], ['LOW', 'MEDIUM', 'HIGH', 'URGENT']),
    property(
      'hs_ticket_category',
      'Category',
      'enumeration',
      [],
      ['BILLING_ISSUE', 'PRODUCT_ISSUE', 'HOW_TO', 'FEATURE_REQUEST', 'OUTAGE'],
    ),
    property('closed_date', 'Close date', 'datetime'),
    property('first_agent_reply_date', 'First agent email response date', 'datetime', ['readOnly']),
    property('escalated', 'Escalated', 'bool', ['custom']),
    property('reopened_count', 'Times reopened', 'number', ['custom']),
  ],
  emails: [
    ...ENGAGEMENT,
    property('hs_email_subject', 'Email subject', 'string'),
    property(
      'hs_email_direction',
      'Email direction',
      'enumeration',
      [],
      ['EMAIL', 'INCOMING_EMAIL', 'FORWARDED_EMAIL'],
    ),
    property(
      'hs_email_status',
      'Email send status',
      'enumeration',
      [],
      ['SENT', 'BOUNCED', 'FAILED', 'SCHEDULED', 'SENDING'],
    ),
  ],
  calls: [
    ...ENGAGEMENT,
    property('hs_call_title', 'Call Title', 'string'),
    property('hs_call_direction', 'Call direction', 'enumeration', [], ['INBOUND', 'OUTBOUND']),
    property(
      'hs_call_status',
      'Call status',
      'enumeration',
      [],
      [
        'BUSY',
        'CALLING_CRM_USER',
        'CANCELED',
        'COMPLETED',
        'CONNECTING',
        'FAILED',
        'IN_PROGRESS',
        'NO_ANSWER',
        'QUEUED',
        'RINGING',
      ],
    ),
    property('hs_call_duration', 'Call duration', 'number'),
    property(
      'hs_call_disposition',
      'Call outcome',
      'enumeration',
      [],
      Object.entries(CALL_DISPOSITIONS).map(([label, value]) => [value, titled(label)] as const),
    ),
  ],
  meetings: [
    ...ENGAGEMENT,
    property('hs_meeting_title', 'Meeting name', 'string'),
    property('hs_meeting_start_time', 'Meeting start time', 'datetime'),
    property('hs_meeting_end_time', 'Meeting end time', 'datetime'),
    property(
      'hs_meeting_outcome',
      'Meeting outcome',
      'enumeration',
      [],
      ['SCHEDULED', 'COMPLETED', 'RESCHEDULED', 'NO_SHOW', 'CANCELED'],
    ),
    property('salesforce_event_id', 'Salesforce event ID', 'string', ['custom']),
  ],
  notes: [...ENGAGEMENT, property('hs_note_body', 'Note body', 'string')],
  tasks: [
    ...ENGAGEMENT,
    property('hs_task_subject', 'Task Title', 'string'),
    property(
      'hs_task_status',
      'Task Status',
      'enumeration',
      [],
      ['NOT_STARTED', 'IN_PROGRESS', 'WAITING', 'COMPLETED', 'DEFERRED'],
    ),
    property('hs_task_type', 'Task Type', 'enumeration', [], ['TODO', 'CALL', 'EMAIL', 'LINKED_IN']),
  ],
  communications: [
    ...ENGAGEMENT,
    property(
      'hs_communication_channel_type',
      'Channel Type',
      'enumeration',
      [],
      ['WHATS_APP', 'LINKEDIN_MESSAGE', 'SMS'],
    ),
    property('hs_communication_body', 'Communication body', 'string'),
  ],
  feedback_submissions: [
    ...common('hs_createdate', 'hs_lastmodifieddate'),
    property(
      'hs_survey_type',
      'Survey type',
      'enumeration',
      ['readOnly'],
      [
        ['NPS', 'NPS'],
        ['CSAT', 'CSAT'],
        ['CES', 'CES'],
        ['CUSTOM', 'Custom'],
      ],
    ),
    property('hs_value', 'Rating', 'number', ['readOnly']),
    property(
      'hs_response_group',
      'Response group',
      'enumeration',
      ['readOnly'],
      ['DETRACTOR', 'PASSIVE', 'PROMOTER', 'UNHAPPY', 'NEUTRAL', 'HAPPY', 'DIFFICULT', 'EASY'],
    ),
    property('hs_submission_timestamp', 'Submission date', 'datetime', ['readOnly']),
    property('hs_content', 'Response', 'string', ['readOnly']),
    property('hs_survey_channel', 'Survey channel', 'enumeration', ['readOnly'], ['EMAIL', 'WEB', 'CHAT']),
  ],
};
