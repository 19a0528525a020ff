import { ControlError, type FieldChange } from '../../../src/sandbox/index.ts';
import { type Portal, schemaOf } from './portal.ts';
import type { PropertyDefinition } from './schema.ts';

const FIELD_TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'number',
  date: 'date',
  datetime: 'date',
  bool: 'booleancheckbox',
};

/**
 * What an administrator does to a property while apps are at work. HubSpot's own properties can only be hidden
 * (sensitive data, which the app has no scope for). HubSpot never renames a property: `rename` is what people do
 * instead, a new property with the old one's values, and the old one archived. `retype` leaves the stored texts as
 * they are, as HubSpot does. Throws `ControlError` and `HubspotError`.
 */
export function changeField(portal: Portal, type: string, change: FieldChange): void {
  const schema = schemaOf(portal, type);
  const key = `${type}/${change.field}`;
  if (change.action === 'show') {
    const definition = portal.hidden.get(key);
    if (definition === undefined)
      throw new ControlError(`The property ${change.field} of ${type} is not hidden.`);
    schema.put(change.field, definition);
    portal.hidden.delete(key);
    return;
  }
  const known = schema.get(change.field);
  if (known === undefined) throw new ControlError(`There is no property ${change.field} of ${type}.`);
  const now = portal.time.now();
  if (change.action === 'hide') {
    portal.hidden.set(key, known);
    schema.put(change.field, null);
    return;
  }
  if (known.hubspotDefined)
    throw new ControlError(`${known.name} is one of HubSpot's own properties; it can only be hidden.`);
  if (change.action === 'retype') {
    schema.put(known.name, retyped(known, change.to!, now));
    return;
  }
  if (change.action === 'rename') {
    const to = change.to!;
    if (!/^[a-z][a-z0-9_]{0,99}$/.test(to)) throw new ControlError(`"${to}" is no name of a property.`);
    if (schema.get(to) !== undefined) throw new ControlError(`There is a property ${to} of ${type} already.`);
    schema.put(to, { ...known, name: to, createdAt: now, updatedAt: now });
    for (const record of portal.store.all(type)) {
      const value = record.properties[known.name];
      if (value !== undefined) record.properties[to] = value;
    }
  }
  schema.archive(known.name, now);
}

function retyped(known: PropertyDefinition, to: string, now: number): PropertyDefinition {
  const fieldType = FIELD_TYPES[to];
  if (fieldType === undefined)
    throw new ControlError(`"${to}" is no type to change to; use ${Object.keys(FIELD_TYPES).join(', ')}.`);
  const option = (value: string, label: string, displayOrder: number) => ({
    value,
    label,
    displayOrder,
    hidden: false,
  });
  const options = to === 'bool' ? [option('true', 'Yes', 0), option('false', 'No', 1)] : [];
  return { ...known, type: to as PropertyDefinition['type'], fieldType, options, updatedAt: now };
}
