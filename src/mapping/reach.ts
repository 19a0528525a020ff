import { impossible } from './dead.ts';
import type { StageRules } from './load-stages.ts';
import type { Problems } from './problems.ts';
import type { BoolNode } from './tree.ts';

/** Finds stages that nobody can enter or stay in (J7): their rules contradict themselves, or no `enter`, `from` or
 *  `exit` of a reachable stage leads to them. */
export function checkStages(stages: readonly StageRules[], problems: Problems): void {
  const { never, reached } = reach(stages);
  for (const { enter, exits, stage, stay } of stages) {
    const { name, position } = stage;
    for (const { when } of exits) {
      const why = impossible(when, { stages: [name] });
      if (why !== null) problems.error(when.pos, `This exit can never be taken: ${why}.`);
    }
    if (!reached.has(name)) {
      const why = never.get(name);
      problems.error(
        position,
        why !== undefined
          ? `Nobody can ever enter \`${name}\`: ${why}.`
          : enter === null
            ? `Nobody can ever enter \`${name}\`: it has no enter:, is not the default, and no exit: of a reachable stage leads to it.`
            : `Nobody can ever enter \`${name}\`: from: names only stages that nobody can enter${terminalFrom(stages, stage.from)}, and no exit: leads to it.`,
      );
    } else if (enter === null && stay === null && !stage.isDefault && !stage.terminal) {
      problems.error(
        position,
        `Nobody can stay in \`${name}\`: without enter: it needs stay:, terminal: true or default: true.`,
      );
    }
    const unlivable = stay === null ? null : impossible(stay);
    if (unlivable !== null)
      problems.error(stay?.pos ?? position, `Nobody can stay in \`${name}\`: ${unlivable}.`);
  }
  warnShadowed(stages, problems);
}

/** The stages that may be entered, from none on, and why the others cannot. */
function reach(stages: readonly StageRules[]): {
  readonly reached: ReadonlySet<string>;
  readonly never: ReadonlyMap<string, string>;
} {
  const reached = new Set<string>();
  const never = new Map<string, string>();
  for (let before = -1; before !== reached.size; ) {
    before = reached.size;
    for (const { enter, exits, stage } of stages) {
      const { from, name } = stage;
      // A terminal stage is left by an exit or an override only (J11.4).
      const leavable = stages
        .filter((other) => reached.has(other.stage.name) && !other.stage.terminal && other.stage !== stage)
        .map((other) => other.stage.name);
      const sources = leavable.filter((other) => from === null || from.includes(other));
      if (stage.isDefault) reached.add(name);
      else if (enter !== null && !reached.has(name) && (from === null || sources.length > 0)) {
        const why = impossible(enter, { stages: sources });
        if (why === null) reached.add(name);
        else never.set(name, why);
      }
      if (!reached.has(name)) continue;
      for (const { to, when } of exits) {
        if (to !== null && impossible(when, { stages: [name] }) === null) reached.add(to);
      }
    }
  }
  return { reached, never };
}

function terminalFrom(stages: readonly StageRules[], from: readonly string[] | null): string {
  const terminal = stages.some(({ stage }) => stage.terminal && from?.includes(stage.name));
  return terminal ? ' or leave (terminal: true)' : '';
}

/** The candidate listed last wins (J11.7): a stage before one that is always open is entered by nobody. An override or
 *  a changed rule may still lead there, so that this is a warning. */
function warnShadowed(stages: readonly StageRules[], problems: Problems): void {
  const targets = new Set(stages.flatMap(({ exits }) => exits.map(({ to }) => to)));
  const held = stages.some(({ stage }) => stage.minStay !== null);
  for (const [index, { enter, stage }] of stages.entries()) {
    if (enter === null || targets.has(stage.name)) continue;
    const over = stages
      .slice(index + 1)
      .find(({ stage: later, enter: rule }) => open(later, rule) && !(held && stage.urgent && !later.urgent));
    if (over === undefined) continue;
    problems.warn(
      stage.position,
      `Nobody enters \`${stage.name}\`: \`${over.stage.name}\`, listed after it, is open to everybody, and the stage listed last wins. List \`${over.stage.name}\` before it.`,
    );
  }
}

function open(stage: StageRules['stage'], enter: BoolNode | null): boolean {
  if (stage.isDefault) return true;
  return stage.from === null && stage.for === null && enter?.op === 'const' && enter.value;
}
