import type { FactName, Mapping, Stage } from '../mapping/types.ts';
import { createZone, type Zone } from '../mapping/zone.ts';
import type { Cause, Visit } from '../model/facts.ts';
import type { AnalysisOptions } from './types.ts';

export const DAY = 86_400_000;
export const HOUR = 3_600_000;

/** Where a stage stands: on the ideal path from 0, off it, or no stage of this mapping any more. */
export const OFF_PATH = -1;
export const FORMER = -2;

/** The mapping and the options, ready for use. */
export interface Frame {
  readonly mapping: Mapping;
  readonly options: AnalysisOptions;
  readonly zone: Zone;
  readonly path: readonly Stage[];
  /** The present name of a stage (J16). */
  nameOf(stage: string): string;
  /** Place on the path, `OFF_PATH` or `FORMER`. */
  placeOf(stage: string): number;
  /** Did somebody ask for this fact, or this field of it? */
  knows(fact: FactName, field?: string): boolean;
  /** Does a move of this visit count? */
  counts(visit: Visit): boolean;
  inPeriod(at: number): boolean;
}

export function createFrame(mapping: Mapping, options: AnalysisOptions): Frame {
  const path = mapping.stages.filter(({ offPath }) => !offPath);
  const names = new Map<string, string>();
  for (const stage of mapping.stages) for (const old of stage.renamedFrom) names.set(old, stage.name);
  const places = new Map(
    mapping.stages.map((stage) => [stage.name, stage.offPath ? OFF_PATH : path.indexOf(stage)]),
  );
  const causes = new Set<Cause>(options.causes);
  const from = options.from ?? Number.NEGATIVE_INFINITY;
  const to = options.to ?? Number.POSITIVE_INFINITY;
  return {
    mapping,
    options,
    zone: createZone(mapping.timezone),
    path,
    nameOf: (stage) => (places.has(stage) ? stage : (names.get(stage) ?? stage)),
    placeOf: (stage) => places.get(stage) ?? FORMER,
    knows: (fact, field) => {
      const fields = options.known === null ? null : options.known[fact];
      if (fields === null) return true;
      return fields !== undefined && (field === undefined || fields.includes(field));
    },
    counts: (visit) => causes.has(visit.cause) && (options.uncertain || !visit.uncertain),
    inPeriod: (at) => at >= from && at < to,
  };
}
