import { salesforceId } from '../../src/story/ids.ts';
import { createStory, type Story, type StoryAccount, type StoryPerson } from '../../src/story/index.ts';

export const NOW = Date.UTC(2026, 10, 20, 15);

/** As many people as wanted in one CRM, each changed when `modified` says; `joined`: all of one company. */
export function crowd(
  crm: 'hubspot' | 'salesforce',
  size: number,
  modified: (n: number) => number,
  joined = false,
): Story {
  const story = createStory({ seed: 2, contacts: 12, now: NOW });
  const account = story.accounts.find(({ presences }) => presences.some((one) => one.crm === crm));
  const person = story.people.find(({ presences }) => presences.some((one) => one.crm === crm));
  if (account === undefined || person === undefined) throw new Error(`the story has nobody in ${crm}`);
  return {
    ...story,
    accounts: [alone(account, crm)],
    people: Array.from({ length: size }, (_, n) =>
      copy(person, joined ? account.key : null, crm, n, modified(n)),
    ),
    deals: [],
    tickets: [],
    activities: [],
    surveys: [],
    campaigns: [],
    campaignMembers: [],
  };
}

function alone(account: StoryAccount, crm: string): StoryAccount {
  const presence = account.presences.find((one) => one.crm === crm)!;
  return {
    ...account,
    parent: null,
    presences: [{ ...presence, crossId: null, archived: false, mergedIds: [] }],
  };
}

function copy(
  person: StoryPerson,
  account: string | null,
  crm: 'hubspot' | 'salesforce',
  n: number,
  modified: number,
): StoryPerson {
  return {
    ...person,
    key: `crowd-${n}`,
    account,
    lastName: `Person ${n}`,
    email: `person.${n}@crowd.example`,
    otherEmails: [],
    created: NOW - 86_400_000,
    lastActivity: null,
    history: [],
    presences: [
      {
        crm,
        type: crm === 'hubspot' ? 'contacts' : 'Contact',
        id: crm === 'hubspot' ? String(500_000 + n) : salesforceId('003', 1_000 + n),
        created: NOW - 86_400_000,
        modified,
        spelling: {},
        crossId: null,
        mergedIds: [],
        archived: false,
        converted: null,
      },
    ],
  };
}
