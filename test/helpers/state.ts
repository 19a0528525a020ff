import type { SandboxWrite } from '../../src/sandbox/port.ts';
import { type Company, type Crm, STORY_END } from './company.ts';

/** Stamps made while a test ran differ from run to run; stamps of the story and instants of rules do not. */
const TEST_ENDS = STORY_END + 3 * 3_600_000;

/** A copy in which every instant made during the test reads `during the test`. */
export function timeless(value: unknown): unknown {
  if (typeof value === 'number') return value >= STORY_END && value < TEST_ENDS ? 'during the test' : value;
  if (typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value)) {
    const at = Date.parse(value);
    return at >= STORY_END && at < TEST_ENDS ? 'during the test' : value;
  }
  if (Array.isArray(value)) return value.map(timeless);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, timeless(one)]));
  return value;
}

/** All that Waystage keeps and that must not depend on how often it was killed; no run ids. */
export async function storeState({ app }: Company): Promise<unknown> {
  const { store } = app;
  const records: Record<string, unknown> = {};
  for (const { id, connector } of app.connections) {
    for (const type of connector.capabilities.objectTypes) {
      for await (const chunk of store.records.scan(id, type.name))
        for (const record of chunk) records[`${id}:${type.name}:${record.id}`] = record;
    }
  }
  const placements: Record<string, unknown> = {};
  for (const { name } of app.mappings.mappings) {
    for await (const chunk of store.journeys.scan(name)) {
      for (const placement of chunk) {
        placements[`${name} ${placement.subject}`] = {
          ...placement,
          // Made of stamps, too.
          factsHash: placement.factsHash === '' ? 'none' : 'some',
          // A run looks only at those about which something changed.
          evaluatedAt: 'some',
          state: { ...placement.state, lastStep: 'some' },
          visits: await store.journeys.visits(placement.subject, name),
          health: await store.journeys.healthPoints(placement.subject, name),
        };
      }
    }
  }
  const members = await store.subjects.members();
  return timeless({
    records,
    subjects: [...(await store.subjects.list('person')), ...(await store.subjects.list('account'))],
    members: Object.fromEntries(
      members.map((member) => [`${member.connection}:${member.type}:${member.id}`, member]),
    ),
    ambiguities: await store.subjects.ambiguities(),
    ended: [...(await store.subjects.ended())].sort(),
    placements,
  });
}

/** What both CRMs hold, by type and id. */
export async function crmState(company: Company): Promise<unknown> {
  const state: Record<string, unknown> = {};
  for (const { id, connector } of company.app.connections) {
    for (const { name } of connector.capabilities.objectTypes) {
      for (const record of await company.records(id as string as Crm, name))
        state[`${id}:${name}:${record.id ?? record.Id}`] = record;
    }
  }
  return timeless(state);
}

/** Values our fields took, in order, by CRM, record and field: a value written again is no new one. */
export async function courses(company: Company): Promise<Readonly<Record<string, readonly unknown[]>>> {
  const courses: Record<string, SandboxWrite['new'][]> = {};
  for (const crm of ['hubspot', 'salesforce'] as const) {
    for (const write of await company.writes(crm)) {
      if (write.by !== 'integration' || !/^waystage_/i.test(write.field)) continue;
      const key = `${crm}:${write.type}:${write.id} ${write.field}`;
      const course = courses[key] ?? [write.old];
      courses[key] = course;
      if (course.at(-1) !== write.new) course.push(write.new);
    }
  }
  return courses;
}
