import { z } from 'zod';
import type { ManualEdits } from '../model/manual-edits.ts';

/** Milliseconds. */
const DAY = 86_400_000;

const Text = z.string().min(1);

/** A documented key that this version accepts and does not act on yet; `check` warns about it. */
const Later = z.unknown().optional();

/** `24h`, `7d`, `2w`: how often something is done; `never`. In milliseconds, null for never. */
const Every = z
  .string()
  .regex(/^([1-9]\d{0,3}(h|d|w)|never)$/, 'expected a time such as 24h, 7d or 2w, or `never`')
  .transform((text) => {
    const unit = { h: 3_600_000, d: 86_400_000, w: 604_800_000 }[text.slice(-1)];
    return text === 'never' || unit === undefined ? null : Number(text.slice(0, -1)) * unit;
  });

/** `5`, `5%` or `0.5 %`, as a share in [0,1]. */
const Percentage = z.union([
  z
    .number()
    .min(0)
    .max(100)
    .transform((percent) => percent / 100),
  z
    .string()
    .regex(/^\d{1,3}(\.\d+)? ?%$/, 'expected a percentage such as 5 or 5%')
    .transform((text) => Number.parseFloat(text) / 100)
    .pipe(z.number().max(1, 'expected at most 100%')),
]);

/** How a connection proves who it is. */
const Auth = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  z.strictObject({ kind: z.literal('token'), token: Text }),
  z.strictObject({ kind: z.literal('client-credentials'), clientId: Text, clientSecret: Text }),
]);

const Connection = z.strictObject({
  /** Short name used on the command line and in the run log. */
  id: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,39}$/, 'a connection id is a lower-case letter, then letters, digits or -'),
  connector: Text,
  /** Not needed by connectors that call nobody. */
  auth: Auth.default({ kind: 'none' }),
  /** The org's My Domain address for Salesforce; a sandbox's address for HubSpot. */
  baseUrl: z.url({ protocol: /^https?$/ }).optional(),
  /** What only this connector knows; the connector checks it. */
  settings: z.record(z.string(), z.unknown()).optional(),
  /** A local stand-in: private addresses are allowed and writing is on by default. */
  sandbox: z.boolean().default(false).describe('A local stand-in: private addresses, writing is on.'),
  /** Cron expression for `serve`; none means only by hand. */
  schedule: Text.optional().describe('Cron expression for `serve`; none: only by hand.'),
  /** Object types to read; default: all that the mappings need. */
  objects: z.array(Text).optional().describe('Object types to read; default: all that the mappings need.'),
  budget: z
    .strictObject({
      /** Requests per 10 seconds this connection may use. Default: the connector's own. */
      requestsPer10s: z.int().min(1).max(10_000).optional(),
      /** Share of the CRM's daily quota that Waystage may use in 24 hours, as a percentage. Default: all but the
       *  reserve. */
      dailyShare: Percentage.optional(),
      /** Share of the daily quota that is never touched, for signing in, webhooks and other tools. Default 5%. */
      reserve: Percentage.optional(),
    })
    .optional(),
  /** How often a run reads everything again and compares; default by the connector (HubSpot 24h, Salesforce 7d). */
  reconcile: Every.optional().describe('How often everything is read and compared: 24h, 7d, never.'),
  /** How often fields that the CRM calculates (formulas, roll-ups) are read again: they move without a stamp. */
  refreshCalculated: Every.default(86_400_000),
  events: Later,
  webhookSecret: Later,
});

const Write = z.strictObject({
  /** `apply` writes from the start, `plan-only` never. Default: sandboxes from the start, the rest once a first plan
   *  was applied. */
  mode: z
    .enum(['apply', 'plan-only'])
    .optional()
    .describe(
      'apply: from the start; plan-only: never. Default: after a first applied plan; sandboxes at once.',
    ),
  /** What happens to an output that a person edited in the CRM: `ask` keeps the edit and reports it, `revert`
   *  restores our value and reports it, `adopt for 30d` makes an edited stage or band an override for that time. */
  manualEdits: z
    .string()
    .regex(
      /^(ask|revert|adopt( for ([1-9]\d{0,3}[hd]|[1-9]\d{0,2}w))?)$/,
      'expected ask, revert, adopt, or adopt with a time: `adopt for 30d` (h, d or w)',
    )
    .transform((text) => text as ManualEdits)
    .default('ask')
    .describe('What becomes of an output that a person edited: ask, revert, adopt, adopt for 30d.'),
  /** When changed rules take over: `plan`, once a plan made from them was applied; `auto`, with the next run. */
  activation: z
    .enum(['plan', 'auto'])
    .optional()
    .describe('When changed rules take over: with an applied plan, or (auto; default of sandboxes) at once.'),
  /** Above this share of subjects that would change stage or band, of records gone, or of values gone from a field,
   *  nothing is written until somebody approves; `off`: never ask. Default 5%, and at least 50 of them. */
  guard: z
    .union(
      [
        z.literal('off').transform(() => null),
        Percentage.transform((share) => ({ share, atLeast: 50 })),
        z.strictObject({ share: Percentage.default(0.05), atLeast: z.int().min(1).default(50) }),
      ],
      'expected a percentage such as 5 or 5%, `off`, or { share: 5%, atLeast: 50 }',
    )
    .default({ share: 0.05, atLeast: 50 }),
});

/** `config/waystage.yaml`. */
export const Config = z.strictObject({
  database: Text.optional().describe('Where Waystage keeps its state: sqlite:PATH.'),
  /** IANA zone in which days are counted; a mapping's own wins. */
  timezone: Text.default('UTC').describe("IANA zone in which days are counted; a mapping's own wins."),
  connections: z.array(Connection).default([]).describe('The installed CRMs.'),
  /** Mapping files, relative to this file's project folder. */
  mappings: z.array(Text).default([]).describe('The journeys: mapping files.'),
  /** Field maps by connector; default: the shipped `mappings/fields/*.yaml`. */
  fieldMaps: z.array(Text).optional().describe('Field maps of your own; default: the shipped ones.'),
  identity: z
    .strictObject({
      /** Pairs of records (`connection:type:id`) that must never be joined. */
      unlink: z.array(z.tuple([Text, Text])).default([]),
    })
    .optional(),
  write: Write.prefault({}),
  plan: z
    .strictObject({
      /** An older plan is not applied any more. Default 24h. */
      max_age: Every.default(DAY).describe('An older plan is not applied any more; default 24h.'),
    })
    .prefault({}),
  server: z
    .strictObject({
      port: z.int().min(0).max(65_535).optional(),
      /** Address to listen on; the status page has no login, so only this machine by default. */
      host: Text.default('127.0.0.1'),
    })
    .prefault({}),
  alerts: z
    .array(
      z.strictObject({
        url: z.url({ protocol: /^https?$/ }).describe('Where the signed message is sent.'),
        secret: Text.describe('Signs the message (Standard Webhooks).'),
        on: z
          .array(z.enum(['reconnect', 'guard', 'failed', 'quota', 'kpi', 'transition']))
          .min(1)
          .describe('What is told.'),
      }),
    )
    .optional()
    .describe('Webhooks that tell when something happened.'),
  retention: Later,
});
export type Config = z.infer<typeof Config>;

/** Paths of the keys that are accepted and not acted on yet. */
export const LATER_KEYS: readonly (readonly string[])[] = [
  ['alerts'],
  ['retention'],
  ['connections', '*', 'events'],
  ['connections', '*', 'webhookSecret'],
];
