/** One installed portal or org, as named in the configuration (`connections[].id`). */
export type ConnectionId = string & { readonly __brand: 'ConnectionId' };

/** Canonical value of a CRM field after the connector decoded it.
 *  text, enum: string · multi-select: options joined with `;` · number: finite number · boolean
 *  date: `YYYY-MM-DD` · datetime: ISO 8601 in UTC with milliseconds (`2026-01-31T09:00:00.000Z`)
 *  null: the CRM holds no value (a CRM's empty string is null too). */
export type FieldValue = string | number | boolean | null;

/** What a record is on the customer journey, whatever its CRM calls the type. */
export type Entity = 'person' | 'account' | 'deal' | 'ticket' | 'touchpoint' | 'survey' | 'role';

/** Names one record: `hubspot:contacts:51`. `type` is the CRM's own object type name. */
export interface RecordKey {
  readonly connection: ConnectionId;
  readonly type: string;
  readonly id: string;
}

/** An association held by the record it was read with. */
export interface Association {
  /** Object type at the other end. */
  readonly type: string;
  readonly id: string;
  /** The CRM marks this one as primary (HubSpot primary company, Salesforce `AccountId`, primary contact role). */
  readonly primary: boolean;
  /** The CRM's label or role ("Decision Maker"), when it has one. */
  readonly label: string | null;
}

/** `merged`: lost a merge, see `successor` · `converted`: a Salesforce lead that became a contact, see
 *  `successor` · `archived`: deleted or archived in the CRM. */
export type RecordState = 'live' | 'archived' | 'merged' | 'converted';

/** One record as a connector hands it over: only the requested fields, decoded. */
export interface CrmRecord extends RecordKey {
  /** A requested field that is absent could not be read (no permission); `null` means empty. */
  readonly fields: Readonly<Record<string, FieldValue>>;
  /** Epoch milliseconds; null where the CRM does not tell. */
  readonly created: number | null;
  /** The CRM's modification stamp, epoch milliseconds. */
  readonly modified: number;
  readonly state: RecordState;
  /** The record this one lives on in. */
  readonly successor: { readonly type: string; readonly id: string } | null;
  /** Ids of records that were merged into this one. */
  readonly mergedIds: readonly string[];
  /** Complete per listed type; a type that is absent was not read and keeps what is stored. */
  readonly associations: Readonly<Record<string, readonly Association[]>>;
}

/** What is kept of the past of a record (J14). */
export interface Past {
  /** Since when the present values are known to hold, of fields without `values`; epoch milliseconds. */
  readonly knownSince: number;
  /** By field, oldest first: each value from its instant on, the present one last. */
  readonly values: Readonly<
    Record<string, readonly { readonly value: FieldValue; readonly since: number }[]>
  >;
}

/** A stored record with its past, so that each value has its own date. */
export interface DatedRecord extends CrmRecord {
  readonly past?: Past;
}

/** `connection:type:id`, the text form people and logs use. */
export function recordKeyText(key: RecordKey): string {
  return `${key.connection}:${key.type}:${key.id}`;
}
