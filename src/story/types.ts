/** The invented company whose 18 months fill the sandboxes. Everything is a pure function of the options:
 *  same options, same story. Instants are epoch milliseconds, days `YYYY-MM-DD`. */
export interface StoryOptions {
  readonly seed: number;
  /** People as the CRMs count them: HubSpot contacts, duplicates included. Default 2,000. */
  readonly contacts: number;
  /** The end of the 18 months. */
  readonly now: number;
}

export interface Story {
  readonly options: StoryOptions;
  readonly owners: readonly StoryOwner[];
  readonly accounts: readonly StoryAccount[];
  readonly people: readonly StoryPerson[];
  readonly deals: readonly StoryDeal[];
  readonly tickets: readonly StoryTicket[];
  readonly activities: readonly StoryActivity[];
  readonly surveys: readonly StorySurvey[];
  readonly campaigns: readonly StoryCampaign[];
  readonly campaignMembers: readonly StoryCampaignMember[];
}

/** How one thing of the story appears in one CRM. A story entity can have none, one or (duplicates) several.
 *  Ids are decided by the story, so that cross-ids in the other CRM can name them: HubSpot ids are numeric text,
 *  Salesforce ids 18 characters with the right prefix and check suffix. */
export interface Presence {
  readonly crm: 'hubspot' | 'salesforce';
  /** `contact`, `company`, `deal`, … as the CRM's object: `contacts`, `Lead`, `Contact`, `Opportunity`, … */
  readonly type: string;
  readonly id: string;
  readonly created: number;
  readonly modified: number;
  /** Values that differ from the story's own in this CRM (other spelling, null, other owner), by story field name. */
  readonly spelling: Readonly<Record<string, string | number | boolean | null>>;
  /** Names the record of the other CRM (a cross-id), or null. */
  readonly crossId: string | null;
  /** For merged records: ids that were merged into this one. */
  readonly mergedIds: readonly string[];
  readonly archived: boolean;
  /** Salesforce leads: what they were converted into. */
  readonly converted: {
    readonly contact: string;
    readonly account: string;
    readonly opportunity: string | null;
    readonly at: number;
  } | null;
}

export interface StoryOwner {
  readonly key: string;
  readonly name: string;
  readonly email: string;
  readonly hubspotId: string;
  readonly salesforceId: string;
}

export interface StoryAccount {
  readonly key: string;
  readonly name: string;
  /** Null for people without a company or with an unknown one. */
  readonly domain: string | null;
  readonly industry: string | null;
  readonly employees: number | null;
  readonly revenue: number | null;
  readonly country: string | null;
  readonly city: string | null;
  /** prospect, customer, former_customer, partner. */
  readonly type: string;
  readonly parent: string | null;
  readonly owner: string;
  readonly created: number;
  /** Day of the next renewal, customers only. */
  readonly renewal: string | null;
  readonly arc: StoryArc;
  readonly presences: readonly Presence[];
}

/** How this account or person goes through the 18 months; the oracle for tests of the story. */
export type StoryArc =
  | 'visitor'
  | 'lead'
  | 'evaluating'
  | 'stalled'
  | 'lost'
  | 'skipped_to_customer'
  | 'customer'
  | 'at_risk'
  | 'churned'
  | 'returned'
  | 'advocate';

/** A property that changed over time, oldest first; the last value is the present one. */
export interface StoryHistory {
  readonly field: string;
  readonly values: readonly { readonly value: string | number | boolean | null; readonly at: number }[];
}

export interface StoryPerson {
  readonly key: string;
  readonly account: string | null;
  readonly firstName: string | null;
  readonly lastName: string | null;
  readonly email: string | null;
  readonly otherEmails: readonly string[];
  readonly title: string | null;
  readonly phone: string | null;
  readonly country: string | null;
  /** Language tag of the name and texts: en, de, fr, es, pt, pl, ja, zh, ko, ar, he, hi, ru, el, th, tr. */
  readonly language: string;
  readonly source: string | null;
  /** HubSpot lifecycle stage value: subscriber, lead, marketingqualifiedlead, … */
  readonly lifecycle: string | null;
  readonly leadStatus: string | null;
  readonly optedOut: boolean;
  readonly owner: string | null;
  readonly created: number;
  readonly lastActivity: number | null;
  readonly pageViews: number;
  readonly formSubmissions: number;
  readonly arc: StoryArc;
  readonly history: readonly StoryHistory[];
  readonly presences: readonly Presence[];
}

export interface StoryDeal {
  readonly key: string;
  readonly account: string;
  readonly people: readonly { readonly person: string; readonly role: string; readonly primary: boolean }[];
  readonly name: string;
  /** new, renewal, expansion. */
  readonly kind: string;
  /** qualification, discovery, proposal, negotiation, won, lost. */
  readonly stage: string;
  readonly amount: number | null;
  readonly created: number;
  readonly closeDay: string;
  readonly closedAt: number | null;
  readonly owner: string;
  readonly history: readonly StoryHistory[];
  readonly presences: readonly Presence[];
}

export interface StoryTicket {
  readonly key: string;
  readonly account: string | null;
  readonly person: string;
  readonly subject: string;
  /** new, waiting, in_progress, closed. */
  readonly status: string;
  /** low, medium, high, urgent. */
  readonly priority: string;
  /** billing, bug, how_to, feature, outage. */
  readonly category: string;
  readonly created: number;
  readonly closed: number | null;
  readonly firstReply: number | null;
  readonly escalated: boolean;
  readonly reopened: number;
  readonly history: readonly StoryHistory[];
  readonly presences: readonly Presence[];
}

export interface StoryActivity {
  readonly key: string;
  /** email, call, meeting, note, task, communication. */
  readonly channel: string;
  /** incoming, outgoing, or null. */
  readonly direction: string | null;
  readonly at: number;
  readonly subject: string;
  readonly outcome: string | null;
  readonly people: readonly string[];
  readonly account: string | null;
  readonly deal: string | null;
  readonly owner: string | null;
  readonly durationMs: number | null;
  readonly presences: readonly Presence[];
}

export interface StorySurvey {
  readonly key: string;
  readonly person: string;
  readonly account: string | null;
  /** NPS, CSAT, CES. */
  readonly type: string;
  /** Raw: NPS 0-10, CSAT 0-2, CES 1-7 (HubSpot's scales). */
  readonly value: number;
  readonly comment: string | null;
  readonly at: number;
  readonly presences: readonly Presence[];
}

export interface StoryCampaign {
  readonly key: string;
  readonly name: string;
  /** Webinar, Conference, Email, Content. */
  readonly type: string;
  readonly start: string;
  readonly salesforceId: string;
}

export interface StoryCampaignMember {
  readonly key: string;
  readonly campaign: string;
  readonly person: string;
  readonly status: string;
  readonly responded: boolean;
  readonly respondedDay: string | null;
  readonly at: number;
  readonly presences: readonly Presence[];
}
