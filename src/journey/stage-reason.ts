import type { ConditionTrace, SeenValue, Stage } from '../mapping/types.ts';
import type { Zone } from '../mapping/zone.ts';
import { isTaken, minStayUntil, type Situation } from './decide.ts';
import { holding, type NextStage, named, type Unmet, unmetParts } from './next.ts';
import { findStage, openVisit } from './state.ts';
import type { ByHand } from './types.ts';
import { dateWords, isInstantType, plainText, seenType, valueWords, zoneOf } from './words.ts';

/** Parts of a rule that one line names; the explanation has them all. */
const PARTS = 3;

/** Why the subject is in its stage, in one line, from the trace of the rule that keeps it (J22). It names what the
 *  rule says and the dates and values that met it; nothing in it changes while the facts stay as they are. */
export function stageReason(situation: Situation): string {
  const { mapping, state, context } = situation;
  const stage = findStage(mapping, state.stage);
  const { override } = situation;
  if (override !== null && isTaken(mapping, override) && findStage(mapping, override.stage) === stage)
    return byHandWords(override, zoneOf(mapping));
  if (state.stage === null) return 'no rule of a stage holds';
  if (stage === undefined) return 'the stage is no longer in the mapping';
  for (const rule of [stage.enter, stage.stay]) {
    if (rule === null) continue;
    const trace = rule.explain(context);
    if (trace.holds) return holdingWords(trace, zoneOf(mapping));
  }
  if (stage.isDefault) return 'no other stage fits';
  if (stage.terminal) return 'a final stage';
  const until = minStayUntil(situation, stage);
  if (until !== null)
    return `kept for ${stage.minStay?.text ?? ''}, until ${dateWords(until, zoneOf(mapping))}`;
  return reasonOfEntry(situation, stage);
}

/** `set by hand by Ann until 20 Dec 2026: key account` (J29). */
export function byHandWords({ owner, reason, until }: ByHand, zone: Zone): string {
  const who = owner == null ? '' : ` by ${plainText(owner)}`;
  // What ends at midnight lasts until the day before.
  const when = until == null ? '' : ` until ${dateWords(until - 1, zone)}`;
  const why = reason == null || reason === '' ? '' : `: ${plainText(reason)}`;
  return `set by hand${who}${when}${why}`;
}

/** For a stage kept by no rule of its own: how it was entered. */
function reasonOfEntry(situation: Situation, stage: Stage): string {
  const rule = openVisit(situation.state)?.rule ?? '';
  if (rule === 'override') return 'set by hand';
  const match = /^stages\.(.+)\.exit\[(\d+)\]$/.exec(rule);
  const from = findStage(situation.mapping, match?.[1] ?? null);
  const exit = from?.exit[Number(match?.[2])];
  if (from === undefined || exit === undefined || exit.to !== stage.name) return 'kept from before';
  return `came from ${from.label}: ${exit.when.text}`;
}

function holdingWords(trace: ConditionTrace, zone: Zone): string {
  const parts = holding(trace);
  const words = parts.slice(0, PARTS).map((part) => named(part) + seenWords(part, zone));
  return words.join('; ') + more(parts.length - PARTS);
}

/** The next best step in one line: what is missing for the next stage, nearest first; null when nothing is. */
export function nextStepWords(next: NextStage | null, zone: Zone): string | null {
  if (next === null || next.unmet.length === 0) return null;
  const words = next.unmet.slice(0, PARTS).map((unmet) => unmetWords(unmet, zone));
  return `${next.label}: ${words.join('; ')}${more(next.unmet.length - PARTS)}`;
}

/** One unmet condition, with the date at which time alone meets it, or the value that misses it. */
export function unmetWords(unmet: Unmet, zone: Zone): string {
  if (unmet.until !== null) return `${unmet.text}, until ${dateWords(unmet.until, zone)}`;
  return unmet.trace === null ? unmet.text : unmet.text + seenWords(unmet.trace, zone);
}

/** ` (now 1)`, ` (12 Oct 2026)`: the one value a condition turned on, when it is one; computed ages are left out.
 *  Of a list that does not hold: the item that is nearest to it, or the one that stands against it. */
export function seenWords(trace: ConditionTrace, zone: Zone): string {
  if (trace.kind === 'list' && trace.holds) return '';
  if (trace.kind === 'list' && trace.children.length === 1) return itemWords(trace.children[0]!, zone);
  if (trace.children.length > 0) return '';
  const [only, ...others] = principal(trace.seen).filter((value) => !isAge(value));
  if (only === undefined || others.length > 0 || only !== trace.seen[0]) return '';
  // "opted out (now yes)" would say it twice.
  if (typeof only.value === 'boolean') return '';
  const type = seenType(only);
  const words = valueWords(only.value, type, zone);
  return only.value === null || isInstantType(type) ? ` (${words})` : ` (now ${words})`;
}

/** ` (nearest "Big": probability is at least 0.5 (now 0.4))` · ` (but "Login broken")`. */
function itemWords(item: ConditionTrace, zone: Zone): string {
  const called = nameOf(item);
  if (item.holds) return called === null ? '' : ` (but ${called})`;
  const parts = unmetParts(item);
  if (parts.length > PARTS || (called === null && parts.length > 1)) return '';
  const missing = parts.map((part) => part.text + seenWords(part, zone)).join('; ');
  return ` (nearest${called === null ? '' : ` ${called}`}: ${missing})`;
}

/** What people call the item of a list: its name or subject, where it has one. */
function nameOf(trace: ConditionTrace): string | null {
  const fact = trace.seen.find((seen) => seen.fact !== null)?.fact ?? null;
  const name = fact?.values['name'] ?? fact?.values['subject'] ?? null;
  if (typeof name === 'string') return `"${plainText(name)}"`;
  for (const child of trace.children) {
    const called = nameOf(child);
    if (called !== null) return called;
  }
  return null;
}

/** What a value was computed as (`count(touchpoints)`), without the items it was computed from. */
export function principal(seen: readonly SeenValue[]): readonly SeenValue[] {
  const computed = seen.filter((value) => value.fact === null);
  return computed.length > 0 ? computed : seen;
}

/** A number of days up to now: it changes every day, so no output may hold it (J20). */
export function isAge(seen: SeenValue): boolean {
  return /days[_ ]since|^ago\b|^now\b/.test(seen.path);
}

function more(count: number): string {
  return count > 0 ? `; and ${count} more` : '';
}
