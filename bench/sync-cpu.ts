import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXAMPLE_MAPPINGS } from '../src/app/package-root.ts';
import type { Benchmark, Figures } from './kit/benchmark.ts';
import { median, type Spent, spend, takeTurns } from './kit/measure.ts';
import { plainLoad } from './kit/plain.ts';
import { type Crm, type RemoteSandbox, startSandboxProcess } from './kit/sandbox-process.ts';
import { fieldsOf, openScene, type Scene, UNLIMITED } from './kit/scene.ts';
import { CONTACTS } from './kit/vendor.ts';

const ROUNDS = 5;
/** Of the whole workload W. */
const SCALE = 0.1;

/** Processor time of this process only: the sandboxes are in others. */
export const benchmark: Benchmark = {
  name: 'sync-cpu',
  about:
    'Processor time a record of a whole first load (fetch, decode, compare, store with associations, fates and checkpoints) to plain fetch, JSON.parse and one upsert into SQLite, page by page and of the same fields, in turns. The start (configuration, mappings, a new database) is paid once, whatever the size: the ratio holds a tenth of it, as this is a tenth of the workload; the ratio with the whole start stands beside it.',
  targets: { hubspot_cpu_ratio: { max: 1.5 }, salesforce_cpu_ratio: { max: 1.5 } },
  async measure() {
    return { ...(await ofCrm('hubspot')), ...(await ofCrm('salesforce')) };
  },
};

async function ofCrm(crm: Crm): Promise<Figures> {
  const sandbox = await startSandboxProcess({ crm, contacts: CONTACTS });
  try {
    const fields = await fieldsOf(sandbox, EXAMPLE_MAPPINGS);
    let records = 0;
    const plain = async (): Promise<void> => {
      const folder = mkdtempSync(join(tmpdir(), 'waystage-bench-'));
      try {
        const read = await plainLoad(sandbox, fields, join(folder, 'plain.db'));
        if (records !== 0 && records !== read) throw new Error(`plain read ${read} of ${records} records`);
        records = read;
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    };
    const starts: number[] = [];
    const ours = async (): Promise<void> => {
      starts.push(await load(sandbox, records));
    };
    // One round to warm both up.
    await plain();
    await ours();
    const spent = await takeTurns(ROUNDS, { plain, ours });
    const perRecord = (all: readonly Spent[]): number =>
      (median(all.map(({ cpuMs }) => cpuMs)) * 1000) / records;
    const start = median(starts.slice(1));
    const ratio = (less: number): number =>
      median(
        spent.ours.map(({ cpuMs }, round) => (cpuMs - less) / (spent.plain[round]?.cpuMs ?? Number.NaN)),
      );
    return {
      [`${crm}_cpu_us_per_record`]: perRecord(spent.ours),
      [`${crm}_plain_cpu_us_per_record`]: perRecord(spent.plain),
      [`${crm}_start_cpu_ms`]: start,
      [`${crm}_cpu_ratio`]: ratio(start * (1 - SCALE)),
      [`${crm}_with_whole_start_cpu_ratio`]: ratio(0),
    };
  } finally {
    await sandbox.close();
  }
}

/** @returns the processor time, in ms, of the start alone: configuration, mappings, a new database */
async function load(sandbox: RemoteSandbox, records: number): Promise<number> {
  const { crm, url, token } = sandbox;
  let scene: Scene | undefined;
  const { cpuMs } = await spend(async () => {
    scene = await openScene({
      ...{ crm, url, token },
      mappings: EXAMPLE_MAPPINGS,
      requestsPer10s: UNLIMITED,
    });
  });
  if (scene === undefined) throw new Error('the scene did not open');
  try {
    await scene.run('pull');
    const stored = Object.values(await scene.counts()).reduce((sum, count) => sum + count, 0);
    if (stored !== records) throw new Error(`stored ${stored} of ${records} records`);
    return cpuMs;
  } finally {
    await scene.close();
  }
}
