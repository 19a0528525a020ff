import type { StoredRun } from '../store/port.ts';
import type { RunSummary } from '../sync/summary.ts';

/** What a run did, in one or two sentences; its own error when it came to none. */
export function runWords(run: StoredRun): string {
  if (run.status === 'running') return 'It is under way.';
  const summary = run.summary as Partial<RunSummary> | null;
  if (summary?.connections === undefined || summary.writes === undefined)
    return run.error ?? 'It ended before it could count anything.';
  const totals = Object.values(summary.connections);
  const seen = totals.reduce((sum, counts) => sum + counts.seen, 0);
  const failed = totals.reduce((sum, counts) => sum + counts.failed, 0) + summary.writes.failed;
  const { records, fields } = summary.writes;
  const moved = summary.transitions ?? 0;
  const parts = [`Read ${plural(seen, 'record')}.`];
  if (typeof summary.held === 'string') parts.push(summary.held);
  else if (run.kind !== 'pull')
    parts.push(
      `${moved === 0 ? 'No stage' : plural(moved, 'stage')} ${run.kind === 'plan' ? 'would change' : 'changed'}${
        run.kind === 'plan'
          ? '.'
          : `, ${fields === 0 ? 'nothing was written' : `${plural(fields, 'field')} on ${plural(records, 'record')} written`}.`
      }`,
    );
  if (failed > 0) parts.push(`${plural(failed, 'record')} failed.`);
  return parts.join(' ');
}

/** Problems of one run that the page shows; the command line has all. */
const SHOWN_PROBLEMS = 5;

/** What went wrong in that run, beyond what its words say. */
export function runProblems(run: StoredRun): readonly string[] {
  const summary = run.summary as Partial<RunSummary> | null;
  const said = [summary?.held ?? null, summary === null ? run.error : null];
  const all = [...(summary?.problems ?? []).map(({ message }) => message), run.error].filter(
    (text): text is string => text !== null && !said.includes(text),
  );
  const more = all.length - SHOWN_PROBLEMS;
  return more > 0 ? [...all.slice(0, SHOWN_PROBLEMS), `… and ${more} more: waystage run ${run.id}`] : all;
}

function plural(value: number, one: string): string {
  return `${value.toLocaleString('en-US')} ${value === 1 ? one : `${one}s`}`;
}
