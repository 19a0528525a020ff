import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { type Sandboxes, startSandboxes } from '../../src/app/sandboxes.ts';
import { systemClock } from '../../src/model/clock.ts';

const folder = mkdtempSync(join(tmpdir(), 'waystage-plan-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function start(plan: string): Promise<Sandboxes> {
  const faultsFile = join(folder, 'plan.yaml');
  writeFileSync(faultsFile, plan);
  return startSandboxes({ seed: 1, contacts: 20, clock: systemClock, latencyMs: 0, ports: {}, faultsFile });
}

test('a plan file puts faults into the sandboxes from the start, each into its own', async () => {
  const sandboxes = await start(
    '- {status: 503, count: 1}\n- {sandbox: hubspot, name: daily-limit, after: 1}\n- {sandbox: salesforce, name: apex-limit}\n',
  );
  try {
    const status = async (id: string, path: string): Promise<number> => {
      const { url, token } = sandboxes.all[id]!;
      const answer = await fetch(url + path, { headers: { authorization: `Bearer ${token}` } });
      await answer.arrayBuffer();
      return answer.status;
    };
    const contacts = '/crm/objects/2026-03/contacts';
    const limits = '/services/data/v67.0/limits';
    const hubspot = [await status('hubspot', contacts), await status('hubspot', contacts)];
    expect([...hubspot, await status('hubspot', contacts)]).toEqual([503, 200, 429]);
    expect([await status('salesforce', limits), await status('salesforce', limits)]).toEqual([503, 403]);
  } finally {
    await sandboxes.close();
  }
});

test.each([
  ['- {status: 5}', /plan\.yaml.*status/],
  ['- {sandbox: hubspot, name: apex-limit}', /no fault named "apex-limit"; use ten-secondly-limit/],
  ['- {sandbox: zoho, status: 500}', /no sandbox "zoho"/],
  ['{', /no YAML/],
])('a wrong plan is wrong use, said in words: %s', async (plan, message) => {
  const failed = await start(plan).catch((error: unknown) => error);
  expect(failed).toMatchObject({ code: 'usage', message: expect.stringMatching(message) });
});
