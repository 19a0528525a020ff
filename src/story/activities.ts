import type { AccountDraft } from './accounts.ts';
import { type ActivityDraft, addActivityPresences } from './activity-presences.ts';
import type { DealDraft } from './deals.ts';
import type { PersonDraft } from './people.ts';
import type { World } from './presences.ts';
import type { Rng } from './prng.ts';
import { subjectLine, type Tone } from './texts.ts';
import { appointment, businessInstant, DAY, HOUR, MINUTE, MONTH } from './time.ts';
import type { Channel } from './vocabulary.ts';

const MIX: Readonly<Record<Tone, readonly (readonly [Channel, number])[]>> = {
  nurture: [
    ['email', 60],
    ['call', 17],
    ['task', 8],
    ['communication', 9],
    ['note', 6],
  ],
  sales: [
    ['email', 45],
    ['call', 18],
    ['meeting', 18],
    ['note', 8],
    ['task', 8],
    ['communication', 3],
  ],
  onboarding: [
    ['email', 38],
    ['meeting', 28],
    ['call', 12],
    ['task', 13],
    ['note', 9],
  ],
  success: [
    ['email', 44],
    ['meeting', 20],
    ['call', 16],
    ['note', 10],
    ['communication', 10],
  ],
  trouble: [
    ['email', 45],
    ['call', 28],
    ['meeting', 10],
    ['note', 17],
  ],
  winback: [
    ['email', 60],
    ['call', 30],
    ['communication', 10],
  ],
  reference: [
    ['call', 50],
    ['note', 50],
  ],
};

/** What the two sides did with each other, by the account's plot. Rates are scaled by `rate`. */
export function createActivities(
  world: World,
  rng: Rng,
  account: AccountDraft,
  staff: readonly PersonDraft[],
  deals: readonly DealDraft[],
  rate: number,
): ActivityDraft[] {
  const drafts: ActivityDraft[] = [];
  const { plot, seat } = account;
  const last = world.now - 2 * HOUR;
  const add = (
    tone: Tone,
    channel: Channel,
    outcome: string | null,
    low: number,
    high: number,
    pinned: boolean,
  ): void => {
    const from = Math.max(low, plot.firstTouch + 5 * MINUTE);
    const to = Math.max(from, Math.min(high, last));
    const direction = directionOf(rng, channel, tone);
    const at =
      channel === 'meeting'
        ? appointment(rng, from, to, seat.offset)
        : direction === 'incoming'
          ? Math.floor(rng.between(from, to))
          : businessInstant(rng, from, to, seat.offset);
    const there = staff.filter(({ person }) => person.created <= at);
    if (there.length === 0) {
      return;
    }
    const people = partners(rng, there, channel);
    const deal = dealAt(deals, at);
    const draft: ActivityDraft = {
      activity: {
        key: '',
        channel,
        direction,
        at,
        subject: subjectLine(
          rng,
          people[0]!.person.language,
          tone,
          channel,
          channel === 'email' && direction === 'incoming',
        ),
        outcome: outcome ?? outcomeOf(rng, channel, direction),
        people: people.map(({ person }) => person.key),
        account: account.account.key,
        deal: tone === 'sales' || rng.chance(0.3) ? deal : null,
        owner: rng.chance(0.9) ? seat.owner.key : rng.pick(world.seats).owner.key,
        durationMs: durationOf(rng, channel),
      },
      pinned,
      presences: [],
    };
    addActivityPresences(world, rng, draft, people, account);
    if (draft.presences.length > 0) {
      drafts.push(draft);
    }
  };
  const size = Math.min(2.2, 0.7 + staff.length * 0.1) * rate;
  for (const { from, to, perMonth, tone } of plot.engagement) {
    const end = Math.min(to, last);
    const expected = (Math.max(0, end - from) / MONTH) * perMonth * size;
    const count = Math.floor(expected) + Number(rng.chance(expected % 1));
    for (let index = 0; index < count; index += 1) {
      add(tone, rng.weighted(MIX[tone]), null, from, end, false);
    }
  }
  for (const { from, to, channel, outcome, tone } of plot.pins) {
    add(tone, channel, outcome, from, to, true);
  }
  return drafts;
}

