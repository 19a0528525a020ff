import { z } from 'zod';
import { OUTPUTS } from '../../model/outputs.ts';
import { CATALOGUE } from '../catalogue.ts';
import { ANALYSIS_PARTS } from '../load-analysis.ts';
import { KPI_MEASURES } from '../load-kpis.ts';
import { Condition } from './conditions.ts';
import { FactTypeName, Source, Values } from './field-map.ts';
import { Health } from './health.ts';
import { Duration, described, filled, Name, Score, Share, Text, Texts } from './scalars.ts';

const StageName = z.string().regex(/^(?!none$)[a-z][a-z0-9_]{0,63}$/);

const stage = {
  label: described(Text, 'What people read; default: the name in words.').optional(),
  stay: described(Condition, 'Keeps a subject in the stage; default: enter.').optional(),
  min_stay: described(Duration, 'Not left earlier, but by an exit or for an urgent stage.').optional(),
  exit: described(
    z.array(z.strictObject({ to: described(Text, 'A stage, or none.'), when: Condition })),
    'Looked at first: the first that holds moves the subject, whatever the other stage says.',
  ).optional(),
  terminal: described(z.boolean(), 'Left only by an exit or an override.').optional(),
  urgent: described(z.boolean(), 'May be entered although min_stay of the present stage lasts.').optional(),
  off_path: described(z.boolean(), 'No progress: at risk, churned, disqualified.').optional(),
  renamed_from: described(Texts, 'Names it had before; its visits are kept.').optional(),
};

const Stage = z
  .union([
    z.strictObject({
      ...stage,
      default: described(z.boolean(), 'Open to everybody; at most one stage.').optional(),
      enter: described(Condition, 'Who may enter.').optional(),
      from: described(Texts, 'Only from these stages.').optional(),
      for: described(Duration, 'enter must have held all this time.').optional(),
    }),
    z.null(),
  ])
  .meta({ id: 'stage' });

const Segment = z.union([z.strictObject({ label: Text.optional(), when: Condition }), Condition]);

const Output = described(
  z.union([
    z.null(),
    z.literal(true),
    z
      .object({ label: described(Text, "The field's label in the CRM.").optional() })
      .catchall(z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,79}$/)),
  ]),
  'The field in each CRM, by connector; default: its own name of Waystage.',
);

const OwnField = z
  .object({
    type: FactTypeName.optional(),
    values: Values.optional(),
    prefer: described(
      z.union([z.literal('newest'), z.array(Text)]),
      'Where CRMs differ: the newest (default), or these connections first.',
    ).optional(),
    money: described(z.boolean(), "An amount in the connection's home currency.").optional(),
  })
  .catchall(z.union([Source, z.record(z.string(), Source)]));

const Kpi = z.union([
  z.strictObject({
    measure: z.enum(['conversion', 'drop_off']),
    target: Share,
    window: Duration.optional(),
  }),
  z.strictObject({ measure: z.literal('median_time'), target: Duration, window: Duration.optional() }),
  z.strictObject({ measure: z.literal('sentiment'), target: Score, window: Duration.optional() }),
  z.strictObject({ measure: z.literal('health'), target: Score }),
]);
/** One alternative for each measure that the reader knows. */
export const KPI_NAMES: readonly string[] = KPI_MEASURES;

const channels = CATALOGUE.touchpoints['channel']?.words ?? [];

const Analysis = z.strictObject({
  include: described(
    z.union([z.enum(Object.keys(ANALYSIS_PARTS)), z.array(z.enum(Object.keys(ANALYSIS_PARTS)))]),
    'Asked for besides what the rules read.',
  ).optional(),
  marketing_qualified: described(
    Text,
    'The stage whose first entry hands somebody over to sales.',
  ).optional(),
  sales_touch: described(
    z.union([z.enum(channels), z.array(z.enum(channels))]),
    'Channels that count as sales taking it up.',
  ).optional(),
  silent: described(Duration, 'So long without a touchpoint is silence.').optional(),
  window: described(Duration, 'Within which a stage should lead on.').optional(),
});

const Outcome = z.strictObject({
  label: described(Text, 'What people read; default: the name in words.').optional(),
  when: described(Condition, 'It happens when this becomes true.').optional(),
  each: described(
    Condition,
    'Instead of when: { some: list, where: … }; it happens with every item that comes to be so.',
  ).optional(),
  among: described(Condition, 'Of whom it can be foretold; default: everybody.').optional(),
  good: described(
    z.boolean(),
    'Something wished for: foretold by the best band instead of the worst.',
  ).optional(),
  foretold_by: described(
    z.strictObject({ stages: Texts.optional(), bands: Texts.optional() }),
    'What foretells it; default: a stage off the path, or the worst band.',
  ).optional(),
});

const FIELD = /^(person|account|deals|tickets|touchpoints|surveys)\.[a-z][a-z0-9_]{0,63}$/;

export const MappingFile = z
  .strictObject({
    journey: described(Name, 'The name of the journey; unique among the mappings that run together.'),
    label: described(Text, 'What people read; default: the name in words.').optional(),
    description: described(Text, 'What it is for.').optional(),
    subject: described(z.enum(['person', 'account']), 'Whose journey it is.'),
    timezone: described(
      z.string(),
      "IANA zone in which days are counted; default: the configuration's.",
    ).optional(),
    fields: described(
      z.record(z.string().regex(FIELD), OwnField),
      'Fields of your own, or other sources for known ones.',
    ).optional(),
    rates: described(
      z
        .object({ to: described(z.string().regex(/^[A-Z]{3}$/), 'The currency rules count in.') })
        .catchall(z.number().positive()),
      'What one amount of another currency is worth: { to: EUR, USD: 0.92 }.',
    ).optional(),
    define: described(z.record(Name, Condition), 'Conditions with a name.').optional(),
    segments: described(
      z.record(Name, Segment),
      'Personas: a subject can be in several, the first listed is its primary one.',
    ).optional(),
    stages: described(
      filled(z.record(StageName, Stage)),
      'In the order of the ideal path; of several that fit the one listed last wins.',
    ).optional(),
    health: described(Health, 'A score from 0 to 100 with bands.').optional(),
    kpis: described(
      z.record(Name, z.union([Kpi, z.array(Kpi)])),
      'Targets by stage: conversion, median_time, drop_off, sentiment, health.',
    ).optional(),
    analysis: described(Analysis, 'What the analysis should know.').optional(),
    outcomes: described(
      z.record(Name, Outcome),
      'What a backtest compares the journey with; it judges nobody.',
    ).optional(),
    outputs: described(
      z.union([
        z.array(z.enum(OUTPUTS)),
        z.strictObject(Object.fromEntries(OUTPUTS.map((output) => [output, Output.optional()]))),
      ]),
      'Fields that Waystage writes in the CRM; default: stage, stage_entered, health_score, health_band.',
    ).optional(),
  })
  .meta({ title: 'Waystage mapping', description: 'One journey with its segments, health and outputs.' });
