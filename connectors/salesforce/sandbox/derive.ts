import { LEAD_STATUSES, OPPORTUNITY_STAGES } from './objects-crm.ts';
import type { Org } from './org.ts';
import type { Row, SfValue } from './schema.ts';
import { dayOf } from './values.ts';

const MINUTE = 60_000;
const RESPONDED = new Set(['Registered', 'Attended', 'Responded', 'Clicked']);

/** Values the org computes: what belongs to `row` after `given` fields were set. Pure apart from look-ups. */
export function derive(
  org: Org,
  object: string,
  row: Row,
  given: ReadonlySet<string>,
  at: number,
): Record<string, SfValue> {
  switch (object) {
    case 'Contact':
    case 'Lead':
      return {
        Name: [row['FirstName'], row['LastName']]
          .filter((part) => part !== null && part !== undefined)
          .join(' '),
      };
    case 'Opportunity':
      return deriveOpportunity(row, given);
    case 'Case': {
      const closed = row['Status'] === 'Closed';
      const since = closed ? (row['ClosedDate'] ?? at) : null;
      return { IsClosed: closed, ClosedDate: given.has('ClosedDate') ? (row['ClosedDate'] ?? null) : since };
    }
    case 'Task': {
      const closed = row['Status'] === 'Completed';
      return {
        IsClosed: closed,
        CompletedDateTime: closed ? (row['CompletedDateTime'] ?? at) : null,
        AccountId: accountOf(org, row),
      };
    }
    case 'Event':
      return deriveEvent(org, row, given);
    case 'CampaignMember': {
      const responded = RESPONDED.has(String(row['Status']));
      return {
        HasResponded: responded,
        FirstRespondedDate: responded ? (row['FirstRespondedDate'] ?? dayOf(at)) : null,
        LeadOrContactId: row['ContactId'] ?? row['LeadId'] ?? null,
      };
    }
    default:
      return {};
  }
}

function deriveOpportunity(row: Row, given: ReadonlySet<string>): Record<string, SfValue> {
  const stage = OPPORTUNITY_STAGES.find((one) => one.name === row['StageName']);
  const moved = given.has('StageName');
  const forecast =
    moved && !given.has('ForecastCategoryName')
      ? (stage?.forecast ?? 'Pipeline')
      : row['ForecastCategoryName'];
  return {
    IsClosed: stage?.closed ?? false,
    IsWon: stage?.won ?? false,
    Probability:
      moved && !given.has('Probability') ? (stage?.probability ?? 0) : (row['Probability'] ?? null),
    ForecastCategoryName: forecast ?? null,
    ForecastCategory: typeof forecast === 'string' ? forecast.replace(' ', '') : null,
  };
}

function deriveEvent(org: Org, row: Row, given: ReadonlySet<string>): Record<string, SfValue> {
  const start = given.has('StartDateTime')
    ? row['StartDateTime']
    : given.has('ActivityDateTime')
      ? row['ActivityDateTime']
      : row['StartDateTime'];
  if (typeof start !== 'number') return { AccountId: accountOf(org, row) };
  const minutes =
    given.has('EndDateTime') && typeof row['EndDateTime'] === 'number'
      ? Math.round((row['EndDateTime'] - start) / MINUTE)
      : Number(row['DurationInMinutes'] ?? 60);
  return {
    StartDateTime: start,
    ActivityDateTime: start,
    ActivityDate: dayOf(start),
    DurationInMinutes: minutes,
    EndDateTime: start + minutes * MINUTE,
    AccountId: accountOf(org, row),
  };
}

/** The account of an activity: of what it is about, else of whom it is with. */
function accountOf(org: Org, row: Row): SfValue {
  const what = row['WhatId'];
  const whatObject = typeof what === 'string' ? org.objectOfId(what) : null;
  if (whatObject?.name === 'Account') return what ?? null;
  if (whatObject?.fields.has('accountid') === true) {
    return org.row(whatObject.name, what)?.['AccountId'] ?? null;
  }
  const contact = typeof row['WhoId'] === 'string' && row['WhoId'].startsWith('003') ? row['WhoId'] : null;
  return contact === null ? null : (org.row('Contact', contact)?.['AccountId'] ?? null);
}

/** The status a converted lead gets. */
export const CONVERTED_STATUS = LEAD_STATUSES[2];

/** A completed task or a meeting of the past moves `LastActivityDate` of everything it hangs on. The records'
 *  stamps stay: related changes are not changes of the record. */
export function rollUpActivity(org: Org, object: 'Task' | 'Event', row: Row, now: number): void {
  const day = row['ActivityDate'];
  if (typeof day !== 'string' || row['IsDeleted'] === true) return;
  const counts = object === 'Task' ? row['IsClosed'] === true : day <= dayOf(now);
  if (!counts) return;
  for (const id of [row['WhoId'], row['WhatId'], row['AccountId']]) {
    if (typeof id !== 'string') continue;
    const target = org.objectOfId(id);
    if (target === null || !target.fields.has('lastactivitydate')) continue;
    const record = org.row(target.name, id);
    if (record === null) continue;
    const last = record['LastActivityDate'];
    if (typeof last === 'string' && last >= day) continue;
    record['LastActivityDate'] = day;
    org.touch(target.name);
  }
}
