import type { WindowLimit } from './limits.ts';
import type { RequestReport } from './port.ts';

/** Counts what clients asked for, by method and route pattern; the control routes are not counted. */
export interface RequestRecorder {
  record(route: string, refused: boolean): void;
  report(limits: readonly WindowLimit[]): RequestReport;
  reset(): void;
}

export function createRecorder(): RequestRecorder {
  const routes = new Map<string, number>();
  let total = 0;
  let refused = 0;
  return {
    record: (route, wasRefused) => {
      total += 1;
      if (wasRefused) refused += 1;
      routes.set(route, (routes.get(route) ?? 0) + 1);
    },
    report: (limits) => ({
      total,
      refused,
      routes: Object.fromEntries([...routes].sort(([a], [b]) => (a < b ? -1 : 1))),
      peaks: Object.fromEntries(
        limits.map((limit) => [
          limit.name,
          { windowMs: limit.windowMs, limit: limit.limit, peak: limit.peak() },
        ]),
      ),
    }),
    reset: () => {
      routes.clear();
      total = 0;
      refused = 0;
    },
  };
}
