import { bare } from '../../src/facts/merge.ts';
import type { EvalContext } from '../../src/mapping/types.ts';
import type { Fact, FactLists, ResultView, Scalar, SubjectFacts, SubjectId } from '../../src/model/facts.ts';

export const NOW = Date.UTC(2026, 5, 15, 12);
const DAY = 86_400_000;

const NOTHING: ResultView = {
  stage: null,
  entered: null,
  previous: null,
  visits: 0,
  score: null,
  band: null,
};
const NO_RESULTS = {};

/** People with up to 8 deals, 12 tickets and 40 touchpoints each, and values missing everywhere. Same count, same
 *  people. */
export function createContexts(count: number): readonly EvalContext[] {
  const chance = generator(20_261_115);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(chance() * items.length)]!;
  const some = <T>(share: number, value: T): T | null => (chance() < share ? value : null);
  const past = (days: number): number => NOW - Math.floor(chance() * days * DAY);
  const many = (kind: string, most: number, make: () => Readonly<Record<string, Scalar>>): readonly Fact[] =>
    Array.from({ length: Math.floor(chance() * (most + 1)) }, (_, index) => fact(`${kind}:${index}`, make()));
  return Array.from({ length: count }, (_, index) => {
    const lists: FactLists = {
      people: [],
      deals: many('deals', 8, () => {
        const outcome = pick(['open', 'won', 'lost']);
        return {
          open: outcome === 'open',
          won: outcome === 'won',
          lost: outcome === 'lost',
          kind: some(0.9, pick(['new', 'renewal', 'expansion'])),
          amount: some(0.7, Math.floor(chance() * 40_000)),
          probability: some(0.8, Math.floor(chance() * 10) / 10),
          created: past(600),
          closed: outcome === 'open' ? null : past(500),
        };
      }),
      tickets: many('tickets', 12, () => ({
        open: chance() < 0.2,
        priority: some(0.9, pick(['low', 'medium', 'high', 'urgent'])),
        category: some(0.8, pick(['billing', 'bug', 'how_to'])),
        created: past(500),
        reopened: some(0.5, Math.floor(chance() * 3)),
      })),
      touchpoints: many('touchpoints', 40, () => ({
        at: past(700),
        channel: pick(['email', 'call', 'meeting', 'note', 'task', 'chat']),
        direction: some(0.6, pick(['incoming', 'outgoing'])),
        outcome: some(0.5, pick(['held', 'answered', 'no_show', 'sent', 'planned'])),
      })),
      surveys: [],
    };
    const facts: SubjectFacts = {
      subject: `p${index}` as SubjectId,
      kind: 'person',
      person: fact(`person:${index}`, {
        email: some(0.9, `p${index}@example.com`),
        title: some(0.7, pick(['Chief Executive', 'VP Sales', 'Head of Support', 'Engineer', 'Buyer'])),
        lead_status: some(0.8, pick(['new', 'working', 'unqualified'])),
        opted_out: some(0.5, chance() < 0.1),
        created: past(700),
        last_activity: some(0.6, past(300)),
      }),
      account: chance() < 0.1 ? null : fact(`account:${index}`, company(chance, pick, some)),
      ...lists,
      accountLists: lists,
    };
    return {
      now: NOW,
      facts,
      journey: NOTHING,
      results: NO_RESULTS,
      accountResults: NO_RESULTS,
      peopleResults: NO_RESULTS,
      segments: [],
    };
  });
}

function company(
  chance: () => number,
  pick: <T>(items: readonly T[]) => T,
  some: <T>(share: number, value: T) => T | null,
): Readonly<Record<string, Scalar>> {
  return {
    name: 'Company',
    employees: some(0.8, Math.floor(chance() * 1_500)),
    country: some(0.9, pick(['Germany', 'France', 'Japan', 'Brazil'])),
  };
}

/** As the fact builder makes them, in the very same kind of object: no value, no key. */
function fact(key: string, entries: Readonly<Record<string, Scalar>>): Fact {
  const values = bare<Scalar>();
  for (const [name, value] of Object.entries(entries)) if (value !== null) values[name] = value;
  return { key, values, origins: NO_ORIGINS };
}

const NO_ORIGINS: Fact['origins'] = Object.freeze(bare<never>());

/** A small generator with a seed (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
