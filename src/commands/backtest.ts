import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { App } from '../app/app.ts';
import { connectorIds, knownConnections } from '../app/app.ts';
import { loadFieldMaps } from '../app/mappings.ts';
import { builtInOutcomes, findOutcome, type Horizon } from '../backtest/index.ts';
import {
  createZone,
  loadMapping,
  mergeFieldMaps,
  parseSpan,
  requestedFields,
  wantedReads,
  zonedDuration,
} from '../mapping/index.ts';
import type { FieldMap, Mapping, Outcome } from '../mapping/types.ts';
import { WaystageError } from '../model/errors.ts';
import { nearest } from '../model/nearest.ts';
import { type Problem, problemText } from '../model/problem.ts';
import { backtest as runBacktest } from '../sync/look/backtest.ts';
import { historyTypes } from '../sync/read/history.ts';
import type { SyncConnection } from '../sync/session.ts';
import { count } from '../terminal/text.ts';
import { backtestLines } from './backtest-text.ts';
import { type CommandContext, type ExitStatus, print } from './context.ts';
import { momentOf } from './moment.ts';

const HORIZONS = '30d,60d,90d';
/** Without --from: so many days before --to. */
const SPAN_DAYS = 365;

/** Options as they were given; undefined: not. */
export interface BacktestOptions {
  readonly outcome: string | undefined;
  /** A version of the journey, its beginning, or `none`. */
  readonly against: string | undefined;
  /** With commas: `30d,90d`. */
  readonly horizons: string | undefined;
  readonly from: string | undefined;
  readonly to: string | undefined;
}

/** A mapping to try, and the connections with the field maps it is read with. */
interface Candidate {
  readonly mapping: Mapping;
  readonly connections: readonly SyncConnection[];
  readonly fieldMaps: readonly FieldMap[];
}

/** `backtest <mapping>`: how well a journey would have foretold an outcome (J36). */
export async function backtest(
  context: CommandContext,
  app: App,
  name: string,
  options: BacktestOptions,
): Promise<ExitStatus> {
  const candidate = await candidateOf(context, app, name);
  const { mapping, connections } = candidate;
  const outcome = outcomeOf(candidate, options.outcome);
  const zone = createZone(mapping.timezone);
  const now = app.clock.now();
  const to = options.to === undefined ? now : Math.min(now, momentOf('--to', options.to, zone, 'end'));
  const from =
    options.from === undefined
      ? zone.dayStart(zone.dayNumber(to) - SPAN_DAYS)
      : momentOf('--from', options.from, zone, 'start');
  if (from >= to)
    throw new WaystageError('usage', '--from is not before --to, or lies ahead. Name earlier days.');
  const notices = await missing(app, candidate, outcome);
  const discoveries = new Map(
    (await app.store.connections.list()).map(({ id, discovery }) => [id, discovery]),
  );
  const drawing = context.streams.terminal && !context.quiet;
  const draw = (text: string): void => context.streams.err(`\r${text.padEnd(40)}`);
  const result = await runBacktest({ store: app.store, connections }, (id) => discoveries.get(id) ?? null, {
    mapping,
    others: app.mappings.mappings,
    against: await againstOf(app, candidate, options.against),
    outcome,
    horizons: horizonsOf(options.horizons ?? HORIZONS, mapping),
    ...{ from, to },
    ...(drawing ? { progress: (done: number) => draw(`Looking back at ${count(done)} …`) } : {}),
  });
  if (drawing) context.streams.err(`\r${' '.repeat(40)}\r`);
  print(context, { ...result, notices }, () =>
    backtestLines(mapping, result, notices, context.streams.width),
  );
  return 0;
}

