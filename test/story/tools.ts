import { createStory } from '../../src/story/index.ts';
import type { Presence, Story } from '../../src/story/types.ts';

export const NOW = Date.UTC(2026, 8, 30, 15, 20, 7, 431);
export const DAY = 86_400_000;

export const story: Story = createStory({ seed: 7, contacts: 2_000, now: NOW });

export interface Held {
  readonly key: string;
  readonly presences: readonly Presence[];
}

/** Everything that has records, by the name of its list. */
export function lists(told: Story): Readonly<Record<string, readonly Held[]>> {
  const { accounts, people, deals, tickets, activities, surveys, campaignMembers } = told;
  return { accounts, people, deals, tickets, activities, surveys, campaignMembers };
}

export function records(told: Story): readonly Presence[] {
  return Object.values(lists(told)).flatMap((held) => held.flatMap(({ presences }) => presences));
}

export function byKey<T extends { readonly key: string }>(items: readonly T[]): ReadonlyMap<string, T> {
  return new Map(items.map((item) => [item.key, item]));
}

/** What a record says: the CRM's spelling, else the story's own value. */
export function said(presence: Presence, field: string, own: string | null): string | null {
  const spelled = presence.spelling[field];
  return spelled === undefined ? own : (spelled as string | null);
}
