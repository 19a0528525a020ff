import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import flags from '../bin/node-flags.json' with { type: 'json' };
import type { Benchmark, Figures } from './kit/benchmark.ts';
import { firstLine, startSandboxProcess } from './kit/sandbox-process.ts';
import { recordCount, workloadSize } from './workload.ts';

/** Contacts at the small size; the large one has four times as many. */
const CONTACTS = 10_000;
const TIMES = 4;
const PROGRAM = fileURLToPath(new URL('./kit/sync-process.ts', import.meta.url));
const MEGABYTE = 1024 * 1024;

/** A process that reads and one that also places and writes, at one size and at four times that. */
export const benchmark: Benchmark = {
  name: 'memory',
  about:
    'Peak memory (RSS) of the process that runs, its sandbox being another: a first load of 25,000 and of 100,000 records, and a whole first sync of as many with rules and write-back; started as users start it.',
  targets: {
    load_peak_mb: { max: 300 },
    load_growth_ratio: { max: 1.1 },
    sync_peak_mb: { max: 300 },
    sync_growth_ratio: { max: 1.1 },
  },
  async measure() {
    return { ...(await grown('pull', 'load', CONTACTS)), ...(await grown('sync', 'sync', CONTACTS)) };
  },
};

async function grown(kind: 'pull' | 'sync', name: string, contacts: number): Promise<Figures> {
  const small = await peak(kind, contacts);
  const large = await peak(kind, TIMES * contacts);
  return {
    [`${name}_records`]: recordCount(workloadSize(TIMES * contacts)),
    [`${name}_small_peak_mb`]: small,
    [`${name}_peak_mb`]: large,
    [`${name}_growth_ratio`]: large / small,
  };
}

async function peak(kind: 'pull' | 'sync', contacts: number): Promise<number> {
  const sandbox = await startSandboxProcess({ crm: 'hubspot', contacts });
  try {
    const { crm, url, token } = sandbox;
    const child = spawn(
      process.execPath,
      [...flags, PROGRAM, '--crm', crm, '--url', url, '--token', token, '--kind', kind],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const { peakBytes } = JSON.parse(await firstLine(child, `the ${kind}`)) as { peakBytes: number };
    return peakBytes / MEGABYTE;
  } finally {
    await sandbox.close();
  }
}
