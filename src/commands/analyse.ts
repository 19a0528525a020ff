import { type Analysis, DIMENSIONS, type Dimension, type Division, OWN_CAUSES } from '../analysis/index.ts';
import type { App } from '../app/app.ts';
import { createZone, parseSpan, type Zone, zonedDuration } from '../mapping/index.ts';
import type { Duration, Mapping } from '../mapping/types.ts';
import { WaystageError } from '../model/errors.ts';
import type { Cause } from '../model/facts.ts';
import { nearest } from '../model/nearest.ts';
import { type AnalyseRequest, analyseJourneys } from '../sync/look/analyse.ts';
import { count } from '../terminal/text.ts';
import { analysisLines } from './analyse-text.ts';
import { type CommandContext, type ExitStatus, print } from './context.ts';
import { momentOf } from './moment.ts';

const CAUSES: readonly Cause[] = ['customer', 'time', 'rule', 'override', 'identity', 'backfill'];
const WINDOW = '90d';
const SILENT = '30d';

/** Options as they were given; undefined: not. */
export interface AnalyseOptions {
  readonly journey: string | undefined;
  readonly segment: string | undefined;
  /** `2026-01-31`, or an instant with its zone. */
  readonly from: string | undefined;
  /** A day is meant up to its end. */
  readonly to: string | undefined;
  readonly by: string | undefined;
  /** A mapping version, or `current`. */
  readonly compare: string | undefined;
  /** `own`, `all`, or a list with commas: `own,backfill`. */
  readonly causes: string | undefined;
  readonly window: string | undefined;
  readonly silent: string | undefined;
}

/** `analyse`: the figures of every journey, or of one (J34, J35). */
export async function analyse(
  context: CommandContext,
  app: App,
  options: AnalyseOptions,
): Promise<ExitStatus> {
  const now = app.clock.now();
  const requests: AnalyseRequest[] = [];
  for (const mapping of chosen(app.mappings.mappings, options))
    requests.push(await requestOf(app, mapping, options, now));
  const drawing = context.streams.terminal && !context.quiet;
  const draw = (text: string): void => context.streams.err(`\r${text.padEnd(40)}`);
  const journeys = await analyseJourneys(
    app.store,
    app.connections,
    app.mappings.mappings,
    requests,
    context.signal,
    drawing ? (done) => draw(`Looking at ${count(done)} …`) : undefined,
  );
  if (drawing) context.streams.err(`\r${' '.repeat(40)}\r`);
  print(context, { journeys }, () =>
    journeys.length === 0
      ? ['No mapping has stages: there is no journey to analyse.']
      : journeys.flatMap((analysis, i) => page(context, analysis, i, requests)),
  );
  return 0;
}

function page(
  context: CommandContext,
  analysis: Analysis,
  i: number,
  requests: readonly AnalyseRequest[],
): readonly string[] {
  const zone = requests[i]?.mapping.timezone ?? 'UTC';
  return [...(i === 0 ? [] : ['', '']), ...analysisLines(analysis, zone, context.streams.width)];
}

/** Journeys with stages, those that were asked for. */
function chosen(all: readonly Mapping[], { journey, segment }: AnalyseOptions): readonly Mapping[] {
  const staged = all.filter(({ stages }) => stages.length > 0);
  let mappings = staged;
  if (journey !== undefined) {
    mappings = staged.filter(({ name }) => name === journey);
    if (mappings.length === 0)
      throw unknown(
        '--journey',
        'journey',
        journey,
        staged.map(({ name }) => name),
      );
  }
  if (segment === undefined) return mappings;
  const names = [...new Set(mappings.flatMap(({ segments }) => segments.map(({ name }) => name)))];
  if (!names.includes(segment)) throw unknown('--segment', 'segment', segment, names);
  return mappings.filter(({ segments }) => segments.some(({ name }) => name === segment));
}

async function requestOf(
  app: App,
  mapping: Mapping,
  options: AnalyseOptions,
  now: number,
): Promise<AnalyseRequest> {
  const zone = createZone(mapping.timezone);
  const { analysis } = mapping;
  const causes = causesOf(options.causes);
  const from = options.from === undefined ? null : momentOf('--from', options.from, zone, 'start');
  const to = options.to === undefined ? null : momentOf('--to', options.to, zone, 'end');
  if (from !== null && to !== null && from >= to) {
    throw new WaystageError(
      'usage',
      `--from ${options.from} is not before --to ${options.to}. Turn them round.`,
    );
  }
  return {
    mapping,
    options: {
      now,
      from,
      to,
      causes,
      uncertain: causes.length === CAUSES.length,
      segment: options.segment ?? null,
      window: durationOf('--window', options.window, analysis?.window ?? null, WINDOW, zone),
      silent: durationOf('--silent', options.silent, analysis?.silent ?? null, SILENT, zone),
    },
    division: await divisionOf(app, mapping, options),
  };
}

async function divisionOf(app: App, mapping: Mapping, { by, compare }: AnalyseOptions): Promise<Division> {
  if (by !== undefined && !(DIMENSIONS as readonly string[]).includes(by))
    throw unknown('--by', 'way to group', by, DIMENSIONS);
  const version = compare === 'current' ? mapping.version : compare;
  const spans = version === undefined ? [] : await app.store.journeys.versions(mapping.name);
  // A version that was rolled back may have come back: its last time is meant.
  const span = spans.findLast((one) => one.version === version);
  if (version !== undefined && span === undefined) {
    const names = spans.map((one) => one.version);
    throw unknown('--compare', `version of ${mapping.name} that was in use`, version, ['current', ...names]);
  }
  return {
    ...(by === undefined ? {} : { by: by as Dimension }),
    ...(span === undefined ? {} : { version: span }),
  };
}

function causesOf(text: string | undefined): readonly Cause[] {
  if (text === undefined || text === 'own') return OWN_CAUSES;
  if (text === 'all') return CAUSES;
  const names = text
    .split(',')
    .map((name) => name.trim())
    .flatMap((name): readonly string[] => (name === 'own' ? OWN_CAUSES : [name]));
  for (const name of names) {
    if (!(CAUSES as readonly string[]).includes(name))
      throw unknown('--causes', 'cause', name, ['own', 'all', ...CAUSES]);
  }
  return CAUSES.filter((cause) => names.includes(cause));
}

function durationOf(
  flag: string,
  text: string | undefined,
  own: Duration | null,
  otherwise: string,
  zone: Zone,
): Duration {
  if (text === undefined && own !== null) return own;
  const span = parseSpan(text ?? otherwise);
  if (span !== null) return zonedDuration(span, zone);
  throw new WaystageError('usage', `${flag} is \`${text}\`; expected a duration such as 90d, 2w or 12h.`);
}

function unknown(flag: string, what: string, found: string, known: readonly string[]): WaystageError {
  const near = nearest(found, known);
  const hint = near === undefined ? '' : ` Did you mean \`${near}\`?`;
  return new WaystageError(
    'usage',
    `${flag}: there is no ${what} \`${found}\`. Known: ${known.join(', ') || 'none'}.${hint}`,
  );
}
