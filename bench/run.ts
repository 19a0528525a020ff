import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { packageRoot } from '../src/app/package-root.ts';
import { processStreams } from '../src/terminal/streams.ts';
import type { Benchmark, Outcome } from './kit/benchmark.ts';
import { outcomeOf } from './kit/benchmark.ts';
import { markdown, tableLines } from './kit/report.ts';

/** Loaded by name: a benchmark shares its process with no other, so none is measured on code warmed or spoilt by
 *  another. */
const BENCHMARKS: Readonly<Record<string, () => Promise<{ readonly benchmark: Benchmark }>>> = {
  'hubspot-initial': () => import('./hubspot-initial.ts'),
  'hubspot-incremental': () => import('./hubspot-incremental.ts'),
  'hubspot-writeback': () => import('./hubspot-writeback.ts'),
  'salesforce-initial': () => import('./salesforce-initial.ts'),
  'salesforce-incremental': () => import('./salesforce-incremental.ts'),
  'salesforce-writeback': () => import('./salesforce-writeback.ts'),
  'rate-limit': () => import('./rate-limit.ts'),
  'latency-hiding': () => import('./latency-hiding.ts'),
  'sync-cpu': () => import('./sync-cpu.ts'),
  memory: () => import('./memory.ts'),
  'rules-eval': () => import('./rules-eval.ts'),
  'rules-load': () => import('./rules-load.ts'),
  incremental: () => import('./incremental.ts'),
  replay: () => import('./replay.ts'),
};

const USAGE = `Use: npm run -s bench -- [NAME] [--json] [--scale N] [--write]
  NAME     one of ${Object.keys(BENCHMARKS).join(', ')}; without it all, one after another
  --json   prints {name, figures, targets, ok} of each as one line of JSON
  --scale  times the usual size, for: incremental, replay
  --write  keeps the figures of a run of all in docs/performance.md
`;

interface Options {
  readonly name: string | undefined;
  readonly json: boolean;
  readonly write: boolean;
  readonly scale: number;
}

async function main(): Promise<number> {
  const options = readOptions();
  if (typeof options === 'string') {
    process.stderr.write(`${options}\n${USAGE}`);
    return 2;
  }
  const outcomes: Outcome[] = [];
  const names = options.name === undefined ? Object.keys(BENCHMARKS) : [options.name];
  for (const name of names) {
    const outcome = options.name === undefined ? await inChild(name) : await here(name, options.scale);
    outcomes.push(outcome);
    if (options.json) process.stdout.write(`${JSON.stringify(outcome)}\n`);
    else
      for (const line of tableLines(outcome, await aboutOf(name), processStreams().width)) {
        process.stdout.write(`${line}\n`);
      }
  }
  if (options.write) {
    const sections = await Promise.all(
      outcomes.map(async (outcome) => ({ outcome, about: await aboutOf(outcome.name) })),
    );
    writeFileSync(join(packageRoot(), 'docs', 'performance.md'), markdown(sections));
  }
  return outcomes.every(({ ok }) => ok) ? 0 : 1;
}

function readOptions(): Options | string {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        write: { type: 'boolean', default: false },
        scale: { type: 'string', default: '1' },
      },
    });
    const [name, ...more] = positionals;
    if (more.length > 0) return `Expected one name at most, found ${positionals.join(' ')}.`;
    if (name !== undefined && BENCHMARKS[name] === undefined) return `There is no benchmark ${name}.`;
    if (values.write && name !== undefined) return '--write keeps a run of all; leave the name out.';
    const scale = Number(values.scale);
    if (!(scale > 0)) return `--scale is ${values.scale}; expected a number above 0.`;
    if (scale !== 1 && name === undefined) return '--scale needs the name of a benchmark.';
    return { name, json: values.json, write: values.write, scale };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function aboutOf(name: string): Promise<string> {
  return (await load(name)).about;
}

async function load(name: string): Promise<Benchmark> {
  const found = BENCHMARKS[name];
  if (found === undefined) throw new Error(`there is no benchmark ${name}`);
  return (await found()).benchmark;
}

async function here(name: string, scale: number): Promise<Outcome> {
  const benchmark = await load(name);
  return outcomeOf(benchmark, await benchmark.measure(scale));
}

/** One benchmark in a process of its own. One that breaks is reported as missing its targets; the others go on. */
async function inChild(name: string): Promise<Outcome> {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), name, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  for await (const chunk of child.stdout) text += String(chunk);
  try {
    return JSON.parse(text) as Outcome;
  } catch {
    const { targets } = await load(name);
    return { name, figures: {}, targets, ok: false };
  }
}

process.exitCode = await main();
