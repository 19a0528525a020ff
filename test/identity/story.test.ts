import { expect, test } from '@jest/globals';
import { type IdentityRecord, resolveIdentities } from '../../src/identity/index.ts';
import type { ConnectionId, Entity } from '../../src/model/record.ts';
import { createStory, type Presence } from '../../src/story/index.ts';

/** A connection's types that a cross-id may name. */
const TYPES: Readonly<Record<string, Readonly<Record<Presence['crm'], readonly string[]>>>> = {
  person: { hubspot: ['contacts'], salesforce: ['Contact', 'Lead'] },
  account: { hubspot: ['companies'], salesforce: ['Account'] },
  deal: { hubspot: ['deals'], salesforce: ['Opportunity'] },
  touchpoint: {
    hubspot: ['emails', 'calls', 'meetings', 'notes', 'tasks', 'communications'],
    salesforce: ['Task', 'Event'],
  },
};

interface Told {
  readonly key: string;
  readonly presences: readonly Presence[];
  readonly email?: string | null;
  readonly otherEmails?: readonly string[];
  readonly domain?: string | null;
}

function recordsOf(entity: Entity, thing: Told): readonly IdentityRecord[] {
  return thing.presences.map((presence) => {
    const { crm, type, id, spelling } = presence;
    const other = crm === 'hubspot' ? 'salesforce' : 'hubspot';
    const spelled = (name: 'email' | 'domain'): string =>
      String((name in spelling ? spelling[name] : thing[name]) ?? '');
    const cross = {
      field: 'other',
      connections: [other as ConnectionId],
      types: TYPES[entity]?.[other] ?? [],
    };
    return {
      key: { connection: crm as ConnectionId, type, id },
      entity,
      created: presence.created,
      state: presence.archived ? 'archived' : presence.converted === null ? 'live' : 'converted',
      successor: presence.converted === null ? null : { type: 'Contact', id: presence.converted.contact },
      mergedIds: presence.mergedIds,
      emails: [spelled('email'), ...(crm === 'hubspot' ? (thing.otherEmails ?? []) : [])],
      domains: [spelled('domain')],
      crossIds: presence.crossId === null ? [] : [{ ...cross, id: presence.crossId }],
    };
  });
}

test('J30 J31 J32 in the story no two different people, accounts, deals or meetings become one', () => {
  const story = createStory({ seed: 7, contacts: 1_000, now: Date.UTC(2026, 5, 1) });
  const told: readonly (readonly [Entity, readonly Told[]])[] = [
    ['person', story.people],
    ['account', story.accounts],
    ['deal', story.deals],
    ['touchpoint', story.activities],
  ];
  const records = told.flatMap(([entity, things]) => things.flatMap((thing) => recordsOf(entity, thing)));
  const whose = new Map<string, string>(
    told.flatMap(([, things]) =>
      things.flatMap(({ key, presences }) =>
        presences.map(({ crm, type, id }) => [`${crm}:${type}:${id}`, key] as const),
      ),
    ),
  );
  const { subjects, ambiguous, links } = resolveIdentities(records);
  const mixed = subjects.filter(
    ({ records: own }) => new Set(own.map(({ text }) => whose.get(text))).size > 1,
  );
  expect(mixed).toEqual([]);
  // The story has cross-ids, conversions, e-mails and domains to join by, and duplicates to stumble over.
  expect(new Set(links.map(({ kind }) => kind))).toEqual(
    new Set(['conversion', 'cross-id', 'email', 'domain']),
  );
  expect(new Set(ambiguous.map(({ entity }) => entity))).toEqual(new Set(['person', 'account']));
  const people = subjects.filter(({ entity, records: own }) => entity === 'person' && own.length > 1);
  expect(people.length).toBeGreaterThan(400);
});
