/** The middle value; of an even number the mean of the middle two. Throws for an empty list. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const high = sorted[middle];
  if (high === undefined) throw new Error('the median of nothing was asked for');
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? high) + high) / 2;
}

export interface Spent {
  /** User and system time of the whole process. */
  readonly cpuMs: number;
  readonly wallMs: number;
}

/** What the process spends while `work` runs. */
export async function spend(work: () => Promise<unknown>): Promise<Spent> {
  const before = process.cpuUsage();
  const start = performance.now();
  await work();
  const wallMs = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  return { cpuMs: (user + system) / 1000, wallMs };
}

/** Takes turns, so that whatever else the machine does falls on all alike: the spent time of every round by name. */
export async function takeTurns<Name extends string>(
  rounds: number,
  works: Readonly<Record<Name, () => Promise<unknown>>>,
): Promise<Readonly<Record<Name, readonly Spent[]>>> {
  const names = Object.keys(works) as Name[];
  const spent = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, Spent[]>;
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names) spent[name].push(await spend(works[name]));
  }
  return spent;
}
