import type { ErrorCode } from '../../src/model/error-codes.ts';
import { WaystageError, type WaystageErrorOptions } from '../../src/model/errors.ts';
import type { HttpAnswer, HttpRequest, Verdict } from '../../src/transport/port.ts';

/** Limits, by the names of the transport's buckets. */
export const GENERAL = 'general';
export const SEARCH = 'search';
export const ASSOCIATIONS = 'associations';

/** One thing HubSpot named as wrong, without the values it may have quoted. */
export interface Issue {
  /** `INVALID_OPTION`, `OBJECT_NOT_FOUND`, … */
  readonly code: string;
  readonly text: string;
  /** Property it is about, when HubSpot says so. */
  readonly field: string | null;
  /** Records it is about, when HubSpot says so. */
  readonly ids: readonly string[];
}

/** A refusal (4xx) with what HubSpot said about it. */
export class HubspotRefusal extends WaystageError {
  readonly status: number;
  readonly category: string;
  readonly issues: readonly Issue[];

  constructor(
    code: ErrorCode,
    message: string,
    said: { readonly status: number; readonly category: string; readonly issues: readonly Issue[] },
    options: WaystageErrorOptions = {},
  ) {
    super(code, message, {
      ...options,
      details: { ...options.details, status: said.status, category: said.category },
    });
    this.status = said.status;
    this.category = said.category;
    this.issues = said.issues;
  }
}

export function isRefusal(error: unknown): error is HubspotRefusal {
  return error instanceof HubspotRefusal;
}

/** Temporary answers and how long to wait when HubSpot does not say. 423: locks last two seconds; 477: the account
 *  is being moved to another data centre; the 52x come from the network in front of HubSpot.
 *  (HubSpot's documentation of error handling, read November 2026.) */
const TEMPORARY: Readonly<Record<number, number | null>> = {
  408: null,
  423: 2_000,
  425: null,
  477: 10_000,
  500: null,
  502: null,
  503: null,
  504: null,
  520: null,
  521: null,
  522: null,
  523: null,
  524: null,
};

/** Half a rolling window: some of it is free again by then. */
const TEN_SECONDLY_WAIT = 5_000;
const SECONDLY_WAIT = 1_000;

/** What a non-2xx answer of HubSpot means. `who` names the connection: "HubSpot (connection eu)". */
export function judgeFailure(answer: HttpAnswer, request: HttpRequest, who: string): Verdict {
  const body = parseObject(answer.text);
  const { status } = answer;
  const call = `${request.method} ${new URL(request.url).pathname}`;
  if (status === 429) return judgeLimit(answer, body, request, who);
  const temporary = TEMPORARY[status];
  if (temporary !== undefined) {
    const error = new WaystageError(
      'crm_unreachable',
      `${who} answered ${status} to ${call}; it is busy or down for the moment, run again later`,
      { retryable: true, details: { status } },
    );
    return temporary === null || answer.headers['retry-after'] !== undefined
      ? { kind: 'retry', error }
      : { kind: 'retry', error, wait: temporary };
  }
  if (body === null && status !== 404 && status !== 414)
    return badAnswer(who, call, `${status} without HubSpot's JSON`);
  return { kind: 'fail', error: refusal(status, body ?? {}, who, call) };
}

function judgeLimit(answer: HttpAnswer, body: Body | null, request: HttpRequest, who: string): Verdict {
  const policy = textOf(body?.['policyName']) ?? '';
  // The exports of a day are counted apart; without one more there are still lists.
  if (isExportStart(request) && !policy.includes('SECONDLY'))
    return { kind: 'fail', error: refusal(429, body ?? {}, who, 'POST an export') };
  if (policy.includes('DAILY')) {
    return {
      kind: 'fail',
      error: new WaystageError(
        'crm_quota',
        `${who} has no API calls left today; the daily limit resets at midnight in the account's time zone. ` +
          'Lower requestsPer10s, sync less often, or raise the limit in HubSpot',
        { details: { policy } },
      ),
    };
  }
  const bucket = request.buckets[0] ?? GENERAL;
  const error = new WaystageError(
    'crm_rate_limit',
    `${who} refused a request over its ${bucket} limit${policy === '' ? '' : ` (${policy})`}; another app may be using it up. ` +
      'Lower requestsPer10s of the connection if this stays',
    { retryable: true, details: { bucket, policy } },
  );
  // What HubSpot asks for counts more than what its limits make likely.
  if (answer.headers['retry-after'] !== undefined) return { kind: 'retry', error, pause: bucket };
  const wait = bucket === GENERAL ? TEN_SECONDLY_WAIT : SECONDLY_WAIT;
  return { kind: 'retry', error, pause: bucket, wait };
}

function isExportStart(request: HttpRequest): boolean {
  return request.method === 'POST' && new URL(request.url).pathname.startsWith('/crm/exports/');
}

