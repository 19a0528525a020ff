export { mergeFieldMaps } from './additions.ts';
export { CATALOGUE, FACTS_OF_ENTITY, fieldNames, fieldSpec, LIST_NAMES } from './catalogue.ts';
export { checkMappings, evaluationOrder } from './check.ts';
export { parseSpan, zonedDuration } from './duration.ts';
export { type LoadedMapping, type LoadOptions, loadMapping, type MappingResult } from './load.ts';
export { type LoadedFieldMap, loadFieldMap } from './load-fields.ts';
export { crmFields, neededTypes, requestedFields } from './reads.ts';
export type { KnownConnection, KnownCrm } from './vocabulary.ts';
export { createZone, isZone, type Zone } from './zone.ts';
