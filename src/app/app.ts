import { CONNECTORS } from '../../connectors/index.ts';
import type { ResolvedConfig, ResolvedConnection } from '../config/resolve.ts';
import type { Connector, ConnectorLog } from '../connector/port.ts';
import type { KnownConnection } from '../mapping/index.ts';
import type { FieldMap } from '../mapping/types.ts';
import type { Clock } from '../model/clock.ts';
import { isWaystageError, WaystageError } from '../model/errors.ts';
import { nearest } from '../model/nearest.ts';
import { problemText } from '../model/problem.ts';
import type { ConnectionId } from '../model/record.ts';
import type { Store } from '../store/port.ts';
import { openSqliteStore } from '../store/sqlite/open.ts';
import { ruleSetOf } from '../sync/place/activation.ts';
import { runSync, type SyncResult } from '../sync/run.ts';
import type { Failpoint, Progress, RollbackRequest, SyncConnection, SyncOptions } from '../sync/session.ts';
import type { ApplyRequest, RuleSpan } from '../sync/write/saved-plan.ts';
import { hasErrors, type LoadedMappings, loadMappings } from './mappings.ts';
import { holderAlive, holderName, newId } from './process.ts';
import { insistOnFresh, type RuleSet, type RuleSets, rulesAgain, rulesFor, storedRules } from './rules.ts';

export interface RunRequest {
  readonly kind: SyncOptions['kind'];
  readonly full?: boolean;
  /** Read everything beside the increments and compare, due or not. */
  readonly reconcile?: boolean;
  /** Read, after everything else, what fields held before, as the CRMs remember it. */
  readonly history?: boolean;
  /** Let pass what a run of before kept for approval. */
  readonly approve?: boolean;
  /** Try again what a CRM refused for good. */
  readonly retryRefused?: boolean;
  /** Under `plan`: from when on a candidate's rules count; default: from now on. */
  readonly ruleSpan?: RuleSpan;
  readonly apply?: ApplyRequest;
  readonly rollback?: RollbackRequest;
  /** The instant rules are evaluated at; default: the clock's now. */
  readonly now?: number;
  /** Only this connection. */
  readonly connection?: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  readonly failpoint?: (point: Failpoint) => Promise<void> | void;
}

/** Everything put together: the one place that names concrete adapters. */
export interface App {
  readonly config: ResolvedConfig;
  readonly store: Store;
  readonly clock: Clock;
  readonly mappings: LoadedMappings;
  readonly connections: readonly SyncConnection[];
  run(request: RunRequest): Promise<SyncResult>;
  /** Rules of the files and those in force: they differ while changed files wait for a plan (J23). */
  rules(): Promise<RuleSets>;
  /** Reads field maps and mappings again. Good ones replace those in use; else the last good ones stay, and what is
   *  wrong comes back as text. */
  reload(): Promise<string | null>;
  close(): Promise<void>;
}

export interface AppOptions {
  readonly config: ResolvedConfig;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: ConnectorLog;
}

/** Opens the store, loads mappings and prepares the connections. Throws `mapping_invalid`, `config_invalid`,
 *  `store_unusable`; contacts no CRM. */
export async function openApp(options: AppOptions): Promise<App> {
  const { config } = options;
  const store = await openStore(config);
  try {
    const mappings = loadMappings(config, connectorIds(config), await knownConnections(store));
    if (hasErrors(mappings)) {
      throw new WaystageError('mapping_invalid', mappings.problems.map(problemText).join('\n'));
    }
    return composed(options, store, mappings);
  } catch (error) {
    await store.close();
    throw error;
  }
}

