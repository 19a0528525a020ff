import { createHash } from 'node:crypto';
import { outputsOf } from '../../journey/index.ts';
import type { Mapping } from '../../mapping/types.ts';
import { isWaystageError } from '../../model/errors.ts';
import type { SubjectId } from '../../model/facts.ts';
import { type FieldValue, type RecordKey, recordKeyText } from '../../model/record.ts';
import type { LeftOver, Placement, VersionSpan } from '../../store/port.ts';
import { backfill } from '../look/backfill.ts';
import type { Session } from '../session.ts';
import type { FactMaker } from '../subjects/facts.ts';
import type { Fingerprints } from '../subjects/fingerprints.ts';
import { Results } from '../subjects/results.ts';
import type { SubjectChunk } from '../subjects/subject-chunks.ts';
import type { PlacedTotals } from '../summary.ts';
import type { Reasons } from '../write/plan.ts';
import { type Planning, planChunk, type WantedOutputs } from '../write/planning.ts';
import { backfills } from './activation.ts';
import { type ByHand, byHandOf } from './adopt.ts';
import { type Advanced, advance } from './advance.ts';
import type { Effects } from './effects.ts';
import { spansOf } from './overrides.ts';
import { createReaders, type Readers } from './readers.ts';
import type { Selection } from './selection.ts';

/** The outputs that say why. */
const REASONS: Mapping['outputs'] = [
  { output: 'stage_reason', label: '', names: {} },
  { output: 'health_reason', label: '', names: {} },
];

/** What chunks have in common. */
export interface PlaceWork {
  readonly session: Session;
  readonly selection: Selection;
  readonly maker: FactMaker;
  readonly totals: PlacedTotals;
  readonly planning: Planning;
  readonly effects: Effects;
  /** Mappings, each after those whose results it reads. */
  readonly mappings: readonly Mapping[];
  /** Which version of a journey decided since when. */
  readonly versions: ReadonlyMap<string, readonly VersionSpan[]>;
  /** Journeys whose rules take over with this run, and those that look at them. */
  readonly takingOver: ReadonlySet<string>;
  /** Who was judged; empty while everybody is. */
  readonly judged: Fingerprints;
}

/** What is made of one chunk. */
interface ChunkWork extends PlaceWork {
  readonly chunk: SubjectChunk;
  readonly results: Results;
  readonly byHand: ByHand;
  /** Why some subjects are to be looked at again. */
  readonly again: Map<SubjectId, Omit<LeftOver, 'subject'>>;
}

/**
 * All journeys at once; one commit. A result can only be read by the subject itself, by the people of an account and
 * by their account, which are all in one chunk: whoever reads a result that became another one is judged, too (J2).
 */
export async function placeChunk(place: PlaceWork, chunk: SubjectChunk): Promise<void> {
  const { session, mappings } = place;
  const { store } = session.options;
  const byHand = await byHandOf(session, place.planning.opens, chunk, place.totals);
  await place.effects.chunk(chunk, byHand.of);
  const work: ChunkWork = { ...place, chunk, results: new Results(), byHand, again: new Map() };
  const readers = createReaders(mappings, chunk);
  const placements: Placement[] = [];
  const wanted = new Map<SubjectId, WantedOutputs[]>();
  for (const mapping of mappings) {
    const subjects = readers.subjects(mapping);
    if (subjects.length === 0) continue;
    await completeResults(work, mapping);
    const before = await store.journeys.get(mapping.name, subjects);
    for (const subject of subjects) {
      const known = before.get(subject);
      const placed = placeOne(work, mapping, subject, known);
      if (chunk.chosen !== null) place.judged.add(subject);
      if (placed === null) continue;
      placements.push(placed.placement);
      if (isNews(placed.advanced, known)) readers.changed(mapping, subject);
      place.effects.add(known, placed.placement);
      const { outputs, segments, factsHash, identityHash } = placed.placement;
      const entry = {
        ...{ mapping, outputs, segments, facts: factsHash, identity: identityHash },
        reasons: placed.reasons && place.effects.reasons(placed.reasons, placed.placement),
      };
      const entries = wanted.get(subject);
      if (entries === undefined) wanted.set(subject, [entry]);
      else entries.push(entry);
    }
  }
  if (session.options.kind !== 'plan') {
    await noteReaders(work, readers);
    await store.journeys.save(placements, session.run, session.fence);
  }
  const unsettled = await planChunk(place.planning, wanted, chunk.neighbourhood, byHand.adopted);
  if (session.options.kind === 'plan') return;
  const left = new Map(work.again);
  for (const [subject, state] of unsettled)
    if (!left.has(subject)) left.set(subject, { state, asleep: false });
  await store.pending.leave(
    session.run,
    [...left].map(([subject, over]) => ({ subject, ...over })),
    session.fence,
  );
}

