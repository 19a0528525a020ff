import type { AccountDraft } from './accounts.ts';
import { address, freeAddress } from './addresses.ts';
import { LANGUAGE_WEIGHTS } from './languages.ts';
import { lifelineOf } from './lifecycles.ts';
import { AWKWARD_NAMES, familyName, givenName, language, type NamePair } from './names.ts';
import { type Crm, type PresenceDraft, syncDelay, type World } from './presences.ts';
import type { Rng } from './prng.ts';
import { type Counts, type Kept, keptWhere, type Seat, seatPeople } from './seating.ts';
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
  /** When HubSpot got its record: where its histories begin. */
  readonly hubspotCreated: number;
  /** Deleted in HubSpot. */
  readonly archived: boolean;
  /** A second HubSpot contact of the same person. */
  readonly duplicate: boolean;
  /** A second address, for the duplicate. */
  readonly secondEmail: string | null;
  readonly presences: PresenceDraft[];
}

export function createPeople(world: World, accounts: readonly AccountDraft[], counts: Counts): PersonDraft[] {
  const seats = seatPeople(world.rng.fork('seats'), accounts, counts);
  const kept = keptWhere(world.rng.fork('kept'), seats, counts);
  const emails = new Set<string>();
  return seats.map((seat, index) =>
    createPerson(world, world.rng.fork(`person-${index}`), index, seat, kept[index]!, emails),
  );
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
  const late = kept.crm === 'both' && rng.chance(0.25);
  const hubspotCreated = created + (late ? syncDelay(rng, created, world.now) : 0);
  const lifeline = lifelineOf(rng, arc, hubspotCreated, plot, world.now);
  const email =
    rng.chance(0.035) && seat.place > 0 ? null : address(rng, index, given, family, account, tag, emails);
  const otherEmails =
    email !== null && !kept.archived && rng.chance(0.08)
      ? [freeAddress(rng, given, family, tag, emails)]
      : [];
  const forms = formInstants(rng, arc, hubspotCreated, plot?.quietFrom ?? world.now, world.now);
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
    hubspotCreated,
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
