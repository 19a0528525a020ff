import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type ParsedNode,
  type Scalar as ParsedScalar,
  parseAllDocuments,
} from 'yaml';
import { type Problems, quote } from './problems.ts';
import type { Position } from './types.ts';

/** Caps of a mapping file (J10). */
export const SOURCE_LIMITS = { characters: 1_000_000, depth: 48, nodes: 50_000 } as const;

export interface YamlScalar {
  readonly kind: 'scalar';
  readonly pos: Position;
  readonly value: string | number | boolean | null;
  /** The text as written, without quotes: `0` stays `0`, `1.50` stays `1.50` (J9). */
  readonly source: string;
  readonly quoted: boolean;
  /** Where the character at `offset` of the text stands in the file, for errors inside an expression. */
  at(offset: number): Position;
}
export interface YamlEntry {
  readonly key: string;
  readonly keyPos: Position;
  readonly value: YamlNode;
}
export interface YamlMap {
  readonly kind: 'map';
  readonly pos: Position;
  readonly entries: readonly YamlEntry[];
  get(key: string): YamlEntry | undefined;
}
export interface YamlList {
  readonly kind: 'list';
  readonly pos: Position;
  readonly items: readonly YamlNode[];
}
export type YamlNode = YamlScalar | YamlMap | YamlList;

/** YAML text to a tree in which every node knows its line and column. Null when it is no YAML at all; what is wrong
 *  goes to `problems`. Keys are only ever kept in Maps, so `__proto__` is a key like any other. */
export function readSource(text: string, file: string, problems: Problems): YamlNode | null {
  const start: Position = { file, line: 1, column: 1 };
  if (text.length > SOURCE_LIMITS.characters) {
    problems.error(
      start,
      `The file has ${text.length} characters; at most ${SOURCE_LIMITS.characters} are read. Split it.`,
    );
    return null;
  }
  const lines = new LineCounter();
  const position = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const deep = tooDeep(text);
  if (deep !== null) {
    lineStarts(text, lines);
    problems.error(position(deep), `Nested deeper than ${SOURCE_LIMITS.depth} levels. Flatten it.`);
    return null;
  }
  let documents: ReturnType<typeof parseAllDocuments>;
  try {
    documents = parseAllDocuments(text, {
      lineCounter: lines,
      // Our own check below is linear; the library's compares every key with every other.
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: 'silent',
      merge: false,
      schema: 'core',
      version: '1.2',
    });
  } catch (error) {
    problems.error(start, `This is no YAML that can be read: ${(error as Error).message}.`);
    return null;
  }
  const document = Array.isArray(documents) ? documents[0] : undefined;
  if (document === undefined || document.contents === null) {
    problems.error(start, 'The file is empty. Write a mapping, or take it out of the configuration.');
    return null;
  }
  if (documents.length > 1) {
    const second = documents[1]?.range?.[0] ?? 0;
    problems.error(position(second), 'A second document starts here (---). Keep one mapping per file.');
  }
  for (const { pos, message } of [...document.errors, ...document.warnings]) {
    if (message.includes('call stack')) {
      problems.error(position(pos[0]), `Nested deeper than ${SOURCE_LIMITS.depth} levels. Flatten it.`);
      continue;
    }
    const hint = /tag/i.test(message) ? ' Put a value that starts with ! into quotes.' : '';
    problems.error(position(pos[0]), `YAML: ${message.replace(/\s+/g, ' ').replace(/\.?$/, '.')}${hint}`);
  }
  if (document.errors.length > 0) return null;
  return convert(document.contents as ParsedNode, text, position, problems);
}

