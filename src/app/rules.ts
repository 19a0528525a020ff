import { createHash } from 'node:crypto';
import type { ResolvedConfig } from '../config/resolve.ts';
import type { KnownConnection } from '../mapping/index.ts';
import { WaystageError } from '../model/errors.ts';
import type { Store } from '../store/port.ts';
import { ruleSetOf } from '../sync/place/activation.ts';
import type { Rules, RuleView, SyncConnection, SyncOptions } from '../sync/session.ts';
import { hasErrors, type LoadedMappings, loadSource, type RuleSource } from './mappings.ts';

/** Rules that are loaded, with the connections as their field maps read them. */
export interface RuleSet {
  readonly set: string;
  readonly mappings: LoadedMappings;
  readonly connections: readonly SyncConnection[];
}

export interface RuleSets {
  /** Those of the files. */
  readonly files: RuleSet;
  /** Those in force; null: nothing has decided yet, or what decided cannot be loaded any more. */
  readonly active: RuleSet | null;
  /** The files' rules were in force and were rolled back: they do not take over again by themselves. */
  readonly rolledBack: boolean;
}

export function ruleSet(
  mappings: LoadedMappings,
  connect: (mappings: LoadedMappings) => readonly SyncConnection[],
): RuleSet {
  return { set: ruleSetOf(mappings.mappings), mappings, connections: connect(mappings) };
}

/** Loads a rule set as it was kept; null: it is not there, or this version of Waystage reads it otherwise. */
export async function storedRules(
  store: Store,
  set: string,
  connect: (mappings: LoadedMappings) => readonly SyncConnection[],
  known: readonly KnownConnection[],
): Promise<RuleSet | null> {
  const source = await store.activations.source(set);
  if (source === null || source === '') return null;
  const mappings = loadSource(JSON.parse(source) as RuleSource, known);
  if (hasErrors(mappings)) return null;
  const loaded = ruleSet(mappings, connect);
  return loaded.set === set ? loaded : null;
}

/** Which rules a run goes by (J23). */
export function rulesFor(
  kind: SyncOptions['kind'],
  { files, active, rolledBack }: RuleSets,
  activation: ResolvedConfig['activation'],
): { readonly chosen: RuleSet; readonly rules: Rules } {
  const takesOver = kind === 'plan' || kind === 'apply' || (activation === 'auto' && !rolledBack);
  const chosen = active === null || active.set === files.set || takesOver ? files : active;
  const other = chosen === files ? active : files;
  const differs = other !== null && other.set !== chosen.set;
  return {
    chosen,
    rules: {
      set: chosen.set,
      source: sourceText(chosen),
      others: differs ? [viewOf(other)] : [],
      baseline: kind === 'plan' && differs ? viewOf(other) : null,
      waiting: chosen === files ? null : { set: files.set, rolledBack },
    },
  };
}

/** Rules that decide again after a rollback; the files' own wait. */
export function rulesAgain(
  before: RuleSet,
  { files }: RuleSets,
): { readonly chosen: RuleSet; readonly rules: Rules } {
  const differs = before.set !== files.set;
  return {
    // What judges nobody, such as targets, is as in the files.
    chosen: differs ? before : files,
    rules: {
      set: before.set,
      source: sourceText(differs ? before : files),
      others: differs ? [viewOf(files)] : [],
      baseline: null,
      waiting: differs ? { set: files.set, rolledBack: true } : null,
    },
  };
}

function viewOf({
  mappings,
  connections,
}: RuleSet): RuleView & { readonly connections: readonly SyncConnection[] } {
  return { mappings: mappings.mappings, connections };
}

function sourceText({ mappings }: RuleSet): string {
  return JSON.stringify(mappings.source);
}

/** Changes with whatever a plan depends on beside the mappings; holds no secret (J26). */
export function configurationHash(config: ResolvedConfig): string {
  const parts = {
    connections: config.connections.map(
      ({ id, connector, baseUrl, sandbox, objects, writeMode, opensByPlan }) => ({
        ...{ id, connector, baseUrl, sandbox, objects, writeMode, opensByPlan },
      }),
    ),
    timezone: config.timezone,
    unlink: config.unlink,
    manualEdits: config.manualEdits,
    guard: config.guard,
  };
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 12);
}

/** Throws `plan_stale` when a plan is too old or was made with another configuration (J26). */
export function insistOnFresh(
  plan: { readonly made: number; readonly from: { readonly configuration: string } },
  config: ResolvedConfig,
  now: number,
): void {
  const { planMaxAge } = config;
  const again = 'Make a new one with `waystage plan --out FILE`.';
  if (planMaxAge !== null && now - plan.made > planMaxAge)
    throw new WaystageError(
      'plan_stale',
      `The plan is stale: it was made ${Math.round((now - plan.made) / 3_600_000)} hours ago, and \`plan.max_age\` is ${Math.round(planMaxAge / 3_600_000)} hours. Nothing was written. ${again}`,
    );
  if (plan.from.configuration !== configurationHash(config))
    throw new WaystageError(
      'plan_stale',
      `The plan is stale: the configuration is not the one it was made with. Nothing was written. ${again}`,
    );
}
