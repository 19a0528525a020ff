import { field, formula, object, pick, readOnly, ref, type SfObject, text } from './schema.ts';

const owner = (targets: readonly string[] = ['Group', 'User']) =>
  ref('OwnerId', targets, 'Owner', null, { nillable: false });
const who = (child: string) => ref('WhoId', ['Contact', 'Lead'], 'Who', child, { label: 'Name ID' });
const what = (child: string) =>
  ref('WhatId', ['Account', 'Campaign', 'Case', 'Opportunity'], 'What', child, { label: 'Related To ID' });
/** The org finds the account of an activity by itself. */
const relatedAccount = ref('AccountId', ['Account'], 'Account', null, {
  createable: false,
  updateable: false,
  permissionable: false,
});
const engagementId = text('HubSpot_Engagement_Id__c', 32, {
  externalId: true,
  label: 'HubSpot Engagement Id',
});

function task(): SfObject {
  return object('Task', '00T', [
    who('Tasks'),
    what('Tasks'),
    field('Subject', 'combobox', { length: 255 }),
    field('ActivityDate', 'date', { label: 'Due Date Only' }),
    pick('Status', ['Not Started', 'In Progress', 'Completed', 'Waiting on someone else', 'Deferred'], {
      nillable: false,
      defaultValue: 'Not Started',
    }),
    pick('Priority', ['High', 'Normal', 'Low'], { nillable: false, defaultValue: 'Normal' }),
    owner(),
    field('Description', 'textarea', { length: 32000, label: 'Comments' }),
    relatedAccount,
    formula('IsClosed', 'boolean', { label: 'Closed', nillable: false }),
    readOnly('IsArchived', 'boolean', { label: 'Archived', nillable: false }),
    field('CallDurationInSeconds', 'int', { label: 'Call Duration' }),
    pick('CallType', ['Internal', 'Inbound', 'Outbound'], { restricted: true }),
    text('CallDisposition', 255, { label: 'Call Result' }),
    pick('TaskSubtype', ['Task', 'Email', 'ListEmail', 'Cadence', 'Call', 'LinkedIn'], {
      restricted: true,
      updateable: false,
      defaultValue: 'Task',
    }),
    readOnly('CompletedDateTime', 'datetime'),
    engagementId,
  ]);
}

function event(): SfObject {
  return object('Event', '00U', [
    who('Events'),
    what('Events'),
    field('Subject', 'combobox', { length: 255 }),
    text('Location', 255),
    field('IsAllDayEvent', 'boolean', { nillable: false }),
    field('ActivityDateTime', 'datetime', { label: 'Due Date Time' }),
    field('ActivityDate', 'date', { label: 'Due Date Only' }),
    field('DurationInMinutes', 'int', { label: 'Duration' }),
    field('StartDateTime', 'datetime'),
    field('EndDateTime', 'datetime'),
    field('Description', 'textarea', { length: 32000 }),
    relatedAccount,
    owner(['Calendar', 'User']),
    field('IsPrivate', 'boolean', { nillable: false }),
    pick('ShowAs', ['Busy', 'OutOfOffice', 'Free'], { restricted: true, defaultValue: 'Busy' }),
    readOnly('IsArchived', 'boolean', { label: 'Archived', nillable: false }),
    pick('Outcome__c', ['Held', 'No Show', 'Canceled', 'Planned'], { restricted: true }),
    engagementId,
  ]);
}

function campaign(): SfObject {
  return object('Campaign', '701', [
    text('Name', 80, { nillable: false, nameField: true }),
    ref('ParentId', ['Campaign'], 'Parent', 'ChildCampaigns'),
    pick('Type', ['Conference', 'Webinar', 'Email', 'Content', 'Other']),
    pick('Status', ['Planned', 'In Progress', 'Completed', 'Aborted'], { defaultValue: 'Planned' }),
    field('StartDate', 'date'),
    field('EndDate', 'date'),
    field('IsActive', 'boolean', { nillable: false, permissionable: true }),
    field('Description', 'textarea', { length: 32000 }),
    ref('OwnerId', ['User'], 'Owner', null, { nillable: false }),
  ]);
}

