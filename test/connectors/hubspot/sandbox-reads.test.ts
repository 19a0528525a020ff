import { describe, expect, test } from '@jest/globals';
import { type Json, refusal, SMALL, withPortal } from './sandbox-tools.ts';

const CONTACTS = '/crm/objects/2026-03/contacts';

describe('HubSpot sandbox: who may ask what', () => {
  test('a missing or wrong token is 401 with the vendor body', async () => {
    await withPortal({}, async ({ api, sandbox }) => {
      for (const authorization of ['', 'Bearer nope', `Basic ${sandbox.token}`]) {
        const answer = await api('GET', CONTACTS, undefined, { authorization });
        expect(refusal(answer)).toEqual([401, 'INVALID_AUTHENTICATION']);
        expect(answer.body).toEqual({
          status: 'error',
          message: expect.any(String),
          correlationId: expect.stringMatching(/^[0-9a-f-]{36}$/),
          category: 'INVALID_AUTHENTICATION',
        });
      }
    });
  });

  test('a missing scope is 403 naming the scope', async () => {
    await withPortal({ scopes: ['oauth', 'crm.objects.contacts.read'] }, async ({ api }) => {
      expect((await api('GET', `${CONTACTS}?limit=1`)).status).toBe(200);
      const answer = await api('PATCH', `${CONTACTS}/1`, { properties: { firstname: 'A' } });
      expect(refusal(answer)).toEqual([403, 'MISSING_SCOPES']);
      expect(answer.body.errors[0].context.requiredGranularScopes).toEqual(['crm.objects.contacts.write']);
      for (const path of [
        '/crm/objects/2026-03/deals',
        '/crm/objects/2026-03/emails',
        '/crm/owners/2026-03',
        '/crm/pipelines/2026-03/tickets',
      ])
        expect([path, ...refusal(await api('GET', path))]).toEqual([path, 403, 'MISSING_SCOPES']);
    });
  });

  test('unknown paths, versions, types, methods and parameters are refused', async () => {
    await withPortal({}, async ({ api }) => {
      const refused: [string, string, number][] = [
        ['GET', '/crm/objects/2025-09/contacts', 404],
        ['GET', '/crm/objects/2026-03/contacts/', 404],
        ['GET', '/crm/v1/objects/contacts', 404],
        ['GET', '/oauth/2026-03/token', 404],
        ['GET', '/', 404],
        ['GET', '/crm/objects/2026-03/unicorns', 400],
        ['GET', `${CONTACTS}?limit=0`, 400],
        ['GET', `${CONTACTS}?limit=101`, 400],
        ['GET', `${CONTACTS}?limit=ten`, 400],
        ['GET', `${CONTACTS}?after=abc`, 400],
        ['GET', `${CONTACTS}?archived=maybe`, 400],
        ['GET', `${CONTACTS}?associations=unicorns`, 400],
        ['GET', `${CONTACTS}?associations=owners`, 400],
        ['GET', `${CONTACTS}?offset=1`, 400],
        ['GET', `${CONTACTS}?limit=51&propertiesWithHistory=email`, 400],
        ['GET', `${CONTACTS}/999999999999`, 404],
        ['GET', `${CONTACTS}/abc`, 404],
        ['GET', `${CONTACTS}/x@y.zz?idProperty=email`, 404],
        ['GET', `${CONTACTS}/x?idProperty=firstname`, 400],
        ['PUT', CONTACTS, 405],
        ['GET', '/crm/objects/2026-03/contacts/search', 404],
        ['POST', '/crm/objects/2026-03/feedback_submissions', 405],
        ['GET', `${CONTACTS}?properties=${'x'.repeat(9_000)}`, 414],
      ];
      for (const [method, path, status] of refused) {
        const answer = await api(method, path, method === 'POST' ? { properties: {} } : undefined);
        expect([path.slice(0, 80), answer.status]).toEqual([path.slice(0, 80), status]);
        expect(answer.body).toMatchObject({ status: 'error', message: expect.any(String) });
        expect(answer.body.correlationId).toBeTruthy();
      }
    });
  });

  test('bodies that are no JSON, have no type or unknown keys are refused', async () => {
    await withPortal({}, async ({ api }) => {
      const path = `${CONTACTS}/batch/read`;
      expect(refusal(await api('POST', path, '{'))).toEqual([400, 'VALIDATION_ERROR']);
      expect(refusal(await api('POST', path, { inputs: [{ id: '1', x: 1 }] }))).toEqual([
        400,
        'VALIDATION_ERROR',
      ]);
      expect(refusal(await api('POST', path, { ids: [] }))).toEqual([400, 'VALIDATION_ERROR']);
      expect((await api('POST', path, '{}', { 'content-type': 'text/plain' })).status).toBe(415);
    });
  });
});

