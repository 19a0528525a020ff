import type { ListName } from '../model/facts.ts';
import type { Entity } from '../model/record.ts';
import type { FactName, FactType } from './types.ts';

/** What a rule may know about one field of a fact (J1). */
export interface FieldSpec {
  readonly type: FactType;
  /** Every fact has a value here, so `not` around a comparison of it is safe (J7, J8). */
  readonly always?: true;
  /** In the connection's home currency (J5). */
  readonly money?: true;
  /** Our words for it; a field map brings the CRM's options to them (J3). */
  readonly words?: readonly string[];
}

const PERSON: Readonly<Record<string, FieldSpec>> = {
  email: { type: 'text' },
  name: { type: 'text' },
  title: { type: 'text' },
  phone: { type: 'text' },
  country: { type: 'text' },
  language: { type: 'text' },
  company: { type: 'text' },
  created: { type: 'datetime', always: true },
  source: { type: 'text' },
  lead_status: { type: 'text', words: ['new', 'working', 'qualified', 'unqualified'] },
  lifecycle: { type: 'text' },
  opted_out: { type: 'boolean' },
  owner: { type: 'text' },
  last_activity: { type: 'datetime' },
  page_views: { type: 'number' },
  form_submissions: { type: 'number' },
  last_form: { type: 'datetime' },
};

/** Facts and their fields (J1); field maps may add more, see `FieldMap.types`. */
export const CATALOGUE: Readonly<Record<FactName, Readonly<Record<string, FieldSpec>>>> = {
  person: PERSON,
  people: { ...PERSON, role: { type: 'text' } },
  account: {
    name: { type: 'text' },
    domain: { type: 'text' },
    industry: { type: 'text' },
    employees: { type: 'number' },
    revenue: { type: 'number', money: true },
    type: { type: 'text', words: ['prospect', 'customer', 'former_customer', 'partner', 'other'] },
    lifecycle: { type: 'text' },
    parent: { type: 'text' },
    country: { type: 'text' },
    city: { type: 'text' },
    created: { type: 'datetime', always: true },
    owner: { type: 'text' },
    renewal: { type: 'date' },
    last_activity: { type: 'datetime' },
  },
  deals: {
    name: { type: 'text' },
    pipeline: { type: 'text' },
    deal_stage: { type: 'text' },
    amount: { type: 'number', money: true },
    probability: { type: 'number' },
    open: { type: 'boolean', always: true },
    won: { type: 'boolean', always: true },
    lost: { type: 'boolean', always: true },
    kind: { type: 'text', words: ['new', 'renewal', 'expansion'] },
    created: { type: 'datetime', always: true },
    close_date: { type: 'datetime' },
    closed: { type: 'datetime' },
    owner: { type: 'text' },
  },
  tickets: {
    subject: { type: 'text' },
    status: { type: 'text' },
    priority: { type: 'text', words: ['low', 'medium', 'high', 'urgent'] },
    category: { type: 'text', words: ['billing', 'bug', 'how_to', 'feature', 'outage'] },
    open: { type: 'boolean', always: true },
    created: { type: 'datetime', always: true },
    closed: { type: 'datetime' },
    first_reply: { type: 'datetime' },
    escalated: { type: 'boolean' },
    reopened: { type: 'number' },
    owner: { type: 'text' },
  },
  touchpoints: {
    at: { type: 'datetime', always: true },
    channel: {
      type: 'text',
      always: true,
      words: ['email', 'call', 'meeting', 'note', 'task', 'form', 'page_view', 'chat', 'campaign'],
    },
    kind: { type: 'text' },
    direction: { type: 'text', words: ['incoming', 'outgoing'] },
    outcome: {
      type: 'text',
      words: [
        'planned',
        'held',
        'no_show',
        'canceled',
        'done',
        'sent',
        'answered',
        'unanswered',
        'failed',
        'responded',
      ],
    },
    subject: { type: 'text' },
    owner: { type: 'text' },
  },
  surveys: {
    at: { type: 'datetime', always: true },
    type: { type: 'text', always: true, words: ['nps', 'csat', 'ces', 'custom'] },
    score: { type: 'number' },
    group: {
      type: 'text',
      words: ['promoter', 'passive', 'detractor', 'happy', 'neutral', 'unhappy', 'easy', 'difficult'],
    },
    comment: { type: 'text' },
    channel: { type: 'text' },
  },
};

/** The state of a journey, as `journey`, `journeys.<name>` and `health.<name>` show it (J1, J2). */
export const RESULT_FIELDS = {
  journey: { stage: 'text', entered: 'datetime', previous: 'text', visits: 'number' },
  health: { score: 'number', band: 'text' },
} as const satisfies Record<string, Readonly<Record<string, FactType>>>;

export const FACT_NAMES = Object.keys(CATALOGUE) as readonly FactName[];
export const LIST_NAMES: readonly ListName[] = ['people', 'deals', 'tickets', 'touchpoints', 'surveys'];

/** The facts an entity's records feed; a contact role adds its label to `people`. */
export const FACTS_OF_ENTITY: Readonly<Record<Entity, readonly FactName[]>> = {
  person: ['person', 'people'],
  account: ['account'],
  deal: ['deals'],
  ticket: ['tickets'],
  touchpoint: ['touchpoints'],
  survey: ['surveys'],
  role: ['people'],
};

/** The field with the instant at which an item of a list began to exist. */
export const START_FIELD: Readonly<Record<ListName, string>> = {
  people: 'created',
  deals: 'created',
  tickets: 'created',
  touchpoints: 'at',
  surveys: 'at',
};

/** Fields asked for besides those that rules read, so that people recognise a record in explanations. */
export const DISPLAY_FIELDS: Readonly<Record<FactName, readonly string[]>> = {
  person: ['name', 'email'],
  people: ['name', 'email'],
  account: ['name', 'domain'],
  deals: ['name'],
  tickets: ['subject'],
  touchpoints: ['at', 'channel', 'subject'],
  surveys: ['at', 'type'],
};

/** Spec of a fact field: from the catalogue, else from the field maps' own types; null: no such field. */
export function fieldSpec(
  fact: FactName,
  field: string,
  types: Readonly<Record<string, FactType>> = {},
): FieldSpec | null {
  const fields = CATALOGUE[fact];
  if (Object.hasOwn(fields, field)) return fields[field] ?? null;
  const own = (name: string): FieldSpec | null => {
    const key = `${name}.${field}`;
    return Object.hasOwn(types, key) ? { type: types[key] as FactType } : null;
  };
  // A custom field of a person is also one of `people`.
  return own(fact) ?? (fact === 'people' ? own('person') : null);
}

/** All field names of a fact, for messages. */
export function fieldNames(
  fact: FactName,
  types: Readonly<Record<string, FactType>> = {},
): readonly string[] {
  const prefixes = fact === 'people' ? ['people.', 'person.'] : [`${fact}.`];
  const own = Object.keys(types).flatMap((key) =>
    prefixes.filter((prefix) => key.startsWith(prefix)).map((prefix) => key.slice(prefix.length)),
  );
  return [...new Set([...Object.keys(CATALOGUE[fact]), ...own])];
}
