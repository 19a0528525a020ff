import { RowError } from './errors.ts';
import type { Org } from './org.ts';
import { field, type Row, type SfField, type SfObject, type SfType, type SfValue } from './schema.ts';

/** `Metadata` of a custom field: the part this org understands. */
export type FieldMetadata = ReadonlyMap<string, unknown>;

const TYPES: Readonly<Record<string, SfType>> = {
  Text: 'string',
  TextArea: 'textarea',
  LongTextArea: 'textarea',
  Number: 'double',
  Currency: 'currency',
  Percent: 'percent',
  Date: 'date',
  DateTime: 'datetime',
  Checkbox: 'boolean',
  Picklist: 'picklist',
  Email: 'email',
  Phone: 'phone',
  Url: 'url',
};
const CUSTOMIZABLE = new Set([
  'Account',
  'Contact',
  'Lead',
  'Opportunity',
  'Case',
  'Campaign',
  'CampaignMember',
]);
const KNOWN = new Set([
  'type',
  'label',
  'description',
  'inlineHelpText',
  'length',
  'precision',
  'scale',
  'visibleLines',
  'defaultValue',
  'required',
  'unique',
  'externalId',
  'caseSensitive',
  'trackHistory',
  'trackFeedHistory',
  'trackTrending',
  'valueSet',
  'businessStatus',
  'securityClassification',
  'complianceGroup',
]);
const MAX_LENGTH: Readonly<Record<string, number>> = { Text: 255, LongTextArea: 131_072 };

function integrity(message: string, ...fields: string[]): RowError {
  return new RowError('FIELD_INTEGRITY_EXCEPTION', message, fields);
}

/** `Contact.Waystage_Stage__c` -> object and API name. Throws `RowError`. */
export function splitFullName(
  org: Org,
  fullName: unknown,
): { readonly object: SfObject; readonly name: string } {
  if (typeof fullName !== 'string' || fullName === '') {
    throw new RowError('REQUIRED_FIELD_MISSING', 'Required fields are missing: [FullName]', ['FullName']);
  }
  const [objectName = '', name = '', ...rest] = fullName.split('.');
  const object = org.object(objectName);
  if (object === null || !CUSTOMIZABLE.has(object.name)) {
    throw new RowError(
      'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST',
      `Entity Enumeration Or ID: bad value for restricted picklist field: ${objectName}`,
      ['TableEnumOrId'],
    );
  }
  const developerName = name.replace(/__c$/, '');
  const fits = /^[A-Za-z](?:_?[A-Za-z0-9])*__c$/.test(name) && developerName.length <= 40;
  if (!fits || rest.length > 0) {
    throw integrity(
      `The Custom Field API Name ${name} can only contain underscores and alphanumeric characters. It must begin with a letter, not include spaces, not end with an underscore, not contain two consecutive underscores, and end with __c.`,
      'DeveloperName',
    );
  }
  return { object, name };
}

function wholeNumber(metadata: FieldMetadata, key: string, type: string, max: number): number {
  const raw = metadata.get(key);
  if (raw === undefined || raw === null) {
    throw integrity(`Must specify '${key}' for a CustomField of type ${type}`, key);
  }
  const value = Number(raw);
  if (!Number.isInteger(value) || value < 0 || value > max) {
    throw integrity(`${key}: ${String(raw)} is not a whole number from 0 to ${max}`, key);
  }
  return value;
}

function flag(metadata: FieldMetadata, key: string): boolean {
  const value = metadata.get(key);
  return value === true || value === 'true';
}

function entries(value: unknown): ReadonlyMap<string, unknown> {
  if (value instanceof Map) return value;
  return typeof value === 'object' && value !== null ? new Map(Object.entries(value)) : new Map();
}

/** Lists of one element come from XML as the element itself. */
function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : value === undefined ? [] : [value];
}

