import type { ConnectorLog } from '../../src/connector/port.ts';
import { type CallOptions, type HubspotClient, hasResults, type Json } from './client.ts';
import { arrayOf, isObject, SEARCH, textOf } from './errors.ts';
import { instantOf } from './mapper.ts';
import { apiPath } from './paths.ts';
import type { HubspotType } from './schema.ts';

/** Most results HubSpot gives for one query, however it is paged. */
const RESULT_CAP = 10_000;
const SEARCH_LIMIT = 200;

export interface SearchWalkOptions {
  readonly client: HubspotClient;
  readonly type: HubspotType;
  readonly properties: readonly string[];
  readonly place: Place;
  /** When the increment began, by HubSpot's clock; null: with the first search. */
  readonly began: number | null;
  /** Only what was modified before; null: everything from the place on. */
  readonly until: number | null;
  /** Stamps younger than this when the increment began are no place to go on from. */
  readonly overlap: number;
  fallbackTime(): number;
  readonly log: ConnectorLog;
  /** What the searches are counted as; default `search`, and `search-lag` up to an instant. */
  readonly purpose?: CallOptions['purpose'];
}

/** Where a walk stands: everything modified from an instant on, or of one instant what has a higher id, is to come. */
export type Place =
  | { readonly kind: 'from'; readonly from: number }
  | { readonly kind: 'drain'; readonly at: number; readonly id: string };

/**
 * All records modified since an instant, in steps of one search each.
 *
 * Each search asks for everything from the last stamp on (GTE) instead of the next page: an update while we page
 * takes a record out of its place and would shift another one over the page's edge, and no query ever comes near
 * the cap of results. Records at that stamp come again and are left out by id and stamp. When one stamp holds more
 * than a search gives, that instant alone is drained by id, leaving out what was handed over before.
 *
 * A row's stamp is read fresher than the index that sorted it, so a row just updated may carry a stamp far above
 * its place. Only stamps older than the index lag are taken as a place to go on from; where a whole search holds
 * none, the walk pages on within the query.
 */
export class SearchWalk {
  readonly limit = SEARCH_LIMIT;
  readonly #options: SearchWalkOptions;
  #began: number | null;
  #place: Place;
  /** Page within the present query, in rows. */
  #offset = 0;
  /** `id@stamp` of the rows handed over that a later search can give again, with the stamp: those from the present
   *  place on, as many as one query can give at most. */
  readonly #handed = new Map<string, number | null>();
  #done = false;
  #remaining: number | null = null;
  /** Total of the first search of a whole increment, to notice gaps. */
  #promised: number | null = null;
  #given = 0;
  readonly #whole: boolean;

  constructor(options: SearchWalkOptions) {
    this.#options = options;
    this.#began = options.began;
    this.#whole = options.began === null;
    this.#place = options.place;
  }

  get done(): boolean {
    return this.#done;
  }

  /** Rows the CRM still holds for this walk, about. */
  get remaining(): number | null {
    return this.#remaining;
  }

  /** Where to go on after the rows handed over so far. */
  get place(): Place {
    return this.#place;
  }

  /** By HubSpot's clock, epoch ms. */
  get began(): number {
    return this.#began ?? this.#options.fallbackTime();
  }

