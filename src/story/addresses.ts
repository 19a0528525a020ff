import type { AccountDraft } from './accounts.ts';
import { language, type NamePair, slug } from './names.ts';
import type { Rng } from './prng.ts';

/** A business address, or a free one; unique, for HubSpot allows an address once. */
export function address(
  rng: Rng,
  index: number,
  given: NamePair | null,
  family: NamePair | null,
  account: AccountDraft | null,
  tag: string,
  emails: Set<string>,
): string {
  const domain = account?.account.domain ?? null;
  if (domain === null || rng.chance(0.03)) {
    return account === null && rng.chance(0.4)
      ? unique(localPart(given, family, index), `private-${index % 97}.example`, emails)
      : freeAddress(rng, given, family, tag, emails);
  }
  return unique(localPart(given, family, index), domain, emails);
}

export function freeAddress(
  rng: Rng,
  given: NamePair | null,
  family: NamePair | null,
  tag: string,
  emails: Set<string>,
): string {
  const tail = `.ws${rng.int(100, 99_999)}`;
  return unique(localPart(given, family, 0) + tail, rng.pick(language(tag).freeMail), emails);
}

/** `first.last`, one initial, or a role; an apostrophe stays, it is allowed in addresses. Cut so that the whole
 *  stays within the 80 characters of a Salesforce e-mail field. */
function localPart(given: NamePair | null, family: NamePair | null, index: number): string {
  const first = slug(given?.latin ?? '').slice(0, 16);
  const apostrophe = family?.latin === "O'Brien" || family?.latin === "O'Connor";
  const last = apostrophe ? family.latin.toLowerCase() : slug(family?.latin ?? '').slice(0, 18);
  if (first === '' && last === '') {
    return `kontakt${index}`;
  }
  if (first === '' || last === '') {
    return first + last;
  }
  return index % 4 === 1 ? `${first[0]!}${last}` : `${first}.${last}`;
}

function unique(local: string, domain: string, emails: Set<string>): string {
  for (let number = 1; ; number += 1) {
    const email = `${local}${number === 1 ? '' : number}@${domain}`;
    if (!emails.has(email)) {
      emails.add(email);
      return email;
    }
  }
}
