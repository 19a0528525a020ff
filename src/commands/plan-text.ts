import { recordKeyText } from '../model/record.ts';
import type { Matrix, PlanEffects, RuleEffect } from '../sync/place/effects.ts';
import type { PlannedWrite } from '../sync/write/plan.ts';
import type { JourneyLabels } from '../terminal/summary.ts';
import { table } from '../terminal/table.ts';
import { clean, columns, count, listing, pad, plural, wrap } from '../terminal/text.ts';
import type { Cost } from './forecast.ts';

/** Records the terminal lists; the file and `--json` have all. */
const SHOWN = 15;
/** Moves of one rule that are shown. */
const MOVES = 6;
/** Characters of a rule that are shown. */
const RULE = 240;

/** Which changed rule moves whom, and where everybody goes. */
export function effectLines(
  effects: PlanEffects,
  writes: readonly PlannedWrite[],
  journeys: readonly JourneyLabels[],
  width: number,
): readonly string[] {
  const names = new Map<string, string>();
  for (const write of writes) if (!names.has(write.subject)) names.set(write.subject, recordKeyText(write));
  const changed = effects.rules.length + effects.without.length > 0;
  return [
    ...(changed ? ['', 'What the changed rules do'] : []),
    ...effects.rules.flatMap((rule) => ruleLines(rule, names, journeys, width)),
    ...(effects.without.length === 0
      ? []
      : wrap(
          `  Changed and moving nobody: ${listing(effects.without.map(({ journey, rule }) => `${journey} ${rule}`))}.`,
          width,
          '    ',
        )),
    ...journeys.flatMap((journey) => [
      ...matrixLines('Stages', 'stage', effects.stages[journey.name], journey, width),
      ...matrixLines('Health', 'band', effects.bands[journey.name], journey, width),
    ]),
  ];
}

function ruleLines(
  effect: RuleEffect,
  names: ReadonlyMap<string, string>,
  journeys: readonly JourneyLabels[],
  width: number,
): readonly string[] {
  const journey = journeys.find(({ name }) => name === effect.on);
  const of = effect.on === effect.journey ? '' : ` of the journey ${effect.journey}`;
  const who = journey?.subject === 'person' ? ['person', 'people'] : ['account', 'accounts'];
  const moves = effect.subjects === 1 ? 'moves' : 'move';
  const where = effect.what === 'stage' ? '' : ' to another health band';
  const label = (name: string): string => labelOf(journey, effect.what, name);
  const examples = effect.examples.map((subject) => names.get(subject) ?? subject);
  return [
    ...wrap(
      `  ${journey === undefined ? effect.on : clean(journey.label)}: ${plural(effect.subjects, who[0]!, who[1])} ${moves}${where} because of ${effect.rule}${of}`,
      width,
      '    ',
    ),
    ...(effect.was === null && effect.is === null
      ? []
      : [
          ...wrap(`    was ${short(effect.was)}`, width, '        '),
          ...wrap(`    is  ${short(effect.is)}`, width, '        '),
        ]),
    ...effect.moves
      .slice(0, MOVES)
      .map(({ from, to, subjects }) => `    ${count(subjects)} from ${label(from)} to ${label(to)}`),
    ...(effect.moves.length > MOVES ? [`    … and ${plural(effect.moves.length - MOVES, 'other way')}`] : []),
    ...wrap(`    for example ${listing(examples)}`, width, '      '),
  ];
}

function short(rule: string | null): string {
  if (rule === null) return '(not there)';
  const text = clean(rule);
  return text.length > RULE ? `${text.slice(0, RULE)}…` : text;
}

function labelOf(journey: JourneyLabels | undefined, what: 'stage' | 'band', name: string): string {
  if (name === 'none') return what === 'stage' ? 'no stage' : 'no band';
  if (name === 'new') return 'new on the journey';
  if (name === 'unknown' && what === 'band') return 'Unknown';
  const list = what === 'stage' ? journey?.stages : journey?.bands;
  return clean(list?.find((one) => one.name === name)?.label ?? name);
}

