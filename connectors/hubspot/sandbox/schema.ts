import { conflict, HubspotError, invalid, notFound } from './errors.ts';
import { OBJECT_TYPES, type ObjectType } from './object-types.ts';
import { PIPELINE_FIELDS, PIPELINES } from './pipelines.ts';
import { PROPERTY_CATALOG, type PropertyOption, type PropertyType } from './property-catalog.ts';

export interface PropertyDefinition {
  readonly name: string;
  readonly label: string;
  readonly description: string;
  readonly groupName: string;
  readonly type: PropertyType;
  readonly fieldType: string;
  readonly options: readonly PropertyOption[];
  readonly displayOrder: number;
  readonly hasUniqueValue: boolean;
  readonly hidden: boolean;
  readonly formField: boolean;
  readonly calculated: boolean;
  readonly externalOptions: boolean;
  readonly hubspotDefined: boolean;
  readonly readOnlyValue: boolean;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Null: in use. An archived property can be had back by creating it again. */
  readonly archivedAt: number | null;
}

export interface PropertyGroup {
  readonly name: string;
  readonly label: string;
  readonly displayOrder: number;
  readonly archived: boolean;
}

/** What a client may say when it creates a property; already checked for shape. */
export interface PropertyDraft {
  readonly name: string;
  readonly label: string;
  readonly groupName: string;
  readonly type: string;
  readonly fieldType: string;
  readonly description?: string | undefined;
  readonly options?: readonly PropertyOption[] | undefined;
  readonly displayOrder?: number | undefined;
  readonly hasUniqueValue?: boolean | undefined;
  readonly hidden?: boolean | undefined;
  readonly formField?: boolean | undefined;
}
export type PropertyChange = {
  readonly [Key in keyof Omit<PropertyDraft, 'name' | 'hasUniqueValue'>]?: PropertyDraft[Key] | undefined;
};

/** Properties and groups of one object type. */
export interface Schema {
  readonly type: ObjectType;
  /** In use only. */
  get(name: string): PropertyDefinition | undefined;
  getArchived(name: string): PropertyDefinition | undefined;
  list(archived: boolean): readonly PropertyDefinition[];
  customCount(): number;
  create(draft: PropertyDraft, now: number): PropertyDefinition;
  update(name: string, change: PropertyChange, now: number): PropertyDefinition;
  archive(name: string, now: number): void;
  /** Behind the API, unchecked: the property is as given, or, with null, was never there. */
  put(name: string, definition: PropertyDefinition | null): void;
  group(name: string): PropertyGroup | undefined;
  groups(): readonly PropertyGroup[];
  createGroup(name: string, label: string, displayOrder: number): PropertyGroup;
  updateGroup(
    name: string,
    change: { readonly label?: string | undefined; readonly displayOrder?: number | undefined },
  ): PropertyGroup;
  archiveGroup(name: string): void;
}

const FIELD_TYPES: Readonly<Record<string, readonly string[]>> = {
  string: ['text', 'textarea', 'html', 'file', 'phonenumber'],
  number: ['number'],
  date: ['date'],
  datetime: ['date'],
  enumeration: ['select', 'radio', 'checkbox', 'booleancheckbox'],
  bool: ['booleancheckbox'],
};
const MAX_UNIQUE = 10;

