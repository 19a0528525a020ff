import type { ConditionMaker } from './condition.ts';
import { nearest, quote } from './problems.ts';
import { readCondition } from './read-condition.ts';
import { readsOf } from './reads.ts';
import type { RuleScope } from './scope.ts';
import { labelOf, named, type Shape } from './shape.ts';
import type { YamlEntry, YamlMap, YamlNode } from './source.ts';
import { type BoolNode, visit } from './tree.ts';
import type { Outcome, Stage } from './types.ts';

/* `outcomes:` says what a backtest compares a journey with (J36); it judges nobody:
 *
 *   outcomes:
 *     account_churned:
 *       when: { account.type: former_customer }     happens when this becomes true
 *       among: { some: deals, where: { won: true } } of whom it can be foretold; default: everybody
 *       foretold_by: { stages: [at_risk], bands: [red] }
 *     deal_won:
 *       each: { some: deals, where: { won: true } }  happens anew with every deal that comes to be so
 *       good: true                                   foretold by the best band instead of the worst
 */

const KEYS = ['label', 'when', 'each', 'among', 'good', 'foretold_by'];

/** Reads `outcomes:`; every mistake is reported at its place. */
export function readOutcomes(
  shape: Shape,
  scope: RuleScope,
  node: YamlNode | undefined,
  make: ConditionMaker,
  stages: readonly Stage[],
  bands: readonly string[],
): readonly Outcome[] {
  return named(shape, shape.map(node, 'outcomes'), 'outcome').flatMap((entry) => {
    const map = shape.map(entry.value, `The outcome ${entry.key}`);
    const outcome = map === null ? null : readOutcome(shape, scope, entry, map, make, stages, bands);
    return outcome === null ? [] : [outcome];
  });
}

function readOutcome(
  shape: Shape,
  scope: RuleScope,
  { key }: YamlEntry,
  map: YamlMap,
  make: ConditionMaker,
  stages: readonly Stage[],
  bands: readonly string[],
): Outcome | null {
  const { problems } = shape;
  shape.keys(map, KEYS, `the outcome ${key}`);
  const get = (name: string): YamlNode | undefined => map.get(name)?.value;
  const [whenNode, eachNode, amongNode, goodNode] = [get('when'), get('each'), get('among'), get('good')];
  if ((whenNode === undefined) === (eachNode === undefined)) {
    problems.error(
      map.pos,
      `The outcome ${quote(key)} needs either when: with a condition that becomes true, or each: with { some: list, where: … } for every item that comes to be so.`,
    );
    return null;
  }
  const when = readCondition(scope, (whenNode ?? eachNode) as YamlNode);
  const among = amongNode === undefined ? null : readCondition(scope, amongNode);
  const labelNode = get('label');
  const label = labelNode === undefined ? null : shape.text(labelNode, 'label');
  const good = goodNode === undefined ? false : (shape.flag(goodNode, 'good') ?? false);
  const foretoldBy = readForetold(shape, get('foretold_by'), stages, bands);
  if (when === null) return null;
  if (eachNode !== undefined && (when.op !== 'quant' || when.quant !== 'some')) {
    problems.error(
      eachNode.pos,
      'each: goes through the items of a list; expected { some: list, where: … }, such as { some: deals, where: { lost: true } }.',
    );
    return null;
  }
  const nodes = among === null ? [when] : [when, among];
  return {
    name: key,
    label: label ?? labelOf(key),
    position: map.pos,
    when: make.condition(when),
    each: eachNode !== undefined && when.op === 'quant' ? when.list : null,
    among: among === null ? null : make.condition(among),
    good,
    foretoldBy,
    reads: readsOf(nodes).set,
    readsResults: nodes.some(readsResults),
  };
}

function readForetold(
  shape: Shape,
  node: YamlNode | undefined,
  stages: readonly Stage[],
  bands: readonly string[],
): Outcome['foretoldBy'] {
  if (node === undefined) return null;
  const map = shape.map(node, 'foretold_by');
  if (map === null) return null;
  shape.keys(map, ['stages', 'bands'], 'foretold_by');
  const known = (key: 'stages' | 'bands', names: readonly string[]): readonly string[] => {
    const list = map.get(key)?.value;
    if (list === undefined) return [];
    return shape.texts(list, key).flatMap(({ text, pos }) => {
      if (names.includes(text)) return [text];
      const what = key === 'stages' ? 'stage' : 'band';
      shape.problems.error(pos, `This journey has no ${what} ${quote(text)}.`, nearest(text, names));
      return [];
    });
  };
  return {
    stages: known(
      'stages',
      stages.map(({ name }) => name),
    ),
    bands: known('bands', bands),
  };
}

/** Does it look at journeys, healths or segments, not at facts alone? */
function readsResults(node: BoolNode): boolean {
  let found = false;
  visit(node, ({ op }) => {
    if (op === 'result' || op === 'segment') found = true;
  });
  return found;
}
