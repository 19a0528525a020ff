import type { Presence, StoryActivity } from '../../../src/story/index.ts';
import { rollUpActivity } from './derive.ts';
import type { LoadContext } from './load-context.ts';
import type { Row, SfValue } from './schema.ts';
import { dayOf } from './values.ts';

const DAY = 86_400_000;
const SUBTYPES: Readonly<Record<string, string>> = { email: 'Email', call: 'Call', task: 'Task' };
const DISPOSITIONS: Readonly<Record<string, string>> = {
  connected: 'Connected',
  no_answer: 'No answer',
  left_voicemail: 'Left voicemail',
  busy: 'Busy',
};
const OUTCOMES: Readonly<Record<string, string>> = {
  held: 'Held',
  no_show: 'No Show',
  canceled: 'Canceled',
};

/** Tasks, meetings, campaigns and their members. */
export function loadActivities(context: LoadContext): void {
  const { story } = context;
  const people = new Map(story.people.map((person) => [person.key, context.live(person.presences)]));
  const accounts = new Map(story.accounts.map((one) => [one.key, context.live(one.presences, 'Account')]));
  const deals = new Map(story.deals.map((one) => [one.key, context.live(one.presences, 'Opportunity')]));
  for (const activity of story.activities) {
    for (const presence of activity.presences) {
      if (presence.crm !== 'salesforce') continue;
      const who = activity.people.map((key) => people.get(key) ?? null).find((one) => one !== null) ?? null;
      const account = activity.account === null ? null : (accounts.get(activity.account) ?? null);
      const deal = activity.deal === null ? null : (deals.get(activity.deal) ?? null);
      // An activity with a lead can be about nothing else.
      const isLead = who?.type === 'Lead';
      const row = loadActivity(context, activity, presence, {
        WhoId: who?.id ?? null,
        WhatId: isLead ? null : (deal?.id ?? account?.id ?? null),
        AccountId: isLead ? null : (account?.id ?? null),
      });
      rollUpActivity(context.org, presence.type === 'Event' ? 'Event' : 'Task', row, story.options.now);
    }
  }
  loadCampaigns(context, people);
}

function loadActivity(
  context: LoadContext,
  activity: StoryActivity,
  presence: Presence,
  links: Readonly<Record<string, SfValue>>,
): Row {
  const common = {
    ...links,
    Subject: activity.subject,
    ActivityDate: dayOf(activity.at),
    OwnerId: context.ownerId(activity.owner),
    HubSpot_Engagement_Id__c: presence.crossId,
  };
  if (presence.type === 'Event') {
    const minutes = Math.round((activity.durationMs ?? 1_800_000) / 60_000);
    const past = activity.at <= context.story.options.now;
    return context.add('Event', presence, {
      ...common,
      StartDateTime: activity.at,
      ActivityDateTime: activity.at,
      EndDateTime: activity.at + minutes * 60_000,
      DurationInMinutes: minutes,
      Outcome__c: (past ? OUTCOMES[activity.outcome ?? ''] : undefined) ?? (past ? null : 'Planned'),
    });
  }
  const open = activity.outcome === 'open';
  const isCall = activity.channel === 'call';
  return context.add('Task', presence, {
    ...common,
    Status: open ? 'Not Started' : 'Completed',
    TaskSubtype: SUBTYPES[activity.channel] ?? 'Task',
    IsClosed: !open,
    CompletedDateTime: open ? null : Math.max(activity.at, presence.created),
    CallType: isCall ? (activity.direction === 'incoming' ? 'Inbound' : 'Outbound') : null,
    CallDurationInSeconds:
      isCall && activity.durationMs !== null ? Math.round(activity.durationMs / 1000) : null,
    CallDisposition: isCall ? (DISPOSITIONS[activity.outcome ?? ''] ?? null) : null,
  });
}

function loadCampaigns(context: LoadContext, people: ReadonlyMap<string, Presence | null>): void {
  const { story } = context;
  const ids = new Map<string, string>();
  for (const campaign of story.campaigns) {
    ids.set(campaign.key, campaign.salesforceId);
    const start = Date.parse(`${campaign.start}T00:00:00Z`);
    const created = Math.min(start - 30 * DAY, story.options.now - DAY);
    context.add(
      'Campaign',
      { id: campaign.salesforceId, created, modified: created, archived: false },
      {
        Name: campaign.name,
        Type: campaign.type,
        Status: start <= story.options.now ? 'Completed' : 'Planned',
        StartDate: campaign.start,
        IsActive: true,
        OwnerId: context.ownerId(null),
      },
    );
  }
  for (const member of story.campaignMembers) {
    const person = people.get(member.person) ?? null;
    for (const presence of member.presences) {
      if (presence.crm !== 'salesforce' || person === null) continue;
      const isLead = person.type === 'Lead';
      context.add('CampaignMember', presence, {
        CampaignId: ids.get(member.campaign) ?? null,
        LeadId: isLead ? person.id : null,
        ContactId: isLead ? null : person.id,
        LeadOrContactId: person.id,
        Status: member.status,
        HasResponded: member.responded,
        FirstRespondedDate: member.respondedDay,
      });
    }
  }
}
