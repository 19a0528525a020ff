import type { ConnectionConfig } from '../../src/connector/port.ts';
import { WaystageError } from '../../src/model/errors.ts';

/** An access token and the address it is good for. */
export interface Session {
  readonly token: string;
  /** Origin of the org's API, no trailing slash. */
  readonly instanceUrl: string;
}

export interface Sessions {
  /** The present session; the first call may have to get one. */
  get(): Promise<Session>;
  /** A session newer than `stale`, which was refused. Callers with the same stale one share one token call.
   *  Throws `crm_credentials` when there is none to get. */
  renew(stale: Session): Promise<Session>;
}

/** Sends the form of a token call to the login address; resolves with the parsed body. */
export type TokenCall = (form: string) => Promise<unknown>;

const TOKEN_PATH = '/services/oauth2/token';

/** Where tokens come from: `<baseUrl>/services/oauth2/token`. */
export function tokenUrl(config: ConnectionConfig): string {
  return baseOrigin(config) + TOKEN_PATH;
}

export function baseOrigin(config: ConnectionConfig): string {
  const problem = checkBaseUrl(config)[0];
  if (problem !== undefined) throw new WaystageError('config_invalid', `${problem.path}: ${problem.message}`);
  return new URL(config.baseUrl!).origin;
}

/** Sessions for the configured kind of authorisation. */
export function createSessions(config: ConnectionConfig, callToken: TokenCall): Sessions {
  const { auth } = config;
  if (auth.kind === 'token') {
    const session = { token: auth.token, instanceUrl: baseOrigin(config) };
    return {
      get: async () => session,
      renew: async () => {
        throw new WaystageError(
          'crm_credentials',
          `Salesforce refused the access token of connection ${config.id} (INVALID_SESSION_ID); it has expired or was revoked: put in a new token, or use client-credentials, which renews by itself`,
          { details: { class: 'session' } },
        );
      },
    };
  }
  if (auth.kind === 'none') throw new WaystageError('crm_credentials', NO_AUTH);
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: auth.clientId,
    client_secret: auth.clientSecret,
  }).toString();
  let current: Session | null = null;
  let pending: Promise<Session> | null = null;
  const fetchSession = (): Promise<Session> => {
    // One call at a time: parallel 401s must not each ask for a token.
    pending ??= callToken(form)
      .then((body) => {
        current = readSession(body, config);
        return current;
      })
      .finally(() => {
        pending = null;
      });
    return pending;
  };
  return {
    get: async () => current ?? fetchSession(),
    renew: async (stale) => (current !== null && current.token !== stale.token ? current : fetchSession()),
  };
}

function readSession(body: unknown, config: ConnectionConfig): Session {
  const { access_token: token, instance_url: url } = (body ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof token !== 'string' || !isToken(token) || typeof url !== 'string' || !URL.canParse(url)) {
    throw new WaystageError(
      'crm_bad_answer',
      'Salesforce answered the token call without a usable access_token and instance_url; check that baseUrl is the My Domain address of the org',
      { retryable: false },
    );
  }
  const { origin, protocol, hostname } = new URL(url);
  // A token must not be sent wherever an answer says: only encrypted and public, or back where it came from.
  const same = config.sandbox && origin === baseOrigin(config);
  if (!same && (protocol !== 'https:' || isPrivateHost(hostname))) {
    throw new WaystageError(
      'crm_bad_answer',
      `Salesforce answered the token call with instance_url ${origin}; expected a public https address${config.sandbox ? ' or the sandbox itself' : ''}, so the token is not used`,
    );
  }
  return { token, instanceUrl: origin };
}

interface Problem {
  readonly path: string;
  readonly message: string;
}

