import type { RequestReport } from '../../src/sandbox/port.ts';
import type { Benchmark, Figures } from './benchmark.ts';
import { spend } from './measure.ts';
import { type RemoteSandbox, startSandboxProcess } from './sandbox-process.ts';
import { openScene, type Scene, SIMPLE_MAPPING, UNLIMITED } from './scene.ts';
import { CONTACTS, type TypeWork, type VendorWork } from './vendor.ts';

const HOUR = 3_600_000;
/** Records to write, one tenth of W's. */
const TO_WRITE = 500;
/** Contacts among which they are: how many there are besides costs no write. */
const WRITE_AMONG = 2_000;

interface Stage {
  readonly sandbox: RemoteSandbox;
  readonly scene: Scene;
}

/** Requests of a first load to the fewest there can be, and of the vendor's client in a plain script. */
export function initialBenchmark(vendor: VendorWork): Benchmark {
  return {
    name: `${vendor.crm}-initial`,
    about: 'Requests of a first load (25,000 records with associations) to the least possible.',
    targets: { requests_ratio: { max: 1.1 }, lost_records: { max: 0 } },
    measure: () =>
      withStage(vendor, CONTACTS, async ({ sandbox, scene }) => {
        const before = await sandbox.requests();
        const { wallMs } = await spend(() => scene.run('pull'));
        const used = since(before, await sandbox.requests());
        const stored = Object.values(await scene.counts()).reduce((sum, count) => sum + count, 0);
        const minimum = vendor.minimumInitial();
        return {
          ...counted(vendor, used, minimum),
          lost_records: recordsOf(vendor.types) - stored,
          seconds: wallMs / 1000,
          ...(await naiveLoad(vendor, sandbox, minimum)),
        };
      }),
  };
}

/** Requests of a run that finds 1 % changed, and one that finds as many changed as 1 % of the whole of W. */
export function incrementalBenchmark(vendor: VendorWork): Benchmark {
  return {
    name: `${vendor.crm}-incremental`,
    about:
      'Requests to find and fetch 1 % changed records, and as many as 1 % of the unscaled workload, to the least possible.',
    targets: {
      requests_ratio: { max: 1.5 },
      full_size_requests_ratio: { max: 1.5 },
      lost_records: { max: 0 },
    },
    measure: () =>
      withStage(vendor, CONTACTS, async ({ sandbox, scene }) => {
        await scene.run('pull');
        const small = await increment(vendor, { sandbox, scene }, 1);
        const large = await increment(vendor, { sandbox, scene }, 10);
        const minimum = small['minimum_requests'] ?? 0;
        return {
          ...small,
          ...Object.fromEntries(Object.entries(large).map(([key, value]) => [`full_size_${key}`, value])),
          lost_records: (small['lost_records'] ?? 0) + (large['lost_records'] ?? 0),
          // Without a stamp to search by, a plain script reads everything again.
          ...(await naiveLoad(vendor, sandbox, minimum)),
        };
      }),
  };
}

/** Requests to write the stage of 500 people who moved. */
export function writebackBenchmark(vendor: VendorWork): Benchmark {
  return {
    name: `${vendor.crm}-writeback`,
    about: 'Requests to write 500 records whose stage changed to the least possible.',
    targets: { requests_ratio: { max: 1.05 }, lost_records: { max: 0 } },
    measure: () =>
      withStage(vendor, WRITE_AMONG, async ({ sandbox, scene }) => {
        await scene.provision();
        await scene.run('sync');
        const ids = await idsOf(scene, vendor.person.type, TO_WRITE);
        await editAll(sandbox, vendor.person.type, ids, (index) => ({
          [vendor.person.title]: `Chief Officer ${index}`,
        }));
        await sandbox.advance(HOUR);
        const [before, written] = [await sandbox.requests(), (await sandbox.writes()).length];
        const { summary } = await scene.run('sync');
        const used = since(before, await sandbox.requests());
        const changed = (await sandbox.writes()).slice(written).filter(({ by }) => by === 'integration');
        const requests = total(used, vendor.isWrite);
        const minimum = vendor.minimumWriteback(TO_WRITE);
        const again = await sandbox.requests();
        await vendor.naive.write(sandbox, ids);
        const naive = total(since(again, await sandbox.requests()), vendor.isWrite);
        return {
          requests,
          minimum_requests: minimum,
          requests_ratio: requests / minimum,
          records: summary.writes.records,
          lost_records: TO_WRITE - new Set(changed.map(({ id }) => id)).size,
          naive_requests: naive,
          naive_requests_ratio: naive / minimum,
        };
      }),
  };
}

