import type { Zone } from '../mapping/index.ts';
import { WaystageError } from '../model/errors.ts';

/** The instant that an option names; a day is a day of the zone. Throws `usage`. */
export function momentOf(flag: string, text: string, zone: Zone, side: 'start' | 'end'): number {
  const day = zone.parseDate(text);
  if (day !== null) return side === 'start' ? day : zone.dayStart(zone.dayNumber(day) + 1);
  const instant = zone.parseInstant(text);
  if (instant !== null) return instant;
  throw new WaystageError(
    'usage',
    `${flag} is \`${text}\`; expected a day such as 2026-01-31 or an instant such as 2026-01-31T09:00:00Z.`,
  );
}
