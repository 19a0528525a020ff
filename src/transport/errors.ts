import { isWaystageError, WaystageError } from '../model/errors.ts';
import type { HttpRequest } from './port.ts';

/** What a try that gave no complete answer came to. */
export interface Failure {
  readonly kind: 'failure';
  readonly error: WaystageError;
  /** The request may have reached the server: it may have been carried out. */
  readonly delivered: boolean;
  /** Another try can help. */
  readonly again: boolean;
}

/** `POST api.example.com/path`: never the query, which may hold data. */
export function requestName(method: string, url: URL): string {
  return `${method} ${url.host}${url.pathname}`;
}

/** Codes of OpenSSL and Node for certificates that do not verify; another try cannot help. */
const CERTIFICATE =
  /^(CERT_|ERR_TLS_CERT|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_(GET|VERIFY)_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE)/;

/** A network error as an error of ours. */
export function networkFailure(name: string, error: unknown, connected: boolean): Failure {
  const { code, syscall } = error as { readonly code?: unknown; readonly syscall?: unknown };
  const text = typeof code === 'string' ? code : 'unknown network error';
  if (CERTIFICATE.test(text)) {
    return {
      kind: 'failure',
      delivered: false,
      again: false,
      error: new WaystageError(
        'crm_unreachable',
        `${name}: the server's TLS certificate does not verify (${text}); check the address and the machine's certificate authorities`,
        { cause: error, details: { network: text } },
      ),
    };
  }
  const delivered = connected && syscall !== 'connect' && syscall !== 'getaddrinfo';
  const what = delivered ? 'the connection broke before the answer was complete' : 'no connection';
  return {
    kind: 'failure',
    delivered,
    again: true,
    error: new WaystageError(
      'crm_unreachable',
      `${name}: ${what} (${text}); check the address and the network`,
      {
        cause: error,
        retryable: true,
        details: { network: text },
      },
    ),
  };
}

export function deadlineFailure(name: string, what: string, ms: number, delivered: boolean): Failure {
  return {
    kind: 'failure',
    delivered,
    again: true,
    error: new WaystageError(
      'crm_unreachable',
      `${name}: ${what} within ${ms} ms; the CRM or the network is slow, run again later`,
      { retryable: true, details: { deadline: ms } },
    ),
  };
}

export function bodyFailure(name: string, what: string, again: boolean, cause?: unknown): Failure {
  return {
    kind: 'failure',
    delivered: true,
    again,
    error: new WaystageError('crm_bad_answer', `${name}: ${what}`, {
      retryable: again,
      ...(cause === undefined ? {} : { cause }),
    }),
  };
}

export function stoppedFailure(name: string, delivered: boolean): Failure {
  return {
    kind: 'failure',
    delivered,
    again: false,
    error: new WaystageError('stopped', `${name}: stopped before the answer was complete`),
  };
}

/** Marks an error of a request that may have been carried out and must not be sent blindly again. */
export function unknownOutcome(error: Error, request: HttpRequest): WaystageError {
  const known = isWaystageError(error) ? error : undefined;
  return new WaystageError(known?.code ?? 'crm_unreachable', error.message, {
    cause: error,
    retryable: false,
    details: { ...known?.details, outcomeUnknown: true, purpose: request.purpose },
  });
}

/** The request behind this error may or may not have been carried out: read, compare, then write again. */
export function isUnknownOutcome(error: unknown): boolean {
  return isWaystageError(error) && error.details['outcomeUnknown'] === true;
}
