import { type Document, isAlias, isMap, isScalar, isSeq, parseDocument } from 'yaml';

/** A word of the file: what YAML makes of it, and how it is written (J9: a number beside a text is its source). */
export interface Word {
  readonly value: string | number | boolean | null;
  readonly source: string;
}
export type Block = ReadonlyMap<string, Yaml>;
export type Yaml = Word | readonly Yaml[] | Block;

export function readYaml(text: string): Block {
  const document = parseDocument(text);
  return block(plain(document.contents, document));
}

function plain(node: unknown, document: Document): Yaml {
  if (isAlias(node)) return plain(node.resolve(document), document);
  if (isMap(node)) {
    return new Map(
      node.items.map(({ key, value }) => [
        String((key as { source?: string }).source),
        plain(value, document),
      ]),
    );
  }
  if (isSeq(node)) return node.items.map((item) => plain(item, document));
  if (!isScalar(node)) return { value: null, source: '' };
  const value = node.value as Word['value'];
  return { value, source: typeof value === 'string' ? value : (node.source ?? '') };
}

export function isBlock(node: Yaml | undefined): node is Block {
  return node instanceof Map;
}

export function isList(node: Yaml | undefined): node is readonly Yaml[] {
  return Array.isArray(node);
}

export function block(node: Yaml | undefined): Block {
  return isBlock(node) ? node : new Map();
}

export function list(node: Yaml | undefined): readonly Yaml[] {
  return isList(node) ? node : [];
}

export function word(node: Yaml | undefined): Word {
  if (node === undefined || isBlock(node) || isList(node)) throw new Error('expected one word');
  return node;
}

export function text(node: Yaml | undefined): string {
  return word(node).source;
}

export function numberIn(node: Yaml | undefined, otherwise: number): number {
  return node === undefined ? otherwise : Number(word(node).value);
}

/** One word or a list of words. */
export function words(node: Yaml): readonly Word[] {
  return isList(node) ? node.map(word) : [word(node)];
}
