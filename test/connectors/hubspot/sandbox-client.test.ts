import { Client } from '@hubspot/api-client';
import { describe, expect, test } from '@jest/globals';
import { type Json, SMALL, type TestPortal, withPortal } from './sandbox-tools.ts';

/** The vendor's own client, without our connector: legacy paths, no retries. */
function client(portal: TestPortal, accessToken = portal.sandbox.token): Client {
  return new Client({ accessToken, basePath: portal.sandbox.url, numberOfApiCallRetries: 0 });
}

describe('HubSpot sandbox: served to @hubspot/api-client', () => {
  test('lists, reads, searches and writes contacts', async () => {
    await withPortal({}, async (portal) => {
      const { contacts } = client(portal).crm;
      const expected = SMALL.people.flatMap((person) =>
        person.presences.filter((one) => one.crm === 'hubspot' && !one.archived),
      );
      const all = await contacts.getAll(30, undefined, ['email'], undefined, ['companies']);
      expect(all).toHaveLength(expected.length);
      expect(
        all.some((one) => one.associations?.['companies']?.results[0]?.type === 'contact_to_company'),
      ).toBe(true);
      const made = await contacts.basicApi.create({
        properties: { email: 'sdk@example.com', firstname: 'Sdk' },
      });
      expect(made.createdAt).toBeInstanceOf(Date);
      const history = await contacts.basicApi.getById(made.id, ['email'], ['firstname']);
      expect(history.propertiesWithHistory?.['firstname']?.[0]).toMatchObject({
        value: 'Sdk',
        sourceType: 'INTEGRATION',
      });
      const updated = await contacts.batchApi.update({
        inputs: [{ id: made.id, properties: { firstname: 'Two' } }],
      });
      expect(updated.results[0]?.properties['firstname']).toBe('Two');
      const read = await contacts.batchApi.read({
        inputs: [{ id: made.id }, { id: '1' }],
        properties: ['firstname'],
        propertiesWithHistory: [],
      });
      expect((read as Json).numErrors).toBe(1);
      const upserted = await contacts.batchApi.upsert({
        inputs: [
          {
            id: 'sdk@example.com',
            idProperty: 'email',
            properties: { email: 'sdk@example.com', lastname: 'L' },
          },
        ],
      });
      expect((upserted as Json).results[0]).toMatchObject({ id: made.id, _new: false });
      portal.advance(1_000);
      const found = await contacts.searchApi.doSearch({
        filterGroups: [
          { filters: [{ propertyName: 'email', operator: 'EQ' as never, value: 'sdk@example.com' }] },
        ],
        sorts: ['-createdate'],
        properties: ['firstname'],
        limit: 100,
        after: '0',
      });
      expect([found.total, found.results[0]?.id]).toEqual([1, made.id]);
      await contacts.basicApi.archive(made.id);
      await expect(contacts.basicApi.getById(made.id)).rejects.toMatchObject({ code: 404 });
    });
  });

  test('reads schema, pipelines, owners and associations', async () => {
    await withPortal({}, async (portal) => {
      const { crm } = client(portal);
      const properties = await crm.properties.coreApi.getAll('contacts');
      expect(properties.results.find((one) => one.name === 'lifecyclestage')?.options).toHaveLength(8);
      await crm.properties.groupsApi.create('contacts', { name: 'waystage', label: 'Waystage' });
      const made = await crm.properties.coreApi.create('contacts', {
        name: 'waystage_score',
        label: 'Score',
        groupName: 'waystage',
        type: 'number' as never,
        fieldType: 'number' as never,
      });
      expect(made.modificationMetadata?.archivable).toBe(true);
      await expect(
        crm.properties.coreApi.create('contacts', {
          name: 'waystage_score',
          label: 'Score',
          groupName: 'waystage',
          type: 'number' as never,
          fieldType: 'number' as never,
        }),
      ).rejects.toMatchObject({ code: 409 });
      const pipelines = await crm.pipelines.pipelinesApi.getAll('deals');
      expect(pipelines.results[0]?.stages.map((stage) => stage.metadata?.['probability'])).toContain('1.0');
      const owners = await crm.owners.ownersApi.getPage(undefined, undefined, 500);
      expect(owners.results).toHaveLength(SMALL.owners.length);
      const contact = SMALL.people.find(
        (person) => person.account !== null && person.presences[0]?.crm === 'hubspot',
      )!;
      const id = contact.presences[0]!.id;
      const company = (await portal.control('GET', `records?type=contacts&id=${id}`)).body.associations
        .companies?.[0].id;
      const links = await crm.associations.v4.batchApi.getPage('contacts', 'companies', { inputs: [{ id }] });
      expect(String(links.results[0]?.to[0]?.toObjectId)).toBe(company);
      const merged = await crm.associations.v4.basicApi.getPage('contacts', id, 'companies');
      expect(merged.results[0]?.associationTypes.map((type) => type.typeId)).toEqual([1, 279]);
      await crm.associations.v4.basicApi.archive('contacts', id as never, 'companies', company as never);
      const none = await crm.associations.v4.basicApi.getPage('contacts', id, 'companies');
      expect(none.results).toEqual([]);
    });
  });

  test('a wrong token, a bad value and an overrun limit reach it as the vendor words them', async () => {
    await withPortal({ requestsPerTenSeconds: 2 }, async (portal) => {
      await expect(client(portal, 'wrong').crm.contacts.basicApi.getPage()).rejects.toMatchObject({
        code: 401,
        body: { category: 'INVALID_AUTHENTICATION' },
      });
      const { contacts } = client(portal).crm;
      await expect(contacts.basicApi.create({ properties: { nothing: 'x' } })).rejects.toMatchObject({
        code: 400,
        body: { status: 'error', category: 'VALIDATION_ERROR' },
      });
      await contacts.basicApi.getPage(1);
      await expect(contacts.basicApi.getPage(1)).rejects.toMatchObject({
        code: 429,
        body: { policyName: 'TEN_SECONDLY_ROLLING', errorType: 'RATE_LIMIT' },
      });
    });
  });
});
