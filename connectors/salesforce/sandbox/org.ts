import { fullId, makeId } from './ids.ts';
import { activityObjects } from './objects-activity.ts';
import { crmObjects } from './objects-crm.ts';
import { setupObjects } from './objects-setup.ts';
import type { ChildRelationship, Row, SfField, SfObject, SfValue } from './schema.ts';

/** The records of one object, by the 15-character form of their ids, in the order of their creation. */
export interface Table {
  readonly object: SfObject;
  readonly rows: Map<string, Row>;
  /** Grows with every change; caches compare it. */
  version: number;
}

interface Cached<T> {
  readonly version: number;
  readonly value: T;
}

/** One org's data: tables by object, with the look-ups that reads and writes share. Holds no rules. */
export class Org {
  readonly #objects = new Map<string, SfObject>();
  readonly #tables = new Map<string, Table>();
  readonly #prefixes = new Map<string, SfObject>();
  readonly #counters = new Map<string, number>();
  readonly #childIndex = new Map<string, Cached<Map<string, Row[]>>>();
  readonly #orders = new Map<string, Cached<readonly Row[]>>();
  /** The integration user: every API write is made by it. */
  readonly integrationUserId: string;
  readonly organizationId: string;
  /** What sharing and field-level security allow is worked out once per state of the permission tables. */
  accessCache: { readonly key: string; readonly read: Set<string>; readonly edit: Set<string> } | null = null;

  constructor() {
    for (const object of [...crmObjects(), ...activityObjects(), ...setupObjects()]) {
      this.#objects.set(object.name.toLowerCase(), object);
      this.#tables.set(object.name, { object, rows: new Map(), version: 0 });
      if (!this.#prefixes.has(object.keyPrefix)) this.#prefixes.set(object.keyPrefix, object);
    }
    this.integrationUserId = makeId('005', 1);
    this.organizationId = makeId('00D', 1);
  }

  objects(): readonly SfObject[] {
    return [...this.#objects.values()];
  }

  /** By name in any case; null when the org does not know it. */
  object(name: string): SfObject | null {
    return this.#objects.get(name.toLowerCase()) ?? null;
  }

  /** Which object an id belongs to, by its first three characters. */
  objectOfId(id: string): SfObject | null {
    return this.#prefixes.get(id.slice(0, 3)) ?? null;
  }

  table(name: string): Table {
    const table = this.#tables.get(name);
    if (table === undefined) throw new Error(`No table for "${name}"; objects come from the schema.`);
    return table;
  }

  /** The row with this id (15 or 18 characters), deleted ones included. */
  row(object: string, id: SfValue | undefined): Row | null {
    if (typeof id !== 'string') return null;
    return this.table(object).rows.get(id.slice(0, 15)) ?? null;
  }

  /** An id no record has yet. */
  newId(prefix: string): string {
    let n = this.#counters.get(prefix) ?? 100;
    let id: string;
    do {
      n += 1;
      id = makeId(prefix, n);
    } while (this.#taken(prefix, id.slice(0, 15)));
    this.#counters.set(prefix, n);
    return id;
  }

  #taken(prefix: string, id15: string): boolean {
    for (const table of this.#tables.values()) {
      if (table.object.keyPrefix === prefix && table.rows.has(id15)) return true;
    }
    return false;
  }

  insert(object: string, row: Row): void {
    const table = this.table(object);
    const id = fullId(row['Id']);
    if (id === null) throw new Error(`A ${object} record needs a valid id; found ${String(row['Id'])}.`);
    if (table.rows.has(id.slice(0, 15))) throw new Error(`${object} ${id} exists already.`);
    table.rows.set(id.slice(0, 15), row);
    table.version += 1;
  }

  remove(object: string, id: string): void {
    const table = this.table(object);
    table.rows.delete(id.slice(0, 15));
    table.version += 1;
  }

  /** Call after changing a row of this object. */
  touch(object: string): void {
    this.table(object).version += 1;
  }

  addField(object: SfObject, field: SfField): void {
    object.fields.set(field.name.toLowerCase(), field);
    this.accessCache = null;
  }

  removeField(object: SfObject, field: SfField): void {
    object.fields.delete(field.name.toLowerCase());
    this.accessCache = null;
  }

  /** Ways down from an object: `Contacts` of an Account. */
  childRelationships(object: SfObject): readonly ChildRelationship[] {
    const found: ChildRelationship[] = [];
    for (const child of this.#objects.values()) {
      if (child.tooling) continue;
      for (const field of child.fields.values()) {
        if (field.childName !== null && field.referenceTo.includes(object.name)) {
          found.push({ name: field.childName, object: child.name, field: field.name });
        }
      }
    }
    return found;
  }

  /** Rows whose reference `field` names this parent, deleted rows included. */
  children(object: string, field: string, parentId: SfValue | undefined): readonly Row[] {
    if (typeof parentId !== 'string') return [];
    const table = this.table(object);
    const key = `${object}.${field}`;
    let cached = this.#childIndex.get(key);
    if (cached === undefined || cached.version !== table.version) {
      const value = new Map<string, Row[]>();
      for (const row of table.rows.values()) {
        const parent = row[field];
        if (typeof parent !== 'string') continue;
        const list = value.get(parent.slice(0, 15));
        if (list === undefined) value.set(parent.slice(0, 15), [row]);
        else list.push(row);
      }
      cached = { version: table.version, value };
      this.#childIndex.set(key, cached);
    }
    return cached.value.get(parentId.slice(0, 15)) ?? [];
  }

  /** All rows in an order that `sort` makes, kept until the table changes: pages by keyset ask for it again
   *  and again. */
  ordered(object: string, order: string, sort: (rows: Row[]) => void): readonly Row[] {
    const table = this.table(object);
    const key = `${object} ${order}`;
    const cached = this.#orders.get(key);
    if (cached !== undefined && cached.version === table.version) return cached.value;
    const rows = [...table.rows.values()];
    sort(rows);
    if (this.#orders.size > 16) this.#orders.clear();
    this.#orders.set(key, { version: table.version, value: rows });
    return rows;
  }
}