  /** The rows of one more search. */
  async step(): Promise<readonly unknown[]> {
    const place = this.#place;
    const { json, serverTime } = await this.#search(place);
    this.#began ??= serverTime ?? this.#options.fallbackTime();
    const rows = arrayOf(json['results']);
    const more = nextOffset(json);
    const total = typeof json['total'] === 'number' ? json['total'] : null;
    const fresh = rows.filter((row) => !this.#handed.has(this.#key(row)));
    this.#given += fresh.length;
    if (place.kind === 'drain') {
      this.#afterDrain(place.at, rows, more !== null);
      return fresh;
    }
    for (const row of fresh) this.#handed.set(this.#key(row), this.#stamp(row));
    this.#promised ??= total;
    this.#remaining = total === null ? null : Math.max(0, total - this.#offset - rows.length);
    if (more === null) this.#finish();
    else this.#goOn(place.from, rows, more);
    return fresh;
  }

  #search(place: Place): Promise<{ readonly json: Json; readonly serverTime: number | null }> {
    const { client, type, properties, until } = this.#options;
    const query =
      place.kind === 'drain'
        ? {
            filters: [
              { propertyName: type.modified, operator: 'EQ', value: String(place.at) },
              { propertyName: 'hs_object_id', operator: 'GT', value: place.id },
            ],
            sort: 'hs_object_id',
          }
        : {
            filters: [
              { propertyName: type.modified, operator: 'GTE', value: String(place.from) },
              ...(until === null
                ? []
                : [{ propertyName: type.modified, operator: 'LT', value: String(until) }]),
            ],
            sort: type.modified,
          };
    return client.post(
      apiPath('objects', type.name, 'search'),
      {
        filterGroups: [{ filters: query.filters }],
        sorts: [{ propertyName: query.sort, direction: 'ASCENDING' }],
        properties,
        limit: SEARCH_LIMIT,
        ...(this.#offset === 0 ? {} : { after: String(this.#offset) }),
      },
      {
        purpose: this.#options.purpose ?? (until === null ? 'search' : 'search-lag'),
        bucket: SEARCH,
        check: (json) => hasResults(json) ?? cutShort(json, this.#offset),
      },
    );
  }

  #goOn(from: number, rows: readonly unknown[], more: number): void {
    const { overlap, until } = this.#options;
    const settled = Math.min((this.#began ?? 0) - overlap, until ?? Number.POSITIVE_INFINITY);
    const stamps = rows.map((row) => this.#stamp(row)).filter((stamp) => stamp !== null);
    const next = stamps.filter((stamp) => stamp < settled).at(-1);
    if (next === undefined && stamps.length > 0 && more + SEARCH_LIMIT <= RESULT_CAP) {
      this.#offset = more;
      return;
    }
    this.#offset = 0;
    // At the cap with nothing but fresh rows there is no better place; the next increment overlaps them.
    const place = next ?? stamps.at(-1) ?? from;
    this.#forgetBefore(place);
    const wide = stamps.every((stamp) => stamp === place);
    this.#place =
      place > from && !wide ? { kind: 'from', from: place } : { kind: 'drain', at: place, id: '0' };
  }

  /** Rows before the place can be given no more. */
  #forgetBefore(place: number): void {
    for (const [key, stamp] of this.#handed) if (stamp !== null && stamp < place) this.#handed.delete(key);
  }

  #afterDrain(at: number, rows: readonly unknown[], more: boolean): void {
    const last = rows.map((row) => idOf(row)).at(-1);
    if (more && last !== undefined) {
      this.#place = { kind: 'drain', at, id: last };
      return;
    }
    this.#place = { kind: 'from', from: at + 1 };
    this.#forgetBefore(at + 1);
  }

  #finish(): void {
    this.#done = true;
    const { client, type, log } = this.#options;
    if (this.#whole && this.#promised !== null && this.#given < this.#promised) {
      // Records archived or merged meanwhile are no longer found; more than a few would be a gap.
      log.warn(
        { connection: client.who, type: type.name, promised: this.#promised, found: this.#given },
        'a search of HubSpot gave fewer records than it announced',
      );
    }
  }

  #stamp(row: unknown): number | null {
    return isObject(row) && isObject(row['properties'])
      ? instantOf(row['properties'][this.#options.type.modified])
      : null;
  }

  #key(row: unknown): string {
    return `${idOf(row)}@${this.#stamp(row)}`;
  }
}

function idOf(row: unknown): string {
  return isObject(row) ? (textOf(row['id']) ?? '') : '';
}

/** A last page must end where the answer's own count says: rows that are missing there would never come again. */
function cutShort(json: Json, offset: number): string | null {
  const { total } = json;
  if (typeof total !== 'number' || nextOffset(json) !== null) return null;
  const found = offset + arrayOf(json['results']).length;
  return found < Math.min(total, RESULT_CAP) ? `${found} results where ${total} were announced` : null;
}

function nextOffset(json: Json): number | null {
  const next = isObject(json['paging']) ? json['paging']['next'] : undefined;
  const after = isObject(next) ? Number(next['after']) : Number.NaN;
  return Number.isInteger(after) && after > 0 ? after : null;
}
