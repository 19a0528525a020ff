import type { AccountDraft } from './accounts.ts';
import type { PersonDraft } from './people.ts';
import type { TicketPlot } from './plot.ts';
import { draftPresence, livePresence, type PresenceDraft, touch, type World } from './presences.ts';
import type { Rng } from './prng.ts';
import { TICKET_SUBJECTS } from './texts.ts';
import { businessInstant, DAY, HOUR, MINUTE } from './time.ts';
import type { StoryHistory, StoryTicket } from './types.ts';
import { TICKET_CATEGORIES } from './vocabulary.ts';

export interface TicketDraft {
  readonly ticket: Omit<StoryTicket, 'presences'>;
  readonly presences: PresenceDraft[];
}

/** Tickets of one account. Each is kept in one CRM only: a company has one help desk. */
export function createTickets(
  world: World,
  rng: Rng,
  account: AccountDraft,
  staff: readonly PersonDraft[],
  nextKey: () => number,
): TicketDraft[] {
  const drafts: TicketDraft[] = [];
  for (const plot of account.plot.tickets) {
    const count = Math.floor(plot.count) + Number(rng.chance(plot.count % 1));
    for (let index = 0; index < count; index += 1) {
      const draft = createTicket(world, rng, account, staff, plot, nextKey);
      if (draft !== null) {
        drafts.push(draft);
      }
    }
  }
  return drafts;
}

function createTicket(
  world: World,
  rng: Rng,
  account: AccountDraft,
  staff: readonly PersonDraft[],
  plot: TicketPlot,
  nextKey: () => number,
): TicketDraft | null {
  const created = Math.floor(rng.between(plot.from, Math.max(plot.from + HOUR, plot.to)));
  const asking = staff.filter(({ person }) => person.created <= created);
  const reporter = pickReporter(rng, asking, account);
  if (reporter === null || created > world.now - 2 * HOUR) {
    return null;
  }
  const { offset } = account.seat;
  const trouble = plot.mood !== 'calm';
  const priority =
    plot.mood === 'open_urgent'
      ? 'urgent'
      : rng.weighted(
          trouble
            ? [
                ['medium', 1],
                ['high', 4],
                ['urgent', 2],
              ]
            : [
                ['low', 4],
                ['medium', 6],
                ['high', 1],
              ],
        );
  const category = trouble
    ? rng.weighted([
        ['bug', 5],
        ['outage', 3],
        ['billing', 2],
      ])
    : rng.weighted([
        ['how_to', 5],
        ['bug', 3],
        ['feature', 3],
        ['billing', 2],
      ]);
  const replyWithin = trouble ? rng.between(20 * HOUR, 5 * DAY) : rng.between(0.5 * HOUR, 20 * HOUR);
  const reply = businessInstant(rng, created + 10 * MINUTE, created + 10 * MINUTE + replyWithin, offset);
  const ignored = plot.mood === 'open_urgent' && rng.chance(0.25);
  const firstReply = reply < world.now - HOUR && !ignored ? reply : null;
  const wait = trouble ? rng.between(4, 21) : rng.between(0.3, 6);
  const solved = businessInstant(rng, reply + HOUR, reply + HOUR + wait * DAY, offset);
  const closed = plot.mood !== 'open_urgent' && solved < world.now - HOUR ? solved : null;
  const reopened = trouble && rng.chance(0.5) ? rng.int(1, 2) : Number(rng.chance(0.04));
  const escalated = plot.mood === 'open_urgent' ? rng.chance(0.7) : trouble && rng.chance(0.3);
  const steps = statusSteps(rng, created, firstReply, closed, reopened, world.now);
  const history: StoryHistory[] = [{ field: 'status', values: steps }];
  if (priority === 'urgent' && firstReply !== null && rng.chance(0.6)) {
    history.push({
      field: 'priority',
      values: [
        { value: 'high', at: created },
        { value: 'urgent', at: firstReply },
      ],
    });
  }
  const ticket: Omit<StoryTicket, 'presences'> = {
    key: `ticket-${nextKey()}`,
    account: account.account.key,
    person: reporter.person.key,
    subject: rng.pick(TICKET_SUBJECTS[category]!),
    status: String(steps.at(-1)!.value),
    priority,
    category: TICKET_CATEGORIES.find((known) => known === category)!,
    created,
    closed,
    firstReply,
    escalated,
    reopened: steps.filter(({ value }) => value === 'closed').length > 1 ? 1 : closed === null ? 0 : reopened,
    history,
  };
  const presence = deskPresence(world, reporter, account, created);
  if (presence === null) {
    return null;
  }
  const moved = Math.max(...history.flatMap(({ values }) => values.map(({ at }) => at)));
  touch([presence], moved);
  touch(reporter.presences, created);
  return { ticket, presences: [presence] };
}

/** Somebody whom the help desk's CRM knows; a contact, not a lead. */
function pickReporter(rng: Rng, asking: readonly PersonDraft[], account: AccountDraft): PersonDraft | null {
  const known = asking.filter(({ presences }) => deskOf(presences, account) !== null);
  return known.length === 0 ? null : rng.pick(known);
}

function deskOf(presences: readonly PresenceDraft[], account: AccountDraft): 'hubspot' | 'salesforce' | null {
  const inHubspot = livePresence(presences, 'hubspot') !== null;
  const inSalesforce = livePresence(presences, 'salesforce', 'Contact') !== null;
  if (account.support === 'salesforce') {
    return inSalesforce ? 'salesforce' : inHubspot ? 'hubspot' : null;
  }
  return inHubspot ? 'hubspot' : inSalesforce ? 'salesforce' : null;
}

function deskPresence(
  world: World,
  reporter: PersonDraft,
  account: AccountDraft,
  created: number,
): PresenceDraft | null {
  const desk = deskOf(reporter.presences, account);
  if (desk === null) {
    return null;
  }
  return desk === 'hubspot'
    ? draftPresence('hubspot', 'tickets', world.ids.hubspot('tickets'), created)
    : draftPresence('salesforce', 'Case', world.ids.salesforce('Case'), created);
}

/** new, then in progress with the first reply, perhaps waiting for the customer, closed; reopened ones close twice. */
function statusSteps(
  rng: Rng,
  created: number,
  firstReply: number | null,
  closed: number | null,
  reopened: number,
  now: number,
): { value: string; at: number }[] {
  const steps = [{ value: 'new', at: created }];
  if (firstReply === null) {
    return steps;
  }
  steps.push({ value: 'in_progress', at: firstReply });
  const end = closed ?? now - HOUR;
  const room = end - firstReply;
  if (closed !== null && reopened > 0 && room > DAY) {
    steps.push({ value: 'closed', at: Math.floor(firstReply + room * 0.4) });
    steps.push({ value: 'in_progress', at: Math.floor(firstReply + room * 0.6) });
  } else if (room > DAY && rng.chance(0.35)) {
    steps.push({ value: 'waiting', at: Math.floor(firstReply + room * rng.between(0.2, 0.8)) });
  }
  if (closed !== null) {
    steps.push({ value: 'closed', at: closed });
  }
  return steps;
}
