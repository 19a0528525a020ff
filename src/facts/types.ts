import type { FieldMap, Rates, ReadSet } from '../mapping/types.ts';
import type { Zone } from '../mapping/zone.ts';
import type { SubjectId, SubjectKind } from '../model/facts.ts';
import type { ConnectionId, DatedRecord } from '../model/record.ts';

/** Everything besides records that decides what facts say. */
export interface FactSettings {
  /** The mapping's zone: a date without time is the start of that day there (J9). */
  readonly zone: Zone;
  /** In configuration order, which breaks ties between equally new values (J5). */
  readonly connections: readonly FactConnection[];
  /** One a connector. */
  readonly fieldMaps: readonly FieldMap[];
  /** Fact fields wanted; without it all that the field maps give. */
  readonly reads?: ReadSet;
  /** By `deals.amount`: connections whose value goes first, whatever is newest (J5; `Mapping.prefer`). */
  readonly prefer?: Readonly<Record<string, readonly string[]>>;
  /** Amounts of connections with another home currency are converted by these (J5; `Mapping.rates`). */
  readonly rates?: Rates;
  /** Told of every value that cannot be read; the same one may come again. */
  readonly issue?: (issue: FactIssue) => void;
}

export interface FactConnection {
  readonly id: ConnectionId;
  readonly connector: string;
  /** The CRM's pipeline metadata (`Discovery.stages`). */
  readonly stages: readonly StageInfo[];
  /** The currency of its amounts; absent or null: not known, taken as the one rules count in. */
  readonly homeCurrency?: string | null;
}

/** What the CRM says a deal stage, case status or lead status means. */
export interface StageInfo {
  readonly type: string;
  readonly field: string;
  readonly pipeline: string | null;
  readonly value: string;
  readonly label: string;
  readonly open: boolean;
  readonly won: boolean;
  readonly lost: boolean;
  readonly probability: number | null;
}

/** A value of a record that is not what the fact needs: the fact has no value from it. */
export interface FactIssue {
  /** `connection:type:id` of the record. */
  readonly key: string;
  /** `deals.amount`. */
  readonly field: string;
  /** What was expected where; never the value itself. */
  readonly message: string;
}

/** Records that are one thing (J32). Facts are kept by this object while it lives: hand the same one over again for
 *  the same group, a new one when a record of it changed. */
export interface RecordGroup {
  /** The smallest `connection:type:id` of its records, archived ones included, so that it is stable over runs. */
  readonly key: string;
  readonly records: readonly DatedRecord[];
}

export interface PersonGroup extends RecordGroup {
  /** Contact roles that name this person. */
  readonly roles?: readonly DatedRecord[];
  /** What `last_activity` is derived from. */
  readonly touchpoints?: readonly RecordGroup[];
}

/** Kept like groups: the lists of one account are built once for all its people. */
export interface GroupLists {
  readonly people: readonly PersonGroup[];
  readonly deals: readonly RecordGroup[];
  readonly tickets: readonly RecordGroup[];
  readonly touchpoints: readonly RecordGroup[];
  readonly surveys: readonly RecordGroup[];
}

/** One subject and its neighbours (J2). */
export interface SubjectInput {
  readonly subject: SubjectId;
  readonly kind: SubjectKind;
  /** Null in an account journey. */
  readonly person: RecordGroup | null;
  /** Itself in an account journey, else the person's account (`chooseAccount`). */
  readonly account: RecordGroup | null;
  /** The subject's own lists. In an account journey the same object as `accountLists`. */
  readonly lists: GroupLists;
  /** Lists of the account; null without one. */
  readonly accountLists: GroupLists | null;
}
