import type { Discovery } from '../connector/port.ts';
import type { SubjectId, SubjectKind } from '../model/facts.ts';
import type { ConnectionId, CrmRecord, Entity, FieldValue, RecordKey } from '../model/record.ts';
import type { ActivationStore } from './activations.ts';
import type { ExportStore } from './exports.ts';
import type { Fence } from './fence.ts';
import type { HistoryStore, PageChanges } from './history.ts';
import type { Baseline, KeptPlan, ParkedWrite } from './holds.ts';
import type { JourneyStore } from './journeys.ts';
import type { LedgerStore } from './ledger.ts';
import type { OverrideStore } from './overrides.ts';
import type { PendingStore } from './pending.ts';
import type { PlanStore } from './plans.ts';
import type { RecordFate, RunStore } from './runs.ts';

export type * from './activations.ts';
export type { Fence } from './fence.ts';
export type * from './history.ts';
export type * from './journeys.ts';
export type { LedgerEntry, LedgerState, LedgerStore } from './ledger.ts';
export type * from './overrides.ts';
export type * from './pending.ts';
export type { Fate, RecordFate, RunNotice, RunStatus, RunStore, StoredRun } from './runs.ts';

/** What Waystage keeps. Every method is one transaction unless it says otherwise; instants are epoch ms.
 *  Methods that commit a run's work take its `Fence` and throw `busy` when the lease has passed on. */
export interface Store {
  readonly connections: ConnectionStore;
  readonly records: RecordStore;
  readonly readings: ReadingStore;
  readonly history: HistoryStore;
  readonly subjects: SubjectStore;
  readonly journeys: JourneyStore;
  readonly pending: PendingStore;
  readonly activations: ActivationStore;
  readonly ledger: LedgerStore;
  readonly overrides: OverrideStore;
  readonly plans: PlanStore;
  readonly holds: HoldStore;
  readonly runs: RunStore;
  readonly exports: ExportStore;
  readonly leases: LeaseStore;
  readonly schedules: ScheduleStore;
  /** A trivial write and read, for `/healthz`. Throws `store_unusable`. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export interface LeaseStore {
  /** Null when somebody else holds it and it has not expired. Taking one's own lease again renews it. */
  acquire(name: string, holder: string, now: number, ttl: number): Promise<Fence | null>;
  renew(fence: Fence, now: number, ttl: number): Promise<boolean>;
  release(fence: Fence): Promise<void>;
  holder(name: string, now: number): Promise<string | null>;
  /** Takes the lease from a holder that is known to be dead, before it expires. */
  evict(name: string, holder: string): Promise<void>;
}

export interface StoredConnection {
  readonly id: ConnectionId;
  readonly connector: string;
  readonly accountId: string | null;
  readonly accountName: string | null;
  readonly discovery: Discovery | null;
  readonly checkedAt: number | null;
  /** Last failure in words, null when the last check was good. */
  readonly problem: string | null;
}

/** What people and runs decided about a connection; survives that it cannot be reached. */
export interface ConnectionState {
  readonly id: ConnectionId;
  /** Writing is stopped since; null: it is not. */
  readonly pausedAt: number | null;
  /** When it was last read in full and compared; null: never. */
  readonly reconciledAt: number | null;
  /** The run whose remaining work the pause waits for; absent: a person paused it. */
  readonly pausedBy?: string;
  /** Since when it is written to because a first plan was applied; absent: none was. */
  readonly openedAt?: number;
}

export interface ConnectionStore {
  save(connection: StoredConnection): Promise<void>;
  list(): Promise<readonly StoredConnection[]>;
  /** Every connection of which there is something to tell. */
  states(): Promise<readonly ConnectionState[]>;
  /** Null restarts writing. `by`: the run that stopped it. */
  pause(id: ConnectionId, at: number | null, by?: string): Promise<void>;
  reconciled(id: ConnectionId, at: number): Promise<void>;
}

export interface Checkpoint {
  readonly cursor: string;
  /** The requested fields when the cursor was begun; a field more means reading all again. */
  readonly fields: readonly string[];
  /** The first load is complete; from here on the cursor is an increment. */
  readonly complete: boolean;
  /** When it was committed; the store tells. */
  readonly at?: number;
}

/** One page, committed whole with its checkpoint: never one without the other. */
export interface PageCommit {
  readonly run: string;
  readonly connection: ConnectionId;
  readonly type: string;
  readonly records: readonly CrmRecord[];
  readonly fates: readonly RecordFate[];
  /** Null: the checkpoint stays where it is (a full reading beside the increments). */
  readonly checkpoint: Checkpoint | null;
  /** The full reading this page belongs to: every record of `fates` counts as seen by it. */
  readonly reading?: Reading;
  /** What changed of records that were known before; without it only what is true now is kept. */
  readonly changes?: PageChanges;
  readonly at: number;
}

/** A full reading of a type that compares the CRM with the store, and where it stands. */
export interface Reading {
  /** Names the reading, over all runs that carry it on. */
  readonly mark: string;
  readonly cursor: string;
  readonly fields: readonly string[];
}

