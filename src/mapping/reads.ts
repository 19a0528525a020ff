import type { ListName } from '../model/facts.ts';
import { DISPLAY_FIELDS, FACTS_OF_ENTITY, START_FIELD } from './catalogue.ts';
import { wantedReads } from './load-analysis.ts';
import { isList } from './resolve.ts';
import type { Reference } from './scope.ts';
import { type Node, visit } from './tree.ts';
import type { AccountReads, FactName, FieldMap, FieldSource, Mapping, Position, ReadSet } from './types.ts';

export interface Reads {
  readonly set: ReadSet;
  /** Where each `fact.field` is read first. */
  readonly positions: ReadonlyMap<string, Position>;
}

/** The fact fields that rules read (J3), with the start of each item of a list and what people know a record by. */
export function readsOf(roots: readonly Node[]): Reads {
  const set = new Map<FactName, Set<string>>();
  const positions = new Map<string, Position>();
  const facts = (fact: FactName): Set<string> => {
    let fields = set.get(fact);
    if (fields === undefined) {
      fields = new Set(DISPLAY_FIELDS[fact]);
      if (isList(fact)) fields.add(START_FIELD[fact]);
      set.set(fact, fields);
    }
    return fields;
  };
  for (const root of roots) {
    visit(root, (node) => {
      if (node.op === 'quant' || node.op === 'aggregate') facts(node.list.list);
      if (node.op !== 'field') return;
      facts(node.fact).add(node.field);
      const key = `${node.fact}.${node.field}`;
      if (!positions.has(key)) positions.set(key, node.pos);
    });
  }
  const entries = [...set].map(([fact, fields]) => [fact, [...fields].sort()] as const);
  return { set: Object.fromEntries(entries), positions };
}

/** What rules read of the account beside what they read of the person (J2). When an account was last active, its
 *  touchpoints tell, too. */
export function accountReadsOf(roots: readonly Node[]): AccountReads {
  let fields = false;
  const lists = new Set<ListName>();
  for (const root of roots) {
    visit(root, (node) => {
      if ((node.op === 'quant' || node.op === 'aggregate') && node.list.of === 'account')
        lists.add(node.list.list);
      if (node.op === 'result' && node.of === 'account') fields = true;
      if (node.op !== 'field' || node.scope !== 'account') return;
      fields = true;
      if (node.field === 'last_activity') lists.add('touchpoints');
    });
  }
  return { fields, lists: [...lists].sort() };
}

export function dependsOn(references: readonly Reference[]): Mapping['dependsOn'] {
  const found = new Map<string, Mapping['dependsOn'][number]>();
  for (const { journey, of } of references) found.set(`${of} ${journey}`, { of, journey });
  return [...found.values()];
}

/**
 * CRM fields to ask for on one object type: those that a fact field read by some mapping comes from, the identity
 * keys, and what people know a record by; sorted, each once. The connector adds what it needs itself (stamps, merge
 * and delete marks, associations). Empty when the field map does not know the type.
 */
export function requestedFields(
  mappings: readonly Pick<Mapping, 'reads' | 'analysis' | 'outcomes'>[],
  fieldMap: FieldMap,
  objectType: string,
): readonly string[] {
  const object = fieldMap.objects.find(({ type }) => type === objectType);
  if (object === undefined) return [];
  const wanted = new Set<string>();
  const add = (field: string): void => {
    const source = Object.hasOwn(object.fields, field) ? object.fields[field] : undefined;
    if (source !== undefined) for (const name of crmFields(source)) wanted.add(name);
  };
  for (const fact of FACTS_OF_ENTITY[object.entity]) {
    for (const field of DISPLAY_FIELDS[fact]) add(field);
    if (isList(fact)) add(START_FIELD[fact]);
    for (const mapping of mappings) for (const field of wantedReads(mapping)[fact] ?? []) add(field);
  }
  const identity = Object.hasOwn(fieldMap.identity, objectType) ? fieldMap.identity[objectType] : undefined;
  if (identity !== undefined) {
    for (const name of [...identity.emails, ...identity.domains]) wanted.add(name);
    for (const { field } of identity.crossIds) wanted.add(field);
  }
  return [...wanted].sort();
}

/** Object types whose records some mapping needs: those that make subjects, and those whose facts rules read. */
export function neededTypes(
  mappings: readonly Pick<Mapping, 'reads' | 'analysis' | 'outcomes'>[],
  fieldMap: FieldMap,
): readonly string[] {
  return fieldMap.objects.flatMap(({ entity, type }) => {
    if (entity === 'person' || entity === 'account') return [type];
    const facts = FACTS_OF_ENTITY[entity];
    const read = mappings.some((mapping) => {
      const reads = wantedReads(mapping);
      return facts.some((fact) =>
        entity === 'role' ? reads[fact]?.includes('role') : reads[fact] !== undefined,
      );
    });
    return read ? [type] : [];
  });
}

/** The CRM fields a source is read from. */
export function crmFields(source: FieldSource): readonly string[] {
  switch (source.kind) {
    case 'field':
      return source.scale?.by ? [...source.fields, source.scale.by] : source.fields;
    case 'stage':
      return [source.field, source.pipeline, source.date].filter(
        (name) => name !== null && name !== undefined,
      );
    default:
      return [];
  }
}
