import { describe, expect, test } from '@jest/globals';
import { type Json, refusal, type TestPortal, withPortal } from './sandbox-tools.ts';

const VERSIONS = {
  v3: '/crm/v3/objects/contacts',
  '2026-03': '/crm/objects/2026-03/contacts',
  '2026-09': '/crm/objects/2026-09/contacts',
} as const;

async function three(portal: TestPortal): Promise<string[]> {
  return [
    await portal.contact({ firstname: 'A' }),
    await portal.contact({ firstname: 'B' }),
    await portal.contact({ firstname: 'C' }),
  ];
}
const names = async (portal: TestPortal, ids: readonly string[]): Promise<string[]> =>
  Promise.all(
    ids.map(
      async (id) => (await portal.control('GET', `records?type=contacts&id=${id}`)).body.properties.firstname,
    ),
  );

describe('HubSpot sandbox: batches', () => {
  test.each(Object.entries(VERSIONS))(
    '%s updates a good batch, results in order of id',
    async (_version, base) => {
      await withPortal({}, async (portal) => {
        const ids = await three(portal);
        const answer = await portal.api('POST', `${base}/batch/update`, {
          inputs: [...ids]
            .reverse()
            .map((id) => ({ id, properties: { firstname: `x${id}` }, objectWriteTraceId: `t${id}` })),
        });
        expect([answer.status, answer.body.status]).toEqual([200, 'COMPLETE']);
        expect(
          answer.body.results.map((one: Json) => [one.id, one.properties.firstname, one.objectWriteTraceId]),
        ).toEqual(ids.map((id) => [id, `x${id}`, `t${id}`]));
        expect(answer.body.numErrors).toBeUndefined();
      });
    },
  );

  test('one bad value: 2026-03 settles each row with 207, v3 and 2026-09 refuse the whole batch', async () => {
    for (const [version, base] of Object.entries(VERSIONS))
      await withPortal({}, async (portal) => {
        const [a, b, c] = await three(portal);
        const answer = await portal.api('POST', `${base}/batch/update`, {
          inputs: [
            { id: a, properties: { firstname: 'ok' } },
            {
              id: b,
              properties: { firstname: 'no', hs_lead_status: 'bogus' },
              objectWriteTraceId: 'trace-b',
            },
            { id: c, properties: { firstname: 'ok' } },
          ],
        });
        if (version === '2026-03') {
          expect(answer.status).toBe(207);
          expect(answer.body).toMatchObject({ status: 'COMPLETE', numErrors: 1 });
          expect(answer.body.results.map((one: Json) => one.id)).toEqual([a, c]);
          expect(answer.body.errors).toEqual([
            expect.objectContaining({
              status: 'error',
              category: 'VALIDATION_ERROR',
              context: { ids: [b], objectWriteTraceId: ['trace-b'] },
            }),
          ]);
          expect(await names(portal, [a!, b!, c!])).toEqual(['ok', 'B', 'ok']);
        } else {
          expect(refusal(answer)).toEqual([400, 'VALIDATION_ERROR', 'INVALID_OPTION']);
          expect(JSON.stringify(answer.body)).not.toContain(`"${b}"`);
          expect(await names(portal, [a!, b!, c!])).toEqual(['A', 'B', 'C']);
        }
      });
  });

  test('a missing record: v3 and 2026-03 answer 207, 2026-09 refuses the whole batch', async () => {
    for (const [version, base] of Object.entries(VERSIONS))
      await withPortal({}, async (portal) => {
        const [a, b] = await three(portal);
        await portal.api('DELETE', `${base}/${b}`);
        const answer = await portal.api('POST', `${base}/batch/update`, {
          inputs: [a, b, '31415926'].map((id) => ({ id, properties: { firstname: 'ok' } })),
        });
        if (version === '2026-09') {
          expect(refusal(answer)).toEqual([400, 'VALIDATION_ERROR']);
          expect(await names(portal, [a!])).toEqual(['A']);
        } else {
          expect([answer.status, answer.body.numErrors]).toEqual([207, 1]);
          expect(answer.body.errors[0]).toMatchObject({
            category: 'OBJECT_NOT_FOUND',
            context: { ids: [b, '31415926'] },
          });
          expect(await names(portal, [a!])).toEqual(['ok']);
        }
      });
  });

  test('sizes, duplicates, empty batches and wrong id properties are refused', async () => {
    await withPortal({}, async (portal) => {
      const [a] = await three(portal);
      const base = VERSIONS['2026-03'];
      const row = (id: string, more = {}) => ({ id, properties: { firstname: 'x' }, ...more });
      const update = (inputs: unknown) => portal.api('POST', `${base}/batch/update`, { inputs });
      expect((await update([])).status).toBe(400);
      expect((await update(Array.from({ length: 101 }, (_, index) => row(String(index + 1))))).status).toBe(
        400,
      );
      expect((await update([row(a!), row(a!)])).body.message).toContain('Duplicate IDs found in batch input');
      for (const idProperty of ['email', 'hs_object_id', 'firstname']) {
        const answer = await update([row(a!, { idProperty })]);
        expect([answer.status, answer.body.errors[0].message]).toEqual([
          207,
          `Unable to perform update/upsert by non-unique 0-1 property ${idProperty}`,
        ]);
      }
      expect((await update([{ id: a }])).status).toBe(400);
      const many = Array.from({ length: 101 }, (_, index) => ({ id: String(index + 1) }));
      expect((await portal.api('POST', `${base}/batch/read`, { inputs: many })).status).toBe(400);
      expect(
        (
          await portal.api('POST', `${base}/batch/read`, {
            inputs: many.slice(0, 51),
            propertiesWithHistory: ['email'],
          })
        ).status,
      ).toBe(400);
      expect(
        (
          await portal.api('POST', '/crm/objects/2026-03/feedback_submissions/batch/update', {
            inputs: [row('1')],
          })
        ).status,
      ).toBe(405);
    });
  });

  test('reads: 207 names what is missing, 2026-09 leaves it out, archived ones only on request', async () => {
    await withPortal({}, async (portal) => {
      const [a, b, c] = await three(portal);
      await portal.api('DELETE', `${VERSIONS.v3}/${c}`);
      const inputs = [b, a, a, c, '999'].map((id) => ({ id }));
      for (const [version, base] of Object.entries(VERSIONS)) {
        const answer = await portal.api('POST', `${base}/batch/read`, { inputs, properties: ['firstname'] });
        expect(answer.body.results.map((one: Json) => one.properties.firstname)).toEqual(['A', 'B']);
        expect(answer.status).toBe(version === '2026-09' ? 200 : 207);
        expect(answer.body.errors?.[0].context.ids).toEqual(version === '2026-09' ? undefined : [c, '999']);
      }
      const archived = await portal.api('POST', `${VERSIONS['2026-09']}/batch/read?archived=true`, {
        inputs,
      });
      expect(archived.body.results.map((one: Json) => one.id)).toEqual([c]);
      await portal.contact({ email: 'by@mail.example' });
      const byEmail = await portal.api('POST', `${VERSIONS['2026-03']}/batch/read`, {
        inputs: [{ id: 'BY@mail.example' }],
        idProperty: 'email',
        properties: ['email'],
      });
      expect(byEmail.body.results[0].properties.email).toBe('by@mail.example');
    });
  });

  test('creates: 201, or 207 with the trace of what failed, or nothing at all on 2026-09', async () => {
    const inputs = [
      { properties: { email: 'new@example.com', firstname: 'New' }, objectWriteTraceId: 'one' },
      { properties: { email: 'broken' }, objectWriteTraceId: 'two' },
    ];
    await withPortal({}, async ({ api, control }) => {
      const count = async (): Promise<number> =>
        (await control('GET', 'records?type=contacts')).body.records.length;
      const before = await count();
      expect(refusal(await api('POST', `${VERSIONS['2026-09']}/batch/create`, { inputs }))).toEqual([
        400,
        'VALIDATION_ERROR',
        'INVALID_EMAIL',
      ]);
      expect(await count()).toBe(before);
      const mixed = await api('POST', `${VERSIONS['2026-03']}/batch/create`, { inputs });
      expect(mixed.status).toBe(207);
      expect(mixed.body.results[0]).toMatchObject({
        objectWriteTraceId: 'one',
        properties: { firstname: 'New' },
      });
      expect(mixed.body.errors[0].context).toEqual({ objectWriteTraceId: ['two'] });
      const company = (await control('POST', 'create', { type: 'companies', properties: { name: 'C' } })).body
        .id;
      const types = [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId: 279 }];
      const good = await api('POST', `${VERSIONS['2026-09']}/batch/create`, {
        inputs: [{ properties: { firstname: 'Linked' }, associations: [{ to: { id: company }, types }] }],
      });
      expect(good.status).toBe(201);
      const id = good.body.results[0].id;
      expect((await control('GET', `records?type=contacts&id=${id}`)).body.associations).toEqual({
        companies: [{ id: company, primary: true, labels: [] }],
      });
      const clash = ['Same@example.com', 'same@example.com'].map((email) => ({ properties: { email } }));
      expect((await api('POST', `${VERSIONS['2026-09']}/batch/create`, { inputs: clash })).status).toBe(409);
      expect(
        (await api('POST', `${VERSIONS['2026-03']}/batch/create`, { inputs: clash })).body,
      ).toMatchObject({
        results: [expect.anything()],
        errors: [expect.objectContaining({ category: 'CONFLICT' })],
      });
      const twin = await api('POST', `${VERSIONS['2026-03']}/batch/create`, {
        inputs: [inputs[0], inputs[0]],
      });
      expect(twin.status).toBe(400);
    });
  });

  test('upserts by a unique property say what is new; a partial one by e-mail is refused', async () => {
    await withPortal({}, async ({ api, contact }) => {
      const id = await contact({ email: 'known@example.com', firstname: 'K' });
      const upsert = (inputs: unknown, base: string = VERSIONS['2026-03']) =>
        api('POST', `${base}/batch/upsert`, { inputs });
      const answer = await upsert([
        {
          id: 'known@example.com',
          idProperty: 'email',
          properties: { email: 'known@example.com', firstname: 'K2' },
        },
        {
          id: 'fresh@example.com',
          idProperty: 'email',
          properties: { email: 'fresh@example.com', firstname: 'F' },
        },
      ]);
      expect(answer.status).toBe(200);
      expect(
        answer.body.results.map((one: Json) => [one.id === id, one.new, one.properties.firstname]),
      ).toEqual([
        [true, false, 'K2'],
        [false, true, 'F'],
      ]);
      const partial = await upsert([
        { id: 'known@example.com', idProperty: 'email', properties: { firstname: 'X' } },
      ]);
      expect([partial.status, partial.body.numErrors]).toEqual([207, 1]);
      expect(
        (
          await upsert(
            [{ id: 'A', idProperty: 'firstname', properties: { firstname: 'A' } }],
            VERSIONS['2026-09'],
          )
        ).status,
      ).toBe(400);
      expect((await upsert([{ id: 'A', properties: { firstname: 'A' } }], VERSIONS.v3)).status).toBe(400);
    });
  });

  test('archives what is there and says nothing of the rest', async () => {
    await withPortal({}, async (portal) => {
      const [a, b] = await three(portal);
      const answer = await portal.api('POST', `${VERSIONS.v3}/batch/archive`, {
        inputs: [{ id: a }, { id: '12' }],
      });
      expect(answer.status).toBe(204);
      expect((await portal.api('GET', `${VERSIONS.v3}/${a}`)).status).toBe(404);
      expect((await portal.api('GET', `${VERSIONS.v3}/${b}`)).status).toBe(200);
    });
  });

  test('a record can be made to refuse writes, some times or until a reset', async () => {
    await withPortal({}, async (portal) => {
      const [a, b] = await three(portal);
      await portal.control('POST', 'refuse', {
        type: 'contacts',
        id: a,
        message: 'Required: renewal reason',
        times: 1,
      });
      const write = () =>
        portal.api('POST', `${VERSIONS['2026-03']}/batch/update`, {
          inputs: [a, b].map((id) => ({ id, properties: { firstname: 'ok' } })),
        });
      const first = await write();
      expect([first.status, first.body.errors[0].message, first.body.errors[0].context.ids]).toEqual([
        207,
        'Required: renewal reason',
        [a],
      ]);
      expect((await write()).status).toBe(200);
      await portal.control('POST', 'refuse', { type: 'contacts', id: b, message: 'No.' });
      for (let index = 0; index < 3; index += 1) expect((await write()).status).toBe(207);
      expect(
        (await portal.control('POST', 'refuse', { type: 'contacts', id: '1', message: 'x' })).status,
      ).toBe(400);
    });
  });
});
