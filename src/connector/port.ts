import type { Clock, Random } from '../model/clock.ts';
import type { Output, OutputField } from '../model/outputs.ts';
import type { ConnectionId, CrmRecord, Entity, FieldValue } from '../model/record.ts';

/** The port a CRM fills. A connector is one folder under `connectors/` and one line in `connectors/index.ts`. */
export interface Connector {
  readonly id: string;
  /** "HubSpot", for people. */
  readonly label: string;
  readonly capabilities: Capabilities;
  /** Problems of `connections[].auth`, `baseUrl` and other connector-specific keys; empty when good. */
  checkConfig(config: ConnectionConfig): readonly { readonly path: string; readonly message: string }[];
  /** The field name used for an output when the mapping names none: `waystage_stage`. */
  outputFieldName(output: Output): string;
  /** Opens without any request; the first call that needs the CRM reports bad credentials. */
  open(config: ConnectionConfig, context: ConnectionContext): Connection;
}

/** What differs between CRMs, as data: the core never finds it out by exceptions. */
export interface Capabilities {
  readonly objectTypes: readonly ObjectType[];
  /** Records per `push` call, at most. */
  readonly writeBatch: number;
  /** `push` calls that may be under way at once for one object type. */
  readonly writeParallel: number;
  /** `pushBulk` is there and pays from `from` records of one object type; it takes `limit` at most. */
  readonly bulkWrite?: { readonly from: number; readonly limit: number };
  /** What fields held before is kept by the CRM: of all fields, or of those somebody has switched that on for; then
   *  `pastChanges` is there. Absent: what was overwritten cannot be found out. */
  readonly pastChanges?: 'all' | 'tracked';
  /** How often everything is read again to find what increments do not show, in milliseconds, unless the
   *  configuration says otherwise. Absent: increments show everything. */
  readonly reconcileEvery?: number;
  /** `history` is there: what the CRM remembers of which object types. Absent: it remembers nothing. */
  readonly history?: {
    readonly types: readonly string[];
    /** Records whose past comes with one request, about; for forecasts. */
    readonly perRequest: number;
  };
  readonly auth: readonly AuthKind[];
  /** Requests in 10 seconds unless the configuration says otherwise; for forecasts. Absent: no limit is known. */
  readonly requestsPer10s?: number;
}

export interface ObjectType {
  /** The CRM's name: `contacts`, `Opportunity`. */
  readonly name: string;
  readonly label: string;
  readonly entity: Entity;
  /** Outputs can be written to records of this type. */
  readonly outputs: boolean;
  /** Object types whose associations `pull` and `read` bring along with a record of this type. */
  readonly associations: readonly string[];
}

export type AuthKind = 'none' | 'token' | 'client-credentials';

export type AuthConfig =
  | { readonly kind: 'none' }
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'client-credentials'; readonly clientId: string; readonly clientSecret: string };

export interface ConnectionConfig {
  readonly id: ConnectionId;
  readonly connector: string;
  readonly auth: AuthConfig;
  /** Where the API is; required for Salesforce (My Domain), a sandbox address for HubSpot. No trailing slash. */
  readonly baseUrl?: string;
  readonly sandbox: boolean;
  /** What only this connector knows, checked by its `checkConfig`. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Requests per 10 seconds this connection may use; default by the connector. */
  readonly requestsPer10s?: number;
}

export interface ConnectionContext {
  readonly clock: Clock;
  readonly random: Random;
  /** Aborted when the run is stopped. */
  readonly signal: AbortSignal;
  /** The same object for all that is opened to one account: the CRM's rate limits count them together. Absent: this
   *  one is alone. */
  readonly account?: object;
  readonly log: ConnectorLog;
}

/** Static text, values in fields; never secrets or personal data. */
export interface ConnectorLog {
  debug(fields: Readonly<Record<string, unknown>>, text: string): void;
  info(fields: Readonly<Record<string, unknown>>, text: string): void;
  warn(fields: Readonly<Record<string, unknown>>, text: string): void;
}

