import { type ParsedFields, parse, validateDetailed } from 'node-cron';
import type { Zone } from '../mapping/zone.ts';

const MINUTE = 60_000;
/** A pattern that does not come up within this long (30 February) never does. */
const HORIZON = 5 * 366 * 24 * 60;

/** A checked cron expression of five fields. */
export interface Cron {
  readonly text: string;
  /** The first due instant after `after` (epoch ms, whole minute); null when there is none within five years. */
  next(after: number, zone: Zone): number | null;
}

/** Null with the reason in words when the expression is not understood. */
export function parseCron(text: string): { readonly cron: Cron } | { readonly problem: string } {
  if (text.trim().split(/\s+/).length !== 5) {
    return {
      problem: `\`${text}\` is not a schedule: expected five fields (minute hour day month weekday), such as \`*/15 * * * *\``,
    };
  }
  const checked = validateDetailed(text);
  if (!checked.valid) {
    const reason = checked.errors.map((error) => `${error.field}: ${error.message}`).join('; ');
    return { problem: `\`${text}\` is not a schedule: ${reason}` };
  }
  const fields = compile(parse(text), text);
  return { cron: { text, next: (after, zone) => nextDue(fields, after, zone) } };
}

interface Fields {
  readonly minute: ReadonlySet<number>;
  readonly hour: ReadonlySet<number>;
  readonly day: ReadonlySet<number>;
  readonly month: ReadonlySet<number>;
  readonly weekday: ReadonlySet<number>;
  /** `*` in one of the two day fields: the other decides alone; with both given either is enough, as in cron. */
  readonly anyDay: boolean;
  readonly anyWeekday: boolean;
  readonly anyHour: boolean;
}

function compile(parsed: ParsedFields, text: string): Fields {
  const words = text.trim().split(/\s+/);
  const numbers = (list: readonly (number | string)[]): ReadonlySet<number> => new Set(list.map(Number));
  return {
    minute: numbers(parsed.minute),
    hour: numbers(parsed.hour),
    day: numbers(parsed.dayOfMonth),
    month: numbers(parsed.month),
    weekday: new Set([...numbers(parsed.dayOfWeek)].map((day) => day % 7)),
    anyDay: words[2]?.startsWith('*') === true,
    anyWeekday: words[4]?.startsWith('*') === true,
    anyHour: words[1]?.startsWith('*') === true,
  };
}

/** Goes from minute to minute of real time. A wall time that spring skips is due when the clock has jumped; one that
 *  autumn repeats is due once for a given hour, each time for `*`. */
function nextDue(fields: Fields, after: number, zone: Zone): number | null {
  let instant = Math.floor(after / MINUTE) * MINUTE + MINUTE;
  for (let step = 0; step < HORIZON; step += 1, instant += MINUTE) {
    const offset = zone.offset(instant);
    const before = zone.offset(instant - MINUTE);
    const wall = instant + offset;
    if (offset > before) {
      for (let skipped = instant + before; skipped < wall; skipped += MINUTE)
        if (matches(fields, skipped)) return instant;
    }
    if (!matches(fields, wall)) continue;
    if (fields.anyHour || firstTime(instant, wall, zone)) return instant;
  }
  return null;
}

function firstTime(instant: number, wall: number, zone: Zone): boolean {
  const earlier = wall - zone.offset(instant - 3 * 60 * MINUTE);
  return earlier >= instant || earlier + zone.offset(earlier) !== wall;
}

function matches(fields: Fields, wall: number): boolean {
  const date = new Date(wall);
  if (!fields.minute.has(date.getUTCMinutes()) || !fields.hour.has(date.getUTCHours())) return false;
  if (!fields.month.has(date.getUTCMonth() + 1)) return false;
  const day = fields.day.has(date.getUTCDate());
  const weekday = fields.weekday.has(date.getUTCDay());
  return fields.anyDay || fields.anyWeekday ? day && weekday : day || weekday;
}
