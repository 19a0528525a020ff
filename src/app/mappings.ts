import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { shown } from '../config/load.ts';
import type { ResolvedConfig } from '../config/resolve.ts';
import {
  checkMappings,
  type KnownConnection,
  type LoadedMapping,
  loadFieldMap,
  loadMapping,
  mergeFieldMaps,
} from '../mapping/index.ts';
import type { FieldMap } from '../mapping/types.ts';
import type { Problem } from '../model/problem.ts';
import { packageRoot } from './package-root.ts';

export interface LoadedMappings {
  readonly mappings: readonly LoadedMapping[];
  /** Text of each mapping, by journey. */
  readonly texts: Readonly<Record<string, string>>;
  /** By connector, with the additions of all mappings. */
  readonly fieldMaps: ReadonlyMap<string, FieldMap>;
  /** Errors and warnings of all files, in file order. */
  readonly problems: readonly Problem[];
  /** All of it as it was read, to be loaded again when the files are others. */
  readonly source: RuleSource;
}

/** What rules are made of. */
export interface RuleSource {
  /** The configuration's, for mappings that name none. */
  readonly timezone: string;
  /** Without the additions of mappings. */
  readonly fieldMaps: readonly FieldMap[];
  readonly files: readonly { readonly file: string; readonly text: string }[];
}

/**
 * Reads and checks the field maps and mappings of a configuration. Never throws for what a file says: a file that
 * cannot be read is a problem like any other.
 * @param connectors connectors whose shipped field maps are taken
 * @param known CRMs that were opened before: options are checked against them
 */
export function loadMappings(
  config: ResolvedConfig,
  connectors: readonly string[],
  known: readonly KnownConnection[] = [],
): LoadedMappings {
  const problems: Problem[] = [];
  const base = loadFieldMaps(config, connectors, problems);
  const files = config.mappings.flatMap((path) => {
    const text = readText(path, problems, 'Check `mappings:` in the configuration.');
    return text === null ? [] : [{ file: shown(path), text }];
  });
  return loadSource({ timezone: config.timezone, fieldMaps: base, files }, known, problems);
}

/** Loads rules from what they were made of. `problems` gets what is wrong with them, after what it holds. */
export function loadSource(
  source: RuleSource,
  known: readonly KnownConnection[] = [],
  problems: Problem[] = [],
): LoadedMappings {
  const { timezone, fieldMaps: base } = source;
  const mappings: LoadedMapping[] = [];
  const texts: Record<string, string> = Object.create(null);
  const layers: (readonly FieldMap[])[] = [base];
  for (const { file, text } of source.files) {
    const result = loadMapping(text, file, { timezone, fieldMaps: base, known });
    problems.push(...result.problems);
    if (result.mapping === null) continue;
    mappings.push(result.mapping);
    layers.push(result.additions);
    texts[result.mapping.name] = text;
  }
  // References between files only make sense once every file is good by itself.
  if (!problems.some((problem) => problem.severity === 'error')) problems.push(...checkMappings(mappings));
  const merged = mergeFieldMaps(...layers);
  return { mappings, texts, fieldMaps: new Map(merged.map((map) => [map.connector, map])), problems, source };
}

export function hasErrors(loaded: LoadedMappings): boolean {
  return loaded.problems.some((problem) => problem.severity === 'error');
}

/** Field maps of a configuration: its own, else the shipped ones of the connectors. */
export function loadFieldMaps(
  config: ResolvedConfig,
  connectors: readonly string[],
  problems: Problem[],
): readonly FieldMap[] {
  const own = config.fieldMaps.flatMap((path) => readFieldMap(path, problems));
  const shipped = connectors
    .filter((connector) => !own.some((map) => map.connector === connector))
    .map((connector) => join(packageRoot(), 'mappings', 'fields', `${connector}.yaml`))
    .filter((path) => existsSync(path))
    .flatMap((path) => readFieldMap(path, problems));
  return [...shipped, ...own];
}

function readFieldMap(path: string, problems: Problem[]): readonly FieldMap[] {
  const text = readText(path, problems, 'Check `fieldMaps:` in the configuration.');
  if (text === null) return [];
  const result = loadFieldMap(text, shown(path));
  problems.push(...result.problems);
  return result.fieldMap === null ? [] : [result.fieldMap];
}

function readText(path: string, problems: Problem[], advice: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    const reason = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`;
    problems.push({
      file: shown(path),
      line: 1,
      column: 1,
      severity: 'error',
      message: `This file ${reason}. ${advice}`,
    });
    return null;
  }
}
