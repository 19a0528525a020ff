import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import nock from 'nock';

/** What a test says about the other side's HTTP answers. */
export interface HttpMock {
  /** Mocks of one origin (`https://api.hubapi.com`), in nock's own words: `.get('/path').reply(200, {…})`. */
  on(origin: string): nock.Scope;
}

export interface HttpMockCore extends HttpMock {
  start(): void;
  /** Begins a test. */
  clear(): void;
  /** Ends a test: requests that nobody mocked, and mocks that nobody used. */
  problems(): readonly string[];
  stop(): void;
}

/**
 * The one way to mock HTTP. Called once at the top of a test file, it refuses every real connection but those to this
 * machine (where the sandboxes run), and fails a test that sent a request nobody mocked, or left a mock unused.
 */
export function mockHttp(): HttpMock {
  const core = createHttpMock();
  beforeAll(() => core.start());
  beforeEach(() => core.clear());
  afterEach(() => {
    const problems = core.problems();
    if (problems.length > 0) throw new Error(problems.join('\n'));
  });
  afterAll(() => core.stop());
  return core;
}

/** `mockHttp` without jest's hooks; only its own test uses it. */
export function createHttpMock(): HttpMockCore {
  let unmatched: string[] = [];
  const mocked = new Set<string>();
  const note = (request: { readonly method?: string; readonly url?: string }): void => {
    const url = request.url !== undefined && URL.canParse(request.url) ? new URL(request.url) : null;
    if (url !== null && isLoopback(url.host) && !mocked.has(url.origin)) return;
    unmatched.push(`${request.method ?? '?'} ${request.url ?? '?'}`);
  };
  return {
    on: (origin) => {
      mocked.add(origin);
      return nock(origin);
    },
    start: () => {
      if (!nock.isActive()) nock.activate();
      nock.disableNetConnect();
      // nock refuses this machine too, so the list of what is allowed has to be ours.
      nock.enableNetConnect((host) => isLoopback(String(host)));
      nock.emitter.on('no match', note);
    },
    clear: () => {
      unmatched = [];
      mocked.clear();
    },
    problems: () => {
      const unused = nock.pendingMocks();
      nock.abortPendingRequests();
      nock.cleanAll();
      return [
        ...unmatched.map((one) => `request without a mock: ${one}`),
        ...unused.map((one) => `mock that was not used: ${one}`),
      ];
    },
    stop: () => {
      nock.emitter.off('no match', note);
      nock.enableNetConnect();
      nock.restore();
    },
  };
}

/** `127.0.0.1:4000`, `localhost`, `[::1]:80`. */
function isLoopback(host: string): boolean {
  return /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(host);
}
