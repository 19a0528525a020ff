import { createHash } from 'node:crypto';
import { type CrmRecord, recordKeyText } from '../../model/record.ts';
import type { ParkedWrite } from '../../store/holds.ts';
import type { PlannedWrite } from '../../store/plans.ts';
import type { OpenConnection, Session } from '../session.ts';
import { ownFieldNames } from './outputs.ts';
import type { Refusal, WriteTotals } from './write-totals.ts';

/** Parked records named one by one in a run; the rest is counted. */
const NAMED = 20;

/** Keeps back what the CRM has refused for good for the same values of the same record. */
export interface ParkedWrites {
  /** These planned writes without those that wait. */
  ready(writes: readonly PlannedWrite[]): Promise<readonly PlannedWrite[]>;
  /** Remembers what was refused for good, and forgets what was refused before and is not any more. */
  settle(refusals: readonly Refusal[]): Promise<void>;
}

export async function parkedWrites(
  session: Session,
  open: OpenConnection,
  totals: WriteTotals,
): Promise<ParkedWrites> {
  const { store, retryRefused, clock } = session.options;
  const parked = new Map((await store.holds.parked(open.config.id)).map((one) => [recordKeyText(one), one]));
  /** Of those that were parked. */
  const tried: PlannedWrite[] = [];
  let waiting = 0;
  const wait = (one: ParkedWrite): void => {
    waiting += 1;
    totals.parked += 1;
    if (waiting > NAMED) return;
    session.notices.push({
      kind: 'parked',
      subject: null,
      text: `${recordKeyText(one)} waits: ${open.config.connector.label} refused it for good: ${one.message} (${one.code}). It is tried again when the record or our values change, or with \`waystage sync --retry\`.`,
    });
  };
  return {
    async ready(writes) {
      const known = writes.filter((write) => parked.has(recordKeyText(write)));
      if (known.length === 0) return writes;
      const held = new Set<string>();
      if (retryRefused !== true) {
        const candidates = known.filter((write) => parked.get(recordKeyText(write))?.due === false);
        const inputs = await inputsOf(session, open, candidates);
        for (const write of candidates) {
          const key = recordKeyText(write);
          const one = parked.get(key);
          if (one === undefined || inputs.get(key)?.inputs !== one.inputs) continue;
          held.add(key);
          wait(one);
        }
      }
      tried.push(...known.filter((write) => !held.has(recordKeyText(write))));
      return writes.filter((write) => !held.has(recordKeyText(write)));
    },
    async settle(refusals) {
      if (waiting > NAMED) {
        session.notices.push({
          kind: 'parked',
          subject: null,
          text: `${waiting - NAMED} more records of ${open.config.id} wait in the same way.`,
        });
      }
      const own = refusals.filter(({ write }) => write.connection === open.config.id);
      const refused = new Map(own.map((refusal) => [recordKeyText(refusal.write), refusal]));
      const inputs = await inputsOf(
        session,
        open,
        own.map(({ write }) => write),
      );
      await store.holds.park(
        [...refused].map(([key, { write, code, message }]) => ({
          connection: write.connection,
          type: write.type,
          id: write.id,
          inputs: inputs.get(key)?.inputs ?? '',
          stamp: Math.max(parked.get(key)?.stamp ?? 0, inputs.get(key)?.modified ?? 0),
          due: false,
          code,
          message,
          run: session.run,
          at: clock.now(),
        })),
        session.fence,
      );
      await store.holds.unpark(
        tried.filter((write) => !refused.has(recordKeyText(write))),
        session.fence,
      );
    },
  };
}

/** By `connection:type:id`: a hash of what is to be written and of the record without our own fields. */
async function inputsOf(
  session: Session,
  open: OpenConnection,
  writes: readonly PlannedWrite[],
): Promise<ReadonlyMap<string, { readonly inputs: string; readonly modified: number }>> {
  const { store, mappings } = session.options;
  const found = new Map<string, { inputs: string; modified: number }>();
  for (const type of new Set(writes.map((write) => write.type))) {
    const ofType = writes.filter((write) => write.type === type);
    const records = await store.records.get(
      open.config.id,
      type,
      ofType.map((write) => write.id),
    );
    const own = new Set(ownFieldNames(mappings, open.config.connector, type));
    for (const write of ofType) {
      const record = records.get(write.id);
      found.set(recordKeyText(write), {
        inputs: hashOf(write, record, own),
        modified: record?.modified ?? 0,
      });
    }
  }
  return found;
}

function hashOf(write: PlannedWrite, record: CrmRecord | undefined, own: ReadonlySet<string>): string {
  const changes = write.changes.map(({ field, new: value }) => [field, value]).sort(byName);
  const fields = Object.entries(record?.fields ?? {})
    .filter(([name]) => !own.has(name))
    .sort(byName);
  return createHash('sha256')
    .update(JSON.stringify([changes, fields, record?.state, record?.associations]))
    .digest('base64');
}

function byName(a: readonly unknown[], b: readonly unknown[]): number {
  return String(a[0]) < String(b[0]) ? -1 : 1;
}
