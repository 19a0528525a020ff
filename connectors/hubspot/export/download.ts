import type { ConnectionContext } from '../../../src/connector/port.ts';
import { WaystageError } from '../../../src/model/errors.ts';
import { createTransport } from '../../../src/transport/index.ts';
import type { HttpAnswer, Spool, Transport, TransportUsage, Verdict } from '../../../src/transport/port.ts';
import { HubspotRefusal } from '../errors.ts';

/** A file may have gigabytes. */
const DEADLINES = { headers: 60_000, body: 30 * 60_000, total: 60 * 60_000 };

/** Machines besides the API's own that HubSpot may keep files on. It does not say which: any other is not called. */
const HUBSPOT_HOSTS = /(^|\.)(hubspot|hubapi|hubspotusercontent(-[a-z0-9]+)?)\.(com|net)$/;
const STORAGE_HOSTS = /(^|\.)s3([.-][a-z0-9-]+)*\.amazonaws\.com$/;

/** Fetches files from addresses that HubSpot hands out. Such an address is a permission in itself: our token never
 *  goes there, and the address stays out of logs and errors. */
export class FileDownloads {
  readonly #who: string;
  readonly #base: string;
  readonly #context: ConnectionContext;
  readonly #transports: Transport[] = [];

  /** @param base where the API is */
  constructor(who: string, base: string, context: ConnectionContext) {
    this.#who = who;
    this.#base = base;
    this.#context = context;
  }

  get usages(): readonly TransportUsage[] {
    return this.#transports.map((transport) => transport.usage);
  }

  /** What is at the address, into the file. Rejects with `HubspotRefusal` when the address is not good (any more),
   *  `crm_bad_answer` when it leads elsewhere, else as transports do. */
  async fetch(address: string, spool: Spool): Promise<void> {
    const origin = originOf(address, this.#base);
    if (origin === null) {
      throw new WaystageError(
        'crm_bad_answer',
        `${this.#who} gave the address of a file on a machine that is not known to be HubSpot's; it was not called`,
      );
    }
    const { clock, random, signal } = this.#context;
    const transport = createTransport({
      ...{ clock, random, signal, origin, deadlines: DEADLINES },
      maxBytes: spool.maxBytes,
      maxTries: 4,
      buckets: [],
      judge: (answer) => this.#judge(answer),
    });
    this.#transports.push(transport);
    try {
      await transport.send({
        method: 'GET',
        url: address,
        headers: { accept: '*/*', 'user-agent': 'waystage' },
        purpose: 'pull',
        idempotent: true,
        buckets: [],
        spool,
      });
    } finally {
      await transport.close();
    }
  }

  #judge({ status }: HttpAnswer): Verdict {
    if (status >= 200 && status < 300) return { kind: 'ok' };
    if (status === 408 || status === 429 || status >= 500) {
      const error = new WaystageError(
        'crm_unreachable',
        `${this.#who} answered ${status} instead of a file`,
        {
          retryable: true,
        },
      );
      return { kind: 'retry', error };
    }
    const said = { status, category: '', issues: [] };
    const message = `${this.#who} refused the file of an export (${status}); its address is not good any more`;
    return { kind: 'fail', error: new HubspotRefusal('crm_refused', message, said) };
  }
}

/** The origin of a file's address where it may be called, else null. */
function originOf(address: string, base: string): string | null {
  if (!URL.canParse(address)) return null;
  const { origin, protocol, hostname } = new URL(address);
  if (origin === new URL(base).origin) return origin;
  const known = HUBSPOT_HOSTS.test(hostname) || STORAGE_HOSTS.test(hostname);
  return protocol === 'https:' && known ? origin : null;
}
