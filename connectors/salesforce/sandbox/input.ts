import { canEdit, canRead } from './access.ts';
import { RowError, type RowProblem } from './errors.ts';
import { fullId } from './ids.ts';
import type { Org } from './org.ts';
import { isNumeric, type SfField, type SfObject, type SfValue } from './schema.ts';
import { instantOf, isDay } from './values.ts';

/** A column the org does not know, or hides from the user: a fault of the request rather than of its data. */
export class UnknownColumn extends Error {
  readonly column: string;
  constructor(column: string, object: string) {
    super(`No such column '${column}' on sobject of type ${object}`);
    this.column = column;
  }
}

export type WriteMode = 'create' | 'update';

/** Values from outside -> values as held, all of a record's problems at once. Throws `UnknownColumn` first, then
 *  `RowError` (INVALID_FIELD_FOR_INSERT_UPDATE, REQUIRED_FIELD_MISSING, STRING_TOO_LONG, …).
 *  `secured`: field-level security applies (API), or not (a person who may everything). */
export function readFields(
  org: Org,
  object: SfObject,
  input: ReadonlyMap<string, unknown>,
  mode: WriteMode,
  secured: boolean,
): Record<string, SfValue> {
  const fields: [SfField, unknown][] = [];
  for (const [name, value] of input) {
    const field = object.fields.get(name.toLowerCase());
    if (field === undefined || (secured && !canRead(org, object, field))) {
      throw new UnknownColumn(name, object.name);
    }
    fields.push([field, value]);
  }
  const blocked = fields
    .map(([field]) => field)
    .filter(
      (field) =>
        !(mode === 'create' ? field.createable : field.updateable) ||
        (secured && !canEdit(org, object, field)),
    );
  if (blocked.length > 0) {
    const names = blocked.map((field) => field.name);
    throw new RowError(
      'INVALID_FIELD_FOR_INSERT_UPDATE',
      `Unable to create/update fields: ${names.join(', ')}. Please check the security settings of this field and verify that it is read/write for your profile or permission set.`,
      names,
    );
  }
  const values: Record<string, SfValue> = {};
  const problems: RowProblem[] = [];
  const missing: string[] = [];
  for (const [field, raw] of fields) {
    try {
      const value = readValue(org, field, raw);
      if (value === null && !field.nillable) missing.push(field.name);
      values[field.name] = value;
    } catch (error) {
      if (!(error instanceof RowError)) throw error;
      problems.push(...error.problems);
    }
  }
  if (mode === 'create') missing.push(...missingRequired(object, values, missing));
  if (missing.length > 0) {
    throw new RowError(
      'REQUIRED_FIELD_MISSING',
      `Required fields are missing: [${missing.join(', ')}]`,
      missing,
    );
  }
  const [first] = problems;
  if (first !== undefined) throw new RowError(first.statusCode, first.message, first.fields);
  return values;
}

function missingRequired(
  object: SfObject,
  values: Record<string, SfValue>,
  known: readonly string[],
): string[] {
  return [...object.fields.values()]
    .filter(
      (field) =>
        field.createable &&
        !field.nillable &&
        field.defaultValue === null &&
        field.name !== 'OwnerId' &&
        values[field.name] === undefined &&
        !known.includes(field.name),
    )
    .map((field) => field.name);
}

function wrongType(field: SfField, raw: unknown): RowError {
  const shown = typeof raw === 'string' ? raw : JSON.stringify(raw);
  return new RowError(
    'INVALID_TYPE_ON_FIELD_IN_RECORD',
    `${field.label}: value not of required type: ${shown}`,
    [field.name],
  );
}

function readValue(org: Org, field: SfField, raw: unknown): SfValue {
  if (raw === null || raw === '') return null;
  switch (field.type) {
    case 'boolean':
      if (typeof raw === 'boolean') return raw;
      if (raw === 'true' || raw === 'false') return raw === 'true';
      throw wrongType(field, raw);
    case 'date':
      if (typeof raw !== 'string' || !isDay(raw)) throw wrongType(field, raw);
      return raw;
    case 'datetime': {
      const at = typeof raw === 'string' ? instantOf(raw) : null;
      if (at === null) throw wrongType(field, raw);
      return at;
    }
    case 'reference':
      return readReference(org, field, raw);
    case 'id':
    case 'anyType':
      throw wrongType(field, raw);
    default:
      return isNumeric(field.type) ? readNumber(field, raw) : readText(field, raw);
  }
}

function readNumber(field: SfField, raw: unknown): number {
  const value = typeof raw === 'string' && raw.trim() !== '' ? Number(raw) : raw;
  if (typeof value !== 'number' || !Number.isFinite(value)) throw wrongType(field, raw);
  if (field.type === 'int') {
    if (!Number.isInteger(value)) throw wrongType(field, raw);
    if (Math.abs(value) > 2_147_483_647) throw outside(field, raw);
    return value;
  }
  if (Math.abs(value) >= 10 ** (field.precision - field.scale)) throw outside(field, raw);
  return Number(value.toFixed(field.scale));
}

function outside(field: SfField, raw: unknown): RowError {
  return new RowError(
    'NUMBER_OUTSIDE_VALID_RANGE',
    `${field.label}: value outside of valid range on numeric field: ${String(raw)}`,
    [field.name],
  );
}

function readText(field: SfField, raw: unknown): string {
  if (typeof raw !== 'string') throw wrongType(field, raw);
  if (field.type === 'picklist') {
    const known = field.picklist.some((one) => one.value === raw);
    if (field.restricted && !known) {
      throw new RowError(
        'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST',
        `${field.label}: bad value for restricted picklist field: ${raw}`,
        [field.name],
      );
    }
  }
  if (raw.length > field.length) {
    throw new RowError(
      'STRING_TOO_LONG',
      `${field.label}: data value too large: ${raw.slice(0, 255)} (max length=${field.length})`,
      [field.name],
    );
  }
  if (field.type === 'email' && !/^[^\s@<>()]+@[^\s@<>()]+\.[^\s@<>().]+$/u.test(raw)) {
    throw new RowError('INVALID_EMAIL_ADDRESS', `${field.label}: invalid email address: ${raw}`, [
      field.name,
    ]);
  }
  return raw;
}

function readReference(org: Org, field: SfField, raw: unknown): string {
  const id = fullId(raw);
  const target = id === null ? null : org.objectOfId(id);
  if (id === null || target === null || !field.referenceTo.includes(target.name)) {
    throw new RowError('MALFORMED_ID', `${field.label}: id value of incorrect type: ${String(raw)}`, [
      field.name,
    ]);
  }
  const row = org.row(target.name, id);
  if (row === null)
    throw new RowError('INVALID_CROSS_REFERENCE_KEY', 'invalid cross reference id', [field.name]);
  if (row['IsDeleted'] === true) throw new RowError('ENTITY_IS_DELETED', 'entity is deleted', [field.name]);
  if (row['IsConverted'] === true && !field.name.startsWith('Converted')) {
    throw new RowError('CANNOT_UPDATE_CONVERTED_LEAD', 'cannot reference converted lead', [field.name]);
  }
  return id;
}
