import { expect, test } from '@jest/globals';
import type { RequestReport } from '../../src/sandbox/port.ts';
import { startCompany } from '../helpers/company.ts';

const LIMIT = 30;

test('provisioning and the sync right after it stay within one ten-second window together (I8)', async () => {
  const company = await startCompany({
    contacts: 12,
    factor: 3,
    provision: false,
    hubspot: { requestsPerTenSeconds: LIMIT },
    connections: { hubspot: { budget: { requestsPer10s: LIMIT } } },
  });
  try {
    const report = async (): Promise<RequestReport> =>
      (await (await fetch(`${company.sandboxes.hubspot.url}/__sandbox/requests`)).json()) as RequestReport;
    await company.provision();
    const provisioned = (await report()).total;
    const { summary } = await company.sync();
    expect(summary.problems).toEqual([]);
    const { total, refused, peaks } = await report();
    // Alone each of them fits; together they do not.
    expect(provisioned).toBeGreaterThan(LIMIT / 4);
    expect(total).toBeGreaterThan(LIMIT * 1.2);
    expect(refused).toBe(0);
    expect(summary.connections['hubspot']?.rateLimited).toBe(0);
    expect(peaks['ten-secondly']?.peak).toBeLessThanOrEqual(LIMIT);
  } finally {
    await company.close();
  }
});
