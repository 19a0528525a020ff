import type { Presence, StoryActivity, StorySurvey } from '../../../src/story/index.ts';
import type { Loader, StoryValue } from './loader.ts';
import { CALL_DISPOSITIONS } from './property-catalog.ts';
import { isoText } from './values.ts';

/** Engagements: one record per HubSpot presence, tied to the people, the account and the deal it is about. */
export function loadActivities(loader: Loader, activities: readonly StoryActivity[]): void {
  for (const activity of activities) {
    for (const presence of activity.presences) {
      if (presence.crm !== 'hubspot') continue;
      const record = loader.insert(presence, {
        hs_timestamp: isoText(activity.at),
        hubspot_owner_id: loader.owner(activity.owner),
        ...properties(activity, presence),
      });
      for (const person of activity.people) loader.link(record, 'contacts', loader.person(person));
      loader.link(record, 'companies', loader.account(activity.account));
      loader.link(record, 'deals', loader.deal(activity.deal));
    }
  }
}

const CALL_STATUSES: Readonly<Record<string, string>> = {
  connected: 'COMPLETED',
  left_voicemail: 'COMPLETED',
  no_answer: 'NO_ANSWER',
  busy: 'BUSY',
};
const MEETING_OUTCOMES: Readonly<Record<string, string>> = {
  held: 'COMPLETED',
  no_show: 'NO_SHOW',
  canceled: 'CANCELED',
};

function properties(activity: StoryActivity, presence: Presence): Readonly<Record<string, StoryValue>> {
  const { channel, direction, subject, outcome, durationMs, at } = activity;
  switch (channel) {
    case 'email':
      return {
        hs_email_subject: subject,
        hs_email_direction: direction === 'incoming' ? 'INCOMING_EMAIL' : 'EMAIL',
        hs_email_status: outcome === 'bounced' ? 'BOUNCED' : 'SENT',
      };
    case 'call':
      return {
        hs_call_title: subject,
        hs_call_direction: direction === null ? null : direction === 'incoming' ? 'INBOUND' : 'OUTBOUND',
        hs_call_status: CALL_STATUSES[outcome ?? ''] ?? 'COMPLETED',
        hs_call_duration: durationMs,
        hs_call_disposition: CALL_DISPOSITIONS[outcome as keyof typeof CALL_DISPOSITIONS],
      };
    case 'meeting':
      return {
        hs_meeting_title: subject,
        hs_meeting_start_time: isoText(at),
        hs_meeting_end_time: isoText(at + (durationMs ?? 0)),
        hs_meeting_outcome: MEETING_OUTCOMES[outcome ?? ''] ?? 'SCHEDULED',
        salesforce_event_id: presence.crossId,
      };
    case 'note':
      return { hs_note_body: subject };
    case 'task':
      return {
        hs_task_subject: subject,
        hs_task_status: outcome === 'completed' ? 'COMPLETED' : 'NOT_STARTED',
        hs_task_type: 'TODO',
      };
    case 'communication':
      return {
        hs_communication_channel_type: (outcome ?? 'sms').toUpperCase(),
        hs_communication_body: subject,
      };
    default:
      throw new Error(`The story has the channel "${channel}", which HubSpot has no object for.`);
  }
}

export function loadSurveys(loader: Loader, surveys: readonly StorySurvey[]): void {
  for (const survey of surveys) {
    for (const presence of survey.presences) {
      if (presence.crm !== 'hubspot') continue;
      const record = loader.insert(presence, {
        hs_survey_type: survey.type,
        hs_value: survey.value,
        hs_response_group: responseGroup(survey.type, survey.value),
        hs_submission_timestamp: isoText(survey.at),
        hs_content: survey.comment,
        hs_survey_channel: 'EMAIL',
      });
      loader.link(record, 'contacts', loader.person(survey.person));
    }
  }
}

/** The vendor's bands: NPS 0-6, 7-8, 9-10; CSAT 0, 1, 2; CES 1-3, 4-5, 6-7. */
function responseGroup(type: string, value: number): string {
  if (type === 'NPS') return value >= 9 ? 'PROMOTER' : value >= 7 ? 'PASSIVE' : 'DETRACTOR';
  if (type === 'CSAT') return value >= 2 ? 'HAPPY' : value >= 1 ? 'NEUTRAL' : 'UNHAPPY';
  return value >= 6 ? 'EASY' : value >= 4 ? 'NEUTRAL' : 'DIFFICULT';
}
