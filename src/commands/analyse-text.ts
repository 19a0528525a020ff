import type { Analysis, Figures, KpiResult } from '../analysis/index.ts';
import { bar, table } from '../terminal/table.ts';
import { clean, columns, count, cut, day, listing, pad, plural, wrap } from '../terminal/text.ts';
import { experienceLines } from './analyse-experience.ts';
import { flowLines } from './analyse-flow.ts';
import { dayCount, labels, number, percent, section } from './analyse-words.ts';

/** An analysis for a person at a terminal, in plain words, at most `width` columns wide (80 or more). */
export function analysisLines(analysis: Analysis, zone: string, width: number): readonly string[] {
  return [
    ...head(analysis, zone, width),
    ...section('Targets', targets(analysis, width)),
    ...section('Where they are now', whereNow(analysis, width)),
    ...flowLines(analysis, width),
    ...experienceLines(analysis, width),
    ...groupLines(analysis, width),
    ...versionLines(analysis, zone, width),
  ];
}

function head(analysis: Analysis, zone: string, width: number): readonly string[] {
  const { population, period, segment } = analysis;
  const from = period.from === null ? 'the beginning' : day(period.from, zone);
  // The end is exclusive: its last day is the one before.
  const to = day(period.to === null ? period.now : period.to - 1, zone);
  const who = plural(population.subjects, ...people(analysis));
  const left = Object.entries(population.leftOut).map(
    ([cause, n]) => `${count(n ?? 0)} ${cause}${cause === 'uncertain' ? ' (history cannot tell)' : ''}`,
  );
  const past =
    (population.leftOut.backfill ?? 0) > 0 ? ', `--causes own,backfill` the past that was replayed' : '';
  return [
    clean(analysis.label),
    ...wrap(
      `${who}${segment === null ? '' : ` in the segment ${segment}`}, ${count(population.placed)} of them in a stage now. From ${from} to ${to}.`,
      width,
    ),
    ...wrap(
      left.length === 0
        ? `Counted: ${plural(population.counted, 'entry', 'entries')} into stages.`
        : `Counted: ${plural(population.counted, 'entry', 'entries')} into stages. Left out by cause: ${listing(left)}. \`--causes all\` counts all of them${past}.`,
      width,
    ),
  ];
}

function people({ subject }: Analysis): readonly [string, string] {
  return subject === 'person' ? ['person', 'people'] : ['account', 'accounts'];
}

const MEASURES: Readonly<Record<KpiResult['measure'], string>> = {
  conversion: 'get on',
  median_time: 'half left after',
  drop_off: 'drop off',
  sentiment: 'satisfaction',
  health: 'health',
};

function targets(analysis: Analysis, width: number): readonly string[] | null {
  if (analysis.kpis.length === 0) return null;
  const label = labels(analysis);
  const told = ({ measure }: KpiResult, value: number | null): string => {
    if (value === null) return '–';
    if (measure === 'median_time') return dayCount(value);
    return measure === 'conversion' || measure === 'drop_off' ? percent(value) : number(value);
  };
  return table(
    [
      { title: '' },
      { title: 'Stage', flexible: true },
      { title: 'What' },
      { title: 'Target' },
      { title: 'Now', align: 'right' },
      { title: 'Of', align: 'right' },
      { title: 'Window' },
    ],
    analysis.kpis.map((kpi) => [
      kpi.met === null ? '?' : kpi.met ? '✓ met' : '✗ missed',
      label(kpi.stage),
      MEASURES[kpi.measure],
      `${kpi.better === 'higher' ? '≥' : '≤'} ${told(kpi, kpi.target)}`,
      told(kpi, kpi.value),
      count(kpi.of),
      kpi.window ?? '',
    ]),
    width,
  );
}

