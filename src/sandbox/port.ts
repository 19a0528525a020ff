import type { Clock } from '../model/clock.ts';
import type { Story } from '../story/types.ts';

/** A CRM's stand-in: a real HTTP server with the vendor's paths, limits and errors, filled from a story. */
export interface Sandbox {
  /** `http://127.0.0.1:PORT`, no trailing slash. */
  readonly url: string;
  /** A bearer token that works. */
  readonly token: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** What webhooks are signed with, for vendors that sign them. */
  readonly webhookSecret?: string;
  close(): Promise<void>;
}

export interface SandboxOptions {
  readonly story: Story;
  readonly clock: Clock;
  /** 0: any free port. */
  readonly port: number;
  /** Milliseconds added to every answer; default 0. */
  readonly latencyMs?: number;
  /** Faults in force from the start and after every reset, as `POST /__sandbox/fault` takes them; a wrong one
   *  rejects the start. */
  readonly faults?: readonly unknown[];
}

export type StartSandbox<Options extends SandboxOptions = SandboxOptions> = (
  options: Options,
) => Promise<Sandbox>;

/** Answer of `GET /__sandbox/requests`. */
export interface RequestReport {
  readonly total: number;
  /** 429s and limit refusals given. */
  readonly refused: number;
  /** `POST /crm/objects/:version/:type/search` -> count. */
  readonly routes: Readonly<Record<string, number>>;
  /** Most requests in any window, by limit name (`ten-secondly`, `search`). */
  readonly peaks: Readonly<
    Record<string, { readonly windowMs: number; readonly limit: number; readonly peak: number }>
  >;
}

/** One entry of `GET /__sandbox/writes`: every field change with who, when, old, new. */
export interface SandboxWrite {
  readonly at: number;
  /** `integration` (the API), `person` (`POST edit`), `crm` (the CRM itself). */
  readonly by: 'integration' | 'person' | 'crm';
  readonly type: string;
  readonly id: string;
  readonly field: string;
  readonly old: string | number | boolean | null;
  readonly new: string | number | boolean | null;
}
