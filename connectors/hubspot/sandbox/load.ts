import type {
  Presence,
  Story,
  StoryAccount,
  StoryDeal,
  StoryPerson,
  StoryTicket,
} from '../../../src/story/index.ts';
import { loadActivities, loadSurveys } from './load-activities.ts';
import { CRM, createLoader, histories, type Loader, type StoryValue, spelled, stamp } from './loader.ts';
import { PIPELINES } from './pipelines.ts';
import type { Portal } from './portal.ts';

/** Fills an empty account with the story's HubSpot side. */
export function loadStory(portal: Portal, story: Story): void {
  const loader = createLoader(portal, story);
  for (const account of story.accounts) loadAccount(loader, account);
  for (const person of story.people) loadPerson(loader, person);
  for (const deal of story.deals) loadDeal(loader, deal);
  for (const ticket of story.tickets) loadTicket(loader, ticket);
  loadActivities(loader, story.activities);
  loadSurveys(loader, story.surveys);
}

function presencesOf(presences: readonly Presence[]): readonly Presence[] {
  return presences.filter((presence) => presence.crm === CRM);
}

function loadAccount(loader: Loader, account: StoryAccount): void {
  for (const presence of presencesOf(account.presences)) {
    const value = (field: keyof StoryAccount & string): StoryValue =>
      spelled(presence, field, account[field] as StoryValue);
    const parent = value('parent');
    loader.insert(presence, {
      name: value('name'),
      domain: value('domain'),
      hs_additional_domains: spelled(presence, 'otherDomains', null),
      industry: value('industry'),
      numberofemployees: value('employees'),
      annualrevenue: value('revenue'),
      country: value('country'),
      city: value('city'),
      type: String(value('type')).toUpperCase(),
      lifecyclestage: LIFECYCLE_BY_TYPE[String(value('type'))],
      hs_parent_company_id: typeof parent === 'string' ? loader.account(parent) : null,
      renewal_date: value('renewal'),
      hubspot_owner_id: loader.owner(value('owner')),
      salesforceaccountid: presence.crossId,
    });
  }
}

const LIFECYCLE_BY_TYPE: Readonly<Record<string, string>> = {
  prospect: 'lead',
  customer: 'customer',
  former_customer: 'customer',
  partner: 'other',
};

function loadPerson(loader: Loader, person: StoryPerson): void {
  const conversions = person.history.find((one) => one.field === 'formSubmissions')?.values.at(-1);
  for (const presence of presencesOf(person.presences)) {
    const value = (field: keyof StoryPerson & string): StoryValue =>
      spelled(presence, field, person[field] as StoryValue);
    const email = value('email');
    const record = loader.insert(
      presence,
      {
        firstname: value('firstName'),
        lastname: value('lastName'),
        // The vendor stores addresses in lower case.
        email: typeof email === 'string' ? email.toLowerCase() : null,
        hs_additional_emails: spelled(presence, 'otherEmails', person.otherEmails.join(';').toLowerCase()),
        jobtitle: value('title'),
        phone: value('phone'),
        country: value('country'),
        hs_language: value('language'),
        hs_analytics_source: value('source'),
        lifecyclestage: value('lifecycle'),
        hs_lead_status: value('leadStatus'),
        hs_email_optout: value('optedOut'),
        hubspot_owner_id: loader.owner(value('owner')),
        notes_last_contacted: stamp(value('lastActivity')),
        hs_analytics_num_page_views: value('pageViews'),
        num_conversion_events: value('formSubmissions'),
        recent_conversion_date: stamp(conversions?.at),
        salesforcecontactid: presence.crossId?.startsWith('003') ? presence.crossId : null,
        salesforceleadid: presence.crossId?.startsWith('00Q') ? presence.crossId : null,
      },
      histories(person.history, {
        lifecycle: ['lifecyclestage'],
        leadStatus: ['hs_lead_status'],
        formSubmissions: ['num_conversion_events'],
      }),
    );
    loader.link(record, 'companies', loader.account(person.account));
  }
}

const DEAL_STAGE_ORDER = ['qualification', 'discovery', 'proposal', 'negotiation', 'won', 'lost'];
const DEAL_TYPES: Readonly<Record<string, string>> = {
  new: 'newbusiness',
  expansion: 'existingbusiness',
  renewal: 'renewal',
};

function loadDeal(loader: Loader, deal: StoryDeal): void {
  for (const presence of presencesOf(deal.presences)) {
    const value = (field: keyof StoryDeal & string): StoryValue =>
      spelled(presence, field, deal[field] as StoryValue);
    const pipeline = PIPELINES['deals']![value('kind') === 'renewal' ? 1 : 0]!;
    const stageId = (stage: string): string => {
      const found = pipeline.stages[DEAL_STAGE_ORDER.indexOf(stage)];
      if (found === undefined)
        throw new Error(`The story has the deal stage "${stage}", which no pipeline has.`);
      return found.id;
    };
    const day = (closeDay: string): string => `${closeDay}T00:00:00.000Z`;
    const record = loader.insert(
      presence,
      {
        dealname: value('name'),
        pipeline: pipeline.id,
        dealstage: stageId(String(value('stage'))),
        amount: value('amount'),
        deal_currency_code: loader.portal.currency,
        dealtype: DEAL_TYPES[String(value('kind'))],
        closedate: stamp(value('closedAt')) ?? day(String(value('closeDay'))),
        hubspot_owner_id: loader.owner(value('owner')),
        hs_salesforceopportunityid: presence.crossId,
      },
      histories(deal.history, {
        stage: ['dealstage', stageId],
        amount: ['amount'],
        closeDay: ['closedate', day],
      }),
    );
    for (const { person, role } of deal.people) loader.link(record, 'contacts', loader.person(person), role);
    loader.link(record, 'companies', loader.account(deal.account));
  }
}

const TICKET_STAGES: Readonly<Record<string, string>> = {
  new: '1',
  waiting: '2',
  in_progress: '3',
  closed: '4',
};
const TICKET_CATEGORIES: Readonly<Record<string, string>> = {
  billing: 'BILLING_ISSUE',
  bug: 'PRODUCT_ISSUE',
  how_to: 'HOW_TO',
  feature: 'FEATURE_REQUEST',
  outage: 'OUTAGE',
};

function loadTicket(loader: Loader, ticket: StoryTicket): void {
  for (const presence of presencesOf(ticket.presences)) {
    const value = (field: keyof StoryTicket & string): StoryValue =>
      spelled(presence, field, ticket[field] as StoryValue);
    const record = loader.insert(
      presence,
      {
        subject: value('subject'),
        hs_pipeline: '0',
        hs_pipeline_stage: TICKET_STAGES[String(value('status'))],
        hs_ticket_priority: String(value('priority')).toUpperCase(),
        hs_ticket_category: TICKET_CATEGORIES[String(value('category'))],
        closed_date: stamp(value('closed')),
        first_agent_reply_date: stamp(value('firstReply')),
        escalated: value('escalated'),
        reopened_count: value('reopened'),
        hubspot_owner_id: loader.owner(presence.spelling['owner']),
      },
      histories(ticket.history, {
        status: ['hs_pipeline_stage', (status) => TICKET_STAGES[status] ?? status],
        priority: ['hs_ticket_priority', (priority) => priority.toUpperCase()],
      }),
    );
    loader.link(record, 'contacts', loader.person(ticket.person));
    loader.link(record, 'companies', loader.account(ticket.account));
  }
}
