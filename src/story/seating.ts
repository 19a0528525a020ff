import type { AccountDraft } from './accounts.ts';
import type { Crm } from './presences.ts';
import type { Rng } from './prng.ts';

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

export interface Seat {
  readonly account: AccountDraft | null;
  /** 0: the champion, who is there from the first touch. */
  readonly place: number;
}

/** Everybody's account: one person each, then the big ones get more; an eighth has none. */
export function seatPeople(rng: Rng, accounts: readonly AccountDraft[], counts: Counts): Seat[] {
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

export interface Kept {
  readonly crm: Crm | 'both';
  readonly archived: boolean;
  readonly duplicate: boolean;
}

const IN_SALESFORCE: Readonly<Record<Crm | 'both', number>> = { both: 0.87, hubspot: 0.14, salesforce: 1 };

/** Which CRMs keep whom. The numbers of `counts` are met exactly; chance only decides who. */
export function keptWhere(rng: Rng, seats: readonly Seat[], counts: Counts): Kept[] {
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
