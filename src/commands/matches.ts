import { recordKeyText } from '../model/record.ts';
import type { Store } from '../store/port.ts';
import type { SyncConnection } from '../sync/session.ts';
import { clean, plural, wrap } from '../terminal/text.ts';
import { type CommandContext, type ExitStatus, print } from './context.ts';

/** Records that stand apart from the rule "one record, one subject, our fields on it". */
export interface Matches {
  /** Could belong to several subjects: left apart, never guessed. */
  readonly ambiguous: readonly {
    readonly record: string;
    readonly reason: string;
    readonly candidates: readonly string[];
  }[];
  /** Went on in another record; nothing is written to them. */
  readonly merged: readonly {
    readonly record: string;
    readonly into: string | null;
    readonly reason: string;
  }[];
}

export async function readMatches(store: Store, connections: readonly SyncConnection[]): Promise<Matches> {
  const ambiguous = (await store.subjects.ambiguities()).map((item) => ({
    record: recordKeyText(item),
    reason: item.reason,
    candidates: item.candidates,
  }));
  const merged: { record: string; into: string | null; reason: string }[] = [];
  for (const { id, connector } of connections) {
    for (const type of connector.capabilities.objectTypes) {
      if (!type.outputs) continue;
      for await (const chunk of store.records.scan(id, type.name)) {
        for (const record of chunk) {
          if (record.state === 'live')
            for (const old of record.mergedIds) {
              merged.push({
                record: `${id}:${type.name}:${old}`,
                into: recordKeyText(record),
                reason: 'merged in the CRM',
              });
            }
          if (record.state === 'live' || (record.state === 'archived' && record.successor === null)) continue;
          const into =
            record.successor === null ? null : `${id}:${record.successor.type}:${record.successor.id}`;
          merged.push({
            record: recordKeyText(record),
            into,
            reason: record.state === 'converted' ? 'lead converted in the CRM' : 'merged in the CRM',
          });
        }
      }
    }
  }
  const seen = new Set<string>();
  return {
    ambiguous,
    merged: merged.filter((item) => !seen.has(item.record) && seen.add(item.record) !== undefined),
  };
}

/** The matches in words, at most `most` of each kind. */
export function matchLines(matches: Matches, width: number, most: number): readonly string[] {
  const part = (title: string, lines: readonly string[]): readonly string[] =>
    lines.length === 0
      ? []
      : [
          '',
          ...wrap(title, width),
          ...lines.slice(0, most).flatMap((line) => wrap(`  - ${clean(line)}`, width, '    ')),
          ...(lines.length > most
            ? [`  … and ${lines.length - most} more: \`waystage matches\` lists all`]
            : []),
        ];
  return [
    ...part(
      `${plural(matches.ambiguous.length, 'record')} could not be matched for certain and stayed apart:`,
      matches.ambiguous.map((item) => `${item.record}: ${item.reason}`),
    ),
    ...part(
      `${plural(matches.merged.length, 'record')} went on in another one; nothing is written to them:`,
      matches.merged.map(
        (item) => `${item.record}: ${item.reason}${item.into === null ? '' : `, now ${item.into}`}`,
      ),
    ),
  ];
}

/** `matches`: ambiguous and merged records with their reasons. */
export async function matches(
  context: CommandContext,
  store: Store,
  connections: readonly SyncConnection[],
): Promise<ExitStatus> {
  const found = await readMatches(store, connections);
  print(context, found, () => {
    const lines = matchLines(found, context.streams.width, Number.MAX_SAFE_INTEGER);
    return lines.length === 0
      ? ['Every record has found its person or account; none was merged.']
      : lines.slice(1);
  });
  return 0;
}
