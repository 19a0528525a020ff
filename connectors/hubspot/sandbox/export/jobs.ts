import { createWindowLimit, type WindowLimit } from '../../../../src/sandbox/index.ts';
import { type ZippedFile, zipped } from './zip.ts';

/**
 * What happens to an export: it never ends · is cancelled · is refused at once · its first address is no longer good
 * when it is used · its file is a row short · cut off · shows labels and local times though values were asked for ·
 * shows times to the minute · has no columns of associations · is said to be on another machine.
 */
export const EXPORT_FATES = [
  'stuck',
  'cancel',
  'refuse',
  'expired-url',
  'short',
  'cut',
  'labels',
  'rounded',
  'no-associations',
  'foreign-url',
] as const;
export type ExportFate = (typeof EXPORT_FATES)[number];

export interface ExportOptions {
  /** CSV of more bytes is handed out as a zip file; default 2 MB. */
  readonly zipFrom?: number;
  /** Rows of one file in the zip file; default 1,000,000. */
  readonly fileRows?: number;
  /** Associations of one kind in a row; default 1,000. */
  readonly associations?: number;
  /** Exports in 24 hours; default 30. */
  readonly perDay?: number;
  /** Time until an export is begun, and rows it gets through in a second. Default 1,000 ms and 5,000. */
  readonly pendingMs?: number;
  readonly rowsPerSecond?: number;
}

export interface ExportJob {
  readonly id: string;
  readonly name: string;
  readonly typeId: string;
  readonly properties: readonly string[];
  readonly requested: number;
  readonly started: number;
  readonly ended: number;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly fate: ExportFate | null;
}

export type ExportState = 'PENDING' | 'PROCESSING' | 'COMPLETE' | 'CANCELED';

/** An address that lets anybody fetch a file for a while. */
interface Address {
  readonly job: ExportJob;
  readonly until: number;
}

const PER_DAY = 30;
const DAY_MS = 86_400_000;
const URL_MS = 5 * 60_000;
const KEPT_MS = 30 * DAY_MS;
const FIRST_ID = 470_000_000_001;

/** How many exports may be made in any 24 hours; it outlives the account's data. */
export function exportLimit({ perDay }: ExportOptions): WindowLimit {
  return createWindowLimit({ name: 'exports', windowMs: DAY_MS, limit: perDay ?? PER_DAY });
}

/** All exports of the account. One is worked on at a time, the others wait for it. */
export class ExportJobs {
  readonly options: ExportOptions;
  readonly limit: WindowLimit;
  readonly #jobs = new Map<string, ExportJob>();
  readonly #addresses = new Map<string, Address>();
  readonly #files = new WeakMap<ExportJob, Buffer>();
  #fates: { readonly fate: ExportFate; left: number }[] = [];
  /** When the last export so far ends. */
  #busyUntil = 0;
  #made = 0;

  constructor(options: ExportOptions = {}, limit: WindowLimit = exportLimit(options)) {
    this.options = options;
    this.limit = limit;
  }

  /** The next `count` exports meet this fate. */
  ordain(fate: ExportFate, count: number): void {
    this.#fates.push({ fate, left: count });
  }

  takeFate(): ExportFate | null {
    const found = this.#fates[0];
    if (found === undefined) return null;
    found.left -= 1;
    if (found.left <= 0) this.#fates.shift();
    return found.fate;
  }

  add(job: Omit<ExportJob, 'id' | 'started' | 'ended'>): ExportJob {
    const { pendingMs = 1_000, rowsPerSecond = 5_000 } = this.options;
    const started = Math.max(job.requested + pendingMs, this.#busyUntil);
    const takes = Math.ceil((job.rows.length / rowsPerSecond) * 1_000);
    const ended = job.fate === 'stuck' ? Number.POSITIVE_INFINITY : started + takes;
    this.#busyUntil = Math.max(this.#busyUntil, ended);
    const made: ExportJob = { ...job, id: String(FIRST_ID + this.#jobs.size), started, ended };
    this.#jobs.set(made.id, made);
    return made;
  }

  /** Null when there is none, or its file was kept long enough. */
  get(id: string, now: number): ExportJob | null {
    const job = this.#jobs.get(id);
    return job === undefined || now - job.requested >= KEPT_MS ? null : job;
  }

  state(job: ExportJob, now: number): ExportState {
    if (now < job.started) return 'PENDING';
    if (now < job.ended) return 'PROCESSING';
    return job.fate === 'cancel' ? 'CANCELED' : 'COMPLETE';
  }

  /** The secret part of a new address of the file. */
  sign(job: ExportJob, now: number): string {
    this.#made += 1;
    const key = `${job.id}-${this.#made.toString(36)}`;
    const dead = job.fate === 'expired-url' && ![...this.#addresses.values()].some((one) => one.job === job);
    this.#addresses.set(key, { job, until: dead ? now : now + URL_MS });
    return key;
  }

  /** The file behind an address; null when the address is not, or no longer, good. */
  file(key: string, now: number): { readonly name: string; readonly bytes: Buffer } | null {
    const address = this.#addresses.get(key);
    if (address === undefined || now >= address.until) return null;
    const { job } = address;
    const bytes = this.#files.get(job) ?? this.#fileOf(job);
    this.#files.set(job, bytes);
    const end = job.fate === 'cut' ? Math.floor(bytes.length * 0.6) : bytes.length;
    const zip = bytes.subarray(0, 2).toString('latin1') === 'PK';
    return { name: `${job.name}.${zip ? 'zip' : 'csv'}`, bytes: bytes.subarray(0, end) };
  }

  #fileOf(job: ExportJob): Buffer {
    const { zipFrom = 2_000_000, fileRows = 1_000_000 } = this.options;
    const rows = job.fate === 'short' ? job.rows.slice(0, -1) : job.rows;
    const files: ZippedFile[] = [];
    for (let start = 0; start === 0 || start < rows.length; start += fileRows) {
      const bytes = csv([job.header, ...rows.slice(start, start + fileRows)]);
      files.push({ name: `${job.name}-${files.length + 1}.csv`, bytes });
    }
    const [only] = files;
    return only !== undefined && files.length === 1 && only.bytes.length <= zipFrom
      ? only.bytes
      : zipped(files);
  }
}

/** With a byte order mark, every cell in quotes. */
function csv(rows: readonly (readonly string[])[]): Buffer {
  const lines = rows.map((cells) => `"${cells.map((cell) => cell.replaceAll('"', '""')).join('","')}"\n`);
  return Buffer.from(`\ufeff${lines.join('')}`, 'utf8');
}
