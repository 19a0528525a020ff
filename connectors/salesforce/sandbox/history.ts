import { isTracked } from './field-definitions.ts';
import { HISTORY_OF } from './objects-activity.ts';
import type { Org } from './org.ts';
import type { Row, SfField, SfValue } from './schema.ts';
import { nameFieldOf } from './soql/fields.ts';
import { toJson } from './values.ts';

/** The rows that record one moment's changes of tracked fields; the caller inserts them. */
export interface HistoryRow {
  readonly object: string;
  readonly row: Row;
}

function dataType(field: SfField | undefined): string {
  switch (field?.type) {
    case 'currency':
      return 'Currency';
    case 'date':
      return 'DateOnly';
    case 'datetime':
      return 'DateTime';
    case 'reference':
      return 'EntityId';
    case 'boolean':
      return 'Boolean';
    case 'picklist':
      return 'DynamicEnum';
    default:
      return 'Text';
  }
}

/** A line of a field history (`OpportunityFieldHistory`, `LeadHistory`, …), or null for untracked fields.
 *  Lookups are told as `Owner`, not `OwnerId`. */
export function fieldHistory(
  org: Org,
  object: string,
  id: string,
  change: {
    readonly field: string;
    readonly old: SfValue;
    readonly new: SfValue;
    readonly at: number;
    readonly userId: string;
  },
): HistoryRow | null {
  const kind = HISTORY_OF[object];
  const field = org.object(object)?.fields.get(change.field.toLowerCase());
  if (kind === undefined || field === undefined || !isTracked(object, field)) return null;
  // Of long texts only that they changed is kept.
  const long = field.type === 'textarea' && field.length > 255;
  const shown = (value: SfValue): SfValue => (long ? null : toJson(field, value));
  return {
    object: kind.object,
    row: {
      Id: org.newId('017'),
      IsDeleted: false,
      [kind.parent]: id,
      Field: field.type === 'reference' && !field.custom ? change.field.replace(/Id$/, '') : change.field,
      DataType: dataType(field),
      OldValue: shown(change.old),
      NewValue: shown(change.new),
      CreatedDate: change.at,
      CreatedById: change.userId,
    },
  };
}

/** The second line of a changed lookup: what people see, the names instead of the ids; null for other fields. */
export function nameHistory(org: Org, line: HistoryRow): HistoryRow | null {
  if (line.row['DataType'] !== 'EntityId') return null;
  const nameOf = (id: SfValue | undefined): SfValue => {
    const target = typeof id === 'string' ? org.objectOfId(id) : null;
    return target === null ? null : (org.row(target.name, id)?.[nameFieldOf(target)] ?? null);
  };
  const { OldValue, NewValue } = line.row;
  return {
    object: line.object,
    row: {
      ...line.row,
      Id: org.newId('017'),
      DataType: 'Text',
      OldValue: nameOf(OldValue),
      NewValue: nameOf(NewValue),
    },
  };
}

/** The line every record's field history starts with. */
export function createdHistory(
  org: Org,
  object: string,
  id: string,
  at: number,
  userId: string,
): HistoryRow | null {
  const kind = HISTORY_OF[object];
  if (kind === undefined) return null;
  return {
    object: kind.object,
    row: {
      Id: org.newId('017'),
      IsDeleted: false,
      [kind.parent]: id,
      Field: 'created',
      DataType: 'Text',
      OldValue: null,
      NewValue: null,
      CreatedDate: at,
      CreatedById: userId,
    },
  };
}

/** Does a change of these fields make a new line of `OpportunityHistory`? */
export function movesOpportunity(changed: readonly string[]): boolean {
  return changed.some((name) =>
    ['StageName', 'Amount', 'CloseDate', 'Probability', 'ForecastCategoryName'].includes(name),
  );
}

/** A line of `OpportunityHistory`: how the deal stood from `at` on. */
export function opportunityHistory(org: Org, deal: Row, at: number, userId: string): HistoryRow {
  const amount = typeof deal['Amount'] === 'number' ? deal['Amount'] : null;
  const probability = typeof deal['Probability'] === 'number' ? deal['Probability'] : null;
  return {
    object: 'OpportunityHistory',
    row: {
      Id: org.newId('008'),
      IsDeleted: false,
      OpportunityId: deal['Id'] ?? null,
      StageName: deal['StageName'] ?? null,
      Amount: amount,
      ExpectedRevenue: amount === null || probability === null ? null : (amount * probability) / 100,
      CloseDate: deal['CloseDate'] ?? null,
      Probability: probability,
      ForecastCategory: deal['ForecastCategory'] ?? null,
      CreatedDate: at,
      CreatedById: userId,
      SystemModstamp: at,
    },
  };
}