function convert(
  root: ParsedNode,
  text: string,
  position: (offset: number) => Position,
  problems: Problems,
): YamlNode | null {
  const anchors = new Map<string, YamlNode>();
  let nodes = 0;
  let tooMany = false;
  const nothing = (pos: Position): YamlScalar => ({
    kind: 'scalar',
    pos,
    value: null,
    source: '',
    quoted: false,
    at: () => pos,
  });
  const count = (node: YamlNode): void => {
    nodes += 1;
    if (nodes > SOURCE_LIMITS.nodes) return;
    if (node.kind === 'map') for (const entry of node.entries) count(entry.value);
    if (node.kind === 'list') node.items.forEach(count);
  };
  const walk = (node: ParsedNode | null, at: number, depth: number): YamlNode => {
    const pos = position(node?.range[0] ?? at);
    nodes += 1;
    if (nodes > SOURCE_LIMITS.nodes || depth > SOURCE_LIMITS.depth) {
      if (!tooMany) {
        tooMany = true;
        problems.error(
          pos,
          `More than ${SOURCE_LIMITS.nodes} values or ${SOURCE_LIMITS.depth} levels, aliases counted each time. Split the file.`,
        );
      }
      return nothing(pos);
    }
    if (node === null) return nothing(pos);
    if (isAlias(node)) {
      const target = anchors.get(node.source);
      if (target === undefined) {
        problems.error(
          pos,
          `The alias *${node.source} has no anchor before it. Write &${node.source} first.`,
        );
        return nothing(pos);
      }
      count(target);
      return target;
    }
    let result: YamlNode;
    if (isMap(node)) {
      const entries = new Map<string, YamlEntry>();
      for (const pair of node.items) {
        const keyNode = pair.key as ParsedNode;
        const keyPos = position(keyNode?.range[0] ?? at);
        if (!isScalar(keyNode)) {
          problems.error(keyPos, 'A key must be one word or number, not a list or a map.');
          continue;
        }
        const key = keyNode.source ?? String(keyNode.value);
        if (entries.has(key)) {
          const before = entries.get(key)?.keyPos.line;
          problems.error(keyPos, `The key ${quote(key)} stands twice, first on line ${before}. Keep one.`);
          continue;
        }
        const value = walk(pair.value as ParsedNode | null, keyNode.range[1], depth + 1);
        entries.set(key, { key, keyPos, value });
      }
      result = {
        kind: 'map',
        pos,
        entries: [...entries.values()],
        get: (key) => entries.get(key),
      };
    } else if (isSeq(node)) {
      const items = node.items.map((item) => walk(item as ParsedNode | null, node.range[0], depth + 1));
      result = { kind: 'list', pos, items };
    } else {
      result = scalar(node as ParsedScalar.Parsed, text, pos, position, problems);
    }
    if (node.anchor !== undefined) anchors.set(node.anchor, result);
    return result;
  };
  const result = walk(root, 0, 0);
  return tooMany ? null : result;
}

function scalar(
  node: ParsedScalar.Parsed,
  text: string,
  pos: Position,
  position: (offset: number) => Position,
  problems: Problems,
): YamlScalar {
  const quoted = node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE';
  let value: unknown = node.value;
  if (typeof value === 'bigint') value = Number(value);
  if (typeof value === 'number' && !Number.isFinite(value)) {
    problems.error(pos, `Found ${node.source ?? value}; expected a finite number.`);
    value = 0;
  }
  const plain = typeof value === 'string' ? value : (node.source ?? String(value ?? ''));
  const [from, to] = node.range;
  let offsets: readonly number[] | null = null;
  return {
    kind: 'scalar',
    pos,
    value: value as YamlScalar['value'],
    source: plain,
    quoted: quoted || node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED',
    at: (offset) => {
      offsets ??= align(plain, text, from, to, node.type ?? 'PLAIN');
      return position(offsets[Math.min(Math.max(offset, 0), plain.length)] ?? from);
    },
  };
}

/** Offsets in the file of each character of a scalar's text: what folding, indentation and quotes took out of the
 *  source is stepped over. */
function align(value: string, text: string, from: number, to: number, style: string): readonly number[] {
  let at = from;
  if (style === 'QUOTE_SINGLE' || style === 'QUOTE_DOUBLE') at += 1;
  if (style.startsWith('BLOCK')) at = text.indexOf('\n', from) + 1;
  const offsets: number[] = [];
  for (const char of value.split('')) {
    if (/\s/.test(char)) {
      offsets.push(at);
      if (/\s/.test(text[at] ?? '')) at += 1;
      continue;
    }
    while (at < to && text[at] !== char) at += 1;
    offsets.push(at);
    at += 1;
  }
  offsets.push(Math.min(at, to));
  return offsets;
}

/** The parser is recursive: text nested past our cap must not reach it. Counts brackets and indentation, which can
 *  only over-count inside quotes and comments, far below any sane file. */
function tooDeep(text: string): number | null {
  const most = 500;
  let flow = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '[' || char === '{') {
      flow += 1;
      if (flow > most) return at;
    } else if (char === ']' || char === '}') flow = Math.max(0, flow - 1);
    else if (char === '\n' && text[at + 1] !== ' ' && text[at + 1] !== '\n') flow = 0;
  }
  // `- - - - a` nests without brackets.
  const dashes = /(?:[-?:][ \t]+){500}/.exec(text);
  return dashes?.index ?? null;
}

function lineStarts(text: string, lines: LineCounter): void {
  lines.addNewLine(0);
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines.addNewLine(at + 1);
}
