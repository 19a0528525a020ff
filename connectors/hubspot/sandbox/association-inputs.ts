import { z } from 'zod';
import type { AssociationType } from './association-types.ts';
import { invalid } from './errors.ts';
import { OBJECT_TYPES, type ObjectType } from './object-types.ts';
import { findLive, type Portal } from './portal.ts';

const id = z.union([z.string().min(1), z.number().int()]).transform(String);

export const AssociationSpec = z.strictObject({
  associationCategory: z.enum(['HUBSPOT_DEFINED', 'USER_DEFINED', 'INTEGRATOR_DEFINED']),
  associationTypeId: z.number().int(),
});
export type AssociationSpec = z.infer<typeof AssociationSpec>;

/** Associations given along with a new record. */
export const AssociationInputs = z.array(
  z.strictObject({ to: z.strictObject({ id }), types: z.array(AssociationSpec).min(1) }),
);

/** Checks the associations of a new record; the function given back makes them once the record has an id. */
export function linkInputs(
  portal: Portal,
  from: ObjectType,
  inputs: z.infer<typeof AssociationInputs>,
): (id: string) => void {
  const planned = inputs.flatMap((input) =>
    input.types.map((spec) => {
      const type = anyTarget(portal, from, spec);
      if (findLive(portal, type.to, input.to.id) === undefined)
        throw invalid(`No ${type.to} with id ${input.to.id} exists to associate with.`);
      return { type, toId: portal.store.follow(type.to, input.to.id) };
    }),
  );
  return (fromId) => {
    for (const { type, toId } of planned) portal.associations.add(type, fromId, toId);
  };
}

/** The association type of a pair; refuses types of other pairs. */
export function pairType(
  portal: Portal,
  from: ObjectType,
  to: ObjectType,
  spec: AssociationSpec,
): AssociationType {
  const type = portal.associationTypes.byId(from.name, to.name, spec.associationTypeId);
  if (type === undefined || type.category !== spec.associationCategory)
    throw invalid(
      `${spec.associationCategory} association type ${spec.associationTypeId} does not exist between ${from.name} and ${to.name}.`,
    );
  return type;
}

/** A new record's association names only the type id: it tells the other object type. */
function anyTarget(portal: Portal, from: ObjectType, spec: AssociationSpec): AssociationType {
  for (const to of OBJECT_TYPES) {
    const type = portal.associationTypes.byId(from.name, to.name, spec.associationTypeId);
    if (type !== undefined && type.category === spec.associationCategory) return type;
  }
  throw invalid(
    `${spec.associationCategory} association type ${spec.associationTypeId} does not begin at ${from.name}.`,
  );
}
