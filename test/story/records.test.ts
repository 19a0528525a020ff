import { describe, expect, test } from '@jest/globals';
import { createStory, livePresence, salesforceId, salesforceSuffix } from '../../src/story/index.ts';
import type { Presence } from '../../src/story/types.ts';
import { byKey, story as first, lists, NOW, records, said } from './tools.ts';

const stories = [first, ...[3, 2026].map((seed) => createStory({ seed, contacts: 700, now: NOW }))];

describe.each(stories.map((story) => [story.options.seed, story] as const))('seed %i', (_, story) => {
  const { contacts } = story.options;
  const people = byKey(story.people);
  const accounts = byKey(story.accounts);
  const deals = byKey(story.deals);
  const all = records(story);
  const ids = new Map<string, Presence>();
  for (const presence of all) {
    ids.set(`${presence.crm}:${presence.id}:${presence.type}`, presence);
    for (const merged of presence.mergedIds) {
      ids.set(`${presence.crm}:${merged}:${presence.type}`, presence);
    }
  }
  const named = (crm: string, type: string, id: string): Presence | undefined =>
    ids.get(`${crm}:${id}:${type}`);

  describe('ids', () => {
    test('the check suffix is that of Salesforce (an id of its documentation)', () => {
      expect(salesforceSuffix('001D000000IqhSL')).toBe('IAZ');
      expect(salesforceSuffix('AZaz09AZaz09@[`')).toBe('DGA');
      expect(salesforceSuffix('ZZZZZAAAAAzzzzz')).toBe('55A');
      expect(salesforceId('003', 61)).toHaveLength(18);
      expect(salesforceId('003', 61).slice(0, 15)).toBe('0037Q000000000z');
      expect(salesforceId('003', 62).slice(0, 15)).toBe('0037Q0000000010');
    });

    test('are unique per CRM and type, merged ones included, and have the right form', () => {
      const count = all.reduce((sum, { mergedIds }) => sum + 1 + mergedIds.length, 0);
      expect(ids.size).toBe(count);
      const prefixes: Record<string, string> = {
        Account: '001',
        Contact: '003',
        Lead: '00Q',
        Opportunity: '006',
        Case: '500',
        Task: '00T',
        Event: '00U',
        CampaignMember: '00v',
      };
      const wrong = all
        .flatMap(({ crm, type, id, mergedIds }) => [id, ...mergedIds].map((text) => ({ crm, type, text })))
        .filter(({ crm, type, text }) =>
          crm === 'hubspot'
            ? !/^[1-9]\d+$/.test(text)
            : text.length !== 18 ||
              !text.startsWith(prefixes[type]!) ||
              salesforceSuffix(text.slice(0, 15)) !== text.slice(15),
        );
      expect(wrong).toEqual([]);
    });
  });

  describe('references hold in each CRM', () => {
    test('deals stand on a live account and on people of the story', () => {
      for (const deal of story.deals) {
        const account = accounts.get(deal.account)!;
        expect(deal.presences.length).toBeGreaterThan(0);
        for (const { crm } of deal.presences) {
          expect(livePresence(account.presences, crm)).not.toBeNull();
        }
        expect(deal.people.filter(({ primary }) => primary)).toHaveLength(1);
        expect(deal.people.every(({ person }) => people.get(person)?.account === deal.account)).toBe(true);
      }
    });

    test('tickets, surveys, members and activities have somebody live in their CRM', () => {
      for (const ticket of story.tickets) {
        const reporter = people.get(ticket.person)!;
        for (const { crm } of ticket.presences) {
          const type = crm === 'salesforce' ? 'Contact' : 'contacts';
          expect(livePresence(reporter.presences, crm, type)).not.toBeNull();
        }
      }
      for (const { person, presences } of [...story.surveys, ...story.campaignMembers]) {
        expect(presences).toHaveLength(1);
        expect(livePresence(people.get(person)!.presences, presences[0]!.crm)).not.toBeNull();
      }
      const lonely = story.activities.filter(({ people: with_, presences }) =>
        presences.some(
          ({ crm }) => !with_.some((key) => livePresence(people.get(key)!.presences, crm) !== null),
        ),
      );
      expect(lonely).toEqual([]);
      expect(story.activities.every(({ deal }) => deal === null || deals.has(deal))).toBe(true);
      expect(story.surveys.every(({ presences }) => presences[0]!.crm === 'hubspot')).toBe(true);
      expect(story.campaignMembers.every(({ presences }) => presences[0]!.crm === 'salesforce')).toBe(true);
    });

    test('cross-ids name a record of the other CRM that stands for the same thing', () => {
      const partners: Record<string, readonly string[]> = {
        contacts: ['Contact', 'Lead'],
        companies: ['Account'],
        deals: ['Opportunity'],
        meetings: ['Event'],
        emails: ['Task'],
        calls: ['Task'],
        tasks: ['Task'],
      };
      let seen = 0;
      for (const held of Object.values(lists(story)).flat()) {
        for (const { crm, type, crossId } of held.presences) {
          if (crossId === null) {
            continue;
          }
          seen += 1;
          const other = crm === 'hubspot' ? 'salesforce' : 'hubspot';
          const types = Object.entries(partners).flatMap(([hubspot, salesforce]) =>
            crm === 'hubspot'
              ? hubspot === type
                ? salesforce
                : []
              : salesforce.includes(type)
                ? [hubspot]
                : [],
          );
          const target = types.map((candidate) => named(other, candidate, crossId)).find(Boolean);
          expect(held.presences).toContain(target);
        }
      }
      expect(seen).toBeGreaterThan(contacts * 0.7);
    });

    test('converted leads lead to a contact, an account and perhaps an opportunity, all older or as old', () => {
      const converted = story.people.flatMap(({ presences }) =>
        presences.filter((one) => one.converted !== null),
      );
      expect(converted.length).toBeGreaterThan(contacts * 0.02);
      expect(converted.filter(({ converted: into }) => into!.opportunity !== null).length).toBeGreaterThan(
        contacts * 0.01,
      );
      for (const { type, created, converted: into } of converted) {
        expect(type).toBe('Lead');
        expect(created).toBeLessThan(into!.at);
        expect(named('salesforce', 'Contact', into!.contact)?.created).toBe(into!.at);
        expect(named('salesforce', 'Account', into!.account)?.created).toBeLessThanOrEqual(into!.at);
        if (into!.opportunity !== null) {
          expect(named('salesforce', 'Opportunity', into!.opportunity)?.created).toBe(into!.at);
        }
      }
    });

    test('owners exist, also the ones only a CRM names; parents exist and form no circle', () => {
      const owners = byKey(story.owners);
      const named_ = [...story.accounts, ...story.people, ...story.deals].flatMap(({ owner, presences }) => [
        owner,
        ...presences.map(({ spelling }) => spelling['owner'] ?? null),
      ]);
      expect(named_.every((owner) => owner === null || owners.has(String(owner)))).toBe(true);
      for (const account of story.accounts) {
        const chain = new Set<string>();
        for (let at: string | null = account.key; at !== null; at = accounts.get(at)!.parent) {
          expect(chain.has(at)).toBe(false);
          chain.add(at);
        }
      }
      expect(story.accounts.filter(({ parent }) => parent !== null).length).toBeGreaterThan(contacts * 0.005);
    });
  });

  describe('what a CRM would refuse is not in the story', () => {
    test('an e-mail address is used once in HubSpot, additional ones and duplicates included', () => {
      const used = new Map<string, string>();
      for (const { key, presences, email, otherEmails } of story.people) {
        for (const presence of presences.filter(({ crm, archived }) => crm === 'hubspot' && !archived)) {
          const others = said(presence, 'otherEmails', otherEmails.join(';'))?.split(';') ?? [];
          for (const address of [said(presence, 'email', email), ...others]) {
            if (address !== null && address !== '') {
              expect(used.get(address.toLowerCase())).toBeUndefined();
              used.set(address.toLowerCase(), key);
            }
          }
        }
      }
    });

    test('Salesforce has a last name, an owner, a company on leads, and its lengths', () => {
      for (const { presences, ...person } of story.people) {
        for (const presence of presences.filter(({ crm }) => crm === 'salesforce')) {
          expect(said(presence, 'lastName', person.lastName)).toBeTruthy();
          expect(said(presence, 'owner', person.owner)).toBeTruthy();
          expect(said(presence, 'lastName', person.lastName)!.length).toBeLessThanOrEqual(80);
          expect((said(presence, 'firstName', person.firstName) ?? '').length).toBeLessThanOrEqual(40);
          expect((said(presence, 'email', person.email) ?? '').length).toBeLessThanOrEqual(80);
          if (presence.type === 'Lead') {
            expect(presence.spelling['company']).toBeTruthy();
          }
        }
      }
      for (const { presences, owner } of [...story.accounts, ...story.deals]) {
        for (const presence of presences.filter(({ crm }) => crm === 'salesforce')) {
          expect(said(presence, 'owner', owner)).toBeTruthy();
        }
      }
    });

    test('spellings are plain values', () => {
      const values = all.flatMap(({ spelling }) => Object.values(spelling));
      expect(new Set(values.map((value) => (value === null ? 'null' : typeof value)))).toEqual(
        new Set(['string', 'number', 'null']),
      );
    });

    test('archived records are not merged ones, and no stamp is ahead of now', () => {
      const stale = all.filter(({ archived, mergedIds }) => archived && mergedIds.length > 0);
      expect(stale).toEqual([]);
      expect(all.every(({ created, modified }) => created <= modified && modified < NOW)).toBe(true);
    });
  });
});
