import { findStage } from '../../journey/index.ts';
import { DURATION_FORM, parseSpan, zonedDuration } from '../../mapping/duration.ts';
import type { Mapping } from '../../mapping/types.ts';
import { createZone } from '../../mapping/zone.ts';
import { WaystageError } from '../../model/errors.ts';
import type { SubjectId } from '../../model/facts.ts';
import { nearest } from '../../model/nearest.ts';
import { type RecordKey, recordKeyText } from '../../model/record.ts';
import type { Store, StoredOverride, StoredSubject } from '../../store/port.ts';
import { currentOverride, overridesOf } from './overrides.ts';

/** Characters of a reason; every explanation shows it. */
const LONGEST = 500;

/** What somebody wants to set by hand, as they said it. */
export interface OverrideRequest {
  readonly subject: StoredSubject;
  /** How the subject was named: a record's own name sets the override on that record. */
  readonly named: string;
  /** May be left out when there is only one journey for such a subject. */
  readonly journey?: string | undefined;
  /** `none`: in no stage. */
  readonly stage?: string | undefined;
  readonly band?: string | undefined;
  readonly reason: string;
  /** `30d`, `2w`, `12h`; calendar days in the mapping's zone. */
  readonly for?: string | undefined;
  /** A day (until its end) or an instant. */
  readonly until?: string | undefined;
  readonly owner: string;
  readonly source: StoredOverride['source'];
  readonly now: number;
  readonly newId: () => string;
}

/** What was set, and what it takes the place of. */
export interface OverrideSet {
  readonly override: StoredOverride;
  readonly replaced: StoredOverride | null;
}

/** Sets a stage or band by hand (J29). Throws `usage` and `not_found` with what to write instead. */
export async function setOverride(
  store: Store,
  mappings: readonly Mapping[],
  request: OverrideRequest,
): Promise<OverrideSet> {
  const mapping = journeyOf(mappings, request.subject, request.journey);
  const { kind, value } = wantedOf(mapping, request);
  const reason = request.reason.trim();
  if (reason === '' || reason.length > LONGEST)
    throw new WaystageError(
      'usage',
      `--reason has ${reason.length} characters; expected 1 to ${LONGEST}: why it is set by hand, for whoever reads the explanation.`,
    );
  const record = await recordOf(store, request);
  const override: StoredOverride = {
    ...{ override: request.newId(), connection: record.connection, type: record.type, id: record.id },
    ...{ journey: mapping.name, kind, value, owner: request.owner, reason },
    ...{ at: request.now, known: request.now, until: untilOf(mapping, request), ended: null },
    source: request.source,
  };
  const before = await ofSubject(store, request.subject.id);
  await store.overrides.set([override]);
  return { override, replaced: currentOverride(before, mapping, kind, request.now) };
}

/** What to end. */
export interface EndRequest {
  readonly subject: StoredSubject;
  /** Only on this journey, only stages or bands; absent: everything. */
  readonly journey?: string | undefined;
  readonly kind?: StoredOverride['kind'] | undefined;
  readonly by: string;
  readonly now: number;
}

/** Ends what is set by hand for a subject and has not ended; throws `not_found` when there is nothing. */
export async function endOverrides(store: Store, request: EndRequest): Promise<readonly StoredOverride[]> {
  const { subject, journey, kind, by, now } = request;
  const open = (await ofSubject(store, subject.id)).filter(
    (one) =>
      one.ended === null &&
      (one.until === null || one.until > now) &&
      (journey === undefined || one.journey === journey) &&
      (kind === undefined || one.kind === kind),
  );
  if (open.length === 0)
    throw new WaystageError(
      'not_found',
      `Nothing is set by hand for ${subject.id}${journey === undefined ? '' : ` on ${journey}`}. \`waystage override list\` shows what is.`,
    );
  await store.overrides.end(
    open.map(({ override }) => override),
    { at: now, known: now, by },
  );
  return open;
}

/** Overrides ever set on the records a subject has now, oldest first. */
export async function ofSubject(store: Store, subject: SubjectId): Promise<readonly StoredOverride[]> {
  const members = await store.subjects.membersOf([subject]);
  return (await overridesOf(store, () => members, [subject])).get(subject) ?? [];
}

