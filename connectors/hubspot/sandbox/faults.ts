import type { KitAnswer, NamedFault, VendorFaults } from '../../../src/sandbox/index.ts';
import { limitAnswer } from './access.ts';
import { errorBody, HubspotError } from './errors.ts';

/** Statuses that the network in front of HubSpot answers by itself, with a page of its own. */
const FROM_THE_NETWORK: Readonly<Record<number, string>> = {
  502: 'Bad gateway',
  503: 'Service temporarily unavailable',
  504: 'Gateway time-out',
  521: 'Web server is down',
  522: 'Connection timed out',
  523: 'Origin is unreachable',
  524: 'A timeout occurred',
};
const CATEGORIES: Readonly<Record<number, string>> = {
  401: 'INVALID_AUTHENTICATION',
  403: 'MISSING_SCOPES',
  404: 'OBJECT_NOT_FOUND',
  409: 'CONFLICT',
  423: 'RESOURCE_LOCKED',
  429: 'RATE_LIMITS',
  477: 'MIGRATION_IN_PROGRESS',
};

/** Faults as HubSpot has them (its documentation of error handling and of usage limits, read November 2026). */
export function hubspotFaults(correlationId: () => string): VendorFaults {
  const statusAnswer = (status: number): KitAnswer => {
    const title = FROM_THE_NETWORK[status];
    if (title !== undefined) {
      return {
        status,
        headers: { 'Content-Type': 'text/html;charset=utf-8' },
        body: `<!DOCTYPE html><html><head><title>${status}: ${title}</title></head><body>${title}</body></html>`,
      };
    }
    if (status < 400) return { status, body: {} };
    const category = CATEGORIES[status] ?? (status < 500 ? 'VALIDATION_ERROR' : 'INTERNAL_ERROR');
    const text = status < 500 ? 'The request was refused.' : 'internal error';
    return { status, body: errorBody(new HubspotError(status, category, text), correlationId()) };
  };
  const limit = (policy: string): NamedFault => ({
    text: `429, ${policy}`,
    answer: () => limitAnswer(policy, `You have reached your ${policy.toLowerCase()} limit.`, correlationId),
  });
  const status = (code: number, text: string): NamedFault => ({
    text: `${code}, ${text}`,
    answer: () => statusAnswer(code),
  });
  return {
    statusAnswer,
    named: {
      'ten-secondly-limit': limit('TEN_SECONDLY_ROLLING'),
      'secondly-limit': limit('SECONDLY'),
      'daily-limit': limit('DAILY'),
      locked: status(423, 'the record is locked, for about two seconds'),
      'data-centre-move': {
        text: '477, the account is being moved, with Retry-After',
        answer: () => ({ ...statusAnswer(477), headers: { 'Retry-After': '10' } }),
      },
      'internal-error': status(500, 'internal error'),
      'bad-gateway': status(502, 'from the network in front'),
      unavailable: status(503, 'from the network in front'),
      'gateway-timeout': status(504, 'from the network in front'),
      'server-down': status(521, 'from the network in front'),
      'connection-timeout': status(522, 'from the network in front'),
      'origin-unreachable': status(523, 'from the network in front'),
      'origin-timeout': status(524, 'from the network in front'),
      'expired-token': status(401, 'the token has expired'),
    },
  };
}
