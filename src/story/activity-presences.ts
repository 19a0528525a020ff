import type { AccountDraft } from './accounts.ts';
import type { PersonDraft } from './people.ts';
import { type Crm, draftPresence, livePresence, type PresenceDraft, touch, type World } from './presences.ts';
import type { Rng } from './prng.ts';
import { DAY, HOUR, MINUTE } from './time.ts';
import type { StoryActivity } from './types.ts';

/** An activity while the story is told. */
export interface ActivityDraft {
  readonly activity: Omit<StoryActivity, 'presences'>;
  /** Pinned ones carry an arc and are never dropped. */
  readonly pinned: boolean;
  readonly presences: PresenceDraft[];
}

const HUBSPOT_TYPES: Readonly<Record<string, string>> = {
  email: 'emails',
  call: 'calls',
  meeting: 'meetings',
  note: 'notes',
  task: 'tasks',
  communication: 'communications',
};

/** Logs an activity where its people are known; none at all when no CRM can hold it. Meetings are often in both
 *  CRMs, other activities seldom (the BCC address of both, or two people logging one call). */
export function addActivityPresences(
  world: World,
  rng: Rng,
  draft: ActivityDraft,
  people: readonly PersonDraft[],
  account: AccountDraft | null,
): void {
  const { channel, at } = draft.activity;
  const inHubspot = people.some(({ presences }) => livePresence(presences, 'hubspot') !== null);
  // A Salesforce activity is a Task or an Event: notes and chats stay in HubSpot.
  const inSalesforce =
    channel !== 'note' &&
    channel !== 'communication' &&
    people.some(({ presences }) => livePresence(presences, 'salesforce') !== null);
  if (!inHubspot && !inSalesforce) {
    return;
  }
  const where = inHubspot && inSalesforce ? chooseCrm(rng, channel) : inHubspot ? 'hubspot' : 'salesforce';
  const known = Math.max(...people.map(({ person }) => person.created));
  const logged = loggedAt(world, rng, at, channel, known);
  if (where !== 'salesforce') {
    const type = HUBSPOT_TYPES[channel]!;
    draft.presences.push(draftPresence('hubspot', type, world.ids.hubspot(type), logged));
  }
  if (where !== 'hubspot') {
    const type = channel === 'meeting' ? 'Event' : 'Task';
    const later = where === 'both' ? Math.min(logged + rng.int(1, 90) * MINUTE, world.now - MINUTE) : logged;
    draft.presences.push(draftPresence('salesforce', type, world.ids.salesforce(type), later));
  }
  const [first, second] = draft.presences;
  if (first !== undefined && second !== undefined && rng.chance(channel === 'meeting' ? 0.88 : 0.6)) {
    // Only meetings have a field for it on HubSpot's side.
    const side =
      channel === 'meeting'
        ? rng.weighted([
            ['both', 5],
            ['hubspot', 3],
            ['salesforce', 2],
          ])
        : 'salesforce';
    if (side !== 'salesforce') {
      first.crossId = second.id;
    }
    if (side !== 'hubspot') {
      second.crossId = first.id;
    }
  }
  for (const presence of draft.presences) {
    if (rng.chance(0.25)) {
      // Somebody adds the outcome afterwards.
      presence.modified = Math.min(
        presence.created + Math.floor(rng.between(MINUTE, 2 * DAY)),
        world.now - MINUTE,
      );
    }
    for (const { presences } of people) {
      touch(
        presences.filter(({ crm }) => crm === presence.crm),
        presence.created,
      );
    }
    if (account !== null) {
      touch(
        account.presences.filter(({ crm }) => crm === presence.crm),
        presence.created,
      );
    }
  }
}

function chooseCrm(rng: Rng, channel: string): Crm | 'both' {
  return channel === 'meeting'
    ? rng.weighted<Crm | 'both'>([
        ['both', 45],
        ['hubspot', 32],
        ['salesforce', 23],
      ])
    : rng.weighted<Crm | 'both'>([
        ['both', 5],
        ['hubspot', 65],
        ['salesforce', 30],
      ]);
}

/** A note to oneself and a task still open are no contact with the customer. */
export function countsAsContact(activity: Omit<StoryActivity, 'presences'>): boolean {
  return activity.channel !== 'note' && activity.outcome !== 'open';
}

/** E-mails are logged at once, meetings are in the calendar days before (not before their people are `known`), calls
 *  are written down afterwards. */
function loggedAt(world: World, rng: Rng, at: number, channel: string, known: number): number {
  if (channel === 'meeting') {
    return Math.max(Math.floor(at - rng.between(HOUR, 6 * DAY)), known);
  }
  const delay = Math.floor(rng.between(500, channel === 'email' ? 5_000 : 3 * HOUR));
  return Math.min(at + delay, world.now - MINUTE);
}
