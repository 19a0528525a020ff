import type { ErrorCode } from '../../src/model/error-codes.ts';
import { isWaystageError, WaystageError } from '../../src/model/errors.ts';
import type { HttpAnswer, HttpRequest, Verdict } from '../../src/transport/port.ts';

/** The one bucket every request takes a token from. */
export const BUCKET = 'requests';

/** How long everybody stays away when Salesforce says that too many calls run at once; it names no time. */
const CONCURRENCY_PAUSE_MS = 2_000;

/** One error as Salesforce states it, of a whole request or of one row of a batch. */
export interface CrmError {
  readonly code: string;
  readonly message: string;
}

/** What to do about an error. `session`: get a new token · `consent`: somebody must connect again or approve ·
 *  `quota`: the day's calls are spent · `contention`, `transient`: again, later · `timeout`: again with a smaller
 *  window · `cursor`: start again at the last position · `config`: a permission or field is missing · `row`:
 *  this data will not be taken · `missing`: no such resource. */
export type ErrorClass =
  | 'session'
  | 'consent'
  | 'quota'
  | 'contention'
  | 'transient'
  | 'timeout'
  | 'cursor'
  | 'config'
  | 'row'
  | 'missing';

/** These 401s do not mean that the session expired: a new token would be refused as well. */
const NOT_EXPIRED = /Connected app is not attached to Agent|session is not valid for use with the REST API/i;

const CONSENT = new Set([
  'API_DISABLED_FOR_ORG',
  'API_CURRENTLY_DISABLED',
  'invalid_grant',
  'invalid_client',
  'invalid_client_id',
  'invalid_client_credentials',
  'unauthorized_client',
  'unsupported_grant_type',
  'inactive_user',
  'inactive_org',
  'INVALID_LOGIN',
  'LOGIN_MUST_USE_SECURITY_TOKEN',
  'ORG_LOCKED',
  'PASSWORD_LOCKOUT',
]);
const CONTENTION = new Set(['UNABLE_TO_LOCK_ROW', 'TOO_MANY_APEX_REQUESTS']);
const TRANSIENT = new Set(['SERVER_UNAVAILABLE', 'UNKNOWN_EXCEPTION', 'rate_limit_exceeded']);
const TRANSIENT_STATUS = new Set([406, 408, 420, 429, 500, 501, 502, 503, 504]);
const CONFIG = new Set([
  'INVALID_FIELD',
  'INVALID_TYPE',
  'INVALID_FIELD_FOR_INSERT_UPDATE',
  'INSUFFICIENT_ACCESS',
  'INSUFFICIENT_ACCESS_OR_READONLY',
  'INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY',
  'FUNCTIONALITY_NOT_ENABLED',
  'CANNOT_EXECUTE_FLOW_TRIGGER_PERMISSION',
]);

/** The class of an error (codes: Salesforce's object reference, status codes of core data types). Limits share
 *  one code and differ by their text only, so the text decides there. */
export function classify(status: number, error: CrmError): ErrorClass {
  const { code, message } = error;
  if (code === 'REQUEST_LIMIT_EXCEEDED' || code === 'LIMIT_EXCEEDED')
    return /concurrent/i.test(message) ? 'contention' : 'quota';
  if (CONSENT.has(code)) return 'consent';
  if (status === 401 || code === 'INVALID_SESSION_ID' || code === 'Bad_OAuth_Token')
    return NOT_EXPIRED.test(message) ? 'consent' : 'session';
  if (CONTENTION.has(code)) return 'contention';
  if (code === 'QUERY_TIMEOUT') return 'timeout';
  if (code === 'INVALID_QUERY_LOCATOR') return 'cursor';
  if (TRANSIENT.has(code) || TRANSIENT_STATUS.has(status) || status > 504) return 'transient';
  if (CONFIG.has(code) || status === 403) return 'config';
  if (status === 404 || status === 410) return 'missing';
  return 'row';
}

/** Errors in a body: `[{message, errorCode}]`, OAuth's `{error, error_description}`, or neither. */
export function parseErrors(status: number, body: string): readonly CrmError[] {
  const parsed = parseJson(body);
  const list = Array.isArray(parsed) ? parsed : [parsed];
  const found: CrmError[] = [];
  for (const item of list as readonly unknown[]) {
    if (typeof item !== 'object' || item === null) continue;
    const entry = item as Readonly<Record<string, unknown>>;
    const code = entry['errorCode'] ?? entry['statusCode'] ?? entry['error'];
    const message = entry['message'] ?? entry['error_description'];
    if (typeof code === 'string')
      found.push({ code, message: typeof message === 'string' ? clean(message) : '' });
  }
  if (found.length > 0) return found;
  if (body.trim() === 'Bad_OAuth_Token') return [{ code: 'Bad_OAuth_Token', message: '' }];
  const form = /^\s*<(!doctype|html)/i.test(body) ? 'an HTML page' : 'a body that is no error of its API';
  return [{ code: `HTTP_${status}`, message: `answered ${form}` }];
}

const bodies = new WeakMap<HttpAnswer, unknown>();
/** Salesforce's texts can quote values of records, so they stay out of `details`, which are logged. */
const stated = new WeakMap<object, CrmError>();

/** The parsed body of an answer that `judge` found good; undefined when it was empty. */
export function bodyOf(answer: HttpAnswer): unknown {
  return bodies.has(answer) ? bodies.get(answer) : parseJson(answer.text);
}

/** A request that knows what a good answer holds. */
export interface CheckedRequest extends HttpRequest {
  /** What is wrong with the parsed body (undefined: it was empty); null when it is right. */
  readonly check?: (body: unknown) => string | null;
}

