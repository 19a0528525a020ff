import type { AccountDraft } from './accounts.ts';
import type { DealDraft } from './deals.ts';
import { language, latinise, nickname } from './names.ts';
import type { PersonDraft } from './people.ts';
import {
  type CrossMode,
  crossLink,
  draftPresence,
  livePresence,
  type PresenceDraft,
  respell,
  type Spelling,
  syncDelay,
  type World,
} from './presences.ts';
import type { Rng } from './prng.ts';
import { DAY, HOUR, MINUTE } from './time.ts';

/** Puts a person into the CRMs that keep it: contacts, leads, converted leads, duplicates, merged and deleted ones. */
export function addPersonPresences(
  world: World,
  rng: Rng,
  draft: PersonDraft,
  deals: readonly DealDraft[],
): void {
  const hubspot = draft.crm === 'salesforce' ? null : hubspotContact(world, rng, draft);
  const salesforce = draft.crm === 'hubspot' ? null : salesforcePerson(world, rng, draft, deals);
  if (hubspot !== null && salesforce !== null) {
    const mode = rng.weighted<CrossMode>([
      ['both', 42],
      ['hubspot', 18],
      ['salesforce', 15],
      ['none', 25],
    ]);
    crossLink(mode, hubspot, salesforce.main);
    if (salesforce.lead !== null) {
      salesforce.lead.crossId = rng.chance(0.4) ? hubspot.id : null;
      if (hubspot.crossId !== null && rng.chance(0.2)) {
        // The integration never learned of the conversion: only the lead itself leads on.
        hubspot.crossId = salesforce.lead.id;
      }
    }
    if (salesforce.main.crossId !== null && hubspot.mergedIds.length > 0 && rng.chance(0.5)) {
      // Named before the merge, and never corrected.
      salesforce.main.crossId = hubspot.mergedIds[0]!;
    }
    const [loser] = salesforce.main.mergedIds;
    if (loser !== undefined && hubspot.crossId === salesforce.main.id && rng.chance(0.4)) {
      hubspot.crossId = loser;
    }
    addAmbiguity(world, rng, draft, hubspot, salesforce.main);
    deleteInSalesforce(world, rng, draft, salesforce.main);
  }
  if (hubspot !== null && draft.duplicate) {
    addHubspotDuplicate(world, rng, draft, hubspot);
  }
}

function hubspotContact(world: World, rng: Rng, draft: PersonDraft): PresenceDraft {
  const { person } = draft;
  const spelling: Spelling = {};
  if (person.phone !== null && rng.chance(0.15)) {
    spelling['phone'] = null;
  }
  const created = draft.hubspotCreated;
  const hubspot = draftPresence('hubspot', 'contacts', world.ids.hubspot('contacts'), created, { spelling });
  draft.presences.push(hubspot);
  if (draft.archived) {
    hubspot.archived = true;
    hubspot.modified = Math.floor(rng.between(Math.min(created + HOUR, world.now - HOUR), world.now - 1_000));
  } else if (rng.chance(0.015)) {
    hubspot.mergedIds.push(world.ids.hubspot('contacts'), world.ids.hubspot('contacts'));
  }
  return hubspot;
}

interface SalesforcePerson {
  readonly main: PresenceDraft;
  /** The lead that became `main`. */
  readonly lead: PresenceDraft | null;
}

function salesforcePerson(
  world: World,
  rng: Rng,
  draft: PersonDraft,
  deals: readonly DealDraft[],
): SalesforcePerson {
  const { person, account } = draft;
  const hubspotFirst = draft.crm === 'both' && draft.hubspotCreated === person.created;
  const created = person.created + (hubspotFirst ? syncDelay(rng, person.created, world.now) : 0);
  const spelling = salesforceSpelling(world, rng, draft);
  const employer = account === null ? null : livePresence(account.presences, 'salesforce');
  if (staysLead(rng, draft, employer !== null)) {
    const lead = draftPresence('salesforce', 'Lead', world.ids.salesforce('Lead'), created, {
      spelling: { ...spelling, ...leadSpelling(rng, draft) },
    });
    draft.presences.push(lead);
    return { main: lead, lead: null };
  }
  const conversion =
    employer === null || account === null ? null : conversionOf(rng, draft, account, created, deals);
  if (conversion === null || employer === null) {
    const contact = draftPresence('salesforce', 'Contact', world.ids.salesforce('Contact'), created, {
      spelling,
    });
    draft.presences.push(contact);
    if (rng.chance(0.012)) {
      contact.mergedIds.push(world.ids.salesforce('Contact'));
    }
    return { main: contact, lead: null };
  }
  const contact = draftPresence('salesforce', 'Contact', world.ids.salesforce('Contact'), conversion.at, {
    spelling,
  });
  const lead = draftPresence('salesforce', 'Lead', world.ids.salesforce('Lead'), created, {
    spelling: { ...spelling, ...leadSpelling(rng, draft) },
    converted: {
      contact: contact.id,
      account: employer.id,
      opportunity: conversion.opportunity,
      at: conversion.at,
    },
  });
  lead.modified = conversion.at;
  draft.presences.push(contact, lead);
  return { main: contact, lead };
}

/** Those whom nobody has qualified yet; who is on a deal is a contact. */
function staysLead(rng: Rng, draft: PersonDraft, employed: boolean): boolean {
  const early = draft.person.arc === 'visitor' || draft.person.arc === 'lead';
  if (draft.account === null) {
    return true;
  }
  return employed ? early && rng.chance(0.7) : rng.chance(early ? 0.9 : 0.4);
}

