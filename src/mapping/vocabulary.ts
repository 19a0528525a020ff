import { FACTS_OF_ENTITY, fieldSpec } from './catalogue.ts';
import type { FactName, FieldMap, FieldSource, ObjectMap } from './types.ts';

/** What is known of a CRM when its connection was once opened; a `Discovery` of the connector port fits. */
export interface KnownCrm {
  readonly homeCurrency: string | null;
  readonly objects: Readonly<
    Record<
      string,
      {
        readonly fields: Readonly<
          Record<
            string,
            {
              /** `enum`: one of the options, nothing else. */
              readonly type?: string;
              readonly options?: readonly { readonly value: string; readonly label: string }[];
            }
          >
        >;
      }
    >
  >;
  readonly stages: readonly { readonly type: string; readonly field: string; readonly label: string }[];
}

export interface KnownConnection {
  readonly connection: string;
  readonly connector: string;
  readonly crm: KnownCrm;
}

/** One place a fact field comes from. */
export interface FieldOrigin {
  readonly connector: string;
  readonly object: ObjectMap;
  readonly source: FieldSource;
}

export function originsOf(
  fieldMaps: readonly FieldMap[],
  fact: FactName,
  field: string,
): readonly FieldOrigin[] {
  return fieldMaps.flatMap(({ connector, objects }) =>
    objects.flatMap((object) => {
      if (!FACTS_OF_ENTITY[object.entity].includes(fact)) return [];
      const source = Object.hasOwn(object.fields, field) ? object.fields[field] : undefined;
      return source === undefined ? [] : [{ connector, object, source }];
    }),
  );
}

/** The words a text field can have, in our spelling: those of the value maps and constants that feed it and, where a
 *  CRM is known, its options and stage labels; an option field without a value map has the CRM's own options. Null when
 *  one of its sources can hold any text. */
export function wordsOf(
  fieldMaps: readonly FieldMap[],
  known: readonly KnownConnection[],
  fact: FactName,
  field: string,
): readonly string[] | null {
  const origins = originsOf(fieldMaps, fact, field);
  if (origins.length === 0) return fieldSpec(fact, field)?.words ?? null;
  const words = new Set<string>();
  for (const { connector, object, source } of origins) {
    const crms = known.filter((one) => one.connector === connector).map(({ crm }) => crm);
    if (source.kind === 'constant') {
      words.add(String(source.value));
    } else if (source.kind === 'stage' && source.gives === 'label' && crms.length > 0) {
      for (const { stages } of crms) {
        for (const stage of stages) {
          if (stage.type === object.type && stage.field === source.field) words.add(stage.label);
        }
      }
    } else if (source.kind === 'field' && source.values !== null) {
      for (const word of Object.values(source.values)) words.add(word);
      for (const option of optionsOf(crms, object.type, source.fields[0] ?? '')) {
        // An option without a word stays as the CRM spells it, and rules may name it so.
        words.add(source.values[option] ?? option);
      }
    } else {
      const options = source.kind === 'field' ? ownOptions(crms, object.type, source.fields) : null;
      if (options === null) return null;
      for (const option of options) words.add(option);
    }
  }
  return [...words];
}

/** Options of one field that is an enum in every known CRM that has the object type; null: any text goes. */
function ownOptions(
  crms: readonly KnownCrm[],
  type: string,
  fields: readonly string[],
): readonly string[] | null {
  const [field, ...more] = fields;
  const having = crms.filter(({ objects }) => Object.hasOwn(objects, type));
  if (field === undefined || more.length > 0 || having.length === 0) return null;
  const bound = having.every(({ objects }) => {
    const known = objects[type]?.fields;
    const info = known !== undefined && Object.hasOwn(known, field) ? known[field] : undefined;
    return info?.type === 'enum' && (info.options?.length ?? 0) > 0;
  });
  return bound ? optionsOf(having, type, field) : null;
}

export function optionsOf(crms: readonly KnownCrm[], type: string, field: string): readonly string[] {
  return crms.flatMap(({ objects }) => {
    const fields = Object.hasOwn(objects, type) ? objects[type]?.fields : undefined;
    const info = fields !== undefined && Object.hasOwn(fields, field) ? fields[field] : undefined;
    return info?.options?.map(({ value }) => value) ?? [];
  });
}
