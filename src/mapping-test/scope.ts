import type { Shape } from '../mapping/shape.ts';
import type { FieldMap, Mapping } from '../mapping/types.ts';
import type { Zone } from '../mapping/zone.ts';

/** What reading a test file needs to know of the mapping it is about. */
export interface TestScope {
  readonly shape: Shape;
  /** The mapping's. */
  readonly zone: Zone;
  readonly mapping: Mapping;
  /** With the mapping's own fields. */
  readonly fieldMaps: readonly FieldMap[];
}
