import type { Entity } from '../model/record.ts';
import { FACTS_OF_ENTITY, fieldNames, fieldSpec } from './catalogue.ts';
import { readFieldSource, SOURCE_FORM } from './field-source.ts';
import { createProblems, listOf, nearest, quote, sortProblems } from './problems.ts';
import { CONNECTOR, createShape, NAME, NAME_FORM, record, type Shape } from './shape.ts';
import { readSource, type YamlMap } from './source.ts';
import type {
  FactName,
  FactType,
  FieldMap,
  FieldSource,
  IdentityFields,
  ObjectMap,
  Position,
  Problem,
} from './types.ts';

/* A field map, `mappings/fields/<connector>.yaml` (J3):
 *
 *   connector: hubspot
 *   objects:
 *     contacts:                        the CRM's object type
 *       is: person                     person | account | deal | ticket | touchpoint | survey | role
 *       identity:                      how its records are matched (J30)
 *         emails: [email]              primary first
 *         domains: [domain]
 *         cross_ids: [{ field: salesforcecontactid, connector: salesforce, types: [Contact] }]
 *       fields:                        fact field: where it comes from
 *         email: email                 one CRM field
 *         name: [firstname, lastname]  several, joined with a space
 *         created: { stamp: created }  the record's own stamp
 *         channel: { constant: call }
 *         priority: { field: Priority, values: { urgent: [Critical] } }          our word: the CRM's options
 *         score: { field: hs_value, scale: { by: hs_survey_type, NPS: [0, 10] } }  brought to 0-100
 *         won: { stage: dealstage, pipeline: pipeline, gives: won }              from the pipeline's metadata
 *         closed: { stage: dealstage, gives: closed, date: closedate }           only while the stage is closed
 *         arr: { field: ARR__c, type: number, money: true }   a field of your own says its type, and if it is money */

const ENTITIES = Object.keys(FACTS_OF_ENTITY) as readonly Entity[];
export const CRM_NAME = /^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)*$/;

export interface LoadedFieldMap {
  readonly fieldMap: FieldMap | null;
  readonly problems: readonly Problem[];
}

/** Reads one field map; all that is wrong with it comes back at once, and then `fieldMap` is null. Warnings alone do
 *  not stop it. */
export function loadFieldMap(text: string, file: string): LoadedFieldMap {
  const problems = createProblems();
  const shape = createShape(problems);
  const root = shape.map(readSource(text, file, problems) ?? undefined, 'A field map');
  if (root === null) return { fieldMap: null, problems: sortProblems(problems.list) };
  shape.keys(root, ['connector', 'description', 'objects'], 'a field map');
  const connectorNode = root.get('connector');
  const connector = connectorNode === undefined ? null : shape.text(connectorNode.value, 'connector');
  if (connectorNode === undefined)
    problems.error(root.pos, 'Found no `connector`. Expected connector: hubspot or the like.');
  else if (connector !== null && !CONNECTOR.test(connector)) {
    problems.error(
      connectorNode.value.pos,
      `Bad connector ${quote(connector)}; expected its id, such as hubspot.`,
    );
  }
  const objectsNode = root.get('objects');
  if (objectsNode === undefined)
    problems.error(root.pos, 'Found no `objects`. Expected the object types with their fields.');
  const types: [string, FactType][] = [];
  const objects: ObjectMap[] = [];
  const money = new Set<string>();
  const identity: [string, IdentityFields][] = [];
  for (const { key, keyPos, value } of shape.map(objectsNode?.value, 'objects')?.entries ?? []) {
    if (!CRM_NAME.test(key)) {
      problems.error(
        keyPos,
        `Bad object type ${quote(key)}; expected the CRM's name, such as contacts or Opportunity.`,
      );
      continue;
    }
    const map = shape.map(value, `The object type ${key}`);
    if (map === null) continue;
    shape.keys(map, ['is', 'identity', 'fields'], `the object type ${key}`);
    const entity = readEntity(shape, map, keyPos);
    if (entity === null) continue;
    objects.push({ type: key, entity, fields: readFields(shape, map, entity, types, money) });
    identity.push([key, readIdentity(shape, map)]);
  }
  const sorted = sortProblems(problems.list);
  if (problems.failed || connector === null) return { fieldMap: null, problems: sorted };
  return {
    fieldMap: {
      connector,
      objects,
      identity: record(identity),
      types: record(types),
      ...(money.size === 0 ? {} : { money: [...money] }),
    },
    problems: sorted,
  };
}

