import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import flags from '../bin/node-flags.json' with { type: 'json' };
import type { Benchmark } from './kit/benchmark.ts';
import { firstLine } from './kit/sandbox-process.ts';

/** People and accounts at the small size; the large one has four times as many. */
const SUBJECTS = 1_000;
const TIMES = 4;
/** Of the story that is copied. */
const CONTACTS = 300;
const MEGABYTE = 1024 * 1024;
const FILL = fileURLToPath(new URL('./kit/replay-store.ts', import.meta.url));
const REPLAY = fileURLToPath(new URL('./kit/replay-process.ts', import.meta.url));

interface Replayed {
  readonly subjects: number;
  readonly steps: number;
  readonly visits: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakBytes: number;
}

/** A process that replays, at one size and at four times that. */
export const benchmark: Benchmark = {
  name: 'replay',
  about:
    'Replay of the example journeys over the story of 18 months in both CRMs, with all histories, from the first fact of every subject to now: 4,000 people and accounts (`--scale 25`: 100,000) and a quarter of them, each in a process started as users start it. The ratio is that of the processor time a subject.',
  targets: {
    peak_mb: { max: 500 },
    cpu_per_subject_growth_ratio: { max: 1.2 },
  },
  async measure(scale = 1) {
    const folder = mkdtempSync(join(tmpdir(), 'waystage-bench-'));
    try {
      const [small, large] = [join(folder, 'small.db'), join(folder, 'large.db')];
      const sizes = [`${small}=${SUBJECTS * scale}`, `${large}=${SUBJECTS * TIMES * scale}`];
      await json(FILL, ['--contacts', String(CONTACTS), ...sizes.flatMap((size) => ['--out', size])]);
      const few = await json<Replayed>(REPLAY, ['--database', small]);
      const many = await json<Replayed>(REPLAY, ['--database', large]);
      if (many.visits < many.subjects) throw new Error('a subject of the story has a visit at least');
      return {
        subjects: many.subjects,
        steps: many.steps,
        visits: many.visits,
        subjects_per_second: many.subjects / many.seconds,
        subjects_per_cpu_second: many.subjects / many.cpuSeconds,
        small_subjects: few.subjects,
        small_peak_mb: few.peakBytes / MEGABYTE,
        peak_mb: many.peakBytes / MEGABYTE,
        cpu_per_subject_growth_ratio: many.cpuSeconds / many.subjects / (few.cpuSeconds / few.subjects),
      };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function json<T>(program: string, options: readonly string[]): Promise<T> {
  const child = spawn(process.execPath, [...flags, program, ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(await firstLine(child, 'the replay')) as T;
}