/** One installed portal or org, open for a run. All failures are `WaystageError`s with a code. */
export interface Connection {
  readonly id: ConnectionId;
  /** Who we are there. Throws `crm_credentials` or `crm_unreachable`. */
  check(): Promise<AccountInfo>;
  /** The CRM's own description of the object types: fields, options, pipelines. */
  discover(types: readonly string[]): Promise<Discovery>;
  /** Pages of records: all with `cursor` null, else from where the cursor was taken. Every page's cursor is a
   *  place to resume; the last page (`done`) carries the cursor for the next increment. The same record may
   *  come again (overlap); applying twice must be harmless. */
  pull(request: PullRequest): AsyncIterable<Page>;
  /** Present values of single records, in any order; ids that are gone are listed in `gone`. */
  read(
    request: ReadRequest,
  ): Promise<{ readonly records: readonly CrmRecord[]; readonly gone: readonly string[] }>;
  /** What was put into these fields last, newest first for each record and field, as far as the CRM kept it. Only
   *  where `capabilities.pastChanges` says so. */
  pastChanges?(request: ReadRequest): Promise<readonly PastChange[]>;
  /** Writes at most `capabilities.writeBatch` records of one type. One result per write, same order. Throws only
   *  when the outcome of the whole call is known to be "nothing was written". */
  push(type: string, writes: readonly Write[]): Promise<readonly WriteResult[]>;
  /** As `push` in every respect, for up to `capabilities.bulkWrite.limit` records: fewer requests, but minutes may
   *  pass before it answers. Only where `capabilities.bulkWrite` says so. */
  pushBulk?(type: string, writes: readonly Write[]): Promise<readonly WriteResult[]>;
  /** What fields held before, from the CRM's own history, record by record: of all records with `cursor` null, else
   *  from where the cursor was taken. Every page's cursor is a place to resume; the last one's (`done`) begins what
   *  changed since, at least an hour before this reading began. Only where `capabilities.history` says so. */
  history?(request: HistoryRequest): AsyncIterable<HistoryPage>;
  /** What is missing in the CRM for these outputs, in the order it has to be done. Changes nothing. */
  planProvision(wanted: readonly ProvisionTarget[]): Promise<readonly ProvisionStep[]>;
  /** Carries out steps of `planProvision`; a failed step is named in its result, later independent ones go on. */
  provision(steps: readonly ProvisionStep[]): Promise<readonly ProvisionResult[]>;
  /** Requests made so far by this open connection. */
  readonly usage: Usage;
  close(): Promise<void>;
}

export interface Usage {
  readonly requests: number;
  readonly rateLimited: number;
  readonly retries: number;
  /** Requests by purpose: `pull`, `search`, `search-lag`, `associations`, `write`, `read`, `meta`,
   *  `look-back` (whether a write of ours lost somebody's edit), `history`. */
  readonly byPurpose: Readonly<Record<string, number>>;
}

export interface AccountInfo {
  /** Portal id or organisation id plus environment: never a host name. */
  readonly accountId: string;
  readonly name: string;
  readonly timezone: string | null;
  /** Remaining calls of the day, when the CRM tells. */
  readonly dailyRemaining: number | null;
  readonly dailyLimit: number | null;
}

export interface Discovery {
  readonly homeCurrency: string | null;
  readonly objects: Readonly<Record<string, DiscoveredObject>>;
  readonly stages: readonly PipelineStage[];
  /** Link to a record in the CRM's own interface; `{type}` and `{id}` are replaced. */
  readonly recordUrl: string | null;
}

export interface DiscoveredObject {
  readonly readable: boolean;
  /** What `{type}` becomes in `recordUrl` when it is not the type's own name (HubSpot: `0-1`). */
  readonly linkType?: string;
  readonly fields: Readonly<Record<string, FieldInfo>>;
}

export type FieldType = 'text' | 'number' | 'boolean' | 'date' | 'datetime' | 'enum' | 'multi';

export interface FieldInfo {
  readonly name: string;
  readonly label: string;
  readonly type: FieldType;
  readonly options?: readonly { readonly value: string; readonly label: string }[];
  readonly writable: boolean;
  /** Calculated, formula or roll-up: can move without a modification stamp. */
  readonly calculated: boolean;
}

