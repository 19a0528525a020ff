import {
  type Presence,
  type StoryDeal,
  type StoryPerson,
  type StoryTicket,
  salesforceId,
} from '../../../src/story/index.ts';
import { createdHistory, fieldHistory, opportunityHistory } from './history.ts';
import { historyFrom, type LoadContext, spelled } from './load-context.ts';
import { OPPORTUNITY_STAGES } from './objects-crm.ts';
import type { Row, SfValue } from './schema.ts';

const STAGES: Readonly<Record<string, string>> = {
  qualification: 'Qualification',
  discovery: 'Needs Analysis',
  proposal: 'Proposal/Price Quote',
  negotiation: 'Negotiation/Review',
  won: 'Closed Won',
  lost: 'Closed Lost',
};
const KINDS: Readonly<Record<string, string>> = {
  new: 'New Business',
  renewal: 'Renewal',
  expansion: 'Expansion',
};
const STATUSES: Readonly<Record<string, string>> = {
  new: 'New',
  waiting: 'Waiting',
  in_progress: 'Working',
  closed: 'Closed',
};
const PRIORITIES: Readonly<Record<string, string>> = {
  low: 'Low',
  medium: 'Medium',
  high: 'High',
  urgent: 'Critical',
};
const CATEGORIES: Readonly<Record<string, string>> = {
  billing: 'Billing',
  bug: 'Bug',
  how_to: 'How To',
  feature: 'Feature Request',
  outage: 'Outage',
};

/** Opportunities with contact roles and histories, and cases. */
export function loadDeals(context: LoadContext): void {
  const people = new Map(context.story.people.map((person) => [person.key, person]));
  const accounts = new Map(
    context.story.accounts.map((account) => [
      account.key,
      context.live(account.presences, 'Account')?.id ?? null,
    ]),
  );
  let roles = 0;
  for (const deal of context.story.deals) {
    for (const presence of deal.presences) {
      if (presence.crm !== 'salesforce') continue;
      loadDeal(context, deal, presence, accounts.get(deal.account) ?? null);
      roles = loadRoles(context, deal, presence, people, roles);
    }
  }
  const keepers = new Map(context.story.accounts.map((account) => [account.key, account.owner]));
  let number = 1000;
  for (const ticket of context.story.tickets) {
    for (const presence of ticket.presences) {
      if (presence.crm !== 'salesforce') continue;
      number += 1;
      const accountId = ticket.account === null ? null : (accounts.get(ticket.account) ?? null);
      loadCase(context, ticket, presence, people.get(ticket.person), {
        accountId,
        ownerId: context.ownerId(ticket.account === null ? null : keepers.get(ticket.account)),
        number,
      });
    }
  }
}

function stageValues(stage: string): Record<string, SfValue> {
  const known = OPPORTUNITY_STAGES.find((one) => one.name === stage);
  return {
    StageName: stage,
    Probability: known?.probability ?? 0,
    IsClosed: known?.closed ?? false,
    IsWon: known?.won ?? false,
    ForecastCategoryName: known?.forecast ?? 'Pipeline',
    ForecastCategory: (known?.forecast ?? 'Pipeline').replace(' ', ''),
  };
}

function loadDeal(context: LoadContext, deal: StoryDeal, presence: Presence, accountId: string | null): void {
  const ownerId = context.ownerId(spelled<string | null>(presence, 'owner', deal.owner));
  const row = context.add('Opportunity', presence, {
    Name: spelled(presence, 'name', deal.name),
    AccountId: accountId,
    ...stageValues(STAGES[spelled(presence, 'stage', deal.stage)] ?? 'Qualification'),
    Amount: spelled(presence, 'amount', deal.amount),
    CloseDate: spelled(presence, 'closeDay', deal.closeDay),
    Type: KINDS[deal.kind] ?? null,
    OwnerId: ownerId,
    HubSpot_Deal_Id__c: presence.crossId,
  });
  tellDeal(context, deal, presence, row, ownerId);
}

