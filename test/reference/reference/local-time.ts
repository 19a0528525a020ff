/** Wall clock and calendar of one zone (J9), asked of `Intl` and of nothing else. Instants are epoch milliseconds,
 *  wall times are what UTC would show for them. */
export interface LocalTime {
  /** Days since 1970-01-01 of the local date. */
  day(instant: number): number;
  /** The start of a local day. */
  midnight(day: number): number;
  /** Same wall time so many calendar days later. */
  addDays(instant: number, days: number): number;
  /** `2026-01-31`, `2026-01-31T10:30` or with an offset. */
  parse(text: string): number;
}

export const DAY = 86_400_000;
export const HOUR = 3_600_000;

/** `Intl` is slow to ask, so each zone is kept with what it has answered. */
const zones = new Map<string, LocalTime>();

export function localTime(zone: string): LocalTime {
  const known = zones.get(zone) ?? timeIn(zone);
  zones.set(zone, known);
  return known;
}

function timeIn(zone: string): LocalTime {
  const offset = offsets(zone);
  const fromWall = (wall: number): number => {
    const guesses = [offset(wall - DAY), offset(wall + DAY)].map((away) => wall - away);
    const real = guesses.filter((instant) => instant + offset(instant) === wall);
    // A wall time that stands twice is the first; one that is left out moves on by the gap.
    return real.length > 0 ? Math.min(...real) : (guesses[0] as number);
  };
  const day = (instant: number): number => Math.floor((instant + offset(instant)) / DAY);
  return {
    day,
    midnight: (number) => fromWall(number * DAY),
    addDays: (instant, days) => fromWall(instant + offset(instant) + days * DAY),
    parse: (text) => {
      if (/(Z|[+-]\d\d:?\d\d)$/.test(text) && text.length > 10) return Date.parse(text);
      return fromWall(Date.parse(text.length === 10 ? `${text}T00:00Z` : `${text}Z`));
    },
  };
}

/** Minutes east of UTC, as milliseconds. The same on both ends of a day of UTC means the same all day. */
function offsets(zone: string): (instant: number) => number {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
  const ask = (instant: number): number => {
    const name = format.formatToParts(instant).find(({ type }) => type === 'timeZoneName')?.value ?? '';
    const [, sign, hours, minutes] = /GMT([+-])(\d\d):(\d\d)/.exec(name) ?? [];
    return (sign === '-' ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60_000;
  };
  const days = new Map<number, number | null>();
  return (instant) => {
    const day = Math.floor(instant / DAY);
    let whole = days.get(day);
    if (whole === undefined) {
      const first = ask(day * DAY);
      whole = first === ask((day + 1) * DAY) ? first : null;
      days.set(day, whole);
    }
    return whole ?? ask(instant);
  };
}

/** `90d` and `2w` are calendar days, `12h` exact hours. */
export interface Span {
  readonly days: number;
  readonly hours: number;
}

export function span(text: string): Span {
  const count = Number.parseInt(text, 10);
  if (text.endsWith('h')) return { days: 0, hours: count };
  return { days: text.endsWith('w') ? count * 7 : count, hours: 0 };
}

export function after(instant: number, { days, hours }: Span, local: LocalTime): number {
  return days === 0 ? instant + hours * HOUR : local.addDays(instant, days);
}

export function before(instant: number, { days, hours }: Span, local: LocalTime): number {
  return after(instant, { days: -days, hours: -hours }, local);
}
