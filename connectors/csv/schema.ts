import type { ObjectType } from '../../src/connector/port.ts';
import { WaystageError } from '../../src/model/errors.ts';

/** Columns that say which records of another type a row belongs to. */
export interface LinkColumns {
  readonly type: string;
  /** One id, the primary one: `account_id`. */
  readonly one: string;
  /** Ids separated by `;`: `account_ids`. */
  readonly many: string;
}

/** One file of the folder. */
export interface CsvType extends ObjectType {
  readonly file: string;
  readonly links: readonly LinkColumns[];
}

const PEOPLE: LinkColumns = { type: 'people', one: 'person_id', many: 'person_ids' };
const ACCOUNTS: LinkColumns = { type: 'accounts', one: 'account_id', many: 'account_ids' };
const DEALS: LinkColumns = { type: 'deals', one: 'deal_id', many: 'deal_ids' };

function csvType(
  name: string,
  label: string,
  entity: CsvType['entity'],
  links: readonly LinkColumns[],
): CsvType {
  const outputs = entity === 'person' || entity === 'account';
  const associations = links.map(({ type }) => type);
  return { name, label, entity, outputs, associations, links, file: `${name}.csv` };
}

export const CSV_TYPES: readonly CsvType[] = [
  csvType('people', 'People', 'person', [ACCOUNTS]),
  csvType('accounts', 'Accounts', 'account', []),
  csvType('deals', 'Deals', 'deal', [ACCOUNTS, PEOPLE]),
  csvType('tickets', 'Tickets', 'ticket', [ACCOUNTS, PEOPLE]),
  csvType('touchpoints', 'Touchpoints', 'touchpoint', [ACCOUNTS, PEOPLE, DEALS]),
  csvType('surveys', 'Surveys', 'survey', [ACCOUNTS, PEOPLE]),
];

export const STAGES_FILE = 'stages.csv';

/** Columns with a meaning of their own, beside the link columns. */
export const ID = 'id';
export const CREATED = 'created';
export const MODIFIED = 'modified';
export const ARCHIVED = 'archived';

/** The object type of this name; asking for another one is a bug of the caller. */
export function csvTypeOf(name: string): CsvType {
  const found = CSV_TYPES.find((type) => type.name === name);
  if (found === undefined) throw new WaystageError('internal', `a CSV folder has no object type ${name}`);
  return found;
}

/** Columns that Waystage reads and never writes, whatever a mapping calls its outputs. */
export function isReserved(type: CsvType, column: string): boolean {
  return (
    [ID, CREATED, MODIFIED, ARCHIVED].includes(column) ||
    type.links.some(({ one, many }) => column === one || column === many)
  );
}
