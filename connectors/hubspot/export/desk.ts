import { isWaystageError, WaystageError } from '../../../src/model/errors.ts';
import type { HubspotClient } from '../client.ts';
import { SEARCH } from '../errors.ts';
import { apiPath } from '../paths.ts';
import { CLOCK_ERROR_MS, type ListStart, type PullContext, type Source } from '../source.ts';

/** When and how a full load goes by an export. */
export interface ExportSettings {
  /** Records of a type from which it does; infinite: never. */
  readonly from: number;
  /** Rows handed over at once. */
  readonly pageRows: number;
  /** Associations of one kind that a row shows at most: a row with so many may not show all. */
  readonly rowAssociations: number;
}

/** HubSpot exports one thing at a time and 30 a day, an export may take minutes, and 100,000 records are 1,000 lists
 *  of a few minutes in all: below that it does not pay. */
export const EXPORT_SETTINGS: ExportSettings = { from: 100_000, pageRows: 1_000, rowAssociations: 1_000 };

/** The scope that exports need besides those of the object types. */
const SCOPE = 'crm.export';

/** Pages of a list that are read before anything is asked: small loads then cost nothing more. */
const MOST_PAGES_BEFORE = 50;
/** And a twentieth of what is worth an export: so many records per page, times twenty. */
const RECORDS_PER_PAGE_BEFORE = 2_000;

/** A full load that is to be exported. */
export interface ExportStart extends ListStart {
  readonly began: number;
  /** Records of the type when it began, by search. */
  readonly total: number;
}

/** Asked once in a full load by lists, after so many pages: is the rest worth an export, and allowed? */
export interface Probe {
  readonly afterPages: number;
  worth(): Promise<Omit<ExportStart, 'after'> | null>;
}

/** The exports of one open connection: what is allowed, and one at a time. */
export class ExportDesk {
  readonly settings: ExportSettings;
  readonly #context: PullContext;
  /** Null: not asked yet. */
  #allowed: Promise<boolean> | null = null;
  #off = false;
  #turn: Promise<void> = Promise.resolve();

  constructor(context: PullContext, settings: ExportSettings = EXPORT_SETTINGS) {
    this.#context = context;
    this.settings = settings;
  }

  /** Null: no export of this type by this connection. */
  probe(source: Source): Probe | null {
    const { from } = this.settings;
    if (!Number.isFinite(from)) return null;
    return {
      afterPages: Math.min(MOST_PAGES_BEFORE, Math.floor(from / RECORDS_PER_PAGE_BEFORE)),
      worth: async () => {
        if (this.#off || !(await this.#mayExport())) return null;
        const { total, serverTime } = await countRecords(source);
        const began = serverTime ?? source.clock.now() - CLOCK_ERROR_MS;
        return total >= from ? { began, total } : null;
      },
    };
  }

  get off(): boolean {
    return this.#off;
  }

  /** No more exports by this connection: what was wrong with one would be wrong with the next. */
  giveUp(): void {
    this.#off = true;
  }

  /** Waits until no other export of this connection is under way; call what it gives when this one is over. */
  async take(): Promise<() => void> {
    const before = this.#turn;
    let done: () => void = () => undefined;
    this.#turn = new Promise((resolve) => {
      done = resolve;
    });
    await before;
    return done;
  }

  #mayExport(): Promise<boolean> {
    this.#allowed ??= this.#ask();
    return this.#allowed;
  }

  async #ask(): Promise<boolean> {
    const { client, log, connection } = this.#context;
    const scopes = await scopesOf(client);
    if (scopes?.has(SCOPE) === true) return true;
    log.info(
      { connection, scopes: scopes === null ? 'not told' : 'told' },
      `the HubSpot token has no scope ${SCOPE}; very large first loads go by lists`,
    );
    return false;
  }
}

/** What the token may do; null when HubSpot does not tell, which must not stop a load. */
async function scopesOf(client: HubspotClient): Promise<ReadonlySet<string> | null> {
  try {
    return await client.scopes();
  } catch (error) {
    if (isWaystageError(error) && ['stopped', 'crm_credentials', 'crm_quota'].includes(error.code))
      throw error;
    return null;
  }
}

/** How many live records of the type there are, by a search that shows one of them. */
export async function countRecords({
  client,
  type,
}: Pick<Source, 'client' | 'type'>): Promise<{ readonly total: number; readonly serverTime: number | null }> {
  const { json, serverTime } = await client.post(
    apiPath('objects', type.name, 'search'),
    { limit: 1, properties: ['hs_object_id'] },
    {
      purpose: 'pull',
      bucket: SEARCH,
      check: (answer) => (Number.isInteger(answer['total']) ? null : 'no total'),
    },
  );
  const total = json['total'];
  if (typeof total !== 'number') throw new WaystageError('internal', 'a total that was checked is no number');
  return { total, serverTime };
}
