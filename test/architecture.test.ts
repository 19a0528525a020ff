import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

/** What each room may import from the project. Everything not listed is forbidden. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  'src/model': [],
  'src/mapping': ['src/model'],
  'src/connector': ['src/model'],
  'src/config': ['src/model'],
  'src/transport': ['src/model'],
  'src/journey': ['src/model', 'src/mapping'],
  'src/mapping-test': ['src/model', 'src/mapping', 'src/journey'],
  'src/identity': ['src/model', 'src/mapping'],
  'src/analysis': ['src/model', 'src/mapping'],
  'src/backtest': ['src/model', 'src/mapping', 'src/journey'],
  'src/facts': ['src/model', 'src/mapping', 'src/identity'],
  'src/store': ['src/model', 'src/connector'],
  'src/story': ['src/model'],
  'src/sandbox': ['src/model', 'src/story'],
  'src/queue': ['src/model', 'src/mapping', 'src/store'],
  'src/terminal': ['src/model', 'src/sync'],
  'src/sync': [
    'src/model',
    'src/mapping',
    'src/connector',
    'src/store',
    'src/journey',
    'src/mapping-test',
    'src/identity',
    'src/facts',
    'src/analysis',
    'src/backtest',
  ],
  'src/http': ['src/model', 'src/connector', 'src/store', 'src/journey', 'src/analysis', 'src/sync'],
  connectors: ['src/model', 'src/connector', 'src/transport'],
  sandbox: ['src/model', 'src/story', 'src/sandbox'],
};

/** Rooms that put the others together: the command line and the one place that names concrete adapters. */
const COMPOSITION = ['composition', 'src/app', 'src/commands'];

/** Rooms without clock, file, network, database or chance: the same arguments give the same answer. */
const PURE = [
  'src/model',
  'src/mapping',
  'src/journey',
  'src/identity',
  'src/facts',
  'src/analysis',
  'src/backtest',
  'src/story',
];
const IMPURE =
  /\bDate\.now\(|new Date\(\)|\bMath\.random\(|\bprocess\.|\bfetch\(|\bsetTimeout\(|\bsetInterval\(|from 'node:(fs|net|http|https|child_process|sqlite|os|worker_threads)/;
/** The one file of the pure rooms that hands out the machine's clock, for the composition root. */
const CLOCK = 'src/model/clock.ts';

const files = ['src', 'connectors'].flatMap((folder) => walk(join(root, folder)));

function walk(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return name === 'node_modules' ? [] : walk(path);
    return path.endsWith('.ts') ? [relative(root, path)] : [];
  });
}

function roomOf(file: string): string {
  const parts = file.split('/');
  if (parts[0] === 'connectors')
    return parts[2] === 'sandbox' ? 'sandbox' : parts.length === 2 ? 'composition' : 'connectors';
  return parts.length === 2 ? 'composition' : `src/${parts[1]}`;
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  const found = [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] ?? '');
  return found
    .filter((path) => path.startsWith('.'))
    .map((path) => relative(root, resolve(root, dirname(file), path)));
}

function forbidden(file: string): string[] {
  const room = roomOf(file);
  if (COMPOSITION.includes(room)) return [];
  const allowed = ALLOWED[room];
  if (allowed === undefined) return [`${file}: ${room} is not in the list of rooms`];
  const home = file.startsWith('connectors/')
    ? file
        .split('/')
        .slice(0, room === 'sandbox' ? 3 : 2)
        .join('/')
    : room;
  return importsOf(file)
    .filter((path) => {
      if (path.startsWith(`${home}/`)) return room === 'connectors' && path.startsWith(`${home}/sandbox/`);
      return !allowed.some((other) => path.startsWith(`${other}/`));
    })
    .map((path) => `${file} -> ${path}`);
}

function cycles(): string[] {
  const graph = new Map(files.map((file) => [file, importsOf(file)]));
  const state = new Map<string, 'open' | 'done'>();
  const found: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    if (state.get(file) === 'done') return;
    if (state.get(file) === 'open') {
      found.push([...path.slice(path.indexOf(file)), file].join(' -> '));
      return;
    }
    state.set(file, 'open');
    for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
    state.set(file, 'done');
  };
  for (const file of files) visit(file, []);
  return found;
}

describe('architecture', () => {
  test('rooms import only what they may', () => {
    expect(files.flatMap(forbidden)).toEqual([]);
  });

  test('no import cycles', () => {
    expect(cycles()).toEqual([]);
  });

  test('pure rooms have no clock, chance, file, network or database', () => {
    const impure = files.filter(
      (file) =>
        PURE.includes(roomOf(file)) &&
        file !== CLOCK &&
        IMPURE.test(stripComments(readFileSync(join(root, file), 'utf8'))),
    );
    expect(impure).toEqual([]);
  });

  test('no file over 400 lines', () => {
    const long = files.filter((file) => readFileSync(join(root, file), 'utf8').split('\n').length > 401);
    expect(long).toEqual([]);
  });

  test('file names are kebab-case', () => {
    expect(files.filter((file) => !/^[a-z0-9/]+([-.][a-z0-9/]+)*\.ts$/.test(file))).toEqual([]);
  });

  test('the folders under connectors/ are the registered ones', () => {
    const folders = readdirSync(join(root, 'connectors')).filter((name) =>
      statSync(join(root, 'connectors', name)).isDirectory(),
    );
    const index = readFileSync(join(root, 'connectors/index.ts'), 'utf8');
    const registered = [...index.matchAll(/from '\.\/([a-z0-9-]+)\/index\.ts'/g)].map((match) => match[1]);
    expect([...new Set(registered)].sort()).toEqual(folders.sort());
  });

  test('only the composition root names concrete adapters', () => {
    const names = files.filter(
      (file) =>
        !['composition', 'src/app'].includes(roomOf(file)) &&
        importsOf(file).some(
          (path) => path === 'connectors/index.ts' || path.startsWith('src/store/sqlite/'),
        ) &&
        !file.startsWith('src/store/'),
    );
    expect(names).toEqual([]);
  });
});

function stripComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
}
