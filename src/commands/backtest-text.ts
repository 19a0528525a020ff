import type { BacktestReport, HorizonReport, Share } from '../backtest/index.ts';
import type { Mapping } from '../mapping/types.ts';
import type { BacktestResult } from '../sync/look/backtest.ts';
import { table } from '../terminal/table.ts';
import { count, day, listing, plural, wrap } from '../terminal/text.ts';

/** A backtest for a person at a terminal. */
export function backtestLines(
  mapping: Mapping,
  result: BacktestResult,
  notices: readonly string[],
  width: number,
): readonly string[] {
  const { outcome, instants, happened, coverage, report, against } = result;
  const { timezone } = mapping;
  const first = instants[0];
  const last = instants.at(-1);
  const when =
    first === undefined || last === undefined
      ? 'No month begins in this time'
      : `Judged at the start of ${plural(instants.length, 'month')}, ${day(first, timezone)} to ${day(last, timezone)}, by what was known then`;
  return [
    ...wrap(
      `${mapping.label}, version ${report.version}: does it foretell “${outcome.label}” (${outcome.name})?`,
      width,
    ),
    ...wrap(
      `${when}: ${plural(report.subjects, mapping.subject, mapping.subject === 'person' ? 'people' : 'accounts')}. It happened ${times(happened)} from ${day(result.from, timezone)} to ${day(result.to, timezone)}.`,
      width,
    ),
    ...(coverage === null
      ? []
      : wrap(
          `Of what the rules read, ${percent(coverage)} was on record at the time; the rest counted as no value.`,
          width,
        )),
    ...notices.flatMap((notice) => wrap(`Note: ${notice}`, width, '  ')),
    '',
    ...reportLines(mapping, report, width),
    ...(against === null
      ? []
      : [
          '',
          ...wrap(`The version it would replace, ${against.version}:`, width),
          '',
          ...reportLines(mapping, against, width),
        ]),
  ];
}

function reportLines(mapping: Mapping, report: BacktestReport, width: number): readonly string[] {
  const { foretoldBy, horizons } = report;
  const stages = foretoldBy.stages.map((name) => labelOf(mapping.stages, name));
  const bands = foretoldBy.bands.map((name) => labelOf(mapping.health?.bands ?? [], name));
  const signs = [
    ...(stages.length === 0 ? [] : [`the stage ${listing(stages)}`]),
    ...(bands.length === 0 ? [] : [`the band ${listing(bands)}`]),
  ];
  const widest = horizons.findLast(({ judged }) => judged > 0) ?? horizons.at(-1);
  return [
    ...wrap(`Foretold by ${signs.join(' or ')}.`, width),
    '',
    ...table(
      [
        { title: 'Within' },
        { title: 'Judged', align: 'right' },
        { title: 'It followed', align: 'right' },
        { title: 'Foretold', align: 'right' },
        { title: 'Precision', align: 'right' },
        { title: 'By chance', align: 'right' },
        { title: 'Recall', align: 'right' },
        { title: 'Events warned of', align: 'right' },
        { title: 'Days ahead', align: 'right' },
      ],
      horizons.map((one) => [
        one.horizon,
        count(one.judged),
        count(one.positives),
        count(one.flagged),
        share(one.precision),
        share(one.baseRate),
        share(one.recall),
        `${one.foretold} of ${one.events}`,
        one.leadDays === null ? '' : String(Math.round(one.leadDays.median)),
      ]),
      width,
    ),
    ...horizons.flatMap((one) => emptyLine(one, width)),
    ...(widest === undefined
      ? []
      : [
          ...shareLines('Band', widest, widest.bands, mapping.health?.bands ?? [], width),
          ...shareLines('Stage', widest, widest.stages, mapping.stages, width),
        ]),
  ];
}

/** No positive case: said so. */
function emptyLine(one: HorizonReport, width: number): readonly string[] {
  if (one.judged === 0)
    return wrap(
      `${one.horizon}: nobody could be judged so long before the end. Name an earlier --from.`,
      width,
    );
  if (one.positives > 0) return [];
  return wrap(
    `${one.horizon}: it never followed. Without a case there is no precision and no recall to measure.`,
    width,
  );
}

function shareLines(
  title: string,
  { horizon }: HorizonReport,
  rows: readonly Share[],
  labels: readonly { readonly name: string; readonly label: string }[],
  width: number,
): readonly string[] {
  if (rows.length === 0 || labels.length === 0) return [];
  return [
    '',
    ...table(
      [
        { title },
        { title: 'Judged', align: 'right' },
        { title: `Followed within ${horizon}`, align: 'right' },
        { title: 'Share', align: 'right' },
      ],
      rows.map(({ name, judged, followed, rate }) => [
        labelOf(labels, name),
        count(judged),
        count(followed),
        share(rate),
      ]),
      width,
    ),
  ];
}

function labelOf(all: readonly { readonly name: string; readonly label: string }[], name: string): string {
  return all.find((one) => one.name === name)?.label ?? name;
}

function times(n: number): string {
  return n === 0 ? 'never' : n === 1 ? 'once' : `${count(n)} times`;
}

function share(value: number | null): string {
  return value === null ? '–' : percent(value);
}

function percent(value: number): string {
  return `${Math.round(value * 100)} %`;
}
