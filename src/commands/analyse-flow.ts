import type { Analysis, Deviation } from '../analysis/index.ts';
import { bar, table } from '../terminal/table.ts';
import { count, plural, wrap } from '../terminal/text.ts';
import { dayCount, labels, percent, section, times } from './analyse-words.ts';

/* The part of the page about ways: who gets on, how long it takes, where they go, where they wait. */

const MOST_MOVES = 14;
const MOST_WAYS = 6;
const MOST_ROWS = 5;

const right = (title: string) => ({ title, align: 'right' as const });

export function flowLines(analysis: Analysis, width: number): readonly string[] {
  return [
    ...section(`Who gets on within ${analysis.window}`, conversion(analysis, width)),
    ...section('How long they stay', dwell(analysis, width)),
    ...section('What became of those who entered', dropOff(analysis, width)),
    ...section('Where they wait longer than usual', bottlenecks(analysis, width)),
    ...section('Moves', moves(analysis, width)),
    ...section('Round and back', rounds(analysis, width)),
    ...section('The ideal path and the ways taken', conformance(analysis, width)),
  ];
}

function conversion(analysis: Analysis, width: number): readonly string[] {
  const label = labels(analysis);
  const rows = analysis.conversion.map(({ stage, entered, targets }) => {
    const next = targets[0];
    return [
      `${label(stage)} → ${label(next?.stage ?? null)} or later`,
      count(entered),
      count(next?.pending ?? 0),
      next === undefined || next.rate === null ? '–' : `${count(next.reached)} of ${count(next.complete)}`,
      next === undefined || next.rate === null ? '–' : percent(next.rate),
      next === undefined || next.rate === null ? '' : bar(next.rate, 12),
    ];
  });
  return table(
    [
      { title: 'From and to', flexible: true },
      right('Entered'),
      right('Too new'),
      right('Got on'),
      right('Rate'),
      { title: '' },
    ],
    rows,
    width,
  );
}

function dwell(analysis: Analysis, width: number): readonly string[] {
  const label = labels(analysis);
  const told = (value: number | null): string => (value === null ? 'not yet' : dayCount(value));
  return [
    ...table(
      [
        { title: 'Stage', flexible: true },
        right('Stays'),
        right('Half left after'),
        right('9 of 10 after'),
        right('Still there'),
        right('for (median)'),
      ],
      analysis.dwell
        .filter(({ stays }) => stays > 0)
        .map((row) => [
          label(row.stage),
          count(row.stays),
          told(row.medianDays),
          told(row.p90Days),
          count(row.open),
          row.openMedianDays === null ? '' : dayCount(row.openMedianDays),
        ]),
      width,
    ),
    ...wrap(
      'Who is still there counts as staying longer than so far; "not yet": fewer have left in the time seen.',
      width,
    ),
  ];
}

function dropOff(analysis: Analysis, width: number): readonly string[] {
  const label = labels(analysis);
  return table(
    [
      { title: 'Stage', flexible: true },
      right('Forward'),
      right('Back'),
      right('Off path'),
      right('Returned'),
      right('Out'),
      right('There'),
      right('Silent'),
      right('Dropped'),
    ],
    analysis.dropOff
      .filter(({ stays }) => stays > 0)
      .map((row) => [
        label(row.stage),
        count(row.forward),
        count(row.back),
        count(row.off),
        count(row.returned),
        count(row.out),
        count(row.open),
        row.silent === null ? '?' : count(row.silent),
        row.rate === null ? '' : percent(row.rate),
      ]),
    width,
  );
}

function bottlenecks(analysis: Analysis, width: number): readonly string[] {
  const label = labels(analysis);
  const held = analysis.bottlenecks.filter(({ heldUp }) => heldUp > 0);
  if (held.length === 0) return ['  Nowhere: nobody waits longer than those who got on did.'];
  return held.flatMap((row, i) =>
    wrap(
      `  ${i + 1}. ${label(row.stage)}: ${count(row.heldUp)} of ${count(row.open)} there wait longer than ${row.usual === 'target' ? 'the target of' : 'usual,'} ${dayCount(row.usualDays ?? 0)}; ${plural(Math.round(row.daysLost), 'day')} lost together.`,
      width,
      '     ',
    ),
  );
}

