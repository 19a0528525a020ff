import { describe, expect, test } from '@jest/globals';
import { createDailyLimit } from '../../../connectors/hubspot/sandbox/access.ts';
import { NOW, withPortal } from './sandbox-tools.ts';

const LIST = '/crm/objects/2026-03/contacts?limit=1';

describe('HubSpot sandbox: limits', () => {
  test.each([
    ['oauth', 110],
    ['free', 100],
    ['professional', 190],
    ['enterprise', 190],
  ] as const)('an app of kind %s gets %d requests in ten seconds', async (app, limit) => {
    await withPortal(
      { app, requestsPerTenSeconds: undefined as never },
      async ({ api, control, advance }) => {
        const first = await api('GET', LIST);
        expect(first.headers.get('x-hubspot-ratelimit-max')).toBe(String(limit));
        expect(first.headers.get('x-hubspot-ratelimit-remaining')).toBe(String(limit - 1));
        expect(first.headers.get('x-hubspot-ratelimit-interval-milliseconds')).toBe('10000');
        expect(first.headers.get('x-hubspot-ratelimit-daily') !== null).toBe(app !== 'oauth');
        advance(4_000);
        await Promise.all(Array.from({ length: limit - 1 }, () => api('GET', LIST)));
        const refused = await api('GET', LIST);
        expect(refused.status).toBe(429);
        expect(refused.body).toEqual({
          status: 'error',
          message: expect.any(String),
          errorType: 'RATE_LIMIT',
          correlationId: expect.any(String),
          policyName: 'TEN_SECONDLY_ROLLING',
          requestId: expect.any(String),
        });
        expect(refused.headers.get('x-hubspot-ratelimit-remaining')).toBe('0');
        // The window rolls: the first request leaves it, the others do not.
        advance(6_000);
        expect((await api('GET', LIST)).status).toBe(200);
        expect((await api('GET', LIST)).status).toBe(429);
        const report = (await control('GET', 'requests')).body;
        expect(report.refused).toBe(2);
        expect(report.routes['GET /crm/objects/:version/:type']).toBe(limit + 3);
        expect(report.peaks['ten-secondly']).toEqual({ windowMs: 10_000, limit, peak: limit + 2 });
      },
    );
  });

  test('search has five a second for itself, without rate headers', async () => {
    await withPortal({ requestsPerTenSeconds: 1 }, async ({ api, advance }) => {
      const search = () => api('POST', '/crm/objects/2026-03/contacts/search', {});
      const answers = await Promise.all(Array.from({ length: 6 }, search));
      const refused = answers.filter((answer) => answer.status === 429);
      expect(refused).toHaveLength(1);
      expect(refused[0]!.body.message).toBe('You have reached your secondly limit.');
      expect(answers.every((answer) => answer.headers.get('x-hubspot-ratelimit-max') === null)).toBe(true);
      advance(1_000);
      expect((await search()).status).toBe(200);
      // None of that was charged to the ten seconds.
      expect((await api('GET', LIST)).status).toBe(200);
    });
  });

  test('associations have 150 in ten seconds for themselves', async () => {
    await withPortal({ requestsPerTenSeconds: 1 }, async ({ api, control }) => {
      const read = () =>
        api('POST', '/crm/associations/2026-09/contacts/companies/batch/read', { inputs: [{ id: '1' }] });
      const answers = await Promise.all(Array.from({ length: 151 }, read));
      expect(answers.filter((answer) => answer.status === 429)).toHaveLength(1);
      expect((await api('GET', LIST)).status).toBe(200);
      expect((await control('GET', 'requests')).body.peaks['associations'].peak).toBe(151);
    });
  });

  test('the daily limit refuses with DAILY until midnight of the account', async () => {
    // 15:00 UTC is 10:00 in New York: the day has 14 hours left.
    await withPortal({ requestsPerDay: 2 }, async ({ api, advance }) => {
      expect((await api('GET', LIST)).headers.get('x-hubspot-ratelimit-daily-remaining')).toBe('1');
      await api('GET', LIST);
      const refused = await api('GET', LIST);
      expect([refused.status, refused.body.policyName]).toEqual([429, 'DAILY']);
      advance(14 * 3_600_000 - 1);
      expect((await api('GET', LIST)).status).toBe(429);
      advance(1);
      expect((await api('GET', LIST)).status).toBe(200);
    });
  });

  test('moving the sandbox clock moves windows and stamps', async () => {
    await withPortal({ requestsPerTenSeconds: 1 }, async ({ api, control, contact, advance }) => {
      const id = await contact({ firstname: 'Now' });
      expect((await api('GET', LIST)).status).toBe(429);
      await control('POST', 'clock', { advance: 10_000 });
      await api('PATCH', `/crm/objects/2026-03/contacts/${id}`, { properties: { firstname: 'Then' } });
      advance(10_000);
      expect((await api('GET', `/crm/objects/2026-03/contacts/${id}`)).body.updatedAt).toBe(
        new Date(NOW + 10_000).toISOString(),
      );
    });
  });

  test('the day begins at local midnight, also where the clock changes', () => {
    const limit = createDailyLimit('daily', 1, 'America/New_York');
    const fallBack = Date.UTC(2026, 10, 1, 3, 59, 59);
    expect(limit.take(fallBack).allowed).toBe(true);
    expect(limit.take(fallBack).allowed).toBe(false);
    // 1 November has 25 hours there.
    expect(limit.take(fallBack + 1_000).allowed).toBe(true);
    expect(limit.take(fallBack + 24 * 3_600_000).allowed).toBe(false);
    expect(limit.take(fallBack + 25 * 3_600_000 + 1_000).allowed).toBe(true);
  });
});
