import type { FactIssue } from './types.ts';

export interface IssueLog {
  add(issue: FactIssue): void;
  /** The first ones, each record and field once. */
  list(): readonly FactIssue[];
  /** How many came in all; beyond the limit repeated ones are counted again. */
  count(): number;
}

/** Collects what could not be read in a run, without growing past `limit` entries. */
export function createIssueLog(limit = 1_000): IssueLog {
  const seen = new Map<string, FactIssue>();
  let beyond = 0;
  return {
    add(issue) {
      const id = `${issue.key}\n${issue.field}`;
      if (seen.has(id)) return;
      if (seen.size < limit) seen.set(id, issue);
      else beyond++;
    },
    list: () => [...seen.values()],
    count: () => seen.size + beyond,
  };
}
