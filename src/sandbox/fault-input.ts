import { z } from 'zod';

/**
 * What a fault does to the requests it meets.
 *
 * Instead of the work (unless `applied: true`, which does the work first and loses only the answer):
 * `status` an answer of this status · `html` a web page with status 200 · `reset` the connection is cut before any
 * answer · `never` no answer at all.
 *
 * To the answer of the work: `latency` later by `latencyMs` · `reset-mid-body` cut after half of the body ·
 * `truncate` half of the body, announced as the whole · `malformed` a body of full length that is no JSON ·
 * `wrong-count` a row fewer than the answer says · `slow-body` a hundredth of the body every `latencyMs` (1,000) ·
 * `gzip-broken` compressed with damaged bytes · `date-off` a `Date` header that is wrong by `offsetMs` (600,000).
 */
export const FAULT_KINDS = [
  'status',
  'html',
  'reset',
  'never',
  'latency',
  'reset-mid-body',
  'truncate',
  'malformed',
  'wrong-count',
  'slow-body',
  'gzip-broken',
  'date-off',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

const METHODS = ['GET', 'POST', 'PATCH', 'PUT', 'DELETE', 'HEAD'] as const;
const DAY_MS = 86_400_000;

/** Keys of one fault, as `POST /__sandbox/fault` and plan files give them. */
export const FaultInput = z.strictObject({
  /** A fault that the CRM has a name for; gives the status, headers and body of that CRM. */
  name: z.string().min(1).optional(),
  /** A route as `GET /__sandbox/requests` shows it, a path, or a path with `*` for any characters. */
  route: z.string().min(1).optional(),
  method: z.enum(METHODS).optional(),
  /** Only requests with this text in their decoded address or in their body. */
  contains: z.string().min(1).optional(),
  kind: z.enum(FAULT_KINDS).optional(),
  status: z.number().int().min(200).max(599).optional(),
  /** Text is sent as it is, anything else as JSON; absent: the CRM's own error body for the status. */
  body: z.unknown().optional(),
  headers: z.record(z.string(), z.string()).optional(),
  /** Milliseconds of sandbox time. */
  latencyMs: z.number().nonnegative().max(DAY_MS).optional(),
  offsetMs: z.number().min(-DAY_MS).max(DAY_MS).optional(),
  /** The work is done before its answer is lost. */
  applied: z.boolean().optional(),
  /** How many requests it meets; absent: all until it is cleared. */
  count: z.number().int().positive().optional(),
  /** Share of the requests it meets, drawn by `seed`; absent: every one. */
  probability: z.number().gt(0).max(1).optional(),
  /** Requests that pass before the first is met. */
  after: z.number().int().nonnegative().optional(),
  seed: z.number().int().optional(),
});
export type FaultInput = z.infer<typeof FaultInput>;

/** Kinds that answer in the place of the work. */
const INSTEAD: ReadonlySet<FaultKind> = new Set(['status', 'html', 'reset', 'never']);

export function isInstead(kind: FaultKind): boolean {
  return INSTEAD.has(kind);
}

/** The kind that a fault without a name means; text: why the keys do not go together. */
export function kindOf(input: FaultInput): { readonly kind: FaultKind } | { readonly problem: string } {
  const kind = input.kind ?? (input.status !== undefined ? 'status' : undefined) ?? implied(input);
  if (kind === null) {
    return {
      problem: 'The fault does nothing: give "name", "kind", "status" or "latencyMs".',
    };
  }
  if (kind === 'status' && input.status === undefined)
    return { problem: 'A fault of kind "status" needs "status".' };
  if (kind === 'latency' && input.latencyMs === undefined)
    return { problem: 'A fault of kind "latency" needs "latencyMs".' };
  if (kind !== 'status' && kind !== 'html' && (input.status !== undefined || input.body !== undefined))
    return { problem: `"status" and "body" do not go with a fault of kind "${kind}".` };
  if (input.offsetMs !== undefined && kind !== 'date-off')
    return { problem: '"offsetMs" goes only with a fault of kind "date-off".' };
  if (input.applied !== undefined && !isInstead(kind))
    return {
      problem: `"applied" does not go with a fault of kind "${kind}": there the work is always done.`,
    };
  return { kind };
}

function implied(input: FaultInput): FaultKind | null {
  return input.latencyMs === undefined ? null : 'latency';
}
