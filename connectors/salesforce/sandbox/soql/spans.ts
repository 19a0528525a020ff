const DAY = 86_400_000;

/** A half-open interval of epoch milliseconds: a date literal such as `TODAY` names one. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

function day(now: number, offset: number): number {
  return Math.floor(now / DAY) * DAY + offset * DAY;
}

/** Weeks start on Sunday, as for the locale `en_US`. */
function week(now: number, offset: number): number {
  const today = day(now, 0);
  return today - new Date(today).getUTCDay() * DAY + offset * 7 * DAY;
}

function month(now: number, offset: number): number {
  const at = new Date(now);
  return Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + offset, 1);
}

function quarter(now: number, offset: number): number {
  const at = new Date(now);
  return Date.UTC(at.getUTCFullYear(), (Math.floor(at.getUTCMonth() / 3) + offset) * 3, 1);
}

function year(now: number, offset: number): number {
  return Date.UTC(new Date(now).getUTCFullYear() + offset, 0, 1);
}

const UNITS: Readonly<Record<string, (now: number, offset: number) => number>> = {
  DAY: day,
  WEEK: week,
  MONTH: month,
  QUARTER: quarter,
  YEAR: year,
};

const FIXED: Readonly<Record<string, readonly [unit: string, from: number, to: number]>> = {
  TODAY: ['DAY', 0, 1],
  YESTERDAY: ['DAY', -1, 0],
  TOMORROW: ['DAY', 1, 2],
  LAST_90_DAYS: ['DAY', -90, 1],
  NEXT_90_DAYS: ['DAY', 1, 91],
};

/** What a date literal means at `now` in an org whose time zone is GMT and whose fiscal year is the calendar
 *  year; null for a word that is no date literal. `LAST_N_DAYS` includes today, `NEXT_N_DAYS` does not; for
 *  weeks and longer both leave out the present one. */
export function spanOf(text: string, now: number): Span | null {
  const [word, digits] = text.toUpperCase().replace('FISCAL_', '').split(':') as [string, string | undefined];
  const between = (unit: string, from: number, to: number): Span => {
    const start = UNITS[unit]!;
    return { start: start(now, from), end: start(now, to) };
  };
  if (digits === undefined) {
    const fixed = FIXED[word];
    if (fixed !== undefined) return between(...fixed);
    const match = /^(LAST|THIS|NEXT)_(WEEK|MONTH|QUARTER|YEAR)$/.exec(word);
    if (match === null) return null;
    const shift = match[1] === 'LAST' ? -1 : match[1] === 'NEXT' ? 1 : 0;
    return between(match[2]!, shift, shift + 1);
  }
  const n = Number(digits);
  const ago = /^N_(DAY|WEEK|MONTH|QUARTER|YEAR)S_AGO$/.exec(word);
  if (ago !== null) return between(ago[1]!, -n, -n + 1);
  const range = /^(LAST|NEXT)_N_(DAY|WEEK|MONTH|QUARTER|YEAR)S$/.exec(word);
  if (range === null) return null;
  const unit = range[2]!;
  if (range[1] === 'NEXT') return between(unit, 1, n + 1);
  return unit === 'DAY' ? between(unit, -n, 1) : between(unit, -n, 0);
}
