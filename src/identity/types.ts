import type { ConnectionId, Entity, RecordKey, RecordState } from '../model/record.ts';

/** What identity needs to know of one CRM record (J30). */
export interface IdentityRecord {
  readonly key: RecordKey;
  readonly entity: Entity;
  /** Epoch milliseconds; null where the CRM does not tell (counts as younger than any date). */
  readonly created: number | null;
  readonly state: RecordState;
  /** The record this one lives on in, in the same connection. */
  readonly successor: { readonly type: string; readonly id: string } | null;
  /** Ids of the same type that were merged into this one. */
  readonly mergedIds: readonly string[];
  /** As the CRM spells them. The first is the primary one ('' when there are only additional ones). */
  readonly emails: readonly string[];
  /** As the CRM spells them: host, URL or e-mail. The first is the primary one, as above. */
  readonly domains: readonly string[];
  readonly crossIds: readonly CrossId[];
}

/** A field of this record that names a record elsewhere. */
export interface CrossId {
  readonly field: string;
  /** The connections it may mean: all of the connector that the field map names. */
  readonly connections: readonly ConnectionId[];
  /** The object types it may mean. */
  readonly types: readonly string[];
  readonly id: string;
}

/** Why two records are the same, the strongest first. */
export const LINK_KINDS = ['merge', 'conversion', 'cross-id', 'email', 'domain'] as const;
export type LinkKind = (typeof LINK_KINDS)[number];

/** One match, with its reason in words (J31). Keys are `connection:type:id`. */
export interface Link {
  readonly entity: Entity;
  readonly kind: LinkKind;
  readonly from: string;
  readonly to: string;
  /** For people; names fields and records, never values of fields. */
  readonly reason: string;
}

/** Records that are one person, account, deal, ticket, touchpoint or survey. */
export interface Group {
  readonly entity: Entity;
  /** The smallest key of its records. */
  readonly key: string;
  /** Its oldest record, by creation, then key. */
  readonly oldest: string;
  /** By key. */
  readonly records: readonly GroupRecord[];
  /** No record is live: all are archived, merged or converted. */
  readonly gone: boolean;
}

export interface GroupRecord {
  readonly key: RecordKey;
  readonly text: string;
  readonly created: number | null;
  readonly state: RecordState;
  /** Why it belongs to the group, in words. */
  readonly reason: string;
}

/** A record that could belong to several others; it is left apart (J31). */
export interface AmbiguousRecord {
  readonly key: RecordKey;
  readonly entity: Entity;
  readonly reason: string;
  /** Keys of the records it was not joined with; at most `MAX_CANDIDATES`. */
  readonly candidates: readonly string[];
}

/** Candidates listed for one ambiguous record; the reason gives the full number. */
export const MAX_CANDIDATES = 20;

export interface ResolveOptions {
  /** Pairs of keys (`connection:type:id`) that somebody took apart: they are never joined again (J31). */
  readonly unlinked?: readonly (readonly [string, string])[];
  /** Domains, besides the built-in list, that belong to mail providers and never make an account. */
  readonly freeMail?: readonly string[];
}

export interface Resolution {
  /** Every record is in exactly one group. Oldest group first. */
  readonly subjects: readonly Group[];
  readonly links: readonly Link[];
  /** One entry a record, by key. */
  readonly ambiguous: readonly AmbiguousRecord[];
}
