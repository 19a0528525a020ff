import type { Mapping } from '../mapping/types.ts';
import { Accumulator } from './accumulator.ts';
import { word } from './tally.ts';
import type { Analysis, AnalysisOptions, Dimension, SubjectCourse } from './types.ts';

/** Groups shown one by one; the smaller ones are shown together. */
const MOST_GROUPS = 20;

/** How subjects and time are divided besides. */
export interface Division {
  readonly by?: Dimension;
  /** A mapping version and since when it is in use. */
  readonly version?: { readonly version: string; readonly since: number };
}

/** An analysis under way: subjects go in one at a time, the document comes out at the end. */
export interface RunningAnalysis {
  add(course: SubjectCourse): void;
  result(): Analysis;
}

/** Begins the analysis of one journey (J34, J35). Pure: the same subjects in any order give the same document. */
export function createAnalysis(
  mapping: Mapping,
  options: AnalysisOptions,
  division: Division = {},
): RunningAnalysis {
  const whole = new Accumulator(mapping, options);
  const groups = division.by === undefined ? null : createGroups(mapping, options, division.by);
  const versions = division.version === undefined ? null : createVersions(mapping, options, division.version);
  return {
    add(course) {
      whole.add(course);
      groups?.add(course);
      versions?.add(course);
    },
    result: () => ({
      journey: mapping.name,
      label: mapping.label,
      subject: mapping.subject,
      mappingVersion: mapping.version,
      period: { from: options.from, to: options.to, now: options.now },
      segment: options.segment,
      causes: options.causes,
      uncertain: options.uncertain,
      window: options.window.text,
      silent: options.silent.text,
      path: mapping.stages.filter(({ offPath }) => !offPath).map(({ name }) => name),
      ...whole.figures(),
      ...(groups === null ? {} : { groups: groups.result() }),
      ...(versions === null ? {} : { versions: versions.result() }),
    }),
  };
}

function createGroups(mapping: Mapping, options: AnalysisOptions, by: Dimension) {
  const groups = new Map<string, Accumulator>();
  return {
    add(course: SubjectCourse): void {
      const value = groupOf(course, by) ?? '';
      let group = groups.get(value);
      if (group === undefined) {
        group = new Accumulator(mapping, options);
        groups.set(value, group);
      }
      group.add(course);
    },
    result(): NonNullable<Analysis['groups']> {
      const sorted = [...groups]
        .filter(([, { subjects }]) => subjects > 0)
        .sort(([a, x], [b, y]) => y.subjects - x.subjects || (a < b ? -1 : 1));
      const rows = sorted.slice(0, MOST_GROUPS).map(([value, group]) => ({
        value: value === '' ? null : value,
        others: false,
        figures: group.figures(),
      }));
      const rest = sorted.slice(MOST_GROUPS);
      if (rest.length === 0) return { by, rows };
      const others = new Accumulator(mapping, options);
      for (const [, group] of rest) others.merge(group);
      return { by, rows: [...rows, { value: null, others: true, figures: others.figures() }] };
    },
  };
}

function groupOf({ segments, facts }: SubjectCourse, by: Dimension): string | null {
  if (by === 'segment') return segments[0] ?? null;
  const self = facts?.kind === 'person' ? facts.person : facts?.account;
  const value = self?.values[by] ?? null;
  return value === null ? null : word(value, '');
}

/** Before: as it looked the moment before the version came into use. After: what entered since. */
function createVersions(
  mapping: Mapping,
  options: AnalysisOptions,
  { version, since }: { readonly version: string; readonly since: number },
) {
  const { from, to, now } = options;
  const before = new Accumulator(mapping, {
    ...options,
    now: Math.min(now, since - 1),
    to: to === null ? since : Math.min(to, since),
  });
  const after = new Accumulator(mapping, {
    ...options,
    from: from === null ? since : Math.max(from, since),
  });
  return {
    add(course: SubjectCourse): void {
      // The health is that of now.
      before.add({ ...course, health: null });
      after.add(course);
    },
    result: (): NonNullable<Analysis['versions']> => ({
      version,
      since,
      before: before.figures(),
      after: after.figures(),
    }),
  };
}
