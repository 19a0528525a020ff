/** What an org knows about its objects: the base of describe, of SOQL's checks and of every write. */
export type SfType =
  | 'id'
  | 'reference'
  | 'string'
  | 'textarea'
  | 'picklist'
  | 'combobox'
  | 'email'
  | 'phone'
  | 'url'
  | 'boolean'
  | 'int'
  | 'double'
  | 'currency'
  | 'percent'
  | 'date'
  | 'datetime'
  | 'anyType';

/** How a value is held: dates as `YYYY-MM-DD`, datetimes as epoch milliseconds, ids with 18 characters. */
export type SfValue = string | number | boolean | null;

/** One record; keys are field names as the schema spells them, never names from outside. */
export type Row = Record<string, SfValue>;

export interface PicklistValue {
  readonly value: string;
  readonly label: string;
  readonly isDefault: boolean;
}

export interface SfField {
  readonly name: string;
  readonly label: string;
  readonly type: SfType;
  /** Characters, for text types. */
  readonly length: number;
  /** All digits and those after the point, for number types. */
  readonly precision: number;
  readonly scale: number;
  readonly nillable: boolean;
  readonly createable: boolean;
  readonly updateable: boolean;
  /** A formula or roll-up: the org computes it. */
  readonly calculated: boolean;
  readonly filterable: boolean;
  readonly sortable: boolean;
  readonly groupable: boolean;
  readonly custom: boolean;
  readonly externalId: boolean;
  /** Changes of a custom field are kept in the object's history. */
  readonly trackHistory: boolean;
  readonly unique: boolean;
  readonly nameField: boolean;
  readonly autoNumber: boolean;
  /** Field-level security applies: hidden until a permission set or profile grants it. */
  readonly permissionable: boolean;
  readonly restricted: boolean;
  readonly picklist: readonly PicklistValue[];
  readonly referenceTo: readonly string[];
  readonly relationshipName: string | null;
  /** Name of the relationship from the parent down to this object, when there is one. */
  readonly childName: string | null;
  readonly defaultValue: SfValue;
}

export interface SfObject {
  readonly name: string;
  readonly label: string;
  readonly labelPlural: string;
  readonly keyPrefix: string;
  readonly createable: boolean;
  readonly updateable: boolean;
  readonly deletable: boolean;
  readonly mergeable: boolean;
  /** getUpdated and getDeleted work. */
  readonly replicateable: boolean;
  /** Only the Tooling API knows it. */
  readonly tooling: boolean;
  /** By lower-case name. */
  readonly fields: Map<string, SfField>;
}

export interface ChildRelationship {
  readonly name: string;
  readonly object: string;
  readonly field: string;
}

const NUMERIC: ReadonlySet<SfType> = new Set(['int', 'double', 'currency', 'percent']);

/** True for types whose values are JavaScript numbers (datetimes excepted). */
export function isNumeric(type: SfType): boolean {
  return NUMERIC.has(type);
}

/** True for types compared without regard to case. */
export function isText(type: SfType): boolean {
  return !NUMERIC.has(type) && !['id', 'reference', 'boolean', 'date', 'datetime', 'anyType'].includes(type);
}

function labelOf(name: string): string {
  return name
    .replace(/__c$/, '')
    .replace(/_/g, ' ')
    .replace(/([a-z])([A-Z])/g, '$1 $2');
}

/** A field with the defaults of its type; `extra` overrides. */
export function field(name: string, type: SfType, extra: Partial<SfField> = {}): SfField {
  const custom = name.endsWith('__c');
  const text = isText(type);
  const nillable = extra.nillable ?? (type !== 'boolean' && type !== 'id');
  return {
    name,
    label: labelOf(name),
    type,
    length: type === 'id' || type === 'reference' ? 18 : text ? 255 : 0,
    precision: type === 'double' || type === 'currency' ? 18 : type === 'percent' ? 3 : 0,
    scale: type === 'double' || type === 'currency' ? 2 : 0,
    nillable,
    createable: true,
    updateable: true,
    calculated: false,
    filterable: type !== 'anyType' && !(type === 'textarea' && (extra.length ?? 255) > 255),
    sortable: type !== 'anyType' && !(type === 'textarea' && (extra.length ?? 255) > 255),
    groupable: !['datetime', 'double', 'currency', 'percent', 'anyType', 'textarea'].includes(type),
    custom,
    externalId: false,
    trackHistory: false,
    unique: false,
    nameField: false,
    autoNumber: false,
    permissionable: nillable || (type === 'boolean' && custom),
    restricted: false,
    picklist: [],
    referenceTo: [],
    relationshipName: null,
    childName: null,
    defaultValue: type === 'boolean' ? false : null,
    ...extra,
  };
}