/** A contact that began as a lead: converted when the first deal was opened, or sometime without one. */
function conversionOf(
  rng: Rng,
  draft: PersonDraft,
  account: AccountDraft,
  created: number,
  deals: readonly DealDraft[],
): { readonly at: number; readonly opportunity: string | null } | null {
  const first = deals[0];
  const employer = livePresence(account.presences, 'salesforce');
  if (first === undefined || employer === null || !rng.chance(0.35)) {
    return null;
  }
  const onDeal = first.deal.people.some(({ person }) => person === draft.person.key);
  const opportunity = onDeal ? livePresence(first.presences, 'salesforce') : null;
  const at = Math.max(opportunity?.created ?? first.deal.created, employer.created);
  // The contact must not be younger than the deal it stands on.
  return created < at - HOUR && at < first.deal.created + DAY
    ? { at, opportunity: opportunity !== null && opportunity.created === at ? opportunity.id : null }
    : null;
}

/** How the other department typed the same person. */
function salesforceSpelling(world: World, rng: Rng, draft: PersonDraft): Spelling {
  const { person, given, family } = draft;
  const spelling: Spelling = {};
  const latin = rng.chance(0.35);
  const short = given === null ? null : nickname(given.native);
  const first =
    short !== null && rng.chance(0.4)
      ? short
      : latin && given !== null
        ? given.latin.slice(0, 40)
        : person.firstName;
  respell(spelling, 'firstName', first, person.firstName);
  // Salesforce demands a last name.
  const last = family === null ? '[Unknown]' : latin ? latinise(family.latin) : family.native;
  respell(spelling, 'lastName', last, person.lastName);
  if (person.email !== null) {
    const written = rng.weighted<string | null>([
      [person.email, 76],
      [person.email.replace(/^[^@]+/, titleCase), 9],
      [person.email.toUpperCase(), 3],
      [person.otherEmails[0] ?? person.email, 6],
      [null, 3],
    ]);
    respell(spelling, 'email', written, person.email);
  }
  if (person.phone !== null) {
    respell(
      spelling,
      'phone',
      rng.chance(0.5) ? person.phone.replace(/ /g, '-') : person.phone,
      person.phone,
    );
  }
  if (person.title !== null && rng.chance(0.2)) {
    spelling['title'] = rng.chance(0.5) ? null : person.title.toUpperCase();
  }
  if (person.country !== null && rng.chance(0.25)) {
    respell(spelling, 'country', rng.pick(language(person.language).countryVariants), person.country);
  }
  // Salesforce demands an owner.
  const owner = person.owner ?? rng.pick(world.seats).owner.key;
  respell(spelling, 'owner', rng.chance(0.1) ? rng.pick(world.seats).owner.key : owner, person.owner);
  return spelling;
}

function titleCase(local: string): string {
  return local.replace(/(^|[.'])([a-z])/g, (_, mark: string, letter: string) => mark + letter.toUpperCase());
}

/** A lead's company is text, not a record. */
function leadSpelling(rng: Rng, draft: PersonDraft): Spelling {
  const { account } = draft;
  if (account === null) {
    return { company: rng.pick(['[not provided]', 'Self-employed', 'Freelance', 'privat', '個人']) };
  }
  const company = rng.pick([account.account.name, account.name.short, account.name.short.toLowerCase()]);
  const website = account.account.domain === null || rng.chance(0.4) ? null : `www.${account.account.domain}`;
  return { company, website };
}

/** A few people whom no rule can tell apart from their own copies. */
function addAmbiguity(
  world: World,
  rng: Rng,
  draft: PersonDraft,
  hubspot: PresenceDraft,
  salesforce: PresenceDraft,
): void {
  if (salesforce.type !== 'Contact' || !rng.chance(0.035)) {
    return;
  }
  const at = Math.min(salesforce.created + Math.floor(rng.between(HOUR, 150 * DAY)), world.now - 2 * HOUR);
  const type = rng.chance(0.35) ? 'Lead' : 'Contact';
  const extra = type === 'Lead' ? leadSpelling(rng, draft) : {};
  const email = salesforce.spelling['email'];
  const copy = draftPresence('salesforce', type, world.ids.salesforce(type), at, {
    spelling: {
      ...extra,
      lastName: salesforce.spelling['lastName'] ?? draft.person.lastName ?? '[Unknown]',
      email: email === undefined ? draft.person.email : email,
      owner: salesforce.spelling['owner'] ?? draft.person.owner,
      title: null,
      phone: null,
    },
  });
  draft.presences.push(copy);
  if (type === 'Contact' && rng.chance(0.6)) {
    // Two contacts with one e-mail and nothing else to go by.
    hubspot.crossId = null;
    salesforce.crossId = null;
  }
}

/** A few were deleted in Salesforce by hand; HubSpot may still name them. Nobody on a deal. */
function deleteInSalesforce(world: World, rng: Rng, draft: PersonDraft, salesforce: PresenceDraft): void {
  const early = draft.person.arc === 'visitor' || draft.person.arc === 'lead';
  if (early && draft.presences.length === 2 && !draft.archived && rng.chance(0.03)) {
    salesforce.archived = true;
    salesforce.modified = Math.floor(rng.between(salesforce.created, world.now - MINUTE));
  }
}

function addHubspotDuplicate(world: World, rng: Rng, draft: PersonDraft, first: PresenceDraft): void {
  const at = Math.min(first.created + Math.floor(rng.between(HOUR, 200 * DAY)), world.now - 2 * HOUR);
  const copy = draftPresence('hubspot', 'contacts', world.ids.hubspot('contacts'), at, {
    spelling: {
      email: draft.secondEmail,
      otherEmails: null,
      title: null,
      phone: null,
      firstName: draft.given === null ? null : (nickname(draft.given.native) ?? draft.given.latin),
    },
  });
  if (first.crossId !== null && rng.chance(0.4)) {
    copy.crossId = first.crossId;
  }
  draft.presences.push(copy);
}
