import { describe, expect, test } from '@jest/globals';
import { type Json, refusal, withPortal } from './sandbox-tools.ts';

const PATH = '/crm/properties/2026-03/contacts';
const GROUP = { name: 'waystage', label: 'Waystage' };
const property = (change: Json = {}) => ({
  name: 'waystage_stage',
  label: 'Stage',
  groupName: 'waystage',
  type: 'enumeration',
  fieldType: 'select',
  options: [{ label: 'Lead', value: 'lead', displayOrder: 0, hidden: false }],
  ...change,
});

describe('HubSpot sandbox: properties and groups', () => {
  test('a property is created in its group, read, written to, changed and listed', async () => {
    await withPortal({}, async ({ api, contact }) => {
      expect((await api('POST', PATH, property())).status).toBe(400);
      expect((await api('POST', `${PATH}/groups`, GROUP)).body).toMatchObject({ ...GROUP, archived: false });
      expect(refusal(await api('POST', `${PATH}/groups`, GROUP))).toEqual([409, 'CONFLICT']);
      const made = await api('POST', PATH, property());
      expect(made.status).toBe(201);
      expect(made.body).toMatchObject({
        ...property(),
        archived: false,
        calculated: false,
        hubspotDefined: false,
        modificationMetadata: { archivable: true, readOnlyDefinition: false, readOnlyValue: false },
      });
      expect(refusal(await api('POST', PATH, property()))).toEqual([409, 'OBJECT_ALREADY_EXISTS']);
      const id = await contact({ firstname: 'A', waystage_stage: 'lead' });
      expect(
        refusal(
          await api('PATCH', `/crm/v3/objects/contacts/${id}`, { properties: { waystage_stage: 'won' } }),
        ),
      ).toContain('INVALID_OPTION');
      // The options given replace those there were.
      const options = [{ label: 'Won', value: 'won', displayOrder: 1, hidden: false }];
      expect((await api('PATCH', `${PATH}/waystage_stage`, { options })).body.options).toEqual(options);
      expect(
        (await api('PATCH', `/crm/v3/objects/contacts/${id}`, { properties: { waystage_stage: 'won' } }))
          .status,
      ).toBe(200);
      const names = (await api('GET', PATH)).body.results.map((one: Json) => one.name);
      expect(names).toEqual(expect.arrayContaining(['waystage_stage', 'email', 'lastmodifieddate']));
      expect(names).not.toContain('hs_lastmodifieddate');
      expect((await api('GET', `${PATH}/email`)).body).toMatchObject({
        hubspotDefined: true,
        hasUniqueValue: true,
      });
      expect((await api('GET', `${PATH}/hs_object_id`)).body).toMatchObject({
        calculated: true,
        modificationMetadata: { readOnlyValue: true },
      });
    });
  });

  test('archiving hides it from writes and lists; creating it again brings it back', async () => {
    await withPortal({}, async ({ api, contact }) => {
      await api('POST', `${PATH}/groups`, GROUP);
      await api('POST', PATH, property());
      const id = await contact({ firstname: 'A', waystage_stage: 'lead' });
      expect((await api('DELETE', `${PATH}/groups/waystage`)).status).toBe(400);
      expect((await api('DELETE', `${PATH}/waystage_stage`)).status).toBe(204);
      expect((await api('DELETE', `${PATH}/waystage_stage`)).status).toBe(404);
      expect((await api('GET', `${PATH}/waystage_stage`)).status).toBe(404);
      expect((await api('GET', `${PATH}/waystage_stage?archived=true`)).body.archived).toBe(true);
      const write = await api('PATCH', `/crm/v3/objects/contacts/${id}`, {
        properties: { waystage_stage: 'lead' },
      });
      expect(refusal(write)).toContain('PROPERTY_DOESNT_EXIST');
      expect(
        (await api('POST', PATH, property({ type: 'string', fieldType: 'text', options: [] }))).status,
      ).toBe(400);
      expect((await api('POST', PATH, property())).status).toBe(201);
      expect(
        (await api('GET', `/crm/v3/objects/contacts/${id}?properties=waystage_stage`)).body.properties
          .waystage_stage,
      ).toBe('lead');
      await api('POST', `${PATH}/batch/archive`, { inputs: [{ name: 'waystage_stage' }] });
      expect((await api('DELETE', `${PATH}/groups/waystage`)).status).toBe(204);
      expect((await api('GET', `${PATH}/groups/waystage`)).status).toBe(404);
    });
  });

  test('bad definitions are refused', async () => {
    await withPortal({}, async ({ api }) => {
      await api('POST', `${PATH}/groups`, GROUP);
      const yes = { label: 'Yes', value: 'true' };
      const bad: Json[] = [
        { name: 'Waystage' },
        { name: '1st' },
        { name: 'x'.repeat(101) },
        { label: '' },
        { groupName: 'nowhere' },
        { type: 'text' },
        { fieldType: 'number' },
        {
          options: [
            { label: 'A', value: 'a' },
            { label: 'B', value: 'a' },
          ],
        },
        { options: [{ label: 'A', value: 'a;b' }] },
        { options: [{ label: '', value: 'a' }] },
        { type: 'bool', fieldType: 'booleancheckbox', options: [] },
        { type: 'bool', fieldType: 'booleancheckbox', options: [yes] },
        { type: 'number', fieldType: 'number' },
        { hasUniqueValue: true },
        { calculationFormula: 'a + b' },
        { colour: 'red' },
      ];
      for (const change of bad)
        expect([change, ...refusal(await api('POST', PATH, property(change)))]).toEqual([
          change,
          400,
          'VALIDATION_ERROR',
        ]);
      const no = { label: 'No', value: 'false' };
      const bool = property({ name: 'flag', type: 'bool', fieldType: 'booleancheckbox', options: [yes, no] });
      expect((await api('POST', PATH, bool)).status).toBe(201);
      expect((await api('PATCH', `${PATH}/flag`, { name: 'other' })).status).toBe(400);
      expect((await api('PATCH', `${PATH}/email`, { type: 'number', fieldType: 'number' })).status).toBe(400);
      expect((await api('DELETE', `${PATH}/email`)).status).toBe(400);
      expect((await api('PATCH', `${PATH}/nothing`, { label: 'x' })).status).toBe(404);
    });
  });

  test('at most ten unique properties, whose values really are, and ten custom ones on free accounts', async () => {
    const text = (name: string, more: Json = {}) => ({
      name,
      label: name,
      groupName: 'contactinformation',
      type: 'string',
      fieldType: 'text',
      ...more,
    });
    await withPortal({}, async ({ api, contact }) => {
      for (let index = 0; index < 10; index += 1)
        expect((await api('POST', PATH, text(`unique_${index}`, { hasUniqueValue: true }))).status).toBe(201);
      expect((await api('POST', PATH, text('unique_10', { hasUniqueValue: true }))).status).toBe(400);
      const id = await contact({ firstname: 'A', unique_1: 'same' });
      const twin = await api('POST', '/crm/v3/objects/contacts', {
        properties: { firstname: 'B', unique_1: 'same' },
      });
      expect(refusal(twin)).toEqual([409, 'CONFLICT']);
      expect((await api('GET', '/crm/v3/objects/contacts/same?idProperty=unique_1')).body.id).toBe(id);
      const update = { inputs: [{ id: 'same', idProperty: 'unique_1', properties: { lastname: 'Z' } }] };
      expect((await api('POST', '/crm/v3/objects/contacts/batch/update', update)).body.results[0].id).toBe(
        id,
      );
    });
    await withPortal({ app: 'free' }, async ({ api }) => {
      const inputs = Array.from({ length: 10 }, (_, index) => text(`custom_${index}`));
      expect((await api('POST', `${PATH}/batch/create`, { inputs })).status).toBe(201);
      expect((await api('POST', PATH, text('custom_10'))).body.message).toContain(
        'limit of 10 custom properties',
      );
    });
  });

  test('multi-selects take lists, add with a leading semicolon and know their options', async () => {
    await withPortal({}, async ({ api, contact }) => {
      const options = ['a', 'b', 'c'].map((value) => ({ label: value, value }));
      await api(
        'POST',
        PATH,
        property({ name: 'tags', groupName: 'contactinformation', fieldType: 'checkbox', options }),
      );
      const id = await contact({ firstname: 'A', tags: 'a;b' });
      const set = (tags: string) => api('PATCH', `/crm/v3/objects/contacts/${id}`, { properties: { tags } });
      expect((await set(';c')).body.properties.tags).toBe('a;b;c');
      expect((await set('b')).body.properties.tags).toBe('b');
      expect(refusal(await set('b;z'))).toContain('INVALID_OPTION');
    });
  });
});
