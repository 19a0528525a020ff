import type { Connector } from '../../connector/port.ts';
import type { HealthModel, Mapping, OutputChoice } from '../../mapping/types.ts';
import type { SubjectKind } from '../../model/facts.ts';
import { OUTPUTS, type Output, type OutputField } from '../../model/outputs.ts';

/** Text outputs are cut to what both CRMs hold in an ordinary text field. */
export const TEXT_LENGTH = 255;

/** The field a mapping's output has in a connector's CRM. */
export function fieldNameOf(choice: OutputChoice, connector: Connector): string {
  return choice.names[connector.id] ?? connector.outputFieldName(choice.output);
}

/** Subject kind whose outputs records of this type carry, or null. */
export function kindOfType(connector: Connector, type: string): SubjectKind | null {
  const object = connector.capabilities.objectTypes.find((candidate) => candidate.name === type);
  if (object === undefined || !object.outputs) return null;
  return object.entity === 'person' || object.entity === 'account' ? object.entity : null;
}

/** CRM fields that Waystage owns on records of this type, over all mappings. */
export function ownFieldNames(
  mappings: readonly Mapping[],
  connector: Connector,
  type: string,
): readonly string[] {
  const kind = kindOfType(connector, type);
  if (kind === null) return [];
  return mappings
    .filter((mapping) => mapping.subject === kind)
    .flatMap((mapping) => mapping.outputs.map((choice) => fieldNameOf(choice, connector)));
}

/** The fields to provision on records of this type. */
export function outputFieldsOf(
  mappings: readonly Mapping[],
  connector: Connector,
  type: string,
): readonly OutputField[] {
  const kind = kindOfType(connector, type);
  return mappings
    .filter((mapping) => mapping.subject === kind)
    .flatMap((mapping) => mapping.outputs.map((choice) => outputField(mapping, choice, connector)))
    .sort((a, b) => OUTPUTS.indexOf(a.output) - OUTPUTS.indexOf(b.output) || (a.name < b.name ? -1 : 1));
}

function outputField(mapping: Mapping, choice: OutputChoice, connector: Connector): OutputField {
  const base = { output: choice.output, name: fieldNameOf(choice, connector), label: choice.label };
  switch (choice.output) {
    case 'stage':
    case 'previous_stage':
      return {
        ...base,
        kind: 'enum',
        options: mapping.stages.map((stage) => ({ value: stage.name, label: stage.label })),
      };
    case 'health_band':
      return { ...base, kind: 'enum', options: bandOptions(mapping.health) };
    case 'health_trend':
      return {
        ...base,
        kind: 'enum',
        options: ['up', 'flat', 'down', 'unknown'].map((value) => ({ value, label: capital(value) })),
      };
    case 'segment':
      return {
        ...base,
        kind: 'enum',
        options: mapping.segments.map((segment) => ({ value: segment.name, label: segment.label })),
      };
    case 'health_score':
      return { ...base, kind: 'number' };
    case 'stage_entered':
      return { ...base, kind: 'date' };
    case 'stage_reason':
    case 'next_step':
    case 'health_reason':
      return { ...base, kind: 'text', length: TEXT_LENGTH };
  }
}

function bandOptions(health: HealthModel | null): readonly { value: string; label: string }[] {
  const bands = (health?.bands ?? []).map((band) => ({ value: band.name, label: band.label }));
  return [...bands, { value: 'unknown', label: 'Unknown' }];
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Whether an output is a text that may have to be cut. */
export function isText(output: Output): boolean {
  return output === 'stage_reason' || output === 'next_step' || output === 'health_reason';
}
