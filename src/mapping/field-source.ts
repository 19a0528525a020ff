import type { FieldSpec } from './catalogue.ts';
import { listOf, nearest, quote } from './problems.ts';
import { record, type Shape } from './shape.ts';
import type { YamlMap, YamlNode } from './source.ts';
import type { FactType, FieldSource, Position } from './types.ts';

export const SOURCE_FORM = '{ field: Name_In_The_CRM }';
export const FACT_TYPES: readonly FactType[] = ['text', 'number', 'boolean', 'date', 'datetime'];
export const GIVES = ['open', 'won', 'lost', 'closed', 'label', 'probability'] as const;
export const STAMPS = ['created', 'modified'] as const;
const FIELD = /^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)*$/;

export interface ReadSource {
  readonly source: FieldSource;
  /** `type:`, when the entry says one. */
  readonly type: FactType | null;
  /** `money: true`: an amount in the connection's home currency (J5). */
  readonly money: boolean;
  /** Where it stands, for later checks against the CRM. */
  readonly pos: Position;
}

/** One entry under `fields:` of a field map or a mapping; see the forms in `load-fields.ts`. */
export function readFieldSource(shape: Shape, node: YamlNode, spec: FieldSpec | null): ReadSource | null {
  const { pos } = node;
  if (node.kind !== 'map') {
    const fields = fieldList(shape, node);
    return (
      fields && {
        pos,
        type: null,
        money: false,
        source: { kind: 'field', fields, values: null, scale: null },
      }
    );
  }
  const kinds = ['field', 'stage', 'stamp', 'constant'].filter((key) => node.get(key) !== undefined);
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1) {
    const found = kind === undefined ? 'none' : listOf(kinds);
    const keys = node.entries.map(({ key }) => key);
    const near = (kinds.length > 0 ? [] : keys)
      .map((key) => nearest(key, ['field', 'stage', 'stamp', 'constant']))
      .find((name) => name);
    shape.problems.error(
      pos,
      `Expected exactly one of field:, stage:, stamp: or constant:; found ${found}.`,
      near,
    );
    return null;
  }
  const type = readType(shape, node, spec);
  if (type === undefined) return null;
  const source = readKind(shape, node, kind, spec);
  return source && { pos, type, source, money: readMoney(shape, node, spec, type) };
}

/** `money: true` of a number field of its own (J5). */
export function readMoney(
  shape: Shape,
  node: YamlMap,
  spec: FieldSpec | null,
  type: FactType | null,
): boolean {
  const entry = node.get('money');
  if (entry === undefined || shape.flag(entry.value, 'money') !== true) return false;
  if ((spec?.type ?? type) === 'number') return true;
  shape.problems.error(entry.value.pos, 'Money is a number. Expected type: number beside money: true.');
  return false;
}

export function readType(shape: Shape, node: YamlMap, spec: FieldSpec | null): FactType | null | undefined {
  const entry = node.get('type');
  if (entry === undefined) return null;
  const text = shape.text(entry.value, 'type');
  if (text === null) return undefined;
  if (!(FACT_TYPES as readonly string[]).includes(text)) {
    shape.problems.error(
      entry.value.pos,
      `Found type: ${quote(text)}; expected ${listOf(FACT_TYPES)}.`,
      nearest(text, FACT_TYPES),
    );
    return undefined;
  }
  if (spec !== null && spec.type !== text) {
    shape.problems.error(
      entry.value.pos,
      `This fact field is ${spec.type} already; found type: ${text}. Take type: out.`,
    );
    return undefined;
  }
  return text as FactType;
}

function readKind(shape: Shape, node: YamlMap, kind: string, spec: FieldSpec | null): FieldSource | null {
  const value = node.get(kind)?.value as YamlNode;
  switch (kind) {
    case 'field': {
      shape.keys(node, ['field', 'values', 'scale', 'type', 'money'], 'a field');
      const fields = fieldList(shape, value);
      return (
        fields && {
          kind,
          fields,
          values: readValues(shape, node.get('values')?.value, spec),
          scale: readScale(shape, node),
        }
      );
    }
    case 'stage': {
      shape.keys(node, ['stage', 'pipeline', 'gives', 'date', 'type'], 'a stage');
      const field = oneField(shape, value);
      const pipelineNode = node.get('pipeline')?.value;
      const pipeline = pipelineNode === undefined ? null : oneField(shape, pipelineNode);
      const dateNode = node.get('date')?.value;
      const date = dateNode === undefined ? null : oneField(shape, dateNode);
      const gives = oneOf(shape, node, 'gives', GIVES);
      if (field === null || gives === null) return null;
      if ((date !== null) !== (gives === 'closed')) {
        shape.problems.error(
          node.pos,
          'gives: closed is the closing date, so it needs date: with the CRM field that holds it; no other one takes date:.',
        );
        return null;
      }
      return { kind, field, pipeline, gives, ...(date === null ? {} : { date }) };
    }
    case 'stamp': {
      shape.keys(node, ['stamp', 'type'], 'a stamp');
      const stamp = oneOf(shape, node, 'stamp', STAMPS);
      return stamp && { kind, stamp };
    }
    default: {
      shape.keys(node, ['constant', 'type'], 'a constant');
      if (value.kind === 'scalar' && value.value !== null) {
        const constant = spec?.type === 'text' ? value.source : value.value;
        return { kind: 'constant', value: constant };
      }
      shape.problems.error(value.pos, 'Expected one value under constant:.');
      return null;
    }
  }
}

