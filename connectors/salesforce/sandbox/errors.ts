/** One entry of Salesforce's error array. */
export interface SfErrorEntry {
  readonly message: string;
  readonly errorCode: string;
  readonly fields?: readonly string[];
}

/** A refusal of a whole request; its body is an array of `{message, errorCode, fields?}`. */
export class SfError extends Error {
  readonly status: number;
  readonly entries: readonly SfErrorEntry[];
  /** A limit refused it, rather than its content. */
  readonly refused: boolean;

  constructor(status: number, entries: readonly SfErrorEntry[], refused = false) {
    super(entries[0]?.message ?? 'refused');
    this.name = 'SfError';
    this.status = status;
    this.entries = entries;
    this.refused = refused;
  }
}

/** A refusal with a single entry. */
export function refuse(
  status: number,
  errorCode: string,
  message: string,
  fields?: readonly string[],
): SfError {
  return new SfError(status, [
    fields === undefined ? { message, errorCode } : { message, errorCode, fields },
  ]);
}

/** The org's answer to everything it does not know. */
export function notFound(): SfError {
  return refuse(404, 'NOT_FOUND', 'The requested resource does not exist');
}

/** Why one row of a write was refused. */
export interface RowProblem {
  readonly statusCode: string;
  readonly message: string;
  readonly fields: readonly string[];
}

/** A row's refusal, carried until the caller decides between a row result and an HTTP error. */
export class RowError extends Error {
  readonly problems: readonly RowProblem[];

  constructor(statusCode: string, message: string, fields: readonly string[] = []) {
    super(message);
    this.name = 'RowError';
    this.problems = [{ statusCode, message, fields }];
  }
}
