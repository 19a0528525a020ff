import {
  INDUSTRIES,
  LEAD_STATUSES,
  type Presence,
  SOURCES,
  type StoryAccount,
  type StoryPerson,
} from '../../../src/story/index.ts';
import { CONVERTED_STATUS } from './derive.ts';
import { createdHistory, fieldHistory } from './history.ts';
import { historyFrom, type LoadContext, spelled } from './load-context.ts';
import type { SfValue } from './schema.ts';
import { dayOf } from './values.ts';

const ACCOUNT_TYPES: Readonly<Record<string, string>> = {
  prospect: 'Prospect',
  customer: 'Customer',
  former_customer: 'Former Customer',
  partner: 'Partner',
};

function mapped(table: Readonly<Record<string, string>>, value: SfValue): string | null {
  return typeof value === 'string' ? (table[value] ?? null) : null;
}

/** Accounts, contacts and leads, with their merged, converted and deleted ones. */
export function loadPeople(context: LoadContext): void {
  const accounts = new Map(context.story.accounts.map((account) => [account.key, account]));
  for (const account of context.story.accounts) loadAccount(context, account, accounts);
  for (const person of context.story.people) {
    const account = person.account === null ? undefined : accounts.get(person.account);
    const employer = account === undefined ? null : context.live(account.presences, 'Account');
    for (const presence of person.presences) {
      if (presence.crm !== 'salesforce') continue;
      if (presence.type === 'Lead') loadLead(context, person, presence);
      else loadContact(context, person, presence, employer?.id ?? null);
    }
  }
}

function loadAccount(
  context: LoadContext,
  account: StoryAccount,
  accounts: ReadonlyMap<string, StoryAccount>,
): void {
  const parent = account.parent === null ? undefined : accounts.get(account.parent);
  const parentId = parent === undefined ? null : (context.live(parent.presences, 'Account')?.id ?? null);
  for (const presence of account.presences) {
    if (presence.crm !== 'salesforce') continue;
    const values = {
      Name: spelled(presence, 'name', account.name),
      Website: spelled(presence, 'domain', account.domain),
      Industry: mapped(INDUSTRIES, spelled(presence, 'industry', account.industry)),
      NumberOfEmployees: spelled(presence, 'employees', account.employees),
      AnnualRevenue: spelled(presence, 'revenue', account.revenue),
      BillingCountry: spelled(presence, 'country', account.country),
      BillingCity: spelled(presence, 'city', account.city),
      Type: mapped(ACCOUNT_TYPES, spelled(presence, 'type', account.type)),
      ParentId: parentId === presence.id ? null : parentId,
      OwnerId: context.ownerId(spelled<string | null>(presence, 'owner', account.owner)),
      Renewal_Date__c: spelled(presence, 'renewal', account.renewal),
      HubSpot_Company_Id__c: presence.crossId,
    };
    context.add('Account', presence, values);
    addLosers(context, 'Account', presence, values);
    addCreated(context, 'Account', presence, values.OwnerId);
  }
}

/** The losers of a merge stay in the recycle bin and name the winner. */
function addLosers(
  context: LoadContext,
  object: string,
  presence: Presence,
  values: Readonly<Record<string, SfValue>>,
): void {
  for (const id of presence.mergedIds) {
    context.add(
      object,
      { id, created: presence.created, modified: presence.modified, archived: true },
      { ...values, MasterRecordId: presence.id },
    );
  }
}

function addCreated(context: LoadContext, object: string, presence: Presence, ownerId: string): void {
  const line = createdHistory(context.org, object, presence.id, presence.created, ownerId);
  if (line !== null) context.org.insert(line.object, line.row);
}

function personValues(context: LoadContext, person: StoryPerson, presence: Presence) {
  const firstName = spelled(presence, 'firstName', person.firstName);
  const lastName = spelled(presence, 'lastName', person.lastName) ?? '[Unknown]';
  return {
    FirstName: firstName,
    LastName: lastName,
    Name: firstName === null ? lastName : `${firstName} ${lastName}`,
    Email: spelled(presence, 'email', person.email),
    Title: spelled(presence, 'title', person.title),
    Phone: spelled(presence, 'phone', person.phone),
    LeadSource: mapped(SOURCES, spelled(presence, 'source', person.source)),
    HasOptedOutOfEmail: spelled(presence, 'optedOut', person.optedOut),
    OwnerId: context.ownerId(spelled(presence, 'owner', person.owner)),
    HubSpot_Contact_Id__c: presence.crossId,
  };
}

function loadContact(
  context: LoadContext,
  person: StoryPerson,
  presence: Presence,
  accountId: string | null,
): void {
  const values = {
    ...personValues(context, person, presence),
    MailingCountry: spelled(presence, 'country', person.country),
    AccountId: accountId,
  };
  context.add('Contact', presence, values);
  addLosers(context, 'Contact', presence, values);
  addCreated(context, 'Contact', presence, values.OwnerId);
}

function loadLead(context: LoadContext, person: StoryPerson, presence: Presence): void {
  const { org } = context;
  const { converted } = presence;
  const status = (value: SfValue): string => mapped(LEAD_STATUSES, value) ?? 'Open - Not Contacted';
  const values = {
    ...personValues(context, person, presence),
    Country: spelled(presence, 'country', person.country),
    Company: spelled<string | null>(presence, 'company', null) ?? '[not provided]',
    Website: spelled<string | null>(presence, 'website', null),
    Status: converted === null ? status(person.leadStatus) : CONVERTED_STATUS,
    IsConverted: converted !== null,
    ConvertedDate: converted === null ? null : dayOf(converted.at),
    ConvertedContactId: converted?.contact ?? null,
    ConvertedAccountId: converted?.account ?? null,
    ConvertedOpportunityId: converted?.opportunity ?? null,
    IsUnreadByOwner: false,
  };
  context.add('Lead', presence, values);
  addLosers(context, 'Lead', presence, values);
  addCreated(context, 'Lead', presence, values.OwnerId);
  const steps = [...historyFrom(person.history, 'leadStatus', presence.created, status)].filter(
    (step) => converted === null || step.at < converted.at,
  );
  if (converted !== null) steps.push({ value: CONVERTED_STATUS, at: converted.at });
  steps.forEach((step, index) => {
    const before = steps[index - 1];
    const old = before?.value ?? 'Open - Not Contacted';
    if (old === step.value || (before === undefined && step.at <= presence.created)) return;
    const line = fieldHistory(org, 'Lead', presence.id, {
      field: 'Status',
      old,
      new: step.value,
      at: step.at,
      userId: values.OwnerId,
    });
    if (line !== null) org.insert(line.object, line.row);
  });
}
