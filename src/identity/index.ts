export { type AssignedSubject, type Assignment, assignSubjectIds } from './assign.ts';
export { type ComponentIndex, componentIndex } from './components.ts';
export { isFreeMail } from './free-mail.ts';
export { normaliseDomain, normaliseEmail } from './normalise.ts';
export { identityRecord } from './record.ts';
export { resolveIdentities } from './resolve.ts';
export type {
  AmbiguousRecord,
  CrossId,
  Group,
  GroupRecord,
  IdentityRecord,
  Link,
  LinkKind,
  Resolution,
  ResolveOptions,
} from './types.ts';
export { MAX_CANDIDATES } from './types.ts';
