import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { WaystageError } from '../model/errors.ts';
import type { SavedPlan } from '../sync/write/saved-plan.ts';

/** Says what a file is and how it is to be read. */
export const FORMAT = 'waystage-plan-1';

const Value = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const Change = z.object({
  ...{ journey: z.string(), output: z.string(), field: z.string(), old: Value, new: Value },
  reason: z.string().nullable(),
});
const Write = z.object({
  ...{ connection: z.string(), type: z.string(), id: z.string(), subject: z.string() },
  parent: z.string().nullable(),
  changes: z.array(Change).min(1),
});
const Saved = z.object({
  format: z.literal(FORMAT),
  plan: z.object({
    ...{ id: z.string().min(1), made: z.number(), now: z.number() },
    rules: z.enum(['now', 'backfill']),
    connection: z.string().nullable(),
    from: z.object({
      ...{ set: z.string(), active: z.string().nullable(), configuration: z.string() },
      versions: z.record(z.string(), z.string()),
    }),
    subjects: z.record(
      z.string(),
      z.object({ identity: z.string(), facts: z.record(z.string(), z.string()) }),
    ),
  }),
  changes: z.array(Write),
});

/** Reads a plan that `plan --out` saved. Throws `usage` for a file that is none. */
export function readPlan(path: string, shown: string): SavedPlan {
  let data: unknown;
  try {
    data = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const reason =
      error instanceof SyntaxError
        ? 'is no JSON'
        : `cannot be read (${(error as { code?: string }).code ?? 'unknown error'})`;
    throw notAPlan(shown, reason);
  }
  const read = Saved.safeParse(data);
  if (!read.success) {
    const [issue] = read.error.issues;
    throw notAPlan(
      shown,
      `is no plan of this version: ${issue?.path.join('.') || 'the file'}: ${issue?.message}`,
    );
  }
  return { ...read.data.plan, changes: read.data.changes } as unknown as SavedPlan;
}

function notAPlan(shown: string, reason: string): WaystageError {
  return new WaystageError(
    'usage',
    `${shown} ${reason}. Expected a file saved by \`waystage plan --out ${shown}\`.`,
  );
}