describe('HubSpot sandbox: lists and single records', () => {
  test('pages hold every live record once, in order, under dated and legacy paths', async () => {
    await withPortal({}, async ({ api }) => {
      const expected = SMALL.people.flatMap((person) =>
        person.presences.filter((one) => one.crm === 'hubspot' && !one.archived).map((one) => one.id),
      );
      for (const base of ['/crm/objects/2026-03', '/crm/objects/2026-09', '/crm/v3/objects']) {
        const ids: string[] = [];
        let after: string | undefined;
        do {
          const page: Json = (await api('GET', `${base}/contacts?limit=7${after ? `&after=${after}` : ''}`))
            .body;
          ids.push(...page.results.map((one: Json) => one.id));
          after = page.paging?.next.after;
        } while (after !== undefined);
        expect(ids).toEqual([...expected].sort((a, b) => Number(a) - Number(b)));
      }
    });
  });

  test('values are text or null; unknown properties are ignored; defaults and envelope are there', async () => {
    await withPortal({}, async ({ api, contact }) => {
      const id = await contact({ email: 'Ada@Example.COM', firstname: 'Ada', hs_email_optout: undefined });
      const plain = (await api('GET', `${CONTACTS}/${id}`)).body;
      expect(Object.keys(plain.properties)).toEqual([
        'createdate',
        'email',
        'firstname',
        'hs_object_id',
        'lastmodifieddate',
        'lastname',
      ]);
      expect(plain).toMatchObject({
        id,
        archived: false,
        createdAt: '2026-11-20T15:00:00.000Z',
        updatedAt: '2026-11-20T15:00:00.000Z',
        properties: { email: 'ada@example.com', lastname: null, hs_object_id: id },
      });
      const named = (await api('GET', `${CONTACTS}/${id}?properties=jobtitle,nothing,hs_lastmodifieddate`))
        .body;
      expect(named.properties).toEqual({
        createdate: '2026-11-20T15:00:00.000Z',
        hs_object_id: id,
        jobtitle: null,
        lastmodifieddate: '2026-11-20T15:00:00.000Z',
      });
      expect((await api('GET', `${CONTACTS}/ADA@example.com?idProperty=email`)).body.id).toBe(id);
    });
  });

  test('archived records are only in the archived list and carry archivedAt', async () => {
    await withPortal({}, async ({ api, contact, advance }) => {
      const id = await contact({ firstname: 'Gone' });
      advance(5_000);
      expect((await api('DELETE', `${CONTACTS}/${id}`)).status).toBe(204);
      expect((await api('DELETE', `${CONTACTS}/${id}`)).status).toBe(204);
      expect((await api('DELETE', `${CONTACTS}/424242424242`)).status).toBe(404);
      expect((await api('GET', `${CONTACTS}/${id}`)).status).toBe(404);
      expect((await api('GET', `${CONTACTS}/${id}?archived=true`)).body).toMatchObject({
        id,
        archived: true,
        archivedAt: '2026-11-20T15:00:05.000Z',
      });
      const archived = (await api('GET', `${CONTACTS}?archived=true&limit=100`)).body.results;
      expect(archived.map((one: Json) => one.id)).toContain(id);
      expect(archived.every((one: Json) => one.archived)).toBe(true);
    });
  });

  test('property history is newest first and tells the API from people and the CRM', async () => {
    await withPortal({}, async ({ api, contact, control, advance }) => {
      const id = await contact({ firstname: 'A' });
      advance(1_000);
      await control('POST', 'edit', { type: 'contacts', id, properties: { firstname: 'B' } });
      advance(1_000);
      await api('PATCH', `${CONTACTS}/${id}`, { properties: { firstname: '' } });
      const { body } = await api('GET', `${CONTACTS}/${id}?propertiesWithHistory=firstname,lastname`);
      expect(body.propertiesWithHistory.firstname).toEqual([
        expect.objectContaining({
          value: '',
          sourceType: 'INTEGRATION',
          timestamp: '2026-11-20T15:00:02.000Z',
        }),
        expect.objectContaining({ value: 'B', sourceType: 'CRM_UI' }),
        expect.objectContaining({
          value: 'A',
          sourceType: 'INTEGRATION',
          timestamp: '2026-11-20T15:00:00.000Z',
        }),
      ]);
      expect(body.propertiesWithHistory.lastname).toEqual([]);
    });
  });

  test('inline associations name their types, mark the primary company and page by type', async () => {
    await withPortal({ associationPage: 2 }, async ({ api, control }) => {
      const company = (await control('POST', 'create', { type: 'companies', properties: { name: 'Inline' } }))
        .body.id;
      const people: string[] = [];
      for (const name of ['A', 'B', 'C'])
        people.push(
          (
            await control('POST', 'create', {
              type: 'contacts',
              properties: { firstname: name },
              associations: [{ toType: 'companies', toId: company }],
            })
          ).body.id,
        );
      const contact = (
        await api(
          'GET',
          `${CONTACTS}/${people[0]}?associations=companies,deals&properties=associatedcompanyid`,
        )
      ).body;
      expect(contact.associations).toEqual({
        companies: {
          results: [
            { id: company, type: 'contact_to_company' },
            { id: company, type: 'contact_to_company_unlabeled' },
          ],
        },
      });
      expect(contact.properties.associatedcompanyid).toBe(company);
      const one = (await api('GET', `/crm/objects/2026-03/companies/${company}?associations=contacts`)).body;
      const { results, paging } = one.associations.contacts;
      expect([...new Set(results.map((link: Json) => link.id))]).toEqual(people.slice(0, 2));
      const rest = (await api('GET', paging.next.link)).body;
      expect(rest.results.map((link: Json) => link.toObjectId)).toEqual(people.slice(2));
      expect(rest.paging).toBeUndefined();
    });
  });
});