/** Full readings beside the increments, and what the CRM has forgotten. */
export interface ReadingStore {
  /** One that was begun and not ended; null: none. */
  open(connection: ConnectionId, type: string): Promise<Reading | null>;
  end(connection: ConnectionId, type: string, fence: Fence): Promise<void>;
  /** Records that the reading has not seen, live ones or those that ended, in id order, a chunk at a time. Chunks may
   *  be changed meanwhile. */
  unseen(
    connection: ConnectionId,
    type: string,
    mark: string,
    which: 'live' | 'ended',
  ): AsyncIterable<readonly CrmRecord[]>;
  /**
   * Forgets records that the CRM itself does not know any more: the record with its associations, its place in a
   * subject, what was ever written to it and, where nothing else is left of a subject, its visits and health. Only a
   * keyed hash of its name stays.
   */
  purge(keys: readonly RecordKey[], at: number, fence: Fence): Promise<void>;
  /** Which of these ids were purged. */
  purged(connection: ConnectionId, type: string, ids: readonly string[]): Promise<ReadonlySet<string>>;
  /** The CRM knows it again by its id: hidden records can come back, deleted ones cannot. */
  unpurge(keys: readonly RecordKey[], fence: Fence): Promise<void>;
}

export interface RecordStore {
  commitPage(page: PageCommit, fence: Fence): Promise<void>;
  checkpoint(connection: ConnectionId, type: string): Promise<Checkpoint | null>;
  get(
    connection: ConnectionId,
    type: string,
    ids: readonly string[],
  ): Promise<ReadonlyMap<string, CrmRecord>>;
  /** All records of a type, in id order, a chunk at a time. */
  scan(connection: ConnectionId, type: string): AsyncIterable<readonly CrmRecord[]>;
  /** Records of other types that hold an association to one of the named ones. */
  pointingTo(connection: ConnectionId, type: string, ids: readonly string[]): Promise<readonly CrmRecord[]>;
  /** Names of the records of these types that are associated with one of the named ones, from either end. */
  linked(
    connection: ConnectionId,
    type: string,
    ids: readonly string[],
    types: readonly string[],
  ): Promise<readonly RecordKey[]>;
  /** Field values after a write of ours was confirmed; nothing else of the record changes. */
  patchFields(
    patches: readonly (RecordKey & { readonly fields: Readonly<Record<string, FieldValue>> })[],
    fence: Fence,
  ): Promise<void>;
  counts(): Promise<
    readonly {
      readonly connection: ConnectionId;
      readonly type: string;
      readonly records: number;
      readonly live: number;
    }[]
  >;
}

export interface StoredSubject {
  readonly id: SubjectId;
  readonly kind: SubjectKind;
  readonly created: number;
  /** All of its records are archived, merged or converted. */
  readonly gone: boolean;
}

/** A record's place in a subject, or a deal's, ticket's, touchpoint's or survey's place in a resolved pair. */
export interface Member extends RecordKey {
  readonly entity: Entity;
  readonly subject: SubjectId;
  /** Why it belongs there, in words for people. */
  readonly reason: string;
}

export interface Ambiguity extends RecordKey {
  readonly entity: Entity;
  readonly reason: string;
  readonly candidates: readonly string[];
}

/** What was found out about some records, and all other records of the subjects they were in. */
export interface IdentityCommit {
  readonly records: readonly RecordKey[];
  readonly subjects: readonly StoredSubject[];
  readonly members: readonly Member[];
  readonly ambiguities: readonly Ambiguity[];
  /** Subjects that ended, with the one they went on in. */
  readonly ended: readonly { readonly id: SubjectId; readonly into: SubjectId | null }[];
}

export interface SubjectStore {
  /**
   * Replaces what is known of these records: their places, their ambiguities, and the subjects that nothing belongs
   * to any more. What did not change is not written.
   */
  commit(identity: IdentityCommit, fence: Fence): Promise<void>;
  /** Forgets the places of all records but those of these types, and the subjects nothing is left of. */
  keepOnly(
    types: readonly { readonly connection: ConnectionId; readonly type: string }[],
    fence: Fence,
  ): Promise<void>;
  list(kind: SubjectKind): Promise<readonly StoredSubject[]>;
  /** All subjects of a kind, in id order, a chunk at a time. */
  scan(kind: SubjectKind): AsyncIterable<readonly StoredSubject[]>;
  get(id: string): Promise<StoredSubject | null>;
  members(entity?: Entity): Promise<readonly Member[]>;
  membersOf(ids: readonly string[]): Promise<readonly Member[]>;
  /** The members of each subject that has several, a chunk of subjects at a time. */
  shared(): AsyncIterable<readonly (readonly RecordKey[])[]>;
  memberByRecord(key: RecordKey): Promise<Member | null>;
  membersByRecord(connection: ConnectionId, type: string, ids: readonly string[]): Promise<readonly Member[]>;
  ambiguities(): Promise<readonly Ambiguity[]>;
  /** Ids that were given once and ended in a merge: never given again. */
  ended(): Promise<ReadonlySet<string>>;
  /** Which of these ids are given, or were once. */
  given(ids: readonly string[]): Promise<ReadonlySet<string>>;
}

/** What holds writing back: refusals, and plans that wait for approval. */
export interface HoldStore {
  parked(connection: ConnectionId): Promise<readonly ParkedWrite[]>;
  /** Adds or replaces. */
  park(writes: readonly ParkedWrite[], fence: Fence): Promise<void>;
  unpark(keys: readonly RecordKey[], fence: Fence): Promise<void>;
  baselines(): Promise<readonly Baseline[]>;
  /** Replaces all of these connections and types. */
  setBaselines(baselines: readonly Baseline[], fence: Fence): Promise<void>;
  /** The plan that waits for approval; a new one takes the place of the old one, null takes it away. */
  keepPlan(plan: KeptPlan | null, fence: Fence): Promise<void>;
  keptPlan(): Promise<KeptPlan | null>;
}

export interface StoredSchedule {
  readonly name: string;
  readonly nextDue: number;
}

export interface ScheduleStore {
  get(name: string): Promise<StoredSchedule | null>;
  set(schedule: StoredSchedule): Promise<void>;
}