function composed(options: AppOptions, store: Store, loaded: LoadedMappings): App {
  const { config, clock } = options;
  const holder = holderName();
  const connect = (mappings: LoadedMappings): readonly SyncConnection[] =>
    config.connections.map((connection) => syncConnection(connection, mappings.fieldMaps, options));
  let mappings = loaded;
  const kept = new Map<string, RuleSet>();
  const stored = async (set: string): Promise<RuleSet | null> => {
    const found = kept.get(set) ?? (await storedRules(store, set, connect, await knownConnections(store)));
    if (found !== null) kept.set(set, found);
    return found;
  };
  const rules = async (): Promise<RuleSets> => {
    const active = await store.activations.active();
    const [newest] = await store.activations.list();
    const files: RuleSet = { set: ruleSetOf(mappings.mappings), mappings, connections };
    return {
      files,
      active: active === null ? null : active.set === files.set ? files : await stored(active.set),
      rolledBack: newest !== undefined && newest.rolledBack !== null && newest.set === files.set,
    };
  };
  let connections = connect(loaded);
  return {
    config,
    store,
    clock,
    get mappings() {
      return mappings;
    },
    get connections() {
      return connections;
    },
    rules,
    async run(request) {
      const sets = await rules();
      const before = request.rollback === undefined ? null : await setBefore(store, request.rollback.run);
      const again = before === null || before === sets.files.set ? sets.files : await stored(before);
      if (again === null)
        throw new WaystageError(
          'not_found',
          'The rules before that run cannot be loaded any more. Put their files back and apply a plan made from them.',
        );
      const { chosen: used, rules: known } =
        before === null ? rulesFor(request.kind, sets, config.activation) : rulesAgain(again, sets);
      if (request.apply !== undefined) insistOnFresh(request.apply.plan, config, clock.now());
      return runSync({
        kind: request.kind,
        store,
        connections: chosen(used.connections, request.connection),
        ...(request.connection === undefined ? {} : { only: request.connection as ConnectionId }),
        mappings: used.mappings.mappings,
        mappingTexts: used.mappings.texts,
        rules: known,
        ...(request.ruleSpan === undefined ? {} : { ruleSpan: request.ruleSpan }),
        ...(request.apply === undefined ? {} : { apply: request.apply }),
        ...(request.rollback === undefined ? {} : { rollback: request.rollback }),
        now: request.now ?? clock.now(),
        clock,
        newId: () => newId(clock.now()),
        holder,
        holderAlive,
        signal: request.signal,
        progress: request.progress,
        full: request.full ?? false,
        reconcile: request.reconcile ?? false,
        history: request.history ?? false,
        approve: request.approve ?? false,
        retryRefused: request.retryRefused ?? false,
        guard: config.guard,
        manualEdits: config.manualEdits,
        unlink: config.unlink,
        ...(request.failpoint === undefined ? {} : { failpoint: request.failpoint }),
      });
    },
    async reload() {
      const next = loadMappings(config, connectorIds(config), await knownConnections(store));
      if (hasErrors(next)) return next.problems.map(problemText).join('\n');
      mappings = next;
      connections = connect(next);
      return null;
    },
    close: () => store.close(),
  };
}

/** The rules that decided before a run activated others, and that decide again when it is rolled back; null: it
 *  activated none. */
async function setBefore(store: Store, run: string): Promise<string | null> {
  const all = await store.activations.list();
  const made = all.find((one) => one.run === run && one.previous !== null);
  return made === undefined ? null : (all.find(({ seq }) => seq === made.previous)?.set ?? null);
}

/** What the CRMs told of themselves when they were last opened. */
export async function knownConnections(store: Store): Promise<readonly KnownConnection[]> {
  return (await store.connections.list()).flatMap(({ id, connector, discovery }) =>
    discovery === null ? [] : [{ connection: id, connector, crm: discovery }],
  );
}

/** Opens the state database of a configuration. */
export async function openStore(config: ResolvedConfig): Promise<Store> {
  return openSqliteStore(config.database.slice('sqlite:'.length));
}

/** Connectors whose shipped field maps a mapping is checked against: those in use, and always the CRMs, so that a
 *  mapping written for both loads where only one is connected. */
export function connectorIds(config: ResolvedConfig): readonly string[] {
  const used = new Set(config.connections.map((connection) => connection.connector));
  return CONNECTORS.filter(
    ({ connector, startSandbox }) => startSandbox !== undefined || used.has(connector.id),
  ).map(({ connector }) => connector.id);
}

