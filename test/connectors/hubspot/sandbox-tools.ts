import {
  type HubspotSandboxOptions,
  startHubspotSandbox,
} from '../../../connectors/hubspot/sandbox/index.ts';
import type { Sandbox } from '../../../src/sandbox/index.ts';
import { createStory, type Story } from '../../../src/story/index.ts';

export const NOW = Date.UTC(2026, 10, 20, 15);
export const SMALL: Story = createStory({ seed: 7, contacts: 60, now: NOW });

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers freely
export type Json = any;

export interface Answer {
  readonly status: number;
  readonly body: Json;
  readonly headers: Headers;
}

export interface TestPortal {
  readonly sandbox: Sandbox;
  /** One API call with the good token. */
  api(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** A search on 2026-03, a second after the one before, so that the search limit stays out of the way. */
  search(type: string, body: unknown, version?: string): Promise<Answer>;
  control(method: string, name: string, body?: unknown): Promise<Answer>;
  advance(ms: number): void;
  /** A new contact's id. */
  contact(properties: Record<string, unknown>): Promise<string>;
}

/** Starts a sandbox with a clock that stands still, hands it to the test and closes it. */
export async function withPortal(
  options: Partial<HubspotSandboxOptions>,
  run: (portal: TestPortal) => Promise<void>,
): Promise<void> {
  let now = NOW;
  const clock = { now: () => now, sleep: async () => {} };
  const sandbox = await startHubspotSandbox({
    story: SMALL,
    clock,
    port: 0,
    indexingLagMs: 0,
    requestsPerTenSeconds: 100_000,
    ...options,
  });
  const call = async (
    method: string,
    path: string,
    body: unknown,
    headers: Record<string, string>,
  ): Promise<Answer> => {
    const answer = await fetch(sandbox.url + path, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, body: text === '' ? null : JSON.parse(text), headers: answer.headers };
  };
  const api: TestPortal['api'] = (method, path, body, headers = {}) =>
    call(method, path, body, { authorization: `Bearer ${sandbox.token}`, ...headers });
  try {
    await run({
      sandbox,
      api,
      search: (type, body, version = '2026-03') => {
        now += 1_000;
        return api('POST', `/crm/objects/${version}/${type}/search`, body);
      },
      control: (method, name, body) => call(method, `/__sandbox/${name}`, body, {}),
      advance: (ms) => {
        now += ms;
      },
      contact: async (properties) => {
        const made = await api('POST', '/crm/objects/2026-03/contacts', { properties });
        if (made.status !== 201) throw new Error(`No contact was made: ${JSON.stringify(made.body)}`);
        return made.body.id as string;
      },
    });
  } finally {
    await sandbox.close();
  }
}

/** Status, category and the codes of single values, for short expectations. */
export function refusal(answer: Answer): Json {
  const codes = answer.body?.errors?.flatMap((one: Json) => one.code ?? []) ?? [];
  return [answer.status, answer.body?.category, ...codes];
}
