import type { PersonDraft } from './people.ts';
import { draftPresence, livePresence, type PresenceDraft, touch, type World } from './presences.ts';
import type { Rng } from './prng.ts';
import { DAY, dayText, HOUR, MONTH, SPAN } from './time.ts';
import type { StoryCampaign, StoryCampaignMember } from './types.ts';

export interface CampaignDraft {
  readonly campaign: StoryCampaign;
  readonly start: number;
  /** Only for accounts that speak well of the company. */
  readonly forAdvocates: boolean;
}

export interface MemberDraft {
  readonly member: Omit<StoryCampaignMember, 'presences'>;
  readonly presences: PresenceDraft[];
}

const THEMES: readonly (readonly [string, string, boolean])[] = [
  ['Webinar: Planning without spreadsheets', 'Webinar', false],
  ['Guide: The honest shift plan', 'Content', false],
  ['Newsletter', 'Email', false],
  ['Trade show “Plan & Work”', 'Conference', false],
  ['Webinar: Personalplanung im Mittelstand', 'Webinar', false],
  ['Customer reference programme', 'Content', true],
];

/** One campaign a month. */
export function createCampaigns(world: World): CampaignDraft[] {
  const rng = world.rng.fork('campaigns');
  return Array.from({ length: 18 }, (_, index) => {
    const [name, type, forAdvocates] = THEMES[index % THEMES.length]!;
    const start = Math.floor(world.now - SPAN + index * MONTH + rng.between(1, 24) * DAY);
    return {
      campaign: {
        key: `campaign-${index + 1}`,
        name: `${name} ${dayText(start).slice(0, 7)}`,
        type,
        start: dayText(start),
        salesforceId: world.ids.salesforce('Campaign'),
      },
      start,
      forAdvocates,
    };
  });
}

/** Members are kept in Salesforce, of contacts and leads it has. */
export function createMembers(
  world: World,
  rng: Rng,
  draft: PersonDraft,
  campaigns: readonly CampaignDraft[],
  nextKey: () => number,
): MemberDraft[] {
  const record = livePresence(draft.presences, 'salesforce');
  if (record === null) {
    return [];
  }
  const advocate = draft.person.arc === 'advocate';
  const quiet = draft.account?.plot.quietFrom ?? world.now;
  const drafts: MemberDraft[] = [];
  for (const { campaign, start, forAdvocates } of campaigns) {
    const invited = Math.max(Math.floor(start - rng.between(2, 12) * DAY), record.created + HOUR);
    const fits = record.created < start && invited < Math.min(quiet, world.now - 2 * DAY);
    if (!fits || !rng.chance(forAdvocates ? (advocate ? 0.5 : 0) : 0.075)) {
      continue;
    }
    const status = rng.weighted(
      campaign.type === 'Webinar' || campaign.type === 'Conference'
        ? [
            ['Sent', 5],
            ['Registered', 3],
            ['Attended', advocate ? 6 : 3],
          ]
        : [
            ['Sent', advocate ? 1 : 6],
            ['Responded', 4],
          ],
    );
    const responded = status !== 'Sent';
    const answer = Math.min(
      Math.floor(invited + rng.between(0.1, 10) * DAY),
      world.now - Math.floor(rng.between(HOUR, DAY)),
    );
    const presence = draftPresence(
      'salesforce',
      'CampaignMember',
      world.ids.salesforce('CampaignMember'),
      invited,
    );
    touch([presence], responded ? answer : invited);
    drafts.push({
      member: {
        key: `member-${nextKey()}`,
        campaign: campaign.key,
        person: draft.person.key,
        status,
        responded,
        respondedDay: responded ? dayText(answer) : null,
        at: responded ? answer : invited,
      },
      presences: [presence],
    });
  }
  return drafts;
}
