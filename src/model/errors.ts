import { ERROR_CODES, type ErrorCode } from './error-codes.ts';

export interface WaystageErrorOptions {
  readonly cause?: unknown;
  /** Decided once, where the error is made: may the same call succeed later without anybody changing anything? */
  readonly retryable?: boolean;
  /** Milliseconds the other side asked us to wait. */
  readonly retryAfter?: number;
  /** Structured context for logs; never secrets, never personal data. */
  readonly details?: Readonly<Record<string, string | number | boolean | null>>;
}

/** Every error Waystage raises on purpose. The message says what was found, what was expected and what to do. */
export class WaystageError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly retryAfter: number | undefined;
  readonly details: Readonly<Record<string, string | number | boolean | null>>;

  constructor(code: ErrorCode, message: string, options: WaystageErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'WaystageError';
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.retryAfter = options.retryAfter;
    this.details = options.details ?? {};
  }

  /** The command line's exit status for this error (see the contract: 1, 2 or 3). */
  get exitStatus(): 1 | 2 | 3 {
    return ERROR_CODES[this.code].exit;
  }
}

/** Also true across realms (jest, worker threads), where `instanceof` is not. */
export function isWaystageError(error: unknown): error is WaystageError {
  return (
    typeof error === 'object' &&
    error !== null &&
    (error as { name?: unknown }).name === 'WaystageError' &&
    (error as { code?: unknown }).code !== undefined
  );
}