/** Before anything of them is saved: a run that ends here must find them again. */
async function noteReaders({ session, chunk }: ChunkWork, readers: Readers): Promise<void> {
  if (chunk.chosen === null) return;
  const more = readers.added();
  if (more.length > 0) await session.options.store.pending.add(more, session.fence);
}

/** What the mapping reads of subjects that are not judged in this run: as it was saved. */
async function completeResults(
  { session, chunk, results, mappings }: ChunkWork,
  mapping: Mapping,
): Promise<void> {
  for (const { journey } of mapping.dependsOn) {
    const kind = mappings.find(({ name }) => name === journey)?.subject;
    if (kind === undefined) continue;
    const subjects = kind === 'account' ? chunk.accounts : chunk.people;
    const missing = subjects.filter((subject) => !results.has(journey, subject));
    const placements = await session.options.store.journeys.get(journey, missing);
    for (const [subject, { state, health }] of placements)
      results.set(journey, subject as SubjectId, {
        state,
        health: { score: health.score, band: health.band },
      });
  }
}

/** May another journey that reads this result see something else now? */
function isNews({ placement, transitions, corrected }: Advanced, before: Placement | undefined): boolean {
  if (before === undefined || transitions.length > 0 || corrected > 0) return true;
  if (placement.superseded !== undefined || (placement.course?.length ?? 0) > 0) return true;
  const { state, health } = placement;
  return (
    state.stage !== before.state.stage ||
    state.entered !== before.state.entered ||
    state.visits.length !== before.state.visits.length ||
    health.score !== before.health.score ||
    health.band !== before.health.band
  );
}

/** Null when the subject has no live record (nothing is judged on what is archived), or its rules cost too much. */
function placeOne(
  work: ChunkWork,
  mapping: Mapping,
  subject: SubjectId,
  known: Placement | undefined,
): { readonly placement: Placement; readonly reasons: Reasons | null; readonly advanced: Advanced } | null {
  const { session, results } = work;
  const { neighbourhood } = work.chunk;
  const before = upToDate(work, subject, known);
  let advanced: Advanced | null;
  try {
    advanced = (backfills(session) ? backfilled(work, mapping) : advance)({
      mapping,
      subject,
      neighbourhood,
      maker: work.maker,
      results,
      before,
      identityHash: hashOfRecords(neighbourhood.recordsOf(subject)),
      versions: work.versions.get(mapping.name) ?? [],
      byHand: spansOf(work.byHand.of(subject), mapping),
      now: session.options.now,
      rulesChanged: work.takingOver.has(mapping.name),
    });
  } catch (error) {
    if (!isWaystageError(error) || error.code !== 'mapping_invalid') throw error;
    exhausted(work, mapping, subject, known, error.message);
    return null;
  }
  if (advanced === null) {
    // Not there yet, as far as the CRM's dates go: nothing will touch it when its time comes.
    if (known === undefined) work.again.set(subject, { state: 'held', asleep: true });
    return null;
  }
  if (advanced.exhausted) {
    exhausted(work, mapping, subject, known, 'its facts ask for more steps than one subject may cost.');
    return null;
  }
  count(work, mapping, subject, known, advanced);
  // Words cost more than the decision: only a plan shows them for every record.
  const reasons = session.options.kind === 'plan' ? reasonsOf(mapping, advanced) : null;
  return { placement: advanced.placement, reasons, advanced };
}

