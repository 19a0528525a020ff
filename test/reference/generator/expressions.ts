import type { SubjectKind } from '../../../src/model/facts.ts';
import type { Dice } from './dice.ts';
import { SPANS, WIDE } from './pools.ts';

/** What an expression may name besides facts. */
export interface Names {
  readonly subject: SubjectKind;
  readonly defines: readonly string[];
  readonly segments: readonly string[];
  readonly stages: readonly string[];
}

/** An expression that is true or false (J6). */
export function expression(dice: Dice, names: Names, depth = 0): string {
  const inner = (): string => expression(dice, names, depth + 1);
  const deeper = depth < 2 ? 1 : 0;
  return dice.weighted<string>([
    [6, () => leaf(dice, names)],
    [5, () => rare(dice, names)],
    [deeper, () => `(${inner()} && ${inner()})`],
    [deeper, () => `(${inner()} || ${inner()})`],
    [deeper * 0.7, () => `!(${inner()})`],
    [names.defines.length > 0 ? 0.5 : 0, () => dice.pick(names.defines)],
    [names.segments.length > 0 ? 2 : 0, () => `'${dice.pick(names.segments)}' in segments`],
  ]);
}

function leaf(dice: Dice, names: Names): string {
  const from = (list: string): string =>
    names.subject === 'person' && dice.chance(0.3) ? `account.${list}` : list;
  const deals = from('deals');
  const tickets = from('tickets');
  const touchpoints = from('touchpoints');
  const wide = dice.pick(WIDE);
  const small = dice.pick([0, 1, 2]);
  const many = dice.pick([1, 5, 20, 100]);
  const sign = dice.pick(['>=', '>', '<=', '<', '==', '!=']);
  const whole = dice.pick(['+', '-', '*', '/', '%']);
  return dice.pick<() => string>([
    () => `size(${deals}) ${sign} ${small}`,
    () => `${tickets}.size() ${dice.pick(['>=', '<='])} ${small}`,
    () => `${tickets}.filter(t, t.open).size() ${sign} ${small}`,
    () => `${small} ${sign} size(${touchpoints}.filter(t, t.channel == 'meeting'))`,
    () => `sum(${deals}.map(d, d.amount)) ${sign} ${many}`,
    () => `sum(${deals}.filter(d, d.won && d.closed > ago('${wide}')).map(x, x.amount)) >= ${small}`,
    () => `min(${tickets}.map(t, t.reopened)) ${sign} ${small}`,
    () => `max(${deals}.filter(d, d.open || d.won).map(d, d.amount)) >= ${many}`,
    () => `max(${touchpoints}.map(t, t.at)) ${dice.pick(['>', '<='])} ago('${wide}')`,
    () => `avg(surveys.map(s, s.score)) ${sign} ${dice.pick([40, 60])}`,
    () => `ago('${dice.pick(SPANS)}') ${dice.pick(['<', '<=', '>', '>='])} account.created`,
    () => `days_since(account.created) ${sign} ${dice.pick([10, 30, 90])}`,
    () => `days_since(max(${touchpoints}.map(t, t.at))) <= ${dice.pick([7, 30, 90, 400])}`,
    () => `days_since(account.renewal) ${whole} ${dice.pick([2, 7])} ${sign} ${small}`,
    () => `account.employees ${whole} ${dice.pick([0, 2, 3])} ${sign} ${many}`,
    () => `sum(${deals}.map(d, d.amount ${whole} 2)) / size(${tickets}) > ${small}`,
    () => `${deals}.exists(d, ${tickets}.exists(t, t.created > d.created))`,
    () => `${deals}.exists(d, d.amount > ${small} && size(${tickets}.filter(t, t.created < d.created)) == 0)`,
    () => `${tickets}.all(t, !t.open || t.priority in ['low', 'high'])`,
    () => `${deals}.filter(d, d.won).all(d, d.amount > ${small})`,
    () => `'renewal' in ${deals}.map(d, d.kind)`,
    () => `account.industry in ${deals}.filter(d, d.open).map(d, d.name)`,
    () => `account.name.contains('${dice.pick(['a', 'L', 'ö'])}')`,
    () =>
      `account.name.startsWith('${dice.pick(['a', 'Ö', 'b'])}') || account.industry.endsWith('${dice.pick(['TD', 'g', '7'])}')`,
    () => `account.type in ['customer', 'Partner']`,
    () => `account.renewal ${dice.pick(['==', '!='])} null`,
    () => `has(account.revenue) && account.revenue ${sign} -${many}`,
    () => `account.renewal ${dice.pick(['>', '<'])} '2026-03-29'`,
    () => `account.employees - ${small} > account.revenue`,
    () => `journey.visits ${sign} ${small}`,
    () => `journey.entered ${dice.pick(['>', '<'])} ago('${dice.pick(['3d', '2w', '30d'])}')`,
    () => `journey.stage ${dice.pick(['==', '!='])} '${dice.pick(names.stages)}'`,
    () => `health.other.score >= ${dice.pick([30, 50])}`,
    () => `${deals}.filter(d, d.close_date > d.created).exists(d, d.close_date < ago('${dice.pick(SPANS)}'))`,
  ])();
}

/** What the others say too seldom. */
function rare(dice: Dice, { stages }: Names): string {
  const small = dice.pick([0, 1, 2]);
  return dice.pick([
    `min(tickets.map(t, t.reopened)) <= ${small}`,
    `min(deals.map(d, d.created)) < ago('30d')`,
    `has(account.revenue) && tickets.size() >= 0`,
    `has(account.renewal) && account.employees % 2 == 0`,
    `account.name.contains('${dice.pick(['a', 'L', 'ö'])}') || account.type in ['customer', 'Partner']`,
    `account.type in ['prospect'] || account.industry.contains('${dice.pick(['G', '5', 'me'])}')`,
    `deals.exists(d, d.amount > ${small}) && !(tickets.exists(t, t.escalated))`,
    `account.name.startsWith('${dice.pick(['a', 'Ö', 'b'])}') || account.name.endsWith('${dice.pick(['TD', 'g', '7'])}')`,
    `account.industry.endsWith('${dice.pick(['TD', 'g', '7'])}') || account.industry.startsWith('${dice.pick(['A', 'ö'])}')`,
    `account.renewal ${dice.pick(['==', '!='])} null`,
    `journey.stage != null && journey.stage != '${dice.pick(stages)}'`,
    `account.employees * 2 > account.revenue + ${small}`,
    `avg(surveys.map(s, s.score)) - 10 >= 20`,
    `days_since(account.created) % 7 < 5`,
    `deals.all(d, d.amount / 2 > ${small}) || account.name.contains('t')`,
    `'renewal' in deals.filter(d, d.open).map(d, d.kind) || account.name.endsWith('d') || tickets.all(t, t.open)`,
    `'${dice.pick(['renewal', 'new'])}' in deals.map(d, d.kind)`,
    `tickets.size() * 2 + deals.size() >= ${small}`,
    `max(surveys.map(s, s.score)) >= 30 || avg(deals.map(d, d.amount)) > ${small}`,
  ]);
}

/** An expression that is a number, for measures. */
export function numberExpression(dice: Dice): string {
  return dice.pick([
    'size(tickets.filter(t, t.open)) * 20 + size(deals)',
    'avg(surveys.filter(s, s.score > 10).map(s, s.score)) - 5',
    'days_since(account.created) % 100',
    'sum(deals.map(d, d.amount)) / size(deals)',
    'max(deals.map(d, d.amount))',
  ]);
}
