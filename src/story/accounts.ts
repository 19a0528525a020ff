import { AWKWARD_COMPANIES, type CompanyName, companyName, INDUSTRY_VALUES } from './companies.ts';
import { LANGUAGE_WEIGHTS } from './languages.ts';
import { language, latinise } from './names.ts';
import type { OwnerSeat } from './owners.ts';
import { drawPlot, type Plot } from './plot.ts';
import {
  type Crm,
  type CrossMode,
  crossLink,
  draftPresence,
  type PresenceDraft,
  respell,
  type Spelling,
  syncDelay,
  type World,
} from './presences.ts';
import type { Rng } from './prng.ts';
import { DAY, dayText, HOUR } from './time.ts';
import type { StoryAccount, StoryArc } from './types.ts';

/** An account while its story is told. */
export interface AccountDraft {
  readonly account: Omit<StoryAccount, 'presences'>;
  readonly plot: Plot;
  readonly name: CompanyName;
  readonly language: string;
  readonly seat: OwnerSeat;
  /** In which CRMs it is kept. */
  readonly crm: Crm | 'both';
  /** Who takes its tickets. */
  readonly support: Crm;
  readonly presences: PresenceDraft[];
}

const ARCS: readonly (readonly [StoryArc, number])[] = [
  ['lead', 20],
  ['evaluating', 13],
  ['stalled', 8],
  ['lost', 9],
  ['skipped_to_customer', 5],
  ['customer', 20],
  ['at_risk', 8],
  ['churned', 7],
  ['returned', 4],
  ['advocate', 8],
];

const TYPES: Readonly<Partial<Record<StoryArc, string>>> = {
  customer: 'customer',
  skipped_to_customer: 'customer',
  at_risk: 'customer',
  returned: 'customer',
  advocate: 'customer',
  churned: 'former_customer',
};

/** `count` companies with their plots. Every arc occurs once before chance decides. */
export function createAccounts(world: World, count: number): AccountDraft[] {
  const domains = new Set<string>();
  const drafts: AccountDraft[] = [];
  for (let index = 0; index < count; index += 1) {
    const rng = world.rng.fork(`account-${index}`);
    const arc = ARCS[index]?.[0] ?? rng.weighted(ARCS);
    drafts.push(createAccount(world, rng, index, arc, drafts, domains));
  }
  return drafts;
}

function createAccount(
  world: World,
  rng: Rng,
  index: number,
  arc: StoryArc,
  earlier: readonly AccountDraft[],
  domains: Set<string>,
): AccountDraft {
  const parent = index > 8 && rng.chance(0.07) ? rng.pick(earlier) : null;
  const tag = parent?.language ?? rng.weighted(LANGUAGE_WEIGHTS);
  const place = language(tag);
  const industry = rng.pick(INDUSTRY_VALUES);
  const city = rng.pick(place.cities);
  const awkward = index % 9 === 4 ? AWKWARD_COMPANIES[(index - 4) / 9] : undefined;
  const drawn = companyName(rng, tag, industry);
  const name: CompanyName =
    awkward !== undefined
      ? { full: awkward, short: awkward, label: drawn.label }
      : parent !== null
        ? { full: `${parent.name.short} ${city}`, short: `${parent.name.short} ${city}`, label: drawn.label }
        : drawn;
  const sharesDomain = parent !== null && rng.chance(0.3);
  const domain = sharesDomain
    ? parent.account.domain
    : rng.chance(0.04)
      ? null
      : uniqueDomain(name.label, domains);
  const employees = Math.round(8 * 10 ** rng.between(0, 3.4));
  const seat = rng.chance(0.7)
    ? rng.pick(world.seats.filter((candidate) => candidate.languages.includes(tag)))
    : rng.pick(world.seats);
  const plot = drawPlot(rng.fork('plot'), arc, world.now, seat.offset);
  const account: Omit<StoryAccount, 'presences'> = {
    key: `account-${index + 1}`,
    name: name.full,
    domain,
    industry: rng.chance(0.1) ? null : industry,
    employees: rng.chance(0.12) ? null : employees,
    revenue: rng.chance(0.3) ? null : Math.round(employees * rng.between(60, 240)) * 1_000,
    country: rng.chance(0.06) ? null : place.country,
    city: rng.chance(0.15) ? null : city,
    type: TYPES[arc] ?? (arc === 'lead' && index > 12 && rng.chance(0.12) ? 'partner' : 'prospect'),
    parent: parent?.account.key ?? null,
    owner: seat.owner.key,
    created: plot.firstTouch,
    renewal: plot.renewal === null ? null : dayText(plot.renewal),
    arc,
  };
  const crm = rng.weighted<AccountDraft['crm']>([
    ['both', index < ARCS.length ? 1_000 : 71],
    ['hubspot', 21],
    ['salesforce', 8],
  ]);
  const support =
    crm === 'both'
      ? rng.weighted<Crm>([
          ['hubspot', 65],
          ['salesforce', 35],
        ])
      : crm;
  const draft: AccountDraft = { account, plot, name, language: tag, seat, crm, support, presences: [] };
  addPresences(world, rng.fork('presences'), draft, index);
  return draft;
}

