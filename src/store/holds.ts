import type { ConnectionId, RecordKey } from '../model/record.ts';

/** A record the CRM refused for good: not tried again until what led to it changes. */
export interface ParkedWrite extends RecordKey {
  /** Hash of the values to write and of the record they were meant for. */
  readonly inputs: string;
  /** The newest modification stamp of the record we know, epoch ms. */
  readonly stamp: number;
  /** The record was modified since: it is tried again. */
  readonly due: boolean;
  readonly code: string;
  /** The CRM's words. */
  readonly message: string;
  readonly run: string;
  readonly at: number;
}

/** How many live records of a type there were at the last good run, and how many of them had a value in a field. */
export interface Baseline {
  readonly connection: ConnectionId;
  readonly type: string;
  /** Empty: the records themselves. */
  readonly field: string;
  readonly n: number;
}

/** The plan of a run that the guard stopped; opaque to the store. */
export interface KeptPlan {
  readonly run: string;
  readonly at: number;
  readonly reason: string;
  readonly plan: unknown;
}
