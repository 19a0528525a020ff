/** One entry of an error body's `errors`, and of a 207's. */
export interface ErrorDetail {
  readonly message: string;
  readonly code?: string;
  readonly in?: string;
  readonly context?: Readonly<Record<string, readonly string[]>>;
}

/** A refusal in the vendor's terms; the server turns it into `{status: "error", …}`. */
export class HubspotError extends Error {
  readonly status: number;
  readonly category: string;
  readonly subCategory: string | undefined;
  readonly context: Readonly<Record<string, readonly string[]>> | undefined;
  readonly errors: readonly ErrorDetail[] | undefined;

  constructor(
    status: number,
    category: string,
    message: string,
    more: {
      readonly subCategory?: string;
      readonly context?: Readonly<Record<string, readonly string[]>>;
      readonly errors?: readonly ErrorDetail[];
    } = {},
  ) {
    super(message);
    this.name = 'HubspotError';
    this.status = status;
    this.category = category;
    this.subCategory = more.subCategory;
    this.context = more.context;
    this.errors = more.errors;
  }
}

export function invalid(
  message: string,
  more: {
    readonly context?: Readonly<Record<string, readonly string[]>>;
    readonly errors?: readonly ErrorDetail[];
  } = {},
): HubspotError {
  return new HubspotError(400, 'VALIDATION_ERROR', message, more);
}

export function notFound(
  message: string,
  context?: Readonly<Record<string, readonly string[]>>,
): HubspotError {
  return new HubspotError(404, 'OBJECT_NOT_FOUND', message, context === undefined ? {} : { context });
}

export function conflict(message: string): HubspotError {
  return new HubspotError(409, 'CONFLICT', message);
}

/** What is wrong with one property value; several become one refusal. */
export interface ValueProblem {
  readonly error: string;
  readonly name: string;
  readonly message: string;
}

/** The vendor packs the list as JSON text into the message; the same is given in `errors`. */
export function invalidValues(problems: readonly ValueProblem[], portalId: number): HubspotError {
  const list = problems.map((problem) => ({
    isValid: false,
    message: problem.message,
    error: problem.error,
    name: problem.name,
    localizedErrorMessage: problem.message,
    portalId,
  }));
  return invalid(`Property values were not valid: ${JSON.stringify(list)}`, {
    errors: problems.map((problem) => ({
      message: problem.message,
      code: problem.error,
      context: { propertyName: [problem.name] },
    })),
  });
}

/** The error body every refusal has. */
export function errorBody(error: HubspotError, correlationId: string): Record<string, unknown> {
  return {
    status: 'error',
    message: error.message,
    correlationId,
    ...(error.context === undefined ? {} : { context: error.context }),
    ...(error.errors === undefined ? {} : { errors: error.errors }),
    category: error.category,
    ...(error.subCategory === undefined ? {} : { subCategory: error.subCategory }),
  };
}
