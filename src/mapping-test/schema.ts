import { z } from 'zod';
import { CATALOGUE, LIST_NAMES, RESULT_FIELDS } from '../mapping/catalogue.ts';
import { described, filled, Instant, Name, Scalar, Score, Text } from '../mapping/schema/scalars.ts';
import { CAUSES } from './types.ts';

/** The shape of mapping tests (J37) for editors; `read.ts` is the judge. */

const FieldValue = z.union([Scalar, z.null()]);
const View: z.ZodType = filled(
  z.strictObject(
    Object.fromEntries(
      [...Object.keys(RESULT_FIELDS.journey), ...Object.keys(RESULT_FIELDS.health)].map((key) => [
        key,
        FieldValue.optional(),
      ]),
    ),
  ),
);
const results = {
  journeys: described(
    z.record(Name, View),
    'What other journeys say: { accounts: { stage: retention } }.',
  ).optional(),
  health: described(z.record(Name, View), 'What other healths say: { accounts: { band: red } }.').optional(),
};

function thing(fact: keyof typeof CATALOGUE): z.ZodType {
  const fields = Object.keys(CATALOGUE[fact]).map((name) => [name, FieldValue.optional()]);
  const own = fact === 'people' ? results : {};
  return z
    .object({ ...Object.fromEntries(fields), ...own })
    .catchall(FieldValue)
    .meta({ id: `${fact}_facts` });
}

const lists = Object.fromEntries(
  LIST_NAMES.map((list) => {
    const item = thing(list);
    return [
      list,
      described(
        z.union([z.array(item), z.record(Name, z.union([item, z.null()]))]).meta({ id: `${list}_list` }),
        'Items, or names with items so that the time line can change them; null takes one away.',
      ).optional(),
    ];
  }),
);

const Account = z
  .object({
    ...Object.fromEntries(Object.keys(CATALOGUE.account).map((name) => [name, FieldValue.optional()])),
    ...lists,
    ...results,
  })
  .catchall(FieldValue)
  .meta({ id: 'account_facts' });

const facts = {
  person: thing('person').optional(),
  account: described(Account, 'The account; in a person journey also its lists.').optional(),
  ...lists,
  ...results,
};

const Contains = z.union([Text, z.array(Text)]);
const Stage = described(Text, 'The stage, or none.');

const Expectation = z.strictObject({
  at: described(Instant, 'When.'),
  stage: Stage.optional(),
  band: described(Text, 'The health band, or unknown.').optional(),
  score: described(
    z.union([Score, z.strictObject({ gte: Score.optional(), lte: Score.optional() }), z.null()]),
    'The health score, or { gte: 60, lte: 80 }.',
  ).optional(),
  segments: described(z.union([Text, z.array(Text)]), 'All segments, in order.').optional(),
  reason: described(Contains, 'Texts that the reason for the stage has in it.').optional(),
  health_reason: described(Contains, 'Texts that the reason for the health has in it.').optional(),
  next_step: described(Contains, 'Texts that the next best step has in it.').optional(),
});

const Visit = z.strictObject({
  stage: Text,
  entered: Instant.optional(),
  left: described(z.union([Instant, z.null()]), 'null: still in it.').optional(),
  cause: z.enum(CAUSES).optional(),
  skipped: described(z.boolean(), 'Passed without a stay.').optional(),
});

const Case = z.strictObject({
  name: described(Text, 'What the test shows.'),
  start: described(Instant, 'When it begins; default: the earliest date in it.').optional(),
  until: described(Instant, 'When it ends; default: the last date in it.').optional(),
  given: described(filled(z.strictObject(facts)), 'Facts from the beginning.'),
  timeline: described(
    z.array(z.strictObject({ at: Instant, ...facts })),
    'What changes, and when; a field with null has no value any more.',
  ).optional(),
  expect: described(z.array(Expectation).min(1), 'What must be so, and when.').optional(),
  visits: described(
    z.array(Visit),
    'All visits to stages, in order, those that were skipped included.',
  ).optional(),
});

export const MappingTestFile = z
  .strictObject({
    mapping: described(Text, 'The mapping file, beside this one.'),
    cases: z.array(Case).min(1),
  })
  .meta({
    title: 'Waystage mapping test',
    description: 'Facts and a time line, and what a mapping makes of them.',
  });
