import type { Presence, Story, StoryHistory } from '../../../src/story/index.ts';
import type { Org } from './org.ts';
import type { Row, SfValue } from './schema.ts';

/** What the loaders share: the story by key, and rows with every field in place. */
export interface LoadContext {
  readonly org: Org;
  readonly story: Story;
  /** Salesforce user of a story owner; the first owner when the story names none. */
  ownerId(key: string | null | undefined): string;
  /** The record others refer to: neither deleted nor a converted lead. */
  live(presences: readonly Presence[], type?: string): Presence | null;
  /** A stored row with all fields, filled from `values`. */
  add(object: string, presence: RowStamp, values: Readonly<Record<string, SfValue>>): Row;
}

export interface RowStamp {
  readonly id: string;
  readonly created: number;
  readonly modified: number;
  readonly archived: boolean;
}

/** A story value as this CRM spells it. */
export function spelled<T extends SfValue>(presence: Presence, name: string, own: T): T {
  const other = presence.spelling[name];
  return other === undefined ? own : (other as T);
}

/** How a value stood from the creation of a record on: what happened before counts as its first value; a value
 *  that only repeats the one before is left out. */
export function historyFrom(
  history: readonly StoryHistory[],
  field: string,
  from: number,
  translate: (value: SfValue) => SfValue,
): readonly { readonly value: SfValue; readonly at: number }[] {
  const steps: { value: SfValue; at: number }[] = [];
  for (const { value: raw, at } of history.find((one) => one.field === field)?.values ?? []) {
    const value = translate(raw);
    const last = steps[steps.length - 1];
    if (last !== undefined && last.value === value) continue;
    if (at <= from) steps.length = 0;
    steps.push({ value, at: Math.max(at, from) });
  }
  return steps;
}
