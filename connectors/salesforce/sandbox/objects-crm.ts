import { INDUSTRIES as STORY_INDUSTRIES, SOURCES as STORY_SOURCES } from '../../../src/story/index.ts';
import { field, formula, object, pick, readOnly, ref, type SfObject, text } from './schema.ts';

const SOURCES = [...new Set([...Object.values(STORY_SOURCES), 'Phone Inquiry', 'Purchased List'])];
const INDUSTRIES = [...new Set([...Object.values(STORY_INDUSTRIES), 'Consulting', 'Energy', 'Finance'])];
const owner = ref('OwnerId', ['Group', 'User'], 'Owner', null, { nillable: false });
const master = (target: string) =>
  ref('MasterRecordId', [target], 'MasterRecord', null, {
    createable: false,
    updateable: false,
    permissionable: false,
  });
const activityDate = readOnly('LastActivityDate', 'date');
/** Names of the address parts as Contact, Account and Lead spell them. */
const address = (prefix: string) => [
  field(`${prefix}Street`, 'textarea', { length: 255 }),
  text(`${prefix}City`, 40),
  text(`${prefix}State`, 80),
  text(`${prefix}PostalCode`, 20),
  text(`${prefix}Country`, 80),
];
const personName = [
  text('LastName', 80, { nillable: false }),
  text('FirstName', 40),
  pick('Salutation', ['Mr.', 'Ms.', 'Mrs.', 'Dr.', 'Prof.', 'Mx.']),
  formula('Name', 'string', { length: 121, nameField: true, label: 'Full Name', nillable: false }),
];
const hubspotId = (name: string) =>
  text(name, 32, { externalId: true, label: name.replace(/__c$/, '').replace(/_/g, ' ') });

function account(): SfObject {
  return object(
    'Account',
    '001',
    [
      master('Account'),
      text('Name', 255, { nillable: false, nameField: true, label: 'Account Name' }),
      pick('Type', ['Prospect', 'Customer', 'Former Customer', 'Partner'], { label: 'Account Type' }),
      ref('ParentId', ['Account'], 'Parent', 'ChildAccounts'),
      ...address('Billing'),
      ...address('Shipping'),
      field('Phone', 'phone', { length: 40 }),
      field('Fax', 'phone', { length: 40 }),
      field('Website', 'url', { length: 255 }),
      pick('Industry', INDUSTRIES),
      field('AnnualRevenue', 'currency', { scale: 0 }),
      field('NumberOfEmployees', 'int', { label: 'Employees' }),
      field('Description', 'textarea', { length: 32000 }),
      owner,
      activityDate,
      pick('AccountSource', SOURCES),
      field('Renewal_Date__c', 'date'),
      hubspotId('HubSpot_Company_Id__c'),
    ],
    { mergeable: true },
  );
}

function contact(): SfObject {
  return object(
    'Contact',
    '003',
    [
      master('Contact'),
      ref('AccountId', ['Account'], 'Account', 'Contacts'),
      ...personName,
      ...address('Mailing'),
      field('Phone', 'phone', { length: 40 }),
      field('MobilePhone', 'phone', { length: 40 }),
      ref('ReportsToId', ['Contact'], 'ReportsTo'),
      field('Email', 'email', { length: 80 }),
      text('Title', 128),
      text('Department', 80),
      pick('LeadSource', SOURCES),
      field('Description', 'textarea', { length: 32000 }),
      owner,
      field('HasOptedOutOfEmail', 'boolean', {
        label: 'Email Opt Out',
        nillable: false,
        permissionable: true,
      }),
      field('DoNotCall', 'boolean', { nillable: false, permissionable: true }),
      activityDate,
      hubspotId('HubSpot_Contact_Id__c'),
    ],
    { mergeable: true },
  );
}

/** The statuses a lead can have; `LeadStatus` says which of them mean "converted". */
export const LEAD_STATUSES = [
  'Open - Not Contacted',
  'Working - Contacted',
  'Closed - Converted',
  'Closed - Not Converted',
] as const;

function lead(): SfObject {
  const converted = { createable: false, updateable: false, permissionable: false };
  return object(
    'Lead',
    '00Q',
    [
      master('Lead'),
      ...personName,
      text('Title', 128),
      text('Company', 255, { nillable: false }),
      ...address(''),
      field('Phone', 'phone', { length: 40 }),
      field('Email', 'email', { length: 80 }),
      field('Website', 'url', { length: 255 }),
      field('Description', 'textarea', { length: 32000 }),
      pick('LeadSource', SOURCES),
      pick('Status', LEAD_STATUSES, { nillable: false, defaultValue: 'Open - Not Contacted' }),
      pick('Industry', INDUSTRIES),
      pick('Rating', ['Hot', 'Warm', 'Cold']),
      field('AnnualRevenue', 'currency', { scale: 0 }),
      field('NumberOfEmployees', 'int', { label: 'Employees' }),
      owner,
      field('HasOptedOutOfEmail', 'boolean', {
        label: 'Email Opt Out',
        nillable: false,
        permissionable: true,
      }),
      readOnly('IsConverted', 'boolean', { nillable: false }),
      readOnly('ConvertedDate', 'date'),
      ref('ConvertedAccountId', ['Account'], 'ConvertedAccount', null, converted),
      ref('ConvertedContactId', ['Contact'], 'ConvertedContact', null, converted),
      ref('ConvertedOpportunityId', ['Opportunity'], 'ConvertedOpportunity', null, converted),
      field('IsUnreadByOwner', 'boolean', { nillable: false, defaultValue: true }),
      activityDate,
      hubspotId('HubSpot_Contact_Id__c'),
    ],
    { mergeable: true },
  );
}