/** A journey in use by its name, or a file. */
async function candidateOf(context: CommandContext, app: App, name: string): Promise<Candidate> {
  const { mappings } = app.mappings;
  const inUse = mappings.find((mapping) => mapping.name === name);
  const fieldMaps = [...app.mappings.fieldMaps.values()];
  if (inUse !== undefined) return { mapping: inUse, connections: app.connections, fieldMaps };
  const path = resolve(context.folder, name);
  if (!existsSync(path)) {
    const names = mappings.map((mapping) => mapping.name);
    const near = nearest(name, names);
    throw new WaystageError(
      'usage',
      `\`${name}\` is neither a journey in use (${names.join(', ')}) nor a file.${near === undefined ? '' : ` Did you mean \`${near}\`?`}`,
    );
  }
  return loaded(app, readFileSync(path, 'utf8'), name);
}

async function loaded(app: App, text: string, file: string): Promise<Candidate> {
  const problems: Problem[] = [];
  const base = loadFieldMaps(app.config, connectorIds(app.config), problems);
  const result = loadMapping(text, file, {
    timezone: app.config.timezone,
    fieldMaps: base,
    known: await knownConnections(app.store),
  });
  problems.push(...result.problems);
  if (result.mapping === null)
    throw new WaystageError('mapping_invalid', problems.map(problemText).join('\n'));
  const fieldMaps = mergeFieldMaps([...app.mappings.fieldMaps.values()], result.additions);
  const byConnector = new Map(fieldMaps.map((map) => [map.connector, map]));
  return {
    mapping: result.mapping,
    fieldMaps,
    connections: app.connections.map((connection) => ({
      ...connection,
      fieldMap: byConnector.get(connection.connector.id) ?? connection.fieldMap,
    })),
  };
}

function outcomeOf({ mapping, fieldMaps }: Candidate, name: string | undefined): Outcome {
  const builtIn = builtInOutcomes(mapping, fieldMaps);
  const { outcome, names } = findOutcome(mapping, builtIn, name ?? '');
  if (outcome !== null) return outcome;
  const near = nearest(name ?? '', names);
  throw new WaystageError(
    'usage',
    `${name === undefined ? '--outcome is missing' : `There is no outcome \`${name}\``}. Known: ${names.join(', ')}; name others under outcomes: in the mapping.${near === undefined ? '' : ` Did you mean \`${near}\`?`}`,
  );
}

/** The version it would replace: the one that decides now, when it is another one. */
async function againstOf(
  app: App,
  { mapping }: Candidate,
  wanted: string | undefined,
): Promise<Mapping | null> {
  if (wanted === 'none') return null;
  const { journeys } = app.store;
  const active = (await journeys.versions(mapping.name)).at(-1)?.version;
  if (wanted === undefined && (active === undefined || active === mapping.version)) return null;
  const known = await journeys.knownVersions(mapping.name);
  const found = known.filter(({ version }) => version.startsWith(wanted ?? (active as string)));
  const [one] = found;
  if (one === undefined || found.length > 1) {
    throw new WaystageError(
      'usage',
      `--against \`${wanted}\` names ${found.length} versions of ${mapping.name}. Known: ${known.map(({ version }) => version).join(', ') || 'none'}.`,
    );
  }
  return (await loaded(app, one.text, one.file)).mapping;
}

function horizonsOf(text: string, mapping: Mapping): readonly Horizon[] {
  const zone = createZone(mapping.timezone);
  return text.split(',').map((part) => {
    const span = parseSpan(part.trim());
    if (span === null)
      throw new WaystageError(
        'usage',
        `--horizons is \`${text}\`; expected times with commas, such as ${HORIZONS}.`,
      );
    return { text: part.trim(), duration: zonedDuration(span, zone) };
  });
}

/** What the mapping or the outcome reads and the store does not have: it counts as no value. */
async function missing(
  app: App,
  { mapping, connections }: Candidate,
  outcome: Outcome,
): Promise<readonly string[]> {
  const notices: string[] = [];
  const stored = new Map<string, ReadonlySet<string>>();
  let anything = false;
  for (const { id, fieldMap, connector } of connections) {
    for (const { type } of fieldMap.objects) {
      const checkpoint = await app.store.records.checkpoint(id, type);
      if (checkpoint === null) continue;
      anything = true;
      stored.set(`${id} ${type}`, new Set(checkpoint.fields));
    }
    const unread: string[] = [];
    for (const type of historyTypes({ ...app.connections.find((one) => one.id === id)!, fieldMap }))
      if ((await app.store.history.checkpoint(id, type))?.complete !== true) unread.push(type);
    if (unread.length > 0 && connector.capabilities.history !== undefined)
      notices.push(
        `What ${unread.join(', ')} of ${id} held before has not been read. Run \`waystage pull --history\`, or little of the past is known.`,
      );
  }
  if (!anything)
    throw new WaystageError('not_found', 'Nothing has been read yet. Run `waystage sync` first.');
  const asked = { reads: wantedReads({ ...mapping, outcomes: [...(mapping.outcomes ?? []), outcome] }) };
  for (const { id, fieldMap } of connections) {
    for (const { type } of fieldMap.objects) {
      const fields = stored.get(`${id} ${type}`);
      const lacking = requestedFields([asked], fieldMap, type).filter(
        (field) => fields?.has(field) === false,
      );
      if (lacking.length > 0)
        notices.push(
          `${lacking.join(', ')} of ${type} in ${id} is not stored and counts as no value. Put the mapping, with the outcome under outcomes:, into \`mappings:\` and run \`waystage pull\`.`,
        );
    }
  }
  return notices;
}
