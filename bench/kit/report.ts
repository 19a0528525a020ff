import { table } from '../../src/terminal/table.ts';
import { wrap } from '../../src/terminal/text.ts';
import { type Outcome, verdictOf } from './benchmark.ts';

/** One benchmark as a person reads it on a terminal. */
export function tableLines(outcome: Outcome, about: string, width: number): readonly string[] {
  const rows = rowsOf(outcome).map(({ label, value, target, verdict }) => [label, value, target, verdict]);
  return [
    `${outcome.name}: ${outcome.ok ? 'all targets met' : 'TARGET MISSED'}`,
    ...wrap(about, width),
    ...table(
      [{ title: 'Figure' }, { title: 'Value', align: 'right' }, { title: 'Target' }, { title: '' }],
      rows,
      width,
    ),
    '',
  ];
}

/** The page `docs/performance.md`. */
export function markdown(sections: readonly { readonly outcome: Outcome; readonly about: string }[]): string {
  return `${[
    '# Performance',
    '',
    'Written by `npm run bench -- --write`; do not edit by hand. Measured on two shared cores, so compare ratios, which are taken within one run, rather than times. Request counts come from the sandboxes and are exact; the sandboxes run in a process of their own. Targets are first steps.',
    '',
    'Workload: 10,000 contacts, 5,000 companies, 4,000 deals and 6,000 tickets with associations; then 1 % of each changed; then 500 records to write. `naive_` figures are those of a plain script with the vendor’s own client, in the same run.',
    '',
    ...sections.flatMap(({ outcome, about }) => section(outcome, about)),
  ].join('\n')}`;
}

function section(outcome: Outcome, about: string): readonly string[] {
  return [
    `## ${outcome.name}`,
    '',
    about,
    '',
    '| figure | value | target | |',
    '|---|---:|---|---|',
    ...rowsOf(outcome).map(
      ({ label, value, target, verdict }) => `| ${label} | ${value} | ${target} | ${verdict} |`,
    ),
    '',
  ];
}

interface Row {
  readonly label: string;
  readonly value: string;
  readonly target: string;
  readonly verdict: string;
}

/** Figures with a target first. */
function rowsOf(outcome: Outcome): readonly Row[] {
  const keys = [...new Set([...Object.keys(outcome.targets), ...Object.keys(outcome.figures)])];
  return keys.map((key) => {
    const value = outcome.figures[key];
    const verdict = verdictOf(key, outcome);
    return {
      label: key.replaceAll('_', ' '),
      value:
        value === undefined ? 'not measured' : value.toLocaleString('en-US', { maximumFractionDigits: 4 }),
      target: targetText(outcome.targets[key]),
      verdict: verdict === null ? '' : verdict ? 'met' : 'MISSED',
    };
  });
}

function targetText(target: Outcome['targets'][string] | undefined): string {
  if (target === undefined) return '';
  const parts = [
    ...(target.min === undefined ? [] : [`at least ${target.min}`]),
    ...(target.max === undefined ? [] : [`at most ${target.max}`]),
  ];
  return parts.join(', ');
}