async function withStage(
  vendor: VendorWork,
  contacts: number,
  work: (stage: Stage) => Promise<Figures>,
): Promise<Figures> {
  const sandbox = await startSandboxProcess({ crm: vendor.crm, contacts });
  try {
    const { url, token, crm } = sandbox;
    const scene = await openScene({
      ...{ crm, url, token },
      mappings: [SIMPLE_MAPPING],
      requestsPer10s: UNLIMITED,
    });
    try {
      return await work({ sandbox, scene });
    } finally {
      await scene.close();
    }
  } finally {
    await sandbox.close();
  }
}

/** Changes `times` per cent of each type through an hour after the last run, and pulls an hour later. */
async function increment(vendor: VendorWork, { sandbox, scene }: Stage, times: number): Promise<Figures> {
  await sandbox.advance(HOUR);
  const changed = new Set<string>();
  for (const { type, changed: count, field } of vendor.types) {
    if (field === null) continue;
    const ids = await idsOf(scene, type, count * times);
    await editAll(sandbox, type, ids, (index) => ({ [field]: `Edited ${times} ${index}` }));
    for (const id of ids) changed.add(`${type}:${id}`);
  }
  await sandbox.advance(HOUR);
  const before = await sandbox.requests();
  let run = '';
  const { wallMs } = await spend(async () => {
    run = (await scene.run('pull')).summary.run;
  });
  const used = since(before, await sandbox.requests());
  // The run log names every record that was seen, also those whose change no rule reads.
  for (const { type, id } of await scene.app.store.runs.fates(run, { limit: 1_000_000 })) {
    changed.delete(`${type}:${id}`);
  }
  return {
    ...counted(vendor, used, vendor.minimumIncremental(vendor.types.map((one) => one.changed * times))),
    lost_records: changed.size,
    seconds: wallMs / 1000,
  };
}

async function naiveLoad(vendor: VendorWork, sandbox: RemoteSandbox, minimum: number): Promise<Figures> {
  const before = await sandbox.requests();
  let records = 0;
  const { wallMs } = await spend(async () => {
    records = await vendor.naive.load(sandbox);
  });
  const requests = total(since(before, await sandbox.requests()), () => true);
  return {
    naive_requests: requests,
    naive_requests_ratio: requests / minimum,
    naive_lost_records: recordsOf(vendor.types) - records,
    naive_seconds: wallMs / 1000,
  };
}

/** Ids spread over the whole type: changes come from everywhere. */
async function idsOf(scene: Scene, type: string, count: number): Promise<readonly string[]> {
  const all: string[] = [];
  for await (const chunk of scene.app.store.records.scan(scene.connection, type)) {
    for (const record of chunk) all.push(record.id);
  }
  const stride = all.length / count;
  return Array.from({ length: count }, (_, index) => all[Math.floor(index * stride)] ?? '');
}

/** People edit through the day: a few records in an instant, then some time. */
async function editAll(
  sandbox: RemoteSandbox,
  type: string,
  ids: readonly string[],
  properties: (index: number) => Readonly<Record<string, unknown>>,
): Promise<void> {
  for (let start = 0; start < ids.length; start += AT_ONCE) {
    const part = ids.slice(start, start + AT_ONCE);
    await Promise.all(part.map((id, index) => sandbox.edit(type, id, properties(start + index))));
    await sandbox.advance(SECOND);
  }
}

const AT_ONCE = 4;
const SECOND = 1_000;

type Routes = Readonly<Record<string, number>>;

function since(before: RequestReport, after: RequestReport): Routes {
  return Object.fromEntries(
    Object.entries(after.routes).map(([route, count]) => [route, count - (before.routes[route] ?? 0)]),
  );
}

function total(routes: Routes, wanted: (route: string) => boolean): number {
  return Object.entries(routes).reduce((sum, [route, count]) => sum + (wanted(route) ? count : 0), 0);
}

function counted(vendor: VendorWork, used: Routes, minimum: number): Figures {
  const requests = total(used, vendor.isCounted);
  // Nothing counted means that the work took a way this benchmark does not know: that is no good result.
  if (requests === 0) throw new Error(`no counted request to ${vendor.crm}; used: ${JSON.stringify(used)}`);
  return {
    requests,
    minimum_requests: minimum,
    requests_ratio: requests / minimum,
    description_requests: total(used, (route) => !vendor.isCounted(route)),
  };
}

function recordsOf(types: readonly TypeWork[]): number {
  return types.reduce((sum, { records }) => sum + records, 0);
}