describe('HubSpot sandbox: account, owners, pipelines, limits', () => {
  test('tell what the account has', async () => {
    await withPortal({ timeZone: 'Europe/Berlin' }, async ({ api }) => {
      for (const path of ['/account-info/2026-03/details', '/account-info/v3/details'])
        expect((await api('GET', path)).body).toMatchObject({
          accountType: 'STANDARD',
          timeZone: 'Europe/Berlin',
          companyCurrency: 'USD',
          utcOffset: '+01:00',
          utcOffsetMilliseconds: 3_600_000,
          uiDomain: 'app.hubspot.com',
        });
      const first = (await api('GET', '/crm/owners/2026-03?limit=5')).body;
      const rest = (await api('GET', `/crm/owners/2026-03?limit=500&after=${first.paging.next.after}`)).body;
      expect([...first.results, ...rest.results].map((owner: Json) => owner.email).sort()).toEqual(
        SMALL.owners.map((owner) => owner.email).sort(),
      );
      const owner = first.results[0];
      expect((await api('GET', `/crm/owners/2026-03/${owner.userId}?idProperty=userId`)).body.id).toBe(
        owner.id,
      );
      expect((await api('GET', '/crm/owners/2026-03/1')).status).toBe(404);
      expect((await api('GET', '/crm/owners/2026-03?limit=501')).status).toBe(400);
      // An object type goes by its plural name or its id.
      expect((await api('GET', '/crm/objects/2026-03/0-3?limit=1')).body.results).toEqual(
        (await api('GET', '/crm/objects/2026-03/deals?limit=1')).body.results,
      );
      const pipelines = (await api('GET', '/crm/pipelines/2026-09/deals')).body.results;
      expect(pipelines.map((one: Json) => one.id)).toEqual(['default', '742130881']);
      expect(pipelines[0].stages.at(-2)).toMatchObject({
        id: 'closedwon',
        metadata: { isClosed: 'true', probability: '1.0' },
      });
      expect((await api('GET', '/crm/pipelines/2026-09/tickets/0/stages/4')).body.metadata.ticketState).toBe(
        'CLOSED',
      );
      expect((await api('GET', '/crm/pipelines/2026-09/tickets/0/stages/9')).status).toBe(404);
      expect((await api('GET', '/crm/pipelines/2026-09/notes')).status).toBe(400);
      const limits = (await api('GET', '/crm/limits/2026-03/custom-properties')).body;
      expect(limits.byObjectType.find((one: Json) => one.objectTypeId === '0-5')).toMatchObject({
        limit: 1_000,
        usage: 2,
      });
    });
  });
});