/** Who goes from where to where; who stays is a number. */
function matrixLines(
  title: string,
  what: 'stage' | 'band',
  matrix: Matrix | undefined,
  journey: JourneyLabels,
  width: number,
): readonly string[] {
  if (matrix === undefined) return [];
  const cells = Object.entries(matrix).flatMap(([from, row]) =>
    Object.entries(row).map(([to, subjects]) => ({ from, to, subjects })),
  );
  const moving = cells.filter(({ from, to }) => from !== to).sort((a, b) => b.subjects - a.subjects);
  // A first load moves nobody: everybody is new.
  if (moving.every(({ from }) => from === 'new')) return [];
  const staying = cells.reduce((sum, { from, to, subjects }) => sum + (from === to ? subjects : 0), 0);
  return [
    '',
    ...table(
      [
        { title: `${clean(journey.label)}: ${title}, from`, flexible: true },
        { title: 'To', flexible: true },
        { title: journey.subject === 'person' ? 'People' : 'Accounts', align: 'right' },
      ],
      [
        ...moving.map(({ from, to, subjects }) => [
          labelOf(journey, what, from),
          labelOf(journey, what, to),
          count(subjects),
        ]),
        ['(stay)', '', count(staying)],
      ],
      width,
    ),
  ];
}

/** What writing costs, in requests and seconds. */
export function costLines(costs: readonly Cost[], width: number): readonly string[] {
  if (costs.length === 0) return [];
  const right = (title: string): { title: string; align: 'right' } => ({ title, align: 'right' });
  return [
    '',
    ...table(
      [
        { title: 'What it costs', flexible: true },
        right('Records'),
        right('Writes'),
        right('Reads'),
        right('Quota left'),
        right('Seconds'),
      ],
      costs.map(({ connection, records, requests, reads, left, seconds }) => [
        connection,
        count(records),
        count(requests),
        count(reads),
        left === null ? '' : count(left),
        seconds === null ? '' : seconds.toFixed(1),
      ]),
      width,
    ),
    ...costs.flatMap(({ connection, requests, reads, left }) =>
      left !== null && requests + reads > left
        ? wrap(
            `${connection}: the quota left today is not enough; what is over waits for another run.`,
            width,
          )
        : [],
    ),
  ];
}

/** The first records, each field with what is there and what would be. */
export function recordsLines(writes: readonly PlannedWrite[], width: number): readonly string[] {
  return [
    ...writes.slice(0, SHOWN).flatMap((write) => recordLines(write, width)),
    ...(writes.length > SHOWN
      ? [`… and ${plural(writes.length - SHOWN, 'more record')}; --json or --out FILE has them all.`]
      : []),
  ];
}

/** The record, then a line for each field: what is there, and what a sync would put there. */
function recordLines(write: PlannedWrite, width: number): readonly string[] {
  const name = Math.max(...write.changes.map((change) => change.field.length));
  return [
    recordKeyText(write),
    ...write.changes.flatMap((change) => {
      const field = `  ${pad(change.field, name)}  `;
      const [now, then] = [clean(value(change.old)), clean(value(change.new))];
      const line = `${field}${now} → ${then}`;
      if (columns(line) <= width) return [line];
      const space = ' '.repeat(name + 4);
      return [
        ...wrap(`${field}now   ${now}`, width, `${space}      `),
        ...wrap(`${space}then  ${then}`, width, `${space}      `),
      ];
    }),
    ...reasonsOf(write).flatMap((reason) => wrap(`  because ${clean(reason)}`, width, '    ')),
  ];
}

/** Several fields of a record often change for one reason. */
function reasonsOf(write: PlannedWrite): readonly string[] {
  return [...new Set(write.changes.flatMap((change) => change.reason ?? []))];
}

function value(field: string | number | boolean | null): string {
  return field === null ? '(empty)' : String(field);
}
