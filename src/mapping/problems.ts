import type { Position, Problem } from './types.ts';

/** A file with more mistakes than this is wrong as a whole; the rest of them would help nobody. */
const MAX_PROBLEMS = 500;

/** Collects everything wrong with a file, so that one check shows it all (J7). */
export interface Problems {
  readonly list: Problem[];
  error(position: Position, message: string, suggestion?: string | null): void;
  warn(position: Position, message: string, suggestion?: string | null): void;
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
    suggestion?: string | null,
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

/** The nearest right name, when one is near: at most a third of its letters are wrong. */
export function nearest(name: string, candidates: Iterable<string>): string | null {
  const wanted = name.toLowerCase();
  if (wanted.length > 64) return null;
  let best: string | null = null;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const limit = Math.max(1, Math.floor(Math.max(wanted.length, candidate.length) / 3));
    if (Math.abs(candidate.length - wanted.length) > limit) continue;
    const distance = editDistance(wanted, candidate.toLowerCase());
    if (distance <= limit && distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Insertions, deletions, replacements and swaps of neighbours. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let value = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        value = Math.min(value, (beforeLast[j - 2] ?? 0) + 1);
      }
      row.push(value);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
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
