import type { Analysis } from '../analysis/index.ts';
import { table } from '../terminal/table.ts';
import { clean, count, plural, wrap } from '../terminal/text.ts';
import { dayCount, hourCount, labels, number, percent, section, times } from './analyse-words.ts';

/* The part of the page about what people lived through: surveys, tickets, touchpoints, hand-off, buying. */

const MOST_ROWS = 6;
const right = (title: string) => ({ title, align: 'right' as const });

export function experienceLines(analysis: Analysis, width: number): readonly string[] {
  return [
    ...section('What they say', sentiment(analysis, width)),
    ...section('Where it hurts', friction(analysis, width)),
    ...section('Touchpoints', touchpoints(analysis, width)),
    ...section('What comes before getting on', precedes(analysis, width)),
    ...section('From marketing to sales', handOff(analysis, width)),
    ...section('Buying again, staying, recommending', customers(analysis, width)),
    ...section('Where the CRMs say different things', disagreement(analysis, width)),
  ];
}

/** A figure that nobody asked the CRMs for is not a zero. */
function notAsked(what: string, part: string, width: number): readonly string[] {
  return wrap(
    `  Not known: no mapping asks for ${what}. Name \`${part}\` under \`analysis: include:\`.`,
    width,
    '    ',
  );
}

function sentiment(analysis: Analysis, width: number): readonly string[] {
  const rows = analysis.sentiment;
  if (rows === null) return notAsked('surveys', 'surveys', width);
  const label = labels(analysis);
  const told = rows.filter(({ answers }) => answers > 0);
  if (told.length === 0) return ['  No survey was answered.'];
  return table(
    [
      { title: 'Stage', flexible: true },
      right('Answers'),
      right('Average of 100'),
      right('NPS'),
      { title: 'By survey', flexible: true },
    ],
    told.map((row) => {
      const nps = row.surveys.find(({ type }) => type === 'nps')?.nps ?? null;
      return [
        row.stage === null ? '(no stage yet)' : label(row.stage),
        count(row.answers),
        row.average === null ? '–' : number(row.average),
        nps === null ? '' : `${nps > 0 ? '+' : ''}${number(nps)}`,
        row.surveys
          .map(({ type, answers, average }) =>
            average === null ? `${type} ${answers}` : `${type} ${number(average)} (${answers})`,
          )
          .join(', '),
      ];
    }),
    width,
  );
}

function friction(analysis: Analysis, width: number): readonly string[] {
  const rows = analysis.friction;
  if (rows === null) return notAsked('tickets', 'tickets', width);
  const label = labels(analysis);
  const told = rows.filter(({ tickets }) => tickets > 0);
  if (told.length === 0) return ['  No ticket was created.'];
  return [
    ...table(
      [
        { title: 'Stage', flexible: true },
        right('Tickets'),
        right('per 100'),
        right('First reply'),
        right('Reopened'),
        { title: 'Mostly', flexible: true },
      ],
      told.map((row) => [
        row.stage === null ? '(no stage yet)' : label(row.stage),
        count(row.tickets),
        row.per100Months === null ? '' : number(row.per100Months),
        row.firstReplyMedianHours === null ? '–' : hourCount(row.firstReplyMedianHours),
        row.reopened === null ? '–' : count(row.reopened),
        (row.categories ?? [])
          .slice(0, 3)
          .map(({ category, tickets }) => `${clean(category)} ${tickets}`)
          .join(', '),
      ]),
      width,
    ),
    ...wrap('Per 100: tickets for each 100 of them in 30 days in the stage.', width),
  ];
}

function touchpoints(analysis: Analysis, width: number): readonly string[] {
  const rows = analysis.touchpoints;
  if (rows === null) return notAsked('touchpoints', 'touchpoints', width);
  const label = labels(analysis);
  const told = rows.filter((row) => row.touchpoints > 0);
  if (told.length === 0) return ['  None that reached anybody.'];
  return table(
    [
      { title: 'Stage', flexible: true },
      right('In all'),
      right('Each a month'),
      { title: 'By channel', flexible: true },
    ],
    told.map((row) => [
      row.stage === null ? '(no stage yet)' : label(row.stage),
      count(row.touchpoints),
      row.perMonth === null ? '' : number(row.perMonth),
      row.channels
        .slice(0, 5)
        .map((channel) => `${clean(channel.channel)} ${count(channel.touchpoints)}`)
        .join(', '),
    ]),
    width,
  );
}

