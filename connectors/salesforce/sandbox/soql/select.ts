import { visibleFields } from '../access.ts';
import type { Row, SfField, SfObject, SfValue } from '../schema.ts';
import { toJson } from '../values.ts';
import type { Query } from './ast.ts';
import { malformed, soqlError } from './errors.ts';
import { type BoundField, bindField, type ParentStep, type Scope } from './fields.ts';

/** A record as an answer carries it. */
export type Rendered = Record<string, unknown>;
export type Render = (row: Row) => Rendered;

interface Leaf {
  readonly name: string;
  readonly field: SfField;
  /** For polymorphic parents the value is not on the row. */
  readonly get: ((row: Row) => SfValue) | null;
}

interface Node {
  readonly leaves: Leaf[];
  readonly parents: Map<
    string,
    { readonly step: ParentStep; readonly node: Node; readonly polymorphic: boolean }
  >;
}

/** Renders the `attributes` every record starts with. */
export function attributes(version: string, object: string, row: Row): Rendered {
  return { type: object, url: `/services/data/v${version}/sobjects/${object}/${String(row['Id'])}` };
}

/** The plain and parent fields of a select list, bound. Throws INVALID_FIELD and MALFORMED_QUERY. */
export function bindSelect(scope: Scope, query: Query, object: SfObject): readonly BoundField[] {
  const bound: BoundField[] = [];
  const seen = new Set<string>();
  const add = (one: BoundField): void => {
    if (seen.has(one.canonical)) {
      throw soqlError('INVALID_FIELD', query.text, one.path.at, `duplicate field selected: ${one.canonical}`);
    }
    seen.add(one.canonical);
    bound.push(one);
  };
  for (const item of query.select) {
    if (item.kind === 'field') {
      if (item.alias !== null && query.groupBy.length === 0) {
        throw malformed(query.text, item.path.at, 'only aggregate expressions use field aliasing');
      }
      add(bindField(scope, query.text, object, item.path, query.alias));
    } else if (item.kind === 'fields') {
      if (item.set !== 'STANDARD' && (query.limit === null || query.limit > 200)) {
        throw malformed(query.text, item.at, 'The SOQL FIELDS function must have a LIMIT of at most 200');
      }
      for (const one of visibleFields(scope.org, object)) {
        if (item.set !== 'ALL' && one.custom !== (item.set === 'CUSTOM')) continue;
        const path = { parts: [one.name], text: one.name, at: item.at };
        add(bindField(scope, query.text, object, path, query.alias));
      }
    }
  }
  return bound;
}

function emptyNode(): Node {
  return { leaves: [], parents: new Map() };
}

/** Bound fields -> a function from row to answer record. */
export function renderer(
  scope: Scope,
  version: string,
  object: SfObject,
  fields: readonly BoundField[],
): Render {
  const root = emptyNode();
  for (const bound of fields) {
    let node = root;
    let polymorphic = false;
    for (const step of bound.steps) {
      let next = node.parents.get(step.name);
      if (next === undefined) {
        polymorphic = isPolymorphic(scope, object, bound, step);
        next = { step, node: emptyNode(), polymorphic };
        node.parents.set(step.name, next);
      }
      polymorphic = next.polymorphic;
      node = next.node;
    }
    node.leaves.push({ name: bound.field.name, field: bound.field, get: polymorphic ? bound.get : null });
  }
  return (row) => renderNode(version, root, { type: object.name, object: object.name }, row, row);
}

function isPolymorphic(scope: Scope, object: SfObject, bound: BoundField, step: ParentStep): boolean {
  let owner = object;
  for (const one of bound.steps) {
    const reference = [...owner.fields.values()].find((field) => field.relationshipName === one.name);
    if (reference === undefined) return false;
    if (one === step) return reference.referenceTo.length > 1;
    owner = scope.org.object(reference.referenceTo[0]!)!;
  }
  return false;
}

/** A polymorphic parent is of type `Name`, but its URL names its own object. */
interface Shown {
  readonly type: string;
  readonly object: string;
}

function renderNode(version: string, node: Node, shown: Shown, row: Row, root: Row): Rendered {
  const url = `/services/data/v${version}/sobjects/${shown.object}/${String(row['Id'])}`;
  const out: Rendered = { attributes: { type: shown.type, url } };
  for (const leaf of node.leaves) {
    out[leaf.name] = toJson(leaf.field, leaf.get === null ? row[leaf.name] : leaf.get(root));
  }
  for (const [name, parent] of node.parents) {
    const found = parent.step.load(row);
    out[name] =
      found === null
        ? null
        : renderNode(
            version,
            parent.node,
            { type: parent.polymorphic ? 'Name' : found.object, object: found.object },
            found.row,
            root,
          );
  }
  return out;
}