/** J14: from the beginning on, by this version. */
function backfilled(
  { totals }: ChunkWork,
  mapping: Mapping,
): (input: Parameters<typeof advance>[0]) => Advanced | null {
  return (input) => {
    const done = backfill(input);
    if (done === null) return null;
    const { known, asked } = totals.coverage[mapping.name] ?? { known: 0, asked: 0 };
    totals.coverage[mapping.name] = {
      known: known + done.coverage.known,
      asked: asked + done.coverage.asked,
    };
    return done;
  };
}

/** Whoever was not looked at lately was as it is now, at the last placing: nothing changed and nothing was due. */
function upToDate(
  { selection: { until }, chunk }: ChunkWork,
  subject: SubjectId,
  before: Placement | undefined,
): Placement | undefined {
  if (before === undefined || until === null || chunk.chosen?.get(subject)?.asleep === true) return before;
  const { lastStep } = before.state;
  if (lastStep === null || lastStep >= until) return before;
  return { ...before, state: { ...before.state, lastStep: until } };
}

/** J10: named, left as it was; the rest goes on. */
function exhausted(
  work: ChunkWork,
  mapping: Mapping,
  subject: SubjectId,
  before: Placement | undefined,
  why: string,
): void {
  work.again.set(subject, { state: 'held', asleep: true });
  // Who stays as it was is counted as it was; what the store counts has it already.
  if (before !== undefined && work.selection.everybody) tally(work.totals, mapping, before, 1);
  work.session.problems.push({
    connection: null,
    code: 'mapping_invalid',
    exit: 1,
    message: `${subject} stays as it was on ${mapping.name}: ${why}`,
  });
}

/** Why the outputs are what they are, in the words of the explanation. */
function reasonsOf(mapping: Mapping, { evaluation, transitions, override }: Advanced): Reasons {
  const words = outputsOf({
    mapping: { ...mapping, outputs: REASONS },
    state: evaluation.step.state,
    health: evaluation.health,
    segments: evaluation.segments,
    context: evaluation.context,
    override,
  });
  const text = (value: FieldValue | undefined): string | null => (typeof value === 'string' ? value : null);
  return {
    cause: transitions.at(-1)?.cause ?? null,
    byRule: new Set(),
    stage: text(words.stage_reason),
    health: text(words.health_reason),
  };
}

/** Changes when a record joins, leaves or moves; the order of the records does not matter. */
function hashOfRecords(records: readonly RecordKey[]): string {
  const hash = createHash('sha1');
  for (const key of records.map(recordKeyText).sort()) hash.update(key).update('\n');
  return hash.digest('base64');
}

function count(
  work: ChunkWork,
  mapping: Mapping,
  subject: SubjectId,
  before: Placement | undefined,
  advanced: Advanced,
): void {
  const { totals } = work;
  const { evaluation } = advanced;
  totals.transitions += advanced.transitions.length;
  totals.corrected += advanced.corrected;
  // Without everybody the totals begin with what the store counts.
  if (before !== undefined && !work.selection.everybody) tally(totals, mapping, before, -1);
  tally(totals, mapping, advanced.placement, 1);
  if (!advanced.loop) return;
  work.again.set(subject, { state: 'held', asleep: false });
  work.session.notices.push({
    kind: 'journey-loop',
    subject,
    text: `${subject} on ${mapping.name}: the rules send it back to a stage it just left; it keeps ${evaluation.step.state.stage ?? 'no stage'}. Look at its \`exit\` and \`enter\` with \`waystage explain\`.`,
  });
}

/** Adds or takes away one subject in its stage and band. */
export function tally(
  totals: PlacedTotals,
  { name, stages }: Pick<Mapping, 'name' | 'stages'>,
  { state, health }: Pick<Placement, 'health'> & { readonly state: Pick<Placement['state'], 'stage'> },
  n: number,
): void {
  if (stages.length > 0) {
    const counts = totals.stages[name] ?? Object.create(null);
    const stage = state.stage ?? 'none';
    counts[stage] = (counts[stage] ?? 0) + n;
    if (stage === 'none' && counts[stage] === 0) delete counts[stage];
    totals.stages[name] = counts;
  }
  const { band } = health;
  if (band === null) return;
  const rest = (totals.bands[band] ?? 0) + n;
  if (rest === 0) delete totals.bands[band];
  else totals.bands[band] = rest;
}
