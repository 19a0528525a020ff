/** Where something stands in a file; line and column from 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** One error or warning of a mapping, a field map or the configuration (J7). */
export interface Problem extends Position {
  readonly severity: 'error' | 'warning';
  /** What was found, what was expected, what to do; one sentence each. */
  readonly message: string;
  /** The nearest right name, when one is near. */
  readonly suggestion?: string;
}

/** `file:line:column: error: message`, the form editors and people know. */
export function problemText(problem: Problem): string {
  const hint = problem.suggestion === undefined ? '' : ` Did you mean \`${problem.suggestion}\`?`;
  return `${problem.file}:${problem.line}:${problem.column}: ${problem.severity}: ${problem.message}${hint}`;
}