/** Problems of `baseUrl`: a My Domain address, encrypted and public unless the connection is a sandbox. */
export function checkBaseUrl(config: ConnectionConfig): readonly Problem[] {
  const problem = (message: string): readonly Problem[] => [{ path: 'baseUrl', message }];
  const { baseUrl } = config;
  if (baseUrl === undefined) {
    return problem(
      'is missing; expected the My Domain address of the org, like https://example.my.salesforce.com',
    );
  }
  if (!URL.canParse(baseUrl)) return problem(`${JSON.stringify(baseUrl)} is no URL`);
  const url = new URL(baseUrl);
  if (url.protocol !== 'https:' && !(config.sandbox && url.protocol === 'http:'))
    return problem(`uses ${url.protocol}; expected https (http only with \`sandbox: true\`)`);
  if (url.username !== '' || url.password !== '')
    return problem('holds a user name or password; expected neither, they belong under auth');
  if ((url.pathname !== '/' && url.pathname !== '') || url.search !== '' || url.hash !== '')
    return problem(`has the path ${url.pathname}; expected the address alone: ${url.origin}`);
  if (/\.lightning\.force\.com$/i.test(url.hostname)) {
    const domain = url.hostname.replace(/\.lightning\.force\.com$/i, '');
    return problem(
      `is the address of the web pages, which serves no API; expected https://${domain}.my.salesforce.com`,
    );
  }
  if (!config.sandbox && isPrivateHost(url.hostname))
    return problem(`${url.hostname} is a private address; expected a public one (or \`sandbox: true\`)`);
  return [];
}

const NO_AUTH = 'Salesforce needs `auth`: expected kind token or client-credentials, found none';

/** Problems of `auth`. */
export function checkAuth(config: ConnectionConfig): readonly Problem[] {
  const { auth } = config;
  if (auth.kind === 'token') {
    return isToken(auth.token)
      ? []
      : [
          {
            path: 'auth.token',
            message: 'is empty or holds blanks or control characters; expected an access token',
          },
        ];
  }
  if (auth.kind === 'none') return [{ path: 'auth', message: NO_AUTH }];
  const problems: Problem[] = [];
  if (auth.clientId.trim() === '')
    problems.push({ path: 'auth.clientId', message: 'is empty; expected the consumer key of your app' });
  if (auth.clientSecret.trim() === '')
    problems.push({
      path: 'auth.clientSecret',
      message: 'is empty; expected the consumer secret of your app',
    });
  const host =
    config.baseUrl !== undefined && URL.canParse(config.baseUrl) ? new URL(config.baseUrl).hostname : '';
  if (host === 'login.salesforce.com' || host === 'test.salesforce.com') {
    problems.push({
      path: 'baseUrl',
      message: `is ${host}, which gives no token for client credentials; expected the My Domain address of the org`,
    });
  }
  return problems;
}

function isToken(text: string): boolean {
  return /^[\x21-\x7e]{1,4096}$/.test(text);
}

/** Loopback, private, link-local and unspecified addresses, and names that only local networks resolve. */
export function isPrivateHost(hostname: string): boolean {
  const host = hostname
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');
  if (host === 'localhost' || /\.(localhost|local|internal|lan|home\.arpa)$/.test(host)) return true;
  const v4 = /^(?:::ffff:)?(\d+)\.(\d+)\.\d+\.\d+$/.exec(host);
  if (v4 !== null) {
    const [a, b] = [Number(v4[1]), Number(v4[2])];
    return (
      a === 0 ||
      a === 10 ||
      a === 127 ||
      (a === 100 && b >= 64 && b < 128) ||
      (a === 169 && b === 254) ||
      (a === 172 && b >= 16 && b < 32) ||
      (a === 192 && b === 168) ||
      a >= 224
    );
  }
  // Mapped IPv4 in hexadecimal (`::ffff:7f00:1`), as URL normalises it, is refused as a whole.
  return host.includes(':') && /^(::|::1|::ffff:.*|f[cd][0-9a-f]{2}:.*|fe[89ab][0-9a-f]:.*)$/.test(host);
}
