import type { Dice } from './dice.ts';
import { expression, type Names } from './expressions.ts';
import { BANDS_ELSEWHERE, fieldsOf, LISTS, type Owner, SPANS, STAGES_ELSEWHERE, WIDE } from './pools.ts';
import { type Data, instantTest, predicate, where } from './predicates.ts';

/** A condition in the structured spelling, as plain data (J6). */
export function condition(dice: Dice, names: Names, depth = 0): Data {
  const inner = (): Data => condition(dice, names, depth + 1);
  const deeper = depth < 3 ? 1 : 0;
  return dice.weighted<Data>([
    [2, () => field(dice, names)],
    [2.4, () => quantified(dice, names)],
    [2.4, () => aggregated(dice, names)],
    [2, () => ({ expr: expression(dice, names) })],
    [1.3, () => ownState(dice, names)],
    [1.3, () => otherState(dice, names)],
    [deeper * 1.5, () => ({ any: [inner(), inner(), ...(dice.chance(0.3) ? [inner()] : [])] })],
    [deeper, () => ({ all: [inner(), inner()] })],
    [deeper * 0.7, () => ({ not: inner() })],
    [names.defines.length > 0 ? 0.8 : 0, () => dice.pick(names.defines)],
    [names.defines.length > 0 ? 0.6 : 0, () => ({ is: dice.pick(names.defines) })],
    [names.segments.length > 0 ? 0.5 : 0, () => ({ segment: dice.pick(names.segments) })],
    [names.segments.length > 0 ? 0.5 : 0, () => ({ segment: [...names.segments] })],
    [0.15, () => true],
  ]);
}

function field(dice: Dice, { subject }: Names): Data {
  const owner: Owner = subject === 'person' && dice.chance(0.6) ? 'person' : 'account';
  const fields = dice.several(fieldsOf(owner), 1, dice.chance(0.2) ? 2 : 1);
  return Object.fromEntries(fields.map((name) => [`${owner}.${name}`, predicate(dice, owner, name)]));
}

/** A list that rules of this subject may name, and whose items it holds. */
function list(dice: Dice, { subject }: Names): { readonly path: string; readonly owner: Owner } {
  if (dice.chance(0.15))
    return { path: subject === 'account' ? 'people' : 'account.people', owner: 'people' };
  const owner = dice.pick(LISTS);
  const ofAccount = dice.chance(subject === 'person' ? 0.3 : 0.1);
  return { path: ofAccount ? `account.${owner}` : owner, owner };
}

function quantified(dice: Dice, names: Names): Data {
  const { owner, path } = list(dice, names);
  return dice.weighted<Data>([
    [0.5, () => ({ [dice.pick(['some', 'none'])]: path })],
    [3, () => ({ some: path, where: where(dice, owner) })],
    [1.2, () => ({ none: path, where: where(dice, owner) })],
    [1.2, () => ({ every: path, where: where(dice, owner) })],
  ]);
}

function aggregated(dice: Dice, names: Names): Data {
  const { owner, path } = list(dice, names);
  const filter: Data = dice.chance(0.5) ? { where: where(dice, owner) } : {};
  const numbers = fieldsOf(owner, 'number');
  const limit = (): Data =>
    dice.pick([{ gte: 1 }, { gt: 0 }, { lte: 20 }, { between: [0, 50] }, { lt: 5 }, { eq: 1 }]);
  const latest = (): Data => {
    const name = dice.pick(fieldsOf(owner).filter((one) => !fieldsOf(owner, 'boolean').includes(one)));
    const test = predicate(dice, owner, name);
    const tests =
      typeof test === 'object' && !Array.isArray(test) ? test : { [Array.isArray(test) ? 'in' : 'eq']: test };
    return { latest: `${path}.${name}`, ...filter, ...(tests as object) } as Data;
  };
  const instant = (fn: 'min' | 'max'): Data =>
    ({
      [fn]: `${path}.${dice.pick(fieldsOf(owner, 'instant'))}`,
      ...filter,
      ...(instantTest(dice) as object),
    }) as Data;
  return dice.weighted<Data>([
    [2, () => ({ count: path, ...filter, ...(limit() as object) }) as Data],
    [1.2, latest],
    [0.8, () => instant('min')],
    [0.8, () => instant('max')],
    ...(['sum', 'avg', 'min', 'max'] as const).map(
      (fn) =>
        [
          numbers.length > 0 ? (fn === 'sum' || fn === 'avg' ? 1 : 0.4) : 0,
          () => ({ [fn]: `${path}.${dice.pick(numbers)}`, ...filter, ...(limit() as object) }) as Data,
        ] as const,
    ),
  ]);
}

function ownState(dice: Dice, { stages }: Names): Data {
  return dice.weighted<Data>([
    [2, () => ({ 'journey.stage': dice.several(stages, 1, 3) })],
    [1, () => ({ 'journey.stage': { not: dice.pick(stages) } })],
    [1, () => ({ 'journey.stage': { missing: true } })],
    [1, () => ({ 'journey.previous': dice.several(stages, 1, 3) })],
    [1, () => ({ 'journey.visits': { gte: dice.int(0, 3) } })],
    [1.5, () => ({ 'journey.entered': { [dice.pick(['within', 'older_than'])]: dice.pick(SPANS) } })],
  ]);
}

/** Results of other journeys and healths (J2). */
function otherState(dice: Dice, { subject }: Names): Data {
  const whose = subject === 'person' && dice.chance(0.5) ? 'account.' : '';
  const other = whose === '' ? 'other' : 'acc';
  return dice.weighted<Data>([
    [2, () => ({ [`${whose}journeys.${other}.stage`]: dice.several(STAGES_ELSEWHERE, 1, 2) })],
    [0.7, () => ({ [`${whose}journeys.${other}.entered`]: { within: dice.pick(WIDE) } })],
    [0.7, () => ({ [`${whose}journeys.${other}.visits`]: { lte: 2 } })],
    [1.6, () => ({ [`${whose}health.${other}.band`]: dice.pick(BANDS_ELSEWHERE) })],
    [1.6, () => ({ [`${whose}health.${other}.score`]: { gte: dice.pick([20, 50]) } })],
  ]);
}
