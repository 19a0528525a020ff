import { jsonBody, type KitAnswer, type KitRequest } from '../../../src/sandbox/index.ts';
import { RowError, type RowProblem, refuse, SfError } from './errors.ts';
import { UnknownColumn } from './input.ts';

/** The body as a JSON object. Throws UNSUPPORTED_MEDIA_TYPE (415) and JSON_PARSER_ERROR (400). */
export function objectBody(request: KitRequest): Map<string, unknown> {
  const type = String(request.headers['content-type'] ?? '');
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    throw refuse(
      415,
      'UNSUPPORTED_MEDIA_TYPE',
      'Content-Type header specified in HTTP request is not supported. Use application/json or application/xml',
    );
  }
  let parsed: unknown;
  try {
    parsed = jsonBody(request);
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'not JSON';
    throw refuse(400, 'JSON_PARSER_ERROR', reason);
  }
  return asObject(parsed);
}

/** A JSON object as a map, safe from names such as `__proto__`. Throws JSON_PARSER_ERROR. */
export function asObject(value: unknown): Map<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refuse(400, 'JSON_PARSER_ERROR', 'The HTTP entity body is required to be a JSON object');
  }
  return new Map(Object.entries(value));
}

/** An entry by its name in any case, taken out of the map. */
export function takeEntry(map: Map<string, unknown>, name: string): unknown {
  for (const key of map.keys()) {
    if (key.toLowerCase() === name.toLowerCase()) {
      const value = map.get(key);
      map.delete(key);
      return value;
    }
  }
  return undefined;
}

/** Refuses a body with entries besides `allowed`. */
export function onlyEntries(map: ReadonlyMap<string, unknown>, allowed: readonly string[]): void {
  for (const name of map.keys()) {
    if (!allowed.includes(name)) {
      throw refuse(400, 'JSON_PARSER_ERROR', `Unrecognized field "${name}", not marked as ignorable`);
    }
  }
}

const STATUS: Readonly<Record<string, number>> = {
  ENTITY_IS_DELETED: 404,
  NOT_FOUND: 404,
};

/** A refused row as the answer to a request about that one row. */
export function singleError(error: unknown): unknown {
  if (error instanceof UnknownColumn) return refuse(400, 'INVALID_FIELD', error.message);
  if (!(error instanceof RowError)) return error;
  const [first] = error.problems;
  return new SfError(
    STATUS[first?.statusCode ?? ''] ?? 400,
    error.problems.map(({ statusCode, message, fields }) => ({ message, errorCode: statusCode, fields })),
  );
}

/** The problems of a refused row; throws what is no row problem. */
export function rowProblems(error: unknown): readonly RowProblem[] {
  if (error instanceof RowError) return error.problems;
  if (error instanceof UnknownColumn) {
    return [{ statusCode: 'INVALID_FIELD', message: error.message, fields: [] }];
  }
  throw error;
}

/** An error as the HTTP answer: an array of `{message, errorCode, fields?}`. */
export function errorAnswer(error: unknown): KitAnswer {
  if (error instanceof SfError) {
    return { status: error.status, body: error.entries, ...(error.refused ? { refused: true } : {}) };
  }
  return {
    status: 500,
    body: [
      {
        message: `An unexpected error occurred: ${error instanceof Error ? error.message : String(error)}`,
        errorCode: 'UNKNOWN_EXCEPTION',
      },
    ],
  };
}
