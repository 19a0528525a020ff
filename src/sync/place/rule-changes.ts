import { treeOf, valueTreeOf, writeCondition, writeValue } from '../../mapping/index.ts';
import type { Condition, HealthModel, Mapping, NumberValue, Stage } from '../../mapping/types.ts';

/** One rule that is another in two versions of a journey, in words; null: it is not there. */
export interface RuleChange {
  readonly journey: string;
  /** As visits name it: `stages.decision.enter`, `stages.trial.exit[0]`; `health.usage.logins`, `segments.large`. */
  readonly rule: string;
  readonly was: string | null;
  readonly is: string | null;
}

/** What differs between two versions of a journey. With conditions of `define:` written out, so that a change of one
 *  is seen in every rule that uses it. */
export function ruleChanges(was: Mapping | undefined, is: Mapping): readonly RuleChange[] {
  if (was?.version === is.version) return [];
  const [before, after] = [was === undefined ? new Map<string, string>() : rulesOf(was), rulesOf(is)];
  const names = [...new Set([...before.keys(), ...after.keys()])];
  return names
    .filter((rule) => before.get(rule) !== after.get(rule))
    .map((rule) => ({
      ...{ journey: is.name, rule },
      ...{ was: before.get(rule) ?? null, is: after.get(rule) ?? null },
    }));
}

function rulesOf(mapping: Mapping): ReadonlyMap<string, string> {
  const rules = new Map<string, string>();
  const add = (rule: string, text: string | null): void => {
    if (text !== null) rules.set(rule, text);
  };
  for (const stage of mapping.stages) addStage(stage, add);
  add('stages', mapping.stages.map(({ name }) => name).join(', '));
  for (const { name, when } of mapping.segments) add(`segments.${name}`, conditionText(when));
  if (mapping.health !== null) addHealth(mapping.health, add);
  add('timezone', mapping.timezone);
  add('rates', mapping.rates == null ? null : plain(mapping.rates));
  add('prefer', mapping.prefer === undefined ? null : plain(mapping.prefer));
  return rules;
}

type Add = (rule: string, text: string | null) => void;

function addStage(stage: Stage, add: Add): void {
  const own = (part: string): string => `stages.${stage.name}.${part}`;
  add(own('enter'), conditionText(stage.enter));
  add(own('stay'), conditionText(stage.stay));
  add(own('from'), stage.from === null ? null : stage.from.join(', '));
  add(own('for'), stage.for?.text ?? null);
  add(own('min_stay'), stage.minStay?.text ?? null);
  for (const [index, { to, when }] of stage.exit.entries())
    add(own(`exit[${index}]`), `${conditionText(when)} to ${to ?? 'none'}`);
  for (const [name, holds] of [
    ['default', stage.isDefault],
    ['terminal', stage.terminal],
    ['urgent', stage.urgent],
    ['off_path', stage.offPath],
  ] as const)
    add(own(name), holds ? 'true' : null);
}

function addHealth(health: HealthModel, add: Add): void {
  for (const group of health.groups) {
    add(`health.${group.name}`, plain([group.weight, group.segmentWeights]));
    for (const measure of group.measures) {
      const { weight, segmentWeights, missing, scale, cases, halfLife } = measure;
      const text = {
        ...{ weight, missing, value: valueText(measure.value) },
        ...(Object.keys(segmentWeights).length === 0 ? {} : { segmentWeights }),
        ...(scale === null ? {} : { scale: scale.map(({ at, score }) => [at, score]) }),
        ...(cases === null
          ? {}
          : { cases: cases.map(({ when, score }) => [conditionText(when) ?? 'else', score]) }),
        ...(halfLife === null ? {} : { half_life: [halfLife.duration.text, valueText(halfLife.since)] }),
      };
      add(`health.${group.name}.${measure.name}`, plain(text));
    }
  }
  for (const { when, max, label } of health.caps)
    add(`health.caps.${label}`, `${max} when ${conditionText(when)}`);
  add('health.bands', health.bands.map(({ name, from }) => `${name} from ${from}`).join(', '));
  add('health.hysteresis', String(health.hysteresis));
  add('health.min_coverage', String(health.minCoverage));
  add('health.neutral', String(health.neutral));
  add('health.write_step', String(health.writeStep));
}

function conditionText(condition: Condition | null): string | null {
  if (condition === null) return null;
  const tree = treeOf(condition);
  return tree === null ? condition.text : plain(writeCondition(writtenOut(tree)));
}

function valueText(value: NumberValue | null): string | null {
  if (value === null) return null;
  const tree = valueTreeOf(value);
  return tree === null ? value.text : plain(writeValue(writtenOut(tree)));
}

/** The same tree with what `define:` names in place of the names. */
function writtenOut<T>(node: T): T {
  if (Array.isArray(node)) return node.map(writtenOut) as T;
  if (typeof node !== 'object' || node === null) return node;
  const { op, item } = node as { op?: unknown; item?: unknown };
  if (op === 'named') return writtenOut(item) as T;
  // Zones, durations and the like are no plain data: they stay as they are.
  if (Object.getPrototypeOf(node) !== Object.prototype) return node;
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, writtenOut(value)])) as T;
}

/** Data in the shortest readable form: `{some: deals, where: {open: true}}`. */
function plain(data: unknown): string {
  if (Array.isArray(data)) return `[${data.map(plain).join(', ')}]`;
  if (typeof data !== 'object' || data === null) return String(data);
  return `{${Object.entries(data)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}: ${plain(value)}`)
    .join(', ')}}`;
}
