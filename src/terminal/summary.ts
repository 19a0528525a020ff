import type { RunSummary } from '../sync/summary.ts';
import { bar, table } from './table.ts';
import { clean, count, pad, plural, wrap } from './text.ts';

export interface JourneyLabels {
  readonly name: string;
  readonly label: string;
  readonly subject: 'person' | 'account';
  /** In listed order. */
  readonly stages: readonly string[];
  /** Best band last, as listed in the mapping. */
  readonly bands: readonly string[];
}

/** A run in words, then as a table, then stages and bands as bars. */
export function summaryLines(
  summary: RunSummary,
  journeys: readonly JourneyLabels[],
  width: number,
): readonly string[] {
  return [
    ...wrap(headline(summary), width),
    '',
    ...connectionTable(summary, width),
    ...journeys.flatMap((journey) => ['', ...stageBars(summary, journey, width)]),
    ...bandBars(summary, journeys, width),
    ...problems(summary, width),
  ];
}

function headline(summary: RunSummary): string {
  const totals = Object.values(summary.connections);
  const seen = totals.reduce((sum, counts) => sum + counts.seen, 0);
  const failed = totals.reduce((sum, counts) => sum + counts.failed, 0);
  const { subjects, writes } = summary;
  const parts = [
    `Read ${plural(seen, 'record')} in ${summary.seconds.toFixed(1)} s: ` +
      `${plural(subjects.person, 'person', 'people')} and ${plural(subjects.account, 'account')}.`,
    summary.transitions === 0
      ? 'Nobody changed stage.'
      : `${plural(summary.transitions, 'change')} of stage.`,
    writes.fields === 0
      ? 'Nothing had to be written.'
      : `Wrote ${plural(writes.fields, 'field')} on ${plural(writes.records, 'record')}.`,
  ];
  if (subjects.ambiguous > 0)
    parts.push(`${plural(subjects.ambiguous, 'record')} could not be matched for certain and stayed apart.`);
  if (writes.manualEdits > 0)
    parts.push(`${plural(writes.manualEdits, 'field')} changed by people in the CRM.`);
  if (failed + writes.failed > 0)
    parts.push(`${plural(failed + writes.failed, 'record')} failed: see \`waystage run ${summary.run}\`.`);
  return parts.join(' ');
}

function connectionTable(summary: RunSummary, width: number): readonly string[] {
  const right = (title: string): { title: string; align: 'right' } => ({ title, align: 'right' });
  return table(
    [
      { title: 'Connection', flexible: true },
      right('Read'),
      right('Applied'),
      right('Ignored'),
      right('Failed'),
      right('Requests'),
      right('Limited'),
    ],
    Object.entries(summary.connections).map(([id, counts]) => [
      id,
      count(counts.seen),
      count(counts.applied),
      count(Object.values(counts.ignored).reduce((sum, value) => sum + value, 0)),
      count(counts.failed),
      count(counts.requests),
      count(counts.rateLimited),
    ]),
    width,
  );
}

function stageBars(summary: RunSummary, journey: JourneyLabels, width: number): readonly string[] {
  const counts = summary.stages[journey.name] ?? {};
  const names = [...journey.stages, 'none'].filter((name) => (counts[name] ?? 0) > 0 || name !== 'none');
  const what = journey.subject === 'person' ? 'people by stage' : 'accounts by stage';
  return [`${clean(journey.label)}: ${what}`, ...bars(names, (name) => counts[name] ?? 0, width)];
}

function bandBars(summary: RunSummary, journeys: readonly JourneyLabels[], width: number): readonly string[] {
  const names = [
    ...new Set([...journeys.flatMap((journey) => journey.bands), ...Object.keys(summary.bands)]),
  ];
  if (names.length === 0) return [];
  return ['', 'Health', ...bars(names, (name) => summary.bands[name] ?? 0, width)];
}

/** Lines `name  123  ███`, the longest bar as wide as the terminal allows. */
export function bars(
  names: readonly string[],
  value: (name: string) => number,
  width: number,
): readonly string[] {
  const label = Math.max(4, ...names.map((name) => name.length));
  const number = Math.max(1, ...names.map((name) => count(value(name)).length));
  const most = Math.max(1, ...names.map(value));
  const size = Math.max(4, Math.min(40, width - label - number - 6));
  return names.map((name) =>
    `  ${pad(name, label)}  ${pad(count(value(name)), number, 'right')}  ${bar(value(name) / most, size)}`.trimEnd(),
  );
}

function problems(summary: RunSummary, width: number): readonly string[] {
  const lines = summary.problems.flatMap((problem) => wrap(`- ${clean(problem.message)}`, width, '  '));
  const held = summary.held === null ? [] : wrap(`- ${summary.held}`, width, '  ');
  return lines.length + held.length === 0 ? [] : ['', 'Problems', ...lines, ...held];
}
