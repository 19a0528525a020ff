import type { CrmRecord } from '../../src/model/record.ts';
import type { Store } from '../../src/store/port.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import type { SyncResult } from '../../src/sync/run.ts';
import type { PlannedWrite } from '../../src/sync/write/plan.ts';
import { but } from '../sync/kit.ts';
import { CRMS, TYPES, type World, type Wrap } from './world.ts';

export interface Verdict {
  /** What a store that was filled just now would still change in the CRMs. */
  readonly writes: readonly string[];
  /** Live records that are together in one subject in one store and not in the other. */
  readonly apart: readonly string[];
}

/** Reads everything into a new store, judges it, and compares what comes out with what the CRMs hold. */
export async function freshVerdict(world: World): Promise<Verdict> {
  const fresh = await openSqliteStore(':memory:');
  try {
    const read = await world.sync({ kind: 'pull', store: fresh });
    if (read.exit !== 0)
      throw new Error(`the oracle could not read: ${JSON.stringify(read.summary.problems)}`);
    await takeOverStamps(world.store, fresh);
    const planned = await world.sync({ kind: 'plan', store: fresh }, nothingNew);
    if (planned.summary.held !== null) throw new Error(planned.summary.held);
    return {
      writes: planned.writes.flatMap(texts),
      apart: await apart(world.store, fresh),
    };
  } finally {
    await fresh.close();
  }
}

/** What a plan says that judges everybody on what is stored: the pair that must not be joined makes it do so. */
export function judgeEverybody(world: World): Promise<SyncResult> {
  return world.sync({ kind: 'plan', unlink: [['nobody:contacts:1', 'nobody:contacts:2']] }, nothingNew);
}

const nothingNew: Wrap = (connection) =>
  but(connection, {
    async *pull({ cursor }) {
      yield { records: [], failed: [], cursor: cursor ?? '', done: true, total: 0 };
    },
  });

function texts(write: PlannedWrite): readonly string[] {
  return write.changes.map(
    (change) =>
      `${write.connection}:${write.type}:${write.id} ${change.field}: ${change.old} instead of ${change.new}`,
  );
}

/** Which CRM knows better is decided by when a value was first seen to have changed (J5); our own writes move the
 *  CRM's stamps, so a new store would take another side. */
async function takeOverStamps(from: Store, to: Store): Promise<void> {
  const fence = await to.leases.acquire('stamps', 'oracle', 0, 1_000);
  if (fence === null) throw new Error('the oracle has no lease');
  for (const crm of CRMS) {
    for (const type of TYPES[crm]) {
      for await (const chunk of to.records.scan(crm as never, type)) {
        const known = await from.records.get(
          crm as never,
          type,
          chunk.map((record) => record.id),
        );
        const restamped = chunk.map(
          (record): CrmRecord => ({ ...record, modified: known.get(record.id)?.modified ?? record.modified }),
        );
        await to.records.commitPage(
          {
            run: 'oracle',
            connection: crm as never,
            type,
            records: restamped,
            fates: [],
            checkpoint: await to.records.checkpoint(crm as never, type),
            at: 0,
          },
          fence,
        );
      }
    }
  }
}

/** Partners of each live record, by both stores. */
async function apart(store: Store, fresh: Store): Promise<readonly string[]> {
  const live = new Set<string>();
  for (const crm of CRMS)
    for (const type of TYPES[crm])
      for await (const chunk of fresh.records.scan(crm as never, type))
        for (const { id, state } of chunk) if (state === 'live') live.add(`${crm}:${type}:${id}`);
  const here = await partners(store, live);
  // A plan resolves in its store, too.
  const there = await partners(fresh, live);
  const found: string[] = [];
  for (const record of live) {
    const [a, b] = [here.get(record) ?? record, there.get(record) ?? record];
    if (a !== b) found.push(`${record} is with [${a}], a new store says [${b}]`);
  }
  return found;
}

async function partners(store: Store, live: ReadonlySet<string>): Promise<ReadonlyMap<string, string>> {
  const groups = new Map<string, string[]>();
  for (const { connection, type, id, subject } of await store.subjects.members()) {
    const record = `${connection}:${type}:${id}`;
    if (!live.has(record)) continue;
    const known = groups.get(subject);
    if (known === undefined) groups.set(subject, [record]);
    else known.push(record);
  }
  const partners = new Map<string, string>();
  for (const group of groups.values()) {
    const text = group.sort().join(' ');
    for (const record of group) partners.set(record, text);
  }
  return partners;
}
