const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const SUFFIX_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ012345';
/** Instance and reserved characters between the key prefix and the number. */
const SALESFORCE_POD = '7Q0';

/** Key prefixes of the Salesforce objects the story fills. */
export const SALESFORCE_PREFIXES = {
  Account: '001',
  Contact: '003',
  Lead: '00Q',
  Opportunity: '006',
  OpportunityContactRole: '00K',
  Case: '500',
  Task: '00T',
  Event: '00U',
  CampaignMember: '00v',
  Campaign: '701',
  User: '005',
  Organization: '00D',
} as const;
export type SalesforceType = keyof typeof SALESFORCE_PREFIXES;

/** An 18-character Salesforce id: key prefix, number in base 62, check suffix. The story numbers each prefix from
 *  1 and stays below 10,000,000; whoever makes further ids starts there. */
export function salesforceId(prefix: string, n: number): string {
  let digits = '';
  let rest = n;
  while (rest > 0) {
    digits = BASE62[rest % 62]! + digits;
    rest = Math.floor(rest / 62);
  }
  const id = `${prefix}${SALESFORCE_POD}${digits.padStart(9, '0')}`;
  return id + salesforceSuffix(id);
}

/** The three characters that make a case-sensitive 15-character id safe where case is lost: each stands for five
 *  characters, one bit for every capital (Salesforce, "Record IDs: 15 and 18 characters"). */
export function salesforceSuffix(id15: string): string {
  let suffix = '';
  for (let chunk = 0; chunk < 3; chunk += 1) {
    let bits = 0;
    for (let bit = 0; bit < 5; bit += 1) {
      const code = id15.charCodeAt(chunk * 5 + bit);
      if (code >= 65 && code <= 90) {
        bits |= 1 << bit;
      }
    }
    suffix += SUFFIX_ALPHABET[bits]!;
  }
  return suffix;
}

export interface IdSource {
  hubspot(type: string): string;
  salesforce(type: SalesforceType): string;
}

/** HubSpot numbers all kinds of engagement in one sequence, so that one cross-id field can name any of them. */
const ENGAGEMENTS: ReadonlySet<string> = new Set([
  'emails',
  'calls',
  'meetings',
  'notes',
  'tasks',
  'communications',
]);

/** Counts up per type; HubSpot's numbers start high, as in a portal that has lived. */
export function createIdSource(): IdSource {
  const hubspot = new Map<string, number>();
  const salesforce = new Map<SalesforceType, number>();
  return {
    hubspot: (object) => {
      const type = ENGAGEMENTS.has(object) ? 'engagements' : object;
      const last = hubspot.get(type) ?? 20_101 + type.length * 1_000_000;
      // Portals skip numbers; the stride keeps them apart without a draw.
      hubspot.set(type, last + 1 + (last % 3));
      return String(last);
    },
    salesforce: (type) => {
      const n = (salesforce.get(type) ?? 0) + 1;
      salesforce.set(type, n);
      return salesforceId(SALESFORCE_PREFIXES[type], n);
    },
  };
}