/** The connector of this id; throws `config_invalid` with the nearest name. */
export function connectorOf(id: string): Connector {
  const found = CONNECTORS.find(({ connector }) => connector.id === id);
  if (found !== undefined) return found.connector;
  const ids = CONNECTORS.map(({ connector }) => connector.id);
  const near = nearest(id, ids);
  throw new WaystageError(
    'config_invalid',
    `There is no connector \`${id}\`. Known: ${ids.join(', ')}.${near === undefined ? '' : ` Did you mean \`${near}\`?`}`,
  );
}

/** What is wrong with a connection and under which of its keys; only its connector can see that. */
export function connectionProblems(
  connection: ResolvedConnection,
): readonly { readonly key: string; readonly message: string }[] {
  let connector: Connector;
  try {
    connector = connectorOf(connection.connector);
  } catch (error) {
    if (!isWaystageError(error)) throw error;
    return [{ key: 'connector', message: `connection ${connection.id}: ${error.message}` }];
  }
  const known = connector.capabilities.objectTypes.map((type) => type.name);
  return [
    ...connector.checkConfig(connectorConfig(connection)).map(({ path, message }) => ({
      key: path,
      message: `connection ${connection.id}, \`${path}\`: ${message}`,
    })),
    ...(connection.objects ?? [])
      .filter((name) => !known.includes(name))
      .map((name) => {
        const near = nearest(name, known);
        return {
          key: 'objects',
          message: `connection ${connection.id}, \`objects\`: ${connector.label} has no object type \`${name}\`. Known: ${known.join(', ')}.${near === undefined ? '' : ` Did you mean \`${near}\`?`}`,
        };
      }),
  ];
}

function syncConnection(
  connection: ResolvedConnection,
  fieldMaps: ReadonlyMap<string, FieldMap>,
  options: AppOptions,
): SyncConnection {
  const problems = connectionProblems(connection);
  if (problems.length > 0)
    throw new WaystageError('config_invalid', problems.map(({ message }) => message).join('\n'));
  const connector = connectorOf(connection.connector);
  const fieldMap = fieldMaps.get(connector.id);
  if (fieldMap === undefined) {
    throw new WaystageError(
      'config_invalid',
      `There is no field map for ${connector.label}. Add one to \`fieldMaps\`.`,
    );
  }
  const config = connectorConfig(connection);
  // Whatever is opened to it in this process, to provision or to sync, shares the CRM's limits.
  const account = {};
  return {
    id: config.id,
    connector,
    fieldMap,
    writeMode: connection.writeMode,
    opensByPlan: connection.opensByPlan,
    ...requestRate(connection, connector),
    objects: connection.objects ?? null,
    reconcileEvery:
      connection.reconcile === undefined
        ? (connector.capabilities.reconcileEvery ?? null)
        : connection.reconcile,
    refreshCalculatedEvery: connection.refreshCalculated,
    budget: budgetOf(connection),
    open: (signal) =>
      connector.open(config, {
        clock: options.clock,
        random: options.random,
        signal,
        account,
        log: options.log,
      }),
  };
}

function requestRate(
  { budget }: ResolvedConnection,
  { capabilities }: Connector,
): Pick<SyncConnection, 'requestsPer10s'> {
  const requestsPer10s = budget?.requestsPer10s ?? capabilities.requestsPer10s;
  return requestsPer10s === undefined ? {} : { requestsPer10s };
}

function budgetOf({ budget }: ResolvedConnection): NonNullable<SyncConnection['budget']> {
  return {
    ...(budget?.dailyShare === undefined ? {} : { dailyShare: budget.dailyShare }),
    ...(budget?.reserve === undefined ? {} : { reserve: budget.reserve }),
  };
}

function connectorConfig(connection: ResolvedConnection): Parameters<Connector['open']>[0] {
  return {
    id: connection.id as ConnectionId,
    connector: connection.connector,
    auth: connection.auth,
    ...(connection.baseUrl === undefined ? {} : { baseUrl: connection.baseUrl.replace(/\/+$/, '') }),
    sandbox: connection.sandbox,
    ...(connection.settings === undefined ? {} : { settings: connection.settings }),
    ...(connection.budget?.requestsPer10s === undefined
      ? {}
      : { requestsPer10s: connection.budget.requestsPer10s }),
  };
}

/** All connections; throws when there is none, or none with this id. */
function chosen(connections: readonly SyncConnection[], id: string | undefined): readonly SyncConnection[] {
  if (connections.length === 0) {
    throw new WaystageError(
      'config_invalid',
      'No connection is configured. Run `waystage init`, or try `npm run demo`.',
    );
  }
  if (id === undefined || connections.some((connection) => connection.id === id)) return connections;
  throw new WaystageError(
    'not_found',
    `There is no connection \`${id}\`. Configured: ${connections.map((connection) => connection.id).join(', ') || 'none'}.`,
  );
}
