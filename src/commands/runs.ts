import { WaystageError } from '../model/errors.ts';
import { recordKeyText } from '../model/record.ts';
import type { Fate, Store } from '../store/port.ts';
import { table } from '../terminal/table.ts';
import { clean, count, instant, plural, wrap } from '../terminal/text.ts';
import { type CommandContext, type ExitStatus, print } from './context.ts';

/** Runs shown by `runs` unless told otherwise. */
const SHOWN_RUNS = 20;

/** `runs`: the run log, newest first. */
export async function runs(context: CommandContext, store: Store, limit = SHOWN_RUNS): Promise<ExitStatus> {
  const list = await store.runs.list(limit);
  const zone = context.config().timezone;
  print(context, { runs: list }, () =>
    list.length === 0
      ? ['No runs yet. Start one with `waystage sync`.']
      : table(
          [
            { title: 'Run', flexible: true },
            { title: 'What' },
            { title: 'Started' },
            { title: 'Seconds', align: 'right' },
            { title: 'Status' },
            { title: 'Written', align: 'right' },
          ],
          list.map((run) => [
            run.id,
            run.kind,
            instant(run.started, zone),
            run.ended === null ? '' : ((run.ended - run.started) / 1000).toFixed(1),
            run.status,
            count(writtenFields(run.summary)),
          ]),
          context.streams.width,
        ),
  );
  return 0;
}

function problemsOf(summary: unknown): readonly string[] {
  const stored = summary as { problems?: readonly { message: string }[]; held?: string | null } | null;
  const held = typeof stored?.held === 'string' ? [stored.held] : [];
  return [...(stored?.problems ?? []).map(({ message }) => message), ...held];
}

function writtenFields(summary: unknown): number {
  const writes = (summary as { writes?: { fields?: unknown } } | null)?.writes;
  return typeof writes?.fields === 'number' ? writes.fields : 0;
}

export interface RunOptions {
  readonly fate?: Fate;
  readonly limit: number;
}

/** `run <id>`: one run with what people should know and the fate of its records. */
export async function run(
  context: CommandContext,
  store: Store,
  id: string,
  options: RunOptions,
): Promise<ExitStatus> {
  const found = id === 'last' ? (await store.runs.list(1))[0] : await store.runs.get(id);
  if (found === undefined || found === null) {
    throw new WaystageError('not_found', `There is no run \`${id}\`. \`waystage runs\` lists them.`);
  }
  const fates = await store.runs.fates(found.id, options);
  const notices = await store.runs.notices(found.id);
  const writes = await store.ledger.ofRun(found.id);
  // An adopted value was written by a person, not by us.
  const ours = writes.filter(({ state }) => state !== 'adopted');
  const refused = ours.filter(({ state }) => state !== 'written' && state !== 'returned');
  const { width } = context.streams;
  print(context, { run: found, notices, records: fates, writes }, () => {
    const zone = context.config().timezone;
    return [
      `Run ${found.id}: ${found.kind}, ${found.status}, started ${instant(found.started, zone)}`,
      ...(found.error === null ? [] : wrap(found.error, width)),
      ...wrap(written(ours.length - refused.length, refused.length), width),
      ...part('Problems', problemsOf(found.summary), width),
      ...part(
        'What you should know',
        notices.map((notice) => notice.text),
        width,
      ),
      ...part(
        'Not written',
        refused.map(
          (write) =>
            `${recordKeyText(write)} ${write.field}: ${write.state}${write.message === null ? '' : `: ${write.message}`}`,
        ),
        width,
      ),
      ...part(
        'Failed',
        fates.flatMap((fate) =>
          fate.fate === 'failed'
            ? [
                `${recordKeyText(fate)}: ${fate.reason ?? ''}${fate.message === null ? '' : ` ${fate.message}`}`,
              ]
            : [],
        ),
        width,
      ),
      ...(fates.length === 0
        ? []
        : [
            '',
            ...table(
              [{ title: 'Record', flexible: true }, { title: 'Fate' }, { title: 'Reason' }],
              fates.map((fate) => [recordKeyText(fate), fate.fate, fate.reason ?? '']),
              width,
            ),
            ...(fates.length === options.limit
              ? wrap(
                  `Only the first ${count(options.limit)} records are shown; --limit shows more, --fate failed only those that failed.`,
                  width,
                )
              : []),
          ]),
    ];
  });
  return 0;
}

function written(done: number, refused: number): string {
  const first = done === 0 ? 'No field was written' : `${plural(done, 'field')} written`;
  return refused === 0 ? `${first}.` : `${first}, ${count(refused)} not written: see below.`;
}

/** A titled list of whole sentences: what a CRM said is never cut. */
function part(title: string, texts: readonly string[], width: number): readonly string[] {
  return texts.length === 0
    ? []
    : ['', title, ...texts.flatMap((text) => wrap(`- ${clean(text)}`, width, '  '))];
}