function readEntity(shape: Shape, map: YamlMap, keyPos: Position): Entity | null {
  const entry = map.get('is');
  if (entry === undefined) {
    shape.problems.error(keyPos, `Found no \`is\`. Expected is: with ${listOf(ENTITIES)}.`);
    return null;
  }
  const text = shape.text(entry.value, 'is');
  if (text === null) return null;
  if ((ENTITIES as readonly string[]).includes(text)) return text as Entity;
  shape.problems.error(
    entry.value.pos,
    `Found is: ${quote(text)}; expected ${listOf(ENTITIES)}.`,
    nearest(text, ENTITIES),
  );
  return null;
}

function readFields(
  shape: Shape,
  map: YamlMap,
  entity: Entity,
  types: [string, FactType][],
  money: Set<string>,
): Readonly<Record<string, FieldSource>> {
  const [fact] = FACTS_OF_ENTITY[entity] as readonly [FactName, ...FactName[]];
  const fields: [string, FieldSource][] = [];
  for (const { key, keyPos, value } of shape.map(map.get('fields')?.value, 'fields')?.entries ?? []) {
    if (!NAME.test(key)) {
      shape.problems.error(keyPos, `Bad fact field ${quote(key)}; expected ${NAME_FORM}.`);
      continue;
    }
    const read = readFieldSource(shape, value, fieldSpec(fact, key));
    if (read === null) continue;
    if (fieldSpec(fact, key) === null) {
      if (read.type === null) {
        const known = fieldNames(fact);
        shape.problems.error(
          keyPos,
          `\`${fact}.${key}\` is a field of your own. Expected its type: ${SOURCE_FORM} with type: number or the like.`,
          nearest(key, known),
        );
        continue;
      }
      types.push([`${fact}.${key}`, read.type]);
    }
    if (read.money) money.add(`${fact}.${key}`);
    fields.push([key, read.source]);
  }
  return record(fields);
}

function readIdentity(shape: Shape, map: YamlMap): IdentityFields {
  const node = shape.map(map.get('identity')?.value, 'identity');
  if (node === null) return { emails: [], domains: [], crossIds: [] };
  shape.keys(node, ['emails', 'domains', 'cross_ids'], 'identity');
  const names = (key: string): readonly string[] => {
    const value = node.get(key)?.value;
    return value === undefined
      ? []
      : shape.texts(value, key).flatMap(({ text, pos }) => crmName(shape, text, pos) ?? []);
  };
  const crossNode = node.get('cross_ids')?.value;
  const crossIds = (crossNode === undefined ? [] : shape.list(crossNode, 'cross_ids')).flatMap((item) => {
    const cross = shape.map(item, 'A cross-id');
    if (cross === null) return [];
    shape.keys(cross, ['field', 'connector', 'types'], 'a cross-id');
    const field = cross.get('field')?.value;
    const connector = cross.get('connector')?.value;
    const targets = cross.get('types')?.value;
    if (field === undefined || connector === undefined || targets === undefined) {
      shape.problems.error(cross.pos, 'A cross-id needs field:, connector: and types:.');
      return [];
    }
    const name = shape.text(field, 'field');
    const other = shape.text(connector, 'connector');
    if (name === null || other === null || crmName(shape, name, field.pos) === null) return [];
    return [{ field: name, connector: other, types: shape.texts(targets, 'types').map(({ text }) => text) }];
  });
  return { emails: names('emails'), domains: names('domains'), crossIds };
}

function crmName(shape: Shape, text: string, pos: Position): string | null {
  if (CRM_NAME.test(text)) return text;
  shape.problems.error(
    pos,
    `Bad CRM field ${quote(text)}; expected the CRM's own name, such as hs_timestamp or Renewal_Date__c.`,
  );
  return null;
}
