import { createHash } from 'node:crypto';
import { type BandSpan, findStage, type HandSpan, inForce, type OverrideSpan } from '../../journey/index.ts';
import type { Mapping } from '../../mapping/types.ts';
import type { SubjectId } from '../../model/facts.ts';
import { type RecordKey, recordKeyText } from '../../model/record.ts';
import type { Store, StoredOverride } from '../../store/port.ts';

/** What is set by hand for one subject on one journey, over time (J29). */
export interface HandSpans {
  readonly stages: readonly OverrideSpan[];
  readonly bands: readonly BandSpan[];
}

export const NOTHING_BY_HAND: HandSpans = { stages: [], bands: [] };

/** Overrides of these subjects: those of the records they have now, merged and converted ones included. */
export async function overridesOf(
  store: Store,
  recordsOf: (subject: SubjectId) => readonly RecordKey[],
  subjects: readonly SubjectId[],
): Promise<ReadonlyMap<SubjectId, readonly StoredOverride[]>> {
  const subjectOf = new Map<string, SubjectId>();
  const keys: RecordKey[] = [];
  for (const subject of subjects) {
    for (const key of recordsOf(subject)) {
      keys.push(key);
      subjectOf.set(recordKeyText(key), subject);
    }
  }
  const found = new Map<SubjectId, StoredOverride[]>();
  for (const override of await store.overrides.of(keys)) {
    const subject = subjectOf.get(recordKeyText(override));
    if (subject !== undefined) found.set(subject, [...(found.get(subject) ?? []), override]);
  }
  return found;
}

/**
 * While each override of one subject is in force on a journey: from when it was set until it expires, until somebody
 * ends it, or until a later one takes its place, whatever record that was set on. What the mapping does not have is
 * left out.
 * @param knownBy only what was known by then; a backtest must not see more (J4)
 */
export function spansOf(
  overrides: readonly StoredOverride[],
  mapping: Mapping,
  knownBy = Number.POSITIVE_INFINITY,
): HandSpans {
  if (overrides.length === 0) return NOTHING_BY_HAND;
  const own = ordered(overrides).filter(
    (one) => one.journey === mapping.name && one.known <= knownBy && isValid(mapping, one),
  );
  const spans = (kind: StoredOverride['kind']): readonly (HandSpan & { readonly of: StoredOverride })[] => {
    const list = own.filter((one) => one.kind === kind);
    return list.flatMap((of, index) => {
      const end = of.ended !== null && of.ended.known <= knownBy ? of.ended.at : null;
      const until = earliest([of.until, end, list[index + 1]?.at ?? null]);
      return until !== null && until <= of.at ? [] : [{ of, from: of.at, until }];
    });
  };
  return {
    stages: spans('stage').map(({ of, from, until }) => ({ ...wordsOf(of), stage: of.value, from, until })),
    bands: spans('band').flatMap(({ of, from, until }) =>
      of.value === null ? [] : [{ ...wordsOf(of), band: of.value, from, until }],
    ),
  };
}

/** Does the mapping have this stage or band? A stage under an old name counts (J16). */
export function isValid(mapping: Mapping, { kind, value }: Pick<StoredOverride, 'kind' | 'value'>): boolean {
  if (kind === 'band') return mapping.health?.bands.some(({ name }) => name === value) === true;
  return mapping.stages.length > 0 && (value === null || findStage(mapping, value) !== undefined);
}

/** The one in force at an instant out of a subject's overrides. */
export function currentOverride(
  overrides: readonly StoredOverride[],
  mapping: Mapping,
  kind: StoredOverride['kind'],
  instant: number,
): StoredOverride | null {
  const spans = spansOf(overrides, mapping);
  const span: HandSpan | null = inForce<HandSpan>(kind === 'stage' ? spans.stages : spans.bands, instant);
  if (span === null) return null;
  return (
    ordered(overrides).findLast(
      (one) =>
        one.journey === mapping.name && one.kind === kind && one.at === span.from && isValid(mapping, one),
    ) ?? null
  );
}

/** What was by hand up to an instant, as a text: empty without anything. What ends later has not ended yet. */
export function handText({ stages, bands }: HandSpans, instant: number): string {
  const seen = [...stages, ...bands]
    .filter(({ from }) => from <= instant)
    .map((span) => [
      'stage' in span ? ['stage', span.stage] : ['band', span.band],
      span.from,
      span.until !== null && span.until <= instant ? span.until : null,
    ]);
  if (seen.length === 0) return '';
  return `|${createHash('sha1').update(JSON.stringify(seen)).digest('base64')}`;
}

/** By when they were set; of several at one instant the one learnt last comes last. */
function ordered(overrides: readonly StoredOverride[]): readonly StoredOverride[] {
  return [...overrides].sort(
    (a, b) => a.at - b.at || a.known - b.known || (a.override < b.override ? -1 : 1),
  );
}

function wordsOf({ owner, reason }: StoredOverride): {
  readonly owner: string | null;
  readonly reason: string;
} {
  return { owner, reason };
}

function earliest(instants: readonly (number | null)[]): number | null {
  const known = instants.filter((instant) => instant !== null);
  return known.length === 0 ? null : Math.min(...known);
}
