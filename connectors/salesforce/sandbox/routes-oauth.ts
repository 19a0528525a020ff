import type { KitAnswer, KitRequest, Route } from '../../../src/sandbox/index.ts';
import type { State } from './state.ts';

function oauthError(error: string, description: string): KitAnswer {
  return { status: 400, body: { error, error_description: description } };
}

function form(request: KitRequest): URLSearchParams | null {
  const type = String(request.headers['content-type'] ?? '');
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(type)) return null;
  return new URLSearchParams(request.body.toString('utf8'));
}

/** Client id and secret from the form, or from HTTP Basic. */
function credentials(request: KitRequest, body: URLSearchParams): readonly [id: string, secret: string] {
  const basic = /^Basic\s+(\S+)$/i.exec(String(request.headers.authorization ?? ''));
  if (basic !== null) {
    const [id = '', secret = ''] = Buffer.from(basic[1]!, 'base64').toString('utf8').split(':');
    return [id, secret];
  }
  return [body.get('client_id') ?? '', body.get('client_secret') ?? ''];
}

function token(state: State, request: KitRequest): KitAnswer {
  const body = form(request);
  if (body === null || body.get('grant_type') !== 'client_credentials') {
    return oauthError('unsupported_grant_type', 'grant type not supported');
  }
  const [id, secret] = credentials(request, body);
  if (id !== state.sessions.clientId) return oauthError('invalid_client_id', 'client identifier invalid');
  if (secret !== state.sessions.clientSecret)
    return oauthError('invalid_client', 'invalid client credentials');
  const now = state.time.now();
  const identity = identityUrl(state);
  return {
    status: 200,
    headers: { 'cache-control': 'no-cache, no-store', pragma: 'no-cache' },
    body: {
      access_token: state.sessions.issue(now),
      signature: state.sessions.sign(`${identity}${now}`),
      scope: 'api',
      instance_url: state.instanceUrl,
      id: identity,
      token_type: 'Bearer',
      issued_at: String(now),
    },
  };
}

function identityUrl(state: State): string {
  return `${state.instanceUrl}/id/${state.org.organizationId}/${state.org.integrationUserId}`;
}

/** The token of an `Authorization: Bearer` (or `OAuth`) header; null without one. */
export function bearer(request: KitRequest): string | null {
  return /^(?:Bearer|OAuth)\s+(\S+)$/i.exec(String(request.headers.authorization ?? ''))?.[1] ?? null;
}

function userInfo(state: State, request: KitRequest): KitAnswer {
  const given = bearer(request);
  if (given === null || !state.sessions.isValid(given, state.time.now())) {
    return { status: 403, body: 'Bad_OAuth_Token' };
  }
  const user = state.org.row('User', state.org.integrationUserId)!;
  const rest = `${state.instanceUrl}/services/data/v{version}/`;
  return {
    status: 200,
    body: {
      sub: identityUrl(state),
      user_id: user['Id'],
      organization_id: state.org.organizationId,
      preferred_username: user['Username'],
      nickname: user['Alias'],
      name: user['Name'],
      email: user['Email'],
      email_verified: true,
      given_name: user['FirstName'],
      family_name: user['LastName'],
      zoneinfo: user['TimeZoneSidKey'],
      photos: {},
      profile: `${state.instanceUrl}/${String(user['Id'])}`,
      picture: null,
      address: {},
      urls: {
        rest,
        sobjects: `${rest}sobjects/`,
        query: `${rest}query/`,
        metadata: `${state.instanceUrl}/services/Soap/m/{version}/${state.org.organizationId}`,
        custom_domain: state.instanceUrl,
      },
      active: true,
      user_type: 'STANDARD',
      language: user['LanguageLocaleKey'],
      locale: user['LocaleSidKey'],
      utcOffset: 0,
      updated_at: new Date(Number(user['LastModifiedDate'])).toISOString(),
    },
  };
}

function revoke(state: State, request: KitRequest): KitAnswer {
  const given = form(request)?.get('token') ?? request.query.get('token') ?? '';
  if (!state.sessions.revoke(given)) {
    return oauthError('invalid_token', 'invalid token or already revoked');
  }
  return { status: 200 };
}

/** OAuth: client credentials, userinfo, revoke. Other grants are refused. */
export function oauthRoutes(state: State): readonly Route[] {
  return [
    { method: 'POST', pattern: '/services/oauth2/token', handle: (request) => token(state, request) },
    { method: 'GET', pattern: '/services/oauth2/userinfo', handle: (request) => userInfo(state, request) },
    { method: 'POST', pattern: '/services/oauth2/userinfo', handle: (request) => userInfo(state, request) },
    { method: 'POST', pattern: '/services/oauth2/revoke', handle: (request) => revoke(state, request) },
    { method: 'GET', pattern: '/id/:org/:user', handle: (request) => userInfo(state, request) },
  ];
}
