import { createHash } from 'node:crypto';
import type { Mapping } from '../../mapping/types.ts';
import { WaystageError } from '../../model/errors.ts';
import type { NewActivation, VersionSpan } from '../../store/port.ts';
import type { Session } from '../session.ts';
import { evaluationLevels } from '../subjects/results.ts';

/** Before any fact: no CRM dates anything earlier. */
const BEGINNING = 0;

/** Names the journeys in their versions together: a rule set is another as soon as one of them is (J23). */
export function ruleSetOf(mappings: readonly Pick<Mapping, 'name' | 'version'>[]): string {
  const names = mappings.map(({ name, version }) => `${name} ${version}`).sort();
  return createHash('sha256').update(names.join('\n')).digest('hex').slice(0, 12);
}

/** The time line of a journey's versions as this run sees it: its own version decides from now on if another did. */
export async function versionsOf(session: Session, mapping: Mapping): Promise<readonly VersionSpan[]> {
  const { store, now } = session.options;
  const known = await store.journeys.versions(mapping.name);
  if (backfills(session)) return [{ version: mapping.version, since: BEGINNING }];
  if (known.at(-1)?.version === mapping.version) return known;
  return [...known, { version: mapping.version, since: now }];
}

/** Journeys whose rules take over from others with this run, and all that look at what these say (J2). */
export async function takingOver(session: Session): Promise<ReadonlySet<string>> {
  const { store, mappings } = session.options;
  const found = new Set<string>();
  for (const { name, version } of mappings) {
    const last = (await store.journeys.versions(name)).at(-1);
    if (last !== undefined && last.version !== version) found.add(name);
  }
  for (const mapping of evaluationLevels(mappings).flat())
    if (mapping.dependsOn.some(({ journey }) => found.has(journey))) found.add(mapping.name);
  return found;
}

/** Whether the rules of this run are taken for all the past as well (J14). */
export function backfills({ options }: Session): boolean {
  return (options.apply?.plan.rules ?? options.ruleSpan) === 'backfill';
}

/** The rules of this run, when others are in force or none; they take over once the run has passed the guard. */
export async function pendingActivation(session: Session): Promise<NewActivation | null> {
  const { store, mappings, mappingTexts, rules, now, apply } = session.options;
  const set = rules?.set ?? ruleSetOf(mappings);
  const active = await store.activations.active();
  // Applied again after it was killed: the past was told anew already.
  const told = apply !== undefined && active?.plan === apply.plan.id;
  if (active?.set === set && (told || !backfills(session))) return null;
  const journeys: NewActivation['journeys'][number][] = [];
  for (const mapping of mappings) {
    const { name: journey, version, file } = mapping;
    const spans = await versionsOf(session, mapping);
    journeys.push({ journey, version, file, text: mappingTexts[journey] ?? '', spans });
  }
  return {
    set,
    source: rules?.source ?? '',
    since: now,
    run: session.run,
    plan: apply?.plan.id ?? null,
    journeys,
  };
}

/** What a plan was made from must be what there is: the rules in the files, and those in force (J26). */
export async function insistOnSameRules(session: Session): Promise<void> {
  const { store, rules, mappings, apply } = session.options;
  if (apply === undefined) return;
  const { from } = apply.plan;
  const set = rules?.set ?? ruleSetOf(mappings);
  if (from.set !== set)
    throw stale(
      `it was made from other mappings: ${differences(from.versions, mappings)}. Make a new one with \`waystage plan --out FILE\`.`,
    );
  const active = await store.activations.active();
  // A plan that was applied in part, or whose run was killed, is in force already.
  if (active !== null && active.set !== from.active && active.set !== set)
    throw stale(
      'other mappings are in force than when it was made. Make a new one with `waystage plan --out FILE`.',
    );
}

/** J26: the plan as a whole is of no use any more. */
export function stale(why: string): WaystageError {
  return new WaystageError('plan_stale', `The plan is stale: ${why} Nothing was written.`);
}

function differences(
  planned: Readonly<Record<string, string>>,
  mappings: readonly Pick<Mapping, 'name' | 'version'>[],
): string {
  const present = new Map(mappings.map(({ name, version }) => [name, version]));
  const names = [...new Set([...Object.keys(planned), ...present.keys()])].sort();
  return names
    .filter((name) => planned[name] !== present.get(name))
    .map((name) => `${name} was ${planned[name] ?? 'not there'} and is ${present.get(name) ?? 'gone'}`)
    .join(', ');
}
