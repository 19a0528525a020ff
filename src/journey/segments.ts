import type { EvalContext, Mapping } from '../mapping/types.ts';

/** Names of the segments that hold, in listed order (J17). A segment sees no segments. */
export function evaluateSegments(mapping: Mapping, context: EvalContext): readonly string[] {
  if (mapping.segments.length === 0) return [];
  const bare = context.segments.length === 0 ? context : { ...context, segments: [] };
  const names: string[] = [];
  for (const segment of mapping.segments) if (segment.when.test(bare)) names.push(segment.name);
  return names;
}

/** The first segment that holds is the primary one (J17). */
export function primarySegment(segments: readonly string[]): string | null {
  return segments[0] ?? null;
}
