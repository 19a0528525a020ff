const ID = /^[a-zA-Z0-9]{15}([a-zA-Z0-9]{3})?$/;
const SUFFIX = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ012345';

/** Object types by the first three characters of their ids (standard objects; the same in every org). */
const TYPE_BY_PREFIX: Readonly<Record<string, string>> = {
  '001': 'Account',
  '003': 'Contact',
  '00Q': 'Lead',
  '006': 'Opportunity',
  '00K': 'OpportunityContactRole',
  '500': 'Case',
  '00T': 'Task',
  '00U': 'Event',
  '00v': 'CampaignMember',
  '701': 'Campaign',
};

/** Has the form of a Salesforce id, 15 or 18 characters. Only such text may stand in a query's list of ids. */
export function isId(text: string): boolean {
  return ID.test(text);
}

/** The 18-character form. The suffix says which of the 15 are capitals, five at a time, least bit first. */
export function id18(id: string): string {
  if (id.length !== 15) return id;
  let suffix = '';
  for (let block = 0; block < 15; block += 5) {
    let bits = 0;
    for (let offset = 0; offset < 5; offset += 1) {
      const char = id.charCodeAt(block + offset);
      if (char >= 65 && char <= 90) bits |= 1 << offset;
    }
    suffix += SUFFIX[bits];
  }
  return id + suffix;
}

/** Ids are equal when their first 15 characters are: the suffix repeats what those say. */
export function sameId(a: string, b: string): boolean {
  return a.slice(0, 15) === b.slice(0, 15);
}

/** The object type a polymorphic reference points at; null for types Waystage does not read. */
export function typeOfId(id: string): string | null {
  const prefix = id.slice(0, 3);
  return Object.hasOwn(TYPE_BY_PREFIX, prefix) ? TYPE_BY_PREFIX[prefix]! : null;
}
