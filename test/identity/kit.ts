import { type IdentityRecord, type Resolution, resolveIdentities } from '../../src/identity/index.ts';
import type { ConnectionId, Entity } from '../../src/model/record.ts';

type Overrides = Partial<Omit<IdentityRecord, 'key' | 'crossIds'>> & {
  /** `field -> connection:type:id`. */
  readonly names?: Readonly<Record<string, string>>;
};

/** `hubspot:contacts:1` with what the test cares about. */
export function record(key: string, { names = {}, ...overrides }: Overrides = {}): IdentityRecord {
  const [connection = '', type = '', id = ''] = key.split(':');
  return {
    key: { connection: connection as ConnectionId, type, id },
    entity: entityOf(type),
    created: null,
    state: 'live',
    successor: null,
    mergedIds: [],
    emails: [],
    domains: [],
    crossIds: Object.entries(names).map(([field, target]) => {
      const [other = '', otherType = '', otherId = ''] = target.split(':');
      return { field, connections: [other as ConnectionId], types: [otherType], id: otherId };
    }),
    ...overrides,
  };
}

function entityOf(type: string): Entity {
  const entities: Readonly<Record<string, Entity>> = {
    companies: 'account',
    Account: 'account',
    deals: 'deal',
    Opportunity: 'deal',
    meetings: 'touchpoint',
    Event: 'touchpoint',
  };
  return entities[type] ?? 'person';
}

/** Keys of the groups: `[['hubspot:contacts:1', 'salesforce:Contact:003A'], …]`, sorted. */
export function partition({ subjects }: Resolution): readonly (readonly string[])[] {
  return subjects
    .map((group) => group.records.map((member) => member.text))
    .sort((a, b) => ((a[0] ?? '') < (b[0] ?? '') ? -1 : 1));
}

/** Groups of more than one record. */
export function joined(records: readonly IdentityRecord[]): readonly (readonly string[])[] {
  return partition(resolveIdentities(records)).filter((group) => group.length > 1);
}

export function ambiguousKeys({ ambiguous }: Resolution): readonly string[] {
  return ambiguous.map(({ key }) => `${key.connection}:${key.type}:${key.id}`);
}