/** A deal stage, case status or lead status with what the CRM says it means. */
export interface PipelineStage {
  readonly type: string;
  /** The record field that holds the stage: `dealstage`, `StageName`, `Status`. */
  readonly field: string;
  readonly pipeline: string | null;
  readonly pipelineLabel: string | null;
  readonly value: string;
  readonly label: string;
  readonly order: number;
  readonly open: boolean;
  readonly won: boolean;
  readonly lost: boolean;
  readonly probability: number | null;
}

export interface PullRequest {
  readonly type: string;
  readonly fields: readonly string[];
  readonly cursor: string | null;
  readonly discovery: Discovery;
}

export interface Page {
  readonly records: readonly CrmRecord[];
  /** Rows the CRM handed over that could not be made a record, each with the reason; never dropped in silence. */
  readonly failed: readonly { readonly id: string; readonly message: string }[];
  /** Opaque to the core. */
  readonly cursor: string;
  readonly done: boolean;
  /** Rows still expected in all, when the CRM tells; for the progress bar only. */
  readonly total: number | null;
}

export interface HistoryRequest {
  readonly type: string;
  /** Fields whose past values are wanted; one that the CRM keeps no history of has no course. */
  readonly fields: readonly string[];
  readonly cursor: string | null;
  readonly discovery: Discovery;
}

/** A value a field took on, and when the CRM recorded it, epoch milliseconds. */
export interface PastValue {
  readonly value: FieldValue;
  readonly at: number;
}

/** The values of one field of one record, oldest first, the present one last. */
export interface FieldCourse {
  readonly id: string;
  readonly field: string;
  readonly values: readonly PastValue[];
  /** The first value is the one the record was created with; false: the CRM forgot what was before. */
  readonly complete: boolean;
}

export interface HistoryPage {
  readonly courses: readonly FieldCourse[];
  /** Rows that could not be made a course, each with the reason. */
  readonly failed: readonly { readonly id: string; readonly message: string }[];
  /** Opaque to the core. */
  readonly cursor: string;
  readonly done: boolean;
  /** Records to read in all, when the CRM tells; for the progress bar and the forecast. */
  readonly total: number | null;
}

export interface ReadRequest {
  readonly type: string;
  readonly ids: readonly string[];
  readonly fields: readonly string[];
  readonly discovery: Discovery;
  /** Also the records that are deleted or merged and that the CRM still shows, with their state. */
  readonly dead?: boolean;
}

/** A field was given another value. */
export interface PastChange {
  readonly id: string;
  readonly field: string;
  readonly from: FieldValue;
  readonly to: FieldValue;
  /** Epoch milliseconds, by the CRM's clock. */
  readonly at: number;
  /** It may be a write of ours: it came by the API, as ours do. */
  readonly own: boolean;
  /** Where `from` had come from: the API, the merge of two records, or anybody else. */
  readonly before: 'api' | 'merge' | 'other';
  /** Who that was, as the CRM names them ("user 7"); null: it does not tell. */
  readonly who: string | null;
  /** Who gave it the value it has since, likewise. */
  readonly by: string | null;
}

export interface Write {
  readonly id: string;
  /** Only fields whose value changes; canonical values, null clears. */
  readonly fields: Readonly<Record<string, FieldValue>>;
  /** Rows are sorted by this before batching (the parent record), so that parents are locked once. */
  readonly parent: string | null;
}

export type WriteResult =
  | { readonly id: string; readonly outcome: 'written' }
  /** The CRM refused it; `retryable` when the same write may succeed later. */
  | {
      readonly id: string;
      readonly outcome: 'refused';
      readonly code: string;
      readonly message: string;
      readonly retryable: boolean;
    }
  /** The answer was lost: it may or may not have been written. Read, compare, then write. */
  | { readonly id: string; readonly outcome: 'unknown'; readonly message: string };

export interface ProvisionTarget {
  readonly type: string;
  readonly fields: readonly OutputField[];
}

export interface ProvisionStep {
  readonly id: string;
  /** "create property waystage_stage on contacts", for people. */
  readonly text: string;
  readonly type: string | null;
  readonly field: string | null;
  /** Opaque to the core; only the connection that planned it reads it. */
  readonly payload: unknown;
}

export interface ProvisionResult {
  readonly id: string;
  readonly ok: boolean;
  readonly message: string | null;
}
