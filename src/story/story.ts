import { createAccounts } from './accounts.ts';
import { createActivities, createStrayActivities } from './activities.ts';
import { type ActivityDraft, countsAsContact } from './activity-presences.ts';
import { createCampaigns, createMembers, type MemberDraft } from './campaigns.ts';
import { createDeals, type DealDraft } from './deals.ts';
import { createIdSource } from './ids.ts';
import { createOwners } from './owners.ts';
import { createPeople, type PersonDraft } from './people.ts';
import { addPersonPresences } from './person-presences.ts';
import { settle, touch, type World } from './presences.ts';
import { createRng, type Rng } from './prng.ts';
import { countsFor } from './seating.ts';
import { createSurveys, type SurveyDraft } from './surveys.ts';
import { createTickets, type TicketDraft } from './tickets.ts';
import type { Story, StoryOptions } from './types.ts';

/** At most so many records of activities and campaign members per HubSpot contact, both CRMs together. */
const RECORDS_PER_CONTACT = 6;
/** Scales how much people do, so that chance stays below the limit above. */
const RATE = 0.8;

/** Tells the story of the 18 months that end at `now`: `contacts` live HubSpot contacts, and everything else in
 *  proportion. Pure: the same options give the same story, to the last id.
 *  @throws RangeError when `contacts` is no whole number from 1 on, or `seed` or `now` is not finite. */
export function createStory(options: StoryOptions): Story {
  checkOptions(options);
  const ids = createIdSource();
  const now = Math.floor(options.now);
  const world: World = { now, rng: createRng(options.seed), ids, seats: createOwners(ids) };
  const counts = countsFor(options.contacts);
  const accounts = createAccounts(world, counts.accounts);
  const people = createPeople(world, accounts, counts);
  const staff = Map.groupBy(people, ({ account }) => account);
  const campaigns = createCampaigns(world);

  const deals: DealDraft[] = [];
  const tickets: TicketDraft[] = [];
  const surveys: SurveyDraft[] = [];
  const activities: ActivityDraft[] = [];
  const members: MemberDraft[] = [];
  const [dealKey, ticketKey, surveyKey, memberKey] = [counter(), counter(), counter(), counter()];

  accounts.forEach((account, index) => {
    const rng = world.rng.fork(`told-${index}`);
    const own = staff.get(account) ?? [];
    const ownDeals = createDeals(world, rng.fork('deals'), account, own, dealKey);
    own.forEach((person, place) => {
      addPersonPresences(world, rng.fork(`person-${place}`), person, ownDeals);
    });
    const ownTickets = createTickets(world, rng.fork('tickets'), account, own, ticketKey);
    deals.push(...ownDeals);
    tickets.push(...ownTickets);
    surveys.push(...createSurveys(world, rng.fork('surveys'), account, own, ownTickets, surveyKey));
    activities.push(...createActivities(world, rng.fork('activities'), account, own, ownDeals, RATE));
  });
  for (const [index, person] of (staff.get(null) ?? []).entries()) {
    const rng = world.rng.fork(`stray-${index}`);
    addPersonPresences(world, rng.fork('presences'), person, []);
    activities.push(...createStrayActivities(world, rng.fork('activities'), person, RATE));
  }
  const membership = world.rng.fork('members');
  for (const person of people) {
    touch(person.presences, lastChange(person));
    members.push(...createMembers(world, membership, person, campaigns, memberKey));
  }
  const limit = RECORDS_PER_CONTACT * options.contacts - members.length;
  const kept = withinLimit(world.rng.fork('limit'), activities, limit);
  kept.sort((one, other) => one.activity.at - other.activity.at);
  const last = lastActivities(kept);

  const settling = world.rng.fork('settle');
  for (const { presences } of [...accounts, ...people, ...deals, ...tickets]) {
    settle(settling, presences, now);
  }
  return {
    options,
    owners: world.seats.map(({ owner }) => owner),
    accounts: accounts.map(({ account, presences }) => ({ ...account, presences })),
    people: people.map(({ person, presences }) => ({
      ...person,
      lastActivity: last.get(person.key) ?? null,
      presences,
    })),
    deals: deals.map(({ deal, presences }) => ({ ...deal, presences })),
    tickets: tickets.map(({ ticket, presences }) => ({ ...ticket, presences })),
    activities: kept.map(({ activity, presences }, index) => ({
      ...activity,
      key: `activity-${index + 1}`,
      presences,
    })),
    surveys: surveys.map(({ survey, presences }) => ({ ...survey, presences })),
    campaigns: campaigns.map(({ campaign }) => campaign),
    campaignMembers: members.map(({ member, presences }) => ({ ...member, presences })),
  };
}

function checkOptions({ seed, contacts, now }: StoryOptions): void {
  if (!Number.isInteger(contacts) || contacts < 1) {
    throw new RangeError(`contacts is ${contacts}; expected a whole number from 1 on`);
  }
  if (!Number.isFinite(seed) || !Number.isFinite(now)) {
    throw new RangeError(`seed is ${seed} and now is ${now}; expected finite numbers`);
  }
}

function counter(): () => number {
  let count = 0;
  return () => {
    count += 1;
    return count;
  };
}

function lastChange({ person }: PersonDraft): number {
  let last = person.created;
  for (const { values } of person.history) {
    last = Math.max(last, values.at(-1)!.at);
  }
  return last;
}

/** Drops unpinned activities by lot until the records fit. */
function withinLimit(rng: Rng, activities: readonly ActivityDraft[], limit: number): ActivityDraft[] {
  let records = 0;
  for (const { presences } of activities) {
    records += presences.length;
  }
  if (records <= limit) {
    return [...activities];
  }
  const lots = activities.map((draft) => ({ draft, lot: draft.pinned ? 0 : 1 + rng.next() }));
  const dropped = new Set<ActivityDraft>();
  for (const { draft } of lots.sort((one, other) => other.lot - one.lot)) {
    if (records <= limit) {
      break;
    }
    records -= draft.presences.length;
    dropped.add(draft);
  }
  return activities.filter((draft) => !dropped.has(draft));
}

function lastActivities(activities: readonly ActivityDraft[]): Map<string, number> {
  const last = new Map<string, number>();
  for (const { activity } of activities) {
    if (countsAsContact(activity)) {
      for (const person of activity.people) {
        last.set(person, activity.at);
      }
    }
  }
  return last;
}