function moves(analysis: Analysis, width: number): readonly string[] {
  const label = labels(analysis);
  const shown = analysis.transitions.slice(0, MOST_MOVES);
  const rest = analysis.transitions.length - shown.length;
  const most = Math.max(1, ...shown.map((edge) => edge.moves));
  const lines = table(
    [
      { title: 'From', flexible: true },
      { title: 'To', flexible: true },
      { title: '' },
      right('Times'),
      right('Who'),
      right('After'),
      { title: '' },
    ],
    shown.map((edge) => [
      edge.kind === 'enter' ? '(start)' : label(edge.from),
      edge.to === null ? '(no stage)' : label(edge.to),
      edge.kind === 'enter' || edge.kind === 'out' ? '' : edge.kind,
      count(edge.moves),
      count(edge.subjects),
      edge.medianDays === null ? '' : dayCount(edge.medianDays),
      bar(edge.moves / most, 8),
    ]),
    width,
  );
  return rest === 0 ? lines : [...lines, `  and ${plural(rest, 'rarer move')}: see --json`];
}

function rounds(analysis: Analysis, width: number): readonly string[] | null {
  const label = labels(analysis);
  const loops = analysis.loops
    .slice(0, MOST_ROWS)
    .flatMap((loop) =>
      wrap(
        `  ${loop.stages.map((stage) => (stage === '…' ? stage : label(stage))).join(' → ')}: ${plural(loop.times, 'time')}, ${count(loop.subjects)} of them different, back after ${dayCount(loop.medianDays)}`,
        width,
        '    ',
      ),
    );
  const skips = analysis.skips
    .filter(({ jumped, passed }) => jumped + passed > 0)
    .flatMap(({ stage, jumped, passed, entered }) =>
      wrap(
        `  ${label(stage)} was skipped by ${count(jumped)} and passed at once ${plural(passed, 'time')}; ${count(entered)} entered it.`,
        width,
        '    ',
      ),
    );
  const back = analysis.reentries
    .slice(0, MOST_ROWS)
    .flatMap(({ stage, times: n, subjects, medianDaysAway }) =>
      wrap(
        `  ${label(stage)} was entered again ${plural(n, 'time')} by ${count(subjects)}${medianDaysAway === null ? '' : `, after ${dayCount(medianDaysAway)} away`}.`,
        width,
        '    ',
      ),
    );
  const lines = [...loops, ...skips, ...back];
  return lines.length === 0 ? null : lines;
}

function conformance(analysis: Analysis, width: number): readonly string[] | null {
  const { conformance: found } = analysis;
  if (found.subjects === 0) return null;
  const label = labels(analysis);
  const path = analysis.path.map(label).join(' → ');
  const compared = found.deviations.filter(({ others }) => others > 0).slice(0, MOST_ROWS);
  return [
    ...wrap(`  The path: ${path}.`, width, '    '),
    ...wrap(
      `  ${count(found.conforming)} of ${count(found.subjects)} (${percent(found.conforming / found.subjects)}) never left it; ${count(found.conformingMoves)} of ${plural(found.moves, 'step')} are as it foresees.`,
      width,
      '    ',
    ),
    ...found.paths
      .slice(0, MOST_WAYS)
      .flatMap(({ stages, subjects, conforms }) =>
        wrap(
          `  ${count(subjects)} × ${stages.map((stage) => (stage === '…' ? stage : label(stage))).join(' → ')}${conforms ? ' ✓' : ''}`,
          width,
          '      ',
        ),
      ),
    ...compared.flatMap((deviation) => wrap(`  ${deviationWords(deviation, label)}`, width, '    ')),
    ...(compared.length === 0
      ? []
      : wrap('  What goes together need not be cause and effect.', width, '    ')),
  ];
}

function deviationWords(row: Deviation, label: (stage: string | null) => string): string {
  const what = {
    late_start: `Began in ${label(row.stage)}`,
    skip: `Skipped ${label(row.stage)}`,
    back: `Went back from ${label(row.stage)}`,
    detour: `Detour by ${label(row.stage)}`,
  }[row.kind];
  const bad = (worse: number, of: number): string =>
    `${count(worse)} of ${count(of)} (${percent(worse / of)})`;
  const ratio = row.ratio === null ? 'Too few to compare' : times(row.ratio);
  return `${what}: ${bad(row.worse, row.subjects)} are off the path or out now; of the others ${bad(row.othersWorse, row.others)}. ${ratio}.`;
}
