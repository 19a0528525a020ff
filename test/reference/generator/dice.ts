/** Seeded chance: the same seed gives the same mappings and subjects on every machine. */
export interface Dice {
  /** [0, 1). */
  next(): number;
  /** Both ends included. */
  int(low: number, high: number): number;
  chance(share: number): boolean;
  pick<T>(from: readonly T[]): T;
  /** One of the makers, by weight. */
  weighted<T>(makers: readonly (readonly [number, () => T])[]): T;
  /** Between `low` and `high` different ones, in the order given. */
  several<T>(from: readonly T[], low: number, high: number): readonly T[];
}

export function dice(seed: number): Dice {
  let state = seed >>> 0;
  // mulberry32
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  const int = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1));
  const made: Dice = {
    next,
    int,
    chance: (share) => next() < share,
    pick: (from) => from[int(0, from.length - 1)] as (typeof from)[number],
    weighted: (makers) => {
      let left = next() * makers.reduce((total, [weight]) => total + weight, 0);
      for (const [weight, make] of makers) {
        left -= weight;
        if (left < 0) return make();
      }
      return (makers.at(-1) as (typeof makers)[number])[1]();
    },
    several: (from, low, high) => {
      const wanted = Math.min(from.length, int(low, high));
      const rest = [...from.keys()];
      const taken = new Set<number>();
      while (taken.size < wanted) taken.add(...(rest.splice(int(0, rest.length - 1), 1) as [number]));
      return from.filter((_, index) => taken.has(index));
    },
  };
  return made;
}
