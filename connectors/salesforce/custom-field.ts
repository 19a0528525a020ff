import type { OutputField } from '../../src/model/outputs.ts';
import type { DescribedField } from './schema.ts';

/** Longest `Text` field; longer ones are `LongTextArea`. */
const TEXT_LENGTH = 255;
const LONGEST_TEXT = 131_072;

/** A value of a picklist in metadata form. */
export interface PicklistValue {
  readonly fullName: string;
  readonly label: string;
  readonly default: boolean;
}

/** The `Metadata` of a CustomField for an output (Metadata API, CustomField). Picklists are unrestricted: a value
 *  of a newer mapping version must not be refused because its option came later. */
export function customFieldMetadata(field: OutputField): Readonly<Record<string, unknown>> {
  const common = { label: field.label.slice(0, 40), description: 'Kept up to date by Waystage.' };
  switch (field.kind) {
    case 'enum':
      return {
        ...common,
        type: 'Picklist',
        valueSet: {
          restricted: false,
          valueSetDefinition: { sorted: false, value: (field.options ?? []).map(picklistValue) },
        },
      };
    case 'number':
      return { ...common, type: 'Number', precision: 18, scale: 0 };
    case 'date':
      return { ...common, type: 'Date' };
    case 'text': {
      const length = field.length ?? TEXT_LENGTH;
      return length <= TEXT_LENGTH
        ? { ...common, type: 'Text', length }
        : { ...common, type: 'LongTextArea', length: Math.min(length, LONGEST_TEXT), visibleLines: 3 };
    }
  }
}

export function picklistValue(option: { readonly value: string; readonly label: string }): PicklistValue {
  return { fullName: option.value, label: option.label, default: false };
}

const TYPES: Readonly<Record<OutputField['kind'], readonly string[]>> = {
  enum: ['picklist', 'string', 'textarea'],
  number: ['double', 'int', 'long', 'percent', 'currency'],
  date: ['date'],
  text: ['string', 'textarea'],
};

/** Why a field that exists cannot hold an output; null when it can. */
export function conflict(field: OutputField, described: DescribedField): string | null {
  const types = TYPES[field.kind];
  if (!types.includes(described.type))
    return `is of type ${described.type}; expected ${types.join(' or ')}: rename the output in the mapping, or delete the field in Salesforce`;
  const length = field.kind === 'text' ? (field.length ?? TEXT_LENGTH) : 0;
  if (described.length !== undefined && described.length > 0 && described.length < length)
    return `takes ${described.length} characters; expected ${length}: make it longer in Salesforce`;
  return null;
}

/** Options of an output that the field's picklist does not have. */
export function missingOptions(field: OutputField, described: DescribedField): readonly string[] {
  if (field.kind !== 'enum' || described.type !== 'picklist') return [];
  const known = new Set((described.picklistValues ?? []).map(({ value }) => value));
  return (field.options ?? []).map(({ value }) => value).filter((value) => !known.has(value));
}
