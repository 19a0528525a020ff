import { describe, expect, test } from '@jest/globals';
import { type Json, NOW, refusal, type TestPortal, withPortal } from './sandbox-tools.ts';

/** Contacts of a search, by first name; only those whose job title marks them as this test's. */
async function found(portal: TestPortal, filters: readonly Json[], more: Json = {}): Promise<string[]> {
  const mine = { propertyName: 'jobtitle', operator: 'EQ', value: 'probe' };
  const answer = await portal.search('contacts', {
    filterGroups: [{ filters: [mine, ...filters] }],
    sorts: [{ propertyName: 'firstname', direction: 'ASCENDING' }],
    properties: ['firstname'],
    limit: 200,
    ...more,
  });
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  return answer.body.results.map((one: Json) => one.properties.firstname as string);
}

describe('HubSpot sandbox: search', () => {
  test('every operator, by type of property', async () => {
    await withPortal({}, async (portal) => {
      const probe = (properties: Json) => portal.contact({ jobtitle: 'probe', ...properties });
      const anna = await probe({
        firstname: 'Anna',
        email: 'anna.smith@north.example',
        hs_lead_status: 'NEW',
      });
      portal.advance(60_000);
      await probe({ firstname: 'Ben', lastname: 'Smith-Jones', hs_lead_status: 'OPEN', country: 'Peru' });
      portal.advance(60_000);
      await probe({ firstname: 'Cleo', lastname: 'smithers', country: 'Chad' });
      const f = (propertyName: string, operator: string, rest: Json = {}) => ({
        propertyName,
        operator,
        ...rest,
      });
      const cases: [Json, string[]][] = [
        [f('firstname', 'EQ', { value: 'ANNA' }), ['Anna']],
        [f('firstname', 'NEQ', { value: 'anna' }), ['Ben', 'Cleo']],
        [f('hs_lead_status', 'EQ', { value: 'NEW' }), ['Anna']],
        [f('hs_lead_status', 'EQ', { value: 'new' }), []],
        [f('hs_lead_status', 'IN', { values: ['NEW', 'OPEN'] }), ['Anna', 'Ben']],
        [f('firstname', 'IN', { values: ['anna', 'ben'] }), ['Anna', 'Ben']],
        [f('firstname', 'IN', { values: ['Anna', 'Ben'] }), []],
        [f('firstname', 'NOT_IN', { values: ['anna'] }), ['Ben', 'Cleo']],
        [f('country', 'HAS_PROPERTY'), ['Ben', 'Cleo']],
        [f('country', 'NOT_HAS_PROPERTY'), ['Anna']],
        [f('lastname', 'CONTAINS_TOKEN', { value: 'smith' }), ['Ben']],
        [f('lastname', 'CONTAINS_TOKEN', { value: 'smith*' }), ['Ben', 'Cleo']],
        [f('lastname', 'CONTAINS_TOKEN', { value: '*mit*s' }), ['Cleo']],
        [f('email', 'CONTAINS_TOKEN', { value: 'north' }), ['Anna']],
        [f('lastname', 'NOT_CONTAINS_TOKEN', { value: 'smith*' }), ['Anna']],
        [f('country', 'GT', { value: 'chad' }), ['Ben']],
        [f('country', 'BETWEEN', { value: 'c', highValue: 'd' }), ['Cleo']],
        [f('createdate', 'GTE', { value: String(NOW + 60_000) }), ['Ben', 'Cleo']],
        [f('createdate', 'GT', { value: '2026-11-20T15:01:00Z' }), ['Cleo']],
        [f('createdate', 'LT', { value: String(NOW + 60_000) }), ['Anna']],
        [f('createdate', 'LTE', { value: String(NOW + 60_000) }), ['Anna', 'Ben']],
        [f('createdate', 'BETWEEN', { value: String(NOW + 1), highValue: String(NOW + 60_000) }), ['Ben']],
        [f('lastmodifieddate', 'EQ', { value: String(NOW + 120_000) }), ['Cleo']],
        [f('hs_object_id', 'EQ', { value: anna }), ['Anna']],
        [f('hs_object_id', 'GT', { value: anna }), ['Ben', 'Cleo']],
      ];
      for (const [filter, names] of cases)
        expect([filter, await found(portal, [filter])]).toEqual([filter, names]);
      expect(await found(portal, [], { query: 'smith' })).toEqual(['Anna', 'Ben', 'Cleo']);
      expect(await found(portal, [], { query: 'anna north' })).toEqual(['Anna']);
      expect(await found(portal, [], { sorts: ['-firstname'] })).toEqual(['Cleo', 'Ben', 'Anna']);
    });
  });

  test('groups are alternatives, archived records never appear, associations can be asked for', async () => {
    await withPortal({}, async (portal) => {
      const { contact, api, control, search } = portal;
      const company = (await control('POST', 'create', { type: 'companies', properties: { name: 'S' } })).body
        .id;
      const a = await contact({ firstname: 'Qa' });
      const b = await contact({ firstname: 'Qb' });
      await control('POST', 'associate', { type: 'contacts', id: b, toType: 'companies', toId: company });
      const either = {
        filterGroups: ['Qa', 'Qb'].map((value) => ({
          filters: [{ propertyName: 'firstname', operator: 'EQ', value }],
        })),
      };
      expect((await search('contacts', either)).body.total).toBe(2);
      const linked = {
        filterGroups: [
          { filters: [{ propertyName: 'associations.company', operator: 'EQ', value: company }] },
        ],
      };
      expect((await search('contacts', linked)).body.results.map((one: Json) => one.id)).toEqual([b]);
      await api('DELETE', `/crm/v3/objects/contacts/${a}`);
      expect((await search('contacts', either, '2026-09')).body.total).toBe(1);
    });
  });

  test('what the vendor refuses is refused', async () => {
    await withPortal({}, async (portal) => {
      const filter = { propertyName: 'firstname', operator: 'EQ', value: 'x' };
      const groups = (count: number, each: number) =>
        Array.from({ length: count }, () => ({ filters: Array.from({ length: each }, () => filter) }));
      const one = (change: Json) => ({ filterGroups: [{ filters: [{ ...filter, ...change }] }] });
      const bad: Json[] = [
        { limit: 201 },
        { limit: 0 },
        { after: 'abc' },
        { after: '9900', limit: 101 },
        { after: '10000' },
        { filterGroups: groups(6, 1) },
        { filterGroups: groups(1, 7) },
        { filterGroups: groups(4, 5) },
        { filterGroups: [{ filters: [] }] },
        { sorts: ['firstname', 'lastname'] },
        { sorts: ['nothing'] },
        { sorts: [{ propertyName: 'firstname', direction: 'UP' }] },
        { query: 'x'.repeat(3_000) },
        { archived: true },
        one({ propertyName: 'hs_lastmodifieddate' }),
        one({ operator: 'LIKE' }),
        one({ operator: 'IN' }),
        one({ operator: 'IN', value: undefined, values: [] }),
        one({ operator: 'BETWEEN' }),
        one({ highValue: 'y' }),
        one({ value: undefined }),
        one({ propertyName: 'createdate', value: 'yesterday' }),
        one({ propertyName: 'hs_analytics_num_page_views', value: 'many' }),
        one({ propertyName: 'associations.unicorn' }),
        one({ propertyName: 'associations.company', operator: 'GT' }),
      ];
      for (const body of bad) {
        const shown = JSON.stringify(body).slice(0, 100);
        expect([shown, ...refusal(await portal.search('contacts', body))]).toEqual([
          shown,
          400,
          'VALIDATION_ERROR',
        ]);
      }
      expect((await portal.search('contacts', { filterGroups: groups(3, 6) })).status).toBe(200);
      expect((await portal.search('contacts', { after: '9999', limit: 1 })).status).toBe(200);
      // Known properties that are not asked for, unknown ones that are: both are no error.
      expect((await portal.search('contacts', { properties: ['nothing'] })).status).toBe(200);
    });
  });

  test('pages by offset up to the cap, and total tells all', async () => {
    await withPortal({}, async ({ search }) => {
      const first = (await search('contacts', { limit: 50, sorts: ['-createdate'] })).body;
      expect(first.paging.next.after).toBe('50');
      const second = (
        await search('contacts', { limit: 200, after: first.paging.next.after, sorts: ['-createdate'] })
      ).body;
      const ids = [...first.results, ...second.results].map((one: Json) => one.id);
      expect(new Set(ids).size).toBe(first.total);
      expect(second.paging).toBeUndefined();
      expect((await search('contacts', {})).body.results).toHaveLength(10);
    });
  });

  test('sees creations, changes and archiving only after the lag', async () => {
    await withPortal({ indexingLagMs: 5_000 }, async (portal) => {
      const { contact, api, advance } = portal;
      const id = await contact({ firstname: 'Lag', jobtitle: 'probe' });
      expect(await found(portal, [])).toEqual([]);
      advance(5_000);
      expect(await found(portal, [])).toEqual(['Lag']);
      await api('PATCH', `/crm/v3/objects/contacts/${id}`, { properties: { firstname: 'Later' } });
      advance(2_000);
      await api('PATCH', `/crm/v3/objects/contacts/${id}`, { properties: { firstname: 'Latest' } });
      expect(await found(portal, [])).toEqual(['Lag']);
      advance(2_000);
      expect(await found(portal, [])).toEqual(['Later']);
      advance(2_000);
      expect(await found(portal, [])).toEqual(['Latest']);
      // The API itself has no lag.
      expect((await api('GET', `/crm/v3/objects/contacts/${id}`)).body.properties.firstname).toBe('Latest');
    });
  });
});
