import type { KitAnswer, KitRequest, Route, WindowLimit } from '../../../src/sandbox/index.ts';
import { describeBrief, describeObject } from './describe.ts';
import { notFound, refuse } from './errors.ts';
import type { SfObject } from './schema.ts';
import { runQuery } from './soql/run.ts';
import type { State } from './state.ts';
import { datetimeText, instantOf } from './values.ts';

const DAY = 86_400_000;
const MINUTE = 60_000;
export const BASE = '/services/data/:version';
const FIRST_VERSION = 31;
/** Summer '26. */
const LAST_VERSION = 67;

/** Name of a release: v67.0 is Summer '26, three a year. */
function releaseLabel(version: number): string {
  const behind = LAST_VERSION - version;
  const season = ['Summer', 'Spring', 'Winter'][behind % 3]!;
  const year = 26 - Math.floor(behind / 3);
  return `${season} '${String(year).padStart(2, '0')}`;
}

/** Is this API version still served? Throws: 410 for retired ones, 404 for others. */
export function checkVersion(version: string): void {
  const match = /^v(\d+)\.0$/.exec(version);
  const number = Number(match?.[1]);
  if (match !== null && number >= 7 && number < FIRST_VERSION) {
    throw refuse(
      410,
      'UNSUPPORTED_API_VERSION',
      `The requested API version ${version} is retired and no longer supported.`,
    );
  }
  if (match === null || number < FIRST_VERSION || number > LAST_VERSION) throw notFound();
}

/** `67.0` of `/services/data/v67.0/...`. */
export function versionOf(request: KitRequest): string {
  return (request.params['version'] ?? '').slice(1);
}

/** `/services/data/v67.0`. */
export function baseOf(request: KitRequest): string {
  return `/services/data/v${versionOf(request)}`;
}

/** The object named in the path, or 404. */
export function objectOf(state: State, request: KitRequest, tooling = false): SfObject {
  const object = state.org.object(request.params['type'] ?? '');
  if (object === null || object.tooling !== tooling) throw notFound();
  return object;
}

/** Refuses parameters the resource does not have. */
export function onlyParameters(request: KitRequest, allowed: readonly string[]): void {
  for (const name of request.query.keys()) {
    if (!allowed.includes(name)) {
      throw refuse(400, 'INVALID_REQUEST_PARAMETER', `Unrecognized request parameter: ${name}`);
    }
  }
}

function versions(): KitAnswer {
  const list = [];
  for (let number = FIRST_VERSION; number <= LAST_VERSION; number += 1) {
    list.push({
      label: releaseLabel(number),
      url: `/services/data/v${number}.0`,
      version: `${number}.0`,
    });
  }
  return { status: 200, body: list };
}

function resources(request: KitRequest): KitAnswer {
  const base = baseOf(request);
  const names = ['composite', 'jobs', 'limits', 'query', 'queryAll', 'sobjects', 'tooling'];
  return { status: 200, body: Object.fromEntries(names.map((name) => [name, `${base}/${name}`])) };
}

function limits(state: State): KitAnswer {
  const now = state.time.now();
  const full = (max: number) => ({ Max: max, Remaining: max });
  const left = (limit: WindowLimit) => ({ Max: limit.limit, Remaining: limit.remaining(now) });
  return {
    status: 200,
    body: {
      DailyApiRequests: left(state.daily),
      DailyBulkApiBatches: left(state.bulk.batchLimit),
      DailyBulkV2QueryJobs: left(state.bulk.queryLimit),
      DailyBulkV2QueryFileStorageMB: full(976_562),
      DailyAsyncApexExecutions: full(250_000),
      DailyStandardVolumePlatformEvents: full(25_000),
      HourlyPublishedPlatformEvents: full(250_000),
      DataStorageMB: full(10_240),
      FileStorageMB: full(10_240),
      SingleEmail: full(5_000),
      MassEmail: full(5_000),
    },
  };
}

function recordCount(state: State, request: KitRequest): KitAnswer {
  onlyParameters(request, ['sObjects']);
  const wanted = request.query.get('sObjects')?.split(',') ?? state.org.objects().map((one) => one.name);
  const sObjects = wanted.flatMap((name) => {
    const object = state.org.object(name.trim());
    if (object === null || object.tooling) return [];
    const live = [...state.org.table(object.name).rows.values()].filter((row) => row['IsDeleted'] !== true);
    return [{ count: live.length, name: object.name }];
  });
  return { status: 200, body: { sObjects } };
}

/** Records per page from `Sforce-Query-Options: batchSize=N`; outside 200–2,000 the nearest bound is used. */
function batchSize(request: KitRequest): number {
  const match = /(?:^|[,;\s])batchSize\s*=\s*(\d+)/i.exec(
    String(request.headers['sforce-query-options'] ?? ''),
  );
  return match === null ? 2000 : Math.min(2000, Math.max(200, Number(match[1])));
}

/** Runs `?q=`; `includeDeleted` is `queryAll`. */
export function query(
  state: State,
  request: KitRequest,
  options: { readonly includeDeleted: boolean; readonly tooling: boolean },
): KitAnswer {
  onlyParameters(request, ['q']);
  const text = request.query.get('q');
  if (text === null || text.trim() === '') {
    throw refuse(400, 'MALFORMED_QUERY', 'A query string has to be specified');
  }
  const now = state.time.now();
  const result = runQuery({ org: state.org, now, ...options }, versionOf(request), text);
  if (result.kind === 'count') {
    return { status: 200, body: { totalSize: result.count, done: true, records: [] } };
  }
  if (result.kind === 'records') {
    return {
      status: 200,
      body: { totalSize: result.records.length, done: true, records: result.records },
    };
  }
  const path = `${baseOf(request)}${options.tooling ? '/tooling' : ''}/query`;
  const page = state.cursors.first(result.rows, result.render, {
    batch: batchSize(request),
    includeDeleted: options.includeDeleted,
    path,
    now,
  });
  return { status: 200, body: page };
}

