import { z } from 'zod';

/* The shape of mapping files, once more, for editors: the JSON schemas in `config/schema/` are made from here. The
 * reader (`load.ts`) stays the judge, because only it knows positions, names and types; a test holds both to the same
 * answers about shape. So a schema never refuses what the reader takes. */

/** Any scalar with a value; a bare number or `true` beside a text is its source text (J9). */
export const Scalar = z.union([z.string(), z.number(), z.boolean()]).meta({ id: 'scalar' });

/** A text that people read; a number is taken as it is written. */
export const Text = z.union([z.string().regex(/\S/), z.number(), z.boolean()]).meta({ id: 'text' });

export const Name = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,63}$/)
  .meta({ id: 'name', description: 'Small letters, digits and _, beginning with a letter.' });

export const Duration = z
  .string()
  .regex(/^(?=\d*[1-9])\d{1,6}[hdw]$/)
  .meta({
    id: 'duration',
    description: 'Calendar days (90d), weeks (2w) or exact hours (12h).',
    examples: ['7d', '90d', '2w', '12h'],
  });

export const Instant = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:?\d{2})?)?$/)
  .meta({ id: 'instant', description: 'A date (2026-01-31, its start in the zone) or a date with a time.' });

/** `50%` or `0.5`. */
export const Share = z
  .union([z.number().min(0).max(1), z.string().regex(/^(100(\.0+)?|0?\d{1,2}(\.\d+)?)\s*%$/)])
  .meta({ id: 'share', description: 'A share from 0 to 1, or a percentage such as 50%.' });

export const Score = z.number().min(0).max(100);

/** One text or a list of them. */
export const Texts = z.union([Text, z.array(Text)]);

/** A map that must say something. */
export function filled<T extends z.ZodType>(schema: T): T {
  return schema
    .refine((value) => typeof value !== 'object' || value === null || Object.keys(value).length > 0)
    .meta({ minProperties: 1 }) as T;
}

/** Keys that may be left out, each with what it says. */
export function described<T extends z.ZodType>(schema: T, description: string): T {
  return schema.meta({ description }) as T;
}