/** The few touches of people without an account. */
export function createStrayActivities(
  world: World,
  rng: Rng,
  draft: PersonDraft,
  rate: number,
): ActivityDraft[] {
  if (draft.person.arc !== 'lead' || draft.person.created > world.now - 5 * DAY) {
    return [];
  }
  const drafts: ActivityDraft[] = [];
  const seat = world.seats.find(({ owner }) => owner.key === draft.person.owner) ?? rng.pick(world.seats);
  const count = Math.round(rng.int(0, 3) * rate);
  for (let index = 0; index < count; index += 1) {
    const channel = rng.weighted<Channel>([
      ['email', 6],
      ['call', 3],
      ['communication', 1],
    ]);
    const to = Math.min(draft.person.created + 90 * DAY, world.now - 2 * HOUR);
    const at = businessInstant(rng, draft.person.created + MINUTE, to, seat.offset);
    const stray: ActivityDraft = {
      activity: {
        key: '',
        channel,
        direction: 'outgoing',
        at,
        subject: subjectLine(rng, draft.person.language, 'nurture', channel, false),
        outcome: outcomeOf(rng, channel, 'outgoing'),
        people: [draft.person.key],
        account: null,
        deal: null,
        owner: seat.owner.key,
        durationMs: durationOf(rng, channel),
      },
      pinned: false,
      presences: [],
    };
    addActivityPresences(world, rng, stray, [draft], null);
    if (stray.presences.length > 0) {
      drafts.push(stray);
    }
  }
  return drafts;
}

function directionOf(rng: Rng, channel: Channel, tone: Tone): string | null {
  if (channel === 'email' || channel === 'call') {
    const incoming = tone === 'trouble' ? 0.7 : tone === 'nurture' || tone === 'winback' ? 0.12 : 0.4;
    return rng.chance(incoming) ? 'incoming' : 'outgoing';
  }
  return channel === 'communication' ? (rng.chance(0.5) ? 'incoming' : 'outgoing') : null;
}

function outcomeOf(rng: Rng, channel: Channel, direction: string | null): string | null {
  switch (channel) {
    case 'email':
      return direction === 'outgoing' && rng.chance(0.03) ? 'bounced' : 'sent';
    case 'call':
      return rng.weighted([
        ['connected', 6],
        ['no_answer', 3],
        ['left_voicemail', 2],
        ['busy', 1],
      ]);
    case 'meeting':
      return rng.weighted([
        ['held', 88],
        ['no_show', 5],
        ['canceled', 7],
      ]);
    case 'task':
      return rng.chance(0.8) ? 'completed' : 'open';
    case 'communication':
      return rng.weighted([
        ['whats_app', 3],
        ['linkedin_message', 4],
        ['sms', 1],
      ]);
    case 'note':
      return null;
  }
}

function durationOf(rng: Rng, channel: Channel): number | null {
  if (channel === 'call') {
    return rng.int(20, 2_400) * 1_000;
  }
  return channel === 'meeting' ? rng.pick([30, 30, 45, 60, 90]) * MINUTE : null;
}

/** Mostly the champion; meetings seat several. */
function partners(rng: Rng, there: readonly PersonDraft[], channel: Channel): PersonDraft[] {
  const first = rng.chance(0.45) ? there[0]! : rng.pick(there);
  if (channel !== 'meeting' || there.length === 1) {
    return [first];
  }
  const others = there.filter((person) => person !== first && rng.chance(0.35)).slice(0, 3);
  return [first, ...others];
}

/** The deal that was open at that time, if one was. */
function dealAt(deals: readonly DealDraft[], at: number): string | null {
  for (const { deal } of deals) {
    if (deal.created <= at && at <= (deal.closedAt ?? Number.POSITIVE_INFINITY)) {
      return deal.key;
    }
  }
  return null;
}
