import type { RunSummary } from '../sync/summary.ts';
import { historyLines } from './history.ts';
import { bar, table } from './table.ts';
import { clean, columns, count, cut, pad, plural, wrap } from './text.ts';

export interface JourneyLabels {
  readonly name: string;
  readonly label: string;
  readonly subject: 'person' | 'account';
  /** In listed order. */
  readonly stages: readonly Label[];
  /** As listed in the mapping. */
  readonly bands: readonly Label[];
}

interface Label {
  readonly name: string;
  readonly label: string;
}

/** What a run was for: a `pull` judges nothing, a `plan` writes nothing. */
export type RunKind = 'sync' | 'pull' | 'plan' | 'apply';

/** A run in words, then as a table, then stages and bands as bars. */
export function summaryLines(
  summary: RunSummary,
  kind: RunKind,
  journeys: readonly JourneyLabels[],
  width: number,
): readonly string[] {
  const judged = kind !== 'pull' && summary.held === null;
  return [
    ...wrap(runWords(summary, kind), width),
    '',
    ...connectionTable(summary, width),
    ...reconciledLines(summary, width),
    ...historyLines(summary, width),
    ...(judged ? journeys.flatMap((journey) => ['', ...stageBars(summary, journey, width)]) : []),
    ...(judged ? bandBars(summary, journeys, width) : []),
    ...problemLines(summary, width),
  ];
}

/** What a run did, in a few sentences. */
export function runWords(summary: RunSummary, kind: RunKind): string {
  const totals = Object.values(summary.connections);
  const seen = totals.reduce((sum, counts) => sum + counts.seen, 0);
  const failed = totals.reduce((sum, counts) => sum + counts.failed, 0);
  const { subjects, writes } = summary;
  const read = `Read ${plural(seen, 'record')} in ${summary.seconds.toFixed(1)} s`;
  if (kind === 'pull' || summary.held !== null) {
    const none = kind === 'pull' ? '' : ' Nothing was judged or written: see below.';
    return `${read}.${none}${failedWords(summary, failed)}`;
  }
  const parts = [
    `${read}: ${plural(subjects.person, 'person', 'people')} and ${plural(subjects.account, 'account')}.`,
    stageWords(summary.transitions, kind),
  ];
  if (kind === 'sync' || kind === 'apply')
    parts.push(
      writes.fields > 0
        ? `Wrote ${plural(writes.fields, 'field')} on ${plural(writes.records, 'record')}.`
        : writes.unreadable > 0 || writes.failed > 0
          ? 'Nothing was written.'
          : 'Nothing had to be written.',
    );
  if (writes.unreadable > 0)
    parts.push(
      `${plural(writes.unreadable, 'value')} ${writes.unreadable === 1 ? 'has' : 'have'} no field in the CRM that can be read: see below.`,
    );
  if (subjects.ambiguous > 0)
    parts.push(`${plural(subjects.ambiguous, 'record')} could not be matched for certain and stayed apart.`);
  if (writes.parked > 0)
    parts.push(
      `${plural(writes.parked, 'record')} ${writes.parked === 1 ? 'waits' : 'wait'}: refused by the CRM for good and unchanged since.`,
    );
  if (writes.frozen > 0)
    parts.push(`${plural(writes.frozen, 'field')} left alone: something else keeps changing them back.`);
  if (summary.guard !== null && kind === 'plan')
    parts.push(
      'A sync would stop here and ask for approval: more changes at once than `write.guard` lets pass.',
    );
  if (summary.rules?.activated === true && kind === 'sync')
    parts.push('The changed rules in the files took over.');
  if (summary.rules?.waiting != null && kind === 'sync')
    parts.push(
      summary.rules.waiting.rolledBack
        ? 'The rules in the files were rolled back and wait: `waystage plan --out FILE`, then `waystage apply FILE`.'
        : 'Changed rules in the files wait: `waystage plan --out FILE` shows what they do, `waystage apply FILE` lets them take over.',
    );
  if (summary.paused.length > 0 && kind === 'sync')
    parts.push(`Writing is paused: ${summary.paused.join(', ')}.`);
  if (writes.manualEdits > 0)
    parts.push(`${plural(writes.manualEdits, 'field')} changed by people in the CRM.`);
  const { adopted = 0, ended = 0 } = summary.overrides ?? {};
  if (adopted > 0)
    parts.push(`${plural(adopted, 'edit')} adopted as ${adopted === 1 ? 'an override' : 'overrides'}.`);
  if (ended > 0) parts.push(`${plural(ended, 'override')} ended in the CRM.`);
  return parts.join(' ') + failedWords(summary, failed + writes.failed);
}

