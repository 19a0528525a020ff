const DAY = 86_400_000;
/** Beyond these years the nearest one's rules are taken. */
const FIRST_YEAR = 1900;
const LAST_YEAR = 2200;

/** Calendar arithmetic in one IANA time zone (J9). Instants are epoch milliseconds. Make one and pass it on: it
 *  keeps the zone's transitions, so that a look-up costs a few nanoseconds. */
export interface Zone {
  readonly name: string;
  /** Milliseconds to add to UTC for local time. */
  offset(instant: number): number;
  /** Days since 1970-01-01 of the local date. */
  dayNumber(instant: number): number;
  /** The first instant of that local day. */
  dayStart(day: number): number;
  /** Same wall time, this many calendar days later (or earlier). A wall time that does not exist that day moves
   *  forward by the gap; one that exists twice is the first. */
  addDays(instant: number, days: number): number;
  /** `YYYY-MM-DD` of the local date. */
  dateText(instant: number): string;
  /** Start of the day for `YYYY-MM-DD`; null when it is no date. */
  parseDate(text: string): number | null;
  /** An instant for `YYYY-MM-DD` (start of day), ISO 8601 with an offset, or local date and time without one. */
  parseInstant(text: string): number | null;
  /** Instants that "same wall time, this many days later" can be, with the changes of the clock about them. A superset. */
  edges(instant: number, days: number): readonly number[];
}

/** Is this an IANA zone that the platform knows? */
export function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** Throws a RangeError for a name that `isZone` refuses. */
export function createZone(name: string): Zone {
  const offset = name === 'UTC' ? () => 0 : offsetTable(name);

  const fromWall = (wall: number): number => {
    const before = offset(wall - DAY);
    const after = offset(wall + DAY);
    if (before === after) return wall - before;
    if (offset(wall - before) === before) return wall - before;
    if (offset(wall - after) === after) return wall - after;
    return wall - before;
  };
  /** The change of the clock within a day of an instant, if there is one. */
  const changeNear = (instant: number): number | null => {
    let low = instant - DAY;
    let high = instant + DAY;
    const first = offset(low);
    if (offset(high) === first) return null;
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (offset(middle) === first) low = middle;
      else high = middle;
    }
    return high;
  };
  const dayNumber = (instant: number): number => Math.floor((instant + offset(instant)) / DAY);
  const dayStart = (day: number): number => fromWall(day * DAY);
  const parseDate = (text: string): number | null => {
    const day = dateOnly(text);
    return day === null ? null : dayStart(day);
  };

  return {
    name,
    offset,
    dayNumber,
    dayStart,
    addDays: (instant, days) => fromWall(instant + offset(instant) + days * DAY),
    dateText: (instant) => new Date(instant + offset(instant)).toISOString().slice(0, 10),
    parseDate,
    parseInstant: (text) => {
      const date = parseDate(text);
      if (date !== null) return date;
      const match =
        /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?)(Z|[+-]\d{2}:?\d{2})?$/.exec(text);
      if (match === null || dateOnly(match[1] as string) === null) return null;
      const zone = match[3];
      const parsed = Date.parse(`${match[1]}T${match[2]}${zone ?? 'Z'}`);
      if (Number.isNaN(parsed)) return null;
      return zone === undefined ? fromWall(parsed) : parsed;
    },
    edges: (instant, days) => {
      const change = changeNear(instant);
      // Near a change of the clock several wall times come to the same instant: those that do not exist are moved
      // onto others, and those that stand twice have their first instant only.
      const offsets = change === null ? [offset(instant)] : [offset(change - 1), offset(change)];
      const walls = offsets.flatMap((off) =>
        change === null ? [instant + off] : [instant + off, change + off],
      );
      return walls.flatMap((wall) => {
        const there = wall + days * DAY;
        const before = there - offset(there - DAY);
        const after = there - offset(there + DAY);
        const other = before === after ? null : changeNear(before);
        return other === null ? [before] : [before, after, other];
      });
    },
  };
}

/** Days since 1970-01-01 of `YYYY-MM-DD`, null when it is no calendar date. */
function dateOnly(text: string): number | null {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return null;
  const utc = Date.parse(`${text}T00:00:00.000Z`);
  return Number.isNaN(utc) || new Date(utc).toISOString().slice(0, 10) !== text ? null : utc / DAY;
}

interface Span {
  readonly from: number;
  readonly to: number;
  readonly offset: number;
}

/** Offsets of a zone from `Intl`, which is slow to ask: each year's changes are found once and kept. */
function offsetTable(name: string): (instant: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: name,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const ask = (instant: number): number => {
    const part: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(instant)) part[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
    return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(instant / 1000) * 1000;
  };
  const years = new Map<number, readonly Span[]>();
  const spansOf = (year: number): readonly Span[] => {
    const known = years.get(year);
    if (known !== undefined) return known;
    const start = Date.UTC(year, 0, 1);
    const end = Date.UTC(year + 1, 0, 1);
    const spans: Span[] = [];
    let from = start;
    let current = ask(start);
    // Changes that undo each other within a week would be missed; no zone has had one since 1970.
    for (let at = start; at < end; ) {
      const next = Math.min(at + 7 * DAY, end);
      const there = ask(next);
      if (there !== current) {
        let low = at;
        let high = next;
        while (high - low > 1) {
          const middle = Math.floor((low + high) / 2);
          if (ask(middle) === current) low = middle;
          else high = middle;
        }
        spans.push({ from, to: high, offset: current });
        from = high;
        current = ask(high);
      }
      at = next;
    }
    spans.push({ from, to: end, offset: current });
    years.set(year, spans);
    return spans;
  };
  let last: Span = { from: 0, to: 0, offset: 0 };
  return (instant) => {
    if (instant >= last.from && instant < last.to) return last.offset;
    const year = new Date(instant).getUTCFullYear();
    if (Number.isNaN(year)) return 0;
    if (year < FIRST_YEAR) return ask(Date.UTC(FIRST_YEAR, 0, 1));
    if (year > LAST_YEAR) return ask(Date.UTC(LAST_YEAR, 0, 1));
    for (const span of spansOf(year)) {
      if (instant >= span.from && instant < span.to) {
        last = span;
        return span.offset;
      }
    }
    return 0;
  };
}
