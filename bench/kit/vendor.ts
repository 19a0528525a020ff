import { type WorkloadSize, workloadSize } from '../workload.ts';
import type { Crm, RemoteSandbox } from './sandbox-process.ts';

/** Contacts of workload W at one tenth: 10,000 contacts, 5,000 companies, 4,000 deals, 6,000 tickets. */
export const CONTACTS = 10_000;
export const SIZE: WorkloadSize = workloadSize(CONTACTS);

/** One object type of the workload at one CRM. */
export interface TypeWork {
  readonly type: string;
  readonly records: number;
  /** Records of it that change at one per cent. */
  readonly changed: number;
  /** A plain text field that people edit; null: nobody does. */
  readonly field: string | null;
}

/** What the benchmarks of requests have to know about one CRM. */
export interface VendorWork {
  readonly crm: Crm;
  readonly types: readonly TypeWork[];
  /** The person type, and the field that decides the stage of the benchmark's own journey. */
  readonly person: { readonly type: string; readonly title: string };
  /** Routes that detect, fetch or write records; the others read descriptions and are counted apart. */
  isCounted(route: string): boolean;
  isWrite(route: string): boolean;
  minimumInitial(): number;
  minimumIncremental(changed: readonly number[]): number;
  minimumWriteback(records: number): number;
  /** The same work by a script with the vendor's own client, as its documentation leads to. */
  readonly naive: {
    /** Reads everything; the number of records it got. */
    load(sandbox: RemoteSandbox): Promise<number>;
    write(sandbox: RemoteSandbox, ids: readonly string[]): Promise<void>;
  };
}

/** Requests that hold `rows` rows, `perRequest` each; an empty type still costs one to know. */
export function pages(rows: number, perRequest: number): number {
  return Math.max(1, Math.ceil(rows / perRequest));
}

export function onePercent(records: number): number {
  return Math.ceil(records / 100);
}
