import {
  createWriteLog,
  type SandboxTime,
  type WindowLimit,
  type WriteLog,
} from '../../../src/sandbox/index.ts';
import type { Story } from '../../../src/story/index.ts';
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
  readonly sessions: Sessions;
  readonly cursors: Cursors;
  readonly time: SandboxTime;
  readonly daily: WindowLimit;
  /** `http://127.0.0.1:PORT`, known once the server listens. */
  instanceUrl: string;
  /** `row`: an unknown field of a collection fails its row; `request`: the whole request with 400. */
  readonly unknownField: 'row' | 'request';
}

export interface StateParts {
  readonly story: Story;
  readonly hidden: readonly string[];
  readonly time: SandboxTime;
  readonly daily: WindowLimit;
  readonly sessions: Sessions;
  readonly cursorMs: number;
  readonly unknownField: 'row' | 'request';
}

export function createState(parts: StateParts): State {
  return {
    org: loadOrg(parts.story, parts.hidden),
    deletions: storyDeletions(parts.story),
    refusals: new Map(),
    writes: createWriteLog(),
    sessions: parts.sessions,
    cursors: new Cursors(parts.cursorMs),
    time: parts.time,
    daily: parts.daily,
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
  state.sessions.reset();
  state.cursors.clear();
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

/** How API writes are judged; `headers` are the request's. */
export function apiOptions(
  state: State,
  headers: Readonly<Record<string, string | string[] | undefined>>,
): WriteOptions {
  const rule = String(headers['sforce-duplicate-rule-header'] ?? '');
  return {
    refusals: state.refusals,
    allowDuplicates: /(^|[;,\s])allowSave\s*=\s*true\b/i.test(rule),
    secured: true,
  };
}

/** Takes one call from the daily allowance. Throws 403 REQUEST_LIMIT_EXCEEDED when it is spent. */
export function charge(state: State): void {
  if (state.daily.take(state.time.now()).allowed) return;
  const entry = { message: 'TotalRequests Limit exceeded.', errorCode: 'REQUEST_LIMIT_EXCEEDED' };
  throw new SfError(403, [entry], true);
}
