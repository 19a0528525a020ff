import { describe, expect, test } from '@jest/globals';
import { type Json, type TestPortal, withPortal } from './sandbox-tools.ts';

async function make(portal: TestPortal, type: string, properties: Json): Promise<string> {
  const answer = await portal.control('POST', 'create', { type, properties });
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  return answer.body.id as string;
}

const DEFINED = 'HUBSPOT_DEFINED';
const READ = (version: string) =>
  version === 'v4'
    ? '/crm/v4/associations/contacts/companies/batch'
    : `/crm/associations/${version}/contacts/companies/batch`;

describe('HubSpot sandbox: associations', () => {
  test('the first company is the primary one, a new primary takes the mark, labels stay', async () => {
    await withPortal({}, async (portal) => {
      const { api, contact } = portal;
      const a = await make(portal, 'companies', { name: 'A' });
      const b = await make(portal, 'companies', { name: 'B' });
      const id = await contact({ firstname: 'P' });
      const create = (to: string, typeId: number) =>
        api('POST', `${READ('2026-03')}/create`, {
          inputs: [
            {
              from: { id },
              to: { id: to },
              types: [{ associationCategory: DEFINED, associationTypeId: typeId }],
            },
          ],
        });
      const read = async (): Promise<Json> =>
        (await api('POST', `${READ('2026-03')}/read`, { inputs: [{ id }] })).body.results[0].to.map(
          (to: Json) => [to.toObjectId, to.associationTypes.map((type: Json) => type.typeId)],
        );
      const made = await create(a, 279);
      expect([made.status, made.body.results[0].labels]).toEqual([201, []]);
      await create(b, 279);
      expect(await read()).toEqual([
        [a, [1, 279]],
        [b, [279]],
      ]);
      expect((await create(b, 1)).body.results[0].labels).toEqual(['Primary']);
      expect(await read()).toEqual([
        [a, [279]],
        [b, [1, 279]],
      ]);
      // Seen from the company the types have their other ids.
      const back = await api('GET', `/crm/v4/objects/companies/${b}/associations/contacts`);
      expect(back.body.results).toEqual([
        {
          toObjectId: Number(id),
          associationTypes: [
            { category: DEFINED, typeId: 2, label: 'Primary' },
            { category: DEFINED, typeId: 280, label: null },
          ],
        },
      ]);
      // And set from the company's side it is still the contact's only one.
      const types = [{ associationCategory: DEFINED, associationTypeId: 2 }];
      expect(
        (await api('PUT', `/crm/v4/objects/companies/${a}/associations/contacts/${id}`, types)).status,
      ).toBe(201);
      expect(await read()).toEqual([
        [a, [1, 279]],
        [b, [279]],
      ]);
      const before = (await api('GET', `/crm/v3/objects/contacts/${id}`)).body.updatedAt;
      portal.advance(1_000);
      expect((await api('DELETE', `/crm/v4/objects/contacts/${id}/associations/companies/${a}`)).status).toBe(
        204,
      );
      expect(await read()).toEqual([[b, [279]]]);
      // An association-only change does not move the record's stamp.
      expect((await api('GET', `/crm/v3/objects/contacts/${id}`)).body.updatedAt).toBe(before);
    });
  });

  test('batch read pages each parent, and tells of parents without any by version', async () => {
    await withPortal({ associationPage: 2 }, async (portal) => {
      const { api } = portal;
      const id = await portal.contact({ firstname: 'Many' });
      const lonely = await portal.contact({ firstname: 'Lonely' });
      const companies: string[] = [];
      for (let index = 0; index < 5; index += 1) {
        companies.push(await make(portal, 'companies', { name: `C${index}` }));
        await portal.control('POST', 'associate', {
          type: 'contacts',
          id,
          toType: 'companies',
          toId: companies[index],
        });
      }
      for (const version of ['v4', '2026-03', '2026-09']) {
        const seen: string[] = [];
        let inputs: Json[] = [{ id }, { id: lonely }, { id: '999999' }];
        let first = true;
        while (inputs.length > 0) {
          const { status, body } = await api('POST', `${READ(version)}/read`, { inputs });
          if (first) {
            expect(status).toBe(version === '2026-09' ? 200 : 207);
            if (version === '2026-09') expect(body.errors).toBeUndefined();
            else {
              expect(body.numErrors).toBe(2);
              expect(body.errors[0]).toMatchObject({
                subCategory: 'crm.associations.NO_ASSOCIATIONS_FOUND',
                context: { fromObjectId: [lonely] },
              });
            }
          }
          first = false;
          expect(body.results).toHaveLength(1);
          const [result] = body.results;
          expect(typeof result.to[0].toObjectId).toBe(version === 'v4' ? 'number' : 'string');
          seen.push(...result.to.map((to: Json) => String(to.toObjectId)));
          inputs = result.paging === undefined ? [] : [{ id, after: result.paging.next.after }];
        }
        expect(seen).toEqual(companies);
      }
    });
  });

  test('default, batch, label and archive calls under v4 and dated paths', async () => {
    await withPortal({}, async (portal) => {
      const { api } = portal;
      const deal = await make(portal, 'deals', { dealname: 'D', dealstage: 'contractsent' });
      const id = await portal.contact({ firstname: 'P' });
      const path = `/crm/objects/2026-03/deals/${deal}/associations`;
      const made = await api('PUT', `${path}/default/contacts/${id}`);
      expect([
        made.status,
        made.body.results.map((one: Json) => one.associationSpec.associationTypeId),
      ]).toEqual([200, [3, 4]]);
      await portal.control('POST', 'associate', {
        type: 'deals',
        id: deal,
        toType: 'contacts',
        toId: id,
        label: 'Decision Maker',
      });
      const labels = (await api('GET', '/crm/associations/2026-03/deals/contacts/labels')).body.results;
      const own = labels.find((one: Json) => one.label === 'Decision Maker');
      expect(own).toMatchObject({ category: 'USER_DEFINED' });
      const read = async (): Promise<Json> =>
        (await api('GET', `${path}/contacts`)).body.results.flatMap((one: Json) =>
          one.associationTypes.map((type: Json) => type.label),
        );
      expect(await read()).toEqual([null, 'Decision Maker']);
      const input = {
        from: { id: deal },
        to: { id },
        types: [{ associationCategory: 'USER_DEFINED', associationTypeId: own.typeId }],
      };
      const archiveLabel = '/crm/associations/2026-03/deals/contacts/batch/labels/archive';
      expect((await api('POST', archiveLabel, { inputs: [input] })).status).toBe(200);
      expect(await read()).toEqual([null]);
      const archive = { inputs: [{ from: { id: deal }, to: [{ id }] }] };
      expect((await api('POST', '/crm/v4/associations/deals/contacts/batch/archive', archive)).status).toBe(
        204,
      );
      expect(await read()).toEqual([]);
      const both = { inputs: [{ from: { id: deal }, to: { id } }] };
      const associate = await api(
        'POST',
        '/crm/v4/associations/deals/contacts/batch/associate/default',
        both,
      );
      expect([associate.status, await read()]).toEqual([200, [null]]);
      // An archived end takes the association out of sight.
      await api('DELETE', `/crm/v3/objects/contacts/${id}`);
      expect(await read()).toEqual([]);
    });
  });

  test('what cannot be is refused', async () => {
    await withPortal({}, async (portal) => {
      const { api } = portal;
      const id = await portal.contact({ firstname: 'P' });
      const company = await make(portal, 'companies', { name: 'C' });
      const create = (associationTypeId: number, associationCategory = DEFINED, to = company) =>
        api('POST', `${READ('2026-09')}/create`, {
          inputs: [{ from: { id }, to: { id: to }, types: [{ associationCategory, associationTypeId }] }],
        });
      expect((await create(4)).status).toBe(400);
      expect((await create(279, 'USER_DEFINED')).status).toBe(400);
      expect((await create(279, DEFINED, '77')).status).toBe(404);
      expect((await create(279, 'ANY')).status).toBe(400);
      const inputs = Array.from({ length: 1_001 }, (_, index) => ({ id: String(index) }));
      expect((await api('POST', `${READ('v4')}/read`, { inputs })).status).toBe(400);
      expect((await api('POST', `${READ('v4')}/read`, { inputs: [] })).status).toBe(400);
      expect((await api('POST', `${READ('v4')}/read`, { inputs: [{ id, after: 'x' }] })).status).toBe(400);
      expect(
        (
          await api('POST', '/crm/v4/associations/feedback_submissions/companies/batch/read', {
            inputs: [{ id }],
          })
        ).status,
      ).toBe(400);
      expect(
        (await api('POST', '/crm/v3/associations/contacts/companies/batch/read', { inputs: [{ id }] }))
          .status,
      ).toBe(404);
      expect((await api('GET', `/crm/v4/objects/contacts/77/associations/companies`)).status).toBe(404);
      expect(
        (await api('GET', `/crm/v4/objects/contacts/${id}/associations/companies?limit=501`)).status,
      ).toBe(400);
    });
  });
});
