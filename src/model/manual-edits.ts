/**
 * What becomes of an output that a person edited in the CRM (J29): `ask` keeps and reports it, `revert` puts our value
 * back and reports it, `adopt` makes an edited stage or band an override, for a time (`adopt for 30d`) or until
 * somebody ends it.
 */
export type ManualEdits = 'ask' | 'revert' | 'adopt' | `adopt for ${string}`;

/** The time of `adopt for 30d`: null without one. */
export function adoptedFor(policy: ManualEdits): string | null {
  return policy.startsWith('adopt for ') ? policy.slice('adopt for '.length) : null;
}

export function isAdopting(policy: ManualEdits): boolean {
  return policy === 'adopt' || policy.startsWith('adopt for ');
}
