/** A pipeline of deals or tickets. Stage ids are the account's own: what they mean is in the metadata. */
export interface PipelineStage {
  readonly id: string;
  readonly label: string;
  readonly displayOrder: number;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface Pipeline {
  readonly id: string;
  readonly label: string;
  readonly displayOrder: number;
  readonly stages: readonly PipelineStage[];
}

/** Order of the story's deal stages: qualification, discovery, proposal, negotiation, won, lost. */
const PROBABILITIES = ['0.2', '0.4', '0.6', '0.8', '1.0', '0.0'] as const;

function dealPipeline(
  id: string,
  label: string,
  displayOrder: number,
  stages: readonly (readonly [string, string])[],
): Pipeline {
  return {
    id,
    label,
    displayOrder,
    stages: stages.map(([stage, text], index) => ({
      id: stage,
      label: text,
      displayOrder: index,
      metadata: { isClosed: index >= 4 ? 'true' : 'false', probability: PROBABILITIES[index]! },
    })),
  };
}

export const PIPELINES: Readonly<Record<string, readonly Pipeline[]>> = {
  deals: [
    dealPipeline('default', 'Sales Pipeline', 0, [
      ['appointmentscheduled', 'Appointment Scheduled'],
      ['qualifiedtobuy', 'Qualified To Buy'],
      ['presentationscheduled', 'Presentation Scheduled'],
      ['contractsent', 'Contract Sent'],
      ['closedwon', 'Closed Won'],
      ['closedlost', 'Closed Lost'],
    ]),
    dealPipeline('742130881', 'Renewals', 1, [
      ['1087336101', 'Renewal due'],
      ['1087336102', 'In conversation'],
      ['1087336103', 'Offer sent'],
      ['1087336104', 'Commitment'],
      ['1087336105', 'Renewed'],
      ['1087336106', 'Not renewed'],
    ]),
  ],
  tickets: [
    {
      id: '0',
      label: 'Support Pipeline',
      displayOrder: 0,
      stages: (
        [
          ['1', 'New', 'OPEN'],
          ['2', 'Waiting on contact', 'OPEN'],
          ['3', 'In progress', 'OPEN'],
          ['4', 'Closed', 'CLOSED'],
        ] as const
      ).map(([id, label, ticketState], displayOrder) => ({
        id,
        label,
        displayOrder,
        metadata: { isClosed: ticketState === 'CLOSED' ? 'true' : 'false', ticketState },
      })),
    },
  ],
};

/** The record fields that hold pipeline and stage. */
export const PIPELINE_FIELDS: Readonly<
  Record<string, { readonly pipeline: string; readonly stage: string }>
> = {
  deals: { pipeline: 'pipeline', stage: 'dealstage' },
  tickets: { pipeline: 'hs_pipeline', stage: 'hs_pipeline_stage' },
};

export function findStage(type: string, stageId: string): PipelineStage | undefined {
  for (const pipeline of PIPELINES[type] ?? []) {
    const stage = pipeline.stages.find((one) => one.id === stageId);
    if (stage !== undefined) return stage;
  }
  return undefined;
}

export function pipelineOfStage(type: string, stageId: string): Pipeline | undefined {
  return (PIPELINES[type] ?? []).find((pipeline) => pipeline.stages.some((stage) => stage.id === stageId));
}
