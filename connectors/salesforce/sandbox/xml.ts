/** An XML element; names without their prefix. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** Own character data, trimmed when there are children. */
  readonly text: string;
}

export class XmlError extends Error {}

const MAX_DEPTH = 64;
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
const NAME = '[A-Za-z_][\\w.-]*(?::[A-Za-z_][\\w.-]*)?';
const TAG = new RegExp(`<(/?)(${NAME})((?:\\s+${NAME}\\s*=\\s*(?:"[^"<]*"|'[^'<]*'))*)\\s*(/?)>`, 'y');
const ATTRIBUTE = new RegExp(`(${NAME})\\s*=\\s*(?:"([^"<]*)"|'([^'<]*)')`, 'g');

function decode(text: string): string {
  return text.replace(/&([^;&]*);?/g, (whole, name: string) => {
    const known = Object.hasOwn(ENTITIES, name) ? ENTITIES[name] : undefined;
    if (known !== undefined && whole.endsWith(';')) return known;
    const code = /^#(?:x([0-9a-fA-F]{1,6})|(\d{1,7}))$/.exec(name);
    const point =
      code === null ? Number.NaN : Number.parseInt(code[1] ?? code[2]!, code[1] === undefined ? 10 : 16);
    if (Number.isNaN(point) || point > 0x10ffff || point === 0 || !whole.endsWith(';')) {
      throw new XmlError(`unknown entity ${whole.slice(0, 20)}`);
    }
    return String.fromCodePoint(point);
  });
}

function local(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

interface Open {
  readonly qualified: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: XmlElement[];
  text: string;
}

/** Reads one XML document. Refuses DTDs, entities of its own, processing instructions in the content, and more
 *  than 64 levels. Throws `XmlError`. */
export function readXml(source: string): XmlElement {
  const text = source.replace(/^\uFEFF/, '').replace(/^\s*<\?xml[^>]*\?>/, '');
  const stack: Open[] = [];
  let root: XmlElement | null = null;
  let at = 0;
  while (at < text.length) {
    if (text.startsWith('<!--', at)) {
      const end = text.indexOf('-->', at);
      if (end < 0) throw new XmlError('comment without an end');
      at = end + 3;
      continue;
    }
    if (text[at] !== '<') {
      const end = text.indexOf('<', at);
      const chunk = text.slice(at, end < 0 ? undefined : end);
      const open = stack[stack.length - 1];
      if (open !== undefined) open.text += decode(chunk);
      else if (chunk.trim() !== '') throw new XmlError('text outside of the document element');
      at += chunk.length;
      continue;
    }
    if (text.startsWith('<![CDATA[', at)) {
      const end = text.indexOf(']]>', at);
      const open = stack[stack.length - 1];
      if (end < 0 || open === undefined) throw new XmlError('misplaced CDATA section');
      open.text += text.slice(at + 9, end);
      at = end + 3;
      continue;
    }
    TAG.lastIndex = at;
    const tag = TAG.exec(text);
    if (tag === null) throw new XmlError(`not well-formed at character ${at}; DTDs are not allowed`);
    at += tag[0].length;
    const [, closing, qualified, attributeText, selfClosing] = tag as unknown as [
      string,
      string,
      string,
      string,
      string,
    ];
    if (closing === '/') {
      const open = stack.pop();
      if (open === undefined || open.qualified !== qualified)
        throw new XmlError(`unexpected </${qualified}>`);
      root = close(open, stack, root);
      continue;
    }
    if (root !== null) throw new XmlError('more than one document element');
    if (stack.length >= MAX_DEPTH) throw new XmlError(`nested deeper than ${MAX_DEPTH} levels`);
    const attributes = new Map<string, string>();
    for (const [, name, double, single] of attributeText.matchAll(ATTRIBUTE)) {
      attributes.set(name!, decode(double ?? single ?? ''));
    }
    const open: Open = { qualified, attributes, children: [], text: '' };
    if (selfClosing === '/') root = close(open, stack, root);
    else stack.push(open);
  }
  if (root === null || stack.length > 0) throw new XmlError('document ends too early');
  return root;
}

function close(open: Open, stack: Open[], root: XmlElement | null): XmlElement | null {
  const element: XmlElement = {
    name: local(open.qualified),
    attributes: open.attributes,
    children: open.children,
    text: open.children.length > 0 ? open.text.trim() : open.text,
  };
  const parent = stack[stack.length - 1];
  if (parent === undefined) return element;
  parent.children.push(element);
  return root;
}

/** The first child with this name. */
export function child(element: XmlElement | null, name: string): XmlElement | null {
  return element?.children.find((one) => one.name === name) ?? null;
}

export function childrenNamed(element: XmlElement, name: string): readonly XmlElement[] {
  return element.children.filter((one) => one.name === name);
}

export function escapeXml(text: string): string {
  return text
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;')
    .replace(/'/g, '&apos;');
}

/** Element content as data: text, or a map; repeated elements become a list. */
export function toData(element: XmlElement): unknown {
  if (element.attributes.get('xsi:nil') === 'true') return null;
  if (element.children.length === 0) return element.text;
  const map = new Map<string, unknown>();
  for (const one of element.children) {
    const value = toData(one);
    const known = map.get(one.name);
    if (known === undefined) map.set(one.name, value);
    else if (Array.isArray(known)) known.push(value);
    else map.set(one.name, [known, value]);
  }
  return map;
}

/** Data as elements: lists repeat the element, maps and objects nest, null is left out. */
export function fromData(name: string, value: unknown): string {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return value.map((one) => fromData(name, one)).join('');
  if (typeof value === 'object') {
    const entries = value instanceof Map ? [...value] : Object.entries(value);
    return `<${name}>${entries.map(([key, one]) => fromData(String(key), one)).join('')}</${name}>`;
  }
  return `<${name}>${escapeXml(String(value))}</${name}>`;
}
