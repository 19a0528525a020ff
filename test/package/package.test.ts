import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

const root = resolve(import.meta.dirname, '../..');
const work = mkdtempSync(join(tmpdir(), 'waystage-package-'));
const checkout = join(work, 'checkout');
const installed = join(work, 'installed', 'node_modules', 'waystage');

/** Files of the checkout that packing needs; packed in a copy, so that the manifest here is never touched. */
const COPIED = [
  'bin',
  'build',
  'src',
  'connectors',
  'mappings',
  'config',
  'package.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'README.md',
  'CHANGELOG.md',
  'LICENSE',
];

beforeAll(() => {
  mkdirSync(checkout);
  const present = new Set(readdirSync(root));
  for (const name of COPIED)
    if (present.has(name)) cpSync(join(root, name), join(checkout, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(checkout, 'node_modules'));
  execFileSync('npm', ['pack', '--pack-destination', work, '--silent'], { cwd: checkout, stdio: 'pipe' });
  const tarball = readdirSync(work).find((name) => name.endsWith('.tgz'));
  mkdirSync(installed, { recursive: true });
  execFileSync('tar', ['-xzf', join(work, tarball ?? ''), '-C', installed, '--strip-components=1']);
  symlinkSync(join(root, 'node_modules'), join(installed, 'node_modules'));
}, 120_000);
afterAll(() => rmSync(work, { recursive: true, force: true }));

function waystage(...args: string[]): string {
  return execFileSync(process.execPath, [join(installed, 'bin', 'waystage.js'), ...args], {
    cwd: work,
    encoding: 'utf8',
  });
}

describe('the packed tarball', () => {
  test('holds JavaScript only, and no pinned Node in its manifest', () => {
    const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as Record<
      string,
      unknown
    >;
    expect(Object.keys(manifest)).not.toEqual(expect.arrayContaining(['optionalDependencies']));
    expect(Object.keys(manifest)).not.toEqual(expect.arrayContaining(['devDependencies']));
    expect(readdirSync(installed)).not.toContain('src');
    const files = readdirSync(join(installed, 'dist'), { recursive: true }) as string[];
    expect(files.filter((file) => file.endsWith('.ts'))).toEqual([]);
  });

  test('packing leaves the checkout as it was', () => {
    expect(readFileSync(join(checkout, 'package.json'), 'utf8')).toBe(
      readFileSync(join(root, 'package.json'), 'utf8'),
    );
    expect(readdirSync(checkout)).not.toContain('dist');
  });

  test('runs: help, and a starter configuration that passes the check', () => {
    expect(waystage('--help')).toContain('Commands:');
    waystage('init');
    const env = {
      HUBSPOT_TOKEN: 'x',
      SALESFORCE_URL: 'https://a.my.salesforce.com',
      SALESFORCE_CLIENT_ID: 'x',
      SALESFORCE_CLIENT_SECRET: 'x',
    };
    const out = execFileSync(process.execPath, [join(installed, 'bin', 'waystage.js'), 'check'], {
      cwd: work,
      encoding: 'utf8',
      env: { ...process.env, ...env },
    });
    expect(out).toContain('Everything is in order: 2 connections, 2 journeys');
  });
});
