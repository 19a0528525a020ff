import { OUTPUTS, type Output } from '../model/outputs.ts';
import { listOf, nearest, quote } from './problems.ts';
import { record, type Shape } from './shape.ts';
import type { YamlNode } from './source.ts';
import type { OutputChoice, Position } from './types.ts';

/* `outputs:` (J22), a list of names, or a map where more is to be said:
 *
 *   outputs: [stage, stage_entered, health_score]
 *   outputs:
 *     stage: { label: Customer stage, hubspot: customer_stage, salesforce: Customer_Stage__c }
 *     health_score:
 */

/** Some HubSpot accounts allow 10 custom properties, so that the default set is small. */
const DEFAULTS: readonly Output[] = ['stage', 'stage_entered', 'health_score', 'health_band'];
const LABELS: Readonly<Record<Output, string>> = {
  stage: 'Journey stage',
  stage_entered: 'Journey stage since',
  previous_stage: 'Previous journey stage',
  stage_reason: 'Reason for the journey stage',
  next_step: 'Next best step',
  health_score: 'Health score',
  health_band: 'Health',
  health_trend: 'Health trend',
  health_reason: 'Reason for the health',
  segment: 'Segment',
};
const CRM_FIELD = /^[A-Za-z][A-Za-z0-9_]{0,79}$/;

export function readOutputs(
  shape: Shape,
  node: YamlNode | undefined,
  has: { readonly stages: boolean; readonly health: boolean; readonly segments: boolean },
  connectors: readonly string[],
): readonly OutputChoice[] {
  const choice = (
    output: Output,
    label: string | null,
    names: Iterable<readonly [string, string]>,
  ): OutputChoice => ({
    output,
    label: label ?? LABELS[output],
    names: record(names),
  });
  if (node === undefined) {
    return DEFAULTS.filter((output) => lacks(output, has) === null).map((output) => choice(output, null, []));
  }
  const known = (text: string, pos: Position): Output | null => {
    if (!(OUTPUTS as readonly string[]).includes(text)) {
      shape.problems.error(
        pos,
        `Unknown output ${quote(text)}. Expected ${listOf(OUTPUTS)}.`,
        nearest(text, OUTPUTS),
      );
      return null;
    }
    const missing = lacks(text as Output, has);
    if (missing === null) return text as Output;
    shape.problems.error(pos, `The output \`${text}\` needs ${missing}, which this mapping does not have.`);
    return null;
  };
  if (node.kind === 'list') {
    const seen = new Set<Output>();
    return shape.texts(node, 'outputs').flatMap(({ text, pos }) => {
      const output = known(text, pos);
      if (output === null) return [];
      if (seen.has(output)) shape.problems.error(pos, `The output \`${text}\` stands twice.`);
      seen.add(output);
      return [choice(output, null, [])];
    });
  }
  return (shape.map(node, 'outputs')?.entries ?? []).flatMap(({ key, keyPos, value }) => {
    const output = known(key, keyPos);
    if (output === null) return [];
    if (value.kind === 'scalar' && (value.value === null || value.value === true))
      return [choice(output, null, [])];
    const map = shape.map(value, `The output ${key}`);
    if (map === null) return [];
    shape.connectorKeys(map, ['label'], connectors, `the output ${key}`);
    const labelNode = map.get('label')?.value;
    const label = labelNode === undefined ? null : shape.text(labelNode, 'label');
    const names = map.entries.flatMap((entry) => {
      if (entry.key === 'label') return [];
      const name = shape.text(entry.value, 'A field name');
      if (name === null) return [];
      if (CRM_FIELD.test(name)) return [[entry.key, name] as const];
      shape.problems.error(
        entry.value.pos,
        `Bad field name ${quote(name)}; expected letters, digits and _, starting with a letter.`,
      );
      return [];
    });
    return [choice(output, label, names)];
  });
}

/** What an output needs that the mapping lacks; null when nothing. */
function lacks(
  output: Output,
  has: { readonly stages: boolean; readonly health: boolean; readonly segments: boolean },
): string | null {
  if (output === 'segment') return has.segments ? null : 'segments:';
  if (output.startsWith('health')) return has.health ? null : 'health:';
  return has.stages ? null : 'stages:';
}
