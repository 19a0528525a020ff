/** The words the story's values are written in, for whoever turns them into a CRM's own. */
export const DEAL_STAGES = ['qualification', 'discovery', 'proposal', 'negotiation', 'won', 'lost'] as const;

export const DEAL_KINDS = ['new', 'renewal', 'expansion'] as const;
export type DealKind = (typeof DEAL_KINDS)[number];

export const TICKET_CATEGORIES = ['billing', 'bug', 'how_to', 'feature', 'outage'] as const;

/** What `StoryActivity.outcome` can be, by channel; null besides. A communication's outcome is the service used. */
export const ACTIVITY_OUTCOMES = {
  email: ['sent', 'bounced'],
  call: ['connected', 'no_answer', 'left_voicemail', 'busy'],
  meeting: ['held', 'no_show', 'canceled'],
  note: [],
  task: ['completed', 'open'],
  communication: ['whats_app', 'linkedin_message', 'sms'],
} as const;
export type Channel = keyof typeof ACTIVITY_OUTCOMES;

/** Roles on a deal. */
export const DEAL_ROLES = [
  'Decision Maker',
  'Economic Buyer',
  'Technical Buyer',
  'Influencer',
  'Business User',
] as const;

/** `StoryPerson.lifecycle`: HubSpot's own values, in their order. */
export const LIFECYCLES = [
  'subscriber',
  'lead',
  'marketingqualifiedlead',
  'salesqualifiedlead',
  'opportunity',
  'customer',
  'evangelist',
  'other',
] as const;
export type Lifecycle = (typeof LIFECYCLES)[number];

/** `StoryPerson.leadStatus` (HubSpot's values) and the status of an unconverted Salesforce lead that says the same. */
export const LEAD_STATUSES = {
  NEW: 'Open - Not Contacted',
  OPEN: 'Working - Contacted',
  IN_PROGRESS: 'Working - Contacted',
  OPEN_DEAL: 'Working - Contacted',
  UNQUALIFIED: 'Closed - Not Converted',
  ATTEMPTED_TO_CONTACT: 'Working - Contacted',
  CONNECTED: 'Working - Contacted',
  BAD_TIMING: 'Closed - Not Converted',
} as const;
export type LeadStatus = keyof typeof LEAD_STATUSES;

/** `StoryPerson.source` (HubSpot's values) and the Salesforce `LeadSource` that says the same. */
export const SOURCES = {
  ORGANIC_SEARCH: 'Web',
  PAID_SEARCH: 'Web',
  PAID_SOCIAL: 'Advertisement',
  SOCIAL_MEDIA: 'Web',
  EMAIL_MARKETING: 'Email',
  REFERRALS: 'Partner Referral',
  DIRECT_TRAFFIC: 'Web',
  OFFLINE: 'Trade Show',
  OTHER_CAMPAIGNS: 'Other',
} as const;
export type Source = keyof typeof SOURCES;

/** `StoryAccount.industry` (HubSpot's values) and the Salesforce `Industry` that says the same. */
export const INDUSTRIES = {
  COMPUTER_SOFTWARE: 'Technology',
  BANKING: 'Banking',
  INSURANCE: 'Insurance',
  RETAIL: 'Retail',
  LOGISTICS_AND_SUPPLY_CHAIN: 'Shipping',
  MACHINERY: 'Machinery',
  CHEMICALS: 'Chemicals',
  HOSPITAL_HEALTH_CARE: 'Healthcare',
  EDUCATION_MANAGEMENT: 'Education',
  TELECOMMUNICATIONS: 'Telecommunications',
  FOOD_PRODUCTION: 'Food & Beverage',
  CONSTRUCTION: 'Construction',
  RENEWABLES_ENVIRONMENT: 'Energy',
  MANAGEMENT_CONSULTING: 'Consulting',
  HOSPITALITY: 'Hospitality',
} as const;
export type Industry = keyof typeof INDUSTRIES;

/** The company that tells the story. */
export const STORY_COMPANY = {
  name: 'Tidewright Software',
  domain: 'tidewright.example',
  currency: 'USD',
} as const;