function campaignMember(): SfObject {
  return object('CampaignMember', '00v', [
    ref('CampaignId', ['Campaign'], 'Campaign', 'CampaignMembers', { nillable: false, updateable: false }),
    ref('LeadId', ['Lead'], 'Lead', 'CampaignMembers', { updateable: false, permissionable: false }),
    ref('ContactId', ['Contact'], 'Contact', 'CampaignMembers', { updateable: false, permissionable: false }),
    pick('Status', ['Sent', 'Opened', 'Clicked', 'Registered', 'Attended', 'Responded', 'No Show'], {
      defaultValue: 'Sent',
    }),
    readOnly('HasResponded', 'boolean', { label: 'Responded', nillable: false }),
    readOnly('FirstRespondedDate', 'date'),
    ref('LeadOrContactId', ['Contact', 'Lead'], null, null, {
      createable: false,
      updateable: false,
      permissionable: false,
    }),
  ]);
}

/** Key prefix of the lines of all field histories. */
export const HISTORY_PREFIX = '017';

function history(name: string, parent: string, field_: string, child: string): SfObject {
  return object(
    name,
    HISTORY_PREFIX,
    [
      ref(field_, [parent], parent, child, {
        createable: false,
        updateable: false,
        nillable: false,
        permissionable: false,
      }),
      readOnly('Field', 'picklist', { nillable: false, label: 'Changed Field' }),
      readOnly('DataType', 'picklist'),
      readOnly('OldValue', 'anyType'),
      readOnly('NewValue', 'anyType'),
    ],
    { history: 'fields', createable: false, updateable: false, labelPlural: `${parent} History` },
  );
}

function opportunityHistory(): SfObject {
  return object(
    'OpportunityHistory',
    '008',
    [
      ref('OpportunityId', ['Opportunity'], 'Opportunity', 'OpportunityHistories', {
        createable: false,
        updateable: false,
        nillable: false,
        permissionable: false,
      }),
      readOnly('StageName', 'picklist', { nillable: false }),
      readOnly('Amount', 'currency'),
      readOnly('ExpectedRevenue', 'currency'),
      readOnly('CloseDate', 'date'),
      readOnly('Probability', 'percent'),
      readOnly('ForecastCategory', 'picklist'),
    ],
    { history: 'states', createable: false, updateable: false, labelPlural: 'Opportunity History' },
  );
}

/** History object and its parent field for each object whose fields are tracked. */
export const HISTORY_OF: Readonly<
  Record<string, { readonly object: string; readonly parent: string; readonly tracked: readonly string[] }>
> = {
  Account: { object: 'AccountHistory', parent: 'AccountId', tracked: ['Type', 'OwnerId', 'Renewal_Date__c'] },
  Contact: {
    object: 'ContactHistory',
    parent: 'ContactId',
    tracked: ['Email', 'Title', 'AccountId', 'OwnerId'],
  },
  Lead: { object: 'LeadHistory', parent: 'LeadId', tracked: ['Status', 'OwnerId', 'Email'] },
  Opportunity: {
    object: 'OpportunityFieldHistory',
    parent: 'OpportunityId',
    tracked: ['StageName', 'Amount', 'CloseDate', 'OwnerId'],
  },
  Case: {
    object: 'CaseHistory',
    parent: 'CaseId',
    tracked: ['Status', 'Priority', 'OwnerId', 'IsEscalated'],
  },
};

/** Tasks, meetings, campaigns and the histories. */
export function activityObjects(): SfObject[] {
  return [
    task(),
    event(),
    campaign(),
    campaignMember(),
    history('AccountHistory', 'Account', 'AccountId', 'Histories'),
    history('ContactHistory', 'Contact', 'ContactId', 'Histories'),
    history('LeadHistory', 'Lead', 'LeadId', 'Histories'),
    history('OpportunityFieldHistory', 'Opportunity', 'OpportunityId', 'Histories'),
    history('CaseHistory', 'Case', 'CaseId', 'Histories'),
    opportunityHistory(),
  ];
}