function picklistOf(metadata: FieldMetadata): Partial<SfField> {
  const set = entries(metadata.get('valueSet'));
  const definition = entries(set.get('valueSetDefinition'));
  const values = list(definition.get('value')).map((one) => {
    const option = entries(one);
    const value = option.get('fullName') ?? option.get('valueName');
    if (typeof value !== 'string' || value === '' || value.length > 255) {
      throw integrity('Every value of a picklist needs a fullName of 1 to 255 characters', 'valueSet');
    }
    const label = option.get('label');
    return {
      value,
      label: typeof label === 'string' && label !== '' ? label : value,
      isDefault: flag(option, 'default'),
    };
  });
  if (values.length === 0) {
    throw integrity(
      "Must specify 'valueSet' with at least one value for a CustomField of type Picklist",
      'valueSet',
    );
  }
  if (new Set(values.map((one) => one.value.toLowerCase())).size < values.length) {
    throw new RowError('DUPLICATE_VALUE', 'Duplicate picklist value', ['valueSet']);
  }
  return { picklist: values, restricted: flag(set, 'restricted') };
}

/** Checks the metadata and makes the field of it. Throws `RowError` (FIELD_INTEGRITY_EXCEPTION, …). */
export function fieldOf(name: string, metadata: FieldMetadata): SfField {
  for (const key of metadata.keys()) {
    if (!KNOWN.has(key)) {
      throw new RowError('INVALID_FIELD', `No such column '${key}' on sobject of type CustomField`, [key]);
    }
  }
  const type = String(metadata.get('type') ?? '');
  const held = TYPES[type];
  if (held === undefined || !Object.hasOwn(TYPES, type)) {
    throw integrity(`Field type '${type}' is not supported for a CustomField`, 'type');
  }
  const label = metadata.get('label');
  if (typeof label !== 'string' || label === '') {
    throw new RowError('REQUIRED_FIELD_MISSING', 'Required fields are missing: [Label]', ['Label']);
  }
  if (label.length > 40)
    throw new RowError('STRING_TOO_LONG', `Label: data value too large: ${label} (max length=40)`, ['Label']);
  const extra: { -readonly [Key in keyof SfField]?: SfField[Key] } = { label };
  const max = MAX_LENGTH[type];
  if (max !== undefined) {
    extra.length = wholeNumber(metadata, 'length', type, max);
    if (extra.length < (type === 'Text' ? 1 : 256))
      throw integrity(`length: too small for ${type}`, 'length');
  }
  if (type === 'Number' || type === 'Currency' || type === 'Percent') {
    extra.precision = wholeNumber(metadata, 'precision', type, 18);
    extra.scale = wholeNumber(metadata, 'scale', type, 17);
    if (extra.precision < 1 || extra.scale > extra.precision) {
      throw integrity('The scale must not be greater than the precision', 'scale');
    }
  }
  if (type === 'Checkbox' && metadata.get('defaultValue') === undefined) {
    throw integrity("Must specify 'defaultValue' for a CustomField of type Checkbox", 'defaultValue');
  }
  if (type === 'Checkbox') extra.defaultValue = flag(metadata, 'defaultValue');
  if (type === 'Picklist') Object.assign(extra, picklistOf(metadata));
  if (flag(metadata, 'required')) Object.assign(extra, { nillable: false, permissionable: false });
  if (flag(metadata, 'externalId')) extra.externalId = true;
  if (flag(metadata, 'trackHistory')) extra.trackHistory = true;
  if (flag(metadata, 'unique')) extra.unique = true;
  return field(name, held, extra);
}

function plain(value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, one]) => [key, plain(one)]));
  return Array.isArray(value) ? value.map(plain) : value;
}

function rowValues(object: SfObject, made: SfField, metadata: FieldMetadata): Record<string, SfValue> {
  return {
    DeveloperName: made.name.replace(/__c$/, ''),
    TableEnumOrId: object.name,
    NamespacePrefix: null,
    Length: made.length === 0 ? null : made.length,
    ManageableState: 'unmanaged',
    FullName: `${object.name}.${made.name}`,
    Metadata: JSON.stringify(plain(metadata)),
  };
}

/** The row of an existing custom field; null when there is none. */
export function customFieldRow(org: Org, object: SfObject, name: string): Row | null {
  const fullName = `${object.name}.${name}`.toLowerCase();
  for (const row of org.table('CustomField').rows.values()) {
    if (String(row['FullName']).toLowerCase() === fullName) return row;
  }
  return null;
}