/** What an answer of Salesforce means. A good answer is parsed here, so that one that is cut short or is an HTML
 *  page is tried again like any other failure of the network. */
export function judge(answer: HttpAnswer, request: HttpRequest): Verdict {
  if (answer.status >= 200 && answer.status < 300) {
    const empty = answer.text.trim() === '';
    const body = empty ? undefined : parseJson(answer.text);
    if (empty || body !== undefined) {
      const wrong = (request as CheckedRequest).check?.(body) ?? null;
      if (wrong !== null) return badBody(answer, request, wrong);
      if (body !== undefined) bodies.set(answer, body);
      return { kind: 'ok' };
    }
    return {
      kind: 'retry',
      error: new WaystageError(
        'crm_bad_answer',
        `Salesforce answered ${answer.status} to ${nameOf(request)} with a body that is not JSON; expected JSON, check that the address is the org's My Domain`,
        { retryable: true, details: { status: answer.status } },
      ),
    };
  }
  const errors = parseErrors(answer.status, answer.text);
  const kind = classify(answer.status, errors[0]!);
  const error = requestError(answer.status, errors, kind, request);
  if (kind === 'contention')
    return {
      kind: 'retry',
      error,
      ...(answer.headers['retry-after'] === undefined ? { wait: CONCURRENCY_PAUSE_MS } : {}),
      ...(error.code === 'crm_rate_limit' ? { pause: BUCKET } : {}),
    };
  if (kind !== 'transient') return { kind: 'fail', error };
  return answer.status === 429 ? { kind: 'retry', error, pause: BUCKET } : { kind: 'retry', error };
}

function badBody(answer: HttpAnswer, request: HttpRequest, wrong: string): Verdict {
  return {
    kind: 'retry',
    error: new WaystageError(
      'crm_bad_answer',
      `Salesforce answered ${answer.status} to ${nameOf(request)} with ${wrong}; nothing of it is used, run again later`,
      { retryable: true, details: { status: answer.status } },
    ),
  };
}

const CODES: Readonly<Record<ErrorClass, ErrorCode>> = {
  session: 'crm_credentials',
  consent: 'crm_credentials',
  quota: 'crm_quota',
  contention: 'crm_rate_limit',
  transient: 'crm_unreachable',
  timeout: 'crm_unreachable',
  cursor: 'crm_cursor_expired',
  config: 'crm_permission',
  row: 'crm_refused',
  missing: 'crm_refused',
};

const ADVICE: Readonly<Record<ErrorClass, string>> = {
  session: 'connect this org again',
  consent:
    "an administrator must allow the API or the app for this user, or the client id and secret are another app's",
  quota: "the org's API calls of the last 24 hours are spent; wait, or raise the limit",
  contention: 'too many calls at once; run again later',
  transient: 'Salesforce is not available at the moment; run again later',
  timeout: 'the query took longer than Salesforce allows',
  cursor: 'the query is started again at its last position',
  config: 'a field or object is missing or hidden from this user; check its permission sets with `doctor`',
  row: 'Salesforce does not accept this request',
  missing: 'there is no such object, record or API version in this org',
};

function requestError(
  status: number,
  errors: readonly CrmError[],
  kind: ErrorClass,
  request: HttpRequest,
): WaystageError {
  const said = describeErrors(errors);
  const code = status === 429 ? 'crm_rate_limit' : CODES[kind];
  const error = new WaystageError(
    code,
    `Salesforce answered ${status} to ${nameOf(request)}: ${said}; ${ADVICE[kind]}`,
    {
      retryable: kind === 'contention' || kind === 'transient' || kind === 'timeout' || kind === 'cursor',
      details: { status, class: kind, crmCode: errors[0]!.code },
    },
  );
  stated.set(error, errors[0]!);
  return error;
}

/** `CODE "text"; CODE "text"`, at most three. */
export function describeErrors(errors: readonly CrmError[]): string {
  const shown = errors
    .slice(0, 3)
    .map(({ code, message }) => (message === '' ? code : `${code} "${message}"`));
  return errors.length > 3 ? `${shown.join('; ')}; and ${errors.length - 3} more` : shown.join('; ');
}

/** The class `judge` gave the request behind an error; null for errors of another origin. */
export function classOf(error: unknown): ErrorClass | null {
  return isWaystageError(error) ? ((error.details['class'] as ErrorClass | undefined) ?? null) : null;
}

/** Salesforce's own code and text behind an error; null for errors of another origin. */
export function crmErrorOf(error: unknown): CrmError | null {
  return typeof error === 'object' && error !== null ? (stated.get(error) ?? null) : null;
}

/** May the same row be written later, when others have let go or in a smaller batch? */
export function rowMayPass(error: CrmError): boolean {
  const kind = classify(400, error);
  if (kind === 'contention' || kind === 'transient' || kind === 'timeout') return true;
  // The org's own triggers ran out of time or queries on a full batch; with fewer rows they may not.
  const limits = /LIMIT_EXCEPTION|CPU time|Too many (SOQL|DML|query rows)|ConcurrentPerOrg/i;
  return error.code === 'CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY' && limits.test(error.message);
}

function nameOf(request: HttpRequest): string {
  // Never the query: it may hold ids and values.
  return `${request.method} ${new URL(request.url).pathname}`;
}

function clean(message: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters have no place in a message
  const text = message.replace(/[\u0000-\u0020\u007f]+/g, ' ').trim();
  return text.length > 500 ? `${text.slice(0, 500)}…` : text;
}

/** Undefined when the text is no JSON. */
function parseJson(source: string): unknown {
  try {
    return JSON.parse(source) as unknown;
  } catch {
    return undefined;
  }
}