/** An answer that is not what the API promises: another try can help. */
export function badAnswer(who: string, call: string, found: string): Verdict {
  return {
    kind: 'retry',
    error: new WaystageError('crm_bad_answer', `${who} answered ${call} with ${found}; run again later`, {
      retryable: true,
    }),
  };
}

function refusal(status: number, body: Body, who: string, call: string): HubspotRefusal {
  const category = textOf(body['category']) ?? textOf(body['errorType']) ?? '';
  const issues = issuesOf(body);
  const said = `${status}${category === '' ? '' : ` ${category}`}`;
  const details = { correlationId: textOf(body['correlationId']) };
  const facts = { status, category, issues };
  if (status === 401) {
    return new HubspotRefusal(
      'crm_credentials',
      `${who} refused the access token (${said}); check that it was copied whole, has not been rotated, and belongs to this account`,
      facts,
      { details },
    );
  }
  if (status === 403) {
    const scopes = scopesOf(body);
    const what =
      scopes.length > 0 ? `grant the app ${scopes.join(', ')}` : 'grant the app the scope this call needs';
    return new HubspotRefusal('crm_permission', `${who} does not allow ${call} (${said}); ${what}`, facts, {
      details,
    });
  }
  const first =
    issues.map((issue) => issue.text).find((text) => text !== '') ?? safeText(textOf(body['message']) ?? '');
  return new HubspotRefusal(
    'crm_refused',
    `${who} refused ${call} (${said})${first === '' ? '' : `: ${first}`}`,
    facts,
    { details },
  );
}

type Body = Readonly<Record<string, unknown>>;

/** The issues in an error body: its `errors`, the rows hidden as JSON in its message, or the message itself. */
export function issuesOf(body: Body): readonly Issue[] {
  const found: Issue[] = [];
  for (const entry of arrayOf(body['errors'])) if (isObject(entry)) found.push(...issuesOfEntry(entry));
  return found.length > 0 ? found : issuesOfEntry(body);
}

/** The issues in one entry of `errors`, or in a whole body read as one. */
export function issuesOfEntry(entry: Body): readonly Issue[] {
  const context = isObject(entry['context']) ? entry['context'] : {};
  const ids = [...arrayOf(context['ids']), ...arrayOf(context['id'])].filter((id) => typeof id === 'string');
  const message = textOf(entry['message']) ?? '';
  const category =
    textOf(entry['subCategory'])?.split('.').at(-1) ??
    textOf(entry['code']) ??
    textOf(entry['category']) ??
    'UNKNOWN';
  const rows = embeddedRows(message);
  if (rows.length > 0) {
    return rows.map((row) => {
      const code = textOf(row['error']) ?? category;
      const field = textOf(row['name']) ?? null;
      return { code, field, ids, text: field === null ? code : `property ${field}: ${code}` };
    });
  }
  const named = [...arrayOf(context['propertyName']), ...arrayOf(context['name'])].find(
    (name) => typeof name === 'string',
  );
  return [{ code: category, field: typeof named === 'string' ? named : null, ids, text: safeText(message) }];
}

/** HubSpot reports invalid values as a JSON list at the end of a sentence: `Property values were not valid: [{…}]`. */
function embeddedRows(message: string): readonly Body[] {
  const start = message.indexOf('[{');
  if (start < 0) return [];
  try {
    return arrayOf(JSON.parse(message.slice(start, message.lastIndexOf(']') + 1))).filter(isObject);
  } catch {
    return [];
  }
}

function scopesOf(body: Body): readonly string[] {
  const scopes = new Set<string>();
  const look = (context: unknown): void => {
    if (!isObject(context)) return;
    for (const key of ['requiredGranularScopes', 'requiredScopes']) {
      for (const scope of arrayOf(context[key])) if (typeof scope === 'string') scopes.add(scope);
    }
  };
  look(body['context']);
  for (const entry of arrayOf(body['errors'])) if (isObject(entry)) look(entry['context']);
  return [...scopes];
}

/** HubSpot's sentence without what could be somebody's data or a secret: addresses, quoted values, tokens, long
 *  numbers. Names of properties and options in lower case stay. */
export function safeText(message: string): string {
  return message
    .slice(0, 2_000)
    .replace(/\b(Bearer\s+\S+|pat-[\w-]+)/gi, '…')
    .replace(/[^\s"'<>(),;:]+@[^\s"'<>(),;:]+/g, '…')
    .replace(/"([^"]*)"/g, (whole, inside: string) => (/^[a-z][a-z0-9_]{0,80}$/.test(inside) ? whole : '"…"'))
    .replace(/\+?\d[\d\s().-]{8,}\d/g, '…')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 300);
}

export function parseObject(text: string): Body | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

export function isObject(value: unknown): value is Body {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function arrayOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
