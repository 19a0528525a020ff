import { afterEach, expect, test } from '@jest/globals';
import { type Company, startCompany } from '../../helpers/company.ts';

let company: Company | undefined;
afterEach(() => company?.close());

test('a run that loads everything by exports lost nothing: compared in full by lists, no difference', async () => {
  const settings = (exportFrom: number | 'never') => ({
    connections: { hubspot: { settings: { exportFrom } } },
  });
  // Waits for exports are short when time runs fast.
  company = await startCompany({ ...settings(1), factor: 200, hubspot: { exports: { pendingMs: 10 } } });
  const first = await company.sync();
  const { connections } = first.summary;
  expect(connections['hubspot']?.seen).toBeGreaterThan(100);
  expect(connections['hubspot']?.failed).toBe(0);
  const routes = (await (await fetch(`${company.sandboxes.hubspot.url}/__sandbox/requests`)).json()) as {
    routes: Record<string, number>;
  };
  const exported = routes.routes['POST /crm/exports/:version/export/async'] ?? 0;
  expect(exported).toBeGreaterThan(5);
  expect(routes.routes['GET /crm/objects/:version/:type'] ?? 0).toBe(0);

  await company.indexed();
  await company.reopen(settings('never'));
  const second = await company.sync({ reconcile: true });
  expect(second.summary.reconciled?.['hubspot']?.differences).toEqual({});
  expect(second.summary.reconciled?.['hubspot']?.records).toBeGreaterThan(100);
});
