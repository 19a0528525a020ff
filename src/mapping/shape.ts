import { listOf, nearest, type Problems, quote } from './problems.ts';
import type { YamlEntry, YamlMap, YamlNode } from './source.ts';
import type { Position } from './types.ts';

/** Readers of single values in a mapping file; each reports what is wrong with its position and returns null. */

/** Names of journeys, stages, segments, measures, fields: they become CRM option values and parts of paths. */
export const NAME = /^[a-z][a-z0-9_]{0,63}$/;
/** Ids of connectors. */
export const CONNECTOR = /^[a-z][a-z0-9_-]{0,63}$/;
export const NAME_FORM = 'a name of small letters, digits and _ that starts with a letter, such as at_risk';

export interface Shape {
  readonly problems: Problems;
  map(node: YamlNode | undefined, what: string): YamlMap | null;
  /** A map with these keys only. */
  keys(map: YamlMap, allowed: readonly string[], what: string): void;
  /** The same where connector ids are keys too. A connector without a field map here is not used here; only a name
   *  close to a known key is a mistake. */
  connectorKeys(map: YamlMap, allowed: readonly string[], connectors: readonly string[], what: string): void;
  text(node: YamlNode, what: string): string | null;
  number(node: YamlNode, what: string, min: number, max: number): number | null;
  flag(node: YamlNode, what: string): boolean | null;
  list(node: YamlNode, what: string): readonly YamlNode[];
  /** One text or a list of texts. */
  texts(node: YamlNode, what: string): readonly { readonly text: string; readonly pos: Position }[];
  name(text: string, pos: Position, what: string): boolean;
}

export function createShape(problems: Problems): Shape {
  const wrong = (node: YamlNode, what: string, expected: string): null => {
    const found =
      node.kind === 'scalar' ? (node.value === null ? 'nothing' : quote(node.source)) : `a ${node.kind}`;
    problems.error(node.pos, `${what}: found ${found}; expected ${expected}.`);
    return null;
  };
  const shape: Shape = {
    problems,
    map: (node, what) => {
      if (node === undefined) return null;
      return node.kind === 'map' ? node : wrong(node, what, 'keys with values');
    },
    keys: (map, allowed, what) => {
      for (const { key, keyPos } of map.entries) {
        if (allowed.includes(key)) continue;
        problems.error(
          keyPos,
          `Unknown key \`${cut(key)}\` in ${what}. Expected ${listOf(allowed, 20)}.`,
          nearest(cut(key), allowed),
        );
      }
    },
    connectorKeys: (map, allowed, connectors, what) => {
      const known = [...connectors, ...allowed];
      for (const { key, keyPos } of map.entries) {
        if (known.includes(key) || (CONNECTOR.test(key) && nearest(key, known) === undefined)) continue;
        problems.error(
          keyPos,
          `Unknown key \`${cut(key)}\` in ${what}. Expected ${listOf(known, 20)}.`,
          nearest(cut(key), known),
        );
      }
    },
    text: (node, what) => {
      const text = node.kind === 'scalar' && node.value !== null && typeof node.value !== 'boolean';
      if (text && node.source.trim() !== '') return node.source;
      return wrong(node, what, 'a text');
    },
    number: (node, what, min, max) => {
      if (
        node.kind === 'scalar' &&
        typeof node.value === 'number' &&
        node.value >= min &&
        node.value <= max
      ) {
        return node.value;
      }
      const top = max === Number.MAX_VALUE ? `of ${min} or more` : `from ${min} to ${max}`;
      return wrong(node, what, min === -Number.MAX_VALUE ? 'a number' : `a number ${top}`);
    },
    flag: (node, what) => {
      if (node.kind === 'scalar' && typeof node.value === 'boolean') return node.value;
      return wrong(node, what, 'true or false');
    },
    list: (node, what) => {
      if (node.kind === 'list') return node.items;
      wrong(node, what, 'a list');
      return [];
    },
    texts: (node, what) => {
      const items = node.kind === 'list' ? node.items : [node];
      return items.flatMap((item) => {
        const text = shape.text(item, what);
        return text === null ? [] : [{ text, pos: item.pos }];
      });
    },
    name: (text, pos, what) => {
      if (NAME.test(text)) return true;
      problems.error(pos, `Bad name ${quote(text)} of a ${what}; expected ${NAME_FORM}.`);
      return false;
    },
  };
  return shape;
}

function cut(key: string): string {
  return key.length > 60 ? `${key.slice(0, 57)}…` : key;
}

/** `at_risk` -> `At risk`, the label when a file gives none. */
export function labelOf(name: string): string {
  return `${name.charAt(0).toUpperCase()}${name.slice(1).replaceAll('_', ' ')}`;
}

/** Entries whose key is a good name, in the order of the file. */
export function named(shape: Shape, map: YamlMap | null, what: string): readonly YamlEntry[] {
  return map?.entries.filter(({ key, keyPos }) => shape.name(key, keyPos, what)) ?? [];
}

/** An object without a prototype, so that no key can reach one. */
export function record<T>(entries: Iterable<readonly [string, T]>): Readonly<Record<string, T>> {
  const result: Record<string, T> = Object.create(null);
  for (const [key, value] of entries) result[key] = value;
  return result;
}
