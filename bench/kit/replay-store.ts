import { parseArgs } from 'node:util';
import { openApp } from '../../src/app/app.ts';
import { createLog } from '../../src/app/log.ts';
import { EXAMPLE_MAPPINGS, packageRoot } from '../../src/app/package-root.ts';
import { startSandboxes } from '../../src/app/sandboxes.ts';
import { provisionConnection } from '../../src/commands/provision.ts';
import { finish } from '../../src/config/resolve.ts';
import { Config } from '../../src/config/schema.ts';
import type { FieldCourse } from '../../src/connector/port.ts';
import { systemClock } from '../../src/model/clock.ts';
import type { Association, CrmRecord, RecordKey } from '../../src/model/record.ts';
import type { Member, Store, StoredSubject } from '../../src/store/port.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { silentProgress } from '../../src/sync/session.ts';

/**
 * Fills databases for the benchmark of replay: both sandboxes with the story of 18 months are read with all histories,
 * once, and what was read is copied under other ids until there are enough subjects:
 * `node bench/kit/replay-store.ts --contacts N --out FILE=SUBJECTS [--out …]`. Prints `{subjects: {FILE: n}}`.
 */
const { values } = parseArgs({
  options: { contacts: { type: 'string' }, out: { type: 'string', multiple: true } },
});

const RECORDS = 500;
const LEASE = 'bench';
const now = systemClock.now();
const sandboxes = await startSandboxes({
  ...{ seed: 1, contacts: Number(values.contacts), clock: systemClock, latencyMs: 0, ports: {} },
});
const config = Config.parse({
  database: 'sqlite::memory:',
  connections: Object.entries(sandboxes.all).map(([id, { url, token }]) => ({
    ...{ id, connector: id, auth: { kind: 'token', token }, baseUrl: url, sandbox: true },
  })),
  mappings: EXAMPLE_MAPPINGS,
  // Only what is read counts here.
  write: { mode: 'plan-only', guard: 'off' },
});
const app = await openApp({
  config: finish(config, null, packageRoot(), {}),
  clock: systemClock,
  random: Math.random,
  log: createLog({}, 'warn'),
});
const { signal } = new AbortController();
for (const connection of app.connections) await provisionConnection(app, connection, false, signal);
for (const kind of ['sync', 'pull'] as const) {
  const result = await app.run({ kind, history: kind === 'pull', progress: silentProgress, signal });
  if (result.exit !== 0) throw new Error(`a ${kind} failed: ${JSON.stringify(result.summary)}`);
}
const original = await readAll(app.store);
const subjects: Record<string, number> = {};
for (const out of values.out ?? []) {
  const [file = '', wanted] = out.split('=');
  const copies = Math.max(1, Math.round(Number(wanted) / original.subjects.length));
  await copyInto(file, copies);
  subjects[file] = copies * original.subjects.length;
}
await app.close();
await sandboxes.close();
process.stdout.write(`${JSON.stringify({ subjects })}\n`);

interface TypeCopy {
  readonly connection: CrmRecord['connection'];
  readonly type: string;
  readonly records: readonly CrmRecord[];
  readonly courses: readonly FieldCourse[];
  readonly unlinked: readonly { readonly id: string; readonly to: Association; readonly ended: number }[];
  readonly newborn: readonly string[];
}

interface Original {
  readonly types: readonly TypeCopy[];
  readonly subjects: readonly StoredSubject[];
  readonly members: readonly Member[];
  readonly connections: Awaited<ReturnType<Store['connections']['list']>>;
}

async function readAll(store: Store): Promise<Original> {
  const types: TypeCopy[] = [];
  for (const { connection, type } of await store.records.counts()) {
    const records: CrmRecord[] = [];
    for await (const chunk of store.records.scan(connection, type)) records.push(...chunk);
    const pasts = await store.history.of(
      connection,
      type,
      records.map(({ id }) => id),
    );
    const created = new Map(records.map((record) => [record.id, record.created]));
    types.push({
      ...{ connection, type, records },
      courses: [...pasts.values()].flatMap(({ id, values }) =>
        Object.entries(values).map(([field, kept]) => ({
          ...{ id, field, complete: true },
          values: kept.map(({ value, since }) => ({ value, at: since, by: null })),
        })),
      ),
      unlinked: [...pasts.values()].flatMap(({ id, endedLinks }) =>
        endedLinks.map((link) => ({ id, ...link })),
      ),
      newborn: [...pasts.values()]
        .filter(({ id, knownSince }) => knownSince <= (created.get(id) ?? Number.NEGATIVE_INFINITY))
        .map(({ id }) => id),
    });
  }
  return {
    types,
    subjects: [...(await store.subjects.list('account')), ...(await store.subjects.list('person'))],
    members: await store.subjects.members(),
    connections: await store.connections.list(),
  };
}

async function copyInto(file: string, copies: number): Promise<void> {
  const store = await openSqliteStore(file);
  try {
    const fence = await store.leases.acquire(LEASE, LEASE, now, 86_400_000);
    if (fence === null) throw new Error('the lease of a new database is taken');
    for (const connection of original.connections) await store.connections.save(connection);
    for (let copy = 0; copy < copies; copy += 1) {
      const named = (id: string): string => `${id}~${copy}`;
      const linked = (to: Association): Association => ({ ...to, id: named(to.id) });
      for (const { connection, type, records, courses, unlinked, newborn } of original.types) {
        const own = { connection, type, at: now };
        for (const part of partsOf(records)) {
          const ids = new Set(part.map(({ id }) => id));
          await store.records.commitPage(
            {
              ...{ ...own, run: LEASE, fates: [], checkpoint: null },
              records: part.map((record) => ({
                ...record,
                id: named(record.id),
                successor: record.successor && { ...record.successor, id: named(record.successor.id) },
                mergedIds: record.mergedIds.map(named),
                associations: Object.fromEntries(
                  Object.entries(record.associations).map(([to, links]) => [to, links.map(linked)]),
                ),
              })),
              changes: {
                values: [],
                unlinked: unlinked
                  .filter(({ id }) => ids.has(id))
                  .map(({ id, to, ended }) => ({ id: named(id), to: linked(to), ended })),
                newborn: new Set(newborn.filter((id) => ids.has(id)).map(named)),
              },
            },
            fence,
          );
        }
        for (const part of partsOf(courses))
          await store.history.commitPage(
            {
              ...own,
              courses: part.map((course) => ({ ...course, id: named(course.id) })),
              checkpoint: { cursor: '', fields: [], complete: true },
            },
            fence,
          );
      }
      const key = <K extends RecordKey>(one: K): K => ({ ...one, id: named(one.id) });
      const members = original.members.map((member) => ({
        ...key(member),
        subject: named(member.subject) as Member['subject'],
      }));
      await store.subjects.commit(
        {
          records: members,
          subjects: original.subjects.map((one) => ({ ...one, id: named(one.id) as StoredSubject['id'] })),
          members,
          ambiguities: [],
          ended: [],
        },
        fence,
      );
    }
  } finally {
    await store.close();
  }
}

function* partsOf<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < all.length; at += RECORDS) yield all.slice(at, at + RECORDS);
}