/** Creates a custom field; no one sees it until a permission set grants it. Answers its id.
 *  Throws DUPLICATE_DEVELOPER_NAME and what `fieldOf` throws. */
export function createCustomField(org: Org, fullName: unknown, metadata: FieldMetadata, at: number): string {
  const { object, name } = splitFullName(org, fullName);
  const made = fieldOf(name, metadata);
  if (object.fields.has(name.toLowerCase())) {
    throw new RowError(
      'DUPLICATE_DEVELOPER_NAME',
      `There is already a field named ${name.replace(/__c$/, '')} on ${object.label}.`,
      ['DeveloperName'],
    );
  }
  org.addField(object, made);
  const id = org.newId('00N');
  org.insert('CustomField', {
    Id: id,
    ...rowValues(object, made, metadata),
    CreatedDate: at,
    CreatedById: org.integrationUserId,
    LastModifiedDate: at,
    LastModifiedById: org.integrationUserId,
    SystemModstamp: at,
  });
  return id;
}

/** Changes a custom field; its type stays. Throws `RowError`. */
export function updateCustomField(org: Org, row: Row, metadata: FieldMetadata, at: number): void {
  const { object, name } = splitFullName(org, row['FullName']);
  const old = object.fields.get(name.toLowerCase());
  const made = fieldOf(name, metadata);
  if (old !== undefined && old.type !== made.type) {
    throw integrity(`Cannot change the type of ${name} from ${old.type} to ${made.type}`, 'type');
  }
  org.addField(object, made);
  Object.assign(row, rowValues(object, made, metadata), { LastModifiedDate: at, SystemModstamp: at });
  org.touch('CustomField');
}

/** Removes a custom field with its values and permissions. */
export function deleteCustomField(org: Org, row: Row): void {
  const { object, name } = splitFullName(org, row['FullName']);
  const known = object.fields.get(name.toLowerCase());
  if (known !== undefined) org.removeField(object, known);
  for (const record of org.table(object.name).rows.values()) {
    if (record[name] !== undefined) record[name] = null;
  }
  org.touch(object.name);
  for (const permission of [...org.table('FieldPermissions').rows.values()]) {
    if (permission['Field'] === `${object.name}.${name}`)
      org.remove('FieldPermissions', String(permission['Id']));
  }
  org.remove('CustomField', String(row['Id']));
}

const META_TYPES: Partial<Record<SfType, string>> = {
  string: 'Text',
  textarea: 'TextArea',
  double: 'Number',
  currency: 'Currency',
  percent: 'Percent',
  date: 'Date',
  datetime: 'DateTime',
  boolean: 'Checkbox',
  picklist: 'Picklist',
  email: 'Email',
  phone: 'Phone',
  url: 'Url',
};

/** Metadata of a field the org came with. */
export function metadataOf(known: SfField): FieldMetadata {
  const type = META_TYPES[known.type] ?? 'Text';
  const metadata = new Map<string, unknown>([
    ['type', type],
    ['label', known.label],
    ['required', !known.nillable],
    ['externalId', known.externalId],
  ]);
  if (type === 'Text') metadata.set('length', known.length);
  if (['Number', 'Currency', 'Percent'].includes(type)) {
    metadata.set('precision', known.precision);
    metadata.set('scale', known.scale);
  }
  if (type === 'Picklist') {
    metadata.set('valueSet', {
      restricted: known.restricted,
      valueSetDefinition: {
        sorted: false,
        value: known.picklist.map((one) => ({
          fullName: one.value,
          label: one.label,
          default: one.isDefault,
        })),
      },
    });
  }
  return metadata;
}

/** Lists the custom fields the org came with, as `CustomField` rows. */
export function registerCustomFields(org: Org, at: number): void {
  for (const object of org.objects()) {
    if (!CUSTOMIZABLE.has(object.name)) continue;
    for (const known of object.fields.values()) {
      if (!known.custom) continue;
      org.insert('CustomField', {
        Id: org.newId('00N'),
        ...rowValues(object, known, metadataOf(known)),
        CreatedDate: at,
        CreatedById: org.integrationUserId,
        LastModifiedDate: at,
        LastModifiedById: org.integrationUserId,
        SystemModstamp: at,
      });
    }
  }
}
