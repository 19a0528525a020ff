import type { Condition, EvalContext, Mapping, Stage } from '../mapping/types.ts';
import type { JourneyState } from '../model/facts.ts';
import { held } from './held.ts';
import { findStage } from './state.ts';
import type { StageOverride } from './types.ts';

/** Everything one decision (J11.1-7) depends on. */
export interface Situation {
  readonly mapping: Mapping;
  /** At the instant of the step, with this journey's state before the step and its segments. */
  readonly context: EvalContext;
  readonly state: JourneyState;
  /** Stages left at this very instant; they are not entered again (J11.8). */
  readonly leftNow: ReadonlySet<string>;
  readonly override: StageOverride | null;
  /** True right after an override ended (J29). */
  readonly freeOfMinStay: boolean;
}

/** `hold`: why the present stage is kept although no rule of it was asked, or its rule does not hold. */
export interface Decision {
  readonly move: { readonly to: string | null; readonly rule: string } | null;
  readonly loop: boolean;
  readonly hold: 'override' | 'terminal' | 'min_stay' | null;
}

/** How a condition is judged. The step asks only for the truth; the explanation notes the whole tree on the way,
 *  so both take the very same decision (J33). */
export type Judge = (condition: Condition) => boolean;

/** J11.2 to 7: where the subject goes from its present stage at this instant. */
export function decide(situation: Situation, judge: Judge): Decision {
  const { mapping, state, override } = situation;
  const present = findStage(mapping, state.stage);
  if (override !== null && isTaken(mapping, override)) {
    const to = findStage(mapping, override.stage)?.name ?? null;
    const move = to === state.stage ? null : { to, rule: 'override' };
    return { move, loop: false, hold: 'override' };
  }
  if (present !== undefined) {
    for (const [index, exit] of present.exit.entries()) {
      if (judge(exit.when)) return go(situation, exit.to, `stages.${present.name}.exit[${index}]`);
    }
    if (present.terminal) return { move: null, loop: false, hold: 'terminal' };
  }
  const waiting = minStayUntil(situation, present) !== null;
  for (let i = mapping.stages.length - 1; i >= 0; i -= 1) {
    const stage = mapping.stages[i]!;
    if (stage === present) {
      if (stays(stage, judge) || eligible(situation, stage, judge)) return STAY;
    } else if ((!waiting || stage.urgent) && eligible(situation, stage, judge)) {
      return go(situation, stage.name, stage.isDefault ? 'default' : `stages.${stage.name}.enter`);
    }
  }
  if (waiting) return { move: null, loop: false, hold: 'min_stay' };
  return state.stage === null ? STAY : go(situation, null, ruleOfLeaving(state.stage, present));
}

/** A stage that the mapping does not have is not taken. */
export function isTaken(mapping: Mapping, { stage }: StageOverride): boolean {
  return stage === null || findStage(mapping, stage) !== undefined;
}

const STAY: Decision = { move: null, loop: false, hold: null };

function go(situation: Situation, to: string | null, rule: string): Decision {
  const again = to !== null && (situation.leftNow.has(to) || to === situation.state.stage);
  return again ? { move: null, loop: true, hold: null } : { move: { to, rule }, loop: false, hold: null };
}

/** The end of the present stage's `min_stay` while it lasts, else null. */
export function minStayUntil(situation: Situation, present: Stage | undefined): number | null {
  const { entered } = situation.state;
  if (situation.freeOfMinStay || entered === null || !present?.minStay) return null;
  const until = present.minStay.after(entered);
  return situation.context.now < until ? until : null;
}

/** J11.6: does the present stage keep its subject? Without `stay` and `enter` (a stage reached only by another
 *  stage's `exit`) nothing says that it ends. */
export function stays(stage: Stage, judge: Judge): boolean {
  const rule = stage.stay ?? stage.enter;
  return rule === null || judge(rule);
}

/** J11.5: `enter`, `from` and `for` of one stage. */
export function eligible(situation: Situation, stage: Stage, judge: Judge): boolean {
  if (stage.isDefault) return true;
  if (stage.enter === null || !comesFrom(situation, stage) || !judge(stage.enter)) return false;
  return stage.for === null || held(situation, stage.enter, stage.for).met;
}

/** Does `from`, when given, contain the present stage? */
export function comesFrom(situation: Situation, stage: Stage): boolean {
  const { stage: present } = situation.state;
  return stage.from === null || (present !== null && stage.from.includes(present));
}

function ruleOfLeaving(name: string, stage: Stage | undefined): string {
  if (stage === undefined) return `stages.${name}.removed`;
  return stage.stay === null ? `stages.${name}.enter` : `stages.${name}.stay`;
}
