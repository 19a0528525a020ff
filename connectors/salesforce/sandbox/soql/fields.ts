import { visibleField } from '../access.ts';
import { describeSetup } from '../field-definitions.ts';
import type { Org } from '../org.ts';
import { field, type Row, type SfField, type SfObject, type SfValue } from '../schema.ts';
import type { Path } from './ast.ts';
import { soqlError } from './errors.ts';

/** Where a query runs: whose data, at what time, with or without the recycle bin. */
export interface Scope {
  readonly org: Org;
  readonly now: number;
  readonly includeDeleted: boolean;
  /** The Tooling API sees other objects than the data API. */
  readonly tooling: boolean;
}

export type Getter = (row: Row) => SfValue;

/** A step up to a parent record. */
export interface ParentStep {
  /** As the answer names it: `Account`. */
  readonly name: string;
  /** The parent row and the name of its object; null without one. */
  readonly load: (row: Row) => { readonly row: Row; readonly object: string } | null;
}

export interface BoundField {
  readonly field: SfField;
  readonly steps: readonly ParentStep[];
  readonly get: Getter;
  readonly path: Path;
  /** `Account.Name` with the schema's own spelling. */
  readonly canonical: string;
}

/** What can be asked of a polymorphic parent (`Who`, `What`, `Owner`), whatever its object is. */
const NAME_FIELDS = new Map(
  [
    field('Id', 'id'),
    field('Name', 'string', { nameField: true }),
    field('FirstName', 'string'),
    field('LastName', 'string'),
    field('Email', 'email'),
    field('Phone', 'phone'),
    field('Title', 'string'),
    field('Type', 'picklist'),
    field('IsActive', 'boolean'),
    field('Username', 'string'),
    field('Alias', 'string'),
  ].map((one) => [one.name.toLowerCase(), one]),
);

/** Finds the object of a FROM clause. Throws INVALID_TYPE. */
export function bindObject(scope: Scope, query: string, path: Path): SfObject {
  const object = path.parts.length === 1 ? scope.org.object(path.text) : null;
  if (object === null || object.tooling !== scope.tooling) {
    throw soqlError(
      'INVALID_TYPE',
      query,
      path.at,
      `sObject type '${path.text}' is not supported. If you are attempting to use a custom object, be sure to append the '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names.`,
    );
  }
  if (object.name === 'FieldDefinition' || object.name === 'EntityDefinition') describeSetup(scope.org);
  return object;
}

function noColumn(query: string, path: Path, name: string, entity: string): Error {
  return soqlError(
    'INVALID_FIELD',
    query,
    path.at,
    `No such column '${name}' on entity '${entity}'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names.`,
  );
}

function noRelationship(query: string, path: Path, name: string): Error {
  return soqlError(
    'INVALID_FIELD',
    query,
    path.at,
    `Didn't understand relationship '${name}' in field path. If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe call for the appropriate names.`,
  );
}

function loader(scope: Scope, reference: SfField): ParentStep['load'] {
  return (row) => {
    const id = row[reference.name];
    if (typeof id !== 'string') return null;
    const target = scope.org.objectOfId(id);
    if (target === null || !reference.referenceTo.includes(target.name)) return null;
    const parent = scope.org.row(target.name, id);
    if (parent === null || (parent['IsDeleted'] === true && !scope.includeDeleted)) return null;
    return { row: parent, object: target.name };
  };
}

function nameGetter(scope: Scope, wanted: SfField, load: ParentStep['load']): Getter {
  return (row) => {
    const parent = load(row);
    if (parent === null) return null;
    if (wanted.name === 'Type') return parent.object;
    const object = scope.org.object(parent.object);
    const name = wanted.name === 'Name' && object !== null ? nameFieldOf(object) : wanted.name;
    return parent.row[name] ?? null;
  };
}

/** The field that stands for a record's name: `Name`, but `CaseNumber` of a case. */
export function nameFieldOf(object: SfObject): string {
  for (const one of object.fields.values()) if (one.nameField) return one.name;
  return 'Id';
}

/** Resolves a field path, at most five parents up. Throws INVALID_FIELD for what does not exist or is hidden by
 *  field-level security. */
export function bindField(
  scope: Scope,
  query: string,
  object: SfObject,
  path: Path,
  alias: string | null,
): BoundField {
  const parts =
    path.parts.length > 1 && path.parts[0]!.toLowerCase() === (alias ?? object.name).toLowerCase()
      ? path.parts.slice(1)
      : path.parts;
  const steps: ParentStep[] = [];
  let owner = object;
  for (let index = 0; index < parts.length - 1; index += 1) {
    const name = parts[index]!;
    const reference = [...owner.fields.values()].find(
      (one) => one.relationshipName?.toLowerCase() === name.toLowerCase(),
    );
    if (
      reference === undefined ||
      visibleField(scope.org, owner, reference.name) === null ||
      steps.length >= 5
    ) {
      throw noRelationship(query, path, name);
    }
    const step = { name: reference.relationshipName!, load: loader(scope, reference) };
    if (reference.referenceTo.length > 1) {
      return bindName(scope, query, path, parts.slice(index + 1), [...steps, step]);
    }
    steps.push(step);
    owner = scope.org.object(reference.referenceTo[0]!)!;
  }
  const last = parts[parts.length - 1]!;
  const found = visibleField(scope.org, owner, last);
  if (found === null) throw noColumn(query, path, last, owner.name);
  const canonical = [...steps.map((step) => step.name), found.name].join('.');
  return { field: found, steps, path, canonical, get: walk(steps, (row) => row[found.name] ?? null) };
}

function bindName(
  scope: Scope,
  query: string,
  path: Path,
  rest: readonly string[],
  steps: readonly ParentStep[],
): BoundField {
  const last = rest[0]!;
  const found = NAME_FIELDS.get(last.toLowerCase());
  if (found === undefined || rest.length > 1) {
    throw rest.length > 1 ? noRelationship(query, path, last) : noColumn(query, path, last, 'Name');
  }
  const canonical = [...steps.map((step) => step.name), found.name].join('.');
  const get = walk(steps.slice(0, -1), nameGetter(scope, found, steps[steps.length - 1]!.load));
  return { field: found, steps, path, canonical, get };
}

function walk(steps: readonly ParentStep[], last: Getter): Getter {
  if (steps.length === 0) return last;
  return (row) => {
    let at = row;
    for (const step of steps) {
      const parent = step.load(at);
      if (parent === null) return null;
      at = parent.row;
    }
    return last(at);
  };
}
