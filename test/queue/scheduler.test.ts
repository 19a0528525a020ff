import { expect, test } from '@jest/globals';
import { createZone } from '../../src/mapping/zone.ts';
import { parseCron } from '../../src/queue/cron.ts';
import { runSchedules } from '../../src/queue/scheduler.ts';
import type { ScheduleStore } from '../../src/store/port.ts';

function schedules(): ScheduleStore & { readonly due: Map<string, number> } {
  const due = new Map<string, number>();
  return {
    due,
    get: async (name) => (due.has(name) ? { name, nextDue: due.get(name)! } : null),
    set: async ({ name, nextDue }) => {
      due.set(name, nextDue);
    },
  };
}

/** Runs `minutes` of fake time; `jump` moves the clock once, as a sleeping machine does. */
async function simulate(
  minutes: number,
  jump: { at: number; by: number } | null,
): Promise<{ runs: number[]; due: number | undefined }> {
  const parsed = parseCron('*/10 * * * *');
  if ('problem' in parsed) throw new Error(parsed.problem);
  const stop = new AbortController();
  const runs: number[] = [];
  const store = schedules();
  let now = 0;
  let jumped = false;
  const clock = {
    now: () => now,
    sleep: async (ms: number) => {
      now += ms;
      if (jump !== null && !jumped && now >= jump.at) {
        jumped = true;
        now += jump.by;
      }
      if (now >= minutes * 60_000) stop.abort();
    },
  };
  const run = async (): Promise<void> => {
    runs.push(Math.floor(now / 60_000));
  };
  await runSchedules(
    [{ name: 'sync', cron: parsed.cron, zone: createZone('UTC'), run }],
    store,
    clock,
    stop.signal,
  );
  return { runs, due: store.due.get('sync') };
}

test('a job runs at each due time', async () => {
  expect((await simulate(35, null)).runs).toEqual([10, 20, 30]);
});

test('after a long sleep a job is caught up once, then goes on as planned (F40)', async () => {
  expect((await simulate(120, { at: 15 * 60_000, by: 60 * 60_000 })).runs).toEqual([
    10, 75, 80, 90, 100, 110,
  ]);
});
