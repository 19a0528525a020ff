import type { AccountDraft } from './accounts.ts';
import { LANGUAGE_WEIGHTS } from './languages.ts';
import { lifelineOf } from './lifecycles.ts';
import { AWKWARD_NAMES, familyName, givenName, language, type NamePair, slug } from './names.ts';
import type { Crm, PresenceDraft, World } from './presences.ts';
import type { Rng } from './prng.ts';
import { DAY, HOUR, rising } from './time.ts';
import type { StoryArc, StoryHistory, StoryPerson } from './types.ts';
import { SOURCES, type Source } from './vocabulary.ts';

/** A person while the story is told. */
export interface PersonDraft {
  readonly person: Omit<StoryPerson, 'presences' | 'lastActivity'>;
  readonly account: AccountDraft | null;
  readonly given: NamePair | null;
  readonly family: NamePair | null;
  readonly crm: Crm | 'both';
  /** Deleted in HubSpot. */
  readonly archived: boolean;
  /** A second HubSpot contact of the same person. */
  readonly duplicate: boolean;
  /** A second address, for the duplicate. */
  readonly secondEmail: string | null;
  readonly presences: PresenceDraft[];
}

/** How many there are of what, so that HubSpot ends with exactly the contacts asked for. */
export interface Counts {
  readonly people: number;
  readonly accounts: number;
  /** People kept in Salesforce only. */
  readonly salesforceOnly: number;
  readonly archived: number;
  readonly duplicates: number;
}

export function countsFor(contacts: number): Counts {
  const duplicates = Math.round(contacts * 0.015);
  const salesforceOnly = Math.round(contacts * 0.09);
  const archived = Math.round(contacts * 0.01);
  const people = contacts - duplicates + salesforceOnly + archived;
  return { people, accounts: Math.max(1, Math.round(people / 4)), salesforceOnly, archived, duplicates };
}

interface Seat {
  readonly account: AccountDraft | null;
  /** 0: the champion, who is there from the first touch. */
  readonly place: number;
}

export function createPeople(world: World, accounts: readonly AccountDraft[], counts: Counts): PersonDraft[] {
  const seats = seatPeople(world.rng.fork('seats'), accounts, counts);
  const kept = keptWhere(world.rng.fork('kept'), seats, counts);
  const emails = new Set<string>();
  return seats.map((seat, index) =>
    createPerson(world, world.rng.fork(`person-${index}`), index, seat, kept[index]!, emails),
  );
}

/** Everybody's account: one person each, then the big ones get more; an eighth has none. */
function seatPeople(rng: Rng, accounts: readonly AccountDraft[], counts: Counts): Seat[] {
  const seats: Seat[] = accounts.map((account) => ({ account, place: 0 }));
  const sizes = new Map<AccountDraft, number>();
  const rising: number[] = [];
  let total = 0;
  for (let index = 0; index < accounts.length; index += 1) {
    total += Math.min(12, rng.between(0.05, 1) ** -0.8);
    rising.push(total);
  }
  const inAccounts = Math.round(counts.people * 0.88);
  while (seats.length < inAccounts) {
    const account = accounts[lowerBound(rising, rng.next() * total)]!;
    const place = (sizes.get(account) ?? 0) + 1;
    sizes.set(account, place);
    seats.push({ account, place });
  }
  while (seats.length < counts.people) {
    seats.push({ account: null, place: 0 });
  }
  return seats;
}

