import type {
  AccountInfo,
  Connection,
  ConnectionConfig,
  ConnectionContext,
  Discovery,
  HistoryPage,
  HistoryRequest,
  Page,
  PastChange,
  ProvisionResult,
  ProvisionStep,
  ProvisionTarget,
  PullRequest,
  ReadRequest,
  Usage,
  Write,
  WriteResult,
} from '../../src/connector/port.ts';
import type { ConnectionId, CrmRecord } from '../../src/model/record.ts';
import { HubspotClient } from './client.ts';
import { discover, readAccount } from './discover.ts';
import { ExportDesk, type ExportSettings } from './export/desk.ts';
import { history } from './history.ts';
import { pastChanges } from './past-changes.ts';
import { planProvision, provision } from './provision.ts';
import { pull } from './pull.ts';
import { pushWrites, Refused } from './push.ts';
import { readRecords } from './read.ts';
import type { PullContext } from './source.ts';
import { createVendorClient, type VendorClient } from './vendor.ts';

/** One HubSpot account, open for a run. */
export class HubspotConnection implements Connection {
  readonly id: ConnectionId;
  readonly #client: HubspotClient;
  readonly #vendor: VendorClient;
  readonly #context: PullContext;
  readonly #desk: ExportDesk;
  readonly #refused = new Refused();

  constructor(config: ConnectionConfig, context: ConnectionContext, exports: ExportSettings) {
    this.id = config.id;
    this.#client = new HubspotClient(config, context);
    this.#vendor = createVendorClient(this.#client);
    this.#context = { client: this.#client, connection: config.id, clock: context.clock, log: context.log };
    this.#desk = new ExportDesk(this.#context, exports);
  }

  get usage(): Usage {
    return this.#client.usage;
  }

  async check(): Promise<AccountInfo> {
    const { accountId, name, timezone, dailyRemaining, dailyLimit } = await readAccount(this.#client);
    return { accountId, name, timezone, dailyRemaining, dailyLimit };
  }

  discover(types: readonly string[]): Promise<Discovery> {
    return discover(this.#client, this.#vendor, types);
  }

  pull(request: PullRequest): AsyncIterable<Page> {
    return pull(this.#context, this.#desk, request);
  }

  read(
    request: ReadRequest,
  ): Promise<{ readonly records: readonly CrmRecord[]; readonly gone: readonly string[] }> {
    return readRecords(this.#context, request);
  }

  pastChanges(request: ReadRequest): Promise<readonly PastChange[]> {
    return pastChanges(this.#client, request);
  }

  history(request: HistoryRequest): AsyncIterable<HistoryPage> {
    return history(this.#context, request);
  }

  push(type: string, writes: readonly Write[]): Promise<readonly WriteResult[]> {
    return pushWrites(this.#client, this.#context.log, this.#refused, type, writes);
  }

  planProvision(wanted: readonly ProvisionTarget[]): Promise<readonly ProvisionStep[]> {
    return planProvision(this.#vendor, wanted);
  }

  provision(steps: readonly ProvisionStep[]): Promise<readonly ProvisionResult[]> {
    return provision(this.#vendor, steps);
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}
