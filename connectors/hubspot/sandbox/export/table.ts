import { knownType, type ObjectType } from '../object-types.ts';
import { liveLinks, type Portal, propertyValue, type RecordView, schemaOf, viewOf } from '../portal.ts';
import type { PropertyDefinition } from '../schema.ts';

/** What an export shows. */
export interface TableOptions {
  readonly type: ObjectType;
  readonly properties: readonly string[];
  readonly associated: readonly ObjectType[];
  /** A column for each label, the primary one among them. */
  readonly labelled: boolean;
  /** A column with what the associated records are called. */
  readonly display: boolean;
  /** Internal names of properties, internal values. */
  readonly names: boolean;
  readonly values: boolean;
  /** Associations of one kind that one row shows at most. */
  readonly most: number;
  /** Date-times to the minute only. */
  readonly rounded: boolean;
}

type Column = readonly [header: string, cell: (view: RecordView) => string];

/** Header and rows of all live records that `matches` lets through, newest first: nobody may rely on an order. */
export function tableOf(
  portal: Portal,
  options: TableOptions,
  matches: (view: RecordView) => boolean,
): { readonly header: readonly string[]; readonly rows: readonly (readonly string[])[] } {
  const schema = schemaOf(portal, options.type.name);
  const columns: Column[] = [
    [options.names ? 'hs_object_id' : 'Record ID', (view) => view.record.id],
    ...options.properties
      .filter((name) => name !== 'hs_object_id')
      .map((name): Column => {
        const definition = schema.get(name)!;
        return [
          options.names ? name : definition.label,
          (view) => shown(portal, definition, propertyValue(portal, view, name) ?? '', options),
        ];
      }),
    ...options.associated.flatMap((to) => associationColumns(portal, options, to)),
  ];
  const rows: string[][] = [];
  for (const record of portal.store.all(options.type.name)) {
    if (record.archivedAt !== null) continue;
    const view = viewOf(record);
    if (matches(view)) rows.push(columns.map(([, cell]) => cell(view)));
  }
  return { header: columns.map(([header]) => header), rows: rows.reverse() };
}

function associationColumns(portal: Portal, options: TableOptions, to: ObjectType): readonly Column[] {
  const { type, most } = options;
  const ids = (typeId: number | null) => (view: RecordView) =>
    liveLinks(portal, type.name, view.record.id, to.name)
      .filter((link) => typeId === null || link.typeIds.includes(typeId))
      .slice(0, most)
      .map((link) => link.id)
      .join(';');
  const name = (id: string): string => {
    const record = portal.store.get(to.name, id);
    return record === undefined ? '' : (record.properties[to.searchable[0] ?? ''] ?? '');
  };
  const labels = options.labelled
    ? portal.associationTypes.between(type.name, to.name).filter((one) => one.label !== null)
    : [];
  return [
    ...(options.display
      ? [
          [
            `Associated ${to.label}`,
            (view: RecordView) => ids(null)(view).split(';').filter(Boolean).map(name).join(';'),
          ] as const,
        ]
      : []),
    [`Associated ${to.label} IDs`, ids(null)],
    ...labels.map((label): Column => [`Associated ${to.label} IDs (${label.label})`, ids(label.typeId)]),
  ];
}

/** A value as people read it, or, with `values`, as the API has it. */
function shown(
  portal: Portal,
  definition: PropertyDefinition,
  value: string,
  options: Pick<TableOptions, 'values' | 'rounded'>,
): string {
  if (value === '') return '';
  const toMinute = (text: string): string => `${text.slice(0, 16)}:00.000Z`;
  if (options.values) return definition.type === 'datetime' && options.rounded ? toMinute(value) : value;
  if (definition.name === 'hubspot_owner_id') {
    const owner = portal.owners.find((one) => one.id === value);
    return owner === undefined ? value : `${owner.firstName} ${owner.lastName}`.trim();
  }
  if (definition.type === 'datetime') return localMinute(Date.parse(value), portal.timeZone);
  if (definition.type !== 'enumeration' && definition.type !== 'bool') return value;
  const labels = new Map(definition.options.map((option) => [option.value, option.label]));
  const parts = definition.fieldType === 'checkbox' ? value.split(';') : [value];
  return parts.map((part) => labels.get(part) ?? part).join('; ');
}

/** `2026-11-20 10:00`, as the account's clocks show it. */
function localMinute(at: number, timeZone: string): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' }).format(at);
}

/** Names an export knows a type by: `CONTACT`, `contacts`, `0-1`. */
export function exportedType(
  name: string,
  known: (name: string) => ObjectType | undefined,
): ObjectType | undefined {
  const found = known(name.toLowerCase());
  return found ?? (name.toUpperCase() === 'MEETING_EVENT' ? knownType('meetings') : undefined);
}