/** Replays the story's changes of a deal into `OpportunityHistory` and `OpportunityFieldHistory`. */
function tellDeal(
  context: LoadContext,
  deal: StoryDeal,
  presence: Presence,
  row: Row,
  ownerId: string,
): void {
  const { org } = context;
  const from = presence.created;
  const tracked: readonly (readonly [story: string, field: string, now: SfValue])[] = [
    ['stage', 'StageName', row['StageName'] ?? null],
    ['amount', 'Amount', row['Amount'] ?? null],
    ['closeDay', 'CloseDate', row['CloseDate'] ?? null],
  ];
  const state: Row = { ...row };
  const changes: { at: number; field: string; value: SfValue }[] = [];
  for (const [story, field, now] of tracked) {
    const steps = historyFrom(deal.history, story, from, (value) =>
      field === 'StageName' ? (STAGES[String(value)] ?? value) : value,
    );
    state[field] = steps[0]?.value ?? now;
    for (const step of steps.slice(1)) changes.push({ at: step.at, field, value: step.value });
  }
  Object.assign(state, stageValues(String(state['StageName'])));
  const created = createdHistory(org, 'Opportunity', presence.id, from, ownerId);
  if (created !== null) org.insert(created.object, created.row);
  const add = (at: number): void => {
    const line = opportunityHistory(org, state, at, ownerId);
    org.insert(line.object, line.row);
  };
  add(from);
  changes.sort((a, b) => a.at - b.at);
  for (const { at, field, value } of changes) {
    const old = state[field] ?? null;
    state[field] = value;
    if (field === 'StageName') Object.assign(state, stageValues(String(value)));
    const line = fieldHistory(org, 'Opportunity', presence.id, {
      field,
      old,
      new: value,
      at,
      userId: ownerId,
    });
    if (line !== null) org.insert(line.object, line.row);
    add(at);
  }
}

function loadRoles(
  context: LoadContext,
  deal: StoryDeal,
  presence: Presence,
  people: ReadonlyMap<string, StoryPerson>,
  count: number,
): number {
  let roles = count;
  for (const one of deal.people) {
    const person = people.get(one.person);
    const contact = person === undefined ? null : context.live(person.presences, 'Contact');
    if (contact === null) continue;
    roles += 1;
    const at = Math.max(presence.created, contact.created);
    context.add(
      'OpportunityContactRole',
      { id: salesforceId('00K', roles), created: at, modified: at, archived: presence.archived },
      { OpportunityId: presence.id, ContactId: contact.id, Role: one.role, IsPrimary: one.primary },
    );
  }
  return roles;
}

function loadCase(
  context: LoadContext,
  ticket: StoryTicket,
  presence: Presence,
  person: StoryPerson | undefined,
  parts: { readonly accountId: string | null; readonly ownerId: string; readonly number: number },
): void {
  const { org } = context;
  const { accountId, ownerId, number } = parts;
  const contact = person === undefined ? null : context.live(person.presences, 'Contact');
  context.add('Case', presence, {
    CaseNumber: String(number).padStart(8, '0'),
    Subject: ticket.subject,
    Status: STATUSES[ticket.status] ?? 'New',
    Priority: PRIORITIES[ticket.priority] ?? 'Medium',
    Type: CATEGORIES[ticket.category] ?? null,
    Origin: 'Email',
    IsClosed: ticket.status === 'closed',
    ClosedDate: ticket.closed,
    IsEscalated: ticket.escalated,
    ContactId: contact?.id ?? null,
    AccountId: accountId,
    OwnerId: ownerId,
    First_Reply__c: ticket.firstReply,
    Reopened_Count__c: ticket.reopened,
  });
  const created = createdHistory(org, 'Case', presence.id, presence.created, ownerId);
  if (created !== null) org.insert(created.object, created.row);
  const fields = [
    ['status', 'Status', STATUSES],
    ['priority', 'Priority', PRIORITIES],
  ] as const;
  for (const [name, field, table] of fields) {
    const steps = historyFrom(
      ticket.history,
      name,
      presence.created,
      (value) => (table as Readonly<Record<string, string>>)[String(value)] ?? value,
    );
    steps.slice(1).forEach((step, index) => {
      const line = fieldHistory(org, 'Case', presence.id, {
        field,
        old: steps[index]?.value ?? null,
        new: step.value,
        at: step.at,
        userId: ownerId,
      });
      if (line !== null) org.insert(line.object, line.row);
    });
  }
}
