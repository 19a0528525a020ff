import { createWindowLimit, type WindowLimit } from '../../../../src/sandbox/index.ts';
import { SfError } from '../errors.ts';
import { makeId } from '../ids.ts';
import type { SfField, SfObject } from '../schema.ts';
import type { CsvForm } from './csv.ts';

const DAY = 86_400_000;
/** Jobs and their results are kept for a week. */
const KEPT_MS = 7 * DAY;
/** Rows that one of the day's batches holds. */
const BATCH_ROWS = 10_000;

export type JobState = 'Open' | 'UploadComplete' | 'InProgress' | 'JobComplete' | 'Failed' | 'Aborted';
/** What a control route has in store for a job. `stuck`: never ends, an ingest job after half of its rows · `fail`:
 *  ends as failed · `cut-body`: its first page of results comes cut off · `refuse`: is not made at all. */
export type Fate = 'stuck' | 'fail' | 'cut-body' | 'refuse';

/** What jobs of both kinds have. Times are epoch milliseconds of sandbox time. */
export interface Job extends CsvForm {
  readonly kind: 'query' | 'ingest';
  readonly id: string;
  readonly operation: string;
  readonly object: string;
  /** `67.0` */
  readonly version: string;
  readonly created: number;
  readonly fate: Fate | null;
  aborted: boolean;
}

export interface QueryJob extends Job {
  readonly kind: 'query';
  /** Results as they were when the job was made: pages can be fetched again and again. */
  readonly header: string;
  readonly lines: readonly string[];
  /** Pages of results that still come cut off. */
  cuts: number;
}

export type IngestOperation = 'insert' | 'update' | 'upsert' | 'delete';

/** What became of the rows of an upload; lines of CSV, in no particular order. */
export interface Outcome {
  readonly header: readonly string[];
  readonly successful: readonly string[];
  readonly failed: readonly string[];
  readonly unprocessed: readonly string[];
  readonly error: string | null;
}

export interface IngestJob extends Job {
  readonly kind: 'ingest';
  readonly operation: IngestOperation;
  readonly target: SfObject;
  readonly externalId: SfField | null;
  /** An assignment rule was named: leads and cases get other owners. */
  readonly assign: boolean;
  /** The upload; null before it came. */
  upload: string | null;
  rows: number;
  /** When the upload was said to be complete. */
  closed: number | null;
  outcome: Outcome | null;
}

export interface BulkOptions {
  /** Rows a page of results holds at most, whatever `maxRecords` says; default 100,000. */
  readonly pageRows?: number;
  /** Query jobs in any 24 hours; default 10,000. */
  readonly queryJobs?: number;
  /** Bytes of one upload; default 150 MB. */
  readonly uploadBytes?: number;
}

/** All Bulk API jobs of an org, with the day's allowances for them. */
export class Jobs {
  readonly pageRows: number;
  readonly uploadBytes: number;
  readonly queryLimit: WindowLimit;
  readonly batchLimit: WindowLimit;
  readonly #jobs = new Map<string, QueryJob | IngestJob>();
  #fates: { readonly fate: Fate; readonly kind: Job['kind'] | null; left: number }[] = [];
  #count = 0;

  constructor(options: BulkOptions) {
    this.pageRows = options.pageRows ?? 100_000;
    this.uploadBytes = options.uploadBytes ?? 150 * 1024 * 1024;
    const limit = options.queryJobs ?? 10_000;
    this.queryLimit = createWindowLimit({ name: 'bulk query jobs', windowMs: DAY, limit });
    this.batchLimit = createWindowLimit({ name: 'bulk batches', windowMs: DAY, limit: 15_000 });
  }

  newId(): string {
    this.#count += 1;
    return makeId('750', this.#count);
  }

  add(job: QueryJob | IngestJob): void {
    this.#jobs.set(job.id.slice(0, 15), job);
  }

  /** Newest first; those older than a week are gone. */
  queries(now: number): readonly QueryJob[] {
    return this.#kept(now).filter((job) => job.kind === 'query');
  }

  ingests(now: number): readonly IngestJob[] {
    return this.#kept(now).filter((job) => job.kind === 'ingest');
  }

  query(id: string, now: number): QueryJob | null {
    return this.queries(now).find((job) => job.id.slice(0, 15) === id.slice(0, 15)) ?? null;
  }

  ingest(id: string, now: number): IngestJob | null {
    return this.ingests(now).find((job) => job.id.slice(0, 15) === id.slice(0, 15)) ?? null;
  }

  #kept(now: number): readonly (QueryJob | IngestJob)[] {
    for (const [key, job] of this.#jobs) if (now - job.created >= KEPT_MS) this.#jobs.delete(key);
    return [...this.#jobs.values()].reverse();
  }

  remove(job: Job): void {
    this.#jobs.delete(job.id.slice(0, 15));
  }

  /** The next `count` jobs of a kind (null: of any) meet this fate. */
  ordain(fate: Fate, kind: Job['kind'] | null, count: number): void {
    this.#fates.push({ fate, kind, left: count });
  }

  /** The fate of a job that is being made now. */
  takeFate(kind: Job['kind']): Fate | null {
    const found = this.#fates.find((one) => one.kind === null || one.kind === kind);
    if (found === undefined) return null;
    found.left -= 1;
    if (found.left <= 0) this.#fates = this.#fates.filter((one) => one !== found);
    return found.fate;
  }

  /** Takes a query job from the day's allowance. Throws LIMIT_EXCEEDED. */
  chargeQuery(now: number): void {
    if (!this.queryLimit.take(now).allowed) throw exceeded('Max query jobs in 24 hours reached.');
  }

  /** Takes the batches of an upload from the day's allowance. Throws LIMIT_EXCEEDED. */
  chargeRows(rows: number, now: number): void {
    for (let left = rows; left > 0; left -= BATCH_ROWS)
      if (!this.batchLimit.take(now).allowed) throw exceeded('Max batches in 24 hours reached.');
  }

  reset(): void {
    this.#jobs.clear();
    this.#fates = [];
    this.queryLimit.reset();
    this.batchLimit.reset();
  }
}

function exceeded(message: string): SfError {
  return new SfError(400, [{ message, errorCode: 'LIMIT_EXCEEDED' }], true);
}