/** Deal stages in their order, with what each one means. */
export const OPPORTUNITY_STAGES = [
  { name: 'Qualification', probability: 10, closed: false, won: false, forecast: 'Pipeline' },
  { name: 'Needs Analysis', probability: 20, closed: false, won: false, forecast: 'Pipeline' },
  { name: 'Proposal/Price Quote', probability: 65, closed: false, won: false, forecast: 'Best Case' },
  { name: 'Negotiation/Review', probability: 80, closed: false, won: false, forecast: 'Commit' },
  { name: 'Closed Won', probability: 100, closed: true, won: true, forecast: 'Closed' },
  { name: 'Closed Lost', probability: 0, closed: true, won: false, forecast: 'Omitted' },
] as const;

const FORECASTS = ['Omitted', 'Pipeline', 'Best Case', 'Commit', 'Closed'];

function opportunity(): SfObject {
  return object(
    'Opportunity',
    '006',
    [
      ref('AccountId', ['Account'], 'Account', 'Opportunities'),
      text('Name', 120, { nillable: false, nameField: true }),
      field('Description', 'textarea', { length: 32000 }),
      pick(
        'StageName',
        OPPORTUNITY_STAGES.map((stage) => stage.name),
        { nillable: false, label: 'Stage' },
      ),
      field('Amount', 'currency'),
      field('Probability', 'percent', { label: 'Probability (%)' }),
      field('CloseDate', 'date', { nillable: false }),
      pick('Type', ['New Business', 'Renewal', 'Expansion'], { label: 'Opportunity Type' }),
      text('NextStep', 255),
      pick('LeadSource', SOURCES),
      formula('IsClosed', 'boolean', { label: 'Closed', nillable: false }),
      formula('IsWon', 'boolean', { label: 'Won', nillable: false }),
      formula('ForecastCategory', 'picklist', { nillable: false, picklist: [] }),
      pick('ForecastCategoryName', FORECASTS, { label: 'Forecast Category', restricted: true }),
      ref('CampaignId', ['Campaign'], 'Campaign', 'Opportunities'),
      owner,
      activityDate,
      hubspotId('HubSpot_Deal_Id__c'),
    ],
    { labelPlural: 'Opportunities' },
  );
}

function contactRole(): SfObject {
  return object('OpportunityContactRole', '00K', [
    ref('OpportunityId', ['Opportunity'], 'Opportunity', 'OpportunityContactRoles', {
      nillable: false,
      updateable: false,
    }),
    ref('ContactId', ['Contact'], 'Contact', 'OpportunityContactRoles', { nillable: false }),
    pick('Role', [
      'Business User',
      'Decision Maker',
      'Economic Buyer',
      'Economic Decision Maker',
      'Evaluator',
      'Executive Sponsor',
      'Influencer',
      'Technical Buyer',
      'Other',
    ]),
    field('IsPrimary', 'boolean', { label: 'Primary', nillable: false }),
  ]);
}

function kase(): SfObject {
  return object('Case', '500', [
    formula('CaseNumber', 'string', { length: 30, nameField: true, autoNumber: true, nillable: false }),
    ref('ContactId', ['Contact'], 'Contact', 'Cases'),
    ref('AccountId', ['Account'], 'Account', 'Cases'),
    ref('ParentId', ['Case'], 'Parent', 'Cases'),
    text('SuppliedName', 80),
    field('SuppliedEmail', 'email', { length: 80 }),
    pick('Type', ['Billing', 'Bug', 'How To', 'Feature Request', 'Outage'], { label: 'Case Type' }),
    pick('Status', ['New', 'Working', 'Waiting', 'Closed'], { defaultValue: 'New' }),
    pick('Reason', ['Installation', 'Performance', 'Documentation', 'Other'], { label: 'Case Reason' }),
    pick('Origin', ['Phone', 'Email', 'Web'], { label: 'Case Origin' }),
    text('Subject', 255),
    pick('Priority', ['Low', 'Medium', 'High', 'Critical'], { defaultValue: 'Medium' }),
    field('Description', 'textarea', { length: 32000 }),
    formula('IsClosed', 'boolean', { label: 'Closed', nillable: false }),
    readOnly('ClosedDate', 'datetime'),
    field('IsEscalated', 'boolean', { label: 'Escalated', nillable: false }),
    owner,
    field('First_Reply__c', 'datetime'),
    field('Reopened_Count__c', 'double', { precision: 4, scale: 0 }),
  ]);
}

/** Accounts, people, deals and cases. */
export function crmObjects(): SfObject[] {
  return [account(), contact(), lead(), opportunity(), contactRole(), kase()];
}