export function text(name: string, length: number, extra: Partial<SfField> = {}): SfField {
  return field(name, 'string', { length, ...extra });
}

/** A picklist; the first value is the default only when `extra.defaultValue` says so. */
export function pick(name: string, values: readonly string[], extra: Partial<SfField> = {}): SfField {
  return field(name, 'picklist', {
    picklist: values.map((value) => ({ value, label: value, isDefault: value === extra.defaultValue })),
    ...extra,
  });
}

/** A lookup: `relationship` is the way up (`Account`), `child` the way down (`Contacts`). */
export function ref(
  name: string,
  targets: readonly string[],
  relationship: string | null,
  child: string | null = null,
  extra: Partial<SfField> = {},
): SfField {
  return field(name, 'reference', {
    label: `${labelOf(name.replace(/Id$/, ''))} ID`,
    referenceTo: targets,
    relationshipName: relationship,
    childName: child,
    ...extra,
  });
}

const READ_ONLY: Partial<SfField> = { createable: false, updateable: false, permissionable: false };

/** A field the org alone sets. */
export function readOnly(name: string, type: SfType, extra: Partial<SfField> = {}): SfField {
  return field(name, type, { ...READ_ONLY, ...extra });
}

/** A field the org computes from others. */
export function formula(name: string, type: SfType, extra: Partial<SfField> = {}): SfField {
  return field(name, type, { ...READ_ONLY, ...extra });
}

function stamps(history: ObjectOptions['history']): SfField[] {
  const updateable = history === undefined;
  return [
    readOnly('CreatedDate', 'datetime', { nillable: false }),
    ref('CreatedById', ['User'], 'CreatedBy', null, { ...READ_ONLY, nillable: false }),
    ...(updateable
      ? [
          readOnly('LastModifiedDate', 'datetime', { nillable: false }),
          ref('LastModifiedById', ['User'], 'LastModifiedBy', null, { ...READ_ONLY, nillable: false }),
        ]
      : []),
    ...(history === 'fields' ? [] : [readOnly('SystemModstamp', 'datetime', { nillable: false })]),
  ];
}

export interface ObjectOptions {
  readonly label?: string;
  readonly labelPlural?: string;
  /** Setup data: no recycle bin, not replicated. */
  readonly setup?: boolean;
  readonly createable?: boolean;
  readonly updateable?: boolean;
  readonly mergeable?: boolean;
  readonly tooling?: boolean;
  /** Written once by the org: `states` (OpportunityHistory) have a system stamp, `fields` not even that. */
  readonly history?: 'fields' | 'states';
}

/** An object with its system fields in the usual place. */
export function object(
  name: string,
  keyPrefix: string,
  own: readonly SfField[],
  options: ObjectOptions = {},
): SfObject {
  const setup = options.setup === true;
  const all = [
    readOnly('Id', 'id', { label: 'Record ID', nillable: false }),
    ...(setup ? [] : [readOnly('IsDeleted', 'boolean', { label: 'Deleted', nillable: false })]),
    ...own,
    ...stamps(options.history),
  ];
  const label = options.label ?? labelOf(name);
  return {
    name,
    label,
    labelPlural: options.labelPlural ?? `${label}s`,
    keyPrefix,
    createable: options.createable ?? !setup,
    updateable: options.updateable ?? !setup,
    deletable: !setup || options.createable === true,
    mergeable: options.mergeable === true,
    replicateable: !setup && options.history === undefined,
    tooling: options.tooling === true,
    fields: new Map(all.map((one) => [one.name.toLowerCase(), one])),
  };
}
