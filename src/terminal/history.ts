import type { HistoryReport, TypeHistory } from '../sync/session.ts';
import { table } from './table.ts';
import { clean, count, plural, wrap } from './text.ts';

/** What `pull --history` read, by connection and type: how much, since when, and how far it can be relied on. */
export function historyLines(
  summary: { readonly history?: Readonly<Record<string, HistoryReport>> },
  width: number,
): readonly string[] {
  return Object.entries(summary.history ?? {}).flatMap(([id, { requests, types }]) => {
    const rows = Object.entries(types);
    if (rows.length === 0) return [];
    const right = (title: string): { title: string; align: 'right' } => ({ title, align: 'right' });
    return [
      '',
      ...wrap(`History of ${id}, ${plural(requests, 'request')}:`, width),
      ...table(
        [
          { title: 'Type', flexible: true },
          right('Records'),
          right('Values'),
          { title: 'Since' },
          { title: 'From creation on' },
          { title: 'Read' },
        ],
        rows.map(([type, one]) => [
          clean(type),
          count(one.records),
          count(one.values),
          one.since === null ? '-' : new Date(one.since).toISOString().slice(0, 10),
          share(one),
          READ[one.read],
        ]),
        width,
      ),
      ...rows.flatMap(([type, { untold }]) =>
        untold.length === 0
          ? []
          : wrap(`- ${clean(type)} without history: ${untold.map(clean).join(', ')}`, width, '  '),
      ),
    ];
  });
}

const READ = { all: 'everything', rest: 'the rest', changes: 'what changed' } as const;

/** Never 100 % unless it is all. */
function share({ complete, fields }: TypeHistory): string {
  if (fields === 0) return '-';
  return complete === fields ? '100 %' : `${Math.min(99, Math.floor((100 * complete) / fields))} %`;
}
