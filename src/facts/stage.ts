import type { FieldSource } from '../mapping/types.ts';
import type { Scalar } from '../model/facts.ts';
import type { FactConnection, StageInfo } from './types.ts';

type Gives = Extract<FieldSource, { kind: 'stage' }>['gives'];

/** Finds the pipeline's metadata of a record's stage (J3): won, lost and open never come from a label. */
export type StageLookup = (value: string, pipeline: string | null) => StageInfo | undefined;

/** The look-up for one stage field. Without a pipeline (or one the CRM does not list) a stage value that stands in
 *  exactly one pipeline is meant. */
export function stageLookup(connection: FactConnection, type: string, field: string): StageLookup {
  const exact = new Map<string, StageInfo>();
  const alone = new Map<string, StageInfo | undefined>();
  for (const stage of connection.stages) {
    if (stage.type !== type || stage.field !== field) continue;
    exact.set(placeOf(stage.value, stage.pipeline), stage);
    alone.set(stage.value, alone.has(stage.value) ? undefined : stage);
  }
  return (value, pipeline) =>
    exact.get(placeOf(value, pipeline)) ?? exact.get(placeOf(value, null)) ?? alone.get(value);
}

function placeOf(value: string, pipeline: string | null): string {
  return pipeline === null ? `\n${value}` : `${pipeline}\n${value}`;
}

/** One answer of the metadata. */
export function stageGives(stage: StageInfo, gives: Gives): Scalar {
  switch (gives) {
    case 'open':
      return stage.open;
    case 'won':
      return stage.won;
    case 'lost':
      return stage.lost;
    case 'closed':
      return !stage.open;
    case 'label':
      return stage.label;
    case 'probability':
      return stage.probability;
  }
}
