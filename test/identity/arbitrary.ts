import fc from 'fast-check';
import type { IdentityRecord } from '../../src/identity/index.ts';
import type { SubjectId } from '../../src/model/facts.ts';
import { record } from './kit.ts';

const TYPES = ['hubspot:contacts', 'salesforce:Contact', 'salesforce:Lead', 'emea:Contact'];
const key = fc
  .tuple(fc.constantFrom(...TYPES), fc.integer({ min: 1, max: 4 }))
  .map(([type, id]) => `${type}:${id}`);
const email = fc.constantFrom('', 'a@x.com', 'b@x.com', 'c@x.com', 'd@x.com', '__proto__@x.com');

/** Few keys, few e-mails: nearly every sample has chains, duplicates and contradictions. */
const anyRecord: fc.Arbitrary<IdentityRecord> = fc
  .record({
    key,
    created: fc.option(fc.integer({ min: 0, max: 5 })),
    state: fc.constantFrom(
      'live' as const,
      'live' as const,
      'live' as const,
      'archived' as const,
      'converted' as const,
      'merged' as const,
    ),
    successor: fc.option(key, { freq: 3 }),
    merged: fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 1 }),
    emails: fc.array(email, { maxLength: 3 }),
    names: fc.array(key, { maxLength: 1 }),
  })
  .map(({ key: own, created, state, successor, merged, emails, names }) => {
    const [, type = '', id = ''] = successor?.split(':') ?? [];
    return record(own, {
      created,
      state,
      successor: state === 'live' || successor === null ? null : { type, id },
      mergedIds: merged.map(String),
      emails,
      names: Object.fromEntries(names.map((target, i) => [`f${i}`, target])),
    });
  });
export const anyRecords = fc.uniqueArray(anyRecord, {
  selector: ({ key }) => `${key.connection}:${key.type}:${key.id}`,
  maxLength: 14,
});
export const anyPairs = fc.array(fc.tuple(key, key), { maxLength: 2 });
export const anyPrevious = fc.dictionary(key, fc.constantFrom('p', 'q', 'r') as fc.Arbitrary<SubjectId>);
