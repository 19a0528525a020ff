// Before packing: build to JavaScript (Node refuses .ts under node_modules) and take out of the manifest what only a
// checkout needs, above all the pinned Node. After packing: put everything back.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const manifest = join(root, 'package.json');
const saved = join(root, 'package.json.checkout');

const restore = () => {
  if (existsSync(saved)) renameSync(saved, manifest);
  rmSync(join(root, 'dist'), { recursive: true, force: true });
};

if (process.argv[2] === 'prepare') {
  restore();
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  execFileSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  const original = readFileSync(manifest, 'utf8');
  writeFileSync(saved, original);
  const {
    optionalDependencies: _,
    devDependencies: __,
    scripts: ___,
    allowScripts: ____,
    ...published
  } = JSON.parse(original);
  writeFileSync(manifest, `${JSON.stringify(published, null, 2)}\n`);
} else if (process.argv[2] === 'restore') {
  restore();
} else {
  process.stderr.write('usage: node build/manifest.js prepare|restore\n');
  process.exit(2);
}
