import { afterEach, describe, expect, test } from '@jest/globals';
import { hubspot } from '../../connectors/hubspot/index.ts';
import { startHubspotSandbox } from '../../connectors/hubspot/sandbox/index.ts';
import { createStory, type Story } from '../../src/story/index.ts';
import { crowd, NOW } from './crowd.ts';
import { type CaptureRig, startCaptureRig } from './rig.ts';

const PEOPLE = 2_500;
let rig: CaptureRig;
afterEach(() => rig.close());

/** A company of 2,500 people, all of them in one deal. */
function largeCompany(): Story {
  const story = crowd('hubspot', PEOPLE, () => NOW - 86_400_000, true);
  const deal = createStory({ seed: 2, contacts: 12, now: NOW }).deals.find(({ presences }) =>
    presences.some(({ crm }) => crm === 'hubspot'),
  )!;
  const presence = deal.presences.find(({ crm }) => crm === 'hubspot')!;
  return {
    ...story,
    deals: [
      {
        ...deal,
        account: story.accounts[0]!.key,
        people: story.people.map(({ key }) => ({ person: key, role: 'Decision Maker', primary: false })),
        presences: [{ ...presence, crossId: null, modified: NOW - 86_400_000, archived: false }],
      },
    ],
  };
}

describe('a company with 2,500 associations', () => {
  test('a first load, an increment and a full reading give each of them once', async () => {
    rig = await startCaptureRig({
      connector: hubspot,
      startSandbox: startHubspotSandbox,
      story: largeCompany(),
      objects: ['contacts', 'companies', 'deals'],
      sandbox: { requestsPerTenSeconds: 1_000_000 },
    });
    const everybody = async (): Promise<void> => {
      const contacts = await rig.stored('contacts');
      const company = [...(await rig.stored('companies')).keys()];
      const deal = [...(await rig.stored('deals')).values()][0]!;
      expect(contacts.size).toBe(PEOPLE);
      expect(company).toHaveLength(1);
      for (const contact of contacts.values())
        expect(contact.associations['companies']?.map(({ id }) => id)).toEqual(company);
      const ids = deal.associations['contacts']?.map(({ id }) => id) ?? [];
      expect(ids).toHaveLength(PEOPLE);
      expect(new Set(ids)).toEqual(new Set(contacts.keys()));
    };
    await rig.pull();
    await everybody();
    rig.clock.advance(3_600_000);
    const [deal] = [...(await rig.stored('deals')).keys()];
    await rig.control('edit', { type: 'deals', id: deal, properties: { amount: 17 } });
    rig.clock.advance(5_000);
    expect(await rig.pull()).toMatchObject({ applied: 1 });
    await everybody();
    // One goes and nobody is told: only a full reading shows it.
    const gone = '500017';
    await rig.control('associate', { type: 'deals', id: deal, toType: 'contacts', toId: gone, remove: true });
    rig.clock.advance(3_600_000);
    await rig.pull(true);
    const left = [...(await rig.stored('deals')).values()][0]!.associations['contacts']?.map(({ id }) => id);
    expect(left).toHaveLength(PEOPLE - 1);
    expect(left).not.toContain(gone);
  }, 60_000);
});
