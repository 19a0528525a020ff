import { createHash } from 'node:crypto';
import { refuse } from './errors.ts';
import type { Row } from './schema.ts';
import type { Render, Rendered } from './soql/select.ts';

/** Open query cursors one user may have; a further one closes the oldest. */
const MAX_OPEN = 10;

interface Cursor {
  readonly rows: readonly Row[];
  readonly render: Render;
  readonly batch: number;
  readonly includeDeleted: boolean;
  readonly opened: number;
}

export interface QueryPage {
  readonly totalSize: number;
  readonly done: boolean;
  readonly nextRecordsUrl?: string;
  readonly records: readonly Rendered[];
}

/** Results of queries that are larger than a page. Rows are shown as they are when a page is fetched. */
export class Cursors {
  readonly #lifetime: number;
  readonly #open = new Map<string, Cursor>();
  #count = 0;

  constructor(lifetimeMs: number) {
    this.#lifetime = lifetimeMs;
  }

  /** The first page. `path` is where further pages are fetched: `/services/data/v67.0/query`. */
  first(
    rows: readonly Row[],
    render: Render,
    options: {
      readonly batch: number;
      readonly includeDeleted: boolean;
      readonly path: string;
      readonly now: number;
    },
  ): QueryPage {
    const { batch, includeDeleted, path, now } = options;
    const cursor: Cursor = { rows, render, batch, includeDeleted, opened: now };
    if (rows.length <= batch) return this.#page(cursor, '', 0, path);
    this.#count += 1;
    const id = `0r8${createHash('sha256').update(`cursor ${this.#count}`).digest('hex').slice(0, 15)}`;
    this.#open.set(id, cursor);
    while (this.#open.size > MAX_OPEN) this.#open.delete(this.#open.keys().next().value!);
    return this.#page(cursor, id, 0, path);
  }

  /** A further page by its locator (`0r8…-2000`). Throws INVALID_QUERY_LOCATOR. */
  next(locator: string, path: string, now: number): QueryPage {
    const match = /^(0r8[0-9a-f]{15})-(\d+)$/.exec(locator);
    const cursor = match === null ? undefined : this.#open.get(match[1]!);
    const at = Number(match?.[2]);
    if (
      match === null ||
      cursor === undefined ||
      now - cursor.opened >= this.#lifetime ||
      at >= cursor.rows.length
    ) {
      throw refuse(400, 'INVALID_QUERY_LOCATOR', 'invalid query locator');
    }
    return this.#page(cursor, match[1]!, at, path);
  }

  clear(): void {
    this.#open.clear();
  }

  #page(cursor: Cursor, id: string, at: number, path: string): QueryPage {
    const end = Math.min(cursor.rows.length, at + cursor.batch);
    const records: Rendered[] = [];
    for (let index = at; index < end; index += 1) {
      const row = cursor.rows[index]!;
      // Deleted since the query ran.
      if (row['IsDeleted'] === true && !cursor.includeDeleted) continue;
      records.push(cursor.render(row));
    }
    const done = end >= cursor.rows.length;
    const head = { totalSize: cursor.rows.length, done };
    return done ? { ...head, records } : { ...head, nextRecordsUrl: `${path}/${id}-${end}`, records };
  }
}
