import type { App } from '../app/app.ts';
import { newId } from '../app/process.ts';
import { WaystageError } from '../model/errors.ts';
import type { SubjectId } from '../model/facts.ts';
import { recordKeyText } from '../model/record.ts';
import type { StoredOverride, StoredSubject } from '../store/port.ts';
import { currentOverride } from '../sync/place/overrides.ts';
import { endOverrides, ofSubject, setOverride } from '../sync/place/overrides-set.ts';
import { findSubject, namedBy } from '../sync/subjects/find-subject.ts';
import { table } from '../terminal/table.ts';
import { clean, day, plural, wrap } from '../terminal/text.ts';
import { type CommandContext, type ExitStatus, print } from './context.ts';

export interface OverrideOptions {
  readonly journey?: string | undefined;
  readonly stage?: string | undefined;
  readonly band?: string | undefined;
  readonly reason?: string | undefined;
  readonly for?: string | undefined;
  readonly until?: string | undefined;
  readonly owner?: string | undefined;
  /** Of `end`: only stages or only bands. */
  readonly only?: string | undefined;
  /** Of `list`: also what is over. */
  readonly all?: boolean;
}

/** Where an override stands at the moment. */
type Standing = 'in force' | 'replaced' | 'expired' | 'ended' | 'without effect';

/** `override set|end|list`: stages and bands by hand, with owner, reason and expiry (J29). */
export async function override(
  context: CommandContext,
  app: App,
  action: string,
  named: string | undefined,
  options: OverrideOptions,
): Promise<ExitStatus> {
  if (action === 'list') return list(context, app, named, options);
  if (action !== 'set' && action !== 'end')
    throw new WaystageError('usage', `\`override ${action}\` does not exist; expected set, end or list.`);
  if (named === undefined)
    throw new WaystageError(
      'usage',
      `\`override ${action}\` needs to know for whom: an e-mail address, a domain or connection:type:id.`,
    );
  const subject = await findSubject(app.store, named, namedBy(app.connections));
  return action === 'set' ? set(context, app, subject, named, options) : end(context, app, subject, options);
}

async function set(
  context: CommandContext,
  app: App,
  subject: StoredSubject,
  named: string,
  options: OverrideOptions,
): Promise<ExitStatus> {
  const now = app.clock.now();
  if (options.reason === undefined)
    throw new WaystageError(
      'usage',
      '--reason is missing: why it is set by hand, for whoever reads the explanation.',
    );
  const { override: one, replaced } = await setOverride(app.store, app.mappings.mappings, {
    ...{ subject, named, now, owner: ownerOf(context, options), source: 'cli' },
    ...{ journey: options.journey, stage: options.stage, band: options.band, reason: options.reason },
    ...{ for: options.for, until: options.until, newId: () => newId(now) },
  });
  const words = `${clean(named)} ${valueWords(one)} on ${one.journey} by hand${untilWords(one, zoneOf(app, one))}. It was set on ${recordKeyText(one)} and goes with that record. The next sync writes it.`;
  const before = replaced === null ? '' : ` It takes the place of ${nameOf(replaced)}.`;
  print(context, { set: { ...one, subject: subject.id }, replaced }, () =>
    wrap(words + before, context.streams.width),
  );
  return 0;
}

async function end(
  context: CommandContext,
  app: App,
  subject: StoredSubject,
  options: OverrideOptions,
): Promise<ExitStatus> {
  const kind = options.only;
  if (kind !== undefined && kind !== 'stage' && kind !== 'band')
    throw new WaystageError('usage', `--only is \`${kind}\`; expected stage or band.`);
  const ended = await endOverrides(app.store, {
    ...{ subject, journey: options.journey, kind },
    ...{ by: ownerOf(context, options), now: app.clock.now() },
  });
  print(context, { ended: ended.map((one) => ({ ...one, subject: subject.id })) }, () =>
    wrap(
      `Ended for ${subject.id}: ${ended.map(nameOf).join(', ')}. The rules decide again from the next sync.`,
      context.streams.width,
    ),
  );
  return 0;
}

async function list(
  context: CommandContext,
  app: App,
  named: string | undefined,
  options: OverrideOptions,
): Promise<ExitStatus> {
  const { store } = app;
  const now = app.clock.now();
  const found =
    named === undefined
      ? await store.overrides.list(options.all === true ? null : now)
      : await ofSubject(store, (await findSubject(store, named, namedBy(app.connections))).id);
  const rows: {
    readonly one: StoredOverride;
    readonly subject: SubjectId | null;
    readonly state: Standing;
  }[] = [];
  for (const one of found) {
    const member = await store.subjects.memberByRecord(one);
    const all = member === null ? [] : await ofSubject(store, member.subject);
    const state = standing(app, one, all, now);
    if (options.all === true || state === 'in force')
      rows.push({ one, subject: member?.subject ?? null, state });
  }
  print(context, { overrides: rows.map(({ one, subject, state }) => ({ ...one, subject, state })) }, () =>
    rows.length === 0
      ? ['Nothing is set by hand.']
      : [
          ...table(
            [
              { title: 'Record', flexible: true },
              { title: 'Journey', flexible: true },
              { title: 'By hand', flexible: true },
              { title: 'Until' },
              { title: 'Owner', flexible: true },
              { title: 'Reason', flexible: true },
              ...(options.all === true ? [{ title: 'Now' }] : []),
            ],
            rows.map(({ one, state }) => [
              recordKeyText(one),
              one.journey,
              nameOf(one),
              one.until === null ? 'ended by hand' : day(one.until - 1, zoneOf(app, one)),
              one.owner ?? '',
              one.reason,
              state,
            ]),
            context.streams.width,
          ),
          '',
          plural(rows.length, 'override'),
        ],
  );
  return 0;
}

function standing(app: App, one: StoredOverride, all: readonly StoredOverride[], now: number): Standing {
  if (one.ended !== null && one.ended.at <= now) return 'ended';
  if (one.until !== null && one.until <= now) return 'expired';
  const mapping = app.mappings.mappings.find(({ name }) => name === one.journey);
  if (mapping === undefined) return 'without effect';
  const current = currentOverride(all, mapping, one.kind, now);
  if (current?.override === one.override) return 'in force';
  return current === null ? 'without effect' : 'replaced';
}

function ownerOf({ env }: CommandContext, { owner }: OverrideOptions): string {
  return owner ?? env['USER'] ?? env['USERNAME'] ?? 'command line';
}

function zoneOf(app: App, { journey }: StoredOverride): string {
  return app.mappings.mappings.find(({ name }) => name === journey)?.timezone ?? app.config.timezone;
}

function nameOf({ kind, value }: StoredOverride): string {
  return `${kind} ${value ?? 'none'}`;
}

function valueWords({ kind, value }: StoredOverride): string {
  if (kind === 'band') return `has the band ${value}`;
  return value === null ? 'is in no stage' : `is in stage ${value}`;
}

function untilWords({ until }: StoredOverride, zone: string): string {
  return until === null ? ', until somebody ends it' : ` until ${day(until - 1, zone)}`;
}
