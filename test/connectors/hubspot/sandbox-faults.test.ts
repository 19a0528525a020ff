import { describe, expect, test } from '@jest/globals';
import { type TestPortal, withPortal } from './sandbox-tools.ts';

const LIST = '/crm/objects/2026-03/contacts?limit=1';

async function fault(portal: TestPortal, body: unknown): Promise<void> {
  const answer = await portal.control('POST', 'fault', body);
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
}

async function change(portal: TestPortal, body: unknown): Promise<unknown> {
  const answer = await portal.control('POST', 'field', body);
  return answer.status === 200 ? 'ok' : answer.body.error;
}

describe('HubSpot sandbox: faults by name', () => {
  test.each([
    ['ten-secondly-limit', 429, 'TEN_SECONDLY_ROLLING'],
    ['secondly-limit', 429, 'SECONDLY'],
    ['daily-limit', 429, 'DAILY'],
  ])('%s is a %d with its policy', async (name, status, policyName) => {
    await withPortal({}, async (portal) => {
      await fault(portal, { name, count: 1 });
      const answer = await portal.api('GET', LIST);
      expect([answer.status, answer.body]).toEqual([
        status,
        {
          status: 'error',
          message: `You have reached your ${policyName.toLowerCase()} limit.`,
          errorType: 'RATE_LIMIT',
          correlationId: expect.any(String),
          policyName,
          requestId: expect.any(String),
        },
      ]);
      expect(answer.headers.get('retry-after')).toBeNull();
      expect((await portal.control('GET', 'requests')).body.refused).toBe(1);
      expect((await portal.api('GET', LIST)).status).toBe(200);
    });
  });

  test('a lock, a move with Retry-After, an internal error and an ended token have the error body', async () => {
    await withPortal({}, async (portal) => {
      for (const [name, status, category] of [
        ['locked', 423, 'RESOURCE_LOCKED'],
        ['data-centre-move', 477, 'MIGRATION_IN_PROGRESS'],
        ['internal-error', 500, 'INTERNAL_ERROR'],
        ['expired-token', 401, 'INVALID_AUTHENTICATION'],
      ] as const) {
        await fault(portal, { name, count: 1 });
        const answer = await portal.api('GET', LIST);
        expect([answer.status, answer.body]).toEqual([
          status,
          { status: 'error', message: expect.any(String), correlationId: expect.any(String), category },
        ]);
        expect(answer.headers.get('retry-after')).toBe(status === 477 ? '10' : null);
      }
    });
  });

  test.each([
    ['bad-gateway', 502],
    ['unavailable', 503],
    ['gateway-timeout', 504],
    ['server-down', 521],
    ['connection-timeout', 522],
    ['origin-unreachable', 523],
    ['origin-timeout', 524],
  ])('%s comes from the network: %d with a page', async (name, status) => {
    await withPortal({}, async (portal) => {
      await fault(portal, { name });
      const answer = await fetch(portal.sandbox.url + LIST, {
        headers: { authorization: `Bearer ${portal.sandbox.token}` },
      });
      expect([answer.status, (await answer.text()).startsWith('<!DOCTYPE html>')]).toEqual([status, true]);
    });
  });

  test('faults come after token and limits, which count the requests that they meet', async () => {
    await withPortal({ requestsPerTenSeconds: 2 }, async (portal) => {
      await fault(portal, { status: 500 });
      const statuses = [];
      for (let index = 0; index < 3; index += 1) statuses.push((await portal.api('GET', LIST)).status);
      expect(statuses).toEqual([500, 500, 429]);
    });
  });
});

describe('HubSpot sandbox: field changes', () => {
  const companies = '/crm/objects/2026-03/companies';
  const custom = async (portal: TestPortal): Promise<string> => {
    const made = await portal.api('POST', companies, {
      properties: { name: 'Acme', renewal_date: '2027-01-31' },
    });
    return made.body.id;
  };
  const read = async (portal: TestPortal, id: string, property: string) =>
    (await portal.api('GET', `${companies}/${id}?properties=${property}`)).body.properties[property];

  test('removed: gone from the list and from records, refused in writes', async () => {
    await withPortal({}, async (portal) => {
      const id = await custom(portal);
      expect(await change(portal, { object: 'companies', field: 'renewal_date', action: 'remove' })).toBe(
        'ok',
      );
      expect((await portal.api('GET', '/crm/properties/2026-03/companies/renewal_date')).status).toBe(404);
      expect(await read(portal, id, 'renewal_date')).toBeUndefined();
      const write = await portal.api('PATCH', `${companies}/${id}`, {
        properties: { renewal_date: '2027-02-01' },
      });
      expect([write.status, JSON.stringify(write.body)]).toEqual([
        400,
        expect.stringContaining('PROPERTY_DOESNT_EXIST'),
      ]);
    });
  });

  test('renamed: a new property with the values, the old one archived', async () => {
    await withPortal({}, async (portal) => {
      const id = await custom(portal);
      const body = { object: 'companies', field: 'renewal_date', action: 'rename', to: 'next_renewal' };
      expect(await change(portal, body)).toBe('ok');
      expect(await read(portal, id, 'next_renewal')).toBe('2027-01-31');
      expect(await read(portal, id, 'renewal_date')).toBeUndefined();
      const archived = await portal.api('GET', '/crm/properties/2026-03/companies?archived=true');
      expect(archived.body.results.map((one: { name: string }) => one.name)).toContain('renewal_date');
    });
  });

  test('retyped: another definition, the stored text as it was', async () => {
    await withPortal({}, async (portal) => {
      const id = await custom(portal);
      const body = { object: 'companies', field: 'renewal_date', action: 'retype', to: 'string' };
      expect(await change(portal, body)).toBe('ok');
      const found = await portal.api('GET', '/crm/properties/2026-03/companies/renewal_date');
      expect(found.body).toMatchObject({ type: 'string', fieldType: 'text' });
      expect(await read(portal, id, 'renewal_date')).toBe('2027-01-31');
    });
  });

  test("hidden and shown again: also HubSpot's own", async () => {
    await withPortal({}, async (portal) => {
      const id = await custom(portal);
      expect(await change(portal, { object: 'companies', field: 'name', action: 'hide' })).toBe('ok');
      expect((await portal.api('GET', '/crm/properties/2026-03/companies/name')).status).toBe(404);
      expect(await read(portal, id, 'name')).toBeUndefined();
      expect(await change(portal, { object: 'companies', field: 'name', action: 'show' })).toBe('ok');
      expect(await read(portal, id, 'name')).toBe('Acme');
    });
  });

  test('what makes no sense is refused, and a reset brings everything back', async () => {
    await withPortal({}, async (portal) => {
      const on = (body: object) => change(portal, { object: 'companies', field: 'renewal_date', ...body });
      expect(await on({ action: 'explode' })).toMatch(/action/);
      expect(await on({ action: 'rename' })).toMatch(/needs "to"/);
      expect(await on({ action: 'remove', to: 'x' })).toMatch(/does not go/);
      expect(await on({ action: 'rename', to: 'domain' })).toMatch(/already/);
      expect(await on({ action: 'retype', to: 'blob' })).toMatch(/no type/);
      expect(await on({ action: 'remove', field: 'nothing' })).toMatch(/no property/);
      expect(await on({ action: 'remove', field: 'domain' })).toMatch(/only be hidden/);
      expect(await on({ action: 'show' })).toMatch(/not hidden/);
      await on({ action: 'remove' });
      await portal.control('POST', 'reset');
      expect((await portal.api('GET', '/crm/properties/2026-03/companies/renewal_date')).status).toBe(200);
    });
  });
});
