import { stringify } from 'yaml';
import type { SubjectKind } from '../../../src/model/facts.ts';
import { condition } from './conditions.ts';
import type { Dice } from './dice.ts';
import { type Names, numberExpression } from './expressions.ts';
import { fieldsOf, LISTS, SPANS, ZONES } from './pools.ts';
import { type Data, where } from './predicates.ts';

type Block = { readonly [key: string]: Data };

export interface RandomMapping {
  readonly subject: SubjectKind;
  readonly zone: string;
  readonly stages: readonly string[];
  readonly data: Block;
  readonly text: string;
}

/** A whole mapping. It may still be refused by the checks: rules that contradict themselves, stages nobody can enter. */
export function randomMapping(dice: Dice): RandomMapping {
  const subject: SubjectKind = dice.chance(0.5) ? 'person' : 'account';
  const zone = dice.pick(ZONES);
  const stages = ['awareness', 'trial', 'decision', 'customer', 'at_risk', 'churned'].slice(
    0,
    dice.int(3, 6),
  );
  const bare: Names = { subject, defines: [], segments: [], stages };
  const define: Record<string, Data> = {};
  for (const name of ['engaged', 'quiet', 'bought'].slice(0, dice.int(0, 3))) {
    define[name] = condition(dice, { ...bare, defines: Object.keys(define) }, 1);
  }
  const defines = Object.keys(define);
  const segments: Record<string, Data> = {};
  for (const name of ['enterprise', 'small', 'young'].slice(0, dice.int(0, 3))) {
    const when = condition(dice, { ...bare, defines }, 2);
    segments[name] = dice.chance(0.5) && typeof when === 'object' && !Array.isArray(when) ? { when } : when;
  }
  const names: Names = { ...bare, defines, segments: Object.keys(segments) };
  const data: Block = {
    journey: 'j',
    subject,
    ...(dice.chance(0.5) ? { timezone: zone } : {}),
    ...(defines.length > 0 ? { define } : {}),
    ...(names.segments.length > 0 ? { segments } : {}),
    stages: Object.fromEntries(stages.map((name, index) => [name, stage(dice, names, name, index)])),
    ...(dice.chance(0.7) ? { health: health(dice, names) } : {}),
  };
  return { subject, zone, stages, data, text: stringify(data, { lineWidth: 0 }) };
}

function stage(dice: Dice, names: Names, name: string, index: number): Block {
  const others = names.stages.filter((one) => one !== name);
  const rule = (): Data => condition(dice, names, 1);
  const exits = (): Data =>
    Array.from({ length: dice.int(1, 2) }, () => ({
      to: dice.chance(0.25) ? 'none' : dice.pick(others),
      when: dice.chance(0.4) ? { all: [rule(), rule()] } : rule(),
    }));
  const common: Block = {
    ...(dice.chance(0.25) ? { min_stay: dice.pick(SPANS) } : {}),
    ...(dice.chance(0.3) ? { exit: exits() } : {}),
    ...(dice.chance(0.06) ? { terminal: true } : {}),
    ...(dice.chance(0.15) ? { urgent: true } : {}),
    ...(dice.chance(0.2) ? { off_path: true } : {}),
    ...(dice.chance(0.1) ? { renamed_from: [`old_${name}`] } : {}),
    ...(dice.chance(0.25) ? { stay: rule() } : {}),
  };
  if (index === 0 && dice.chance(0.5)) return { default: true, ...common };
  return {
    enter: rule(),
    ...(dice.chance(0.2) ? { from: dice.several(others, 1, 3) } : {}),
    ...(dice.chance(0.25) ? { for: dice.pick(['12h', '1d', '3d', '1w', '2w', '30d']) } : {}),
    ...common,
  };
}

function health(dice: Dice, names: Names): Block {
  const weights = (): Block => {
    if (names.segments.length === 0 || dice.chance(0.6)) return {};
    return {
      weights: Object.fromEntries(
        dice.several(names.segments, 1, 2).map((one) => [one, dice.pick([0, 1, 4])]),
      ),
    };
  };
  const weight = (): Block => (dice.chance(0.5) ? { weight: dice.pick([0.3, 0.7, 1, 2, 3]) } : {});
  const groups = ['adoption', 'support', 'sentiment'].slice(0, dice.int(1, 3)).map((group) => {
    const measures = ['one', 'two', 'three'].slice(0, dice.int(1, 3));
    return [
      group,
      {
        ...weight(),
        ...weights(),
        measures: Object.fromEntries(
          measures.map((name) => [name, { ...measure(dice, names), ...weight(), ...weights() }]),
        ),
      },
    ];
  });
  return {
    ...(dice.chance(0.5) ? { min_coverage: dice.pick<Data>(['30%', 0.8, '50%', 0]) } : {}),
    ...(dice.chance(0.5) ? { hysteresis: dice.pick([2, 5]) } : {}),
    ...(dice.chance(0.3) ? { neutral: 60 } : {}),
    bands: dice.pick<Data>([
      { green: 70, yellow: 40, red: 0 },
      { red: 0, green: { from: 55, label: 'Fine' } },
    ]),
    ...(dice.chance(0.5)
      ? {
          caps: Array.from({ length: dice.int(1, 2) }, () => ({
            max: dice.int(20, 80),
            when: condition(dice, names, 1),
            label: 'capped',
          })),
        }
      : {}),
    groups: Object.fromEntries(groups),
  };
}

function measure(dice: Dice, names: Names): Block {
  const list = dice.pick(LISTS);
  const filter: Block = dice.chance(0.5) ? { where: where(dice, list) } : {};
  const count: Data = { count: list, ...filter };
  const last: Data = { max: 'touchpoints.at' };
  const value = (): Data =>
    dice.weighted<Data>([
      [1, () => 'account.employees'],
      [1.5, () => count],
      [1, () => ({ [dice.pick(['sum', 'avg', 'min', 'max'])]: 'deals.amount' })],
      [1, () => ({ latest: 'surveys.score' })],
      [1.5, () => ({ ratio: [count, { count: list }] })],
      [
        1.5,
        () => ({
          days_since: dice.pick<Data>([
            last,
            'account.created',
            `account.${dice.pick(fieldsOf('account', 'instant'))}`,
          ]),
        }),
      ],
      [1.5, () => ({ expr: numberExpression(dice) })],
      [0.3, () => 'journey.visits'],
    ]);
  const scale = dice.pick<Data>([
    { 0: 0, 2: 60, 10: 100 },
    { 0: 100, 1: 40, 3: 0 },
    [
      [30, 100],
      [90, 20],
      [0.5, 10],
    ],
    { '-10': 0, 100: 100 },
  ]);
  const cases = (): Data => [
    { when: condition(dice, names, 2), score: dice.pick([0, 20, 90]) },
    { when: condition(dice, names, 2), score: dice.pick([10, 50, 100]) },
    ...(dice.chance(0.4) ? [{ else: 60 }] : []),
  ];
  return {
    ...(dice.chance(0.3) ? { cases: cases() } : { value: value(), scale }),
    ...(dice.chance(0.5) ? { missing: dice.pick<Data>(['skip', 'zero', 50, 90]) } : {}),
    ...(dice.chance(0.25)
      ? {
          half_life: {
            after: dice.pick(SPANS),
            since: dice.pick<Data>([last, 'account.created', { latest: 'surveys.at' }]),
          },
        }
      : {}),
  };
}