function whereNow(analysis: Analysis, width: number): readonly string[] {
  const { stages } = analysis;
  const healthy = stages.some(({ scored }) => scored > 0);
  const most = Math.max(1, ...stages.map(({ subjects }) => subjects));
  const digits = Math.max(1, ...stages.map(({ subjects }) => count(subjects).length));
  const names = stages.map(({ label, offPath }) => `${clean(label)}${offPath ? ' (off the path)' : ''}`);
  const room = Math.max(12, width - digits - (healthy ? 34 : 20));
  const wide = Math.min(Math.max(...names.map(columns)), room);
  const size = Math.max(6, Math.min(30, width - wide - digits - (healthy ? 18 : 6)));
  return stages.map((stage, i) => {
    const line = `  ${pad(cut(names[i] ?? '', wide), wide)}  ${pad(count(stage.subjects), digits, 'right')}  ${pad(bar(stage.subjects / most, size), size)}`;
    if (!healthy || stage.averageHealth === null) return line.trimEnd();
    return `${line}  health ${number(stage.averageHealth)}`;
  });
}

/** Some figures of the whole in one line: of all entries, who got on and who dropped off; the average health. */
function summary(figures: Figures): readonly string[] {
  const { conversion, dropOff, stages, population } = figures;
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0);
  const judged = sum(conversion.map(({ targets }) => targets[0]?.complete ?? 0));
  const got = sum(conversion.map(({ targets }) => targets[0]?.reached ?? 0));
  const onPath = dropOff.filter(({ offPath }) => !offPath);
  const stays = sum(onPath.map((row) => row.stays - row.cut));
  const dropped = sum(onPath.map((row) => row.back + row.off + row.out + (row.silent ?? 0)));
  const scored = sum(stages.map((stage) => stage.scored));
  const health = sum(stages.map((stage) => (stage.averageHealth ?? 0) * stage.scored));
  return [
    count(population.subjects),
    judged === 0 ? '–' : percent(got / judged),
    stays === 0 ? '–' : percent(dropped / stays),
    scored === 0 ? '–' : number(health / scored),
  ];
}

function groupLines(analysis: Analysis, width: number): readonly string[] {
  const { groups } = analysis;
  if (groups === undefined) return [];
  const right = (title: string) => ({ title, align: 'right' as const });
  return section(
    `By ${groups.by}`,
    table(
      [
        { title: groups.by === 'segment' ? 'Primary segment' : groups.by, flexible: true },
        right(people(analysis)[1]),
        right(`Get on in ${analysis.window}`),
        right('Drop off'),
        right('Health'),
      ],
      groups.rows.map(({ value, others, figures }) => [
        others ? 'all others' : (value ?? 'none'),
        ...summary(figures),
      ]),
      width,
    ),
  );
}

function versionLines(analysis: Analysis, zone: string, width: number): readonly string[] {
  const { versions } = analysis;
  if (versions === undefined) return [];
  const label = labels(analysis);
  const { before, after } = versions;
  const right = (title: string) => ({ title, align: 'right' as const });
  const pair = (a: number | null | undefined, b: number | null | undefined, told: (n: number) => string) =>
    `${typeof a === 'number' ? told(a) : '–'} → ${typeof b === 'number' ? told(b) : '–'}`;
  const rows = analysis.dwell.map(({ stage }) => {
    const find = <T extends { readonly stage: string }>(list: readonly T[]): T | undefined =>
      list.find((row) => row.stage === stage);
    return [
      label(stage),
      pair(find(before.dwell)?.stays, find(after.dwell)?.stays, count),
      pair(find(before.conversion)?.targets[0]?.rate, find(after.conversion)?.targets[0]?.rate, percent),
      pair(find(before.dwell)?.medianDays, find(after.dwell)?.medianDays, dayCount),
      pair(find(before.dropOff)?.rate, find(after.dropOff)?.rate, percent),
    ];
  });
  return section(`Before → since version ${versions.version}, in use since ${day(versions.since, zone)}`, [
    ...table(
      [
        { title: 'Stage', flexible: true },
        right('Entries'),
        right('Get on'),
        right('Half left after'),
        right('Drop off'),
      ],
      rows,
      width,
    ),
    ...wrap(
      'Before is as it looked on the day the version came into use; since counts only what entered after it.',
      width,
    ),
  ]);
}
