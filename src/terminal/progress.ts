import type { Progress } from '../sync/session.ts';
import { count, cut, pad } from './text.ts';

export interface ProgressOutput {
  write(text: string): void;
  readonly terminal: boolean;
  readonly width: number;
}

const PHASES = {
  connect: 'Connecting',
  pull: 'Reading',
  resolve: 'Matching people and accounts',
  place: 'Placing on the journey',
  write: 'Writing',
} as const;

/** A bar of one line that is drawn over on a terminal; one plain line a phase elsewhere. */
export function progress(output: ProgressOutput): Progress & { done(): void } {
  const parts = new Map<string, { done: number; total: number | null }>();
  let phase: keyof typeof PHASES | null = null;
  let drawn = '';
  let shown = '';
  const sums = (): { done: number; total: number } => {
    let done = 0;
    let total = 0;
    for (const part of parts.values()) {
      done += part.done;
      total += Math.max(part.total ?? 0, part.done);
    }
    return { done, total };
  };
  const clear = (): void => {
    if (drawn !== '') output.write(`\r${' '.repeat(output.width - 1)}\r`);
    drawn = '';
  };
  const endPhase = (): void => {
    clear();
    if (phase === null) return;
    const { done } = sums();
    const line = done > 0 ? `${PHASES[phase]}: ${count(done)}` : PHASES[phase];
    if (line !== shown) output.write(`${line}\n`);
    shown = line;
  };
  return {
    phase(name) {
      endPhase();
      parts.clear();
      phase = name;
      if (output.terminal) draw(`${PHASES[name]} …`);
    },
    advance(what, done, total) {
      parts.set(what, { done, total });
      if (!output.terminal || phase === null) return;
      const sum = sums();
      const share = sum.total === 0 ? 0 : sum.done / sum.total;
      const size = 24;
      const filled = Math.round(share * size);
      const bars = `${'█'.repeat(filled)}${'░'.repeat(size - filled)}`;
      draw(
        `${PHASES[phase]} ${bars} ${count(sum.done)}${sum.total > sum.done ? ` of ${count(sum.total)}` : ''}  ${what}`,
      );
    },
    done() {
      endPhase();
      phase = null;
      parts.clear();
    },
  };

  function draw(text: string): void {
    const line = cut(text, output.width - 1);
    if (line === drawn) return;
    output.write(`\r${pad(line, output.width - 1)}`);
    drawn = line;
  }
}
