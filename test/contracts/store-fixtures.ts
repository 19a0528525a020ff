import type { SubjectId } from '../../src/model/facts.ts';
import type { ConnectionId, CrmRecord } from '../../src/model/record.ts';
import type { LedgerEntry, PageCommit, Placement } from '../../src/store/port.ts';

export const HUB = 'hub' as ConnectionId;
export const T0 = Date.UTC(2026, 0, 1);

/** A record with defaults, for tests of the store. */
export function aRecord(id: string, over: Partial<CrmRecord> = {}): CrmRecord {
  return {
    connection: HUB,
    type: 'contacts',
    id,
    fields: { email: `${id}@example.com` },
    created: T0,
    modified: T0,
    state: 'live',
    successor: null,
    mergedIds: [],
    associations: {},
    ...over,
  };
}

/** A page of records with its checkpoint. */
export function page(
  records: readonly CrmRecord[],
  cursor: string,
  over: Partial<PageCommit> = {},
): PageCommit {
  return {
    run: 'r1',
    connection: HUB,
    type: records[0]?.type ?? 'contacts',
    records,
    fates: records.map((record) => ({
      connection: record.connection,
      type: record.type,
      id: record.id,
      fate: 'applied' as const,
      reason: null,
      message: null,
    })),
    checkpoint: { cursor, fields: ['email'], complete: false },
    at: T0,
    ...over,
  };
}

export function placement(subject: string, over: Partial<Placement> = {}): Placement {
  return {
    subject: subject as SubjectId,
    journey: 'people',
    state: {
      stage: 'lead',
      entered: T0,
      visits: [
        {
          stage: 'lead',
          entered: T0,
          left: null,
          noticed: T0,
          cause: 'customer',
          rule: 'stages.lead.enter',
          mappingVersion: 'v1',
          skipped: false,
          uncertain: false,
        },
      ],
      lastStep: T0,
      mappingVersion: 'v1',
    },
    health: { score: 70, band: 'healthy', coverage: 1 },
    segments: ['smb'],
    outputs: { stage: 'lead' },
    factsHash: 'f',
    identityHash: 'i',
    evaluatedAt: T0,
    due: 0,
    ...over,
  };
}

export function entry(id: string, over: Partial<LedgerEntry> = {}): LedgerEntry {
  return {
    entry: `w-${id}`,
    run: 'r1',
    connection: HUB,
    type: 'contacts',
    id,
    subject: 's1' as SubjectId,
    journey: 'people',
    output: 'stage',
    field: 'waystage_stage',
    old: null,
    new: 'lead',
    state: 'pending',
    code: null,
    message: null,
    at: T0,
    ...over,
  };
}
