import { riskRatio } from './chance.ts';
import { kindOf, type Stay, type Way } from './course.ts';
import { type Frame, OFF_PATH } from './frame.ts';
import type { Tally } from './tally.ts';
import type { Conformance, Deviation, DeviationKind } from './types.ts';

/* The ways people took beside the ideal path. Of each subject the stretch after its last move that does not count is
 * looked at: only there was every step its own. */

const MOST_PATHS = 10;
/** A longer way is cut: it does not conform anyway. */
const LONGEST_PATH = 10;

export function collectConformance(frame: Frame, tally: Tally, way: Way): void {
  const { stays } = way;
  const given = stays.findLastIndex(({ counted }) => !counted);
  // With -1 the first stay is the subject's own start.
  const stretch = stays.slice(Math.max(given, 0));
  const moves = stretch.filter((stay) => stay.counted && stay.inPeriod);
  if (moves.length === 0) return;
  const jumps = jumpsOf(way);
  const deviations = new Set<string>();
  let steps = 0;
  let good = 0;
  let strayed = false;
  stretch.forEach((stay, i) => {
    if (!stay.counted || !stay.inPeriod) return;
    const before = i === 0 ? null : stretch[i - 1]!;
    const judged = judge(frame, before, stay, jumps.get(stay.entered) ?? []);
    if (judged === null) return;
    steps += 1;
    if (judged.conforms) good += 1;
    else strayed = true;
    for (const deviation of judged.deviations) deviations.add(deviation);
  });
  for (const stay of stretch) {
    if (stay.end !== 'out' || !frame.inPeriod(stay.left as number)) continue;
    steps += 1;
    strayed = true;
  }
  for (const stay of stretch.slice(0, -1)) {
    if (stay.place === OFF_PATH && (stay.next?.place ?? -1) >= 0 && frame.inPeriod(stay.left as number)) {
      deviations.add(key('detour', stay.stage));
    }
  }
  tally.add('ways', [strayed ? 'strayed' : 'conforming']);
  tally.add('steps', ['all'], steps);
  tally.add('steps', ['good'], good);
  tally.add('paths', [strayed ? '' : 'conforms', ...pathOf(moves, stretch)]);
  countOutcomes(frame, tally, stretch, deviations);
}

/** On-path stages jumped over, by the instant of the move. */
function jumpsOf({ skipped }: Way): ReadonlyMap<number, readonly string[]> {
  const jumps = new Map<number, string[]>();
  for (const { stage, entered, jumped } of skipped) {
    if (!jumped) continue;
    const known = jumps.get(entered);
    if (known === undefined) jumps.set(entered, [stage]);
    else known.push(stage);
  }
  return jumps;
}

function judge(
  frame: Frame,
  before: Stay | null,
  stay: Stay,
  jumped: readonly string[],
): { readonly conforms: boolean; readonly deviations: readonly string[] } | null {
  const skipped = jumped.map((stage) => key('skip', stage));
  if (before === null) {
    if (stay.place === 0) return { conforms: true, deviations: [] };
    return { conforms: false, deviations: stay.place > 0 ? [key('late_start', stay.stage)] : [] };
  }
  // After a time in no stage the way goes on from where it was left.
  const kind = kindOf(frame, before.stage, stay.stage);
  if (kind === 'forward') return { conforms: skipped.length === 0, deviations: skipped };
  if (kind === 'back') return { conforms: false, deviations: [key('back', before.stage)] };
  if (kind === 'off') return { conforms: false, deviations: [] };
  // Coming back is not a step of its own, but what it jumps over is left out.
  return skipped.length === 0 ? null : { conforms: false, deviations: skipped };
}

function pathOf(moves: readonly Stay[], stretch: readonly Stay[]): readonly string[] {
  const first = stretch.indexOf(moves[0]!);
  const names = stretch.slice(Math.max(0, first - 1)).flatMap((stay, i) => {
    return stay.inPeriod || i === 0 ? [stay.stage] : [];
  });
  return names.length <= LONGEST_PATH ? names : [...names.slice(0, LONGEST_PATH - 1), '…'];
}

/** Deviations and, beside them, all who could have made them. */
function countOutcomes(
  frame: Frame,
  tally: Tally,
  stretch: readonly Stay[],
  deviations: ReadonlySet<string>,
): void {
  const last = stretch.at(-1)!;
  const worse = last.end === 'out' || last.place === OFF_PATH ? 'worse' : 'fine';
  const furthest = Math.max(...stretch.map(({ place }) => place));
  tally.add('outcome', [worse]);
  for (const stage of new Set(stretch.map(({ stage }) => stage))) tally.add('was in', [stage, worse]);
  const past = new Set(frame.path.slice(0, Math.max(0, furthest)).map(({ name }) => name));
  for (const { name } of frame.path) if (deviations.has(key('skip', name))) past.add(name);
  for (const name of past) tally.add('went past', [name, worse]);
  const inForTheFirstTime =
    last.place === OFF_PATH && last.end === 'open' && !deviations.has(key('detour', last.stage));
  if (inForTheFirstTime) tally.add('in for the first time', [last.stage, worse]);
  for (const deviation of deviations) tally.add('deviation', [...deviation.split(' '), worse]);
}

function key(kind: DeviationKind, stage: string): string {
  return `${kind} ${stage}`;
}

export function conformance(tally: Tally): Conformance {
  const conforming = tally.count('ways', 'conforming');
  return {
    subjects: conforming + tally.count('ways', 'strayed'),
    conforming,
    moves: tally.count('steps', 'all'),
    conformingMoves: tally.count('steps', 'good'),
    deviations: deviations(tally),
    paths: tally
      .counts('paths')
      .map(({ key: [conforms, ...stages], n }) => ({
        stages,
        subjects: n,
        conforms: conforms === 'conforms',
      }))
      .sort((a, b) => b.subjects - a.subjects)
      .slice(0, MOST_PATHS),
  };
}

function deviations(tally: Tally): readonly Deviation[] {
  const found = new Map<string, { readonly kind: DeviationKind; readonly stage: string }>();
  for (const { key: parts } of tally.counts('deviation')) {
    const [kind = 'skip', stage = ''] = parts as [DeviationKind, string];
    found.set(`${kind} ${stage}`, { kind, stage });
  }
  const plain = [...found.values()].map(({ kind, stage }) => {
    const count = (worse: string): number => tally.count('deviation', kind, stage, worse);
    const eligible = (worse: string): number => {
      if (kind === 'skip') return tally.count('went past', stage, worse);
      if (kind !== 'detour') return tally.count('was in', stage, worse);
      return tally.count('outcome', worse) - tally.count('in for the first time', stage, worse);
    };
    const worse = count('worse');
    const subjects = worse + count('fine');
    return {
      kind,
      stage,
      subjects,
      worse,
      others: eligible('worse') + eligible('fine') - subjects,
      othersWorse: eligible('worse') - worse,
    };
  });
  return plain
    .map((row) => ({
      ...row,
      ratio: riskRatio(
        { events: row.worse, of: row.subjects, otherEvents: row.othersWorse, otherOf: row.others },
        plain.length,
      ),
    }))
    .sort((a, b) => rank(b) - rank(a) || b.subjects - a.subjects);
}

/** Surely worse, then by the ratio, then those too few to say. */
function rank({ ratio }: Deviation): number {
  if (ratio === null) return -1;
  return ratio.value + (ratio.beyondChance && ratio.value > 1 ? 1e6 : 0);
}