function oneOf<T extends string>(shape: Shape, node: YamlMap, key: string, allowed: readonly T[]): T | null {
  const entry = node.get(key);
  if (entry === undefined) {
    shape.problems.error(node.pos, `Found no ${key}:. Expected ${listOf(allowed)}.`);
    return null;
  }
  const text = shape.text(entry.value, key);
  if (text === null) return null;
  if ((allowed as readonly string[]).includes(text)) return text as T;
  shape.problems.error(
    entry.value.pos,
    `Found ${key}: ${quote(text)}; expected ${listOf(allowed)}.`,
    nearest(text, allowed),
  );
  return null;
}

function fieldList(shape: Shape, node: YamlNode): readonly string[] | null {
  if (node.kind === 'map') {
    shape.problems.error(node.pos, "Expected the CRM field's name, or a list of names to join.");
    return null;
  }
  const fields = shape.texts(node, 'A CRM field').map(({ text, pos }) => checkedField(shape, text, pos));
  return fields.length === 0 || fields.includes(null) ? null : (fields as readonly string[]);
}

function oneField(shape: Shape, node: YamlNode): string | null {
  const text = shape.text(node, 'A CRM field');
  return text === null ? null : checkedField(shape, text, node.pos);
}

function checkedField(shape: Shape, text: string, pos: Position): string | null {
  if (FIELD.test(text)) return text;
  shape.problems.error(
    pos,
    `Bad CRM field ${quote(text)}; expected the CRM's own name, such as hs_timestamp or Renewal_Date__c.`,
  );
  return null;
}

/** `our word: [the CRM's options]`, turned round: option -> word. */
export function readValues(
  shape: Shape,
  node: YamlNode | undefined,
  spec: FieldSpec | null,
): Readonly<Record<string, string>> | null {
  const map = shape.map(node, 'values');
  if (map === null) return null;
  const words = new Map<string, string>();
  const folded = new Map<string, string>();
  for (const { key, keyPos, value } of map.entries) {
    const near = spec?.words === undefined || spec.words.includes(key) ? undefined : nearest(key, spec.words);
    if (near !== undefined) {
      shape.problems.warn(keyPos, `The word \`${key}\` is new here, but close to a known one.`, near);
    }
    for (const { text, pos } of shape.texts(value, 'An option')) {
      const other = folded.get(text.toLowerCase());
      if (other !== undefined && other !== key) {
        shape.problems.error(
          pos,
          `The option ${quote(text)} stands for \`${other}\` and \`${key}\`. Keep one.`,
        );
      }
      folded.set(text.toLowerCase(), key);
      words.set(text, key);
    }
  }
  return record(words);
}

type Scale = Extract<FieldSource, { kind: 'field' }>['scale'];

/** `{ by: hs_survey_type, NPS: [0, 10] }`, or `[0, 10]` for one range whatever the type. */
function readScale(shape: Shape, node: YamlMap): Scale {
  const value = node.get('scale')?.value;
  if (value === undefined) return null;
  if (value.kind === 'list') {
    const range = readRange(shape, value);
    return range && { by: null, ranges: record([['', range]]) };
  }
  const map = shape.map(value, 'scale');
  if (map === null) return null;
  const byNode = map.get('by')?.value;
  if (byNode === undefined) {
    shape.problems.error(
      map.pos,
      'Found no by:. Expected the CRM field that says which range holds, or scale: [0, 10].',
    );
    return null;
  }
  const ranges: [string, readonly [number, number]][] = [];
  for (const { key, value: range } of map.entries) {
    if (key === 'by') continue;
    const ends = readRange(shape, range);
    if (ends !== null) ranges.push([key, ends]);
  }
  return { by: oneField(shape, byNode), ranges: record(ranges) };
}

function readRange(shape: Shape, node: YamlNode): readonly [number, number] | null {
  const ends = node.kind === 'list' ? node.items : [];
  const [low, high] = ends.map((end) =>
    end.kind === 'scalar' && typeof end.value === 'number' ? end.value : null,
  );
  if (ends.length === 2 && typeof low === 'number' && typeof high === 'number' && low < high)
    return [low, high];
  shape.problems.error(node.pos, 'Expected [lowest, highest] of the CRM, such as [0, 10].');
  return null;
}
