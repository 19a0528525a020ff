import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { WaystageError } from '../model/errors.ts';
import type { ManualEdits } from '../model/manual-edits.ts';
import type { Problem } from '../model/problem.ts';
import { type Environment, type Locate, loadConfigFile, NOWHERE } from './load.ts';
import { Config } from './schema.ts';

/** The configuration as the rest of the program sees it: read once, defaults filled in, paths absolute. */
export interface ResolvedConfig {
  /** The file it came from; null for the built-in default. */
  readonly file: string | null;
  /** Folder that relative paths start from. */
  readonly root: string;
  /** `sqlite:PATH`. */
  readonly database: string;
  readonly timezone: string;
  readonly connections: readonly ResolvedConnection[];
  readonly mappings: readonly string[];
  /** Empty: the shipped ones. */
  readonly fieldMaps: readonly string[];
  readonly unlink: readonly (readonly [string, string])[];
  readonly manualEdits: ManualEdits;
  /** Null: the guard is off. */
  readonly guard: Config['write']['guard'];
  /** `auto`: changed rules take over with the next run; `plan`: when a plan made from them is applied (J23). */
  readonly activation: 'plan' | 'auto';
  /** An older plan is not applied any more, in milliseconds; null: whatever its age. */
  readonly planMaxAge: number | null;
  /** Found while loading: accepted, but worth knowing. */
  readonly warnings: readonly Problem[];
  /** Where a key stands in the file, for problems found later. */
  readonly locate: Locate;
  readonly server: { readonly port: number; readonly host: string };
}

export type ResolvedConnection = Config['connections'][number] & {
  /** `plan-only`: nothing is written to this CRM. */
  readonly writeMode: 'apply' | 'plan-only';
  /** Written to once a first plan was applied (J23). */
  readonly opensByPlan: boolean;
};

export const DEFAULT_CONFIG = 'config/waystage.yaml';

/** Reads `file`, or `config/waystage.yaml` in the present folder when it is there, else the built-in default. */
export function resolveConfig(
  file: string | undefined,
  environment: Environment,
  folder: string,
): ResolvedConfig {
  const path = resolve(folder, file ?? DEFAULT_CONFIG);
  if (file === undefined && !existsSync(path)) return finish(Config.parse({}), null, folder, environment, []);
  const { config, root, warnings, locate } = loadConfigFile(path, environment);
  return finish(config, path, root, environment, warnings, locate);
}

/** Fills in what depends on the environment and on other keys. */
export function finish(
  config: Config,
  file: string | null,
  root: string,
  environment: Environment,
  warnings: readonly Problem[] = [],
  locate: Locate = NOWHERE,
): ResolvedConfig {
  return {
    file,
    root,
    database: databaseUrl(
      environment['WAYSTAGE_DATABASE_URL'] ?? config.database ?? 'sqlite:.waystage/waystage.db',
      root,
    ),
    timezone: config.timezone,
    connections: config.connections.map((connection) => ({
      ...connection,
      writeMode: config.write.mode ?? (connection.sandbox ? 'apply' : 'plan-only'),
      opensByPlan: config.write.mode === undefined && !connection.sandbox,
    })),
    mappings: config.mappings.map((mapping) => resolve(root, mapping)),
    fieldMaps: (config.fieldMaps ?? []).map((map) => resolve(root, map)),
    unlink: config.identity?.unlink ?? [],
    manualEdits: config.write.manualEdits,
    guard: config.write.guard,
    activation:
      config.write.activation ??
      (config.connections.every((connection) => connection.sandbox) ? 'auto' : 'plan'),
    planMaxAge: config.plan.max_age,
    warnings,
    locate,
    server: { port: port(environment['PORT'], config.server.port), host: config.server.host },
  };
}

function databaseUrl(value: string, root: string): string {
  if (value === 'sqlite::memory:') return value;
  if (value.startsWith('sqlite:')) return `sqlite:${resolve(root, value.slice('sqlite:'.length))}`;
  throw new WaystageError(
    'config_invalid',
    `The database is given as ${value.split(':')[0]}:…; this version keeps its state in SQLite. Use sqlite:PATH.`,
  );
}

function port(fromEnvironment: string | undefined, fromConfig: number | undefined): number {
  if (fromEnvironment === undefined || fromEnvironment === '') return fromConfig ?? 4000;
  const value = Number(fromEnvironment);
  if (!Number.isInteger(value) || value < 0 || value > 65_535) {
    throw new WaystageError(
      'config_invalid',
      `PORT is \`${fromEnvironment}\`; expected a number from 0 to 65535.`,
    );
  }
  return value;
}
