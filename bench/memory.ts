import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Benchmark, Figures } from './kit/benchmark.ts';
import { firstLine, startSandboxProcess } from './kit/sandbox-process.ts';
import { recordCount, workloadSize } from './workload.ts';

const SMALL = 10_000;
const LARGE = 4 * SMALL;
const PROGRAM = fileURLToPath(new URL('./kit/sync-process.ts', import.meta.url));
const MEGABYTE = 1024 * 1024;

/** A process that reads and one that also places and writes, at one size and at four times that. */
export const benchmark: Benchmark = {
  name: 'memory',
  about:
    'Peak memory (RSS) of the process that runs, its sandbox being another: a first load, and a whole first sync with rules and write-back, at 25,000 and at 100,000 records.',
  targets: {
    load_peak_mb: { max: 300 },
    load_growth_ratio: { max: 1.1 },
    sync_peak_mb: { max: 300 },
    sync_growth_ratio: { max: 1.1 },
  },
  async measure() {
    const small = await peaks(SMALL);
    const large = await peaks(LARGE);
    return {
      records: recordCount(workloadSize(LARGE)),
      load_small_peak_mb: small.pull,
      load_peak_mb: large.pull,
      load_growth_ratio: large.pull / small.pull,
      sync_small_peak_mb: small.sync,
      sync_peak_mb: large.sync,
      sync_growth_ratio: large.sync / small.sync,
    } satisfies Figures;
  },
};

async function peaks(contacts: number): Promise<{ readonly pull: number; readonly sync: number }> {
  const sandbox = await startSandboxProcess({ crm: 'hubspot', contacts });
  try {
    const peak = async (kind: 'pull' | 'sync'): Promise<number> => {
      const child = spawn(
        process.execPath,
        [PROGRAM, '--crm', sandbox.crm, '--url', sandbox.url, '--token', sandbox.token, '--kind', kind],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      const { peakBytes } = JSON.parse(await firstLine(child, `the ${kind}`)) as { peakBytes: number };
      return peakBytes / MEGABYTE;
    };
    return { pull: await peak('pull'), sync: await peak('sync') };
  } finally {
    await sandbox.close();
  }
}
