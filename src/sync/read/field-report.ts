import type { Discovery, FieldInfo } from '../../connector/port.ts';
import type { CrmRecord, FieldValue } from '../../model/record.ts';
import type { Store } from '../../store/port.ts';
import type { SyncConnection } from '../session.ts';

/** One CRM field, with what the stored records show of it. */
export interface FieldReport {
  readonly type: string;
  readonly name: string;
  readonly label: string;
  readonly kind: FieldInfo['type'];
  readonly options: readonly string[];
  readonly calculated: boolean;
  /** Some mapping reads it: only then the figures below are known. */
  readonly read: boolean;
  /** Share of live records with a value, [0,1]; null when nothing is stored of it. */
  readonly filled: number | null;
  /** Different values seen, counted up to `MAX_DISTINCT`. */
  readonly distinct: number | null;
  /** Newest modification stamp of a record with a value, epoch ms. */
  readonly newest: number | null;
}

/** Different values are counted up to here; more means "free text". */
export const MAX_DISTINCT = 1_000;

interface Figures {
  seen: number;
  filled: number;
  newest: number | null;
  readonly values: Set<FieldValue>;
}

/** The CRM's fields of these types, read ones first. */
export async function reportFields(
  store: Store,
  connection: SyncConnection,
  discovery: Discovery,
  types: readonly string[],
): Promise<readonly FieldReport[]> {
  const reports: FieldReport[] = [];
  for (const type of types) {
    const figures = new Map<string, Figures>();
    for await (const chunk of store.records.scan(connection.id, type)) {
      for (const record of chunk) if (record.state === 'live') observe(figures, record);
    }
    const fields = Object.values(discovery.objects[type]?.fields ?? {});
    for (const field of fields) reports.push(report(type, field, figures.get(field.name)));
  }
  return reports.sort((a, b) => compare(a, b));
}

function observe(figures: Map<string, Figures>, record: CrmRecord): void {
  for (const [name, value] of Object.entries(record.fields)) {
    const known = figures.get(name) ?? { seen: 0, filled: 0, newest: null, values: new Set<FieldValue>() };
    figures.set(name, known);
    known.seen += 1;
    if (value === null) continue;
    known.filled += 1;
    known.newest = Math.max(known.newest ?? 0, record.modified);
    if (known.values.size < MAX_DISTINCT) known.values.add(value);
  }
}

function report(type: string, field: FieldInfo, figures: Figures | undefined): FieldReport {
  return {
    type,
    name: field.name,
    label: field.label,
    kind: field.type,
    options: (field.options ?? []).map((option) => option.value),
    calculated: field.calculated,
    read: figures !== undefined,
    filled: figures === undefined ? null : figures.filled / figures.seen,
    distinct: figures === undefined ? null : figures.values.size,
    newest: figures?.newest ?? null,
  };
}

function compare(a: FieldReport, b: FieldReport): number {
  if (a.type !== b.type) return a.type < b.type ? -1 : 1;
  if (a.read !== b.read) return a.read ? -1 : 1;
  return a.name < b.name ? -1 : 1;
}