function journeyOf(
  mappings: readonly Mapping[],
  { kind, id }: StoredSubject,
  name: string | undefined,
): Mapping {
  const own = mappings.filter((mapping) => mapping.subject === kind);
  const names = own.map((mapping) => mapping.name);
  const list = names.join(', ') || 'none';
  const [only, ...others] = own;
  if (name === undefined && only !== undefined && others.length === 0) return only;
  if (name === undefined)
    throw new WaystageError('usage', `--journey is missing; ${id} is a ${kind}, with the journeys: ${list}.`);
  const found = own.find((mapping) => mapping.name === name);
  if (found !== undefined) return found;
  const other = mappings.find((mapping) => mapping.name === name);
  throw new WaystageError(
    'not_found',
    other === undefined
      ? `There is no journey \`${name}\`${suggestion(name, names)}. For a ${kind} there are: ${list}.`
      : `${name} is a journey of ${other.subject === 'person' ? 'people' : 'accounts'}, and ${id} is a ${kind}. For a ${kind} there are: ${list}.`,
  );
}

function wantedOf(
  mapping: Mapping,
  { stage, band }: OverrideRequest,
): { readonly kind: StoredOverride['kind']; readonly value: string | null } {
  if ((stage === undefined) === (band === undefined))
    throw new WaystageError('usage', 'Name one of --stage and --band; each is set by itself.');
  if (stage !== undefined) {
    const found = findStage(mapping, stage);
    if (found !== undefined) return { kind: 'stage', value: found.name };
    if (stage === 'none' && mapping.stages.length > 0) return { kind: 'stage', value: null };
    const names = mapping.stages.map(({ name }) => name);
    throw new WaystageError(
      'not_found',
      `${mapping.name} has no stage \`${stage}\`${suggestion(stage, names)}. It has: ${[...names, 'none'].join(', ')}.`,
    );
  }
  const bands = mapping.health?.bands.map(({ name }) => name) ?? [];
  if (band !== undefined && bands.includes(band)) return { kind: 'band', value: band };
  throw new WaystageError(
    'not_found',
    bands.length === 0
      ? `${mapping.name} has no health, so no band can be set.`
      : `${mapping.name} has no band \`${band}\`${suggestion(band ?? '', bands)}. It has: ${bands.join(', ')}.`,
  );
}

function suggestion(found: string, names: readonly string[]): string {
  const near = nearest(found, names);
  return near === undefined ? '' : ` (did you mean \`${near}\`?)`;
}

function untilOf(mapping: Mapping, request: OverrideRequest): number | null {
  const zone = createZone(mapping.timezone);
  if (request.for !== undefined && request.until !== undefined)
    throw new WaystageError(
      'usage',
      'Name one of --for and --until, or none to keep it until somebody ends it.',
    );
  if (request.for !== undefined) {
    const span = parseSpan(request.for);
    if (span !== null) return zonedDuration(span, zone).after(request.now);
    throw new WaystageError('usage', `--for is \`${request.for}\`; expected ${DURATION_FORM}.`);
  }
  if (request.until === undefined) return null;
  const day = zone.parseDate(request.until);
  const until = day === null ? zone.parseInstant(request.until) : zone.addDays(day, 1);
  if (until === null)
    throw new WaystageError(
      'usage',
      `--until is \`${request.until}\`; expected a day such as 2026-12-31 (it holds until the end of that day) or an instant.`,
    );
  if (until > request.now) return until;
  throw new WaystageError(
    'usage',
    `--until is \`${request.until}\`, which is over; expected a time to come.`,
  );
}

/** The record the subject was named by, else the oldest living one: it is what keeps a subject's id in a split. */
async function recordOf(store: Store, { subject, named }: OverrideRequest): Promise<RecordKey> {
  const members = await store.subjects.membersOf([subject.id]);
  const own = members.find((member) => recordKeyText(member) === named);
  if (own !== undefined) return own;
  const records = [];
  for (const { connection, type, id } of members) {
    const record = (await store.records.get(connection, type, [id])).get(id);
    if (record !== undefined) records.push(record);
  }
  const created = ({ created }: { readonly created: number | null }): number =>
    created ?? Number.POSITIVE_INFINITY;
  const [oldest] = records.sort(
    (a, b) =>
      Number(b.state === 'live') - Number(a.state === 'live') ||
      (created(a) === created(b) ? 0 : created(a) - created(b)) ||
      (recordKeyText(a) < recordKeyText(b) ? -1 : 1),
  );
  if (oldest !== undefined) return oldest;
  throw new WaystageError(
    'not_found',
    `${subject.id} has no record to set it on. Run \`waystage sync\` first.`,
  );
}
