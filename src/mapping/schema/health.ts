import { z } from 'zod';
import { Condition, Value } from './conditions.ts';
import { Duration, described, filled, Name, Score, Share, Text } from './scalars.ts';

const Weight = described(
  z.number().min(0).max(1_000_000),
  'How much it counts beside the others; default 1.',
);
const Weights = described(
  z.record(Name, z.number().min(0).max(1_000_000)),
  'The weight for people or accounts whose primary segment is this one.',
);
const Label = described(Text, 'What people read; default: the name in words.');

const Scale = z
  .union([z.record(z.string().regex(/^-?\d+(\.\d+)?$/), Score), z.array(z.tuple([z.number(), Score])).min(2)])
  .meta({
    id: 'scale',
    description: 'Points { value: score }: linear between them, level beyond the ends.',
    examples: [{ 0: 100, 5: 0 }],
  });

const Case = z.union([
  z.strictObject({ when: Condition, score: Score }),
  z.strictObject({ else: described(Score, 'When no case before holds.') }),
]);

const own = {
  label: Label.optional(),
  weight: Weight.optional(),
  weights: Weights.optional(),
  missing: described(
    z.union([z.enum(['skip', 'zero']), Score]),
    'Without data: skip (default, the weight is shared), zero, or this score.',
  ).optional(),
  half_life: described(
    z.strictObject({ after: Duration, since: Value }),
    'The score is halved each time this long has passed since the date.',
  ).optional(),
};

const Measure = z
  .union([
    z.strictObject({ ...own, value: Value, scale: Scale }),
    z.strictObject({
      ...own,
      cases: described(z.array(Case).min(1), 'The first that holds gives its score.'),
    }),
  ])
  .meta({ id: 'measure' });

const Group = z
  .strictObject({
    label: Label.optional(),
    weight: Weight.optional(),
    weights: Weights.optional(),
    measures: filled(z.record(Name, Measure)),
  })
  .meta({ id: 'measure_group' });

const BandName = z.string().regex(/^(?!unknown$)[a-z][a-z0-9_]{0,63}$/);

export const Health = z
  .strictObject({
    min_coverage: described(
      Share,
      'Below this share of weight with data the band is unknown; default 50%.',
    ).optional(),
    neutral: described(Score, 'What drags and lifts are measured from; default 50.').optional(),
    hysteresis: described(
      z.number().min(0).max(50),
      'Points past its bound before a band is left; default 0.',
    ).optional(),
    write_step: described(
      z.number().min(1).max(100),
      'The score is written when it differs from the CRM by this much; default 5.',
    ).optional(),
    trend: described(
      Duration,
      'The trend compares the score with the one this long ago; default 30d.',
    ).optional(),
    bands: described(
      filled(z.record(BandName, z.union([Score, z.strictObject({ from: Score, label: Label.optional() })]))),
      'Lower bounds, such as { green: 70, yellow: 40, red: 0 }; the lowest begins at 0.',
    ),
    caps: described(
      z.array(z.strictObject({ max: Score, when: Condition, label: Label.optional() })),
      'The score is at most this while the condition holds; the lowest cap wins.',
    ).optional(),
    groups: described(filled(z.record(Name, Group)), 'Groups of measures; the score is their weighted mean.'),
  })
  .meta({ id: 'health', description: 'A score from 0 to 100 with bands.' });
