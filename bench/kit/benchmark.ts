/** Figures of one benchmark: keys say their unit (`requests`, `seconds`, `cpu_us_per_record`), ratios end in `_ratio`. */
export type Figures = Readonly<Record<string, number>>;

/** Bounds of figures; a figure without a target is only shown. */
export type Targets = Readonly<Record<string, { readonly max?: number; readonly min?: number }>>;

export interface Benchmark {
  readonly name: string;
  /** What is measured and against what, in one sentence. */
  readonly about: string;
  readonly targets: Targets;
  /**
   * Throws when what is measured does not do its work: a figure of wrong results is worth nothing.
   * @param scale times the usual size, where a benchmark has sizes
   */
  measure(scale?: number): Promise<Figures>;
}

/** What is printed for each benchmark with `--json`. */
export interface Outcome {
  readonly name: string;
  readonly figures: Figures;
  readonly targets: Targets;
  readonly ok: boolean;
}

/** A figure that has a target and is not there misses it. */
export function outcomeOf(benchmark: Benchmark, measured: Figures): Outcome {
  const figures = Object.fromEntries(Object.entries(measured).map(([key, value]) => [key, rounded(value)]));
  const ok = Object.keys(benchmark.targets).every((key) => meets(key, figures, benchmark.targets));
  return { name: benchmark.name, figures, targets: benchmark.targets, ok };
}

/** Null: the figure has no target. */
export function verdictOf(key: string, { figures, targets }: Outcome): boolean | null {
  return targets[key] === undefined ? null : meets(key, figures, targets);
}

function meets(key: string, figures: Figures, targets: Targets): boolean {
  const value = figures[key];
  const target = targets[key];
  if (value === undefined || target === undefined) return false;
  return (
    value <= (target.max ?? Number.POSITIVE_INFINITY) && value >= (target.min ?? Number.NEGATIVE_INFINITY)
  );
}

/** Four significant digits are more than any repetition agrees on; whole numbers are counts and stay exact. */
function rounded(value: number): number {
  return Number.isInteger(value) ? value : Number(value.toPrecision(4));
}
