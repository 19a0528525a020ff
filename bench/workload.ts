import { type Presence, type Story, type StoryOwner, salesforceId } from '../src/story/index.ts';

/** Workload W: contacts, half as many companies, four tenths as many deals, six tenths as many tickets, all with
 *  associations and no activities, so that the least number of requests is known exactly. */
export interface WorkloadSize {
  readonly contacts: number;
  readonly companies: number;
  readonly deals: number;
  readonly tickets: number;
}

const MINUTE = 60_000;
const DAY = 86_400_000;
/** Records are spread over this long, as in a CRM that has lived; none is younger than `YOUNGEST`, so that the
 *  overlap of a first increment holds nothing. */
const SPAN = 540 * DAY;
const YOUNGEST = DAY;

/** W with `contacts` contacts. */
export function workloadSize(contacts: number): WorkloadSize {
  return {
    contacts,
    companies: Math.floor(contacts / 2),
    deals: Math.floor(contacts * 0.4),
    tickets: Math.floor(contacts * 0.6),
  };
}

/** Records of the four types together. */
export function recordCount(size: WorkloadSize): number {
  return size.contacts + size.companies + size.deals + size.tickets;
}

/** Fields hold what a CRM's would: texts of usual length, some nulls, instants that differ. */
export function createWorkload(size: WorkloadSize, now: number): Story {
  const at = (index: number, count: number): number =>
    now - YOUNGEST - Math.floor(((count - index) / count) * SPAN) + (index % 977);
  const companyOf = (index: number): string => `account-${index % size.companies}`;
  return {
    options: { seed: 1, contacts: size.contacts, now },
    owners: OWNERS,
    accounts: times(size.companies, (index) => {
      const created = at(index, size.companies);
      return {
        key: `account-${index}`,
        name: `${WORDS[index % WORDS.length]} ${WORDS[(index * 7 + 3) % WORDS.length]} Group ${index}`,
        domain: `company-${index}.example.com`,
        industry: index % 5 === 0 ? null : INDUSTRIES[index % INDUSTRIES.length]!,
        employees: index % 6 === 0 ? null : 5 + ((index * 37) % 3_000),
        revenue: index % 4 === 0 ? null : 50_000 + ((index * 7_919) % 9_000_000),
        country: COUNTRIES[index % COUNTRIES.length]!,
        city: index % 3 === 0 ? null : 'Springfield',
        type: TYPES[index % TYPES.length]!,
        parent: null,
        owner: OWNERS[index % OWNERS.length]!.key,
        created,
        renewal: index % 4 === 1 ? day(now + (index % 300) * DAY) : null,
        arc: 'lead',
        presences: both('companies', 'Account', index, created),
      };
    }),
    people: times(size.contacts, (index) => {
      const created = at(index, size.contacts);
      return {
        key: `person-${index}`,
        account: companyOf(index),
        firstName: WORDS[index % WORDS.length]!,
        lastName: `${WORDS[(index * 5 + 1) % WORDS.length]}-${index}`,
        email: `person-${index}@company-${index % size.companies}.example.com`,
        otherEmails: [],
        title: index % 5 === 0 ? null : TITLES[index % TITLES.length]!,
        phone: index % 3 === 0 ? null : `+1 555 ${String(index).padStart(7, '0')}`,
        country: COUNTRIES[index % COUNTRIES.length]!,
        language: 'en',
        source: 'ORGANIC_SEARCH',
        lifecycle: 'lead',
        leadStatus: 'OPEN',
        optedOut: index % 20 === 0,
        owner: OWNERS[index % OWNERS.length]!.key,
        created,
        lastActivity: index % 2 === 0 ? null : created + DAY,
        pageViews: index % 90,
        formSubmissions: index % 4,
        arc: 'lead',
        history: [],
        presences: both('contacts', 'Contact', index, created),
      };
    }),
    deals: times(size.deals, (index) => {
      const created = at(index, size.deals);
      const stage = STAGES[index % STAGES.length]!;
      const closed = stage === 'won' || stage === 'lost';
      return {
        key: `deal-${index}`,
        account: companyOf(index),
        people: [{ person: `person-${index % size.contacts}`, role: 'Decision Maker', primary: true }],
        name: `company ${index % size.companies} - subscription ${index}`,
        kind: index % 3 === 0 ? 'renewal' : 'new',
        stage,
        amount: index % 8 === 0 ? null : 1_000 + (index % 400) * 250,
        created,
        closeDay: day(created + 30 * DAY),
        closedAt: closed ? Math.min(created + 30 * DAY, now - DAY) : null,
        owner: OWNERS[index % OWNERS.length]!.key,
        history: [],
        presences: both('deals', 'Opportunity', index, created),
      };
    }),
    tickets: times(size.tickets, (index) => {
      const created = at(index, size.tickets);
      const open = index % 6 === 0;
      return {
        key: `ticket-${index}`,
        account: companyOf(index),
        person: `person-${index % size.contacts}`,
        subject: `Question ${index}: ${WORDS[index % WORDS.length]} does not open`,
        status: open ? 'in_progress' : 'closed',
        priority: PRIORITIES[index % PRIORITIES.length]!,
        category: CATEGORIES[index % CATEGORIES.length]!,
        created,
        closed: open ? null : created + 2 * DAY,
        firstReply: created + 40 * MINUTE,
        escalated: index % 50 === 0,
        reopened: index % 25 === 0 ? 1 : 0,
        history: [],
        presences: both('tickets', 'Case', index, created),
      };
    }),
    activities: [],
    surveys: [],
    campaigns: [],
    campaignMembers: [],
  };
}

const PREFIXES = { Account: '001', Contact: '003', Opportunity: '006', Case: '500' } as const;

/** The record in each CRM; without cross-ids, each CRM is measured by itself. */
function both(
  hubspot: string,
  salesforce: keyof typeof PREFIXES,
  index: number,
  created: number,
): readonly Presence[] {
  const shared = {
    created,
    modified: created + (index % 1_000),
    spelling: {},
    crossId: null,
    mergedIds: [],
    archived: false,
    converted: null,
  };
  return [
    { crm: 'hubspot', type: hubspot, id: String(50_000_001 + index), ...shared },
    {
      crm: 'salesforce',
      type: salesforce,
      id: salesforceId(PREFIXES[salesforce], index + 1),
      ...shared,
    },
  ];
}

function times<T>(count: number, make: (index: number) => T): readonly T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

function day(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

const OWNERS: readonly StoryOwner[] = times(8, (index) => ({
  key: `owner-${index}`,
  name: `Owner Number${index}`,
  email: `owner-${index}@example.com`,
  hubspotId: String(9_001 + index),
  salesforceId: salesforceId('005', 101 + index),
}));
const WORDS = ['Amber', 'Birch', 'Cedar', 'Delta', 'Ember', 'Fjord', 'Grove', 'Harbor', 'Indigo', 'Juniper'];
const TITLES = ['Head of Operations', 'Support Lead', 'Engineer', 'VP Sales', 'Marketing Manager', 'Buyer'];
const INDUSTRIES = ['COMPUTER_SOFTWARE', 'BANKING', 'RETAIL', 'CHEMICALS'];
const COUNTRIES = ['Germany', 'France', 'United States', 'Japan', 'Brazil'];
const TYPES = ['prospect', 'customer', 'prospect', 'former_customer'];
const STAGES = ['qualification', 'discovery', 'won', 'proposal', 'lost', 'negotiation', 'won'];
const PRIORITIES = ['low', 'medium', 'high', 'urgent'];
const CATEGORIES = ['billing', 'bug', 'how_to', 'feature', 'outage'];
