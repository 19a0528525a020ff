import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from '@jest/globals';

const root = resolve(import.meta.dirname, '../..');
const json = (file: string): unknown => JSON.parse(readFileSync(join(root, file), 'utf8'));

test('scripts of the checkout start what the installed command starts', () => {
  const { scripts, bin } = json('package.json') as {
    scripts: Readonly<Record<string, string>>;
    bin: Readonly<Record<string, string>>;
  };
  expect(scripts['waystage']).toBe(`node ${bin['waystage']}`);
  expect(scripts['demo']).toBe(`node ${bin['waystage']} demo`);
  expect((json('bin/node-flags.json') as readonly string[]).length).toBeGreaterThan(0);
});