interface Range {
  readonly start: number;
  readonly end: number;
}

/** Start and end of getUpdated and getDeleted, cut to whole minutes, at most `days` back. */
function readRange(state: State, request: KitRequest, days: number): Range {
  onlyParameters(request, ['start', 'end']);
  const read = (name: string): number => {
    const text = request.query.get(name);
    const at = text === null ? null : instantOf(text);
    if (at === null) {
      throw refuse(400, 'INVALID_FIELD', `${name}: ${text ?? 'missing'} is not a valid date time`);
    }
    return Math.floor(at / MINUTE) * MINUTE;
  };
  const range = { start: read('start'), end: read('end') };
  if (range.start >= range.end) {
    throw refuse(400, 'INVALID_REPLICATION_DATE', 'startDate must be before the endDate');
  }
  if (range.start < state.time.now() - days * DAY) {
    throw refuse(
      400,
      'INVALID_REPLICATION_DATE',
      `startDate before org's replication enabled date, or more than ${days} days ago`,
    );
  }
  return range;
}

function replicated(state: State, request: KitRequest): SfObject {
  const object = objectOf(state, request);
  if (!object.replicateable) {
    throw refuse(400, 'INVALID_TYPE', `sObject type '${object.name}' is not replicateable`);
  }
  return object;
}

function updated(state: State, request: KitRequest): KitAnswer {
  const object = replicated(state, request);
  const { start, end } = readRange(state, request, 30);
  const ids: string[] = [];
  for (const row of state.org.table(object.name).rows.values()) {
    const at = Number(row['SystemModstamp']);
    if (row['IsDeleted'] !== true && at >= start && at < end) ids.push(String(row['Id']));
  }
  if (ids.length > 600_000) throw refuse(400, 'EXCEEDED_ID_LIMIT', 'too many ids; choose a shorter range');
  return { status: 200, body: { ids, latestDateCovered: datetimeText(covered(state, end)) } };
}

function deleted(state: State, request: KitRequest): KitAnswer {
  const object = replicated(state, request);
  const { start, end } = readRange(state, request, 15);
  const deletedRecords = [];
  for (const [key, deletion] of state.deletions) {
    const [name, id15] = key.split(' ') as [string, string];
    if (name !== object.name || deletion.at < start || deletion.at >= end) continue;
    const row = state.org.row(name, id15);
    if (row === null) continue;
    deletedRecords.push({ deletedDate: datetimeText(deletion.at), id: row['Id'] });
  }
  return {
    status: 200,
    body: {
      deletedRecords,
      earliestDateAvailable: datetimeText(state.time.now() - 15 * DAY),
      latestDateCovered: datetimeText(covered(state, end)),
    },
  };
}

/** Nothing later than the present minute is covered. */
function covered(state: State, end: number): number {
  return Math.min(end, Math.floor(state.time.now() / MINUTE) * MINUTE);
}

/** The same route with and without a trailing slash, as the vendor serves both. */
export function slashed(route: Route): readonly Route[] {
  return [route, { ...route, pattern: `${route.pattern}/` }];
}

/** Versions, resources, limits, describe, query and replication. */
export function dataRoutes(state: State): readonly Route[] {
  const get = (pattern: string, handle: (request: KitRequest) => KitAnswer): readonly Route[] =>
    slashed({ method: 'GET', pattern, handle });
  const found = (body: unknown): KitAnswer => ({ status: 200, body });
  return [
    ...get('/services/data', () => versions()),
    ...get(BASE, (request) => resources(request)),
    ...get(`${BASE}/limits`, () => limits(state)),
    ...get(`${BASE}/limits/recordCount`, (request) => recordCount(state, request)),
    ...get(`${BASE}/sobjects`, (request) =>
      found({
        encoding: 'UTF-8',
        maxBatchSize: 200,
        sobjects: state.org
          .objects()
          .filter((object) => !object.tooling)
          .map((object) => describeBrief(object, baseOf(request))),
      }),
    ),
    ...get(`${BASE}/sobjects/:type`, (request) =>
      found({ objectDescribe: describeBrief(objectOf(state, request), baseOf(request)), recentItems: [] }),
    ),
    ...get(`${BASE}/sobjects/:type/describe`, (request) =>
      found(describeObject(state.org, objectOf(state, request), baseOf(request))),
    ),
    ...get(`${BASE}/sobjects/:type/updated`, (request) => updated(state, request)),
    ...get(`${BASE}/sobjects/:type/deleted`, (request) => deleted(state, request)),
    ...get(`${BASE}/query`, (request) => query(state, request, { includeDeleted: false, tooling: false })),
    ...get(`${BASE}/queryAll`, (request) => query(state, request, { includeDeleted: true, tooling: false })),
    {
      method: 'GET',
      pattern: `${BASE}/query/:locator`,
      handle: (request) =>
        found(
          state.cursors.next(request.params['locator'] ?? '', `${baseOf(request)}/query`, state.time.now()),
        ),
    },
  ];
}
