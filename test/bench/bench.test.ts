import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

function bench(
  ...options: readonly string[]
): Promise<{ readonly status: number | null; readonly out: string; readonly err: string }> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [join(root, 'bench/run.ts'), ...options], {
      cwd: root,
      env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'waystage-test-compile-cache') },
    });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk) => {
      out += String(chunk);
    });
    child.stderr.on('data', (chunk) => {
      err += String(chunk);
    });
    child.once('error', fail);
    child.once('close', (status) => done({ status, out, err }));
  });
}

test('a benchmark prints its figures, its targets and whether they are met as one line of JSON', async () => {
  const { status, out, err } = await bench('rules-load', '--json');
  expect(err).toBe('');
  const lines = out.trimEnd().split('\n');
  expect(lines).toHaveLength(1);
  const outcome = JSON.parse(lines[0] ?? '');
  expect(Object.keys(outcome)).toEqual(['name', 'figures', 'targets', 'ok']);
  expect(outcome).toMatchObject({
    name: 'rules-load',
    figures: { rules: 200, first_load_cpu_ms: expect.any(Number) },
    targets: { first_load_cpu_ms: { max: 300 } },
    // Not that the target is met: the machine that runs the tests may be busy with anything.
    ok: outcome.figures.first_load_cpu_ms <= 300,
  });
  expect(status).toBe(outcome.ok ? 0 : 1);
});

test('an unknown benchmark is named, and the known ones with it', async () => {
  const { status, out, err } = await bench('rules-lode');
  expect(status).toBe(2);
  expect(out).toBe('');
  expect(err).toContain('There is no benchmark rules-lode.');
  expect(err).toContain('rules-load');
});
