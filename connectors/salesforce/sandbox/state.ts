import {
  createWriteLog,
  type KitRequest,
  type SandboxTime,
  type WindowLimit,
  type WriteLog,
} from '../../../src/sandbox/index.ts';
import type { Story } from '../../../src/story/index.ts';
import { type BulkOptions, Jobs } from './bulk/jobs.ts';
import { Cursors } from './cursors.ts';
import type { WriteOptions } from './dml.ts';
import { SfError } from './errors.ts';
import type { Deletions } from './lifecycle.ts';
import { loadOrg } from './load.ts';
import type { Org } from './org.ts';
import type { Refusals } from './rules.ts';
import type { Sessions } from './sessions.ts';
import { type Actor, Transaction } from './tx.ts';

/** Everything that a reset puts back, and what routes need besides. */
export interface State {
  org: Org;
  deletions: Deletions;
  refusals: Refusals;
  readonly writes: WriteLog;
  /** The headers that govern writes, as sent, newest last. */
  readonly writeHeaders: WriteHeaders[];
  readonly sessions: Sessions;
  readonly cursors: Cursors;
  readonly bulk: Jobs;
  readonly time: SandboxTime;
  readonly daily: WindowLimit;
  /** Refuses nothing: Salesforce names no such limit. It shows how many requests came at once. */
  readonly arrivals: WindowLimit;
  /** `http://127.0.0.1:PORT`, known once the server listens. */
  instanceUrl: string;
  /** `row`: an unknown field of a collection fails its row; `request`: the whole request with 400. */
  readonly unknownField: 'row' | 'request';
}

/** What a client asked for beside the fields of a write; null: not sent. */
export interface WriteHeaders {
  readonly route: string;
  readonly autoAssign: string | null;
  readonly duplicateRule: string | null;
  readonly callOptions: string | null;
}

/** More of them are forgotten, oldest first. */
const KEPT_HEADERS = 1_000;

export interface StateParts {
  readonly story: Story;
  readonly hidden: readonly string[];
  readonly time: SandboxTime;
  readonly daily: WindowLimit;
  readonly arrivals: WindowLimit;
  readonly sessions: Sessions;
  readonly cursorMs: number;
  readonly bulk: BulkOptions;
  readonly unknownField: 'row' | 'request';
}

export function createState(parts: StateParts): State {
  return {
    org: loadOrg(parts.story, parts.hidden),
    deletions: storyDeletions(parts.story),
    refusals: new Map(),
    writes: createWriteLog(),
    writeHeaders: [],
    sessions: parts.sessions,
    cursors: new Cursors(parts.cursorMs),
    bulk: new Jobs(parts.bulk),
    time: parts.time,
    daily: parts.daily,
    arrivals: parts.arrivals,
    instanceUrl: '',
    unknownField: parts.unknownField,
  };
}

/** Data, permissions, tokens and cursors as they were at the start. */
export function resetState(state: State, parts: StateParts): void {
  state.org = loadOrg(parts.story, parts.hidden);
  state.deletions = storyDeletions(parts.story);
  state.refusals = new Map();
  state.writes.reset();
  state.writeHeaders.length = 0;
  state.sessions.reset();
  state.cursors.clear();
  state.bulk.reset();
}

/** Records that the story knows as deleted or merged away. */
function storyDeletions(story: Story): Deletions {
  const deletions: Deletions = new Map();
  for (const { presences } of [...story.accounts, ...story.people, ...story.deals, ...story.tickets]) {
    for (const presence of presences) {
      if (presence.crm !== 'salesforce') continue;
      const gone = presence.archived ? [presence.id, ...presence.mergedIds] : presence.mergedIds;
      for (const id of gone) {
        deletions.set(`${presence.type} ${id.slice(0, 15)}`, {
          at: presence.modified,
          batch: deletions.size + 1,
        });
      }
    }
  }
  return deletions;
}

/** The integration user, acting through the API now. */
export function integration(state: State): Actor {
  return { by: 'integration', userId: state.org.integrationUserId, at: state.time.now() };
}

/** Runs changes as one transaction: all of them, or none when `act` throws. */
export function transact<T>(state: State, actor: Actor, act: (tx: Transaction) => T): T {
  const tx = new Transaction(state.org, actor);
  let result: T;
  try {
    result = act(tx);
  } catch (error) {
    tx.rollback();
    throw error;
  }
  tx.commit((write) => state.writes.add(write));
  return result;
}

/** How an API write is judged, by its headers; they are kept for `GET /__sandbox/write-headers`. */
export function apiOptions(state: State, request: KitRequest): WriteOptions {
  const sent = (name: string): string | null => {
    const value = request.headers[name];
    return value === undefined ? null : String(value);
  };
  const autoAssign = sent('sforce-auto-assign');
  const duplicateRule = sent('sforce-duplicate-rule-header');
  const callOptions = sent('sforce-call-options');
  state.writeHeaders.push({ route: request.route, autoAssign, duplicateRule, callOptions });
  if (state.writeHeaders.length > KEPT_HEADERS) state.writeHeaders.shift();
  return {
    refusals: state.refusals,
    allowDuplicates: /(^|[;,\s])allowSave\s*=\s*true\b/i.test(duplicateRule ?? ''),
    secured: true,
    assign: !/^\s*FALSE\s*$/i.test(autoAssign ?? 'TRUE'),
  };
}

/** Takes one call from the daily allowance. Throws 403 REQUEST_LIMIT_EXCEEDED when it is spent. */
export function charge(state: State): void {
  if (state.daily.take(state.time.now()).allowed) return;
  const entry = { message: 'TotalRequests Limit exceeded.', errorCode: 'REQUEST_LIMIT_EXCEEDED' };
  throw new SfError(403, [entry], true);
}
