import { describe, expect, test } from '@jest/globals';
import { loadStory } from '../../../connectors/hubspot/sandbox/load.ts';
import { OBJECT_TYPES } from '../../../connectors/hubspot/sandbox/object-types.ts';
import {
  createPortal,
  type Portal,
  propertyValue,
  schemaOf,
  viewOf,
} from '../../../connectors/hubspot/sandbox/portal.ts';
import { historyOf } from '../../../connectors/hubspot/sandbox/record.ts';
import { normalise } from '../../../connectors/hubspot/sandbox/values.ts';
import { createSandboxTime, createWriteLog } from '../../../src/sandbox/index.ts';
import { createStory, type Presence, type Story } from '../../../src/story/index.ts';
import { type Json, NOW, SMALL, withPortal } from './sandbox-tools.ts';

function load(story: Story): Portal {
  const clock = { now: () => NOW, sleep: async () => {} };
  const portal = createPortal({
    time: createSandboxTime(clock),
    writes: createWriteLog(),
    seed: 1,
    timeZone: 'UTC',
    currency: 'USD',
    indexingLagMs: 0,
    customPropertyLimit: 1_000,
    associationPage: 500,
    since: 0,
  });
  loadStory(portal, story);
  return portal;
}

const STORY = createStory({ seed: 11, contacts: 400, now: NOW });
const ALL = [
  STORY.accounts,
  STORY.people,
  STORY.deals,
  STORY.tickets,
  STORY.activities,
  STORY.surveys,
].flat();
const hubspot = (presences: readonly Presence[]): readonly Presence[] =>
  presences.filter((one) => one.crm === 'hubspot');

describe('HubSpot sandbox: the story', () => {
  test('every HubSpot presence is a record with its stamps, state and merged ids', () => {
    const portal = load(STORY);
    let count = 0;
    for (const thing of ALL)
      for (const presence of hubspot(thing.presences)) {
        count += 1;
        expect(portal.store.get(presence.type, presence.id)).toMatchObject({
          created: presence.created,
          modified: presence.modified,
          archivedAt: presence.archived ? presence.modified : null,
          mergedIds: presence.mergedIds,
        });
        for (const id of presence.mergedIds) expect(portal.store.follow(presence.type, id)).toBe(presence.id);
      }
    expect(OBJECT_TYPES.reduce((sum, type) => sum + portal.store.all(type.name).length, 0)).toBe(count);
    expect(OBJECT_TYPES.filter((type) => portal.store.all(type.name).length === 0)).toEqual([]);
  });

  test('every value is one that the API itself would have stored, in a property that exists', () => {
    const portal = load(STORY);
    const wrong: unknown[] = [];
    for (const type of OBJECT_TYPES) {
      const schema = schemaOf(portal, type.name);
      for (const record of portal.store.all(type.name))
        for (const [name, value] of Object.entries(record.properties)) {
          const definition = schema.get(name);
          const stored =
            definition === undefined ? null : normalise(definition, value, null, portal.ownerIds);
          if (stored === null || !stored.ok || stored.value !== value)
            wrong.push([type.name, name, value, stored]);
        }
    }
    expect(wrong).toEqual([]);
  });

  test('histories are in order and end at the present value', () => {
    const portal = load(STORY);
    const seen = new Set<string>();
    for (const type of OBJECT_TYPES)
      for (const record of portal.store.all(type.name))
        for (const name of record.history?.keys() ?? []) {
          const entries = historyOf(record, name);
          seen.add(name);
          expect([record.id, name, entries.at(-1)!.value]).toEqual([
            record.id,
            name,
            record.properties[name] ?? '',
          ]);
          for (const [index, entry] of entries.entries())
            if (index > 0) expect(entry.at).toBeGreaterThanOrEqual(entries[index - 1]!.at);
        }
    expect([...seen].sort()).toEqual(
      [
        'amount',
        'closedate',
        'dealstage',
        'hs_lead_status',
        'hs_pipeline_stage',
        'hs_ticket_priority',
        'lifecyclestage',
        'num_conversion_events',
      ].sort(),
    );
  });

  test('deals, people and cross-ids say what the story says', () => {
    const portal = load(STORY);
    for (const deal of STORY.deals)
      for (const presence of hubspot(deal.presences)) {
        const view = viewOf(portal.store.get('deals', presence.id)!);
        expect(propertyValue(portal, view, 'hs_is_closed_won')).toBe(String(deal.stage === 'won'));
        expect(propertyValue(portal, view, 'hs_is_closed')).toBe(
          String(deal.stage === 'won' || deal.stage === 'lost'),
        );
        expect(propertyValue(portal, view, 'hs_salesforceopportunityid')).toBe(presence.crossId);
      }
    let withCompany = 0;
    for (const person of STORY.people)
      for (const presence of hubspot(person.presences)) {
        const view = viewOf(portal.store.get('contacts', presence.id)!);
        const cross =
          propertyValue(portal, view, 'salesforcecontactid') ??
          propertyValue(portal, view, 'salesforceleadid');
        expect(cross).toBe(presence.crossId);
        if (propertyValue(portal, view, 'associatedcompanyid') !== null) withCompany += 1;
      }
    expect(withCompany).toBeGreaterThan(200);
    const roles = portal.associationTypes.between('deals', 'contacts').map((type) => type.label);
    expect(roles).toEqual(expect.arrayContaining([null, 'Decision Maker']));
  });

  test('a reset brings back the very same account', async () => {
    await withPortal({ story: SMALL }, async ({ api, control, contact }) => {
      const dump = async (): Promise<Json> =>
        Promise.all(
          ['contacts', 'companies', 'deals'].map(
            async (type) => (await control('GET', `records?type=${type}`)).body,
          ),
        );
      const before = await dump();
      const id = await contact({ firstname: 'New' });
      const other = before[0].records.find((one: Json) => !one.archived);
      await control('POST', 'merge', { type: 'contacts', id, mergeId: other.id });
      await api('POST', '/crm/properties/2026-03/contacts/groups', { name: 'waystage', label: 'W' });
      await control('POST', 'clock', { advance: 1_000 });
      await control('POST', 'reset');
      expect(await dump()).toEqual(before);
      expect((await api('GET', '/crm/properties/2026-03/contacts/groups/waystage')).status).toBe(404);
      expect((await api('GET', '/crm/v3/objects/contacts?limit=1')).headers.get('date')).toBe(
        new Date(NOW).toUTCString(),
      );
    });
  });
});
