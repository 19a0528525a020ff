import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { connectorIds } from '../app/app.ts';
import { loadFieldMaps } from '../app/mappings.ts';
import { shown } from '../config/load.ts';
import type { ResolvedConfig } from '../config/resolve.ts';
import { type LoadedMapping, loadMapping } from '../mapping/index.ts';
import type { FieldMap } from '../mapping/types.ts';
import { type CaseResult, readTests, runCase, testedMapping } from '../mapping-test/index.ts';
import { WaystageError } from '../model/errors.ts';
import { type Problem, problemText } from '../model/problem.ts';
import { plural } from '../terminal/text.ts';
import { type CommandContext, type ExitStatus, print } from './context.ts';
import { fileLines } from './test-text.ts';

/** What became of one test file. */
export interface FileResult {
  readonly file: string;
  readonly cases: readonly CaseResult[];
  readonly problems: readonly Problem[];
}

const ENDING = '.test.yaml';

/**
 * `test`: runs mapping tests (J37). Without files: every `*.test.yaml` beside the configured mappings and under
 * `mappings/`. Exit 1 when an expectation is not met, 2 when a test or its mapping cannot be read.
 */
export async function test(context: CommandContext, files: readonly string[]): Promise<ExitStatus> {
  const config = context.config();
  const paths = files.length > 0 ? files.map((file) => named(context, file)) : found(config);
  const problems: Problem[] = [];
  const fieldMaps = loadFieldMaps(config, connectorIds(config), problems);
  const results = paths.map((path) => runFile(path, config, fieldMaps));
  problems.push(...results.flatMap((result) => result.problems));
  const cases = results.flatMap((result) => result.cases);
  const failed = cases.filter(({ differences }) => differences.length > 0);
  const wrong = problems.some(({ severity }) => severity === 'error');
  print(context, { ok: !wrong && failed.length === 0, problems, files: results.map(document) }, () => [
    ...problems.map(problemText),
    ...(problems.length === 0 ? [] : ['']),
    ...results.flatMap((result) => fileLines(result, context.streams.width)),
    paths.length === 0
      ? `Found no mapping test. A test is a file such as mappings/accounts${ENDING}; see docs/mapping.md.`
      : `${plural(cases.length, 'test')} of ${plural(paths.length, 'file')}: ${failed.length === 0 ? 'all as expected' : `${failed.length} not as expected`}${wrong ? '; some files cannot be read' : ''}.`,
  ]);
  return wrong ? 2 : failed.length > 0 ? 1 : 0;
}

function document({ cases, file }: FileResult): unknown {
  return {
    file,
    cases: cases.map(({ differences, name, position }) => ({
      name,
      line: position.line,
      ok: differences.length === 0,
      differences,
    })),
  };
}

function named(context: CommandContext, file: string): string {
  const path = resolve(context.folder, file);
  if (existsSync(path)) return path;
  throw new WaystageError(
    'usage',
    `There is no file ${file}. Name a mapping test, such as mappings/accounts${ENDING}.`,
  );
}

/** Tests beside the mappings of the configuration, and all under `mappings/`. */
function found(config: ResolvedConfig): readonly string[] {
  const folders = new Set([
    resolve(config.root, 'mappings'),
    ...config.mappings.map((file) => dirname(file)),
  ]);
  const paths = new Set<string>();
  for (const folder of folders) {
    if (!existsSync(folder)) continue;
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      if (name.endsWith(ENDING) && !name.split(/[\\/]/).includes('node_modules'))
        paths.add(join(folder, name));
    }
  }
  return [...paths].sort();
}

function runFile(path: string, config: ResolvedConfig, fieldMaps: readonly FieldMap[]): FileResult {
  const file = shown(path);
  const text = readFileSync(path, 'utf8');
  const { mapping: tested, problems } = testedMapping(text, file);
  if (tested === null) return { file, cases: [], problems };
  const target = resolve(dirname(path), tested.value);
  if (!existsSync(target)) {
    const message = `There is no mapping ${relative(config.root, target)}. Expected a path from this file's folder.`;
    return { file, cases: [], problems: [{ ...tested.position, severity: 'error', message }] };
  }
  const loaded = loadMapping(readFileSync(target, 'utf8'), shown(target), {
    timezone: config.timezone,
    fieldMaps,
  });
  const mapping: LoadedMapping | null = loaded.mapping;
  if (mapping === null) return { file, cases: [], problems: loaded.problems };
  const tests = readTests(text, file, mapping, loaded.fieldMaps);
  return {
    file,
    problems: tests.problems,
    cases: tests.cases.map((one) => runCase(mapping, one, loaded.fieldMaps)),
  };
}
