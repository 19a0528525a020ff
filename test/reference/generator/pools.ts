import { FIELDS } from '../reference/fields.ts';
import type { Kind } from '../reference/rule.ts';

/** The values that both rules and subjects draw from: few, so that they meet. */
export const WORDS: Readonly<Record<string, readonly string[]>> = {
  'person.lead_status': ['new', 'working', 'qualified'],
  'account.type': ['prospect', 'customer', 'partner'],
  'deals.kind': ['new', 'renewal', 'expansion'],
  'tickets.priority': ['low', 'high', 'urgent'],
  'tickets.category': ['billing', 'bug', 'outage'],
  'touchpoints.channel': ['email', 'call', 'meeting', 'form'],
  'touchpoints.direction': ['incoming', 'outgoing'],
  'touchpoints.outcome': ['held', 'no_show', 'answered'],
  'surveys.type': ['nps', 'csat'],
  'surveys.group': ['promoter', 'detractor', 'happy'],
};
/** Case, letters beyond ASCII, and texts that YAML would read as numbers. */
export const TEXTS = ['Acme Ltd', 'acme ltd', 'Öl AG', 'öl ag', 'Beta', '7', '1.5'] as const;
export const NUMBERS = [0, 1, 2, 5, 20, 100] as const;
export const SPANS = ['12h', '30h', '1d', '3d', '1w', '2w', '30d', '60d', '90d', '180d', '365d'] as const;
/** Windows that are mostly wide enough. */
export const WIDE = ['30d', '60d', '90d', '180d', '365d', '52w', '2000h'] as const;
export const DATES = [
  '2025-12-01',
  '2026-01-15',
  '2026-03-29',
  '2026-03-29T02:30',
  '2026-05-01T12:00:00Z',
] as const;
export const STAGES_ELSEWHERE = ['x', 'y', 'z'] as const;
export const BANDS_ELSEWHERE = ['green', 'red'] as const;
/** Zones with the clock changed in March, in April by half an hour, and never. */
export const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
] as const;

export const LISTS = ['deals', 'tickets', 'touchpoints', 'surveys'] as const;
export type Owner = keyof typeof FIELDS;

export function fieldsOf(owner: Owner, kind?: Kind): readonly string[] {
  return Object.entries(FIELDS[owner])
    .filter(([, one]) => kind === undefined || one === kind)
    .map(([field]) => field);
}

export function textsOf(owner: Owner, field: string): readonly string[] {
  return WORDS[`${owner === 'people' ? 'person' : owner}.${field}`] ?? TEXTS;
}
