import type { ListName } from '../../../src/model/facts.ts';
import type { Kind } from './rule.ts';

type Owner = 'person' | 'account' | ListName;

/** The fields of J1 that rules of these tests read, by their kind. */
export const FIELDS: Readonly<Record<Owner, Readonly<Record<string, Kind>>>> = {
  person: {
    email: 'text',
    title: 'text',
    country: 'text',
    created: 'instant',
    lead_status: 'text',
    opted_out: 'boolean',
    last_activity: 'instant',
    page_views: 'number',
    form_submissions: 'number',
    last_form: 'instant',
  },
  people: {
    title: 'text',
    role: 'text',
    created: 'instant',
    opted_out: 'boolean',
    last_activity: 'instant',
    page_views: 'number',
  },
  account: {
    name: 'text',
    industry: 'text',
    employees: 'number',
    revenue: 'number',
    type: 'text',
    created: 'instant',
    renewal: 'instant',
    last_activity: 'instant',
  },
  deals: {
    name: 'text',
    amount: 'number',
    probability: 'number',
    open: 'boolean',
    won: 'boolean',
    lost: 'boolean',
    kind: 'text',
    created: 'instant',
    close_date: 'instant',
    closed: 'instant',
  },
  tickets: {
    subject: 'text',
    priority: 'text',
    category: 'text',
    open: 'boolean',
    created: 'instant',
    closed: 'instant',
    first_reply: 'instant',
    escalated: 'boolean',
    reopened: 'number',
  },
  touchpoints: {
    at: 'instant',
    channel: 'text',
    direction: 'text',
    outcome: 'text',
  },
  surveys: {
    at: 'instant',
    type: 'text',
    score: 'number',
    group: 'text',
  },
};

/** Where the beginning of an item stands. */
export function beginsBy(list: ListName): string {
  return list === 'touchpoints' || list === 'surveys' ? 'at' : 'created';
}

export function kindOf(owner: Owner, field: string): Kind {
  const kind = FIELDS[owner][field];
  if (kind === undefined) throw new Error(`The reference has no field ${owner}.${field}.`);
  return kind;
}

export const STATE_KINDS = {
  stage: 'text',
  entered: 'instant',
  previous: 'text',
  visits: 'number',
  score: 'number',
  band: 'text',
} as const satisfies Record<string, Kind>;
