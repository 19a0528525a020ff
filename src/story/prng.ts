/** Seeded pseudo-random numbers (sfc32, public-domain design by Chris Doty-Humphrey): the story may not use the
 *  machine's own randomness, or the same seed would tell another story. */
export interface Rng {
  /** In [0, 1). */
  next(): number;
  /** Whole number in [low, high], both included. */
  int(low: number, high: number): number;
  /** Real number in [low, high). */
  between(low: number, high: number): number;
  chance(probability: number): boolean;
  pick<T>(from: readonly T[]): T;
  /** Weights need not add up to anything. */
  weighted<T>(from: readonly (readonly [T, number])[]): T;
  /** An independent stream: what is drawn from it never shifts what others draw. */
  fork(label: string): Rng;
}

/** Same seed and label path, same numbers. */
export function createRng(seed: number): Rng {
  return fromState(mix(seed >>> 0), mix(Math.floor(seed / 2 ** 32) ^ 0x9e3779b9), mix(seed ^ 0x85ebca6b));
}

function fromState(first: number, second: number, third: number): Rng {
  let a = first;
  let b = second;
  let c = third;
  let counter = 1;
  const next32 = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return sum >>> 0;
  };
  for (let round = 0; round < 12; round += 1) {
    next32();
  }
  const next = (): number => next32() / 2 ** 32;
  const rng: Rng = {
    next,
    int: (low, high) => low + Math.floor(next() * (high - low + 1)),
    between: (low, high) => low + next() * (high - low),
    chance: (probability) => next() < probability,
    pick: (from) => from[Math.floor(next() * from.length)]!,
    weighted: (from) => {
      let total = 0;
      for (const [, weight] of from) {
        total += weight;
      }
      let rest = next() * total;
      for (const [value, weight] of from) {
        rest -= weight;
        if (rest < 0) {
          return value;
        }
      }
      return from[from.length - 1]![0];
    },
    fork: (label) => {
      let hash = 0x811c9dc5;
      for (let index = 0; index < label.length; index += 1) {
        hash = Math.imul(hash ^ label.charCodeAt(index), 0x01000193);
      }
      return fromState(mix(first ^ hash), mix(second + hash), mix(third ^ Math.imul(hash, 0x9e3779b1)));
    },
  };
  return rng;
}

/** Spreads neighbouring seeds far apart (murmur3's finaliser). */
function mix(value: number): number {
  let x = value | 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}