export function createSchema(type: ObjectType, customLimit: number, since: number): Schema {
  const home = `${type.singular}information`;
  const properties = new Map<string, PropertyDefinition>();
  const groups = new Map<string, PropertyGroup>([
    [home, { name: home, label: `${type.label} information`, displayOrder: 0, archived: false }],
  ]);
  for (const seed of PROPERTY_CATALOG[type.name] ?? []) {
    properties.set(seed.name, {
      name: seed.name,
      label: seed.label,
      description: '',
      groupName: home,
      type: seed.type,
      fieldType: seed.fieldType,
      options: stageOptions(type.name, seed.name) ?? seed.options,
      displayOrder: -1,
      hasUniqueValue: seed.unique,
      hidden: false,
      formField: !seed.readOnly,
      calculated: seed.calculated,
      externalOptions: seed.external,
      hubspotDefined: !seed.custom,
      readOnlyValue: seed.readOnly,
      createdAt: since,
      updatedAt: since,
      archivedAt: null,
    });
  }
  const live = (): PropertyDefinition[] => [...properties.values()].filter((one) => one.archivedAt === null);
  const custom = (): PropertyDefinition[] => live().filter((one) => !one.hubspotDefined);
  const get = (name: string): PropertyDefinition | undefined => {
    const found = properties.get(name);
    return found?.archivedAt === null ? found : undefined;
  };
  const changeable = (name: string): PropertyDefinition => {
    const found = get(name);
    if (found === undefined) throw notFound(`Property ${name} does not exist on ${type.name}.`);
    return found;
  };
  const checkGroup = (name: string): void => {
    if (groups.get(name)?.archived !== false)
      throw invalid(`Property group ${name} does not exist for ${type.name}.`, {
        context: { groupName: [name] },
      });
  };

  return {
    type,
    get,
    getArchived: (name) => {
      const found = properties.get(name);
      return found === undefined || found.archivedAt === null ? undefined : found;
    },
    list: (archived) =>
      archived ? [...properties.values()].filter((one) => one.archivedAt !== null) : live(),
    customCount: () => custom().length,
    create: (draft, now) => {
      if (!/^[a-z][a-z0-9_]{0,99}$/.test(draft.name))
        throw invalid(
          `Property name "${draft.name}" is not valid: use lower-case letters, digits and underscores, begin with a letter, at most 100 characters.`,
        );
      const known = properties.get(draft.name);
      if (known !== undefined && known.archivedAt === null)
        throw new HubspotError(
          409,
          'OBJECT_ALREADY_EXISTS',
          `A property named '${draft.name}' already exists.`,
        );
      checkGroup(draft.groupName);
      checkKind(draft.type, draft.fieldType);
      const options = checkOptions(draft.type, draft.options ?? []);
      if (custom().length >= customLimit)
        throw invalid(`The limit of ${customLimit} custom properties for ${type.name} is reached.`);
      if (draft.hasUniqueValue === true) {
        if (draft.type !== 'string' && draft.type !== 'number')
          throw invalid('hasUniqueValue is only allowed for properties of type string or number.');
        if (custom().filter((one) => one.hasUniqueValue).length >= MAX_UNIQUE)
          throw invalid(`At most ${MAX_UNIQUE} properties with unique values are allowed for ${type.name}.`);
      }
      const definition: PropertyDefinition = {
        name: draft.name,
        label: draft.label,
        description: draft.description ?? '',
        groupName: draft.groupName,
        type: draft.type as PropertyType,
        fieldType: draft.fieldType,
        options,
        displayOrder: draft.displayOrder ?? -1,
        hasUniqueValue: draft.hasUniqueValue ?? false,
        hidden: draft.hidden ?? false,
        formField: draft.formField ?? false,
        calculated: false,
        externalOptions: false,
        hubspotDefined: false,
        readOnlyValue: false,
        createdAt: known?.createdAt ?? now,
        updatedAt: now,
        archivedAt: null,
      };
      if (known !== undefined && known.type !== definition.type)
        throw invalid(
          `The archived property '${draft.name}' has type ${known.type}; it cannot come back as ${draft.type}.`,
        );
      properties.set(draft.name, definition);
      return definition;
    },
    update: (name, change, now) => {
      const found = changeable(name);
      const kind = change.type ?? found.type;
      const fieldType = change.fieldType ?? found.fieldType;
      if (found.hubspotDefined && (change.type !== undefined || change.fieldType !== undefined))
        throw invalid(`The definition of property ${name} is read only.`);
      if (change.type !== undefined || change.fieldType !== undefined) checkKind(kind, fieldType);
      if (change.groupName !== undefined) checkGroup(change.groupName);
      const { options, ...rest } = change;
      const next: PropertyDefinition = {
        ...found,
        ...(definedOnly(rest) as Partial<PropertyDefinition>),
        type: kind as PropertyType,
        // The list given replaces the list there was.
        options: options === undefined ? found.options : checkOptions(kind, options),
        updatedAt: now,
      };
      properties.set(name, next);
      return next;
    },
    archive: (name, now) => {
      const found = changeable(name);
      if (found.hubspotDefined)
        throw invalid(`Property ${name} is defined by HubSpot and cannot be archived.`);
      properties.set(name, { ...found, archivedAt: now, updatedAt: now });
    },
    put: (name, definition) => {
      if (definition === null) properties.delete(name);
      else properties.set(name, definition);
    },
    group: (name) => {
      const found = groups.get(name);
      return found?.archived === false ? found : undefined;
    },
    groups: () => [...groups.values()].filter((one) => !one.archived),
    createGroup: (name, label, displayOrder) => {
      if (!/^[a-z][a-z0-9_-]{0,99}$/.test(name)) throw invalid(`Property group name "${name}" is not valid.`);
      if (groups.get(name)?.archived === false)
        throw conflict(`A property group named '${name}' already exists.`);
      const group = { name, label, displayOrder, archived: false };
      groups.set(name, group);
      return group;
    },
    updateGroup: (name, change) => {
      const found = groups.get(name);
      if (found?.archived !== false) throw notFound(`Property group ${name} does not exist on ${type.name}.`);
      const next = { ...found, ...(definedOnly(change) as Partial<PropertyGroup>) };
      groups.set(name, next);
      return next;
    },
    archiveGroup: (name) => {
      const found = groups.get(name);
      if (found?.archived !== false) throw notFound(`Property group ${name} does not exist on ${type.name}.`);
      if (live().some((one) => one.groupName === name))
        throw invalid(`Property group ${name} still has properties; move or archive them first.`);
      groups.set(name, { ...found, archived: true });
    },
  };
}

