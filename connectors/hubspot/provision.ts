import {
  PropertyCreateFieldTypeEnum as FieldShape,
  PropertyCreateTypeEnum as PropertyType,
} from '@hubspot/api-client/lib/codegen/crm/properties/index.js';
import type { ProvisionResult, ProvisionStep, ProvisionTarget } from '../../src/connector/port.ts';
import { isWaystageError, WaystageError } from '../../src/model/errors.ts';
import type { OutputField } from '../../src/model/outputs.ts';
import { isRefusal } from './errors.ts';
import { hubspotType, type PropertyDefinition } from './schema.ts';
import type { VendorClient } from './vendor.ts';

export const GROUP = { name: 'waystage', label: 'Waystage' } as const;

type Payload =
  | { readonly kind: 'group'; readonly type: string }
  | { readonly kind: 'property'; readonly type: string; readonly field: OutputField }
  | { readonly kind: 'options'; readonly type: string; readonly field: OutputField }
  | { readonly kind: 'conflict'; readonly type: string; readonly message: string };

interface Shape {
  readonly type: PropertyType;
  readonly fieldType: FieldShape;
}

/** One line of text up to this length, a text area above. */
const ONE_LINE = 255;

function shapeOf(field: OutputField): Shape {
  switch (field.kind) {
    case 'enum':
      return { type: PropertyType.Enumeration, fieldType: FieldShape.Select };
    case 'date':
      return { type: PropertyType.Date, fieldType: FieldShape.Date };
    case 'number':
      return { type: PropertyType.Number, fieldType: FieldShape.Number };
    case 'text':
      return (field.length ?? 0) > ONE_LINE
        ? { type: PropertyType.String, fieldType: FieldShape.Textarea }
        : { type: PropertyType.String, fieldType: FieldShape.Text };
  }
}

/** What is missing for `wanted`: the group, then properties, then options of properties that are there already. */
export async function planProvision(
  vendor: VendorClient,
  wanted: readonly ProvisionTarget[],
): Promise<readonly ProvisionStep[]> {
  const plans = wanted
    .filter((target) => target.fields.length > 0)
    .map(async (target) => {
      const type = hubspotType(target.type).name;
      const [groups, present] = await Promise.all([
        vendor.groups.getAll(type),
        vendor.properties.getAll(type),
      ]);
      const byName = new Map(present.results.map((property) => [property.name, property]));
      const steps: ProvisionStep[] = [];
      for (const field of target.fields) {
        const next = propertyStep(type, field, byName.get(field.name));
        if (next !== null) steps.push(next);
      }
      const creates = steps.some((one) => (one.payload as Payload).kind === 'property');
      if (creates && !groups.results.some((group) => group.name === GROUP.name)) {
        steps.unshift(
          step(`${type}:group`, `create property group ${GROUP.name} on ${type}`, null, {
            kind: 'group',
            type,
          }),
        );
      }
      return steps;
    });
  return (await Promise.all(plans)).flat();
}

function propertyStep(
  type: string,
  field: OutputField,
  present: PropertyDefinition | undefined,
): ProvisionStep | null {
  const id = `${type}:${field.name}`;
  if (present === undefined) {
    return step(id, `create property ${field.name} on ${type}`, field.name, {
      kind: 'property',
      type,
      field,
    });
  }
  const message = conflict(type, field, present);
  if (message !== null) return step(id, message, field.name, { kind: 'conflict', type, message });
  const missing = missingOptions(field, present);
  if (missing.length === 0) return null;
  const text = `add ${missing.length === 1 ? 'option' : 'options'} ${missing.map(({ value }) => value).join(', ')} to property ${field.name} on ${type}`;
  return step(id, text, field.name, { kind: 'options', type, field });
}

function step(id: string, text: string, field: string | null, payload: Payload): ProvisionStep {
  return { id, text, type: payload.type, field, payload };
}

