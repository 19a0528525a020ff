import { FACT_NAMES, FACTS_OF_ENTITY, fieldNames, fieldSpec } from './catalogue.ts';
import { readFieldSource, readMoney, readType, readValues } from './field-source.ts';
import { listOf, nearest, quote } from './problems.ts';
import { NAME, NAME_FORM, record, type Shape } from './shape.ts';
import type { YamlMap, YamlNode } from './source.ts';
import type { FactName, FactType, FieldMap, FieldSource, Position } from './types.ts';

/* The `fields:` of a mapping (J3):
 *
 *   fields:
 *     account.arr: { hubspot: annual_recurring_revenue, salesforce: ARR__c, type: number }
 *     tickets.priority: { hubspot: hs_ticket_priority, salesforce: Priority, values: { urgent: [URGENT, Critical] } }
 *     person.score: { salesforce: { Contact: Score__c, Lead: Lead_Score__c }, type: number }
 *     deals.amount: { prefer: [erp_org] }
 *     account.mrr: { hubspot: mrr, type: number, money: true }      in the connection's home currency (J5)
 *
 * A plain name is meant for every object type of that connector that feeds the fact. */

/** One CRM field that a mapping brought in, for the check against a known CRM. */
export interface Addition {
  readonly connector: string;
  readonly fact: FactName;
  readonly field: string;
  readonly types: readonly string[];
  readonly source: FieldSource;
  readonly pos: Position;
}

export interface Additions {
  /** Types of fields of its own, by `account.arr`. */
  readonly types: Readonly<Record<string, FactType>>;
  readonly fieldMaps: readonly FieldMap[];
  readonly list: readonly Addition[];
  readonly prefer: Readonly<Record<string, readonly string[]>>;
  /** Fields of its own that are money (J5). */
  readonly money: readonly string[];
}

const OWN_KEYS: readonly string[] = ['type', 'values', 'prefer', 'money'];

export function readAdditions(
  shape: Shape,
  node: YamlNode | undefined,
  base: readonly FieldMap[],
): Additions {
  const list: Addition[] = [];
  const types = new Map<string, FactType>();
  const prefer: [string, readonly string[]][] = [];
  const money: string[] = [];
  for (const { key, keyPos, value } of shape.map(node, 'fields')?.entries ?? []) {
    const target = readTarget(shape, key, keyPos);
    const map = shape.map(value, `The field ${quote(key)}`);
    if (target === null || map === null) continue;
    const { fact, field } = target;
    const spec = fieldSpec(fact, field);
    const type = readType(shape, map, spec);
    if (readMoney(shape, map, spec, type ?? null)) money.push(`${fact}.${field}`);
    const connections = readPrefer(shape, map);
    if (connections !== null) prefer.push([`${fact}.${field}`, connections]);
    const connectors = base.map(({ connector }) => connector);
    shape.connectorKeys(map, OWN_KEYS, connectors, `the field ${key}`);
    const fed = map.entries.some((entry) => !OWN_KEYS.includes(entry.key));
    for (const entry of map.entries) {
      const own = base.find(({ connector }) => connector === entry.key);
      if (own !== undefined) list.push(...readSources(shape, entry.value, map, own, fact, field));
    }
    if (spec !== null) continue;
    const near = nearest(field, fieldNames(fact));
    if (type === null) {
      shape.problems.error(
        keyPos,
        `\`${key}\` is a field of your own. Expected type: with ${listOf(['text', 'number', 'boolean', 'date', 'datetime'])}.`,
        near,
      );
    } else if (type !== undefined) types.set(key, type);
    if (!fed) {
      shape.problems.error(
        keyPos,
        `\`${key}\` says no CRM field. Expected ${listOf(connectors)} with the field's name.`,
      );
    }
  }
  return {
    list,
    types: record(types),
    prefer: record(prefer),
    money,
    fieldMaps: toFieldMaps(list, types, money, base),
  };
}

function readTarget(
  shape: Shape,
  key: string,
  pos: Position,
): { readonly fact: FactName; readonly field: string } | null {
  const [fact, field, ...more] = key.split('.');
  if (fact === undefined || field === undefined || more.length > 0) {
    shape.problems.error(pos, `Found ${quote(key)}; expected <fact>.<field>, such as account.arr.`);
    return null;
  }
  if (!(FACT_NAMES as readonly string[]).includes(fact)) {
    shape.problems.error(
      pos,
      `Unknown fact ${quote(fact)}. Expected ${listOf(FACT_NAMES)}.`,
      nearest(fact, FACT_NAMES),
    );
    return null;
  }
  if (!NAME.test(field) || ['all', 'any', 'not', 'journeys', 'health'].includes(field)) {
    shape.problems.error(
      pos,
      `Bad field name ${quote(field)}; expected ${NAME_FORM}, and no word of the rules.`,
    );
    return null;
  }
  if (fact === 'people') {
    shape.problems.error(pos, 'People have the fields of a person.', `person.${field}`);
    return null;
  }
  return { fact: fact as FactName, field };
}

