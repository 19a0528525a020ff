import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from '@jest/globals';

const root = resolve(import.meta.dirname, '../..');
const json = (file: string): unknown => JSON.parse(readFileSync(join(root, file), 'utf8'));

test('scripts of the checkout start Node with the flags that the installed command gives it', () => {
  const { scripts } = json('package.json') as { scripts: Readonly<Record<string, string>> };
  const flags = json('bin/node-flags.json') as readonly string[];
  expect(flags.length).toBeGreaterThan(0);
  for (const name of ['waystage', 'demo'])
    expect(scripts[name]).toMatch(new RegExp(`^node ${flags.join(' ')} src/cli\\.ts`));
});
