/** The values Waystage may write to a record of a subject (J22). */
export const OUTPUTS = [
  'stage',
  'stage_entered',
  'previous_stage',
  'stage_reason',
  'next_step',
  'health_score',
  'health_band',
  'health_trend',
  'health_reason',
  'segment',
] as const;
export type Output = (typeof OUTPUTS)[number];

export type OutputKind = 'enum' | 'date' | 'text' | 'number';

/** One field Waystage owns in a CRM. `value` of an enum option is what is written and compared. */
export interface OutputField {
  readonly output: Output;
  /** The CRM's field name: `waystage_stage`, `Waystage_Stage__c`. */
  readonly name: string;
  readonly label: string;
  readonly kind: OutputKind;
  readonly options?: readonly { readonly value: string; readonly label: string }[];
  /** Text is cut to this many characters before it is compared or written. */
  readonly length?: number;
}
