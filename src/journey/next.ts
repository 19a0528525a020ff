import type { Condition, ConditionTrace, Stage } from '../mapping/types.ts';
import { comesFrom, minStayUntil, type Situation } from './decide.ts';
import { held } from './held.ts';
import { findStage, idealPath, placeOnPath } from './state.ts';

/** One thing that keeps the subject from the next stage.
 *  `condition`: a part of its rule that does not hold · `from`: it is entered from other stages only · `for`: the
 *  rule holds, but not for long enough · `min_stay`: the present stage may not be left yet · `leaves`: the present
 *  stage is listed later and its own rule still holds. */
export interface Unmet {
  readonly kind: 'condition' | 'from' | 'for' | 'min_stay' | 'leaves';
  /** What must become true; names limits and dates, never ages. */
  readonly text: string;
  /** 0 is nearest, 1 farthest. */
  readonly distance: number;
  /** When time alone will meet it; epoch milliseconds. */
  readonly until: number | null;
  readonly trace: ConditionTrace | null;
}

export interface NextStage {
  readonly stage: string;
  readonly label: string;
  /** Nearest first; in the rule's order among equals. Empty: the next step of the journey will move. */
  readonly unmet: readonly Unmet[];
}

/** The next stage on the ideal path and what is missing for it (J22, J33). From off the path or from no stage: the
 *  stage to come back to. Null at the end of the path, in a terminal stage and without stages. */
export function nextStage(situation: Situation): NextStage | null {
  const { mapping, state } = situation;
  const present = findStage(mapping, state.stage);
  const target = targetOf(situation, present);
  if (target === undefined || present?.terminal === true) return null;
  const unmet: Unmet[] = [];
  const until = minStayUntil(situation, present);
  if (until !== null && !target.urgent) {
    const text = `${present?.label ?? ''} lasts at least ${present?.minStay?.text ?? ''}`;
    unmet.push({ kind: 'min_stay', text, distance: 0, until, trace: null });
  }
  unmet.push(...unmetRule(situation, target, present));
  const listedLater =
    present !== undefined && mapping.stages.indexOf(present) > mapping.stages.indexOf(target);
  const keeps = present?.stay ?? present?.enter ?? null;
  if (listedLater && keeps !== null) {
    const trace = keeps.explain(situation.context);
    if (trace.holds) {
      for (const part of holding(trace)) {
        unmet.push({
          kind: 'leaves',
          text: `no longer: ${named(part)}`,
          distance: 0.5,
          until: null,
          trace: part,
        });
      }
    }
  }
  unmet.sort((a, b) => a.distance - b.distance);
  return { stage: target.name, label: target.label, unmet };
}

function targetOf(situation: Situation, present: Stage | undefined): Stage | undefined {
  const path = idealPath(situation.mapping);
  const place = placeOnPath(situation.mapping, situation.state);
  if (present !== undefined && !present.offPath) return path[path.indexOf(present) + 1];
  return path[Math.max(0, place)];
}

function unmetRule(situation: Situation, target: Stage, present: Stage | undefined): readonly Unmet[] {
  if (target.isDefault) return [];
  if (target.enter === null) {
    const exits = present?.exit.filter((exit) => exit.to === target.name) ?? [];
    return unmetOf(exits[0]?.when ?? null, situation);
  }
  const unmet: Unmet[] = [];
  if (!comesFrom(situation, target)) {
    const from = (target.from ?? []).map((name) => findStage(situation.mapping, name)?.label ?? name);
    unmet.push({
      kind: 'from',
      text: `comes only from ${from.join(' or ')}`,
      distance: 1,
      until: null,
      trace: null,
    });
  }
  const parts = unmetOf(target.enter, situation);
  unmet.push(...parts);
  if (parts.length === 0 && target.for !== null) {
    const { met, since } = held(situation, target.enter, target.for);
    if (!met) {
      unmet.push({
        kind: 'for',
        text: `must stay so for ${target.for.text}`,
        distance: 0,
        until: since === null ? null : target.for.after(since),
        trace: null,
      });
    }
  }
  return unmet;
}

function unmetOf(condition: Condition | null, situation: Situation): readonly Unmet[] {
  if (condition === null) return [];
  return unmetParts(condition.explain(situation.context)).map((trace) => ({
    kind: 'condition' as const,
    text: named(trace),
    distance: trace.distance,
    until: null,
    trace,
  }));
}

/** The smallest parts of a rule that do not hold: all of an `all`, one item for a whole `any`. */
export function unmetParts(trace: ConditionTrace): readonly ConditionTrace[] {
  if (trace.holds) return [];
  if (trace.kind !== 'all' || trace.children.length === 0) return [trace];
  return trace.children.flatMap(unmetParts);
}

/** The parts of a rule by which it holds: all of an `all`, of an `any` those that hold. */
export function holding(trace: ConditionTrace): readonly ConditionTrace[] {
  if (!trace.holds) return [];
  if ((trace.kind !== 'all' && trace.kind !== 'any') || trace.children.length === 0) return [trace];
  return trace.children.flatMap(holding);
}

/** A condition by the name it was defined under, with its text. */
export function named(trace: ConditionTrace): string {
  const text =
    trace.kind === 'any' && !trace.holds && trace.children.length > 0 ? alternatives(trace) : trace.text;
  return trace.name === undefined ? text : `${trace.name.replaceAll('_', ' ')} (${text})`;
}

function alternatives(trace: ConditionTrace): string {
  const nearest = [...trace.children].sort((a, b) => a.distance - b.distance);
  return nearest.map(named).join(' or ');
}
