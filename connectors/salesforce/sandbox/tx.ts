import type { SandboxWrite } from '../../../src/sandbox/index.ts';
import type { Org } from './org.ts';
import type { Row, SfValue } from './schema.ts';
import { toJson } from './values.ts';

/** Who changes something, and when. */
export interface Actor {
  readonly by: SandboxWrite['by'];
  readonly userId: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** A group of changes that can be taken back: one row's, or a whole request's with `allOrNone`. */
export class Transaction {
  readonly org: Org;
  readonly actor: Actor;
  readonly #undo: (() => void)[] = [];
  readonly #writes: SandboxWrite[] = [];
  readonly #after: (() => void)[] = [];

  constructor(org: Org, actor: Actor) {
    this.org = org;
    this.actor = actor;
  }

  insert(object: string, row: Row): void {
    this.org.insert(object, row);
    this.#undo.push(() => this.org.remove(object, String(row['Id'])));
  }

  remove(object: string, row: Row): void {
    this.org.remove(object, String(row['Id']));
    this.#undo.push(() => this.org.insert(object, row));
  }

  /** Sets values and notes each that really changes. Stamps are not touched. */
  set(object: string, row: Row, values: Readonly<Record<string, SfValue>>): readonly string[] {
    const changed: string[] = [];
    const known = this.org.object(object);
    for (const [name, value] of Object.entries(values)) {
      const old = row[name] ?? null;
      if (old === value) continue;
      const field = known?.fields.get(name.toLowerCase());
      changed.push(name);
      row[name] = value;
      this.#undo.push(() => {
        row[name] = old;
        this.org.touch(object);
      });
      if (field !== undefined) this.note(object, row, name, toJson(field, old), toJson(field, value));
    }
    this.org.touch(object);
    return changed;
  }

  /** Adds a line to the list of writes without changing anything. */
  note(object: string, row: Row, field: string, old: SfValue, value: SfValue): void {
    const { at, by } = this.actor;
    this.#writes.push({ at, by, type: object, id: String(row['Id']), field, old, new: value });
  }

  /** Marks a row as changed now by the actor. */
  stamp(object: string, row: Row): void {
    const before = {
      SystemModstamp: row['SystemModstamp'] ?? null,
      LastModifiedDate: row['LastModifiedDate'] ?? null,
      LastModifiedById: row['LastModifiedById'] ?? null,
    };
    row['SystemModstamp'] = this.actor.at;
    if (this.org.object(object)?.fields.has('lastmodifieddate') === true) {
      row['LastModifiedDate'] = this.actor.at;
      row['LastModifiedById'] = this.actor.userId;
    }
    this.org.touch(object);
    this.#undo.push(() => {
      Object.assign(row, before);
      this.org.touch(object);
    });
  }

  onRollback(undo: () => void): void {
    this.#undo.push(undo);
  }

  /** Runs once the changes are final. */
  onCommit(act: () => void): void {
    this.#after.push(act);
  }

  /** A place to come back to when one of several rows fails. */
  mark(): { readonly undo: number; readonly writes: number; readonly after: number } {
    return { undo: this.#undo.length, writes: this.#writes.length, after: this.#after.length };
  }

  rollbackTo(mark: { readonly undo: number; readonly writes: number; readonly after: number }): void {
    while (this.#undo.length > mark.undo) this.#undo.pop()?.();
    this.#writes.length = mark.writes;
    this.#after.length = mark.after;
  }

  rollback(): void {
    this.rollbackTo({ undo: 0, writes: 0, after: 0 });
  }

  /** Hands the noted writes over; the transaction is over then. */
  commit(add: (write: SandboxWrite) => void): void {
    for (const write of this.#writes) add(write);
    for (const act of this.#after) act();
  }
}
