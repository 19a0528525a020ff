import { expect } from '@jest/globals';
import fc from 'fast-check';
import { recordKeyText } from '../../src/model/record.ts';
import type { SandboxWrite } from '../../src/sandbox/port.ts';
import type { SyncResult } from '../../src/sync/run.ts';
import { expectAccounted } from '../sync/kit.ts';
import { act } from './act.ts';
import type { Mixture } from './arbitrary.ts';
import { freshVerdict, judgeEverybody } from './oracle.ts';
import type { Step } from './step.ts';
import { differences } from './truth.ts';
import { CRMS, type World } from './world.ts';

/** Longer than the search of HubSpot lags and than the increments of Salesforce hold back. */
const SETTLED_MS = 30_000;
/** How the CRMs say that there is no such record. */
const GONE = /ENTITY_IS_DELETED|MALFORMED_ID|INVALID_CROSS_REFERENCE_KEY|NOT_FOUND/;
const OURS = /^waystage_/i;

/** What is known of a sequence as it goes; no more is needed, since the CRMs themselves are the truth. */
export interface Course {
  /** Faults may be in force. */
  troubled: boolean;
  readonly marks: Record<'hubspot' | 'salesforce', number>;
}

class Command implements fc.AsyncCommand<Course, World> {
  readonly step: Step;
  constructor(step: Step) {
    this.step = step;
  }
  check(): boolean {
    return true;
  }
  async run(course: Course, world: World): Promise<void> {
    const { step } = this;
    if (step.do === 'fault') course.troubled = true;
    if (step.do === 'heal') course.troubled = false;
    if (step.do === 'sync') await checked(world, course, () => world.sync({ full: step.full }));
    else if (step.do === 'kill') await killed(world, step);
    else if (step.do === 'edit-during-sync') await editDuring(world, course, step);
    else await act(world, step);
  }
  toString(): string {
    return JSON.stringify(this.step);
  }
}

export function commands(
  steps: Mixture,
  maxCommands: number,
): fc.Arbitrary<Iterable<fc.AsyncCommand<Course, World>>> {
  const weighed = steps.map(({ weight, arbitrary }) => ({ weight, arbitrary }));
  return fc.commands([fc.oneof(...weighed).map((step) => new Command(step))], { maxCommands, size: 'max' });
}

/** A sequence from a first load on, then no more trouble: everything has to be as the CRMs say. */
export async function runSequence(
  world: World,
  steps: Iterable<fc.AsyncCommand<Course, World>>,
  firstKill: Kill | null = null,
): Promise<void> {
  await world.begin();
  const course: Course = { troubled: false, marks: { hubspot: 0, salesforce: 0 } };
  if (firstKill !== null) await killed(world, firstKill);
  await checked(world, course, () => world.sync());
  await fc.asyncModelRun(() => ({ model: course, real: world }), steps);
  await converges(world, course);
}

export type Kill = Extract<Step, { readonly do: 'kill' }>;

async function killed(world: World, { after, point, hit }: Kill): Promise<void> {
  world.clock.advance(after);
  await world.killedSync(point, hit);
}

async function converges(world: World, course: Course): Promise<void> {
  await act(world, { do: 'heal' });
  course.troubled = false;
  world.clock.advance(SETTLED_MS);
  // An increment shows every change of a value, whatever went wrong before (I2).
  const increment = await checked(world, course, () => world.sync());
  expect(await differences(world, 'increments')).toEqual([]);
  await nobodyMissed(world, increment);
  world.clock.advance(SETTLED_MS);
  expect((await checked(world, course, () => world.sync({ reconcile: true }))).exit).toBe(0);
  expect(await differences(world, 'everything')).toEqual([]);
  expect(await freshVerdict(world)).toEqual({ writes: [], apart: [] });
  world.clock.advance(SETTLED_MS);
  const { summary } = await checked(world, course, () => world.sync());
  expect(summary).toMatchObject({
    transitions: 0,
    writes: { records: 0, fields: 0, failed: 0, manualEdits: 0 },
  });
}

/** J15: a run that looks only at whom something concerns leaves everybody as one that looks at everybody. */
async function nobodyMissed(world: World, { summary, exit }: SyncResult): Promise<void> {
  if (exit !== 0) return;
  const whole = await judgeEverybody(world);
  // What a CRM has refused for good waits until something changes; a plan still shows it.
  const parked = (await Promise.all(CRMS.map((crm) => world.store.holds.parked(crm as never)))).flat();
  const waits = new Set(parked.map(recordKeyText));
  const writes = whole.writes.filter((write) => !waits.has(recordKeyText(write)));
  expect({ writes, stages: whole.summary.stages, bands: whole.summary.bands }).toEqual({
    writes: [],
    stages: summary.stages,
    bands: summary.bands,
  });
}

/** A run that is not killed: accounted for, only our own fields written, none of them to two values. */
async function checked(world: World, course: Course, run: () => Promise<SyncResult>): Promise<SyncResult> {
  for (const crm of CRMS) course.marks[crm] = (await world.writes(crm)).length;
  const result = await run();
  expectAccounted(result.summary);
  // Under `ask` nobody touches values of ours: none of them may be taken for a person's, not even while a search of
  // HubSpot still shows what was there before our last write.
  if (world.manualEdits === 'ask') expect(result.summary.writes.manualEdits).toBe(0);
  if (!course.troubled) {
    expect(result.summary.problems).toEqual([]);
    // A record that is gone and not yet known to be is refused by its CRM; nothing else is.
    const refused = (await world.store.runs.notices(result.summary.run)).filter(
      ({ kind }) => kind === 'refused',
    );
    expect({ exit: result.exit, failed: result.summary.writes.failed }).toEqual({
      exit: refused.length > 0 ? 1 : 0,
      failed: refused.length,
    });
    for (const { text } of refused) expect(text).toMatch(GONE);
  }
  for (const crm of CRMS) {
    const writes = (await world.writes(crm))
      .slice(course.marks[crm])
      .filter(({ by }) => by === 'integration');
    expect(writes.filter(({ field }) => !OURS.test(field))).toEqual([]);
    expect(torn(writes)).toEqual([]);
  }
  return result;
}

/** Fields that one run gave two values. */
function torn(writes: readonly SandboxWrite[]): readonly string[] {
  const values = new Map<string, unknown>();
  const found: string[] = [];
  for (const { type, id, field, new: value } of writes) {
    const key = `${type} ${id} ${field}`;
    if (values.has(key) && values.get(key) !== value) found.push(`${key}: ${values.get(key)}, then ${value}`);
    values.set(key, value);
  }
  return found;
}

async function editDuring(
  world: World,
  course: Course,
  { point, hit, edit }: Extract<Step, { do: 'edit-during-sync' }>,
): Promise<void> {
  let hits = 0;
  await checked(world, course, () =>
    world.sync({
      failpoint: async (reached) => {
        if (reached !== point) return;
        hits += 1;
        if (hits === hit) await act(world, edit);
      },
    }),
  );
}

/** `WAYSTAGE_SEQUENCES` and `WAYSTAGE_SEED` (a number, or `random`) change how many and which; a failure prints its
 *  seed and the shortest sequence found. */
export function runs(usual: number): { readonly numRuns: number; readonly seed: number } {
  const asked = process.env['WAYSTAGE_SEED'];
  return {
    numRuns: Number(process.env['WAYSTAGE_SEQUENCES'] ?? usual),
    seed: asked === 'random' ? Date.now() % 2 ** 31 : Number(asked ?? 20_261_121),
  };
}