function uniqueDomain(label: string, taken: Set<string>): string {
  for (let number = 1; ; number += 1) {
    const domain = number === 1 ? `${label}.example` : `${label}${number}.example`;
    if (!taken.has(domain)) {
      taken.add(domain);
      return domain;
    }
  }
}

function addPresences(world: World, rng: Rng, draft: AccountDraft, index: number): void {
  const { account, crm } = draft;
  const salesforceFirst = rng.chance(0.3);
  const later = account.created + Math.min(DAY, syncDelay(rng, account.created, world.now));
  const hubspotCreated = crm === 'both' && salesforceFirst ? later : account.created;
  const salesforceCreated = crm === 'both' && !salesforceFirst ? later : account.created;
  const hubspot = crm === 'salesforce' ? null : hubspotCompany(world, rng, draft, hubspotCreated);
  const salesforce = crm === 'hubspot' ? null : salesforceAccount(world, rng, draft, salesforceCreated);
  if (hubspot !== null && salesforce !== null) {
    crossLink(
      rng.weighted<CrossMode>([
        ['both', 42],
        ['hubspot', 18],
        ['salesforce', 15],
        ['none', 25],
      ]),
      hubspot,
      salesforce,
    );
  }
  const spare = index >= ARCS.length && crm === 'both' && draft.presences.length === 2;
  if (spare && hubspot !== null && hubspot.mergedIds.length === 0 && rng.chance(0.014)) {
    hubspot.archived = true;
    hubspot.modified = Math.floor(rng.between(hubspot.created + DAY, world.now));
  }
}

function hubspotCompany(world: World, rng: Rng, draft: AccountDraft, created: number): PresenceDraft {
  const { account } = draft;
  const spelling: Spelling = {};
  if (account.domain !== null && rng.chance(0.06)) {
    // Former brand: kept as an additional domain, so that a Website of old still matches.
    spelling['otherDomains'] = `old-${account.domain}`;
  }
  if (rng.chance(0.05)) {
    spelling['owner'] = null;
  }
  const hubspot = draftPresence('hubspot', 'companies', world.ids.hubspot('companies'), created, {
    spelling,
  });
  draft.presences.push(hubspot);
  if (rng.chance(0.015)) {
    // HubSpot gives the merged record a new id; both old ones lead to it.
    hubspot.mergedIds.push(world.ids.hubspot('companies'), world.ids.hubspot('companies'));
  } else if (rng.chance(0.012)) {
    const at = Math.min(created + Math.floor(rng.between(HOUR, 90 * DAY)), world.now - HOUR);
    const copy = draftPresence('hubspot', 'companies', world.ids.hubspot('companies'), at, {
      spelling: { name: draft.name.short.toUpperCase(), city: null, owner: null, renewal: null },
    });
    draft.presences.push(copy);
  }
  return hubspot;
}

function salesforceAccount(world: World, rng: Rng, draft: AccountDraft, created: number): PresenceDraft {
  const { account, name } = draft;
  const spelling: Spelling = {};
  const written = rng.weighted<string>([
    [name.full, 45],
    [name.short, 25],
    [latinise(name.full), 12],
    [name.full.toUpperCase(), 5],
    [
      name.full
        .replace(/ GmbH/, ' Gmbh')
        .replace(/ Inc\./, ', Inc')
        .replace(/ & /, ' and '),
      13,
    ],
  ]);
  respell(spelling, 'name', written, account.name);
  if (account.domain !== null) {
    const website = rng.weighted<string | null>([
      [`https://www.${account.domain}`, 40],
      [`http://www.${account.domain}/`, 12],
      [`www.${account.domain}`, 15],
      [account.domain, 15],
      [`HTTPS://WWW.${account.domain.toUpperCase()}/en/home?utm_source=crm`, 5],
      [`https://www.old-${account.domain}`, 3],
      [null, 10],
    ]);
    respell(spelling, 'domain', website, account.domain);
  }
  if (account.country !== null && rng.chance(0.25)) {
    spelling['country'] = rng.pick(language(draft.language).countryVariants);
  }
  if (account.employees !== null && rng.chance(0.2)) {
    spelling['employees'] = rng.chance(0.3) ? null : Math.round(account.employees * rng.between(0.8, 1.3));
  }
  if (account.revenue !== null && rng.chance(0.2)) {
    spelling['revenue'] = rng.chance(0.4) ? null : Math.round(account.revenue * rng.between(0.9, 1.1));
  }
  if (account.renewal !== null && rng.chance(0.08)) {
    spelling['renewal'] = null;
  }
  if (rng.chance(0.1)) {
    const other = rng.pick(world.seats).owner.key;
    respell(spelling, 'owner', other, account.owner);
  }
  const salesforce = draftPresence('salesforce', 'Account', world.ids.salesforce('Account'), created, {
    spelling,
  });
  draft.presences.push(salesforce);
  if (rng.chance(0.015)) {
    salesforce.mergedIds.push(world.ids.salesforce('Account'));
  } else if (rng.chance(0.014)) {
    const at = Math.min(created + Math.floor(rng.between(HOUR, 120 * DAY)), world.now - HOUR);
    draft.presences.push(
      draftPresence('salesforce', 'Account', world.ids.salesforce('Account'), at, {
        spelling: {
          name: `${name.short} (new)`,
          domain: account.domain,
          revenue: null,
          employees: null,
          renewal: null,
        },
      }),
    );
  }
  return salesforce;
}