function readPrefer(shape: Shape, map: YamlMap): readonly string[] | null {
  const entry = map.get('prefer');
  if (entry === undefined) return null;
  const { value } = entry;
  if (value.kind === 'scalar') {
    if (value.source !== 'newest') {
      shape.problems.error(
        value.pos,
        `Found prefer: ${quote(value.source)}; expected newest or a list of connections.`,
      );
    }
    return null;
  }
  return shape.texts(value, 'prefer').map(({ text }) => text);
}

function readSources(
  shape: Shape,
  node: YamlNode,
  map: YamlMap,
  own: FieldMap,
  fact: FactName,
  field: string,
): readonly Addition[] {
  const spec = fieldSpec(fact, field);
  const objects = own.objects.filter(({ entity }) => FACTS_OF_ENTITY[entity][0] === fact);
  const names = objects.map(({ type }) => type);
  const shared = readValues(shape, map.get('values')?.value, spec);
  const make = (value: YamlNode, types: readonly string[]): readonly Addition[] => {
    const read = readFieldSource(shape, value, spec);
    if (read === null) return [];
    const source =
      read.source.kind === 'field' && read.source.values === null
        ? { ...read.source, values: shared }
        : read.source;
    return [{ connector: own.connector, fact, field, types, source, pos: value.pos }];
  };
  if (node.kind === 'map' && node.entries.length > 0 && node.entries.every(({ key }) => !isSourceKey(key))) {
    return node.entries.flatMap(({ key, keyPos, value }) => {
      if (names.includes(key)) return make(value, [key]);
      shape.problems.error(
        keyPos,
        `${own.connector} has no object type ${quote(key)} for ${fact}. Expected ${listOf(names)}.`,
        nearest(key, names),
      );
      return [];
    });
  }
  if (names.length === 0) {
    shape.problems.error(node.pos, `The field map of ${own.connector} has no object type for ${fact}.`);
    return [];
  }
  if (fact === 'touchpoints' && names.length > 1) {
    shape.problems.error(
      node.pos,
      `Touchpoints come from several object types. Expected which one: { ${names[0]}: … }, out of ${listOf(names)}.`,
    );
    return [];
  }
  return make(node, names);
}

function isSourceKey(key: string): boolean {
  return [
    'field',
    'stage',
    'stamp',
    'constant',
    'values',
    'scale',
    'pipeline',
    'gives',
    'date',
    'type',
  ].includes(key);
}

function toFieldMaps(
  list: readonly Addition[],
  types: ReadonlyMap<string, FactType>,
  money: readonly string[],
  base: readonly FieldMap[],
): readonly FieldMap[] {
  return base.flatMap(({ connector, objects }) => {
    const mine = list.filter((addition) => addition.connector === connector);
    if (mine.length === 0) return [];
    const own = objects.flatMap(({ entity, type }) => {
      const fields = mine
        .filter((addition) => addition.types.includes(type))
        .map(({ field, source }) => [field, source] as const);
      return fields.length === 0 ? [] : [{ type, entity, fields: record(fields) }];
    });
    const kept = mine.flatMap(({ fact, field }) => {
      const key = `${fact}.${field}`;
      const type = types.get(key);
      return type === undefined ? [] : [[key, type] as const];
    });
    const amounts = money.filter((key) => mine.some(({ fact, field }) => `${fact}.${field}` === key));
    const map: FieldMap = { connector, objects: own, identity: {}, types: record(kept) };
    return [amounts.length === 0 ? map : { ...map, money: amounts }];
  });
}

/** Field maps laid over each other by connector: a later entry for the same fact field of an object type replaces the
 *  earlier one, everything else is kept. */
export function mergeFieldMaps(...layers: readonly (readonly FieldMap[])[]): readonly FieldMap[] {
  const merged = new Map<string, FieldMap>();
  for (const map of layers.flat()) {
    const before = merged.get(map.connector);
    if (before === undefined) {
      merged.set(map.connector, map);
      continue;
    }
    const added = new Map(map.objects.map((object) => [object.type, object]));
    const objects = before.objects.map((object) => {
      const over = added.get(object.type);
      added.delete(object.type);
      return over === undefined
        ? object
        : { ...object, fields: record([...Object.entries(object.fields), ...Object.entries(over.fields)]) };
    });
    merged.set(map.connector, {
      connector: map.connector,
      objects: [...objects, ...added.values()],
      identity: record([...Object.entries(before.identity), ...Object.entries(map.identity)]),
      types: record([...Object.entries(before.types ?? {}), ...Object.entries(map.types ?? {})]),
      money: [...new Set([...(before.money ?? []), ...(map.money ?? [])])],
    });
  }
  return [...merged.values()];
}
