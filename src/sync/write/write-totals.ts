import type { PlannedWrite } from '../../store/plans.ts';

export interface WriteTotals {
  records: number;
  fields: number;
  failed: number;
  /** Not sent: refused for good before, and nothing changed since. */
  parked: number;
  /** Fields not sent: somebody else keeps changing them back. */
  frozen: number;
  /** Refused for good in this run. */
  readonly refused: Refusal[];
}

export interface Refusal {
  readonly write: PlannedWrite;
  readonly code: string;
  readonly message: string;
}
