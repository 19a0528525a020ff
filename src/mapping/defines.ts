import { listOf, nearest, quote } from './problems.ts';
import { readCondition } from './read-condition.ts';
import { type RuleScope, sized } from './scope.ts';
import { NAME, NAME_FORM, type Shape } from './shape.ts';
import type { YamlMap } from './source.ts';
import type { BoolNode } from './tree.ts';
import type { Position } from './types.ts';

export interface Defines {
  use(name: string, pos: Position): BoolNode | null;
  /** Reads those that nobody used, so that their mistakes are reported too, and names them. */
  readRest(): readonly { readonly name: string; readonly pos: Position }[];
}

/** `define:` names conditions (J6). Each is read once, when it is first asked for; a name that needs itself is an error
 *  that names the round. */
export function createDefines(scope: RuleScope, shape: Shape, map: YamlMap | null): Defines {
  const read = new Map<string, BoolNode | null>();
  const reading: string[] = [];
  const names = map?.entries.map(({ key }) => key) ?? [];
  for (const { key, keyPos } of map?.entries ?? []) {
    if (!NAME.test(key))
      shape.problems.error(keyPos, `Bad name ${quote(key)} of a condition; expected ${NAME_FORM}.`);
  }
  const resolve = (name: string, pos: Position): BoolNode | null => {
    const entry = map?.get(name);
    if (entry === undefined) {
      const expected = names.length === 0 ? 'There is no define: yet.' : `Expected ${listOf(names)}.`;
      scope.problems.error(pos, `Unknown condition ${quote(name)}. ${expected}`, nearest(name, names));
      return null;
    }
    const known = read.get(name);
    if (known !== undefined) return known;
    const round = reading.indexOf(name);
    if (round >= 0) {
      scope.problems.error(
        pos,
        `The conditions go round in a circle: ${[...reading.slice(round), name].join(' -> ')}.`,
      );
      return null;
    }
    reading.push(name);
    const node = readCondition(scope, entry.value);
    reading.pop();
    read.set(name, node);
    return node;
  };
  const use = (name: string, pos: Position): BoolNode | null => {
    const item = resolve(name, pos);
    const base = item && sized(scope, pos, [item]);
    return base && { op: 'named', ...base, name, item: item as BoolNode };
  };
  return {
    use,
    readRest: () => {
      const rest = (map?.entries ?? []).filter(({ key }) => !read.has(key));
      for (const { key, keyPos } of rest) resolve(key, keyPos);
      return rest.map(({ key, keyPos }) => ({ name: key, pos: keyPos }));
    },
  };
}
