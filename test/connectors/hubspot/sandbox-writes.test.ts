import { describe, expect, test } from '@jest/globals';
import { type Json, refusal, withPortal } from './sandbox-tools.ts';

const CONTACTS = '/crm/objects/2026-03/contacts';
const patch = (properties: Record<string, unknown>) => ({ properties });

describe('HubSpot sandbox: values', () => {
  test('each property type takes its own values and refuses others with their code', async () => {
    await withPortal({}, async ({ api, control }) => {
      const company = (await control('POST', 'create', { type: 'companies', properties: { name: 'Values' } }))
        .body.id;
      const path = `/crm/objects/2026-03/companies/${company}`;
      const good: [string, unknown, string | null][] = [
        ['numberofemployees', 12, '12'],
        ['numberofemployees', ' 12.50 ', '12.5'],
        ['annualrevenue', '-1e3', '-1000'],
        ['renewal_date', '2026-12-31', '2026-12-31'],
        ['renewal_date', String(Date.UTC(2027, 0, 1)), '2027-01-01'],
        ['renewal_date', '', null],
        ['type', 'CUSTOMER', 'CUSTOMER'],
        ['name', 'O\'Brien "&" \\ 🚀 \u0000 שלום __proto__', 'O\'Brien "&" \\ 🚀 \u0000 שלום __proto__'],
        ['city', 'x'.repeat(65_536), 'x'.repeat(65_536)],
        ['city', null, null],
      ];
      for (const [name, value, stored] of good) {
        const answer = await api('PATCH', path, patch({ [name]: value }));
        expect([name, answer.status, answer.body.properties[name]]).toEqual([name, 200, stored]);
      }
      const bad: [string, unknown, string][] = [
        ['numberofemployees', 'many', 'INVALID_DOUBLE'],
        ['numberofemployees', 'Infinity', 'INVALID_DOUBLE'],
        ['annualrevenue', '0x10', 'INVALID_DOUBLE'],
        ['renewal_date', '31.12.2026', 'INVALID_DATE'],
        ['renewal_date', '2026-02-30', 'INVALID_DATE'],
        ['renewal_date', '2026-12-31T12:00:00Z', 'INVALID_DATE'],
        ['type', 'Customer', 'INVALID_OPTION'],
        ['hubspot_owner_id', '1', 'INVALID_OWNER_ID'],
        ['city', 'x'.repeat(65_537), 'INVALID_STRING_LENGTH'],
        ['waystage_stage', 'won', 'PROPERTY_DOESNT_EXIST'],
        ['__proto__', 'x', 'PROPERTY_DOESNT_EXIST'],
        ['hs_object_id', '5', 'READ_ONLY_VALUE'],
        ['createdate', '2026-01-01', 'READ_ONLY_VALUE'],
        ['salesforceaccountid', '001', 'READ_ONLY_VALUE'],
      ];
      for (const [name, value, code] of bad) {
        const answer = await api(
          'PATCH',
          path,
          `{"properties":{${JSON.stringify(name)}:${JSON.stringify(value)}}}`,
        );
        expect([name, ...refusal(answer)]).toEqual([name, 400, 'VALIDATION_ERROR', code]);
        expect(answer.body.message).toMatch(/^Property values were not valid: \[\{"isValid":false/);
      }
      expect(refusal(await api('PATCH', path, patch({})))).toEqual([400, 'VALIDATION_ERROR']);
      expect(refusal(await api('PATCH', path, patch({ city: { deep: 1 } })))).toEqual([
        400,
        'VALIDATION_ERROR',
      ]);
      expect(refusal(await api('PATCH', path, { properties: { city: 'A' }, extra: 1 }))).toEqual([
        400,
        'VALIDATION_ERROR',
      ]);
      // Every problem of a request at once.
      const several = await api('PATCH', path, patch({ type: 'x', nothing: 1, annualrevenue: 'y' }));
      expect(refusal(several).slice(2).sort()).toEqual([
        'INVALID_DOUBLE',
        'INVALID_OPTION',
        'PROPERTY_DOESNT_EXIST',
      ]);
    });
  });

  test('e-mail addresses are valid, in lower case and held by one live contact', async () => {
    await withPortal({}, async ({ api, contact }) => {
      const id = await contact({ email: 'one@example.com' });
      const other = await contact({ email: 'two@example.com' });
      expect(refusal(await api('POST', CONTACTS, patch({ email: 'no-address' })))).toEqual([
        400,
        'VALIDATION_ERROR',
        'INVALID_EMAIL',
      ]);
      const twice = await api('POST', CONTACTS, patch({ email: 'ONE@example.com' }));
      expect([twice.status, twice.body.category, twice.body.message]).toEqual([
        409,
        'CONFLICT',
        `Contact already exists. Existing ID: ${id}`,
      ]);
      expect(
        refusal(await api('PATCH', `${CONTACTS}/${other}`, patch({ email: 'one@example.com' }))),
      ).toEqual([409, 'CONFLICT']);
      expect((await api('PATCH', `${CONTACTS}/${id}`, patch({ email: 'one@example.com' }))).status).toBe(200);
      await api('DELETE', `${CONTACTS}/${id}`);
      expect((await api('PATCH', `${CONTACTS}/${other}`, patch({ email: 'one@example.com' }))).status).toBe(
        200,
      );
    });
  });

  test('lifecyclestage only moves forward; backwards is answered like a success but not set, clearing lets it', async () => {
    await withPortal({}, async ({ api, contact, control }) => {
      const id = await contact({ firstname: 'L', lifecyclestage: 'opportunity' });
      const set = async (value: string): Promise<string | null> => {
        const answer = await api('PATCH', `${CONTACTS}/${id}`, patch({ lifecyclestage: value }));
        expect(answer.status).toBe(200);
        return answer.body.properties.lifecyclestage;
      };
      expect(await set('lead')).toBe('opportunity');
      expect(await set('customer')).toBe('customer');
      expect(await set('')).toBeNull();
      expect(await set('lead')).toBe('lead');
      expect(refusal(await api('PATCH', `${CONTACTS}/${id}`, patch({ lifecyclestage: 'hero' })))).toEqual([
        400,
        'VALIDATION_ERROR',
        'INVALID_OPTION',
      ]);
      // People may do what the API may not.
      await control('POST', 'edit', { type: 'contacts', id, properties: { lifecyclestage: 'subscriber' } });
      expect((await control('GET', `records?type=contacts&id=${id}`)).body.properties.lifecyclestage).toBe(
        'subscriber',
      );
    });
  });

  test('required properties are asked for on create', async () => {
    await withPortal({}, async ({ api }) => {
      const needed: [string, Record<string, unknown>, string[]][] = [
        ['deals', { amount: 5 }, ['dealname', 'dealstage']],
        ['tickets', { subject: 'A' }, ['hs_pipeline_stage']],
        ['notes', { hs_note_body: 'A' }, ['hs_timestamp']],
        ['contacts', { jobtitle: 'CEO' }, ['email', 'firstname', 'lastname']],
      ];
      for (const [type, properties, missing] of needed) {
        const answer = await api('POST', `/crm/objects/2026-03/${type}`, { properties });
        expect([type, answer.status, answer.body.context.properties]).toEqual([type, 400, missing]);
      }
    });
  });

  test('a deal derives its outcome from its stage, and its stage must belong to its pipeline', async () => {
    await withPortal({}, async ({ api }) => {
      const shown =
        'properties=pipeline,dealstage,hs_is_closed,hs_is_closed_won,hs_deal_stage_probability,closedate';
      const made = await api(
        'POST',
        '/crm/objects/2026-03/deals',
        patch({ dealname: 'D', dealstage: 'contractsent' }),
      );
      const path = `/crm/objects/2026-03/deals/${made.body.id}`;
      expect((await api('GET', `${path}?${shown}`)).body.properties).toMatchObject({
        pipeline: 'default',
        hs_is_closed: 'false',
        hs_is_closed_won: 'false',
        hs_deal_stage_probability: '0.8',
        closedate: null,
      });
      expect(refusal(await api('PATCH', path, patch({ dealstage: '1087336105' }))).at(-1)).toBe(
        'INVALID_OPTION',
      );
      expect(refusal(await api('PATCH', path, patch({ hs_is_closed_won: true }))).at(-1)).toBe(
        'READ_ONLY_VALUE',
      );
      await api('PATCH', path, patch({ pipeline: '742130881', dealstage: '1087336105' }));
      expect((await api('GET', `${path}?${shown}`)).body.properties).toMatchObject({
        hs_is_closed: 'true',
        hs_is_closed_won: 'true',
        hs_deal_stage_probability: '1',
        closedate: '2026-11-20T15:00:00.000Z',
      });
    });
  });
});

describe('HubSpot sandbox: stamps, write log, merges, privacy', () => {
  test('a write moves the stamp even when no value differs; the log has only real changes', async () => {
    await withPortal({}, async ({ api, contact, control, advance }) => {
      const id = await contact({ firstname: 'A' });
      advance(1_000);
      expect((await api('PATCH', `${CONTACTS}/${id}`, patch({ firstname: 'A' }))).body.updatedAt).toBe(
        '2026-11-20T15:00:01.000Z',
      );
      advance(1_000);
      await api('PATCH', `${CONTACTS}/${id}`, patch({ firstname: 'B' }));
      await control('POST', 'edit', { type: 'contacts', id, properties: { firstname: 'C' } });
      await control('POST', 'delete', { type: 'contacts', id });
      const writes = (await control('GET', 'writes')).body.writes.filter((one: Json) => one.id === id);
      expect(writes.map((one: Json) => [one.by, one.field, one.old, one.new])).toEqual([
        ['integration', 'firstname', null, 'A'],
        ['integration', 'firstname', 'A', 'B'],
        ['person', 'firstname', 'B', 'C'],
        ['person', 'archived', false, true],
      ]);
      await control('POST', 'reset');
      expect((await control('GET', 'writes')).body).toEqual({ writes: [] });
      expect((await api('GET', `${CONTACTS}/${id}`)).status).toBe(404);
    });
  });

  test('a merge makes a new id that both old ids lead to, except in batch updates', async () => {
    await withPortal({}, async ({ api, contact, control, search }) => {
      const company = (await control('POST', 'create', { type: 'companies', properties: { name: 'M' } })).body
        .id;
      const a = await contact({ email: 'a@merge.example', firstname: 'A' });
      const b = await contact({ email: 'b@merge.example', firstname: 'B', jobtitle: 'CTO' });
      await control('POST', 'associate', { type: 'contacts', id: b, toType: 'companies', toId: company });
      const merged = await api('POST', `${CONTACTS}/merge`, { primaryObjectId: a, objectIdToMerge: b });
      const { id } = merged.body;
      expect([a, b]).not.toContain(id);
      const shown =
        'properties=email,hs_additional_emails,firstname,jobtitle,hs_merged_object_ids,associatedcompanyid';
      for (const old of [a, b, id])
        expect((await api('GET', `${CONTACTS}/${old}?${shown}`)).body).toMatchObject({
          id,
          properties: {
            email: 'a@merge.example',
            hs_additional_emails: 'b@merge.example',
            firstname: 'A',
            jobtitle: 'CTO',
            hs_merged_object_ids: `${a};${b}`,
            associatedcompanyid: company,
          },
        });
      expect((await api('GET', `${CONTACTS}/b@merge.example?idProperty=email`)).body.id).toBe(id);
      expect((await api('PATCH', `${CONTACTS}/${b}`, patch({ lastname: 'Z' }))).body.id).toBe(id);
      const update = await api('POST', `${CONTACTS}/batch/update`, {
        inputs: [{ id: a, properties: { lastname: 'Y' } }],
      });
      expect([update.status, update.body.errors[0].category]).toEqual([207, 'OBJECT_NOT_FOUND']);
      const read = await api('POST', `${CONTACTS}/batch/read`, {
        inputs: [{ id: a }, { id: b }],
        properties: [],
      });
      expect(read.body.results.map((one: Json) => one.id)).toEqual([id]);
      const found = await search('contacts', {
        filterGroups: [{ filters: [{ propertyName: 'email', operator: 'CONTAINS_TOKEN', value: 'merge' }] }],
      });
      expect(found.body.results.map((one: Json) => one.id)).toEqual([id]);
      // Merging on keeps the whole chain.
      const c = await contact({ firstname: 'C' });
      const again = (await control('POST', 'merge', { type: 'contacts', id: c, mergeId: a })).body.id;
      for (const old of [a, b, c, id]) expect((await api('GET', `${CONTACTS}/${old}`)).body.id).toBe(again);
    });
  });

  test('merges that make no sense are refused', async () => {
    await withPortal({}, async ({ api, contact }) => {
      const a = await contact({ firstname: 'A' });
      const merge = (body: unknown, type = 'contacts') =>
        api('POST', `/crm/objects/2026-03/${type}/merge`, body);
      expect(refusal(await merge({ primaryObjectId: a, objectIdToMerge: a }))).toEqual([
        400,
        'VALIDATION_ERROR',
      ]);
      expect((await merge({ primaryObjectId: a, objectIdToMerge: '1' })).status).toBe(404);
      expect((await merge({ primaryObjectId: a })).status).toBe(400);
      expect((await merge({ primaryObjectId: a, objectIdToMerge: '1' }, 'notes')).status).toBe(400);
    });
  });

  test('a privacy deletion leaves nothing behind', async () => {
    await withPortal({}, async ({ api, contact, control }) => {
      const id = await contact({ email: 'gone@example.com' });
      expect(
        (await api('POST', `${CONTACTS}/gdpr-delete`, { objectId: 'gone@example.com', idProperty: 'email' }))
          .status,
      ).toBe(204);
      expect((await api('GET', `${CONTACTS}/${id}`)).status).toBe(404);
      expect((await api('GET', `${CONTACTS}/${id}?archived=true`)).status).toBe(404);
      expect((await control('GET', `records?type=contacts&id=${id}`)).status).toBe(404);
      expect((await api('POST', `${CONTACTS}/gdpr-delete`, { objectId: id })).status).toBe(404);
      expect(
        (await api('POST', '/crm/objects/2026-03/companies/gdpr-delete', { objectId: '1' })).status,
      ).toBe(400);
      const other = await contact({ firstname: 'P' });
      await control('POST', 'delete', { type: 'contacts', id: other, purge: true });
      expect((await api('GET', `${CONTACTS}/${other}?archived=true`)).status).toBe(404);
    });
  });

  test('control changes obey the schema and say what is wrong', async () => {
    await withPortal({}, async ({ control, contact }) => {
      const id = await contact({ firstname: 'A' });
      const edit = (properties: Json) => control('POST', 'edit', { type: 'contacts', id, properties });
      expect(
        (await edit({ hs_analytics_num_page_views: 12 })).body.properties.hs_analytics_num_page_views,
      ).toBe('12');
      for (const [properties, word] of [
        [{ nothing: 1 }, 'does not exist'],
        [{ hs_object_id: 1 }, 'read only'],
        [{ hs_lead_status: 'x' }, 'allowed options'],
      ] as const)
        expect(await edit(properties)).toMatchObject({
          status: 400,
          body: { error: expect.stringContaining(word) },
        });
      expect(
        (await control('POST', 'edit', { type: 'contacts', id: '1', properties: { firstname: 'x' } })).status,
      ).toBe(400);
      expect((await control('POST', 'edit', { type: 'unicorns', id, properties: {} })).body.error).toContain(
        'contacts',
      );
      expect((await control('POST', 'merge', { type: 'notes', id, mergeId: id })).status).toBe(400);
    });
  });
});
