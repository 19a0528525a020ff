import { hash } from 'node:crypto';

/** What the rows of a file looked like, in a size that does not grow with the file: each row belongs to a bucket by
 *  its id, and a bucket keeps the sum of its rows' hashes. A bucket that differs later holds a row that was changed,
 *  added or removed; the order of the rows says nothing. */
export class Sketch {
  /** 48-bit sums, which a number holds exactly. */
  readonly #sums = new Float64Array(BUCKETS);
  readonly #counts = new Uint32Array(BUCKETS);

  add(id: string, row: Buffer): void {
    const bucket = bucketOf(id);
    this.#sums[bucket] = ((this.#sums[bucket] ?? 0) + first48(hash('sha256', row, 'buffer'))) % RANGE;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
  }

  /** The buckets whose rows differ from an earlier sketch; all of them without one. */
  changedSince(earlier: string | null): { has(id: string): boolean; readonly rows: number } {
    const before = earlier === null ? null : Buffer.from(earlier, 'base64url');
    const changed = new Uint8Array(BUCKETS);
    let rows = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      if (before !== null && before.readUIntBE(bucket * BYTES, BYTES) === this.#sums[bucket]) continue;
      changed[bucket] = 1;
      rows += this.#counts[bucket] ?? 0;
    }
    return { has: (id) => changed[bucketOf(id)] === 1, rows };
  }

  toString(): string {
    const bytes = Buffer.alloc(BUCKETS * BYTES);
    for (let bucket = 0; bucket < BUCKETS; bucket += 1)
      bytes.writeUIntBE(this.#sums[bucket] ?? 0, bucket * BYTES, BYTES);
    return bytes.toString('base64url');
  }

  /** Whether a text is a sketch this version wrote. */
  static fits(text: string): boolean {
    return Buffer.from(text, 'base64url').length === BUCKETS * BYTES;
  }
}

/** 8 KB of cursor; one edit in a file of 100,000 rows hands some 100 over again. */
const BUCKETS = 1024;
const BYTES = 6;
const RANGE = 2 ** 48;

function bucketOf(id: string): number {
  return hash('sha256', id, 'buffer').readUInt16BE(0) % BUCKETS;
}

function first48(digest: Buffer): number {
  return digest.readUIntBE(0, BYTES);
}