function precedes(analysis: Analysis, width: number): readonly string[] | null {
  const found = analysis.precedes;
  if (found === null) return null;
  const label = labels(analysis);
  const shown = found.rows.filter(({ lift }) => lift !== null).slice(0, MOST_ROWS);
  if (shown.length === 0) {
    return wrap(
      '  Too few moves forward to compare the time after touchpoints with the rest.',
      width,
      '    ',
    );
  }
  return [
    ...shown.flatMap((row) =>
      wrap(
        `  ${label(row.stage)}, ${clean(row.channel)}: ${plural(row.movesAfter, 'move')} forward in ${count(Math.round(row.daysAfter))} days within ${found.days} days after one, ${count(row.movesOther)} in the other ${count(Math.round(row.daysOther))} days. ${row.lift === null ? '' : times(row.lift)}.`,
        width,
        '    ',
      ),
    ),
    ...wrap('  It shows what comes before, not why.', width, '    '),
  ];
}

function handOff(analysis: Analysis, width: number): readonly string[] | null {
  const found = analysis.handOff;
  if (found === null) return null;
  const label = labels(analysis)(found.stage);
  if (found.qualified === 0) return wrap(`  Nobody entered ${label}.`, width);
  const half =
    found.medianHours === null
      ? 'fewer than half have been touched so far'
      : `half were touched within ${hourCount(found.medianHours)}`;
  const most = found.p90Hours === null ? '' : `, nine of ten within ${hourCount(found.p90Hours)}`;
  return wrap(
    `  ${count(found.qualified)} entered ${label}: ${half}${most}; ${count(found.withinDay)} within a day, ${count(found.waiting)} ${found.waiting === 1 ? 'waits' : 'wait'} still.`,
    width,
    '    ',
  );
}

function customers(analysis: Analysis, width: number): readonly string[] {
  const { customers: found, advocacy } = analysis;
  const lines: string[] = [];
  if (found === null) lines.push(...notAsked('won deals', 'deals', width));
  else if (found.customers === 0) lines.push('  Nobody bought for the first time.');
  else {
    const again =
      found.medianDaysToSecond === null ? '' : `, half of all within ${dayCount(found.medianDaysToSecond)}`;
    lines.push(
      ...wrap(
        `  ${count(found.customers)} became customers; ${count(found.repeat)} (${percent(found.repeatRate ?? 0)}) bought again${again}.`,
        width,
        '    ',
      ),
    );
    if (found.kept !== null) {
      const years = found.cohorts.map(
        ({ year, customers: all, kept }) => `${year}: ${count(kept ?? 0)} of ${count(all)}`,
      );
      lines.push(
        ...wrap(
          `  ${count(found.kept)} (${percent(found.retentionRate ?? 0)}) lost no renewal since their last win (${years.join(', ')}).`,
          width,
          '    ',
        ),
      );
    }
    for (const { kind, won, lost } of found.kinds)
      lines.push(`  Deals of kind ${clean(kind)}: ${count(won)} won, ${count(lost)} lost`);
  }
  if (advocacy !== null && advocacy.asked > 0) {
    lines.push(
      ...wrap(
        `  By their latest NPS answer ${count(advocacy.promoters)} of ${count(advocacy.asked)} recommend us, ${count(advocacy.detractors)} advise against (NPS ${number(advocacy.nps ?? 0)}).`,
        width,
        '    ',
      ),
    );
  }
  return lines;
}

function disagreement(analysis: Analysis, width: number): readonly string[] | null {
  const rows = analysis.disagreement.slice(0, MOST_ROWS);
  if (rows.length === 0) return null;
  return table(
    [
      { title: 'Fact', flexible: true },
      right('Differ'),
      right('Of'),
      right('Share'),
      { title: 'Taken from' },
    ],
    rows.map((row) => [
      row.field,
      count(row.differ),
      count(row.of),
      row.share === null ? '' : percent(row.share),
      Object.entries(row.taken)
        .map(([connection, n]) => `${connection} ${count(n)}`)
        .join(', '),
    ]),
    width,
  );
}
