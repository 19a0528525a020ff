import type { Kpi, Stage } from '../mapping/types.ts';
import { kindOf, lengthOf, type Stay, type Way } from './course.ts';
import { days } from './flow.ts';
import { DAY, type Frame } from './frame.ts';
import { type Lengths, median, quantile, ratio } from './survival.ts';
import type { Tally } from './tally.ts';
import type { Bottleneck, DropOff, Dwell } from './types.ts';

/* How long stages hold people, where they go from there, and where they wait longer than usual. */

export function collectDwell(frame: Frame, tally: Tally, way: Way): void {
  for (const stay of way.stays) {
    if (stay.counted && stay.inPeriod) collectStay(frame, tally, way, stay, '', stay.stage);
  }
}

/** Counts a stay under `prefix`, which tells the figures of a KPI's own period from those of the whole. */
export function collectStay(
  frame: Frame,
  tally: Tally,
  way: Way,
  stay: Stay,
  prefix: string,
  key: string,
): void {
  const fate = fateOf(frame, stay);
  const length = lengthOf(frame, stay);
  tally.add(`${prefix}fate`, [key, fate]);
  if (fate === 'open') {
    tally.push(`${prefix}open`, [key], length);
    if (isSilent(frame, way, stay)) tally.add(`${prefix}silent`, [key]);
  } else tally.push(fate === 'cut' ? `${prefix}cut` : `${prefix}ended`, [key], length);
  if (fate === 'forward') tally.push(`${prefix}forward`, [key], length);
}

type Fate = 'forward' | 'back' | 'off' | 'returned' | 'out' | 'open' | 'cut';

function fateOf(frame: Frame, stay: Stay): Fate {
  if (stay.end !== 'moved') return stay.end;
  const kind = kindOf(frame, stay.stage, stay.next?.stage ?? null);
  if (kind === 'return') return 'returned';
  return kind === 'forward' || kind === 'back' || kind === 'off' ? kind : 'cut';
}

/** In the stage for at least the silent time, and not one touchpoint in it. */
function isSilent(frame: Frame, { touchpoints }: Way, stay: Stay): boolean {
  const since = frame.options.silent.before(frame.options.now);
  if (stay.entered > since) return false;
  const last = touchpoints.at(-1);
  return last === undefined || last.at <= since;
}

/** What is open or cut short is only known to be longer than so far. */
export function lengthsOf(tally: Tally, prefix: string, key: string): Lengths {
  const open = tally.numbers(`${prefix}open`, key);
  const cut = tally.numbers(`${prefix}cut`, key);
  const both = new Float64Array(open.length + cut.length);
  both.set(open);
  both.set(cut, open.length);
  return { ended: tally.numbers(`${prefix}ended`, key), open: both.sort() };
}

export function dwells(frame: Frame, tally: Tally): readonly Dwell[] {
  return frame.mapping.stages.map(({ name, offPath }) => {
    const lengths = lengthsOf(tally, '', name);
    const open = tally.numbers('open', name);
    const ended = lengths.ended.length;
    const cut = tally.count('fate', name, 'cut');
    return {
      stage: name,
      offPath,
      stays: ended + open.length + cut,
      ended,
      open: open.length,
      cut,
      medianDays: days(quantile(lengths, 0.5)),
      p90Days: days(quantile(lengths, 0.9)),
      openMedianDays: days(median(open)),
    };
  });
}

export function dropOffs(frame: Frame, tally: Tally): readonly DropOff[] {
  return frame.mapping.stages.map((stage) => ({
    stage: stage.name,
    offPath: stage.offPath,
    ...dropOff(frame, tally, '', stage.name, stage.offPath),
  }));
}

export function dropOff(
  frame: Frame,
  tally: Tally,
  prefix: string,
  key: string,
  offPath: boolean,
): Omit<DropOff, 'stage' | 'offPath'> {
  const count = (fate: Fate): number => tally.count(`${prefix}fate`, key, fate);
  const fates = {
    forward: count('forward'),
    back: count('back'),
    off: count('off'),
    returned: count('returned'),
    out: count('out'),
    open: count('open'),
    cut: count('cut'),
  };
  const stays = Object.values(fates).reduce((sum, n) => sum + n, 0);
  const silent = frame.knows('touchpoints') ? tally.count(`${prefix}silent`, key) : null;
  const dropped = fates.back + fates.off + fates.out + (silent ?? 0);
  return { stays, ...fates, silent, rate: offPath ? null : ratio(dropped, stays - fates.cut) };
}

/** Where somebody waits for a next stage: all of the path but its end. */
export function bottlenecks(frame: Frame, tally: Tally): readonly Bottleneck[] {
  return frame.path
    .slice(0, -1)
    .filter(({ terminal }) => !terminal)
    .map((stage) => bottleneck(tally, stage, targetOf(frame, stage)))
    .sort((a, b) => b.daysLost - a.daysLost || b.heldUp - a.heldUp);
}

function targetOf(frame: Frame, stage: Stage): Kpi | undefined {
  return frame.mapping.kpis?.find((kpi) => kpi.stage === stage.name && kpi.measure === 'median_time');
}

function bottleneck(tally: Tally, stage: Stage, target: Kpi | undefined): Bottleneck {
  const open = tally.numbers('open', stage.name);
  const own = median(tally.numbers('forward', stage.name));
  const usual = target === undefined ? own : target.target * DAY;
  let heldUp = 0;
  let lost = 0;
  for (const length of open) {
    if (usual === null || length <= usual) continue;
    heldUp += 1;
    lost += length - usual;
  }
  return {
    stage: stage.name,
    usualDays: days(usual),
    usual: usual === null ? null : target === undefined ? 'median' : 'target',
    open: open.length,
    heldUp,
    daysLost: lost / DAY,
  };
}