function stageWords(transitions: number, kind: RunKind): string {
  if (transitions === 0) return kind === 'plan' ? 'Nobody would change stage.' : 'Nobody changed stage.';
  return kind === 'plan'
    ? `${plural(transitions, 'stage')} would change.`
    : `${plural(transitions, 'stage')} changed.`;
}

function failedWords(summary: RunSummary, failed: number): string {
  return failed === 0
    ? ''
    : ` ${plural(failed, 'record')} failed: \`waystage run ${summary.run}\` names ${failed === 1 ? 'it' : 'them'}.`;
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

/** What a full reading found that the increments had not shown: the proof of their completeness. */
function reconciledLines(summary: RunSummary, width: number): readonly string[] {
  return Object.entries(summary.reconciled).flatMap(([id, { records, differences }]) => {
    const found = DIFFERENCES.flatMap(([cause, words]) => {
      const n = differences[cause] ?? 0;
      return n === 0 ? [] : [`${count(n)} ${words}`];
    });
    const what = found.length === 0 ? 'no difference' : found.join(', ');
    return ['', ...wrap(`Compared ${id} in full, ${plural(records, 'record')}: ${what}.`, width)];
  });
}

/** Causes of differences, the gravest first, in words after a number. */
const DIFFERENCES: readonly (readonly [string, string])[] = [
  ['missed', 'changed and not seen before'],
  ['new', 'new and not seen before'],
  ['recent', 'changed during the run'],
  ['association', 'with other associations'],
  ['calculated', 'with other calculated values'],
  ['restored', 'restored'],
  ['merged', 'merged'],
  ['archived', 'deleted or archived'],
  ['purged', 'deleted for good and forgotten here'],
];

function stageBars(summary: RunSummary, journey: JourneyLabels, width: number): readonly string[] {
  const counts = summary.stages[journey.name] ?? {};
  const listed = labelled(journey.stages, Object.keys(counts)).filter(
    ({ name }) => name !== 'none' || (counts[name] ?? 0) > 0,
  );
  const what = journey.subject === 'person' ? 'people by stage' : 'accounts by stage';
  return [`${clean(journey.label)}: ${what}`, ...labelBars(listed, counts, width)];
}

/** The listed ones with their labels, then what the run counted besides. */
function labelled(listed: readonly Label[], counted: readonly string[]): readonly Label[] {
  const known = new Set(listed.map(({ name }) => name));
  const others = counted.filter((name) => !known.has(name) && name !== 'none' && name !== 'unknown');
  return [
    ...listed,
    ...others.map((name) => ({ name, label: name })),
    ...['none', 'unknown']
      .filter((name) => counted.includes(name) && !known.has(name))
      .map((name) => ({ name, label: name === 'none' ? 'No stage' : 'Unknown' })),
  ];
}

function labelBars(
  listed: readonly Label[],
  counts: Readonly<Record<string, number>>,
  width: number,
): readonly string[] {
  return bars(
    listed.map(({ name, label }) => ({ label: clean(label), value: counts[name] ?? 0 })),
    width,
  );
}

function bandBars(summary: RunSummary, journeys: readonly JourneyLabels[], width: number): readonly string[] {
  const bands = new Map(journeys.flatMap((journey) => journey.bands).map((band) => [band.name, band]));
  const listed = labelled([...bands.values()], Object.keys(summary.bands));
  if (listed.length === 0) return [];
  return ['', 'Health', ...labelBars(listed, summary.bands, width)];
}

/** Lines `label  123  ███`, the longest bar as wide as the terminal allows. */
export function bars(
  items: readonly { readonly label: string; readonly value: number }[],
  width: number,
): readonly string[] {
  const number = Math.max(1, ...items.map(({ value }) => count(value).length));
  const label = Math.min(
    Math.max(4, ...items.map((item) => columns(item.label))),
    Math.max(8, width - number - 10),
  );
  const most = Math.max(1, ...items.map(({ value }) => value));
  const size = Math.max(4, Math.min(40, width - label - number - 6));
  return items.map((item) =>
    `  ${pad(cut(item.label, label), label)}  ${pad(count(item.value), number, 'right')}  ${bar(item.value / most, size)}`.trimEnd(),
  );
}

/** What went wrong, and why nothing was judged. */
export function problemLines(summary: RunSummary, width: number): readonly string[] {
  const lines = summary.problems.flatMap((problem) => wrap(`- ${clean(problem.message)}`, width, '  '));
  const held = summary.held === null ? [] : wrap(`- ${summary.held}`, width, '  ');
  return lines.length + held.length === 0 ? [] : ['', 'Problems', ...lines, ...held];
}
