import type { KitAnswer, KitRequest, NamedFault, VendorFaults } from '../../../src/sandbox/index.ts';
import { errorAnswer } from './body.ts';
import { refuse, SfError } from './errors.ts';
import type { State } from './state.ts';

const CODES: Readonly<Record<number, readonly [code: string, message: string]>> = {
  400: ['UNKNOWN_EXCEPTION', 'The request was refused.'],
  401: ['INVALID_SESSION_ID', 'Session expired or invalid'],
  403: ['INSUFFICIENT_ACCESS', 'insufficient access rights on cross-reference id'],
  404: ['NOT_FOUND', 'The requested resource does not exist'],
  500: [
    'UNKNOWN_EXCEPTION',
    'An unexpected error occurred. Please include this ErrorId if you contact support',
  ],
  503: ['SERVER_UNAVAILABLE', 'Server unavailable'],
};

const COLLECTION = /^\/services\/data\/[^/]+\/composite\/sobjects(\/|$)/;
const SINGLE = /^\/services\/data\/[^/]+\/sobjects\/[^/]+\/([a-zA-Z0-9]{15,18})\/?$/;
const QUERY = /^\/services\/data\/[^/]+\/(tooling\/)?query(All)?\/?$/;
const NEXT_PAGE = /^\/services\/data\/[^/]+\/(tooling\/)?query\/0r8/;
const API = /^\/services\/data\/[^/]+\/./;

/** Faults as Salesforce has them (REST API developer guide, status codes and errors, read November 2026; the texts
 *  of REQUEST_LIMIT_EXCEEDED as orgs were seen to give them). */
export function salesforceFaults(state: State): VendorFaults {
  const refusal =
    (status: number, code: string, message: string): NamedFault['answer'] =>
    () =>
      errorAnswer(refuse(status, code, message));
  const limit = (message: string): NamedFault => ({
    text: `403, REQUEST_LIMIT_EXCEEDED "${message}"`,
    meets: (request) => API.test(request.path),
    answer: () => errorAnswer(new SfError(403, [{ message, errorCode: 'REQUEST_LIMIT_EXCEEDED' }], true)),
  });
  return {
    statusAnswer,
    named: {
      'daily-limit': limit('TotalRequests Limit exceeded.'),
      'concurrent-limit': limit('ConcurrentRequests (Concurrent API Requests) Limit exceeded.'),
      'apex-limit': limit('ConcurrentPerOrgLongTxn Limit exceeded.'),
      'locked-rows': {
        text: 'UNABLE_TO_LOCK_ROW for about half of the rows of an update, at least one',
        meets: (request) =>
          request.method === 'PATCH' && (COLLECTION.test(request.path) || SINGLE.test(request.path)),
        answer: async (request, work, random) => {
          const locked = lockedIds(request, random).filter((id) => !state.refusals.has(id));
          for (const id of locked) {
            state.refusals.set(id, {
              code: 'UNABLE_TO_LOCK_ROW',
              message: 'unable to obtain exclusive access to this record or 1 records',
              fields: [],
              times: null,
            });
          }
          try {
            return await work(request);
          } finally {
            for (const id of locked) state.refusals.delete(id);
          }
        },
      },
      'query-timeout': {
        text: '400, QUERY_TIMEOUT',
        meets: (request) => QUERY.test(request.path),
        answer: refusal(400, 'QUERY_TIMEOUT', 'Your query request was running for too long.'),
      },
      'expired-cursor': {
        text: '400, INVALID_QUERY_LOCATOR, for further pages; the cursor is gone',
        meets: (request) => NEXT_PAGE.test(request.path),
        answer: refusal(400, 'INVALID_QUERY_LOCATOR', 'invalid query locator'),
      },
      'expired-session': {
        text: '401, INVALID_SESSION_ID; the token has ended, unless it is the fixed one',
        meets: (request) => API.test(request.path),
        answer: (request) => {
          state.sessions.end(tokenOf(request));
          return errorAnswer(refuse(401, 'INVALID_SESSION_ID', 'Session expired or invalid'));
        },
      },
      unavailable: {
        text: '503, SERVER_UNAVAILABLE',
        answer: () => statusAnswer(503),
      },
    },
  };
}

function statusAnswer(status: number): KitAnswer {
  if (status < 400) return { status, body: {} };
  const [code, message] = CODES[status] ??
    CODES[status < 500 ? 400 : 500] ?? ['UNKNOWN_EXCEPTION', 'An unexpected error occurred.'];
  return errorAnswer(refuse(status, code, message));
}

function tokenOf(request: KitRequest): string {
  return /^(?:Bearer|OAuth)\s+(\S+)$/i.exec(String(request.headers.authorization ?? ''))?.[1] ?? '';
}

/** Ids, in their 15-character form, of about half of the rows of a write. */
function lockedIds(request: KitRequest, random: () => number): readonly string[] {
  const single = SINGLE.exec(request.path)?.[1];
  const ids = single === undefined ? rowIds(request) : [single];
  const chosen = ids.filter(() => random() < 0.5);
  const [first] = ids;
  return (chosen.length === 0 && first !== undefined ? [first] : chosen).map((id) => id.slice(0, 15));
}

function rowIds(request: KitRequest): readonly string[] {
  let body: unknown;
  try {
    body = JSON.parse(request.body.toString('utf8'));
  } catch {
    return [];
  }
  const records = (body as { readonly records?: unknown } | null)?.records;
  return (Array.isArray(records) ? records : []).flatMap((record: unknown) => {
    if (typeof record !== 'object' || record === null) return [];
    const id = Object.entries(record).find(([name]) => name.toLowerCase() === 'id')?.[1] as unknown;
    return typeof id === 'string' ? [id] : [];
  });
}
