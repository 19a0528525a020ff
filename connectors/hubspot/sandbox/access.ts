import {
  createWindowLimit,
  type KitAnswer,
  type KitRequest,
  type Route,
  type WindowLimit,
} from '../../../src/sandbox/index.ts';
import { HubspotError } from './errors.ts';
import type { AppKind } from './portal.ts';

/** What an app may ask for, by kind: requests in 10 seconds, associations in 10 seconds, requests a day (null: none
 *  published). */
const ALLOWANCES: Readonly<
  Record<AppKind, { readonly ten: number; readonly associations: number; readonly day: number | null }>
> = {
  oauth: { ten: 110, associations: 150, day: null },
  free: { ten: 100, associations: 100, day: 250_000 },
  professional: { ten: 190, associations: 150, day: 625_000 },
  enterprise: { ten: 190, associations: 150, day: 1_000_000 },
};
const SEARCHES_PER_SECOND = 5;
const ASSOCIATIONS_PER_DAY = 500_000;

export interface Access {
  readonly limits: readonly WindowLimit[];
  /** Refuses a request without a good token (401) or above a limit (429); null lets it through, as it does every
   *  request of a route that is tagged `open`. */
  check(request: KitRequest, route: Route | null): KitAnswer | null;
  /** Limit headers for answers of the general API; search and associations carry none. */
  headers(request: KitRequest): Readonly<Record<string, string>>;
}

/** The vendor's 429. */
export function limitAnswer(policyName: string, message: string, correlationId: () => string): KitAnswer {
  return {
    status: 429,
    body: {
      status: 'error',
      message,
      errorType: 'RATE_LIMIT',
      correlationId: correlationId(),
      policyName,
      requestId: correlationId(),
    },
  };
}

export function createAccess(options: {
  readonly app: AppKind;
  readonly token: string;
  readonly timeZone: string;
  readonly requestsPerTenSeconds?: number;
  readonly requestsPerDay?: number;
  readonly correlationId: () => string;
}): Access {
  const allowance = ALLOWANCES[options.app];
  const perDay = options.requestsPerDay ?? allowance.day;
  const ten = createWindowLimit({
    name: 'ten-secondly',
    windowMs: 10_000,
    limit: options.requestsPerTenSeconds ?? allowance.ten,
  });
  const search = createWindowLimit({ name: 'search', windowMs: 1_000, limit: SEARCHES_PER_SECOND });
  const associations = createWindowLimit({
    name: 'associations',
    windowMs: 10_000,
    limit: allowance.associations,
  });
  const daily = createDailyLimit('daily', perDay ?? Number.MAX_SAFE_INTEGER, options.timeZone);
  const associationsDaily = createDailyLimit('associations-daily', ASSOCIATIONS_PER_DAY, options.timeZone);
  const charged = new WeakMap<KitRequest, 'general'>();

  const refuse = (policyName: string, message: string): KitAnswer =>
    limitAnswer(policyName, message, options.correlationId);
  const tenSeconds = (): KitAnswer =>
    refuse('TEN_SECONDLY_ROLLING', 'You have reached your ten_secondly_rolling limit.');
  const day = (): KitAnswer => refuse('DAILY', 'You have reached your daily limit.');

  return {
    limits: [ten, search, associations, ...(perDay === null ? [] : [daily]), associationsDaily],
    check: (request, route) => {
      if (route?.tags?.includes('open') === true) return null;
      const token = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
      if (token === undefined)
        throw new HubspotError(
          401,
          'INVALID_AUTHENTICATION',
          'Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview',
        );
      if (token !== options.token)
        throw new HubspotError(
          401,
          'INVALID_AUTHENTICATION',
          'The access token is not known, has expired or was revoked.',
        );
      const charge = route?.tags?.[0] ?? 'general';
      // The shorter window first: what it refuses does not use up the day.
      if (charge === 'search' && !search.take(request.at).allowed)
        return refuse('SECONDLY', 'You have reached your secondly limit.');
      if (charge === 'associations' && !associations.take(request.at).allowed) return tenSeconds();
      if (charge === 'general') {
        charged.set(request, 'general');
        if (!ten.take(request.at).allowed) return tenSeconds();
      }
      if (charge === 'associations' && !associationsDaily.take(request.at).allowed) return day();
      return daily.take(request.at).allowed ? null : day();
    },
    headers: (request) => {
      if (!charged.has(request)) return {};
      return {
        'X-HubSpot-RateLimit-Interval-Milliseconds': String(ten.windowMs),
        'X-HubSpot-RateLimit-Max': String(ten.limit),
        'X-HubSpot-RateLimit-Remaining': String(ten.remaining(request.at)),
        ...(perDay === null
          ? {}
          : {
              'X-HubSpot-RateLimit-Daily': String(daily.limit),
              'X-HubSpot-RateLimit-Daily-Remaining': String(daily.remaining(request.at)),
            }),
      };
    },
  };
}

/** Counts per calendar day of the account's time zone and starts again at its midnight. */
export function createDailyLimit(name: string, limit: number, timeZone: string): WindowLimit {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  });
  let day = '';
  let knownUntil = 0;
  let knownFrom = 0;
  let granted = 0;
  let arrived = 0;
  let peak = 0;
  const roll = (now: number): void => {
    // Formatting costs microseconds: once a quarter of an hour is enough, no zone changes its day in between.
    if (now >= knownFrom && now < knownUntil) return;
    knownFrom = now - (now % 900_000);
    knownUntil = knownFrom + 900_000;
    const today = format.format(now);
    if (today === day) return;
    day = today;
    granted = 0;
    arrived = 0;
  };
  return {
    name,
    windowMs: 86_400_000,
    limit,
    take: (now) => {
      roll(now);
      arrived += 1;
      peak = Math.max(peak, arrived);
      if (granted >= limit) return { allowed: false, remaining: 0, retryAfterMs: 0 };
      granted += 1;
      return { allowed: true, remaining: limit - granted, retryAfterMs: 0 };
    },
    remaining: (now) => {
      roll(now);
      return Math.max(0, limit - granted);
    },
    peak: () => peak,
    reset: () => {
      granted = 0;
      arrived = 0;
      peak = 0;
    },
  };
}
