import { nearest } from '../model/nearest.ts';
import type { Position, Problem } from '../model/problem.ts';

export { nearest };

/** A file with more mistakes than this is wrong as a whole; the rest of them would help nobody. */
const MAX_PROBLEMS = 500;

/** Collects everything wrong with a file, so that one check shows it all (J7). */
export interface Problems {
  readonly list: Problem[];
  error(position: Position, message: string, suggestion?: string | null | undefined): void;
  warn(position: Position, message: string, suggestion?: string | null | undefined): void;
  readonly failed: boolean;
}

export function createProblems(): Problems {
  const list: Problem[] = [];
  const seen = new Set<string>();
  let failed = false;
  const add = (
    severity: 'error' | 'warning',
    position: Position,
    message: string,
    suggestion?: string | null | undefined,
  ) => {
    if (severity === 'error') failed = true;
    // A rule that is read twice (a stage's `enter` is also its default `stay`) is wrong once.
    const key = `${severity} ${position.line}:${position.column} ${message}`;
    if (seen.has(key) || list.length >= MAX_PROBLEMS) return;
    seen.add(key);
    const { file, line, column } = position;
    list.push({ file, line, column, severity, message, ...(suggestion ? { suggestion } : {}) });
  };
  return {
    list,
    error: (position, message, suggestion) => add('error', position, message, suggestion),
    warn: (position, message, suggestion) => add('warning', position, message, suggestion),
    get failed() {
      return failed;
    },
  };
}

/** In the order of the file. */
export function sortProblems(problems: readonly Problem[]): readonly Problem[] {
  return [...problems].sort(
    (a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0) || a.line - b.line || a.column - b.column,
  );
}

/** `a, b or c` for messages, cut to a readable length. */
export function listOf(names: Iterable<string>, most = 14): string {
  const all = [...names];
  if (all.length > most) return `${all.slice(0, most).join(', ')}, … (${all.length} in all)`;
  if (all.length < 2) return all.join('');
  return `${all.slice(0, -1).join(', ')} or ${all.at(-1)}`;
}

/** A text of the user for a message: quoted, on one line, not endless. */
export function quote(text: string): string {
  const flat = text.replace(/[\p{Cc}\p{Cf}]/gu, ' ');
  return `"${flat.length > 60 ? `${flat.slice(0, 57)}…` : flat}"`;
}
