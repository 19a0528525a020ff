import type { ConnectionId } from '../model/record.ts';

/** One association of a person's record to an account. */
export interface AccountLink {
  /** The account's group. */
  readonly account: string;
  /** The CRM marks it as the primary one. */
  readonly primary: boolean;
  readonly connection: ConnectionId;
  /** Of the person's record. */
  readonly id: string;
  /** Modification stamp of the person's record. */
  readonly known: number;
  /** Associations carry no date: the later creation of the two records (J14); null: unknown. */
  readonly since: number | null;
}

/**
 * A person's account (J2): the CRM's primary one, else the oldest link. Where two CRMs name different primary ones
 * the newest record decides, then connection order, then record id (J5). Null without a link.
 */
export function chooseAccount(
  links: readonly AccountLink[],
  connectionOrder: readonly ConnectionId[],
): string | null {
  let best: AccountLink | null = null;
  const rank = (connection: ConnectionId): number => {
    const place = connectionOrder.indexOf(connection);
    return place < 0 ? connectionOrder.length : place;
  };
  const goesBefore = (a: AccountLink, b: AccountLink): boolean => {
    if (a.primary !== b.primary) return a.primary;
    if (a.primary) {
      if (a.known !== b.known) return a.known > b.known;
      if (a.connection !== b.connection) return rank(a.connection) < rank(b.connection);
    } else {
      const mine = a.since ?? Number.POSITIVE_INFINITY;
      const theirs = b.since ?? Number.POSITIVE_INFINITY;
      if (mine !== theirs) return mine < theirs;
    }
    return a.id !== b.id ? a.id < b.id : a.account < b.account;
  };
  for (const link of links) if (best === null || goesBefore(link, best)) best = link;
  return best?.account ?? null;
}
