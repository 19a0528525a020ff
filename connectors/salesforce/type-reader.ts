import type { DiscoveredObject } from '../../src/connector/port.ts';
import type { ConnectionId, CrmRecord } from '../../src/model/record.ts';
import type { Purpose, QueryPage, Row, SalesforceClient } from './client.ts';
import { crmErrorOf } from './errors.ts';
import { sameId } from './ids.ts';
import { RowError, rowId, toRecord } from './mapper.ts';
import { type FieldPlan, planFields } from './schema.ts';
import { chunk, chunkFields, FIELD_BYTES, FIELD_BYTES_BESIDE_IDS, inIds, MAX_IDS, select } from './soql.ts';

export interface Filter {
  readonly where?: string;
  readonly orderBy?: string;
  readonly limit?: number;
}

/** Queries of one object type: which fields, in requests that are never too long, and rows as records. */
export class TypeReader {
  readonly #client: SalesforceClient;
  readonly #connection: ConnectionId;
  readonly #type: string;
  readonly #requested: readonly string[];
  readonly #discovered: DiscoveredObject | undefined;
  readonly #hidden = new Set<string>();
  #plan: FieldPlan;

  constructor(
    client: SalesforceClient,
    connection: ConnectionId,
    type: string,
    requested: readonly string[],
    discovered: DiscoveredObject | undefined,
  ) {
    this.#client = client;
    this.#connection = connection;
    this.#type = type;
    this.#requested = requested;
    this.#discovered = discovered;
    this.#plan = planFields(type, requested, discovered);
  }

  /** What is asked for, as far as it is visible by now. */
  get plan(): FieldPlan {
    return this.#plan;
  }

  /** First page of all rows, deleted ones too, that pass the filter; every requested field in each row. */
  async first(filter: Filter, purpose: Purpose): Promise<QueryPage> {
    const page = await this.#withVisibleFields(() => {
      const fields = chunkFields(this.#plan.select, FIELD_BYTES)[0]!;
      return this.#client.queryAll(select({ fields, from: this.#type, ...filter }), purpose);
    });
    return this.#complete(page, purpose);
  }

  /** The page that `next` of an earlier page points at. */
  async next(next: string, purpose: Purpose): Promise<QueryPage> {
    return this.#complete(await this.#client.queryNext(next, purpose), purpose);
  }

  /** Rows with these ids, deleted ones too; at most `MAX_IDS` ids, each of Salesforce's form. */
  async byIds(ids: readonly string[], purpose: Purpose): Promise<readonly Row[]> {
    const rows = await this.#withVisibleFields(async () => {
      const fields = chunkFields(this.#plan.select, FIELD_BYTES_BESIDE_IDS)[0]!;
      return this.#rowsByIds(fields, ids, purpose);
    });
    return this.#addFields(rows, chunkFields(this.#plan.select, FIELD_BYTES_BESIDE_IDS).slice(1), purpose);
  }

  /** Rows as records; those that cannot be one, with the reason. */
  records(rows: readonly Row[]): {
    readonly records: readonly CrmRecord[];
    readonly failed: readonly { readonly id: string; readonly message: string }[];
  } {
    const records: CrmRecord[] = [];
    const failed: { id: string; message: string }[] = [];
    for (const row of rows) {
      try {
        records.push(toRecord(row, this.#plan, this.#connection));
      } catch (error) {
        if (!(error instanceof RowError)) throw error;
        failed.push({ id: typeof row['Id'] === 'string' ? row['Id'] : '', message: error.message });
      }
    }
    return { records, failed };
  }

  async #complete(page: QueryPage, purpose: Purpose): Promise<QueryPage> {
    const driven = chunkFields(this.#plan.select, FIELD_BYTES);
    if (driven.length === 1 || page.rows.length === 0) return page;
    const rest = chunkFields(driven.slice(1).flat(), FIELD_BYTES_BESIDE_IDS);
    return { ...page, rows: await this.#addFields(page.rows, rest, purpose) };
  }

  /** Reads further fields of rows by their ids and puts them into the rows. */
  async #addFields(
    rows: readonly Row[],
    chunks: readonly (readonly string[])[],
    purpose: Purpose,
  ): Promise<readonly Row[]> {
    if (chunks.length === 0 || rows.length === 0) return rows;
    const ids = rows.map(rowId);
    const requests = chunks.flatMap((fields) =>
      chunk(ids, MAX_IDS).map((part) => this.#rowsByIds(['Id', ...fields], part, purpose)),
    );
    const byId = new Map<string, Record<string, unknown>>();
    for (const [index, id] of ids.entries()) byId.set(id, { ...rows[index] });
    for (const found of await Promise.all(requests)) {
      for (const row of found) mergeRow(byId.get(rowId(row)), row);
    }
    return [...byId.values()];
  }

  async #rowsByIds(
    fields: readonly string[],
    ids: readonly string[],
    purpose: Purpose,
  ): Promise<readonly Row[]> {
    const soql = select({ fields, from: this.#type, where: inIds('Id', ids) });
    return this.#client.queryRows(soql, 'queryAll', purpose);
  }

  /** A field can go away, or be hidden, after it was discovered: then only that field is lost, not the type. */
  async #withVisibleFields<T>(query: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await query();
      } catch (error) {
        const lost = lostFields(error, this.#plan);
        if (lost.length === 0) throw error;
        for (const name of lost) this.#hidden.add(name);
        this.#plan = planFields(this.#type, this.#requested, this.#discovered, this.#hidden);
        this.#client.context.log.warn(
          { type: this.#type, fields: lost },
          'a field is no longer visible in Salesforce; reading on without it',
        );
      }
    }
  }
}

function mergeRow(into: Record<string, unknown> | undefined, row: Row): void {
  if (into === undefined || !sameId(String(into['Id']), String(row['Id']))) return;
  for (const [name, value] of Object.entries(row)) {
    const known = into[name];
    // Two parts of a field list may both read the same parent.
    const both = isPlain(known) && isPlain(value) && name !== 'attributes';
    into[name] = both ? { ...known, ...value } : value;
  }
}

function isPlain(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Fields of the plan that Salesforce says it does not have; none for any other error. */
function lostFields(error: unknown, plan: FieldPlan): readonly string[] {
  const crm = crmErrorOf(error);
  if (crm?.code !== 'INVALID_FIELD') return [];
  const column = /No such column '([^']{1,255})' on/i.exec(crm.message)?.[1]?.toLowerCase();
  const relation = /Didn't understand relationship '([^']{1,80})'/i.exec(crm.message)?.[1]?.toLowerCase();
  return plan.select.filter((name) => {
    const lower = name.toLowerCase();
    if (lower === 'id' || lower === 'systemmodstamp') return false;
    if (relation !== undefined && lower.startsWith(`${relation}.`)) return true;
    return column !== undefined && (lower === column || lower.endsWith(`.${column}`));
  });
}
