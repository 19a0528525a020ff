import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { startCompany } from '../helpers/company.ts';
import { changeRule, commands, outputsInCrms, ownMappings } from './apply-kit.ts';
import type { Json } from './kit.ts';

const STAGES = ['awareness', 'advocacy', 'churned', 'retention'];

test('J28 a rollback after an apply restores everything that nobody touched since, and nothing else', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'waystage-rules-'));
  const mappings = ownMappings(folder);
  const company = await startCompany({ contacts: 60, mappings });
  try {
    const run = commands(company);
    await run.sync(0);
    await company.indexed();
    let present = '0.5';
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('0.1', '0.15', '0.2', '0.3', '0.9'),
        fc.array(fc.tuple(fc.nat(1_000), fc.constantFrom(...STAGES)), { maxLength: 3 }),
        async (threshold, edits) => {
          const before = await outputsInCrms(company);
          await changeRule(company, mappings[0]!, `gte: ${present} }`, `gte: ${threshold} }`);
          present = threshold;
          const { json: plan } = await run.plan(1);
          const applied = await run.apply(1);
          const touched: Record<string, string> = {};
          const ours = plan.changes.filter(({ connection }: Json) => connection === 'hubspot');
          for (const [pick, stage] of ours.length === 0 ? [] : edits) {
            const { type, id } = ours[pick % ours.length];
            await company.control('hubspot', 'edit', { type, id, properties: { waystage_stage: stage } });
            touched[`hubspot:${type}:${id} waystage_stage`] = stage;
          }
          await company.indexed();
          await run.rollback(1, applied.json.run);
          expect(await outputsInCrms(company)).toEqual({ ...before, ...touched });
        },
      ),
      { numRuns: 3 },
    );
  } finally {
    await company.close();
    rmSync(folder, { recursive: true, force: true });
  }
}, 60_000);
