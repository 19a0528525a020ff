import { z } from 'zod';

const Text = z.string().min(1);

/** A documented key that this version accepts and does not act on yet; `check` warns about it. */
const Later = z.unknown().optional();

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
  sandbox: z.boolean().default(false),
  /** Cron expression for `serve`; none means only by hand. */
  schedule: Text.optional(),
  /** Object types to read; default: all that the mappings need. */
  objects: z.array(Text).optional(),
  budget: z
    .strictObject({
      /** Requests per 10 seconds this connection may use. Default: the connector's own. */
      requestsPer10s: z.int().min(1).max(10_000).optional(),
    })
    .optional(),
  reconcile: Later,
  events: Later,
  webhookSecret: Later,
});

const Write = z.strictObject({
  /** Default: `apply` for sandbox connections, `plan-only` for the rest. */
  mode: z.enum(['apply', 'plan-only']).optional(),
  /** What happens to an output that a person edited in the CRM: `ask` keeps the edit and reports it, `revert`
   *  restores our value and reports it. */
  manualEdits: z.enum(['ask', 'revert']).default('ask'),
  activation: Later,
  guard: Later,
});

/** `config/waystage.yaml`. */
export const Config = z.strictObject({
  database: Text.optional(),
  /** IANA zone in which days are counted; a mapping's own wins. */
  timezone: Text.default('UTC'),
  connections: z.array(Connection).default([]),
  /** Mapping files, relative to this file's project folder. */
  mappings: z.array(Text).default([]),
  /** Field maps by connector; default: the shipped `mappings/fields/*.yaml`. */
  fieldMaps: z.array(Text).optional(),
  identity: z
    .strictObject({
      /** Pairs of records (`connection:type:id`) that must never be joined. */
      unlink: z.array(z.tuple([Text, Text])).default([]),
    })
    .optional(),
  write: Write.prefault({}),
  server: z
    .strictObject({
      port: z.int().min(0).max(65_535).optional(),
      /** Address to listen on; the status page has no login, so only this machine by default. */
      host: Text.default('127.0.0.1'),
    })
    .prefault({}),
  alerts: Later,
  retention: Later,
});
export type Config = z.infer<typeof Config>;

/** Paths of the keys that are accepted and not acted on yet. */
export const LATER_KEYS: readonly (readonly string[])[] = [
  ['alerts'],
  ['retention'],
  ['write', 'activation'],
  ['write', 'guard'],
  ['connections', '*', 'reconcile'],
  ['connections', '*', 'events'],
  ['connections', '*', 'webhookSecret'],
];
