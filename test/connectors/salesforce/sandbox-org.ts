import {
  type SalesforceSandboxOptions,
  startSalesforceSandbox,
} from '../../../connectors/salesforce/sandbox/index.ts';
import type { Clock } from '../../../src/model/clock.ts';
import type { Sandbox } from '../../../src/sandbox/index.ts';
import { createStory, type Story } from '../../../src/story/index.ts';

export const NOW = Date.UTC(2026, 9, 15, 12);
export const V67 = '/services/data/v67.0';

/** A clock that stands still: sandbox time moves by `POST /__sandbox/clock` only. */
export const stillClock: Clock = { now: () => NOW, sleep: () => Promise.resolve() };

/** Waits take no time and move the clock on; deadlines of requests never come. */
export function leapingClock(): Clock {
  let now = NOW;
  return {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const abort = (): void => reject(signal?.reason);
        if (signal?.aborted === true) abort();
        signal?.addEventListener('abort', abort, { once: true });
        if (ms > 45_000) return;
        setImmediate(() => {
          now += ms;
          resolve();
        });
      }),
  };
}

const stories = new Map<number, Story>();

/** The same story for every test that asks for this size. */
export function storyOf(contacts: number): Story {
  let story = stories.get(contacts);
  if (story === undefined) {
    story = createStory({ seed: 7, contacts, now: NOW });
    stories.set(contacts, story);
  }
  return story;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: bodies are checked field by field in the tests
  readonly body: any;
}

export interface TestOrg {
  readonly sandbox: Sandbox;
  /** A call with the fixed token; JSON in, JSON out. */
  call(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Answer>;
  query(soql: string, path?: 'query' | 'queryAll'): Promise<Answer>;
  /** Records of a query; throws when it is refused. */
  // biome-ignore lint/suspicious/noExplicitAny: see above
  records(soql: string, path?: 'query' | 'queryAll'): Promise<any[]>;
  control(name: string, body: unknown): Promise<Answer>;
  close(): Promise<void>;
}

export async function startOrg(
  options: Partial<SalesforceSandboxOptions> & { readonly contacts?: number } = {},
): Promise<TestOrg> {
  const { contacts, ...rest } = options;
  const sandbox = await startSalesforceSandbox({
    story: storyOf(contacts ?? 40),
    clock: stillClock,
    port: 0,
    ...rest,
  });
  const send = async (
    method: string,
    path: string,
    body: unknown,
    headers: Readonly<Record<string, string>>,
  ): Promise<Answer> => {
    const response = await fetch(`${sandbox.url}${path}`, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = String(response.headers.get('content-type')).startsWith('application/json');
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
  };
  const authorized = { authorization: `Bearer ${sandbox.token}` };
  const query: TestOrg['query'] = (soql, path = 'query') =>
    send('GET', `${V67}/${path}?q=${encodeURIComponent(soql)}`, undefined, authorized);
  return {
    sandbox,
    call: (method, path, body, headers = {}) => send(method, path, body, { ...authorized, ...headers }),
    query,
    records: async (soql, path) => {
      const answer = await query(soql, path);
      if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
      return answer.body.records;
    },
    control: (name, body) => send('POST', `/__sandbox/${name}`, body, {}),
    close: () => sandbox.close(),
  };
}
