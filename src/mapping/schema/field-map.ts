import { z } from 'zod';
import { FACTS_OF_ENTITY } from '../catalogue.ts';
import { FACT_TYPES, GIVES, STAMPS } from '../field-source.ts';
import { described, Text, Texts } from './scalars.ts';

const CrmName = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)*$/)
  .meta({ id: 'crm_name', description: "The CRM's own name of a field or object type." });
const CrmNames = z.union([CrmName, z.array(CrmName).min(1)]);

export const FactTypeName = described(z.enum(FACT_TYPES), 'Needed for a field of your own.');

export const Values = described(
  z.record(z.string(), Texts),
  "Our word: [the CRM's options]. Options without a word stay as the CRM spells them.",
);

const Range = z.tuple([z.number(), z.number()]);
const Scale = described(
  z.union([Range, z.object({ by: CrmName }).catchall(Range)]),
  'Brought to 0-100: [lowest, highest], or by the value of another field { by: type, NPS: [0, 10] }.',
);

const type = { type: FactTypeName.optional() };

/** Where a fact field comes from (J3). */
export const Source = z
  .union([
    CrmNames,
    z.strictObject({
      field: described(CrmNames, 'One CRM field, or several joined with spaces.'),
      values: Values.optional(),
      scale: Scale.optional(),
      money: described(z.boolean(), "An amount in the connection's home currency.").optional(),
      ...type,
    }),
    z.strictObject({
      stage: described(CrmName, 'The CRM field with the stage; its meaning comes from the pipeline.'),
      pipeline: CrmName.optional(),
      gives: z.enum(GIVES.filter((word) => word !== 'closed')),
      ...type,
    }),
    z.strictObject({
      stage: CrmName,
      pipeline: CrmName.optional(),
      gives: z.literal('closed'),
      date: described(CrmName, 'The CRM field with the closing date, read only while the stage is closed.'),
      ...type,
    }),
    z.strictObject({ stamp: described(z.enum(STAMPS), "The record's own stamp."), ...type }),
    z.strictObject({ constant: described(Text, 'Always this.'), ...type }),
  ])
  .meta({ id: 'source' });

const Identity = z.strictObject({
  emails: described(
    z.union([CrmName, z.array(CrmName)]),
    'Fields with e-mail addresses, primary first.',
  ).optional(),
  domains: described(z.union([CrmName, z.array(CrmName)]), 'Fields with domains.').optional(),
  cross_ids: described(
    z.array(z.strictObject({ field: CrmName, connector: Text, types: Texts })),
    "Fields that hold another CRM's record id.",
  ).optional(),
});

export const FieldMapFile = z
  .strictObject({
    connector: described(z.string().regex(/^[a-z][a-z0-9_-]{0,63}$/), 'The id of the connector.'),
    description: Text.optional(),
    objects: described(
      z.record(
        z.string().regex(/^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)*$/),
        z.strictObject({
          is: described(
            z.enum(Object.keys(FACTS_OF_ENTITY)),
            'What its records are on the customer journey.',
          ),
          identity: described(Identity, 'How its records are matched.').optional(),
          fields: described(
            z.record(z.string().regex(/^[a-z][a-z0-9_]{0,63}$/), Source),
            'Fact field: where it comes from.',
          ).optional(),
        }),
      ),
      "The CRM's object types.",
    ),
  })
  .meta({ title: 'Waystage field map', description: 'Which CRM field feeds which fact.' });
