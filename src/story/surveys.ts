import type { AccountDraft } from './accounts.ts';
import type { PersonDraft } from './people.ts';
import type { SurveyPlot } from './plot.ts';
import { draftPresence, livePresence, type PresenceDraft, type World } from './presences.ts';
import type { Rng } from './prng.ts';
import { COMMENTS } from './texts.ts';
import type { TicketDraft } from './tickets.ts';
import { DAY, HOUR, MINUTE } from './time.ts';
import type { StorySurvey } from './types.ts';

export interface SurveyDraft {
  readonly survey: Omit<StorySurvey, 'presences'>;
  readonly presences: PresenceDraft[];
}

type Mood = SurveyPlot['mood'];

const SCORES: Readonly<Record<string, Readonly<Record<Mood, readonly (readonly [number, number])[]>>>> = {
  NPS: {
    good: [
      [9, 5],
      [10, 6],
    ],
    mixed: [
      [6, 1],
      [7, 4],
      [8, 5],
      [9, 2],
    ],
    bad: [
      [0, 1],
      [1, 1],
      [2, 2],
      [3, 3],
      [4, 2],
      [5, 2],
    ],
  },
  CSAT: {
    good: [
      [2, 9],
      [1, 1],
    ],
    mixed: [
      [2, 4],
      [1, 4],
      [0, 1],
    ],
    bad: [
      [0, 6],
      [1, 1],
    ],
  },
  CES: {
    good: [
      [6, 3],
      [7, 5],
    ],
    mixed: [
      [4, 3],
      [5, 4],
      [6, 3],
    ],
    bad: [
      [1, 2],
      [2, 3],
      [3, 3],
    ],
  },
};

/** Surveys of one account, in HubSpot only: the planned ones, and one after some of the closed tickets. */
export function createSurveys(
  world: World,
  rng: Rng,
  account: AccountDraft,
  staff: readonly PersonDraft[],
  tickets: readonly TicketDraft[],
  nextKey: () => number,
): SurveyDraft[] {
  const drafts: SurveyDraft[] = [];
  const add = (type: string, mood: Mood, from: number, to: number, only: PersonDraft | null): void => {
    const last = Math.min(to, world.now - HOUR);
    const at = Math.floor(rng.between(Math.min(from, last), last));
    const known = (only === null ? staff : [only]).filter(
      ({ person, presences }) => person.created <= at && livePresence(presences, 'hubspot') !== null,
    );
    if (known.length === 0) {
      return;
    }
    const value = rng.weighted(SCORES[type]![mood]);
    const presence = draftPresence(
      'hubspot',
      'feedback_submissions',
      world.ids.hubspot('feedback_submissions'),
      at,
    );
    presence.modified = at + Math.floor(rng.between(0, 3 * MINUTE));
    drafts.push({
      survey: {
        key: `survey-${nextKey()}`,
        person: rng.pick(known).person.key,
        account: account.account.key,
        type,
        value,
        comment: rng.chance(0.45) ? rng.pick(COMMENTS[mood]) : null,
        at,
      },
      presences: [presence],
    });
  };
  for (const { type, mood, from, to } of account.plot.surveys) {
    add(type, mood, from, to, null);
    if (type === 'NPS' && staff.length > 3 && rng.chance(0.6)) {
      add(type, mood, from, to, null);
    }
  }
  for (const { ticket } of tickets) {
    if (ticket.closed !== null && rng.chance(0.4)) {
      const slow = ticket.reopened > 0 || ticket.closed - ticket.created > 8 * DAY;
      const reporter = staff.find(({ person }) => person.key === ticket.person) ?? null;
      const mood: Mood = slow ? 'bad' : account.plot.arc === 'advocate' ? 'good' : 'mixed';
      add(rng.chance(0.5) ? 'CSAT' : 'CES', mood, ticket.closed + HOUR, ticket.closed + 3 * DAY, reporter);
    }
  }
  return drafts;
}
