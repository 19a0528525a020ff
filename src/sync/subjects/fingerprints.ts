import { createHash } from 'node:crypto';

/** Which of very many texts were seen, in 16 bytes each: two different texts with one fingerprint are as likely as
 *  two files with one commit id. */
export interface Fingerprints {
  add(text: string): void;
  has(text: string): boolean;
}

const WORDS = 4;
const FIRST_SIZE = 1_024;

export function createFingerprints(): Fingerprints {
  // A place holds the 128 bits of a fingerprint; all zero: free.
  let size = FIRST_SIZE;
  let table = new Uint32Array(size * WORDS);
  let held = 0;
  const placeOf = (of: Uint32Array, places: number, print: Uint32Array): number => {
    for (let place = print[0]! % places; ; place = (place + 1) % places) {
      const at = place * WORDS;
      let same = true;
      let free = true;
      for (let word = 0; word < WORDS; word += 1) {
        const value = of[at + word]!;
        if (value !== print[word]) same = false;
        if (value !== 0) free = false;
      }
      if (same || free) return at;
    }
  };
  const grow = (): void => {
    const larger = new Uint32Array(size * 2 * WORDS);
    for (let at = 0; at < table.length; at += WORDS) {
      const print = table.subarray(at, at + WORDS);
      if (!isFree(table, at)) larger.set(print, placeOf(larger, size * 2, print));
    }
    table = larger;
    size *= 2;
  };
  return {
    add(text) {
      const print = printOf(text);
      const at = placeOf(table, size, print);
      if (!isFree(table, at)) return;
      table.set(print, at);
      held += 1;
      if (held * 3 > size * 2) grow();
    },
    has: (text) => !isFree(table, placeOf(table, size, printOf(text))),
  };
}

function isFree(table: Uint32Array, at: number): boolean {
  for (let word = 0; word < WORDS; word += 1) if (table[at + word] !== 0) return false;
  return true;
}

function printOf(text: string): Uint32Array {
  const digest = createHash('sha1').update(text).digest();
  const print = new Uint32Array(WORDS);
  for (let word = 0; word < WORDS; word += 1) print[word] = digest.readUInt32LE(word * 4);
  // All zero means free.
  if (isFree(print, 0)) print[0] = 1;
  return print;
}