function lowerBound(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

interface Kept {
  readonly crm: Crm | 'both';
  readonly archived: boolean;
  readonly duplicate: boolean;
}

const IN_SALESFORCE: Readonly<Record<Crm | 'both', number>> = { both: 0.87, hubspot: 0.14, salesforce: 1 };

/** Which CRMs keep whom. The numbers of `counts` are met exactly; chance only decides who. */
function keptWhere(rng: Rng, seats: readonly Seat[], counts: Counts): Kept[] {
  const scores = seats.map((seat, index) => {
    const home = seat.account?.crm ?? 'none';
    const bias =
      home === 'salesforce' ? 1 : home === 'both' && seat.place === 0 ? -1 : home === 'hubspot' ? -2 : 0;
    return { index, score: rng.next() + bias };
  });
  scores.sort((one, other) => other.score - one.score);
  const salesforceOnly = new Set(scores.slice(0, counts.salesforceOnly).map(({ index }) => index));
  const rest = seats
    .map((_, index) => ({ index, score: rng.next() }))
    .filter(
      ({ index }) =>
        !salesforceOnly.has(index) && (seats[index]!.place > 0 || seats[index]!.account === null),
    )
    .sort((one, other) => one.score - other.score);
  const archived = new Set(rest.slice(0, counts.archived).map(({ index }) => index));
  const duplicates = new Set(
    rest.slice(counts.archived, counts.archived + counts.duplicates).map(({ index }) => index),
  );
  return seats.map((seat, index) => {
    const home = seat.account?.crm ?? null;
    const champion = seat.place === 0 && home === 'both';
    const also = rng.chance(home === null ? 0.3 : IN_SALESFORCE[home]) || champion;
    return {
      crm: salesforceOnly.has(index) ? 'salesforce' : also ? 'both' : 'hubspot',
      archived: archived.has(index),
      duplicate: duplicates.has(index),
    };
  });
}

function createPerson(
  world: World,
  rng: Rng,
  index: number,
  seat: Seat,
  kept: Kept,
  emails: Set<string>,
): PersonDraft {
  const { account } = seat;
  const plot = account?.plot ?? null;
  const arc = arcOf(rng, seat);
  const tag = account !== null && rng.chance(0.85) ? account.language : rng.weighted(LANGUAGE_WEIGHTS);
  const place = language(tag);
  const awkward = index % 7 === 3 ? AWKWARD_NAMES[(index - 3) / 7] : undefined;
  const given = awkward ? plain(awkward.first) : rng.chance(0.02) ? null : givenName(rng, tag);
  const family = awkward ? plain(awkward.last) : rng.chance(0.02) ? null : familyName(rng, tag);
  const created = createdAt(world, rng, seat);
  const lifeline = lifelineOf(rng, arc, created, plot, world.now);
  const email =
    rng.chance(0.035) && seat.place > 0 ? null : address(rng, index, given, family, account, tag, emails);
  const otherEmails =
    email !== null && !kept.archived && rng.chance(0.08)
      ? [freeAddress(rng, given, family, tag, emails)]
      : [];
  const forms = formInstants(rng, arc, created, plot?.quietFrom ?? world.now, world.now);
  const history: StoryHistory[] = [...lifeline.history];
  if (forms.length > 0) {
    history.push({ field: 'formSubmissions', values: forms.map((at, done) => ({ value: done + 1, at })) });
  }
  const seatOf = account?.seat ?? (rng.chance(0.5) ? rng.pick(world.seats) : null);
  return {
    person: {
      key: `person-${index + 1}`,
      account: account?.account.key ?? null,
      firstName: given?.native ?? null,
      lastName: family?.native ?? null,
      email,
      otherEmails,
      title: rng.chance(0.15) ? null : rng.pick(TITLES[tag] ?? TITLES['en']!),
      phone: rng.chance(0.3) ? null : `${place.dial} ${rng.int(1_000, 9_999)} ${rng.int(100, 999)}`,
      country: rng.chance(0.1) ? null : place.country,
      language: tag,
      source: rng.chance(0.05) ? null : sourceOf(rng, arc),
      lifecycle: lifeline.lifecycle,
      leadStatus: lifeline.leadStatus,
      optedOut: rng.chance(arc === 'churned' || arc === 'lost' ? 0.12 : 0.03),
      owner: seatOf?.owner.key ?? null,
      created,
      pageViews: forms.length * rng.int(2, 9) + rng.int(0, arc === 'visitor' ? 4 : 20),
      formSubmissions: forms.length,
      arc,
      history,
    },
    account,
    given,
    family,
    ...kept,
    secondEmail: kept.duplicate ? freeAddress(rng, given, family, tag, emails) : null,
    presences: [],
  };
}

function plain(name: string | null): NamePair | null {
  return name === null ? null : { native: name, latin: name };
}

function arcOf(rng: Rng, seat: Seat): StoryArc {
  if (seat.account === null) {
    return rng.chance(0.6) ? 'visitor' : 'lead';
  }
  const { arc, customer } = seat.account.plot;
  if (seat.place <= 1 || customer.length > 0) {
    return arc;
  }
  return rng.weighted<StoryArc>([
    [arc, 4],
    ['lead', 3],
    ['visitor', 3],
  ]);
}

function createdAt(world: World, rng: Rng, seat: Seat): number {
  if (seat.account === null) {
    return Math.floor(world.now - rng.between(0.2, 17.8) * 30 * DAY);
  }
  const { firstTouch, quietFrom, deals } = seat.account.plot;
  if (seat.place === 0) {
    return firstTouch;
  }
  const sale = deals[0]?.created ?? quietFrom;
  const last = Math.min(quietFrom, world.now - DAY);
  const early = rng.chance(0.65) ? Math.min(sale, last) : last;
  return Math.floor(rng.between(firstTouch, Math.max(firstTouch + HOUR, early)));
}

function formInstants(rng: Rng, arc: StoryArc, created: number, quietFrom: number, now: number): number[] {
  const count = rng.weighted([
    [0, arc === 'visitor' ? 4 : 6],
    [1, 6],
    [2, 3],
    [3, 1],
  ]);
  const last = Math.max(created, Math.min(quietFrom, created + 200 * DAY, now - 2 * HOUR));
  const instants = Array.from({ length: count }, (_, form) =>
    form === 0 ? created : Math.floor(rng.between(created, last)),
  );
  return rising(instants, now - HOUR);
}

function sourceOf(rng: Rng, arc: StoryArc): Source {
  if (arc === 'skipped_to_customer' && rng.chance(0.7)) {
    return 'REFERRALS';
  }
  return rng.pick(Object.keys(SOURCES) as Source[]);
}

/** A business address, or a free one; unique, for HubSpot allows an address once. */
function address(
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

function freeAddress(
  rng: Rng,
  given: NamePair | null,
  family: NamePair | null,
  tag: string,
  emails: Set<string>,
): string {
  const tail = `.ws${rng.int(100, 99_999)}`;
  return unique(localPart(given, family, 0) + tail, rng.pick(language(tag).freeMail), emails);
}

/** `first.last`, one initial, or a role; an apostrophe stays, it is allowed in addresses. */
function localPart(given: NamePair | null, family: NamePair | null, index: number): string {
  const first = slug(given?.latin ?? '').slice(0, 20);
  const apostrophe = family?.latin === "O'Brien" || family?.latin === "O'Connor";
  const last = apostrophe ? family.latin.toLowerCase() : slug(family?.latin ?? '').slice(0, 24);
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

const TITLES: Readonly<Record<string, readonly string[]>> = {
  en: [
    'Head of Operations',
    'CFO',
    'IT Manager',
    'VP, People & Culture',
    'Planner',
    'Founder / CEO',
    'Data Analyst',
  ],
  de: ['Geschäftsführer', 'Leiterin Einkauf', 'IT-Leitung', 'Disponent', 'Vorständin'],
  fr: ['Directrice générale', 'Responsable informatique', 'Chef d’équipe'],
  es: ['Directora de operaciones', 'Jefe de compras', 'Técnico'],
  ja: ['部長', '課長', '代表取締役'],
  zh: ['总经理', '采购经理'],
};
