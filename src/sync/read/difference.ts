import type { DiscoveredObject } from '../../connector/port.ts';
import type { CrmRecord } from '../../model/record.ts';
import type { PageChanges, Reading, RecordFate } from '../../store/port.ts';
import type { OpenConnection, Reconciled, Session } from '../session.ts';
import { type TypeReader, tally } from './apply-page.ts';
import { changedFields } from './judge.ts';

/** CRMs show a change some moments after it was made; what is younger than this when the increment began is not
 *  something it has missed. */
const LAG_MS = 60_000;

export type CauseOf = (stored: CrmRecord | undefined, incoming: CrmRecord) => string;

/**
 * Why a full reading found a record to be different.
 * `new`, `missed`: an increment should have shown it. `recent`: it was changed while the run was under way.
 * `association`: only its associations moved. `calculated`: only values that the CRM calculates, which move without
 * a stamp. `restored`, `merged`, `archived`: it came back, or ended.
 * @param readAt when the increment of this run began, epoch ms
 */
export function causeOfDifference(object: DiscoveredObject | undefined, readAt: number): CauseOf {
  return (stored, incoming) => {
    const recent = incoming.modified >= readAt - LAG_MS;
    if (incoming.state !== 'live' && incoming.state !== stored?.state)
      return incoming.state === 'archived' ? 'archived' : 'merged';
    if (stored === undefined) return recent ? 'recent' : 'new';
    if (stored.state !== incoming.state) return 'restored';
    const changed = changedFields(stored, incoming);
    if (changed.length === 0) return 'association';
    if (changed.every((name) => object?.fields[name]?.calculated === true)) return 'calculated';
    return recent ? 'recent' : 'missed';
  };
}

/** Stores what a full reading found and counts the differences; the checkpoint of the increments stays. */
export async function commitDifferences(
  reader: TypeReader,
  records: readonly CrmRecord[],
  fates: readonly RecordFate[],
  changes: PageChanges | null,
  reading?: Reading,
): Promise<void> {
  const { session, open, type } = reader;
  if (records.length === 0 && fates.length === 0 && reading === undefined) return;
  await session.options.store.records.commitPage(
    {
      run: session.run,
      connection: open.config.id,
      type,
      records,
      fates,
      checkpoint: null,
      ...(reading === undefined ? {} : { reading }),
      ...(changes === null ? {} : { changes }),
      at: session.options.clock.now(),
    },
    session.fence,
  );
  countDifferences(reader, fates);
}

/** Adds the fates to the counts of the run, and what was applied to the differences. */
function countDifferences(reader: TypeReader, fates: readonly RecordFate[]): void {
  tally(reader, fates);
  const { differences } = reconciledOf(reader.session, reader.open);
  for (const { fate, reason } of fates) {
    if (fate !== 'applied') continue;
    const cause = reason ?? 'missed';
    differences[cause] = (differences[cause] ?? 0) + 1;
  }
}

export function reconciledOf(session: Session, open: OpenConnection): Reconciled {
  const known = session.reconciled.get(open.config.id);
  if (known !== undefined) return known;
  const reconciled: Reconciled = { records: 0, differences: {} };
  session.reconciled.set(open.config.id, reconciled);
  return reconciled;
}