/** Why the property that is there cannot hold the output; null when it can. */
function conflict(type: string, field: OutputField, present: PropertyDefinition): string | null {
  const wanted = shapeOf(field);
  if (present.type !== wanted.type) {
    return (
      `property ${field.name} on ${type} is there with type ${present.type} where Waystage needs ${wanted.type}; ` +
      'name another field in the mapping, or delete the property in HubSpot and provision again'
    );
  }
  if (present.modificationMetadata?.readOnlyValue === true || present.calculated === true) {
    return `property ${field.name} on ${type} is read-only or calculated in HubSpot; name another field in the mapping`;
  }
  return null;
}

function missingOptions(
  field: OutputField,
  present: PropertyDefinition,
): readonly { readonly value: string; readonly label: string }[] {
  const known = new Set((present.options ?? []).map(({ value }) => value));
  return (field.options ?? []).filter(({ value }) => !known.has(value));
}

/** Carries out a plan in its order. When a group cannot be created, its properties are not tried. */
export async function provision(
  vendor: VendorClient,
  steps: readonly ProvisionStep[],
): Promise<readonly ProvisionResult[]> {
  const results: ProvisionResult[] = [];
  const withoutGroup = new Set<string>();
  for (const { id, payload } of steps) {
    const what = payload as Payload;
    try {
      if (what.kind === 'property' && withoutGroup.has(what.type)) {
        throw new WaystageError(
          'crm_refused',
          `not tried, because property group ${GROUP.name} could not be created on ${what.type}`,
        );
      }
      await carryOut(vendor, what);
      results.push({ id, ok: true, message: null });
    } catch (error) {
      if (what.kind === 'group') withoutGroup.add(what.type);
      if (!isWaystageError(error)) throw error;
      // No later step can do better with credentials that are refused or a run that is stopped.
      if (error.code === 'stopped' || error.code === 'crm_credentials') throw error;
      results.push({ id, ok: false, message: error.message });
    }
  }
  return results;
}

async function carryOut(vendor: VendorClient, what: Payload): Promise<void> {
  switch (what.kind) {
    case 'conflict':
      throw new WaystageError('crm_refused', what.message);
    case 'group':
      await unlessThere(() => vendor.groups.create(what.type, { ...GROUP }));
      return;
    case 'property':
      if (await unlessThere(() => vendor.properties.create(what.type, definition(what.field)))) return;
      await addOptions(vendor, what.type, what.field);
      return;
    case 'options':
      await addOptions(vendor, what.type, what.field);
  }
}

/** False when it is there already: somebody was faster, or our first try got through and only its answer was lost. */
async function unlessThere(create: () => Promise<unknown>): Promise<boolean> {
  try {
    await create();
    return true;
  } catch (error) {
    if (isRefusal(error) && error.status === 409) return false;
    throw error;
  }
}

/** Options are replaced as a whole, so the present ones are read again and kept, in their order. */
async function addOptions(vendor: VendorClient, type: string, field: OutputField): Promise<void> {
  const present = await vendor.properties.getByName(type, field.name);
  const message = conflict(type, field, present);
  if (message !== null) throw new WaystageError('crm_refused', message);
  const missing = missingOptions(field, present);
  if (missing.length === 0) return;
  const kept = present.options.map(({ label, value, hidden, displayOrder, description }) => ({
    label,
    value,
    hidden,
    ...(displayOrder === undefined ? {} : { displayOrder }),
    ...(description === undefined ? {} : { description }),
  }));
  const added = missing.map(({ label, value }, index) => ({
    label,
    value,
    hidden: false,
    displayOrder: kept.length + index,
  }));
  await vendor.properties.update(type, field.name, { options: [...kept, ...added] });
}

function definition(field: OutputField): Parameters<VendorClient['properties']['create']>[1] {
  return {
    ...shapeOf(field),
    name: field.name,
    label: field.label,
    groupName: GROUP.name,
    description: 'Written by Waystage. Changes made by hand are treated as the mapping says.',
    formField: false,
    hidden: false,
    ...(field.kind === 'enum'
      ? {
          options: (field.options ?? []).map(({ value, label }, displayOrder) => ({
            value,
            label,
            displayOrder,
            hidden: false,
          })),
        }
      : {}),
  };
}
