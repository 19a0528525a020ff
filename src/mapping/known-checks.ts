import type { Addition } from './additions.ts';
import { nearest, type Problems, quote } from './problems.ts';
import { crmFields } from './reads.ts';
import type { FactName, FieldMap, Position } from './types.ts';
import { type KnownConnection, optionsOf, originsOf } from './vocabulary.ts';

/** What can be said about a mapping once CRMs are known: fields they do not have, options without a word (J3). */
export function checkKnown(
  known: readonly KnownConnection[],
  fieldMaps: readonly FieldMap[],
  additions: readonly Addition[],
  reads: ReadonlyMap<string, Position>,
  problems: Problems,
): void {
  if (known.length === 0) return;
  for (const addition of additions) checkAddition(known, addition, problems);
  const added = new Map(additions.map((one) => [`${one.fact}.${one.field}`, one.pos]));
  for (const [key, pos] of reads) {
    const [fact, field] = key.split('.') as [FactName, string];
    checkOptions(known, fieldMaps, fact, field, added.get(key) ?? pos, added.has(key), problems);
  }
}

function fieldsOf({ crm }: KnownConnection, type: string): readonly string[] | null {
  const object = Object.hasOwn(crm.objects, type) ? crm.objects[type] : undefined;
  return object === undefined ? null : Object.keys(object.fields);
}

/** A field named in `fields:` must exist on one object type of one connection at least. */
function checkAddition(
  known: readonly KnownConnection[],
  { connector, pos, source, types }: Addition,
  problems: Problems,
): void {
  const connections = known.filter((one) => one.connector === connector);
  for (const name of crmFields(source)) {
    if (name.includes('.')) continue;
    const places = connections.flatMap((one) =>
      types.flatMap((type) => {
        const fields = fieldsOf(one, type);
        return fields === null ? [] : [{ where: `${type} of ${one.connection}`, fields }];
      }),
    );
    const lacking = places.filter(({ fields }) => !fields.includes(name));
    if (lacking.length === 0) continue;
    const where = lacking.map((place) => place.where).join(', ');
    if (lacking.length === places.length) {
      const near = nearest(name, new Set(places.flatMap(({ fields }) => fields)));
      problems.error(
        pos,
        `The CRM has no field ${quote(name)}: looked at ${where}. Expected the CRM's own field name.`,
        near,
      );
    } else {
      problems.warn(pos, `No field ${quote(name)} on ${where}: there it never has a value.`);
    }
  }
}

function checkOptions(
  known: readonly KnownConnection[],
  fieldMaps: readonly FieldMap[],
  fact: FactName,
  field: string,
  pos: Position,
  fieldsChecked: boolean,
  problems: Problems,
): void {
  for (const { connector, object, source } of originsOf(fieldMaps, fact, field)) {
    for (const one of known.filter((connection) => connection.connector === connector)) {
      const fields = fieldsOf(one, object.type);
      const lacking =
        fields === null || fieldsChecked
          ? []
          : crmFields(source).filter((name) => !name.includes('.') && !fields.includes(name));
      for (const name of lacking) {
        problems.warn(
          pos,
          `\`${fact}.${field}\` has no value from ${one.connection}: its ${object.type} have no field ${quote(name)}.`,
        );
      }
      if (source.kind !== 'field' || source.values === null) continue;
      const mapped = new Set(Object.keys(source.values).map((option) => option.toLowerCase()));
      const words = new Set(Object.values(source.values).map((word) => word.toLowerCase()));
      const open = optionsOf([one.crm], object.type, source.fields[0] ?? '').filter(
        (option) => !mapped.has(option.toLowerCase()) && !words.has(option.toLowerCase()),
      );
      if (open.length === 0) continue;
      problems.warn(
        pos,
        `${one.connection} has options of ${object.type}.${source.fields[0]} that no word of \`${fact}.${field}\` stands for: ${open.slice(0, 8).map(quote).join(', ')}. Name them under values:, or rules see them as the CRM spells them.`,
      );
    }
  }
}