export function createSchemas(customLimit: number, since: number): ReadonlyMap<string, Schema> {
  return new Map(OBJECT_TYPES.map((type) => [type.name, createSchema(type, customLimit, since)]));
}

function checkKind(type: string, fieldType: string): void {
  const allowed = FIELD_TYPES[type];
  if (allowed === undefined)
    throw invalid(`Property type "${type}" is not one of ${Object.keys(FIELD_TYPES).join(', ')}.`);
  if (!allowed.includes(fieldType))
    throw invalid(`Field type "${fieldType}" does not go with type "${type}"; use ${allowed.join(', ')}.`);
}

function checkOptions(type: string, options: readonly PropertyOption[]): readonly PropertyOption[] {
  if (type === 'bool') {
    const values = options.map((option) => option.value).sort();
    if (values.length !== 2 || values[0] !== 'false' || values[1] !== 'true')
      throw invalid('Boolean properties must have exactly two options with the values true and false.');
    return options;
  }
  if (type !== 'enumeration') {
    if (options.length > 0) throw invalid(`Properties of type ${type} cannot have options.`);
    return options;
  }
  const seen = new Set<string>();
  for (const { value, label } of options) {
    if (value === '' || label === '') throw invalid('Every option needs a value and a label.');
    if (value.includes(';')) throw invalid(`Option value "${value}" must not contain a semicolon.`);
    if (seen.has(value)) throw invalid(`Option value "${value}" is there twice.`);
    seen.add(value);
  }
  return options;
}

/** Pipeline and stage properties offer what the pipelines have. */
function stageOptions(type: string, name: string): readonly PropertyOption[] | null {
  const fields = PIPELINE_FIELDS[type];
  const pipelines = PIPELINES[type];
  if (fields === undefined || pipelines === undefined) return null;
  const option = (one: { id: string; label: string }, displayOrder: number): PropertyOption => ({
    label: one.label,
    value: one.id,
    displayOrder,
    hidden: false,
  });
  if (name === fields.pipeline) return pipelines.map(option);
  if (name === fields.stage) return pipelines.flatMap((pipeline) => pipeline.stages).map(option);
  return null;
}

function definedOnly(change: object): object {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
}
